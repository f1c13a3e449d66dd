"""Everything that answering needs, put together once and opened with the server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from math import inf
from time import monotonic
from typing import Final
from uuid import UUID

from waypost.access.providers import Providers
from waypost.db import SHARED, Database
from waypost.db.applied import applied_migrations
from waypost.db.waiting import came_within
from waypost.graph import Asker, Engine, Graph, Keep, Live, Schema, Trusted
from waypost.http.assets import Assets
from waypost.http.buckets import Buckets
from waypost.http.connections import Connections, LiveLimits
from waypost.http.hosts import Hosts
from waypost.http.kept import KeptAnswers
from waypost.http.metrics import Metrics
from waypost.http.sessions import Cookies
from waypost.labour import LabourMarket
from waypost.outgoing import Outgoing
from waypost.plugins import Plugins, Profile
from waypost.plugins.showing import shown
from waypost.settings import Settings
from waypost.tenancy import Directory, Tenant, load_directory

log = logging.getLogger(__name__)

REFRESH_S: Final = 2.0  # how soon `waypost tenants apply` is noticed where the news of it is lost
AGAIN_S: Final = 0.5
FRESH_S: Final = 30.0  # how old the directory may be before others should answer instead


@dataclass(frozen=True)
class Parts:
    """What the floor above hands over: the declared graph and the engine that answers from it.

    `compose` makes the schema of one profile of plugins (called once a profile);
    `engine` makes the engine over an open database; `migrations` are what this version expects to be applied, as
    pairs of an app's name and a migration's (`waypost`, `0001_tenancy`).
    """

    plugins: Plugins
    compose: Callable[[Profile], Schema]
    engine: Callable[[Database], Engine]
    migrations: frozenset[tuple[str, str]] = frozenset()


class Platform:
    """One process's view of the platform: settings, database, directory of tenants, graphs and engine.

    `database`, `directory`, `engine` and `live` exist while it is `opened()`.
    """

    database: Database
    directory: Directory
    engine: Engine
    live: Live

    def __init__(self, settings: Settings, parts: Parts, database_url: str, *, bound_to: str | None = None) -> None:
        self.settings = settings
        self.plugins = parts.plugins
        self.assets = Assets()
        self.hosts = Hosts.told(settings.base_url, bound_to=bound_to, proxies=settings.trusted_proxies)
        self.origins: frozenset[str] = frozenset()
        self.buckets = Buckets(settings.graph_points, settings.client_share)
        self.answers = KeptAnswers()
        self.plugins.calls.told = self.answers.clear  # they say which plugins rest
        self.cookies = Cookies.of(settings.base_url)
        self.connections = Connections(LiveLimits())
        self.metrics = Metrics(
            self.answers, self.connections, database=lambda: self.database, calls=parts.plugins.calls
        )
        self._parts = parts
        self._database_url = database_url
        self._schemas: dict[Profile, Schema] = {}
        self._graphs: dict[UUID | None, Graph] = {}
        self._shared: int | None = None
        self._stale = asyncio.Event()
        self._reading = asyncio.Lock()
        self._read_at = -inf

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open the database, read the directory, and keep it fresh until the end.

        Raises what `Database.open` raises: a login that is too strong, no connection.
        """
        async with await Database.open(self._database_url) as self.database, self.database.versions.followed():
            await self.refresh()
            self.engine = self._parts.engine(self.database)
            self.engine.trusted = Trusted.read(self.settings.operations_dir)
            self.database.versions.hear(self._heard)
            self.live = Live(self.engine, self.database, most_waiting=self.connections.limits.waiting)
            self.connections.subscriptions = lambda: self.live.subscriptions
            refreshing = asyncio.create_task(self._refresh_for_ever())
            try:
                async with self.live.followed():
                    yield
            finally:
                refreshing.cancel()
                await asyncio.wait({refreshing})

    def graph(self, tenant: Tenant | None) -> Graph:
        """The graph of a tenant, with the fields of its active plugins; of the nation without one."""
        key = tenant.id if tenant else None
        if key not in self._graphs:
            languages = tenant.languages if tenant else ()
            schema = self._schema(self._profile(tenant))
            self._graphs[key] = Graph(schema, key, languages, services=self, shared=self._shared)
            self._graphs[key].trusted_only = tenant is not None and tenant.documents == "trusted"
        return self._graphs[key]

    def sdl(self, tenant: Tenant | None) -> str:
        """The schema of that graph as text."""
        return self.graph(tenant).schema.sdl()

    def plugins_shown(self, slug: str | None, tenant: UUID | None) -> list[dict[str, object]]:
        """The plugins of this process as the graph shows them, each active or not.

        Active where? In the city called `slug`, else in `tenant`, else in the nation, where all are.
        """
        found = self.directory.by_slug(slug) if slug else self.directory.by_id(tenant) if tenant else None
        profile, where = self._profile(found), found.id if found else tenant
        return [shown(plugin, self.plugins.calls, where, active=plugin.key in profile) for plugin in self.plugins.ready]

    def shows_schema(self, asker: Asker) -> bool:
        """Whether somebody may ask graphs about their schema."""
        policy = self.settings.introspection
        return policy == "all" or (policy == "signed-in" and asker.person is not None)

    @cached_property
    def secret_key(self) -> str:
        """The key by which secrets are derived; read where it is first needed."""
        return self.settings.load_secret_key()

    @cached_property
    def labour(self) -> LabourMarket:
        """What this process has asked of the labour market."""
        return LabourMarket(self.plugins.calls, Outgoing(self.settings.allow_private_targets))

    @cached_property
    def providers(self) -> Providers:
        """The providers of sign-in, as far as this process knows them."""
        return Providers(Outgoing(self.settings.allow_private_targets))

    def holds(self, keep: Keep, now: float) -> bool:
        """Whether an answer that was kept is still true; `now` is of the steady clock."""
        return keep.holds(self.database.versions, now)

    async def unreadiness(self) -> list[str]:
        """Say why requests cannot be answered as they should be, without secrets; empty when they can.

        Raises what the database raises when it does not answer.
        """
        found = []
        missing = sorted(self._parts.migrations - await applied_migrations(self.database))
        if missing:
            names = ", ".join(f"{app} {name}" for app, name in missing)
            found.append(f"migrations of this version are not applied: {names}")
        if monotonic() - self._read_at > FRESH_S:
            found.append("the directory of tenants was not read of late")
        if not self.database.versions.known:
            found.append("what other processes change is not heard")
        return found

    def _profile(self, tenant: Tenant | None) -> Profile:
        return self.plugins.profile(tenant.plugins) if tenant else self.plugins.national

    def _schema(self, profile: Profile) -> Schema:
        if profile not in self._schemas:
            self._schemas[profile] = self._parts.compose(profile)
        return self._schemas[profile]

    async def refresh(self) -> None:
        """Read the directory of tenants again, and note as of which move: newer is never taken for older.

        What was committed before the call is known after it, since one reads after the other.
        """
        async with self._reading:
            await self._read()

    async def catch_up(self) -> None:
        """Know what was just committed here, or soon, where the database does not answer at this moment."""
        try:
            await self.refresh()
        except Exception as error:  # noqa: BLE001 - what was done is done, and is read again in a moment
            log.warning("The directory of tenants was not read again: %s: %s", type(error).__name__, error)
            self._stale.set()

    async def _read(self) -> None:
        shared = self.database.versions.of(SHARED)
        directory = await load_directory(self.database)
        self._read_at = monotonic()
        if shared == self._shared and directory.tenants == self.directory.tenants:
            return
        self.directory, self._shared = directory, shared
        self.answers.clear()
        self.origins = frozenset(origin for t in directory.tenants if t.is_open for origin in t.origins)
        self._graphs.clear()

    def _heard(self, moved: UUID) -> None:
        if moved == SHARED:
            self._stale.set()

    async def _refresh_for_ever(self) -> None:
        """Read the directory again when it has moved; now and then also unasked, should the news be lost."""
        while True:
            await came_within(self._stale, REFRESH_S)
            self._stale.clear()
            try:
                await self.refresh()
            except Exception as error:  # noqa: BLE001 - what is known is good enough until the database is back
                log.warning("The directory of tenants was not read again: %s: %s", type(error).__name__, error)
                await asyncio.sleep(AGAIN_S)

"""Everything that answering needs, put together once and opened with the server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from waypost.db import Database, National
from waypost.graph import Engine, Graph, Schema
from waypost.http.assets import Assets
from waypost.http.hosts import Hosts
from waypost.http.metrics import Metrics
from waypost.plugins import Plugins, Profile
from waypost.settings import Settings
from waypost.tenancy import Directory, Tenant, load_directory

log = logging.getLogger(__name__)

REFRESH_S: Final = 2.0  # how soon a running server notices `waypost tenants apply`


@dataclass(frozen=True)
class Parts:
    """What the floor above hands over: the declared graph and the engine that answers from it.

    `compose` makes the schema of one profile of plugins (called once a profile);
    `engine` makes the engine over an open database.
    """

    plugins: Plugins
    compose: Callable[[Profile], Schema]
    engine: Callable[[Database], Engine]


class Platform:
    """One process's view of the platform: settings, database, directory of tenants, graphs and engine.

    `database`, `directory` and `engine` exist while it is `opened()`.
    """

    database: Database
    directory: Directory
    engine: Engine

    def __init__(self, settings: Settings, parts: Parts, database_url: str, *, bound_to: str | None = None) -> None:
        self.settings = settings
        self.plugins = parts.plugins
        self.assets = Assets()
        self.metrics = Metrics()
        self.hosts = Hosts.told(settings.base_url, bound_to=bound_to, proxies=settings.trusted_proxies)
        self.origins: frozenset[str] = frozenset()
        self._parts = parts
        self._database_url = database_url
        self._schemas: dict[Profile, Schema] = {}
        self._graphs: dict[UUID | None, Graph] = {}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open the database, read the directory, and keep it fresh until the end.

        Raises what `Database.open` raises: a login that is too strong, no connection.
        """
        async with await Database.open(self._database_url) as self.database:
            self._know(await load_directory(self.database))
            self.engine = self._parts.engine(self.database)
            refreshing = asyncio.create_task(self._refresh_for_ever())
            try:
                yield
            finally:
                refreshing.cancel()
                await asyncio.wait({refreshing})

    def graph(self, tenant: Tenant | None) -> Graph:
        """The graph of a tenant, with the fields of its active plugins; of the nation without one."""
        key = tenant.id if tenant else None
        if key not in self._graphs:
            languages = tenant.languages if tenant else ()
            self._graphs[key] = Graph(self._schema(self._profile(tenant)), key, languages, services=self)
        return self._graphs[key]

    def sdl(self, tenant: Tenant | None) -> str:
        """The schema of that graph as text."""
        return self.graph(tenant).schema.sdl()

    def plugins_shown(self, slug: str | None, tenant: UUID | None) -> list[dict[str, object]]:
        """The plugins of this process as the graph shows them, each active or not.

        Active where? In the city called `slug`, else in `tenant`, else in the nation, where all are.
        """
        found = self.directory.by_slug(slug) if slug else self.directory.by_id(tenant) if tenant else None
        profile = self._profile(found)
        return [
            {
                "name": plugin.manifest.name,
                "version": plugin.manifest.version,
                "api": plugin.manifest.api,
                "prefix": plugin.manifest.prefix,
                "active": plugin.key in profile,
            }
            for plugin in self.plugins.ready
        ]

    async def ask_database(self) -> None:
        """Ask the database for nothing in particular, as all reads do; raises when it does not answer."""
        await self.database.reads.read(National(), "SELECT 'ready'", ())

    def _profile(self, tenant: Tenant | None) -> Profile:
        return self.plugins.profile(tenant.plugins) if tenant else self.plugins.national

    def _schema(self, profile: Profile) -> Schema:
        if profile not in self._schemas:
            self._schemas[profile] = self._parts.compose(profile)
        return self._schemas[profile]

    def _know(self, directory: Directory) -> None:
        self.directory = directory
        self.origins = frozenset(origin for t in directory.tenants if t.is_open for origin in t.origins)
        self._graphs.clear()

    async def _refresh_for_ever(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                directory = await load_directory(self.database)
            except Exception as error:  # noqa: BLE001 - what is known is good enough until the database is back
                log.warning("The directory of tenants was not read again: %s: %s", type(error).__name__, error)
                continue
            if directory.tenants != self.directory.tenants:
                self._know(directory)

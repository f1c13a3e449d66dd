"""An ephemeral platform with the plugin under test, two cities that have it, and a few words to ask it with."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, Final, TypeVar
from uuid import UUID

import httpx

from waypost.access.people import create_token
from waypost.apps import core_app
from waypost.badges.store import BadgeWords, CriterionWords, write_badge
from waypost.cli.parts import load_plugins, parts_of
from waypost.composition import effects
from waypost.db import City, Database, System, execute, fetch, new_id
from waypost.db.migrate import migrate
from waypost.http import Platform, create_app
from waypost.issuers.store import IssuerWords, OrganisationWords, ensure_organisation, write_issuer
from waypost.outbox.composing import Envelope, compose_letter
from waypost.outbox.work import Letter, Schedule, Work
from waypost.plugins import Installed, Plugin, Plugins
from waypost.plugins.discovery import discover
from waypost.plugins.manifest import Manifest
from waypost.plugins.secrets import set_secret
from waypost.refusal import Refusal
from waypost.settings import Settings
from waypost.tenancy.entries import Here, Written
from waypost.testing.background import Background
from waypost.testing.databases import Server
from waypost.testing.working import work_off

BASE_URL: Final = "http://127.0.0.1:8000"
SECRET_KEY: Final = "a key for tests alone"
TENANT_SQL: Final = """
INSERT INTO tenant (id, slug, name, kind, languages, timezone, standard_code, primary_colour, accent_colour)
VALUES ($1, $2, $3, 'city', '{en}', 'Europe/London', 'rsa-2019', '#0b5d6b', '#ffd166')
"""
SLUG_SQL: Final = "INSERT INTO tenant_slug (slug, tenant_id) VALUES ($1, $2)"
SWITCH_SQL: Final = """
INSERT INTO tenant_plugin (tenant_id, plugin, active) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, plugin) DO UPDATE SET active = excluded.active
"""
SETTINGS_SQL: Final = """
INSERT INTO plugin_setting (tenant_id, plugin, settings) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, plugin) DO UPDATE SET settings = excluded.settings
"""

Effect = TypeVar("Effect", Letter, Schedule)


class GraphFailed(AssertionError):
    """The graph answered with errors; `errors` has them."""

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("; ".join(f"{each.get('extensions', {}).get('code')}: {each['message']}" for each in errors))
        self.errors = errors


@dataclass(frozen=True)
class TrialCity:
    """A city with one issuer and one published badge, `film`."""

    slug: str
    tenant_id: UUID
    issuer_id: UUID
    badge_id: UUID


@dataclass(frozen=True)
class Trial:
    """The platform on trial. `city` and `neighbour` have the plugin switched on; every method is an ordinary one."""

    loop: Background
    name: str
    platform: Platform
    database: Database
    client: httpx.AsyncClient
    city: TrialCity
    neighbour: TrialCity

    @property
    def plugins(self) -> Plugins:
        """What is installed and allowed here: the plugin under test and what it requires."""
        return self.platform.plugins

    @property
    def installed(self) -> Installed:
        """The plugin under test, with its state and the reason for it."""
        return next(one for one in self.plugins.installed if one.name == self.name)

    @property
    def plugin(self) -> Plugin:
        """The plugin under test. Raises AssertionError with the reason where it was left out."""
        assert self.installed.plugin is not None, str(self.installed)
        return self.installed.plugin

    def graph(
        self,
        query: str,
        *,
        city: TrialCity | None = None,
        national: bool = False,
        role: str | None = None,
        **given: Any,
    ) -> Any:
        """Ask the graph of a city (`self.city` where none is named), or the national one; answers its `data`.

        `role` asks with a token of that role in the city; everything else is a variable. Raises `GraphFailed`.
        """
        body = self.answer(query, city=city, national=national, role=role, **given)
        if "errors" in body:
            raise GraphFailed(body["errors"])
        return body["data"]

    def answer(
        self,
        query: str,
        *,
        city: TrialCity | None = None,
        national: bool = False,
        role: str | None = None,
        **given: Any,
    ) -> dict[str, Any]:
        """As `graph`, with errors and all."""
        home = city or self.city
        path = "/graphql" if national else f"/{home.slug}/graphql"
        headers = {} if role is None else {"Authorization": f"Bearer {self.token(role, home)}"}
        asked = self.client.post(path, json={"query": query, "variables": given}, headers=headers)
        found: dict[str, Any] = self.loop.run(asked).json()
        return found

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:
        """Send any request, as httpx takes it."""
        return self.loop.run(self.client.request(method, path, **how))

    def token(self, role: str, city: TrialCity | None = None) -> str:
        """A bearer token of somebody with a role in a city; for roles of one issuer, of its own."""
        home = city or self.city
        issuer = home.issuer_id if role in {"issuer-admin", "issuer-staff", "employer"} else None
        made = self.loop.run(
            create_token(
                self.database,
                tenant=home.tenant_id,
                role=role,
                email=f"{role}@example.org",
                issuer=issuer,
                secret_key=SECRET_KEY,
                now=datetime.now(UTC),
            )
        )
        assert not isinstance(made, Refusal), made
        return made.token

    def run_jobs(self, *, raising: bool = True) -> int:
        """Do all that is due in the background, as a worker would; answers how many events and pieces that were.

        Raises the first error of what failed, unless `raising` is False.
        """
        work = work_off(self.database, self.platform.settings, effects=effects(self.plugins), raising=raising)
        return self.loop.run(work)

    def run_schedule(self, name: str) -> None:
        """Run what is scheduled under a name once, now."""
        schedule = _called(name, effects(self.plugins).schedules)
        self.loop.run(_awaited(schedule.run(Work(self.database, self.platform.settings))))

    def letter(self, name: str, *, city: TrialCity | None = None, **facts: Any) -> EmailMessage | None:
        """Write a letter as `enqueue("mail", {"letter": name, …})` would have it sent, and send it nowhere.

        `tenant` is among its facts unless another is given. None where nobody would get it. The message has
        `["Subject"]`, `["To"]`, and its words in `get_body(["plain"]).get_content()`, or of `["html"]`.
        """
        given = {"letter": name, "tenant": (city or self.city).tenant_id, **facts}
        return self.loop.run(_letter(self, name, json.loads(json.dumps(given, default=str))))

    def rows(self, sql: str, *values: Any, city: TrialCity | None = None) -> list[dict[str, Any]]:
        """Run a statement as a city does, and answer its rows. What belongs to others is not among them."""
        return self.loop.run(_rows(self.database, (city or self.city).tenant_id, sql, values))

    def settings(self, city: TrialCity | None = None, **settings: Any) -> None:
        """Set the plugin's settings in a city."""
        self.loop.run(
            _inside(self.database, (city or self.city).tenant_id, SETTINGS_SQL, self.name, json.dumps(settings))
        )

    def secret(self, name: str, value: str, city: TrialCity | None = None) -> None:
        """Keep a secret that settings name."""
        self.loop.run(_secret(self.database, (city or self.city).tenant_id, name, value))

    def switch(self, city: TrialCity, *, on: bool) -> None:
        """Switch the plugin on or off in a city."""
        self.loop.run(_switch(self.platform, self.database, city.tenant_id, self.name, on))


@asynccontextmanager
async def trial_of(
    loop: Background, server: Server, plugin: str, template: str, **settings: Any
) -> AsyncIterator[Trial]:
    """Open a platform on a fresh copy of the database `template`, with the plugin and what it requires."""
    chosen = Settings(base_url=BASE_URL, plugins=allowed(plugin), secret_key=SECRET_KEY, **settings)
    async with server.database(template) as name:
        url = await server.app_url(name)
        async with await Database.open(url, pool_size=4) as database:
            cities = [await _found(database, slug, plugin) for slug in ("seaside", "hilltop")]
            platform = Platform(chosen, parts_of(load_plugins(chosen)), url)
            transport = httpx.ASGITransport(create_app(platform))
            async with platform.opened(), httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
                yield Trial(loop, plugin, platform, database, client, cities[0], cities[1])


async def prepare(server: Server, database: str, plugin: str) -> None:
    """Make the tables of the core and of the plugin in an empty database."""
    loaded = _loaded(plugin)
    await migrate(server.admin_url(database), [core_app(loaded.frameworks()), *loaded.apps()])


def allowed(plugin: str) -> tuple[str, ...]:
    """The plugin and what it requires of what is installed; see `required`."""
    return with_required(plugin, {one.name: one.manifest for one in discover()})


def with_required(plugin: str, known: Mapping[str, Manifest | None]) -> tuple[str, ...]:
    """The plugin and what it requires, through all that is required in turn; `known` are manifests by name."""
    found, wanted = {plugin: None}, [plugin]
    while wanted:
        manifest = known.get(wanted.pop())
        new = [name for name in (manifest.requires if manifest else ()) if name not in found]
        found |= dict.fromkeys(new)
        wanted += new
    return tuple(found)


def _loaded(plugin: str) -> Plugins:
    return load_plugins(Settings(plugins=allowed(plugin)))


async def _found(database: Database, slug: str, plugin: str) -> TrialCity:
    """Found a city with an issuer and a published badge."""
    tenant, now = new_id(), datetime.now(UTC)
    here = Here(tenant, slug, ("en",), "Europe/London", "rsa-2019")
    async with database.transaction(System("found", shared=True)):
        await execute(TENANT_SQL, tenant, slug, slug.title())
        await execute(SLUG_SQL, slug, tenant)
        for name in allowed(plugin):
            await execute(SWITCH_SQL, tenant, name, True)
    async with database.transaction(City(tenant)):
        organisation = await ensure_organisation(OrganisationWords(f"{slug}-films", "Films", "charity"))
        assert isinstance(organisation, UUID), organisation
        issuer = _written(await write_issuer(here, IssuerWords("films", "Films", "charity", organisation), None))
        words = BadgeWords(
            slug="film",
            name="Film",
            description="Earners of this badge have made a film.",
            layer="rsa-2019/engage",
            issuer_id=issuer,
            creator_id=issuer,
            criteria=(CriterionWords("Made a film"), CriterionWords("Showed it to others")),
            state="published",
        )
        badge = _written(await write_badge(here, words, None, now))
    return TrialCity(slug, tenant, issuer, badge)


def _called(name: str, known: Iterable[Effect]) -> Effect:
    """The one that is called so. Raises AssertionError with the names that there are."""
    found = {each.name: each for each in known}
    assert name in found, f"nothing is called {name}; there are {', '.join(sorted(found))}"
    return found[name]


def _written(done: Written | Refusal) -> UUID:
    assert isinstance(done, Written), done
    return done.id


async def _inside(database: Database, tenant: UUID, sql: str, *values: Any) -> None:
    async with database.transaction(City(tenant)):
        await execute(sql, tenant, *values)


async def _rows(database: Database, tenant: UUID, sql: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    async with database.transaction(City(tenant)):
        return [dict(row) for row in await fetch(sql, *values)]


async def _secret(database: Database, tenant: UUID, name: str, value: str) -> None:
    async with database.transaction(City(tenant)):
        await set_secret(tenant, name, value, secret_key=SECRET_KEY, now=datetime.now(UTC))


async def _switch(platform: Platform, database: Database, tenant: UUID, plugin: str, on: bool) -> None:
    async with database.transaction(System("found", shared=True)):
        await execute(SWITCH_SQL, tenant, plugin, on)
    await platform.refresh()


async def _letter(trial: Trial, name: str, facts: Mapping[str, Any]) -> EmailMessage | None:
    letter = _called(name, effects(trial.plugins).letters)
    to = await letter.facts(Work(trial.database, trial.platform.settings), facts)
    if to is None:
        return None
    url = f"{BASE_URL}/unsubscribe/a-token" if to.unsubscribe else None
    return compose_letter(letter, to, Envelope("no-reply@example.org", new_id(), "example.org", datetime.now(UTC), url))


async def _awaited(work: Any) -> None:
    await work

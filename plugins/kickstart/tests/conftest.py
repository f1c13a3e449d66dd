"""A real PostgreSQL with the tables of the core and of this plugin, a city that has it, and one that has not."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import orjson
import pytest

from waypost import composition
from waypost.access.people import create_token
from waypost.apps import core_app
from waypost.db import City as CityScope
from waypost.db import Database, Embedded, System, execute, fetch, new_id
from waypost.db.migrate import migrate
from waypost.db.roles import ensure_login
from waypost.graph import Asker, Engine, GlobalId, Graph, GraphRequest, Schema
from waypost.issuers.store import IssuerWords, OrganisationWords, ensure_organisation, write_issuer
from waypost.opportunities.store import OpportunityWords, write_opportunity
from waypost.plugins import Plugins, load
from waypost.tenancy import Directory, load_directory
from waypost.tenancy.entries import Here, Written

# Roles belong to the server: all suites on one server must agree on the password of the login role.
PASSWORD = "waypost-tests"
SECRET = "a key for tests alone"
TENANT = """
INSERT INTO tenant (id, slug, name, kind, languages, timezone, standard_code, primary_colour, accent_colour)
VALUES ($1, $2, $2, 'city', '{en,cy}', 'Europe/London', 'rsa-2019', '#000000', '#ffffff')
"""
PLUGIN = "INSERT INTO tenant_plugin (tenant_id, plugin, active) VALUES ($1, 'kickstart', $2)"
STARTS = datetime(2021, 11, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A superuser's URL: WAYPOST_TEST_DATABASE_URL, or that of an embedded server."""
    given = os.environ.get("WAYPOST_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with Embedded(Path(tmp_path_factory.mktemp("kickstart"))) as embedded:
        yield embedded.admin_url()


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """This plugin, found by its entry point as the platform finds it."""
    return load(["kickstart"])


@pytest.fixture(scope="module")
async def admin_url(server_url: str, plugins: Plugins) -> AsyncIterator[str]:
    """A superuser's URL of a database of the module's own with all tables."""
    name = f"waypost_test_{secrets.token_hex(6)}"
    await _run(server_url, f'CREATE DATABASE "{name}" TEMPLATE template0')
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    await migrate(url, [core_app(), *plugins.apps()])
    yield url
    await _run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
async def database(admin_url: str) -> AsyncIterator[Database]:
    """That database, entered as the platform enters it."""
    async with await Database.open(await ensure_login(admin_url, PASSWORD), pool_size=4) as opened:
        yield opened


async def _run(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@dataclass
class Platform:
    """What acts and Python fields ask of the platform: where the plugin is on."""

    directory: Directory
    database: Database
    plugins: Plugins

    def plugins_shown(self, slug: str | None, tenant: UUID | None) -> list[dict[str, object]]:
        found = self.directory.by_slug(slug) if slug else self.directory.by_id(tenant) if tenant else None
        return [{"name": "kickstart", "active": found is None or "kickstart" in found.plugins}]


@dataclass
class Country:
    """Plymouth has the plugin, Bude has not; in each a college offers a job that started in November 2021."""

    database: Database
    plugins: Plugins
    schema: Schema
    engine: Engine
    platform: Platform
    tenants: dict[str, UUID] = field(default_factory=dict)
    issuers: dict[tuple[str, str], UUID] = field(default_factory=dict)
    jobs: dict[str, UUID] = field(default_factory=dict)
    who: dict[str, Asker] = field(default_factory=dict)

    async def found(self) -> None:
        for slug in ("plymouth", "bude"):
            id = self.tenants[slug] = new_id()
            async with self.database.transaction(System("found", shared=True)):
                await execute(TENANT, id, slug)
                await execute("INSERT INTO tenant_slug (slug, tenant_id) VALUES ($1, $2)", slug, id)
                await execute(PLUGIN, id, slug == "plymouth")
            self.platform.directory = await load_directory(self.database)
            await self.admits(f"curator in {slug}", slug, "curator")
            for organisation in ("college", "bakery"):
                await self.settles(organisation, slug)
            self.jobs[slug] = await self.offers("gardener", slug)

    def here(self, slug: str) -> Here:
        return Here(self.tenants[slug], slug, ("en", "cy"), "Europe/London", "rsa-2019")

    async def settles(self, organisation: str, city: str) -> None:
        async with self.database.transaction(CityScope(self.tenants[city])):
            found = await ensure_organisation(OrganisationWords(organisation, organisation.title(), "charity"))
            assert isinstance(found, UUID), found
            said = IssuerWords(organisation, organisation.title(), "charity", found, roles=("provides", "employs"))
            issuer = await write_issuer(self.here(city), said, None)
        assert isinstance(issuer, Written), issuer
        self.issuers[organisation, city] = issuer.id
        await self.admits(f"{organisation} in {city}", city, "employer", issuer.id)

    async def offers(self, slug: str, city: str, managed_by: str = "graph") -> UUID:
        here = Here(**{**self.here(city).__dict__, "managed_by": managed_by})
        words = OpportunityWords(
            slug=slug,
            title=slug.title(),
            summary="Work.",
            kind="JOB",
            provider_id=self.issuers["college", city],
            online=True,
            starts_at=STARTS,
        )
        async with self.database.transaction(CityScope(self.tenants[city])):
            written = await write_opportunity(here, words, None, None, datetime.now(UTC))
        assert isinstance(written, Written), written
        return written.id

    async def admits(self, name: str, slug: str, role: str, issuer: UUID | None = None) -> None:
        email = f"{name.replace(' ', '.')}@example.org"
        facts: dict[str, Any] = {"tenant": self.tenants[slug], "role": role, "issuer": issuer, "email": email}
        made = await create_token(self.database, **facts, secret_key=SECRET, now=datetime.now(UTC))
        assert not hasattr(made, "code"), made
        self.who[name] = Asker(made.person_id, role, issuer, self.tenants[slug])

    def issuer(self, organisation: str, city: str = "plymouth") -> str:
        return str(GlobalId("Issuer", self.tenants[city], self.issuers[organisation, city]))

    def job(self, city: str = "plymouth", id: UUID | None = None) -> str:
        return str(GlobalId("Opportunity", self.tenants[city], id or self.jobs[city]))

    async def body(
        self, query: str, city: str | None = "plymouth", who: str = "", language: str = "", **variables: Any
    ) -> dict[str, Any]:
        tenant = self.tenants[city] if city else None
        graph = Graph(self.schema, tenant, ("en", "cy"), self.platform)
        asker = self.who[who] if who else Asker()
        request = GraphRequest(query, variables=variables, languages=(language,) if language else ())
        found: dict[str, Any] = orjson.loads((await self.engine.answer(graph, request, asker)).body)
        return found

    async def read(self, query: str, city: str | None = "plymouth", who: str = "", **how: Any) -> Any:
        body = await self.body(query, city, who, **how)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def act(
        self, name: str, given: Mapping[str, Any], shown: str, who: str, city: str | None = "plymouth"
    ) -> dict[str, Any]:
        """Carry out a mutation; answers its payload."""
        kind = name[0].upper() + name[1:]
        chosen = f"__typename ... on {kind}Success {{ {shown} }} ... on Error {{ code message path }}"
        query = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {chosen} }} }}"
        payload: dict[str, Any] = (await self.read(query, city, who, input=given))[name]
        return payload

    async def rows(self, sql: str, city: str = "plymouth") -> list[dict[str, Any]]:
        async with self.database.transaction(CityScope(self.tenants[city])):
            return [dict(row) for row in await fetch(sql)]


@pytest.fixture(scope="module")
async def country(database: Database, plugins: Plugins) -> Country:
    """The two cities, founded once a module."""
    engine = composition.engine(database, plugins)
    schema = composition.schema_of(plugins, plugins.national)
    platform = Platform(await load_directory(database), database, plugins)
    made = Country(database, plugins, schema, engine, platform)
    await made.found()
    return made

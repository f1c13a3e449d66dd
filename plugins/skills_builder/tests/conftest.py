"""A real PostgreSQL with the tables of the core and of this plugin, and cities to tell stories of."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import pytest

from waypost import composition
from waypost.apps import core_app
from waypost.badges.store import BadgeWords, CriterionWords, write_badge
from waypost.badges.tables import Badge
from waypost.db import City as CityScope
from waypost.db import Database, Embedded, System, execute, fetch, new_id
from waypost.db.migrate import migrate
from waypost.db.roles import ensure_login
from waypost.graph import Asker, Engine, Graph, GraphRequest, Schema
from waypost.issuers.store import IssuerWords, OrganisationWords, ensure_organisation, write_issuer
from waypost.plugins import Plugins, Profile, load
from waypost.tenancy.entries import Here, Written, find_entry
from waypost_skills_builder.catalogue import SECTION, Steps

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
# Roles belong to the server: all suites on one server must agree on the password of the login role.
PASSWORD = "waypost-tests"

TENANT = """
    INSERT INTO tenant
        (id, slug, name, kind, languages, timezone, standard_code, primary_colour, accent_colour)
    VALUES ($1, $2, $2, 'city', '{en}', 'Europe/London', 'rsa-2019', '#000000', '#ffffff')
"""
PLUGIN = "INSERT INTO tenant_plugin (tenant_id, plugin) VALUES ($1, 'skills_builder')"
SETTING = """
    INSERT INTO plugin_setting (tenant_id, plugin, settings) VALUES ($1, 'skills_builder', $2)
    ON CONFLICT (tenant_id, plugin) DO UPDATE SET settings = excluded.settings
"""


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A superuser's URL: WAYPOST_TEST_DATABASE_URL, or that of an embedded server."""
    given = os.environ.get("WAYPOST_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with Embedded(Path(tmp_path_factory.mktemp("skills-builder"))) as embedded:
        yield embedded.admin_url()


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """This plugin, found by its entry point as the platform finds it."""
    return load(["skills_builder"])


@pytest.fixture(scope="session")
async def admin_url(server_url: str, plugins: Plugins) -> AsyncIterator[str]:
    """A superuser's URL of a database with all tables."""
    name = f"waypost_test_{secrets.token_hex(6)}"
    await _run(server_url, f'CREATE DATABASE "{name}" TEMPLATE template0')
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    await migrate(url, [core_app(plugins.frameworks()), *plugins.apps()])
    yield url
    await _run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
async def database(admin_url: str) -> AsyncIterator[Database]:
    """That database, entered as the platform enters it."""
    async with await Database.open(await ensure_login(admin_url, PASSWORD), pool_size=2) as opened:
        yield opened


async def _run(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@dataclass(frozen=True)
class City:
    """A city with one issuer."""

    database: Database
    here: Here
    issuer: UUID

    async def writes_badge(self, slug: str, *, state: str = "published") -> UUID:
        """Write a badge, or bring it to another state."""
        words = BadgeWords(
            slug=slug,
            name=slug,
            description="Earners of this badge have made a film.",
            layer="rsa-2019/engage",
            issuer_id=self.issuer,
            creator_id=self.issuer,
            criteria=(CriterionWords("Made a film"), CriterionWords("Showed it to others")),
            state=state,
        )
        async with self.database.transaction(CityScope(self.here.tenant_id)):
            at = await find_entry(Badge, self.here, slug=slug)
            written = await write_badge(self.here, words, at, NOW)
        assert isinstance(written, Written), written
        return written.id

    async def shows(self, badge: UUID, steps: Mapping[str, int] | None) -> bool:
        """Write `[badges.essential]` of a badge; whether anything changed."""
        async with self.database.transaction(CityScope(self.here.tenant_id)):
            return await SECTION.write(self.here.tenant_id, badge, None if steps is None else Steps(dict(steps)))

    async def shown(self) -> dict[UUID, dict[str, int]]:
        """What `[badges.essential]` says of each badge."""
        async with self.database.transaction(CityScope(self.here.tenant_id)):
            found = await SECTION.read(self.here.tenant_id)
        return {badge: value.root for badge, value in found.items()}

    async def rows(self) -> list[tuple[str, int]]:
        """Codes and steps as they are stored."""
        async with self.database.transaction(CityScope(self.here.tenant_id)):
            found = await fetch("SELECT skill_code, step FROM plugin_skills_builder.badge_essential ORDER BY 1")
        return [(row["skill_code"], row["step"]) for row in found]

    async def chooses(self, framework: str) -> None:
        """Set the version of the framework."""
        async with self.database.transaction(CityScope(self.here.tenant_id)):
            await execute(SETTING, self.here.tenant_id, json.dumps({"framework": framework}))


@dataclass(frozen=True)
class Country:
    """Founds cities, and asks graphs."""

    database: Database
    plugins: Plugins
    schemas: dict[Profile, Schema]
    engine: Engine

    async def founds(self, slug: str, *, active: bool = True) -> City:
        """Found a city, with the plugin switched on or not."""
        tenant = new_id()
        here = Here(tenant, slug, ("en",), "Europe/London", "rsa-2019")
        async with self.database.transaction(System("found")):
            await execute(TENANT, tenant, slug)
            if active:
                await execute(PLUGIN, tenant)
        async with self.database.transaction(CityScope(tenant)):
            organisation = await ensure_organisation(OrganisationWords(f"{slug}-films", "Films", "charity"))
            assert isinstance(organisation, UUID), organisation
            issuer = await write_issuer(here, IssuerWords("films", "Films", "charity", organisation), None)
        assert isinstance(issuer, Written), issuer
        return City(self.database, here, issuer.id)

    async def asked(self, query: str, city: City | None = None, *, active: bool = True) -> Any:
        """The data of a query to a city's graph, or to the national one; its errors, if it has any."""
        profile = self.plugins.national if active else frozenset()
        if profile not in self.schemas:
            self.schemas[profile] = composition.schema_of(self.plugins, profile)
        graph = Graph(self.schemas[profile], city.here.tenant_id if city else None, ("en",))
        answer = json.loads((await self.engine.answer(graph, GraphRequest(query), Asker())).body)
        return answer.get("errors") or answer["data"]


@pytest.fixture(scope="session")
def country(database: Database, plugins: Plugins) -> Country:
    """Where cities are founded."""
    return Country(database, plugins, {}, composition.engine(database))

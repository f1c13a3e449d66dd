"""A real PostgreSQL with the tables of the core and of this plugin, a network, and cities that name it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from waypost import composition
from waypost.access.people import create_token
from waypost.apps import core_app
from waypost.db import City as CityScope
from waypost.db import Database, Learner, System, execute, fetch, new_id
from waypost.db.migrate import migrate
from waypost.db.roles import ensure_login
from waypost.graph import Asker, Engine, GlobalId, Graph, GraphRequest, Schema, parse_id
from waypost.issuers.store import IssuerWords, OrganisationWords, ensure_organisation, write_issuer
from waypost.outbox import Work
from waypost.outbox.worker import Worker
from waypost.plugins import Plugins, load
from waypost.settings import Settings
from waypost.tenancy import Directory, load_directory
from waypost.tenancy.entries import Here, Written
from waypost.testing.databases import PASSWORD, Server
from waypost_badge_nation import effects
from waypost_badge_nation.rules import last_day

SECRET = "a key for tests alone"
NETWORK = "badge-nation"

TENANT = """
INSERT INTO tenant (id, slug, name, kind, languages, timezone, standard_code, primary_colour, accent_colour)
VALUES ($1, $2, $3, $4, '{en}', 'Europe/London', 'rsa-2019', '#000000', '#ffffff')
"""
REVIEW = "UPDATE tenant SET review_tenant_id = $2 WHERE id = $1"
PLUGIN = """
INSERT INTO tenant_plugin (tenant_id, plugin, active) VALUES ($1, 'badge_nation', $2)
ON CONFLICT (tenant_id, plugin) DO UPDATE SET active = excluded.active
"""
SETTING = """
INSERT INTO plugin_setting (tenant_id, plugin, settings) VALUES ($1, 'badge_nation', $2)
ON CONFLICT (tenant_id, plugin) DO UPDATE SET settings = excluded.settings
"""
DAYS = "starts_on = $3, ends_on = $4"
LONG_AGO = (
    f"UPDATE plugin_badge_nation.nation_membership SET {DAYS} WHERE tenant_id = $1 AND id = $2",
    f"UPDATE plugin_badge_nation.nation_standing SET {DAYS} WHERE network_id = $1 AND id = $2",
)
WORDS: Mapping[str, Any] = {
    "layer": "demonstrate",
    "description": "Earners of this badge have planned and run a small festival.",
    "criteria": [
        {"text": "Earner has planned the programme with others.", "skills": ["Planning"]},
        {"text": "Earner has created and led one evening.", "skills": ["Leadership", "Creativity"]},
    ],
}


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """This plugin, found by its entry point as the platform finds it."""
    return load(["badge_nation"])


@pytest.fixture(scope="module")
async def admin_url(waypost_server: Server, plugins: Plugins) -> AsyncIterator[str]:
    """A superuser's URL of a database of the module's own with all tables."""
    async with waypost_server.database() as name:
        url = waypost_server.admin_url(name)
        await migrate(url, [core_app(), *plugins.apps()])
        yield url


@pytest.fixture(scope="module")
async def database(admin_url: str) -> AsyncIterator[Database]:
    """That database, entered as the platform enters it."""
    async with await Database.open(await ensure_login(admin_url, PASSWORD), pool_size=4) as opened:
        yield opened


@dataclass
class Platform:
    """What acts and Python fields ask of the platform."""

    directory: Directory
    database: Database
    settings: Settings = field(default_factory=lambda: Settings(secret_key=SECRET))

    def plugins_shown(self, slug: str | None, tenant: UUID | None) -> list[dict[str, object]]:
        return []


@dataclass
class Country:
    """A network that charges, two cities that name it and have the plugin, and one that has not."""

    database: Database
    plugins: Plugins
    schema: Schema
    engine: Engine
    platform: Platform
    tenants: dict[str, UUID] = field(default_factory=dict)
    organisations: dict[str, UUID] = field(default_factory=dict)
    issuers: dict[tuple[str, str], UUID] = field(default_factory=dict)
    who: dict[str, Asker] = field(default_factory=dict)
    later: timedelta = timedelta()  # how far the clock was put on
    _badges: int = 0

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    async def found(self) -> None:
        await self.founds(NETWORK, "Badge Nation", "network")
        for slug in ("brighton", "plymouth", "bude"):
            await self.founds(slug, slug.title(), "city", plugin=slug != "bude")
            await self.names(slug, NETWORK)
        await self.sets(charges=True)
        await self.admits("network", NETWORK, "curator")
        await self.work(effects.show_networks)

    async def founds(self, slug: str, name: str, kind: str, *, plugin: bool = True) -> None:
        id = self.tenants[slug] = new_id()
        async with self.database.transaction(System("found", shared=True)):
            await execute(TENANT, id, slug, name, kind)
            await execute("INSERT INTO tenant_slug (slug, tenant_id) VALUES ($1, $2)", slug, id)
            await execute(PLUGIN, id, plugin)
        await self.reload()
        await self.admits(f"{slug} curator", slug, "curator")

    async def names(self, city: str, reviewer: str | None) -> None:
        """Let a city name who reviews its badges."""
        async with self.database.transaction(System("found", shared=True)):
            await execute(REVIEW, self.tenants[city], None if reviewer is None else self.tenants[reviewer])
        await self.reload()

    async def sets(self, slug: str = NETWORK, **settings: object) -> None:
        async with self.database.transaction(CityScope(self.tenants[slug])):
            await execute(SETTING, self.tenants[slug], json.dumps(settings))

    async def switches(self, slug: str, *, on: bool) -> None:
        async with self.database.transaction(System("found", shared=True)):
            await execute(PLUGIN, self.tenants[slug], on)
        await self.reload()

    async def reload(self) -> None:
        self.platform.directory = await load_directory(self.database)

    async def settles(self, organisation: str, *cities: str) -> None:
        """Let an organisation be an issuer in cities, with an admin and somebody of its staff in each."""
        for city in cities:
            tenant = self.tenants[city]
            here = Here(tenant, city, ("en",), "Europe/London", "rsa-2019")
            async with self.database.transaction(CityScope(tenant)):
                words = OrganisationWords(organisation, organisation.title(), "charity")
                found = await ensure_organisation(words)
                assert isinstance(found, UUID), found
                self.organisations[organisation] = found
                said = IssuerWords(organisation, organisation.title(), "charity", found, roles=("issues",))
                issuer = await write_issuer(here, said, None)
            assert isinstance(issuer, Written), issuer
            self.issuers[organisation, city] = issuer.id
            for role in ("admin", "staff"):
                await self.admits(f"{organisation} {role} in {city}", city, f"issuer-{role}", issuer.id)

    async def admits(self, name: str, slug: str, role: str, issuer: UUID | None = None) -> None:
        email = f"{name.replace(' ', '.')}@example.org"
        facts: dict[str, Any] = {"tenant": self.tenants[slug], "role": role, "issuer": issuer, "email": email}
        made = await create_token(self.database, **facts, secret_key=SECRET, now=self.now)
        assert not hasattr(made, "code"), made
        self.who[name] = Asker(made.person_id, role, issuer, self.tenants[slug])
        async with self.database.transaction(Learner(made.person_id)):
            sql = "INSERT INTO person_address (person_id, id, address) VALUES ($1, $2, $3)"
            if not await fetch("SELECT 1 FROM person_address WHERE person_id = $1", made.person_id):
                await execute(sql, made.person_id, new_id(), email)

    async def body(self, query: str, city: str | None, who: str, **variables: Any) -> dict[str, Any]:
        tenant = self.tenants[city] if city else None
        graph = Graph(self.schema, tenant, ("en",), self.platform)
        asker = self.who[who] if who else Asker()
        answer = await self.engine.answer(graph, GraphRequest(query, variables=variables), asker)
        found: dict[str, Any] = orjson.loads(answer.body)
        return found

    async def read(self, query: str, city: str | None = NETWORK, who: str = "network", **variables: Any) -> Any:
        body = await self.body(query, city, who, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def act(self, name: str, given: Mapping[str, Any], shown: str, city: str | None, who: str) -> dict[str, Any]:
        """Carry out a mutation; answers its payload."""
        kind = name[0].upper() + name[1:]
        chosen = f"__typename ... on {kind}Success {{ {shown} }} ... on Error {{ code message path }}"
        query = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {chosen} }} }}"
        payload: dict[str, Any] = (await self.read(query, city, who, input=given))[name]
        return payload

    async def joins(self, organisation: str, **facts: Any) -> dict[str, Any]:
        """Make an organisation a member; answers the membership."""
        shown = "membership { id organisationName startsOn endsOn allowance amount { net vat gross } }"
        done = await self.act("badgeNationJoin", {"organisation": organisation, **facts}, shown, NETWORK, "network")
        assert done["__typename"] == "BadgeNationJoinSuccess", done
        membership: dict[str, Any] = done["membership"]
        return membership

    async def was_a_member(self, organisation: str, first: date) -> dict[str, Any]:
        """Let an organisation have been a member for a year since a day long ago; answers that membership."""
        membership = await self.joins(organisation)
        named = parse_id(membership["id"])
        assert named is not None
        async with self.database.transaction(CityScope(self.tenants[NETWORK])):
            for sql in LONG_AGO:
                await execute(sql, self.tenants[NETWORK], named.row, first, last_day(first, 12))
        return membership

    async def drafts(self, organisation: str, city: str, name: str = "") -> str:
        """Draft a badge that is ready to be submitted; answers its id."""
        self._badges += 1
        creator = str(GlobalId("Issuer", self.tenants[city], self.issuers[organisation, city]))
        given = {**WORDS, "name": name or f"Festival {self._badges}", "creator": creator}
        given["reasons"] = [{"code": "SIMILAR_BADGE", "reason": "Another city's."}]
        who = f"{organisation} admin in {city}"
        done = await self.act("proposeBadge", given, "draft { badgeId }", city, who)
        assert done["__typename"] == "ProposeBadgeSuccess", done
        return str(done["draft"]["badgeId"])

    async def submits(self, badge: str, organisation: str, city: str) -> dict[str, Any]:
        who = f"{organisation} staff in {city}"
        return await self.act("submitBadge", {"badge": badge}, "draft { round }", city, who)

    async def accepts(self, badge: str, gross: str, who: str, city: str) -> dict[str, Any]:
        shown = "charge { settled amount { net vat gross currency } network { slug } }"
        return await self.act("badgeNationAcceptCharge", {"badge": badge, "gross": gross}, shown, city, who)

    async def uses(self, count: int, organisation: str, city: str) -> None:
        """Submit so many templates, and have them counted."""
        for _ in range(count):
            sent = await self.submits(await self.drafts(organisation, city), organisation, city)
            assert sent["__typename"] == "SubmitBadgeSuccess", sent
        await self.works_off()

    async def settled(self, badge: str, city: str, who: str) -> Any:
        """What became of a badge's template, as its issuer reads it."""
        query = "{ badgeDrafts(first: 100) { nodes { badgeId badgeNationCharge { settled amount { gross } } } } }"
        nodes = (await self.read(query, city, who))["badgeDrafts"]["nodes"]
        return next(each["badgeNationCharge"] for each in nodes if each["badgeId"] == badge)

    async def standing(self, organisation: str, city: str, who: str = "") -> Any:
        query = """query($id: ID!) { issuer(id: $id) { badgeNationStanding
            { network { slug } endsOn allowance used left nextTemplate { gross } } } }"""
        id = str(GlobalId("Issuer", self.tenants[city], self.issuers[organisation, city]))
        found = await self.read(query, city, who or f"{organisation} staff in {city}", id=id)
        return found["issuer"]["badgeNationStanding"]

    async def rows(self, sql: str, slug: str = NETWORK) -> list[dict[str, Any]]:
        async with self.database.transaction(CityScope(self.tenants[slug])):
            return [dict(row) for row in await fetch(sql)]

    @property
    def background(self) -> Work:
        return Work(self.database, Settings(secret_key=SECRET), clock=lambda: self.now)

    async def work(self, run: Any) -> None:
        """Run a schedule."""
        await run(self.background)

    async def works_off(self) -> None:
        """Do in the background what is due."""
        worker = Worker(self.background, composition.effects(self.plugins), at_once=1)
        while await worker.relay_all() + await worker.run_due():
            assert not worker.doing.errors, worker.doing.errors


@pytest.fixture(scope="module")
async def country(database: Database, plugins: Plugins) -> Country:
    """The network and its cities, founded once a module."""
    engine = composition.engine(database, plugins)
    schema = composition.schema_of(plugins, plugins.national)
    made = Country(database, plugins, schema, engine, Platform(await load_directory(database), database))
    await made.found()
    return made

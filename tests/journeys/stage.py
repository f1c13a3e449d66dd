"""A little country in which people write through the graph, and the words to tell it in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from tests.graph.world import Builder, Town
from tests.rooms import badge_words
from waypost.access.people import create_token
from waypost.composition import core, engine
from waypost.db import City, Database, System, execute, fetch, fetchval
from waypost.graph import Asker, Engine, Graph, GraphRequest, Schema, compose, parse_id
from waypost.plugins import Plugins
from waypost.settings import Settings
from waypost.tenancy import Directory, load_directory

STRANGER = Asker()
SECRET = "a key for tests alone"
BRIGHTON_BOX = (50.79, -0.25, 50.90, 0.0)
# Everything that acts write to, beside the outbox.
TABLES = (
    *("place", "place_text", "place_accessibility", "issuer", "issuer_text", "issuer_role", "organisation"),
    *("opportunity", "opportunity_text", "opportunity_badge", "opportunity_accessibility", "opportunity_weekday"),
    *("opportunity_layer", "opportunity_skill", "pathway", "pathway_text", "pathway_interest", "pathway_outcome"),
    *("step", "step_text", "step_badge", "step_opportunity", "borrowed", "address", "former_slug", "event"),
    *("award", "award_evidence", "award_policy", "award_batch", "recipient", "upload", "job"),
    *("endorsement", "claim_code", "badge_request", "badge_request_evidence"),
    *("badge_draft", "review", "review_comment", "review_decision", "review_member", "collection", "collection_badge"),
    *("membership", "invitation", "access_token", "badge_draft_writer"),
    *("tenant", "tenant_plugin", "plugin_setting", "plugin_secret", "city_change"),
)
# Of which tenant a row is, where no column says it.
WHOSE = {"organisation": "$1::uuid IS NOT NULL", "tenant": "id = $1"}
COUNTED_SQL = " UNION ALL ".join(
    f"SELECT '{table}' AS name, "
    "count(*) || ' ' || md5(coalesce(string_agg(t::text, ';' ORDER BY t::text), '')) AS content "
    f"FROM {table} t WHERE {WHOSE.get(table, 'tenant_id = $1')}"
    for table in TABLES
)
EVENT_SQL = """
SELECT type, object_type, person_id, data::text AS data, xmin::text FROM event
WHERE tenant_id = $1 AND object_id = $2 ORDER BY happened_at, id
"""
TOLD_SQL = """
SELECT object_id, person_id, data::text AS data FROM event WHERE tenant_id = $1 AND type = $2 ORDER BY happened_at, id
"""


class Named(NamedTuple):
    """What an id says of something that belongs to a city."""

    type: str
    tenant: UUID
    row: UUID


@dataclass
class Platform:
    """What acts and Python fields ask of the platform."""

    directory: Directory
    database: Database
    settings: Settings = field(default_factory=lambda: Settings(secret_key=SECRET, base_url="https://waypost.example"))
    plugins: Plugins = field(default_factory=lambda: Plugins(()))

    def plugins_shown(self, slug: str | None, tenant: UUID | None) -> list[dict[str, object]]:
        return []

    async def catch_up(self) -> None:
        self.directory = await load_directory(self.database)


@dataclass
class Stage:
    """Two open cities and one that left; `who` are people who may write, by name."""

    database: Database
    engine: Engine
    schema: Schema
    platform: Platform
    build: Builder
    who: dict[str, Asker] = field(default_factory=dict)

    @classmethod
    async def set_up(cls, database: Database) -> Stage:
        """Found the country."""
        build = Builder(database)
        await build.town("brighton", "Brighton & Hove", languages=("en", "cy"), box=BRIGHTON_BOX)
        await build.town("plymouth", "Plymouth", box=(50.3, -4.3, 50.5, -4.0))
        await build.town("old-town", "Old Town", state="closed")
        for town in ("brighton", "plymouth", "old-town"):
            for slug in ("youth-club", "college"):
                await build.issuer(build.world.towns[town], slug, slug.title(), roles=("issues", "provides"))
        for town, slugs in (
            ("brighton", ("film-maker", "explorer", "leader")),
            ("plymouth", ("smart-citizen", "navigator")),
        ):
            club = build.world.find("Issuer", town, "youth-club").id
            for slug in slugs:
                await build.badge(build.world.towns[town], badge_words(club, slug))
            await build.badge(build.world.towns[town], badge_words(club, "secret", state="draft"))
        platform = Platform(await load_directory(database), database)
        stage = cls(database, engine(database), compose([core()]), platform, build)
        for town in ("brighton", "plymouth", "old-town"):
            await stage.admit(f"{town} curator", town, "curator")
        for role in ("issuer-admin", "issuer-staff", "employer"):
            await stage.admit(role, "brighton", role, issuer="youth-club")
        await stage.admit("learner", "brighton", "learner")
        await stage.admit("operator", None, "operator")
        stage.who["stranger"] = STRANGER
        return stage

    async def admit(self, name: str, town: str | None, role: str, issuer: str | None = None) -> None:
        """Give somebody a role, as `waypost token create` does."""
        tenant = None if town is None else self.town(town).id
        of = None if town is None or issuer is None else self.build.world.find("Issuer", town, issuer).id
        email = f"{name.replace(' ', '.')}@example.org"
        facts: dict[str, Any] = {"tenant": tenant, "role": role, "issuer": of, "email": email}
        made = await create_token(self.database, **facts, secret_key=SECRET, now=self.build.world.now)
        assert not hasattr(made, "code"), made
        self.who[name] = Asker(made.person_id, role, of, tenant)

    def town(self, slug: str) -> Town:
        return self.build.world.towns[slug]

    def id(self, kind: str, town: str, slug: str) -> str:
        """The graph's id of what stood there from the beginning."""
        return str(self.build.world.find(kind, town, slug).gid)

    async def reload(self) -> None:
        """Notice what changed about tenants."""
        self.platform.directory = await load_directory(self.database)

    async def body(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        city: str | None = "brighton",
        who: str = "",
        key: str | None = None,
    ) -> dict[str, Any]:
        """Answer one request; `city` None asks the national graph, `who` "" is a stranger, `key` an idempotency key."""
        town = self.town(city).here if city else None
        tenant, languages = (town.tenant_id, town.languages) if town else (None, ())
        graph = Graph(self.schema, tenant, languages, self.platform)
        asker = self.who[who] if who else STRANGER
        answer = await self.engine.answer(graph, GraphRequest(query, variables=variables, idempotency_key=key), asker)
        found: dict[str, Any] = orjson.loads(answer.body)
        return found

    async def read(self, query: str, city: str | None = "brighton", who: str = "", **variables: Any) -> Any:
        """Read without errors."""
        body = await self.body(query, variables, city, who)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def act(
        self, name: str, input: Mapping[str, Any], shown: str = "", *, city: str | None = "brighton", who: str = ""
    ) -> dict[str, Any]:
        """Carry out one mutation; answers its payload. `shown` is what to select of a success."""
        kind = name[0].upper() + name[1:]
        success = f"... on {kind}Success {{ {shown} }}" if shown else ""
        chosen = f"__typename {success} ... on Error {{ code message path }}"
        query = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {chosen} }} }}"
        body = await self.body(query, {"input": input}, city, who or "brighton curator")
        assert "errors" not in body, body["errors"]
        payload: dict[str, Any] = body["data"][name]
        return payload

    async def done(self, name: str, input: Mapping[str, Any], shown: str, **how: Any) -> dict[str, Any]:
        """Carry out a mutation that must succeed."""
        payload = await self.act(name, input, shown, **how)
        assert payload["__typename"].endswith("Success"), payload
        return payload

    async def refused(self, name: str, input: Mapping[str, Any], **how: Any) -> tuple[str, str, list[str] | None]:
        """Carry out a mutation that must be refused and leave nothing behind; answers type, code and path."""
        before = await self.counted()
        payload = await self.act(name, input, **how)
        assert not payload["__typename"].endswith("Success"), payload
        assert await self.counted() == before, "something was half-written"
        assert payload["message"]
        return payload["__typename"], payload["code"], payload["path"]

    async def counted(self) -> dict[str, str]:
        """How many rows there are in all cities and what is in them, in short."""
        found: dict[str, str] = {}
        for slug, town in self.build.world.towns.items():
            async with self.database.transaction(City(town.id)):
                rows = await fetch(COUNTED_SQL, town.id)
            found |= {f"{slug} {row['name']}": row["content"] for row in rows}
        return found

    async def events(self, id: str) -> list[str]:
        """What was told of the object with that id, in order."""
        return [event["type"] for event in await self._told(id)]

    async def last_event(self, id: str) -> dict[str, Any]:
        """What was told last of the object with that id; fails unless it was written with the object itself."""
        named = named_by(id)
        event = (await self._told(id))[-1]
        async with self.database.transaction(City(named.tenant)):
            sql = f"SELECT xmin::text FROM {named.type.lower()} WHERE tenant_id = $1 AND id = $2"
            assert await fetchval(sql, named.tenant, named.row) == event.pop("xmin"), "not in one transaction"
        return event

    async def _told(self, id: str) -> list[dict[str, Any]]:
        named = named_by(id)
        async with self.database.transaction(City(named.tenant)):
            rows = await fetch(EVENT_SQL, named.tenant, named.row)
        return [{**dict(row), "data": orjson.loads(row["data"])} for row in rows]

    async def told_in(self, town: str, type: str) -> list[dict[str, Any]]:
        """What was told of that type in a town, in order."""
        here = self.town(town).id
        async with self.database.transaction(City(here)):
            rows = await fetch(TOLD_SQL, here, type)
        return [{**dict(row), "data": orjson.loads(row["data"])} for row in rows]

    async def run(self, town: str, sql: str, *args: Any) -> None:
        """Run SQL in a town, for what no act does."""
        async with self.database.transaction(City(self.town(town).id)):
            await execute(sql, *args)

    async def kept_in_files(self, id: str) -> str:
        """Let the files of its city keep an object, as if they had made it; answers the file and key."""
        named = named_by(id)
        source = f"catalogue/some.toml#{named.row}"
        sql = f"UPDATE {named.type.lower()} SET managed_by = 'files', source_id = $3 WHERE tenant_id = $1 AND id = $2"
        async with self.database.transaction(City(named.tenant)):
            await execute(sql, named.tenant, named.row, source)
        return source

    @asynccontextmanager
    async def seeded(self, town: str) -> AsyncIterator[None]:
        """For a while the files of a city are a seed only."""
        await self._files_are(town, "seed")
        yield
        await self._files_are(town, "managed")

    async def _files_are(self, town: str, files: str) -> None:
        async with self.database.transaction(System("tests")):
            await execute("UPDATE tenant SET files = $2 WHERE id = $1", self.town(town).id, files)
        await self.reload()


def named_by(id: str) -> Named:
    """What an id of the graph names, which is some city's."""
    found = parse_id(id)
    assert found is not None
    assert found.tenant is not None
    return Named(found.type, found.tenant, found.row)

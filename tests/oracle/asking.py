"""Asking the engine and the naive executor the same, and holding their answers together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from tests.graph.world import World
from tests.oracle.calls import Cursors
from tests.oracle.comparing import differences
from tests.oracle.executor import Oracle, Verdict
from tests.oracle.rows import load_rows
from waypost.composition import engine, schema_of
from waypost.db import Database
from waypost.graph import Asker, Engine, Graph, GraphRequest, Schema
from waypost.opportunities.rules import search_form
from waypost.plugins import Plugins, Profile
from waypost.settings import Settings
from waypost.tenancy import Directory, load_directory

CITIES = ("plymouth", "cardiff", "badge-nation", "south-west", "old-town", None)
# All that is ever searched for; what PostgreSQL finds with each is read beforehand.
TEXTS = (
    "film",
    "Sea and -code",
    '"garden and"',
    "DANCE",
    "real ideas",
    "teamwork or curiosity",
    "nothing here",
    "",
    "é",
)


@dataclass(frozen=True)
class Platform:
    """What Python fields may ask of the platform."""

    directory: Directory
    plymouth: UUID
    database: Database
    settings: Settings = field(default_factory=lambda: Settings(secret_key="a key for tests alone"))

    def plugins_shown(self, slug: str | None, tenant: UUID | None) -> list[dict[str, object]]:
        """Only Plymouth has switched the plugin on."""
        active = slug == "plymouth" if slug is not None else tenant in {None, self.plymouth}
        facts = {"name": "skills_builder", "version": "1.0", "api": "1", "prefix": "essential", "title": "Skills"}
        more: dict[str, object] = {
            "requires": ["other"],
            "contributes": ["type:EssentialSkill"],
            "settingsSchema": '{"type": "object"}',
        }
        more["pausedUntil"] = None
        return [{**facts, **more, "active": active}]


@dataclass(frozen=True)
class Operation:
    """A document with its variables, asked by somebody somewhere; `city` None is the nation."""

    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    city: str | None = "plymouth"
    languages: tuple[str, ...] = ()
    who: str = "stranger"


@dataclass(repr=False)  # all the rows in it are too long to be printed
class Both:
    """The engine with its warm plans, one whose plans are always cold, and the executor for each profile of plugins."""

    database: Database
    warm: Engine
    schemas: Mapping[Profile, Schema]
    oracles: Mapping[Profile, Oracle]
    world: World
    who: Mapping[str, Asker]
    profiles: Mapping[str | None, Profile]
    services: Any
    plugins: Plugins
    cursors: Cursors = field(default_factory=Cursors)

    def schema(self, city: str | None) -> Schema:
        """The schema of a graph."""
        return self.schemas[self.profiles[city]]

    def graph(self, city: str | None) -> Graph:
        """A graph to ask."""
        if city is None:
            return Graph(self.schema(None), services=self.services)
        here = self.world.towns[city].here
        return Graph(self.schema(city), here.tenant_id, here.languages, services=self.services)

    def expected(self, asked: Operation) -> Verdict:
        """Answer by the naive executor."""
        graph = self.graph(asked.city)
        return self.oracles[self.profiles[asked.city]].answer(
            asked.document,
            asked.variables,
            tenant=graph.tenant,
            own=graph.languages,
            languages=asked.languages,
            asker=self.who[asked.who],
            services=self.services,
            cursors=self.cursors,
        )

    async def body(self, asked: Operation, engine: Engine | None = None) -> Any:
        """Answer by the engine."""
        request = GraphRequest(asked.document, None, asked.variables, asked.languages)
        answer = await (engine or self.warm).answer(self.graph(asked.city), request, self.who[asked.who])
        return orjson.loads(answer.body)

    async def differences(self, asked: Operation) -> tuple[Any, list[str]]:
        """Ask in every lane; returns the engine's answer, and where answers are not what they must be."""
        verdict, found, answer = self.expected(asked), [], None
        for lane, chosen in (("cold", engine(self.database, self.plugins)), ("first", self.warm), ("warm", self.warm)):
            answer = await self.body(asked, chosen)
            found += [f"{lane}: {each}" for each in differences(answer, verdict, self.cursors)]
        return answer, found

    async def agree(self, document: str, variables: Mapping[str, Any] | None = None, **how: Any) -> Any:
        """Ask one operation and return the engine's answer, which must be the executor's."""
        answer, found = await self.differences(Operation(document, variables or {}, **how))
        assert not found, "\n".join(found)
        return answer


async def both_of(database: Database, url: str, world: World, who: Mapping[str, Asker], plugins: Plugins) -> Both:
    """Put engine and executor together over one database; `url` is a superuser's."""
    rows = await load_rows(url, TEXTS, search_form)
    postcodes = {row["code"]: (row["latitude"], row["longitude"]) for row in rows.tables["postcode"]}
    national: Profile = plugins.national
    none: Profile = frozenset()
    profiles: dict[str | None, Profile] = dict.fromkeys(CITIES, none)
    profiles |= {None: national, "plymouth": national}
    return Both(
        database,
        engine(database, plugins),
        {profile: schema_of(plugins, profile) for profile in (national, none)},
        {profile: Oracle(schema_of(plugins, profile), rows, postcodes) for profile in (national, none)},
        world,
        who,
        profiles,
        Platform(await load_directory(database), world.towns["plymouth"].id, database),
        plugins,
    )

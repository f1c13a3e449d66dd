"""Asking the graph as a client does, and reading its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from tests.graph.world import World
from waypost.composition import core
from waypost.db import Database
from waypost.graph import Answer, Asker, Engine, Graph, GraphRequest, Schema, compose
from waypost.settings import Settings
from waypost.tenancy import Directory

STRANGER = Asker()


def built_schema() -> Schema:
    """Compose the schema of the core without any plugin."""
    return compose([core()])


@dataclass
class Platform:
    """What Python fields may ask of the platform: here, one plugin that only Plymouth has switched on."""

    home: UUID
    directory: Directory | None = None
    database: Database | None = None
    settings: Settings = field(default_factory=lambda: Settings(secret_key="a key for tests alone"))

    def plugins_shown(self, slug: str | None, tenant: UUID | None) -> list[dict[str, object]]:
        active = slug == "plymouth" or (slug is None and tenant in {None, self.home})
        facts = {"name": "stars", "version": "1.0", "api": "1", "prefix": "stars", "title": "Stars in the sky"}
        more: dict[str, object] = {"requires": [], "contributes": [], "settingsSchema": '{"type": "object"}'}
        return [{**facts, **more, "active": active}]


@dataclass(repr=False)  # the record in it is too long to be printed
class Asking:
    """Asks one engine; `city` is the slug of the tenant asked, None for the national graph."""

    engine: Engine
    schema: Schema
    world: World
    services: Any = None

    def __post_init__(self) -> None:
        self.services = self.services or Platform(self.world.towns["plymouth"].id, database=self.engine.database)

    def graph(self, city: str | None) -> Graph:
        if city is None:
            return Graph(self.schema, services=self.services)
        here = self.world.towns[city].here
        return Graph(self.schema, here.tenant_id, here.languages, services=self.services)

    async def answer(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        city: str | None = None,
        languages: tuple[str, ...] = (),
        operation: str | None = None,
        asker: Asker = STRANGER,
    ) -> Answer:
        """Return the engine's answer."""
        return await self.engine.answer(self.graph(city), GraphRequest(query, operation, variables, languages), asker)

    async def body(self, query: str, variables: Mapping[str, Any] | None = None, **how: Any) -> dict[str, Any]:
        """Return the response as data, errors and all."""
        found: dict[str, Any] = orjson.loads((await self.answer(query, variables, **how)).body)
        return found

    async def __call__(self, query: str, variables: Mapping[str, Any] | None = None, **how: Any) -> Any:
        """Return the data of a response that must have no errors."""
        body = await self.body(query, variables, **how)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def code(self, query: str, variables: Mapping[str, Any] | None = None, **how: Any) -> str:
        """Return the code of the only error of a response."""
        (error,) = (await self.body(query, variables, **how))["errors"]
        return str(error["extensions"]["code"])


def nodes(connection: Mapping[str, Any], key: str = "slug") -> list[Any]:
    """Return one field of each node of a connection."""
    return [each[key] for each in connection["nodes"]]

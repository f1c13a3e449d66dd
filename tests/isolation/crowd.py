"""A crowd of clients of every city and of the nation, all through two connections; some hang up in the middle."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from uuid import UUID

from typing_extensions import override

from tests.graph.world import Town, World
from waypost.apps import core_app
from waypost.db import Database, Kind, Reads, Scope, ownership
from waypost.db.connections import Connection
from waypost.graph import Answer, Asker, Engine, Graph, GraphRequest, Schema, parse_id

TIMEOUT_MS: Final = 30_000
TENANT_TABLES: Final = [table._meta.tablename for table in core_app().tables if ownership(table).kind is Kind.TENANT]
# Words that people read. To each the city's name is written, and to what is not public that it is hidden.
WORDS: Final = ("name", "title", "summary", "description", "text", "comment", "interest")
HIDDEN: Final = "hidden"
MARK: Final = re.compile(r"⟦([a-z-]+)⟧")
ID: Final = re.compile(r'"([A-Z][A-Za-z]*(?:\.[0-9a-f]{32}){1,2})"')
SLUG: Final = re.compile(r'"city":\{"slug":"([a-z-]+)"')
CONDITION: Final = re.compile(r"\bt\d+\.tenant_id = (\$\d+::uuid)")
PUBLIC: Final = re.compile(r"\bt\d+\.public\b")

COLUMNS_SQL: Final = """
SELECT column_name, EXISTS (SELECT FROM information_schema.columns p
    WHERE (p.table_schema, p.table_name, p.column_name) = (c.table_schema, c.table_name, 'public')) AS can_be_public
FROM information_schema.columns c WHERE table_schema = 'public' AND table_name = $1 AND column_name = ANY($2::text[])
    AND data_type = 'text'
"""


async def watermark(admin: Connection) -> None:
    """Write into everything that can be read whose it is, as a superuser."""
    for table in TENANT_TABLES:
        for column, can_be_public in await admin.fetch(COLUMNS_SQL, table, WORDS):
            hidden = f"CASE WHEN t.public THEN '' ELSE ' ⟦{HIDDEN}⟧' END" if can_be_public else "''"
            await admin.execute(
                f"UPDATE {table} t SET {column} = t.{column} || ' ⟦' || o.slug || '⟧' || {hidden} "
                "FROM tenant o WHERE o.id = t.tenant_id"
            )


async def owners(admin: Connection) -> dict[UUID, UUID]:
    """Return the tenant of every row that has an id; skills are told apart by their marks, since they share ids."""
    found: dict[UUID, UUID] = {}
    for table in TENANT_TABLES:
        if table != "skill" and await admin.fetch(COLUMNS_SQL, table, ["id"]):
            found |= {row["id"]: row["tenant_id"] for row in await admin.fetch(f"SELECT id, tenant_id FROM {table}")}
    return found


class Noted(Reads):
    """Knows who is reading, in the order in which they came: the first two hold the two connections."""

    def __init__(self, database: Database) -> None:
        super().__init__(database._lane, TIMEOUT_MS)
        self.reading: dict[asyncio.Task[Any], None] = {}

    @override
    async def read(self, scope: Scope, sql: str, args: Sequence[Any] = (), *, by_values: bool = False) -> str | None:
        task = asyncio.current_task()
        assert task is not None
        self.reading[task] = None
        try:
            return await super().read(scope, self.sent(sql), args, by_values=by_values)
        finally:
            del self.reading[task]

    def sent(self, sql: str) -> str:
        """Return the statement as it is sent."""
        return sql


class Forgetful(Noted):
    """Forgets what the planner wrote about tenants and about what is public."""

    @override
    def sent(self, sql: str) -> str:
        return PUBLIC.sub("true", CONDITION.sub(r"\1 is not null", sql))


class MixedUp(Noted):
    """Speaks in the scope of the request before, as a connection would that kept it."""

    before: Scope | None = None

    @override
    async def read(self, scope: Scope, sql: str, args: Sequence[Any] = (), *, by_values: bool = False) -> str | None:
        kept, self.before = self.before or scope, scope
        return await super().read(kept, sql, args, by_values=by_values)


@dataclass(frozen=True)
class Wish:
    """One request: of which city (None: of the nation), and what."""

    city: str | None
    text: str


@dataclass
class Crowd:
    """Asks one engine, in the name of many."""

    engine: Engine
    reads: Noted
    schema: Schema
    world: World
    owner: dict[UUID, UUID]

    async def answer(self, wish: Wish) -> Answer:
        town: Town | None = self.world.towns[wish.city] if wish.city else None
        here = (town.id, town.here.languages) if town else (None, ())
        graph = Graph(self.schema, *here)
        return await self.engine.answer(graph, GraphRequest(wish.text), Asker())

    async def all_at_once(self, wishes: Sequence[Wish], hang_up: Random | None = None) -> list[Answer | BaseException]:
        """Ask everything at once; with `hang_up`, now and then somebody who holds a connection is cut off."""

        async def one(wish: Wish) -> Answer:
            answer = await self.answer(wish)
            if hang_up is not None and self.reads.reading and hang_up.random() < 0.2:
                next(iter(self.reads.reading)).cancel()
            return answer

        return await asyncio.gather(*(one(wish) for wish in wishes), return_exceptions=True)

    def foreign(self, wish: Wish, answer: Answer) -> list[str]:
        """Say what in an answer is another city's, or nobody's to read."""
        body = answer.body.decode()
        found = [mark for mark in MARK.findall(body) if mark == HIDDEN or wish.city not in {None, mark}]
        if wish.city is None:
            return found
        found += [slug for slug in SLUG.findall(body) if slug != wish.city]
        home = self.world.towns[wish.city].id
        ids = [(text, parse_id(text)) for text in ID.findall(body)]
        return found + [text for text, id in ids if id is not None and self.owner.get(id.row, home) != home]

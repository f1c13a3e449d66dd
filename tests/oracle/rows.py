"""All rows of a database as plain dictionaries, and what of them each graph may see.

Read by a superuser, past row security: who sees what is decided here a second time, in Python.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID

from waypost.db.connections import connect

Row: TypeAlias = Mapping[str, Any]

# What only PostgreSQL itself can read is left out: search vectors and points on the sphere.
COLUMNS_SQL = """
SELECT table_schema AS schema, table_name AS name, array_agg(column_name::text ORDER BY ordinal_position) AS columns
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_type = 'BASE TABLE' AND udt_name NOT IN ('tsvector', 'cube')
    AND (table_schema = 'public' OR table_schema LIKE 'plugin\\_%')
GROUP BY 1, 2
"""
JSON_COLUMNS = {"area", "settings", "words", "findings", "checklist"}
# How PostgreSQL's own text search finds and ranks a row is taken as given: it is no part of the engine.
SEARCH_SQL = """
SELECT id, -ts_rank(search, websearch_to_tsquery('simple', $1))::float8 AS rank
FROM opportunity WHERE search @@ websearch_to_tsquery('simple', $1)
"""
# Tables of tenants hold `tenant_id`; these hold one too, and belong to the platform's directory.
DIRECTORY = {"tenant_slug", "tenant_host", "tenant_group", "tenant_plugin", "address", "token"}
DIRECTORY |= {"person_tenant", "sign_in_attempt"}


@dataclass
class Rows:
    """The tables by name; `found` says for a text which opportunities it finds, with their rank."""

    tables: dict[str, list[Row]]
    found: dict[str, dict[UUID, float]]
    _by_column: dict[tuple[str, str], dict[Any, list[Row]]] = field(default_factory=dict)

    def where(self, table: str, column: str, value: Any) -> Sequence[Row]:
        """Return the rows of a table that hold a value."""
        index = self._by_column.get((table, column))
        if index is None:
            index = self._by_column[table, column] = {}
            for row in self.tables[table]:
                index.setdefault(row[column], []).append(row)
        return index.get(value, ())


async def load_rows(url: str, texts: Sequence[str], fold: Callable[[str], str]) -> Rows:
    """Read everything from the database at a superuser's `url`; `texts` may be searched for, once folded."""
    connection = await connect(url)
    try:
        tables: dict[str, list[Row]] = {}
        for table in await connection.fetch(COLUMNS_SQL):
            columns = ", ".join(f'"{each}"' for each in table["columns"])
            records = await connection.fetch(f'SELECT {columns} FROM "{table["schema"]}"."{table["name"]}"')
            tables[table["name"]] = [{key: _read(key, value) for key, value in each.items()} for each in records]
        found = {}
        for text in texts:
            found[text] = {each["id"]: each["rank"] for each in await connection.fetch(SEARCH_SQL, fold(text))}
    finally:
        await connection.close()
    return Rows(tables, found)


def _read(column: str, value: Any) -> Any:
    return json.loads(value) if column in JSON_COLUMNS and isinstance(value, str) else value


@dataclass(frozen=True)
class View:
    """What one graph shows: a city's (`tenant`) its own rows alone, the nation's (None) everybody's public ones.

    `drafts`: also what is not public, below a field that asks for a permission.
    """

    rows: Rows
    tenant: UUID | None
    drafts: bool = False

    @property
    def national(self) -> bool:
        """Whether it is the nation's."""
        return self.tenant is None

    def nation(self) -> View:
        """The nation's view: how a city reads what it has borrowed."""
        return View(self.rows, None)

    def all(self, table: str) -> Iterator[Row]:
        """Yield what is visible of a table."""
        return (row for row in self.rows.tables[table] if self.shows(table, row))

    def where(self, table: str, column: str, value: Any) -> list[Row]:
        """Return what is visible of a table and holds a value in a column."""
        return [row for row in self.rows.where(table, column, value) if self.shows(table, row)]

    def beside(self, table: str, column: str, value: Any, row: Row) -> list[Row]:
        """Return what is visible, holds a value, and belongs to the same tenant as a row."""
        return [each for each in self.where(table, column, value) if each["tenant_id"] == row["tenant_id"]]

    def one(self, table: str, column: str, value: Any, tenant: UUID | None = None) -> Row | None:
        """Return the visible row that holds a value, of one tenant if that is said."""
        found = self.where(table, column, value) if value is not None else []
        return next((row for row in found if tenant is None or row["tenant_id"] == tenant), None)

    def shows(self, table: str, row: Row) -> bool:
        """Say whether a row may be seen here."""
        if table in DIRECTORY or "tenant_id" not in row:
            return True  # what is the same for everybody
        if self.national:
            return bool(row.get("public", False))
        return row["tenant_id"] == self.tenant and (self.drafts or bool(row.get("public", True)))


@dataclass(frozen=True)
class Thing:
    """An object on its way through the resolvers: its type in the graph, its row, and through which view it is seen."""

    kind: str
    row: Row
    view: View

    def __getitem__(self, column: str) -> Any:
        return self.row[column]

    def things(self, kind: str, rows: Sequence[Row]) -> list[Thing]:
        """Return rows as objects of a type, seen as this one is."""
        return [Thing(kind, row, self.view) for row in rows]

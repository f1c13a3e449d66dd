"""What the catalogue of PostgreSQL says about tables, read once and kept as values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from waypost.db.connections import Connection


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """One column; `kind` is PostgreSQL's name of its type, `generated` whether the server computes it."""

    name: str
    kind: str
    nullable: bool
    generated: bool
    enum: bool


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """One foreign key; `pairs` are (own column, column referred to) in order, `target` a quoted name."""

    name: str
    target: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TableFacts:
    """One table; `unique` maps each unique or exclusion index to its columns, the primary key's apart."""

    name: str
    owner: str
    columns: tuple[ColumnFacts, ...]
    key: tuple[str, ...]
    unique: dict[str, tuple[str, ...]]
    foreign_keys: tuple[ForeignKey, ...]


# format('%I.%I') quotes only where needed; tables are compared by names that are always quoted.
_NAME = """'"' || nspname || '"."' || relname || '"'"""
# What an extension brought is its own business.
_OURS = """NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid
             AND deptype = 'e')"""

_TABLES = f"""
SELECT c.oid, {_NAME} AS name, pg_get_userbyid(relowner) AS owner
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = ANY($1::text[]) AND relkind IN ('r', 'p') AND NOT relispartition AND {_OURS} ORDER BY name
"""
_COLUMNS = """
SELECT attrelid AS oid, attname AS name, format_type(atttypid, NULL) AS kind, NOT attnotnull AS nullable,
       attgenerated <> '' AS generated, typtype = 'e' AS enum
FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
WHERE attrelid = ANY($1::oid[]) AND attnum > 0 AND NOT attisdropped ORDER BY attrelid, attnum
"""
_INDEXES = """
SELECT i.indrelid AS oid, c.relname AS name, i.indisprimary AS primary_key,
       (SELECT array_agg(coalesce(a.attname, '(expression)')::text ORDER BY k.place)
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number > 0
        WHERE k.place <= i.indnkeyatts) AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY($1::oid[]) AND (i.indisunique OR i.indisexclusion) ORDER BY name
"""
_FOREIGN_KEYS = f"""
SELECT k.conrelid AS oid, k.conname AS name, {_NAME} AS target,
       (SELECT array_agg(ARRAY[o.attname, t.attname]::text[] ORDER BY p.place)
        FROM unnest(k.conkey, k.confkey) WITH ORDINALITY AS p(own, their, place)
        JOIN pg_attribute o ON o.attrelid = k.conrelid AND o.attnum = p.own
        JOIN pg_attribute t ON t.attrelid = k.confrelid AND t.attnum = p.their) AS pairs
FROM pg_constraint k JOIN pg_class c ON c.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conrelid = ANY($1::oid[]) ORDER BY k.conname
"""


async def read_facts(connection: Connection, schemas: Sequence[str]) -> list[TableFacts]:
    """Read all tables of some schemas, as any role may; in order of their names."""
    tables = await connection.fetch(_TABLES, schemas)
    oids = [row["oid"] for row in tables]
    columns, indexes, keys = [
        _by_table(await connection.fetch(sql, oids)) for sql in (_COLUMNS, _INDEXES, _FOREIGN_KEYS)
    ]
    return [
        TableFacts(
            name=row["name"],
            owner=row["owner"],
            columns=tuple(ColumnFacts(*tuple(c.values())[1:]) for c in columns[row["oid"]]),
            key=next((tuple(i["columns"]) for i in indexes[row["oid"]] if i["primary_key"]), ()),
            unique={i["name"]: tuple(i["columns"]) for i in indexes[row["oid"]] if not i["primary_key"]},
            foreign_keys=tuple(_foreign_key(k) for k in keys[row["oid"]]),
        )
        for row in tables
    ]


def _by_table(rows: Sequence[asyncpg.Record]) -> dict[Any, list[asyncpg.Record]]:
    grouped: dict[Any, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        grouped[row["oid"]].append(row)
    return grouped


def _foreign_key(row: asyncpg.Record) -> ForeignKey:
    return ForeignKey(row["name"], row["target"], tuple((own, their) for own, their in row["pairs"]))

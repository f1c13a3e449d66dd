"""Writing rows so that only what differs is touched: by their key, many in one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from piccolo.table import Table

from waypost.db.sql import execute
from waypost.db.tables import ownership

Row = Mapping[str, Any]


async def upsert(table: type[Table], rows: Sequence[Row]) -> int:
    """Insert rows, or change those whose key exists and whose other columns differ.

    All rows name the same columns, the key's among them; no column may be an array. `updated_at` moves
    with a change where the table has it. Returns how many rows were inserted or changed.
    """
    if not rows:
        return 0
    names = tuple(rows[0])
    return _count(await execute(upsert_sql(table, names), *_columns(rows, names)))


async def sync(table: type[Table], owner: Row, rows: Sequence[Row]) -> int:
    """Make `rows` the only ones of their owner: upsert them and delete the others.

    `owner` is a part of the key, such as `{"tenant_id": …, "place_id": …}`; the rows need not repeat it.
    Returns how many rows were inserted, changed or deleted.
    """
    return await sync_all(table, [owner], [{**owner, **row} for row in rows])


async def sync_all(table: type[Table], owners: Sequence[Row], rows: Sequence[Row]) -> int:
    """Make `rows` the only ones of several owners, in two statements; the rows name their owner.

    Returns how many rows were inserted, changed or deleted.
    """
    if not owners:
        return 0
    names = tuple(owners[0])
    key = key_of(table)
    sql = _delete_others_sql(table, names, key)
    gone = _count(await execute(sql, *_columns(owners, names), *_columns(rows, key)))
    return gone + await upsert(table, rows)


def key_of(table: type[Table]) -> tuple[str, ...]:
    """The names of the primary key's columns, tenant or person first."""
    return ownership(table).key


def upsert_sql(table: type[Table], names: Collection[str]) -> str:
    """Write the INSERT … ON CONFLICT of these columns, whose values come as one array a column."""
    key = key_of(table)
    facts = [name for name in names if name not in key]
    action = "DO NOTHING"
    if facts:
        changes = [f'"{name}" = excluded."{name}"' for name in facts]
        if "updated_at" not in names and _has(table, "updated_at"):
            changes.append('"updated_at" = now()')
        before = ", ".join(f'before."{name}"' for name in facts)
        after = ", ".join(f'excluded."{name}"' for name in facts)
        action = f"DO UPDATE SET {', '.join(changes)} WHERE ({before}) IS DISTINCT FROM ({after})"
    return (
        f"INSERT INTO {_name(table)} AS before ({_list(names)}) "
        f"SELECT * FROM {_unnest(table, names, first=1)} ON CONFLICT ({_list(key)}) {action}"
    )


def _delete_others_sql(table: type[Table], owner: Sequence[str], key: Sequence[str]) -> str:
    return (
        f"DELETE FROM {_name(table)} AS there "
        f"USING {_unnest(table, owner, first=1)} AS owner ({_list(owner)}) "
        f"WHERE {_same('owner', owner)} AND NOT EXISTS ("
        f"SELECT FROM {_unnest(table, key, first=len(owner) + 1)} AS kept ({_list(key)}) "
        f"WHERE {_same('kept', key)})"
    )


def _same(other: str, names: Sequence[str]) -> str:
    return " AND ".join(f'{other}."{name}" = there."{name}"' for name in names)


def _list(names: Collection[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _unnest(table: type[Table], names: Collection[str], *, first: int) -> str:
    types = [table._meta.get_column_by_name(name).column_type for name in names]
    return f"unnest({', '.join(f'${number}::{kind}[]' for number, kind in enumerate(types, start=first))})"


def _columns(rows: Sequence[Row], names: Sequence[str]) -> list[list[Any]]:
    return [[row[name] for row in rows] for name in names]


def _name(table: type[Table]) -> str:
    return table._meta.get_formatted_tablename()


def _has(table: type[Table], name: str) -> bool:
    return any(column._meta.name == name for column in table._meta.columns)


def _count(status: str) -> int:
    """Read the number at the end of a command's status, such as `INSERT 0 3`."""
    return int(status.rsplit(" ", 1)[-1])


def tenant_key(tenant: UUID, **rest: UUID) -> dict[str, UUID]:
    """Name the owner of side rows: `tenant_key(tenant, place_id=place)`."""
    return {"tenant_id": tenant, **rest}

"""Raw SQL on the current transaction, for what Piccolo cannot say."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from piccolo.table import Table

from waypost.db.transaction import current

if TYPE_CHECKING:
    import asyncpg

# Null bytes and half characters: what JSON can say, and PostgreSQL cannot keep.
_UNKEPT: Final = re.compile(r"[\x00\ud800-\udfff]")
_HOLD_SQL: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"


def storable(text: str) -> str:
    """The text as PostgreSQL can keep it: what it cannot is replaced by the character for that."""
    return _UNKEPT.sub("\N{REPLACEMENT CHARACTER}", text)


async def fetch(sql: str, *args: Any) -> list[asyncpg.Record]:
    """Run a statement with parameters `$1…` in the current scope and give its rows; raises `NoScope`."""
    async with current().turn() as connection:
        return await connection.fetch(sql, *args)


async def fetchrow(sql: str, *args: Any) -> asyncpg.Record | None:
    """Run a statement in the current scope and give its first row, if any; raises `NoScope`."""
    async with current().turn() as connection:
        return await connection.fetchrow(sql, *args)


async def fetchval(sql: str, *args: Any) -> Any:
    """Run a statement in the current scope and give the first value of its first row; raises `NoScope`."""
    async with current().turn() as connection:
        return await connection.fetchval(sql, *args)


async def execute(sql: str, *args: Any) -> str:
    """Run a statement in the current scope and give its status (`UPDATE 3`); raises `NoScope`."""
    async with current().turn() as connection:
        return await connection.execute(sql, *args)


async def one_at_a_time(*what: object, patient: bool = False) -> None:
    """Wait until no other transaction holds the same thing, and hold it until the current one ends; raises `NoScope`.

    `what` says which thing: a word for its kind first, and the ids that tell it from others. In whatever scope, the
    same words are the same thing. A `patient` transaction waits as long as it takes, from here on.
    """
    if patient:
        await execute("SET LOCAL lock_timeout = 0")
    await execute(_HOLD_SQL, " ".join(str(each) for each in what))


async def executemany(sql: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run a statement once a row of parameters in the current scope; raises `NoScope`."""
    async with current().turn() as connection:
        await connection.executemany(sql, rows)


async def copy(table: type[Table], columns: Sequence[str], records: Iterable[Sequence[Any]]) -> int:
    """Write many rows fast, under the policies of the current scope; gives their number.

    `records` are tuples in the order of `columns`. PostgreSQL refuses COPY
    into a table with row security, so rows go through a temporary table. Raises `NoScope` outside a scope.
    """
    target = table._meta.get_formatted_tablename()
    names = ", ".join(f'"{name}"' for name in columns)
    staging = f"copy_{secrets.token_hex(8)}"
    async with current().turn() as connection:
        await connection.execute(
            f"CREATE TEMPORARY TABLE {staging} ON COMMIT DROP AS SELECT {names} FROM {target} WITH NO DATA"
        )
        await connection.copy_records_to_table(staging, schema_name="pg_temp", columns=list(columns), records=records)
        status = await connection.execute(f"INSERT INTO {target} ({names}) SELECT {names} FROM {staging}")
        await connection.execute(f"DROP TABLE {staging}")
    return int(status.rpartition(" ")[2])

"""The read lane: one round trip to begin in scope, which ends the read before, and one for the statement."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg

from waypost.db.connections import Connection, Connections
from waypost.db.scope import Scope

_BY_VALUES = "; SET LOCAL plan_cache_mode = auto"

Read = Callable[[str, Sequence[Any]], Awaitable[str | None]]


class Reads:
    """Read-only transactions on connections of their own, with warm plans.

    Each connection keeps its prepared statements (the least recently used
    one is given up) and is handed out last in, first out. `timeout_ms` bounds each statement in milliseconds.
    """

    def __init__(self, connections: Connections, timeout_ms: int) -> None:
        self._connections = connections
        self._timeout_ms = int(timeout_ms)

    def _begin(self, scope: Scope) -> str:
        return f"BEGIN READ ONLY; {scope.sql()}; SET LOCAL statement_timeout = {self._timeout_ms}"

    async def read(self, scope: Scope, sql: str, args: Sequence[Any] = (), *, by_values: bool = False) -> str | None:
        """Answer the one text value that `sql` selects with parameters `args` (`$1…`), in a scope.

        `by_values`: PostgreSQL may plan it for these very values; else one plan serves all of them. Null and no row
        are both None. Raises `asyncpg.PostgresError`, for example `QueryCanceledError` after the statement timeout.
        """
        begin = self._begin(scope) + (_BY_VALUES if by_values else "")
        try:
            return await self._value(begin, sql, args)
        except asyncpg.InvalidCachedStatementError:
            # A migration has changed the tables under a prepared statement, which is forgotten by now.
            return await self._value(begin, sql, args)

    async def _value(self, begin: str, sql: str, args: Sequence[Any]) -> str | None:
        connection = await self._connections.begin(begin)
        try:
            text = await connection.fetchval(sql, *args)
        except BaseException as error:
            await self._failed(connection, error)
            raise
        self._connections.rest(connection)
        return cast("str | None", text)

    async def _failed(self, connection: Connection, error: BaseException) -> None:
        """Give a connection back after an error: what is not surely clean is closed."""
        clean = isinstance(error, asyncpg.PostgresError) and await _rolled_back(connection)
        self._connections.give_back(connection, clean=clean)

    async def rows(self, scope: Scope, sql: str, args: Sequence[Any] = ()) -> list[asyncpg.Record]:
        """Answer all rows of one statement in a read-only transaction; raises like `read`."""
        async with self._transaction(scope) as connection:
            return await connection.fetch(sql, *args)

    @asynccontextmanager
    async def open(self, scope: Scope) -> AsyncIterator[Read]:
        """Open one read-only transaction for several statements: `async with reads.open(scope) as read`.

        `await read(sql, args)` answers like `Reads.read`. One statement at a time.
        """
        async with self._transaction(scope) as connection:

            async def read(sql: str, args: Sequence[Any] = ()) -> str | None:
                return cast("str | None", await connection.fetchval(sql, *args))

            yield read

    @asynccontextmanager
    async def _transaction(self, scope: Scope) -> AsyncIterator[Connection]:
        connection = await self._connections.begin(self._begin(scope))
        try:
            yield connection
        except BaseException as error:
            await self._failed(connection, error)
            raise
        self._connections.rest(connection)


async def _rolled_back(connection: Connection) -> bool:
    """Make a connection usable after an error of PostgreSQL, which the caller raises; False if that fails."""
    if connection.is_closed():
        return False
    try:
        await connection.execute("ROLLBACK")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True

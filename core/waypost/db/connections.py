"""A small, bounded stack of connections; whatever is not clean is closed, never handed on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

import asyncpg

from waypost.db.guests import Guests

# Generic for type checkers only.
if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

_log = logging.getLogger(__name__)

_CLOSE_TIMEOUT_S = 5.0
REST_S = 0.02
# Fixed for the session: answers carry timestamps as UTC text, and compiling a plan costs short queries more
# than it saves. (With PgBouncer: ignore_startup_parameters = jit, plan_cache_mode.)
_SESSION = {"timezone": "UTC", "jit": "off", "application_name": "waypost"}
# The read lane's statements are planned once for all values. PostgreSQL would plan each of them five times on every
# connection before it believes that, and some far worse with the values in sight (see `Reads.read`).
PLANNED_ONCE = {"plan_cache_mode": "force_generic_plan"}
# What a connection says when it was idle while the server went away.
LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's last word came while nothing was asked
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleSessionTimeoutError,
)


async def connect(url: str, *, statements: int = 64, session: Mapping[str, str] | None = None) -> Connection:
    """Open one connection whose session speaks UTC.

    `statements` bounds its cache of prepared statements: the least recently
    used is closed on the server too. `session` are further settings of PostgreSQL. Raises what asyncpg raises
    (`OSError`, `asyncpg.PostgresError`).
    """
    return await asyncpg.connect(
        url,
        server_settings={**_SESSION, **(session or {})},
        statement_cache_size=statements,
        max_cached_statement_lifetime=0,
        max_cacheable_statement_size=0,
    )


class Connections:
    """At most `size` connections, last in first out, so that the plans of the busy ones stay warm."""

    def __init__(self, open_one: Callable[[], Awaitable[Connection]], size: int) -> None:
        self._open_one = open_one
        self._slots = asyncio.Semaphore(size)
        self._guests = Guests(size)
        self._held: dict[Connection, str | None] = {}
        self._idle: list[Connection] = []
        self._resting: dict[Connection, asyncio.TimerHandle] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False

    async def begin(self, sql: str) -> Connection:
        """Take a connection, waiting for one if all are busy, and begin on it with one round trip.

        `sql` is a simple query such as `BEGIN; …`. Connections lost while
        idle are replaced. When beginning fails nothing is kept and the error is raised. A plugin's code waits for its
        share of them, too (see `Guests`).
        """
        guest = await self._guests.enter()
        try:
            await self._slots.acquire()
            try:
                connection = await self._begin(sql)
            except BaseException:
                self._slots.release()
                raise
        except BaseException:
            self._guests.leave(guest)
            raise
        self._held[connection] = guest
        return connection

    async def _begin(self, sql: str) -> Connection:
        if self._closed:
            raise asyncpg.InterfaceError("the database was closed")
        while self._idle:
            connection = self._idle.pop()
            timer = self._resting.pop(connection, None)
            if timer is not None:
                timer.cancel()
            try:
                return await _started(connection, sql if timer is None else f"COMMIT; {sql}")
            except LOST:
                _log.debug("a connection was lost while idle; trying the next")
        return await _started(await self._open_one(), sql)

    def give_back(self, connection: Connection, *, clean: bool) -> None:
        """Return a connection that `begin` gave; it is closed unless clean and outside a transaction."""
        self._guests.leave(self._held.pop(connection, None))
        if clean and not self._closed and not connection.is_closed() and not connection.is_in_transaction():
            self._idle.append(connection)
            self._slots.release()
        else:
            # In the background, since the giver may be cancelled; the slot is free when the server's side is.
            self._in_background(self._close(connection))

    def rest(self, connection: Connection) -> None:
        """Return a connection whose read-only transaction has nothing more to do.

        Whoever takes it next ends that transaction with the round trip that begins another; where nobody
        comes, it is ended a moment later, since an open one stands in the way of migrations.
        """
        if self._closed or connection.is_closed():
            self.give_back(connection, clean=False)
            return
        self._guests.leave(self._held.pop(connection, None))
        timer = asyncio.get_running_loop().call_later(REST_S, self._wake, connection)
        self._resting[connection] = timer
        self._idle.append(connection)
        self._slots.release()

    def _wake(self, connection: Connection) -> None:
        if self._resting.pop(connection, None) is not None:
            self._idle.remove(connection)
            self._in_background(self._end(connection))

    async def _end(self, connection: Connection) -> None:
        await self._slots.acquire()
        try:
            await connection.execute("COMMIT")
        except (*LOST, asyncpg.PostgresError) as error:
            _log.debug("a connection was lost while it rested: %s", error)
        self.give_back(connection, clean=not connection.is_closed())

    async def _close(self, connection: Connection) -> None:
        try:
            await connection.close(timeout=_CLOSE_TIMEOUT_S)
        except (*LOST, asyncpg.PostgresError, TimeoutError) as error:
            _log.debug("a connection did not close cleanly: %s", error)
            connection.terminate()
        finally:
            self._slots.release()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close every idle connection and wait for those being closed; those in use close when given back."""
        self._closed = True
        for timer in self._resting.values():
            timer.cancel()
        self._resting.clear()
        while self._idle:
            connection = self._idle.pop()
            await self._slots.acquire()
            self._in_background(self._close(connection))
        while self._closing:
            await asyncio.wait(set(self._closing))


async def _started(connection: Connection, sql: str) -> Connection:
    try:
        await connection.execute(sql)
    except BaseException:
        connection.terminate()
        raise
    return connection

"""The door to PostgreSQL: transactions in scope to write, the read lane to read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Self

from waypost.db.auditing import Actor
from waypost.db.connections import PLANNED_ONCE, Connection, Connections, connect
from waypost.db.hearing import Hear, hearing
from waypost.db.reads import Reads
from waypost.db.scope import City, Learner, Scope
from waypost.db.strength import refuse_too_strong
from waypost.db.transaction import Transaction, begin
from waypost.db.versions import Versions

if TYPE_CHECKING:
    from types import TracebackType

STATEMENT_TIMEOUT_MS = 10_000


class Database:
    """A PostgreSQL that the platform may enter only in scope. Made by `Database.open`."""

    def __init__(self, open_one: Callable[..., Awaitable[Connection]], pool_size: int, timeout_ms: int) -> None:
        self._open_one = open_one
        self._writes = Connections(open_one, pool_size)
        self._lane = Connections(partial(open_one, session=PLANNED_ONCE), pool_size)
        self.reads = Reads(self._lane, timeout_ms)
        self.versions = Versions(open_one, self.reads)
        self.actor: Actor | None = None

    @classmethod
    async def open(
        cls, url: str, *, pool_size: int = 8, timeout_ms: int = STATEMENT_TIMEOUT_MS, statements: int = 64
    ) -> Self:
        """Connect with the login role of `url` after checking that it is weak enough.

        `pool_size` bounds the connections for writing and, apart, those for
        reading; `timeout_ms` bounds each statement of the read lane; `statements` the prepared statements
        a connection keeps. Raises `TooStrong`, `RolesMissing`, `TooOld`, and what asyncpg raises when
        there is no connection.
        """
        connection = await connect(url)
        try:
            await refuse_too_strong(connection)
        finally:
            await connection.close()
        return cls(partial(connect, url, statements=statements), pool_size, timeout_ms)

    def on_behalf_of(self, actor: Actor) -> Self:
        """Return the same database, where changes to a city leave somebody's trace unless another actor is named."""
        same = copy(self)
        same.actor = actor
        return same

    def transaction(self, scope: Scope, actor: Actor | None = None) -> AbstractAsyncContextManager[Transaction]:
        """Open a read-write transaction in a scope, which Piccolo's queries and `waypost.db.fetch` then use.

        What is changed in it leaves a trace of `actor`, where one is named. Inside a transaction of the same scope
        and actor it is a savepoint. Raises `AnotherScope` inside one of another scope or actor and, at its end,
        `TransactionAborted` when an error was swallowed.
        """
        if actor is None and isinstance(scope, City | Learner):
            actor = self.actor
        return begin(self._writes, scope, self.versions.note, actor)

    def hearing(self, channels: Mapping[str, Hear]) -> AbstractAsyncContextManager[None]:
        """Hear notifications by channel on a connection of its own, until the end; whoever hears also polls."""
        return hearing(self._open_one, channels)

    async def close(self) -> None:
        """Close all connections; those in use close when they are given back."""
        await self._writes.close()
        await self._lane.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

"""The current transaction: one scope, one connection, one query at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import asyncpg

from waypost.db.auditing import Actor
from waypost.db.connections import LOST, Connection, Connections
from waypost.db.errors import AnotherScope, NoScope, TransactionAborted
from waypost.db.moving import MOVE_SQL
from waypost.db.scope import SHARED, City, Scope

if TYPE_CHECKING:
    from uuid import UUID


Moved = Callable[["UUID", int], None]

_log = logging.getLogger(__name__)

# Whoever asks "in whose name?" asks the transaction. (The one other ContextVar says whose code runs: see `calling`.)
_current: ContextVar[Transaction | None] = ContextVar("transaction", default=None)

# What a session may have picked up from whoever held the connection before. In one simple query with BEGIN it
# costs no round trip of its own.
_FRESH = "CLOSE ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP; RESET ROLE; RESET ALL"

LOCK_TIMEOUT_S: Final = 30  # for what others hold
IDLE_TIMEOUT_S: Final = 300  # between two statements; who forgot a transaction holds nothing for ever
ENDS_WITHIN_S: Final = 10.0  # for a query that still runs when everything else has ended


class Transaction:
    """One level of a transaction: the outermost, or a savepoint inside it.

    `connection` is the asyncpg connection and `scope` in whose name it speaks.
    """

    def __init__(
        self, connection: Connection, scope: Scope, outer: Transaction | None = None, actor: Actor | None = None
    ) -> None:
        self.connection = connection
        self.scope = scope
        self.actor: Actor | None = actor if outer is None else outer.actor
        self.ended = False
        self.depth: int = 0 if outer is None else outer.depth + 1
        self.stamps: dict[str, None] = {} if outer is None else outer.stamps  # of the whole, in order, each once
        self.moves: dict[UUID, None] = {} if outer is None else outer.moves  # further catalogues that move on, likewise
        self._turns = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Connection]:
        """Have the connection for one query; others of the same transaction wait.

        Raises `NoScope` when the transaction ended before the turn came.
        """
        async with self._turns:
            if self.ended:
                raise NoScope("the transaction of this task has ended; open another with database.transaction(…)")
            yield self.connection

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[Transaction]:
        """Open a level that can fail alone; queries of the outer level wait until it has ended."""
        async with self.turn() as connection:
            inner = Transaction(connection, self.scope, self)
            name = f"level_{inner.depth}"
            await connection.execute(f"SAVEPOINT {name}")
            try:
                with _as_current(inner):
                    yield inner
                await inner.finish(f"RELEASE SAVEPOINT {name}")
                self.actor = inner.actor  # what was set inside holds on
            except BaseException:
                await inner.undo(name)
                raise

    @asynccontextmanager
    async def _last_turn(self) -> AsyncIterator[Connection]:
        """Have the connection to end this level, after the query that is running, if any."""
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                await self._turns.acquire()
        except TimeoutError:
            words = "a query that nobody waits for does not end: nothing was written"
            raise TransactionAborted(words) from None
        try:
            self.ended = True
            yield self.connection
        finally:
            self._turns.release()

    async def finish(self, sql: str) -> None:
        """End this level, a savepoint, with `sql`; raises `TransactionAborted` where a query does not end."""
        async with self._last_turn() as connection:
            await connection.execute(sql)

    async def commit(self) -> tuple[bool, Mapping[UUID, int]]:
        """Commit.

        Answers whether it holds (not if an error inside was swallowed), and the new versions of the catalogues that
        moved on: none where nothing was written. Raises `TransactionAborted` where a query does not end.
        """
        async with self._last_turn():
            moved: dict[UUID, int] = {}
            own = self.scope.catalogue
            if own is not None and (version := await self._move_on(own)) is not None:
                moved[own] = version
                for stamp in self.stamps:
                    await self.connection.execute(stamp, own, version)
                # After one's own, always: so nobody who holds the one row waits for the other.
                for catalogue in self.moves:
                    if (version := await self._move_on(catalogue)) is not None:
                        moved[catalogue] = version
            return await self.connection.execute("COMMIT") == "COMMIT", moved

    async def _move_on(self, catalogue: UUID) -> int | None:
        try:
            version: int | None = await self.connection.fetchval(MOVE_SQL, catalogue)
        except asyncpg.InFailedSQLTransactionError:  # the COMMIT tells
            return None
        return version

    async def undo(self, name: str) -> None:
        """Take back what happened since savepoint `name`; if that fails, nothing at all may stand."""
        undone = False
        try:
            if not self.connection.is_closed():
                await self.finish(f"ROLLBACK TO SAVEPOINT {name}; RELEASE SAVEPOINT {name}")
                undone = True
        finally:
            self.ended = True
            if not undone:
                self.connection.terminate()

    async def abandon(self) -> bool:
        """Roll back after a failure; answers whether the connection is clean afterwards."""
        self.ended = True
        # A task that outlives its transaction may still be talking: then the connection is given up.
        if self._turns.locked() or self.connection.is_closed():
            return False
        try:
            await self.connection.execute("ROLLBACK")
        except (*LOST, asyncpg.PostgresError) as error:
            # The caller is about to see why it failed; that the connection went too is only logged.
            _log.warning("a transaction could not be rolled back, its connection is closed: %s", error)
            return False
        return True


@contextmanager
def _as_current(transaction: Transaction) -> Iterator[None]:
    """Make a transaction the current one of this task and of its children."""
    before = _current.get()
    _current.set(transaction)
    try:
        yield
    finally:
        # Not reset(token): a generator may be closed in another context than it was begun in.
        _current.set(before)


def current() -> Transaction:
    """Give the current transaction; raises `NoScope` outside one and after its end."""
    transaction = _current.get()
    if transaction is None:
        raise NoScope("a query outside a transaction in scope; wrap it in database.transaction(scope)")
    if transaction.ended:
        raise NoScope("the transaction of this task has ended; open another with database.transaction(…)")
    return transaction


def open_transaction() -> Transaction | None:
    """Give the current transaction if one is open."""
    transaction = _current.get()
    return None if transaction is None or transaction.ended else transaction


def current_scope() -> Scope:
    """In whose name the current transaction speaks; raises `NoScope` outside one."""
    return current().scope


def current_actor() -> Actor | None:
    """Who acts in the current transaction, if anybody is named; raises `NoScope` outside one."""
    return current().actor


async def act_as(role: str) -> None:
    """Say as what the current transaction's actor, if any, acts from here on."""
    transaction = current()
    if transaction.actor is not None:
        transaction.actor = replace(transaction.actor, role=role)
        async with transaction.turn() as connection:
            await connection.execute(transaction.actor.sql())


def stamp(sql: str) -> None:
    """Run `sql` last in the current transaction, with its tenant ($1) and the new version of its catalogue ($2).

    Transactions of one tenant hold in the order of these versions. Nothing is run where nothing was written. Raises
    `AnotherScope` in a scope that has no version to give, such as a quiet one: what was told there would never be
    handed on.
    """
    _moving().stamps[sql] = None


def move_shared() -> None:
    """Let the current transaction, a city's, move on what all graphs share, if it holds and wrote anything.

    For what a city may change of its own row in a directory: every process then reads the directory again. Raises
    `AnotherScope` as `stamp` does: nobody would hear of it.
    """
    _moving().moves[SHARED] = None


def _moving() -> Transaction:
    transaction = current()
    if transaction.scope.catalogue is None:
        raise AnotherScope(f"{transaction.scope} moves no catalogue on: nothing can be told there")
    return transaction


def current_tenant() -> UUID | None:
    """Give the tenant of the current `City` scope, if there is one: the default of `tenant_id`."""
    transaction = open_transaction()
    return transaction.scope.tenant if transaction and isinstance(transaction.scope, City) else None


@asynccontextmanager
async def begin(
    connections: Connections, scope: Scope, moved: Moved, actor: Actor | None = None
) -> AsyncIterator[Transaction]:
    """Open a transaction in scope, or a savepoint when one of the same scope is current.

    `moved` is told of the catalogue that was written, once the writing holds; changes leave a trace of `actor`, if
    any (a savepoint's are the outer transaction's). Commits at the end, rolls back on any exception. Raises
    `AnotherScope` inside a transaction of another scope or actor and `TransactionAborted` when an error inside was
    swallowed.
    """
    outer = open_transaction()
    if outer is None:
        async with _outermost(connections, scope, moved, actor) as transaction:
            yield transaction
    elif outer.scope != scope:
        raise AnotherScope(f"a transaction in {outer.scope} is open; {scope} needs one of its own, after it")
    elif actor not in {None, outer.actor}:
        raise AnotherScope(f"a transaction of {outer.actor} is open; {actor} needs one of its own, after it")
    else:
        async with outer.savepoint() as transaction:
            yield transaction


def _bounds() -> str:
    idle = f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_TIMEOUT_S}s'"
    return f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'; {idle}"


@asynccontextmanager
async def _outermost(
    connections: Connections, scope: Scope, moved: Moved, actor: Actor | None
) -> AsyncIterator[Transaction]:
    # Naming the actor costs no round trip of its own.
    named = "" if actor is None else f"; {actor.sql()}"
    connection = await connections.begin(f"{_FRESH}; BEGIN; {_bounds()}; {scope.sql()}{named}")
    transaction = Transaction(connection, scope, actor=actor)
    clean = False
    try:
        with _as_current(transaction):
            yield transaction
        committed, versions = await transaction.commit()
        clean = True
    except BaseException:
        if not clean:
            clean = await transaction.abandon()
        raise
    finally:
        transaction.ended = True
        connections.give_back(connection, clean=clean)
    if not committed:
        raise TransactionAborted("an error inside the transaction was swallowed: nothing was written")
    for catalogue, version in versions.items():
        moved(catalogue, version)

"""Mutations that are sent twice under one `Idempotency-Key` are done once: the second gets the answer of the first.

The key is taken first in the act's own transaction, so that of two at once the second waits for the first; and the
answer is kept in it too, so that it is there if and only if the act holds. A refusal keeps nothing: it did nothing.

What people do for themselves is kept among their own rows, where no city sees it. Such an act's payload is read after
its transaction, and one of `alone` has several: a process that ends between them leaves a key whose answer is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson

from waypost.db import City, Learner, execute, fetchrow, fetchval
from waypost.outbox.sealing import Unsealable, digest_of, seal, unseal
from waypost.refusal import Refusal, Refused

if TYPE_CHECKING:
    from waypost.db import Database

    from .engine import GraphRequest
    from .request import Request

KEPT_HOURS: Final = 24
PURPOSE: Final = "answer"
WAIT_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0)

FORGET_SQL: Final = f"DELETE FROM {{table}} WHERE {{whose}} AND made_at < now() - interval '{KEPT_HOURS} hours'"
TAKE_SQL: Final = """
INSERT INTO {table} ({key}, place, request_digest) VALUES ({values}, ${place}, ${more})
ON CONFLICT ({key}, place) DO NOTHING RETURNING true
"""
FIND_SQL: Final = "SELECT request_digest, answer FROM {table} WHERE {whose} AND place = ${place}"
OTHER_SQL: Final = "SELECT true FROM {table} WHERE {whose} AND request_digest <> ${place} LIMIT 1"
KEEP_SQL: Final = "UPDATE {table} SET answer = ${more} WHERE {whose} AND place = ${place}"
RELEASE_SQL: Final = "DELETE FROM {table} WHERE {whose} AND place = ${place} AND answer = ''"

REUSED: Final = Refused(
    code="IDEMPOTENCY_KEY_REUSED",
    message="This Idempotency-Key was used for another request; choose a new key for each.",
)
LOST: Final = Refused(
    code="IDEMPOTENCY_ANSWER_LOST", message="This was done before under the same Idempotency-Key; its answer is lost."
)


@dataclass(frozen=True)
class Table:
    """Where answers are kept, and by which columns they are found, their place apart."""

    name: str
    key: tuple[str, ...]

    def sql(self, statement: str) -> str:
        """A statement for this table."""
        count = len(self.key)
        return statement.format(
            table=self.name,
            key=", ".join(self.key),
            values=", ".join(f"${number}" for number in range(1, count + 1)),
            whose=" AND ".join(f"{name} = ${number}" for number, name in enumerate(self.key, 1)),
            place=count + 1,
            more=count + 2,
        )


OF_CITY: Final = Table("kept_answer", ("tenant_id", "person_id", "digest"))
OF_PERSON: Final = Table("own_answer", ("person_id", "digest"))


class UndoneError(Exception):
    """Takes a refusal out of the transaction, which it undoes: nothing half-written."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class RepeatedError(Exception):
    """Ends a transaction in which nothing is done, since it was done before."""


class ReleasedError(Exception):
    """Says that what was to be repeated did nothing: its key is free."""


@dataclass(frozen=True)
class Said:
    """The key that a client chose for a request, and a digest of the request."""

    key: str
    request: str

    @classmethod
    def of(cls, asked: GraphRequest) -> Said | None:
        """What a request says; None without a key."""
        if asked.idempotency_key is None:
            return None
        variables = orjson.dumps(dict(asked.variables or {}), option=orjson.OPT_SORT_KEYS, default=str).decode()
        text = digest_of(asked.query, asked.document_id or "", asked.operation_name or "", variables)
        return cls(asked.idempotency_key, text)


@dataclass(frozen=True)
class Repeat:
    """One mutation of such a request: whose, where, and which of them; `tenant` None = it is about oneself."""

    said: Said
    secret_key: str
    tenant: UUID | None
    person: UUID
    place: int

    @classmethod
    def of(cls, request: Request, place: int, *, own: bool) -> Repeat | None:
        """How a mutation is known again, where its client has chosen a key; strangers have nothing to repeat."""
        person, tenant = request.who.person, None if own else request.tenant
        if request.said is None or person is None or (tenant is None and not own):
            return None
        return cls(request.said, request.services.settings.load_secret_key(), tenant, person, place)

    async def take(self) -> None:
        """Take the key in the act's transaction; raises what ends it where the key was taken before."""
        await execute(self._sql(FORGET_SQL), *self._key)
        taken = await fetchval(self._sql(TAKE_SQL), *self._key, self.place, self._request)
        if await fetchval(self._sql(OTHER_SQL), *self._key, self._request):
            raise UndoneError(REUSED)
        if not taken:
            raise RepeatedError

    async def keep(self, answer: Any) -> None:
        """Keep the answer, in the act's transaction or after it."""
        text = orjson.dumps([answer]).decode()
        sealed = seal(self._seal_key, PURPOSE, digest_of(self.said.key), text.encode())
        await execute(self._sql(KEEP_SQL), *self._key, self.place, sealed)

    async def keep_after(self, database: Database, answer: Any) -> None:
        """Keep the answer of an act whose transaction is over."""
        async with database.transaction(self._scope):
            await self.keep(answer)

    async def answer(self, database: Database) -> Any:
        """Read the answer that was kept, waiting for it; a `Refused` where it is lost."""
        for wait_s in WAIT_S:
            async with database.transaction(self._scope):
                row = await fetchrow(self._sql(FIND_SQL), *self._key, self.place)
            if row is None:
                raise ReleasedError
            if row["answer"]:
                try:
                    return orjson.loads(unseal(self._seal_key, PURPOSE, digest_of(self.said.key), row["answer"]))[0]
                except Unsealable:
                    return LOST
            await asyncio.sleep(wait_s)
        return LOST

    async def once(self, database: Database, do: Callable[[], Awaitable[tuple[Any, bool]]]) -> Any:
        """Do what has transactions of its own, unless it was done; `do` answers, and says whether it did anything."""
        while True:
            try:
                async with database.transaction(self._scope):
                    await self.take()
                break
            except UndoneError as undone:
                return undone.refusal
            except RepeatedError:
                with suppress(ReleasedError):
                    return await self.answer(database)
        try:
            answer, is_done = await do()
        except Exception:
            await self._release(database)
            raise
        if is_done:
            await self.keep_after(database, answer)
        else:
            await self._release(database)
        return answer

    async def _release(self, database: Database) -> None:
        async with database.transaction(self._scope):
            await execute(self._sql(RELEASE_SQL), *self._key, self.place)

    def _sql(self, statement: str) -> str:
        return (OF_PERSON if self.tenant is None else OF_CITY).sql(statement)

    @property
    def _request(self) -> str:
        return digest_of(self._seal_key, self.said.request)  # who sees the row cannot try out what was asked

    @property
    def _key(self) -> tuple[UUID | str, ...]:
        whose = (self.person,) if self.tenant is None else (self.tenant, self.person)
        return (*whose, digest_of(self.said.key))

    @property
    def _scope(self) -> City | Learner:
        return Learner(self.person) if self.tenant is None else City(self.tenant, quiet=True)

    @property
    def _seal_key(self) -> str:
        return f"{self.secret_key}\n{self.said.key}"  # without the client's key nobody reads the answer

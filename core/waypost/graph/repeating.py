"""Mutations that are sent twice under one `Idempotency-Key` are done once: the second gets the answer of the first.

The key is taken first in the act's own transaction, so that of two at once the second waits for the first; and the
answer is kept in it too, so that it is there if and only if the act holds. A refusal keeps nothing: it did nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson

from waypost.db import City, execute, fetchrow, fetchval
from waypost.outbox.sealing import Unsealable, digest_of, seal, unseal
from waypost.refusal import Refused

if TYPE_CHECKING:
    from waypost.db import Database

    from .engine import GraphRequest

KEPT_HOURS: Final = 24
PURPOSE: Final = "answer"
WAIT_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0)

FORGET_SQL: Final = f"""
DELETE FROM kept_answer
WHERE tenant_id = $1 AND person_id = $2 AND digest = $3 AND made_at < now() - interval '{KEPT_HOURS} hours'
"""
TAKE_SQL: Final = """
INSERT INTO kept_answer (tenant_id, person_id, digest, place, request_digest) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, person_id, digest, place) DO NOTHING RETURNING true
"""
FIND_SQL: Final = """
SELECT request_digest, answer FROM kept_answer
WHERE tenant_id = $1 AND person_id = $2 AND digest = $3 AND place = $4
"""
OTHER_SQL: Final = """
SELECT true FROM kept_answer
WHERE tenant_id = $1 AND person_id = $2 AND digest = $3 AND request_digest <> $4 LIMIT 1
"""
KEEP_SQL: Final = """
UPDATE kept_answer SET answer = $5 WHERE tenant_id = $1 AND person_id = $2 AND digest = $3 AND place = $4
"""

REUSED: Final = Refused(
    code="IDEMPOTENCY_KEY_REUSED",
    message="This Idempotency-Key was used for another request; choose a new key for each.",
)
LOST: Final = Refused(
    code="IDEMPOTENCY_ANSWER_LOST", message="This was done before under the same Idempotency-Key; its answer is lost."
)


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
    """One mutation of such a request: whose, where, and which of them."""

    said: Said
    secret_key: str
    tenant: UUID
    person: UUID
    place: int

    @property
    def _row(self) -> tuple[UUID, UUID, str, int]:
        return self.tenant, self.person, digest_of(self.said.key), self.place

    @property
    def _request(self) -> str:
        return digest_of(self._key, self.said.request)  # nobody who sees the row can try out what was asked

    async def take(self) -> Any:
        """Take the key in the act's transaction: None = it is new; else the answer, or a `Refused`.

        An answer that is None yet is waited for by `answer`, after the transaction.
        """
        tenant, person, digest, _ = self._row
        await execute(FORGET_SQL, tenant, person, digest)
        taken = await fetchval(TAKE_SQL, *self._row, self._request)
        if await fetchval(OTHER_SQL, tenant, person, digest, self._request):
            return REUSED
        return None if taken else self

    async def keep(self, answer: Any) -> None:
        """Keep the answer, in the act's transaction or after it."""
        text = orjson.dumps([answer]).decode()
        await execute(KEEP_SQL, *self._row, seal(self._key, PURPOSE, self._row[2], text.encode()))

    async def keep_after(self, database: Database, answer: Any) -> None:
        """Keep the answer of an act whose transaction is over."""
        async with database.transaction(City(self.tenant, quiet=True)):
            await self.keep(answer)

    async def answer(self, database: Database) -> Any:
        """Read the answer that was kept; a `Refused` where it is lost."""
        for wait_s in WAIT_S:
            async with database.transaction(City(self.tenant, quiet=True)):
                row = await fetchrow(FIND_SQL, *self._row)
            if row is not None and row["answer"]:
                try:
                    return orjson.loads(unseal(self._key, PURPOSE, self._row[2], row["answer"]))[0]
                except Unsealable:
                    return LOST
            await asyncio.sleep(wait_s)
        return LOST

    @property
    def _key(self) -> str:
        return f"{self.secret_key}\n{self.said.key}"  # without the client's key nobody reads the answer

"""Calls from outside: kept before anything is done about them, each done once, and emptied then."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from waypost.db import City, execute, fetchrow, fetchval, new_id
from waypost.outbox.sealing import digest_of, seal, unseal
from waypost.outbox.work import Work, enqueue

PURPOSE: Final = "incoming call"
MOST_BYTES: Final = 262_144
MOST_WAITING: Final = 1_000  # of one plugin in one tenant

WAITING_SQL: Final = """
SELECT count(*) FROM (
    SELECT FROM incoming_call WHERE tenant_id = $1 AND plugin = $2 AND handled_at IS NULL LIMIT $3
) waiting
"""
KEEP_SQL: Final = """
INSERT INTO incoming_call (tenant_id, id, plugin, key, sealed, received_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, plugin, key) DO NOTHING RETURNING true
"""
FIND_SQL: Final = """
SELECT sealed, received_at FROM incoming_call WHERE tenant_id = $1 AND id = $2 AND handled_at IS NULL
"""
DONE_SQL: Final = "UPDATE incoming_call SET handled_at = $3, sealed = NULL WHERE tenant_id = $1 AND id = $2"


class Forged(Exception):
    """The call is not from whom it says; nothing of it is kept."""


class TooManyWaiting(Exception):
    """So many calls wait to be handled that no more are taken."""


@dataclass(frozen=True)
class Incoming:
    """A call from outside: whose, its body as it came, its headers by lower-case name, and when it came."""

    tenant_id: UUID
    id: UUID
    body: bytes
    headers: Mapping[str, str]
    received_at: datetime

    def json(self) -> Any:
        """The body as JSON. Raises ValueError where it is none."""
        return orjson.loads(self.body)


@dataclass(frozen=True)
class IncomingHook:
    """What takes calls for a plugin.

    `check(work, call)` says under which key the call is known (the sender's id of it; the same again is the same call),
    and raises `Forged` for one that it does not believe. `handle(work, call)` does something about it later, in the
    worker, outside any transaction, at least once. `headers` are the names, lower case, of those that are kept.
    """

    check: Callable[[Work, Incoming], Awaitable[str] | str]
    handle: Callable[[Work, Incoming], Awaitable[None] | None]
    headers: frozenset[str] = frozenset()


async def keep_call(work: Work, plugin: str, kind: str, key: str, call: Incoming) -> bool:
    """Keep a call and ask for its handling, in one transaction; False = it is known already.

    `kind` is the job that handles it. Raises `TooManyWaiting`.
    """
    secret_key = work.settings.load_secret_key()
    said = {"body": b64encode(call.body).decode(), "headers": dict(call.headers)}
    sealed = seal(secret_key, PURPOSE, str(call.id), orjson.dumps(said))
    async with work.database.transaction(City(call.tenant_id, quiet=True)):
        if await fetchval(WAITING_SQL, call.tenant_id, plugin, MOST_WAITING) >= MOST_WAITING:
            raise TooManyWaiting(f"{MOST_WAITING} calls for {plugin} wait already")
        row = (call.tenant_id, call.id, plugin, digest_of(key), sealed, call.received_at)
        if not await fetchval(KEEP_SQL, *row):
            return False
        await enqueue(kind, {"tenant": call.tenant_id, "call": call.id})
    return True


async def kept_call(work: Work, tenant: UUID, id: UUID) -> Incoming | None:
    """A call that waits; None where it was handled or swept away."""
    async with work.database.transaction(City(tenant, quiet=True)):
        row = await fetchrow(FIND_SQL, tenant, id)
    if row is None:
        return None
    said = orjson.loads(unseal(work.settings.load_secret_key(), PURPOSE, str(id), row["sealed"]))
    return Incoming(tenant, id, b64decode(said["body"]), said["headers"], row["received_at"])


async def call_handled(work: Work, call: Incoming) -> None:
    """Empty a call that was handled; its key stays for a while, so that it is known when it comes again."""
    async with work.database.transaction(City(call.tenant_id, quiet=True)):
        await execute(DONE_SQL, call.tenant_id, call.id, work.now())


def arrived(work: Work, tenant: UUID, body: bytes, headers: Mapping[str, str]) -> Incoming:
    """A call that has come just now."""
    return Incoming(tenant, new_id(), body, headers, work.now())

"""Tells receivers: deliveries are made as events are handed on, and sent many at a time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from waypost.db import City, execute, fetch, new_id
from waypost.graph import GlobalId
from waypost.outbox.retries import MOST_ATTEMPTS
from waypost.outbox.sealing import Unsealable, unseal
from waypost.outbox.work import GivenUp, Happened, Later, Task, Work, enqueue_all
from waypost.webhooks.rules import (
    FAILURES_BEFORE_REST,
    REST_S,
    Health,
    is_taken,
    retry_after_s,
    sign,
    spread_out,
    wants,
)
from waypost.webhooks.sending import OF_ONE, Sender, Told

DELIVER: Final = "deliver"
LANE: Final = "webhook"
PURPOSE: Final = "webhook"
GONE: Final = 410

ON_SQL: Final = "SELECT id, events FROM webhook WHERE tenant_id = $1 AND state = 'on' ORDER BY id"
MAKE_SQL: Final = """
INSERT INTO delivery (tenant_id, id, webhook_id, event_id, event_type, object_type, object_id, happened_at)
SELECT $1, id, webhook, event, type, kind, object, happened
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::timestamptz[])
    AS new (id, webhook, event, type, kind, object, happened)
ON CONFLICT (tenant_id, webhook_id, event_id) DO NOTHING
"""
LOAD_SQL: Final = """
SELECT d.id, d.webhook_id, d.event_id, d.event_type, d.object_type, d.object_id, d.happened_at,
       w.url, w.state, w.secret, w.former_secret, w.former_until, w.failures, w.resting_until
FROM delivery d JOIN webhook w ON w.tenant_id = d.tenant_id AND w.id = d.webhook_id
WHERE d.tenant_id = $1 AND d.id = ANY($2::uuid[]) AND d.state = 'due'
"""
OUTCOMES_SQL: Final = """
UPDATE delivery SET state = new.state, attempts = attempts + 1, answer = new.answer, problem = new.problem,
       tried_at = $2
FROM unnest($3::uuid[], $4::text[], $5::int[], $6::text[]) AS new (id, state, answer, problem)
WHERE delivery.tenant_id = $1 AND delivery.id = new.id AND delivery.state = 'due'
"""
HEALTH_SQL: Final = """
UPDATE webhook SET failures = $3, resting_until = $4, state = CASE WHEN $5 AND state = 'on' THEN 'gone' ELSE state END
WHERE tenant_id = $1 AND id = $2
"""


async def make_deliveries(tenant: UUID, events: Sequence[Happened]) -> None:
    """Make a delivery of each event for each webhook that wants it; in the transaction that hands events on."""
    hooks = [(row["id"], frozenset(row["events"])) for row in await fetch(ON_SQL, tenant)]
    wanted = [(new_id(), hook, event) for event in events for hook, types in hooks if wants(types, event.type)]
    if not wanted:
        return
    await execute(
        MAKE_SQL,
        tenant,
        [id for id, _, _ in wanted],
        [hook for _, hook, _ in wanted],
        [event.id for _, _, event in wanted],
        [event.type for _, _, event in wanted],
        [event.object_type for _, _, event in wanted],
        [event.object_id for _, _, event in wanted],
        [event.happened_at for _, _, event in wanted],
    )
    await enqueue_all(
        [(DELIVER, {"webhook": hook, "delivery": id}) for id, hook, _ in wanted],
        lane=LANE,
        requests=[event.request for _, _, event in wanted],
    )


@dataclass
class Streak:
    """How a receiver does while it is told many things: failures in a row, and room for so many at a time."""

    failures: int = 0
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(OF_ONE))


@dataclass(frozen=True)
class Addressee:
    """Who is told."""

    tenant: UUID
    streak: Streak


@dataclass(frozen=True)
class Attempt:
    """One delivery and what came of it; `told` None = it was not tried, since the receiver fails."""

    task: Task
    row: Any
    told: Told | None

    @property
    def status(self) -> int | None:
        """What the receiver answered with."""
        return None if self.told is None else self.told.status

    @property
    def retry_after(self) -> str | None:
        """When the receiver wants to be asked again."""
        return None if self.told is None else self.told.retry_after

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        told = self.told
        return told is not None and told.status is not None and told.problem is None and is_taken(told.status)

    @property
    def problem(self) -> str | None:
        """Why not."""
        if self.is_taken or self.told is None:
            return None
        return self.told.problem or f"answered {self.told.status}"

    @property
    def is_gone(self) -> bool:
        """Whether the receiver said that it is there no more."""
        return self.status == GONE and self.told is not None and self.told.problem is None

    @property
    def state(self) -> str:
        """The state of the delivery afterwards."""
        if self.is_taken:
            return "delivered"
        return "dead" if self.task.attempts >= MOST_ATTEMPTS or self.status == GONE else "due"


async def deliver(work: Work, sender: Sender, tasks: Sequence[Task]) -> Mapping[UUID, Exception]:
    """Send what is due to one webhook, and write down what came of it; see `Bundle`."""
    tenant = tasks[0].tenant_id
    if tenant is None:
        raise GivenUp("a delivery belongs to a tenant")
    due = {UUID(str(task.facts["delivery"])): task for task in tasks}
    rows = await work.database.reads.rows(City(tenant), LOAD_SQL, [tenant, list(due)])
    if not rows:  # delivered already by a worker that could not say so any more
        return {}
    rest_s = Health(rows[0]["failures"], rows[0]["resting_until"]).rests(work.now())
    if rest_s and rows[0]["state"] == "on":
        return {due[row["id"]].id: _later("the endpoint rests", rest_s) for row in rows}
    streak = Streak()
    attempts = await asyncio.gather(
        *(_attempt(work, sender, Addressee(tenant, streak), due[row["id"]], row) for row in rows)
    )
    tried = [each for each in attempts if each.told is not None]
    await _write(work, tenant, tried)
    failed: dict[UUID, Exception] = {
        each.task.id: Later(each.problem or "", retry_after_s(each.retry_after))
        for each in tried
        if each.state == "due"
    }
    return failed | {each.task.id: _later("the endpoint fails", REST_S) for each in attempts if each.told is None}


def _later(words: str, seconds: float) -> Later:
    return Later(words, spread_out(seconds, random.random), counted=False)


async def _attempt(work: Work, sender: Sender, to: Addressee, task: Task, row: Any) -> Attempt:
    async with to.streak.slots:
        return await _tried(work, sender, to, task, row)


async def _tried(work: Work, sender: Sender, to: Addressee, task: Task, row: Any) -> Attempt:
    if row["state"] != "on":
        return Attempt(task, row, Told(GONE, "the webhook is switched off"))
    if to.streak.failures >= FAILURES_BEFORE_REST:
        return Attempt(task, row, None)
    try:
        secrets = secrets_of(work.settings.load_secret_key(), row, work.now())
    except Unsealable as error:
        return Attempt(task, row, Told(None, str(error)))
    body, id, timestamp = body_of(to.tenant, row), str(row["id"]), int(work.now().timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": "Waypost",
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secrets, id, timestamp, body),
    }
    attempt = Attempt(task, row, await sender.send(row["url"], headers, body))
    to.streak.failures = 0 if attempt.is_taken else to.streak.failures + 1
    return attempt


def body_of(tenant: UUID, row: Any) -> bytes:
    """What is told: the type, the time and ids; the graph says the rest to who may read it."""
    happened: datetime = row["happened_at"]
    home = None if row["object_id"] == tenant else tenant  # the city itself is nobody's
    data = {
        "id": str(GlobalId(row["object_type"], home, row["object_id"])),
        "object": row["object_type"],
        "event": str(row["event_id"]),
    }
    return orjson.dumps({"type": row["event_type"], "timestamp": happened.isoformat(), "data": data})


def secrets_of(secret_key: str, row: Any, now: datetime) -> list[bytes]:
    """The secrets that sign now, the newest first. `row` is of a webhook, or of a delivery that names it."""
    place = str(row.get("webhook_id") or row["id"])
    found = [unseal(secret_key, PURPOSE, place, row["secret"])]
    if row["former_secret"] is not None and row["former_until"] is not None and row["former_until"] > now:
        found.append(unseal(secret_key, PURPOSE, place, row["former_secret"]))
    return found


async def _write(work: Work, tenant: UUID, attempts: Sequence[Attempt]) -> None:
    """Write down what came of all attempts, and how the endpoint does."""
    if not attempts:
        return
    row = attempts[0].row
    before = Health(row["failures"], row["resting_until"])
    after = before.after([each.is_taken for each in attempts], work.now())
    gone = any(each.is_gone for each in attempts)
    async with work.database.transaction(City(tenant, quiet=True)):
        await execute(
            OUTCOMES_SQL,
            tenant,
            work.now(),
            [each.row["id"] for each in attempts],
            [each.state for each in attempts],
            [each.status for each in attempts],
            [each.problem for each in attempts],
        )
        if after != before or gone:
            await execute(HEALTH_SQL, tenant, row["webhook_id"], after.failures, after.resting_until, gone)

"""Acts upon webhooks and what they were told."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from waypost.db import execute, fetchrow, fetchval, new_id, one_at_a_time
from waypost.outbox import Act, Event, command
from waypost.outbox.sealing import seal
from waypost.outbox.work import enqueue
from waypost.refusal import Invalid, Refusal, Refused, missing
from waypost.webhooks.delivering import DELIVER, LANE, PURPOSE
from waypost.webhooks.rules import MOST_WEBHOOKS, ROTATION, SECRET_BYTES, events_problem, shown_secret, url_problem

COUNT_SQL: Final = "SELECT count(*) FROM webhook WHERE tenant_id = $1 AND state <> 'removed'"
CREATE_SQL: Final = """
INSERT INTO webhook (tenant_id, id, url, events, secret, person_id, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
ROTATE_SQL: Final = """
UPDATE webhook SET former_secret = secret, former_until = $4, secret = $3
WHERE tenant_id = $1 AND id = $2 AND state = 'on' RETURNING true
"""
REMOVE_SQL: Final = """
UPDATE webhook SET state = 'removed', former_secret = NULL, former_until = NULL
WHERE tenant_id = $1 AND id = $2 AND state <> 'removed' RETURNING true
"""
FIND_SQL: Final = """
SELECT d.state, d.webhook_id, w.state AS webhook_state FROM delivery d
JOIN webhook w ON w.tenant_id = d.tenant_id AND w.id = d.webhook_id
WHERE d.tenant_id = $1 AND d.id = $2 FOR UPDATE OF d
"""
REPLAY_SQL: Final = """
UPDATE delivery SET state = 'due', attempts = 0, answer = NULL, problem = NULL WHERE tenant_id = $1 AND id = $2
"""
# Whoever replays has mended the endpoint, or wants to see.
WAKE_SQL: Final = "UPDATE webhook SET failures = 0, resting_until = NULL WHERE tenant_id = $1 AND id = $2"


@dataclass(frozen=True)
class Keys:
    """What the operator decides: the key under which secrets are sealed, and which private addresses may be called."""

    secret_key: str
    allowed: Collection[str]


@dataclass(frozen=True)
class WebhookCreated(Event):
    """An address is told of what happens from now on."""

    webhook: UUID


@dataclass(frozen=True)
class WebhookSecretRotated(Event):
    """It has a new secret; the one before signs too for a day."""

    webhook: UUID


@dataclass(frozen=True)
class WebhookRemoved(Event):
    """It is told nothing any more."""

    webhook: UUID


@dataclass(frozen=True)
class DeliveryReplayed(Event):
    """It is told once more."""

    delivery: UUID


@dataclass(frozen=True)
class WithSecret:
    """A webhook and its secret, which is shown this once."""

    webhook: UUID
    secret: str


@command(may="webhook.manage")
async def create_webhook(act: Act, url: str, events: Sequence[str], keys: Keys) -> WithSecret | Refusal:
    """Tell an address of what happens from now on, signed with a secret that is shown once."""
    wrong = url_problem(url, keys.allowed) or events_problem(events)
    if wrong:
        return wrong
    tenant, id = act.here.tenant_id, new_id()
    await one_at_a_time("webhooks", tenant)
    if await fetchval(COUNT_SQL, tenant) >= MOST_WEBHOOKS:
        return Invalid(message=f"A city has at most {MOST_WEBHOOKS} webhooks; remove one first.")
    secret = os.urandom(SECRET_BYTES)
    sealed = seal(keys.secret_key, PURPOSE, str(id), secret)
    await execute(CREATE_SQL, tenant, id, url, list(dict.fromkeys(events)), sealed, act.person, act.now)
    await act.tell(WebhookCreated(id))
    return WithSecret(id, shown_secret(secret))


@command(may="webhook.manage")
async def rotate_webhook_secret(act: Act, webhook: UUID, keys: Keys) -> WithSecret | Refusal:
    """Give it a new secret; for a day both sign, so that the receiver can change in peace."""
    secret = os.urandom(SECRET_BYTES)
    sealed = seal(keys.secret_key, PURPOSE, str(webhook), secret)
    if not await fetchval(ROTATE_SQL, act.here.tenant_id, webhook, sealed, act.now + ROTATION):
        return missing()
    await act.tell(WebhookSecretRotated(webhook))
    return WithSecret(webhook, shown_secret(secret))


@command(may="webhook.manage")
async def remove_webhook(act: Act, webhook: UUID) -> WebhookRemoved | Refusal:
    """Tell it nothing any more; what is on its way to it ends."""
    if not await fetchval(REMOVE_SQL, act.here.tenant_id, webhook):
        return missing()
    return await act.tell(WebhookRemoved(webhook))


@command(may="webhook.manage")
async def replay_delivery(act: Act, delivery: UUID) -> DeliveryReplayed | Refusal:
    """Tell it once more, under the same id."""
    row = await fetchrow(FIND_SQL, act.here.tenant_id, delivery)
    if row is None:
        return missing()
    if row["webhook_state"] != "on":
        return Refused(code="CLOSED", message="Its webhook is switched off; create another.")
    if row["state"] == "due":
        return Invalid(message="It is on its way already.", path=("delivery",))
    await execute(REPLAY_SQL, act.here.tenant_id, delivery)
    await execute(WAKE_SQL, act.here.tenant_id, row["webhook_id"])
    await enqueue(DELIVER, {"webhook": row["webhook_id"], "delivery": delivery}, lane=LANE)
    return await act.tell(DeliveryReplayed(delivery))

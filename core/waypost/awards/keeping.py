"""What time does to awards: they expire, their holders are reminded, and what nobody claimed is forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import orjson

from waypost.awards import events
from waypost.awards.uploads import OLD_SQL
from waypost.db import City, Personal, execute, fetch
from waypost.db.personal import Finds
from waypost.outbox.work import Effects, Schedule, Work, enqueue_all
from waypost.privacy.commands import forget_found
from waypost.tenancy.directory import Tenant, load_directory
from waypost.tenancy.telling import Told, tell_all

REMIND_BEFORE: Final = timedelta(days=30)
STEP: Final = 1_000
HOUR_S: Final = 3_600
DAY_S: Final = 86_400

# Found by their time and held by their ids: whoever holds several awards holds them in that order.
EXPIRE_SQL: Final = """
UPDATE award SET state = 'expired' WHERE tenant_id = $1 AND id IN (
    SELECT id FROM award WHERE tenant_id = $1 AND state IN ('offered', 'accepted') AND expires_at <= $2
      AND id = ANY(ARRAY(
        SELECT id FROM award WHERE tenant_id = $1 AND state IN ('offered', 'accepted') AND expires_at <= $2
        ORDER BY expires_at LIMIT $3))
    ORDER BY id FOR NO KEY UPDATE)
RETURNING id, badge_id
"""
REMIND_SQL: Final = """
UPDATE award SET reminded_at = $2 WHERE tenant_id = $1 AND id IN (
    SELECT id FROM award WHERE tenant_id = $1 AND state = 'accepted' AND reminded_at IS NULL
      AND expires_at > $2 AND expires_at <= $3 AND id = ANY(ARRAY(
        SELECT id FROM award WHERE tenant_id = $1 AND state IN ('offered', 'accepted') AND state = 'accepted'
          AND expires_at > $2 AND expires_at <= $3 AND reminded_at IS NULL
        ORDER BY expires_at LIMIT $4))
    ORDER BY id FOR NO KEY UPDATE)
RETURNING id
"""
# Whoever answered anything, was given something since, asks for a badge, or has a code that was made since or still
# closes, is kept.
UNCLAIMED_SQL: Final = """
SELECT r.id FROM recipient r WHERE r.tenant_id = $1 AND r.created_at <= $2 AND r.display_name <> ''
  AND r.issuer_id IS NULL AND ($4::uuid[] IS NULL OR r.id = ANY($4))
  AND NOT EXISTS (SELECT FROM award a WHERE a.tenant_id = $1 AND a.recipient_id = r.id
                  AND (a.decided_at IS NOT NULL OR a.created_at > $2 OR a.state = 'accepted'))
  AND NOT EXISTS (SELECT FROM badge_request q WHERE q.tenant_id = $1 AND q.recipient_id = r.id
                  AND q.state IN ('open', 'more-wanted'))
  AND NOT EXISTS (SELECT FROM claim_code c WHERE c.tenant_id = $1 AND c.recipient_id = r.id
                  AND c.cancelled_at IS NULL AND c.claimed = 0 AND (c.closes_at IS NULL OR c.closes_at > $3)
                  AND (c.created_at > $2 OR c.closes_at IS NOT NULL))
ORDER BY r.created_at LIMIT $5
"""
OFFERED_SQL: Final = """
SELECT id, badge_id FROM award WHERE tenant_id = $1 AND recipient_id = ANY($2::uuid[]) AND state = 'offered'
ORDER BY id FOR UPDATE
"""
# Whoever gives them something just now is waited for; then it is seen.
LOCK_SQL: Final = """
SELECT id FROM recipient WHERE tenant_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE
"""

Step = Callable[[Tenant, datetime], Awaitable[int]]


async def expire(tenant: Tenant, now: datetime) -> int:
    """Mark awards whose time is over, and tell it."""
    rows = await fetch(EXPIRE_SQL, tenant.id, now, STEP)
    await tell_all(tenant.id, [_expired(row["id"], row["badge_id"]) for row in rows], now)
    return len(rows)


async def remind(tenant: Tenant, now: datetime) -> int:
    """Have those written to whose awards will expire within 30 days, once."""
    rows = await fetch(REMIND_SQL, tenant.id, now, now + REMIND_BEFORE, STEP)
    facts = [{"letter": "award-expiring", "tenant": tenant.id, "award": row["id"]} for row in rows]
    await enqueue_all([("mail", each) for each in facts])
    return len(rows)


async def forget(personal: Sequence[Personal], tenant: Tenant, now: datetime) -> int:
    """Forget recipients who answered nothing in the tenant's retention time; what they were given expires.

    All goes that would if they asked for it.
    """
    before = now - timedelta(days=tenant.retention_days)
    seen = [row["id"] for row in await fetch(UNCLAIMED_SQL, tenant.id, before, now, None, STEP)]
    if not seen:
        return 0
    await fetch(LOCK_SQL, tenant.id, seen)
    found = [row["id"] for row in await fetch(UNCLAIMED_SQL, tenant.id, before, now, seen, STEP)]
    over = [_expired(row["id"], row["badge_id"]) for row in await fetch(OFFERED_SQL, tenant.id, found)]
    await forget_found(personal, {Finds.RECIPIENT: found}, tenant.id)
    await tell_all(tenant.id, over, now)
    return len(seen)


async def drop_uploads(tenant: Tenant, now: datetime) -> int:
    """Delete files whose hour is over, but for those that a job still reads."""
    await execute(OLD_SQL, tenant.id, now)
    return 0


def _expired(award: UUID, badge: UUID) -> Told:
    event = events.AwardExpired(award, badge)
    return Told(event.type, event.object_type, award, orjson.dumps({"badge": str(badge)}).decode())


def _in_every_city(step: Step) -> Callable[[Work], Awaitable[None]]:
    """Do a step in every open city until nothing is left of it, a thousand rows in a transaction."""

    async def run(work: Work) -> None:
        for tenant in (await load_directory(work.database)).tenants:
            some = STEP if tenant.is_open else 0
            while some >= STEP:
                async with work.database.transaction(City(tenant.id)):
                    some = await step(tenant, work.now())

    return run


def effects_of(personal: Sequence[Personal]) -> Effects:
    """Return the background work, which knows what all tables keep of people."""
    return Effects(
        schedules=(
            Schedule("expire-awards", HOUR_S, _in_every_city(expire)),
            Schedule("remind-of-expiry", DAY_S, _in_every_city(remind)),
            Schedule("forget-unclaimed", DAY_S, _in_every_city(partial(forget, personal))),
            Schedule("drop-uploads", HOUR_S, _in_every_city(drop_uploads)),
        )
    )

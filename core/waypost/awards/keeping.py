"""What time does to awards: they expire, their holders are reminded, and what nobody claimed is forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson

from waypost.awards import events
from waypost.awards.uploads import OLD_SQL
from waypost.db import City, execute, fetch
from waypost.outbox.work import Schedule, Work, enqueue_all
from waypost.tenancy.directory import Tenant, load_directory
from waypost.tenancy.telling import Told, tell_all

REMIND_BEFORE: Final = timedelta(days=30)
STEP: Final = 1_000
HOUR_S: Final = 3_600
DAY_S: Final = 86_400

EXPIRE_SQL: Final = """
UPDATE award SET state = 'expired' WHERE tenant_id = $1 AND id IN (
    SELECT id FROM award WHERE tenant_id = $1 AND state IN ('offered', 'accepted') AND expires_at <= $2
    ORDER BY expires_at LIMIT $3 FOR UPDATE)
RETURNING id, badge_id
"""
REMIND_SQL: Final = """
UPDATE award SET reminded_at = $2 WHERE tenant_id = $1 AND id IN (
    SELECT id FROM award WHERE tenant_id = $1 AND state IN ('offered', 'accepted') AND state = 'accepted'
      AND expires_at > $2 AND expires_at <= $3 AND reminded_at IS NULL
    ORDER BY expires_at LIMIT $4 FOR UPDATE)
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
# Whoever gives them something just now is waited for; then it is seen.
LOCK_SQL: Final = "SELECT id FROM recipient WHERE tenant_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE"
FORGET_SQL: Final = """
UPDATE recipient SET display_name = '', address = NULL, person_id = NULL, birth_year = NULL, guardian_address = NULL,
       guardian_id = NULL, reference = NULL, reference_issuer_id = NULL
WHERE tenant_id = $1 AND id = ANY($2::uuid[])
"""
FORGET_NAMES_SQL: Final = "DELETE FROM recipient_name WHERE tenant_id = $1 AND recipient_id = ANY($2::uuid[])"
FORGET_AWARDS_SQL: Final = """
UPDATE award a SET person_id = NULL, narrative = NULL,
       state = CASE was.state WHEN 'offered' THEN 'expired' ELSE was.state END
FROM (SELECT id, state FROM award WHERE tenant_id = $1 AND recipient_id = ANY($2::uuid[]) FOR UPDATE) was
WHERE a.tenant_id = $1 AND a.id = was.id RETURNING a.id, a.badge_id, was.state = 'offered' AS expired
"""
FORGET_EVIDENCE_SQL: Final = """
DELETE FROM award_evidence WHERE tenant_id = $1 AND award_id = ANY($2::uuid[])
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


async def forget(tenant: Tenant, now: datetime) -> int:
    """Forget recipients who answered nothing in the tenant's retention time; what they were given expires."""
    before = now - timedelta(days=tenant.retention_days)
    seen = [row["id"] for row in await fetch(UNCLAIMED_SQL, tenant.id, before, now, None, STEP)]
    if not seen:
        return 0
    await fetch(LOCK_SQL, tenant.id, seen)
    found = [row["id"] for row in await fetch(UNCLAIMED_SQL, tenant.id, before, now, seen, STEP)]
    await execute(FORGET_SQL, tenant.id, found)
    await execute(FORGET_NAMES_SQL, tenant.id, found)
    rows = await fetch(FORGET_AWARDS_SQL, tenant.id, found)
    await execute(FORGET_EVIDENCE_SQL, tenant.id, [row["id"] for row in rows])
    over = [_expired(row["id"], row["badge_id"]) for row in rows if row["expired"]]
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


SCHEDULES: Final = (
    Schedule("expire-awards", HOUR_S, _in_every_city(expire)),
    Schedule("remind-of-expiry", DAY_S, _in_every_city(remind)),
    Schedule("forget-unclaimed", DAY_S, _in_every_city(forget)),
    Schedule("drop-uploads", HOUR_S, _in_every_city(drop_uploads)),
)

"""What somebody has earned, wherever that was: asked of each tenant that knows them."""

from __future__ import annotations

from asyncio import Semaphore, gather
from datetime import datetime
from typing import Final
from uuid import UUID

from waypost.db import City, Database, Learner
from waypost.pathways.progress import Earnable

AT_ONCE: Final = 4  # tenants that are asked at the same time, on connections of their own

KNOWN_SQL: Final = "SELECT tenant_id FROM known_in WHERE person_id = $1"
# What counts is the earner's own, not what somebody accepted for a child.
EARNED_SQL: Final = """
SELECT a.badge_id, min(a.awarded_at) AS since
FROM recipient r JOIN award a ON a.tenant_id = $1 AND a.recipient_id = r.id
WHERE r.tenant_id = $1 AND r.person_id = $2 AND r.kind = 'person' AND a.state = 'accepted'
  AND (a.expires_at IS NULL OR a.expires_at > $3)
GROUP BY a.badge_id
"""


async def earned_by(database: Database, person: UUID, now: datetime) -> dict[Earnable, datetime]:
    """Read what somebody has accepted that still holds, and since when; each tenant in a transaction of its own."""
    known = await database.reads.rows(Learner(person), KNOWN_SQL, [person])
    turns = Semaphore(AT_ONCE)

    async def of(tenant: UUID) -> dict[Earnable, datetime]:
        async with turns:
            rows = await database.reads.rows(City(tenant), EARNED_SQL, [tenant, person, now])
        return {Earnable(tenant, row["badge_id"]): row["since"] for row in rows}

    found: dict[Earnable, datetime] = {}
    for each in await gather(*(of(row["tenant_id"]) for row in known)):
        found |= each
    return found

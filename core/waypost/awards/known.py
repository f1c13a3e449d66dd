"""Forgets in which tenants somebody was known, when they are not any more.

What finds a person by an address goes by itself where no tenant knows them and nobody ever signed in as them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from waypost.db import City, Database, execute
from waypost.learners.people import RECIPIENTS
from waypost.outbox.work import Effects, Schedule, Work
from waypost.tenancy.directory import load_directory

DAY_S: Final = 86_400
STEP: Final = 1_000
# People are noted before they are given anything, in a transaction of its own.
SETTLED: Final = timedelta(days=1)

NOTED_SQL: Final = """
SELECT person_id FROM known_in WHERE tenant_id = $1 AND noted_at <= $2 AND person_id > $3 ORDER BY person_id LIMIT $4
"""
STRANGERS_SQL: Final = """
SELECT asked.id FROM unnest($2::uuid[]) AS asked (id)
WHERE NOT EXISTS (SELECT FROM recipient r WHERE r.tenant_id = $1 AND r.person_id = asked.id)
  AND NOT EXISTS (SELECT FROM recipient r WHERE r.tenant_id = $1 AND r.guardian_id = asked.id)
  AND NOT EXISTS (SELECT FROM award a WHERE a.tenant_id = $1 AND a.person_id = asked.id)
  AND NOT EXISTS (SELECT FROM badge_request q WHERE q.tenant_id = $1 AND q.person_id = asked.id)
"""
FORGET_SQL: Final = "DELETE FROM known_in WHERE tenant_id = $1 AND person_id = ANY($2::uuid[]) AND noted_at <= $3"


async def forget_strangers(work: Work) -> None:
    """Forget whom tenants know no more, a thousand people at a time."""
    before = work.now() - SETTLED
    for tenant in (await load_directory(work.database)).tenants:
        last: UUID | None = UUID(int=0)
        while last is not None:
            last = await _step(work.database, tenant.id, before, last)


async def _step(database: Database, tenant: UUID, before: datetime, after: UUID) -> UUID | None:
    """Look at some people; answers the last of them, None where there may be no more."""
    rows = await database.reads.rows(RECIPIENTS, NOTED_SQL, [tenant, before, after, STEP])
    noted = [row["person_id"] for row in rows]
    strangers = await database.reads.rows(City(tenant), STRANGERS_SQL, [tenant, noted]) if noted else []
    if strangers:
        async with database.transaction(RECIPIENTS):
            await execute(FORGET_SQL, tenant, [row["id"] for row in strangers], before)
    return noted[-1] if len(noted) == STEP else None


EFFECTS: Final = Effects(schedules=(Schedule("forget-strangers", DAY_S, forget_strangers),))

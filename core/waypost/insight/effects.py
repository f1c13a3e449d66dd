"""Figures in the background: what was earned elsewhere is brought home, and months that are over are released."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from waypost.db import City, Database, execute, fetch
from waypost.insight.releasing import COUNTING, book, follow, link, places_of, release_figures
from waypost.outbox.work import Effects, Schedule, Work
from waypost.tenancy.directory import load_directory

EVERY_S: Final = 6 * 3_600

ELSEWHERE_SQL: Final = f"""
SELECT a.id, coalesce(r.person_id, r.id) AS learner_id, to_char(a.awarded_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
       v.layer, r.birth_year, a.opportunity_id, a.earned_in_tenant_id, a.replaced_by_id,
       r.person_id, a.state IN {COUNTING} AS counts
FROM award a
JOIN badge_version v ON v.tenant_id = $1 AND v.id = a.version_id
JOIN recipient r ON r.tenant_id = $1 AND r.id = a.recipient_id
WHERE a.tenant_id = $1 AND a.earned_in_tenant_id <> a.tenant_id AND r.kind = 'person'
"""
# What was taken back while it waited is not counted any more.
FORGET_SQL: Final = """
DELETE FROM counted_award WHERE tenant_id = $1 AND release_id IS NULL AND home_tenant_id = $2
AND id <> ALL($3::uuid[])
"""


async def carry_home(database: Database, home: UUID, cities: frozenset[UUID]) -> None:
    """Write what one tenant awarded and others saw earned into the counting books of those; `cities` are open.

    Each city's transaction is its own. Nothing but ids, the month, the layer and the band of age goes over.
    """
    async with database.transaction(City(home, quiet=True)):
        rows = await fetch(ELSEWHERE_SQL, home)
    for there in cities & {row["earned_in_tenant_id"] for row in rows}:
        all_there = [row for row in rows if row["earned_in_tenant_id"] == there]
        earned = [row for row in all_there if row["counts"]]
        async with database.transaction(City(there, quiet=True)):
            await execute(FORGET_SQL, there, home, [row["id"] for row in earned])
            await link(there, home, {row["id"]: row["person_id"] for row in all_there if row["person_id"]})
            await follow(there, home, {row["id"]: row["replaced_by_id"] for row in all_there if row["replaced_by_id"]})
            if earned:
                places = await places_of(there, {row["opportunity_id"] for row in earned} - {None})
                await book(there, home, earned, places)


async def release_all(work: Work) -> None:
    """Release the figures of every open tenant."""
    tenants = [tenant for tenant in (await load_directory(work.database)).tenants if tenant.is_open]
    cities = frozenset(tenant.id for tenant in tenants)
    for tenant in tenants:
        await carry_home(work.database, tenant.id, cities)
    for tenant in tenants:
        await release_figures(work.database, tenant.id, work.now().date(), now=work.now())


EFFECTS: Final = Effects(schedules=(Schedule("figures", EVERY_S, release_all),))

"""Made-up learners and what they earned: enough for figures to show something, few enough to cost no time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from waypost.awards import tables as awards
from waypost.db import execute, fetch
from waypost.demo.learning import Badge
from waypost.demo.town import KEEPER, Chance, Sheet, Town
from waypost.insight.releasing import clear_figures
from waypost.learners import tables as learners

LEAST: Final = 400
MOST: Final = 2_000
ACTIVITIES_AN_AWARD: Final = 10
DAYS: Final = 540
AGES: Final = (11, 13, 14, 14, 15, 15, 16, 16, 16, 17, 17, 18, 19, 21, 23, 27, 34, 42, 51, 68)
# Of every twenty awards: most are taken, some wait, a few come to nothing.
STATES: Final = (*("accepted",) * 16, "offered", "offered", "declined", "revoked")

RECIPIENT_COLUMNS: Final = ("tenant_id", "id", "kind", "display_name", "birth_year", "created_at")
AWARD_COLUMNS: Final = (
    *("tenant_id", "id", "badge_id", "version_id", "recipient_id", "issuer_id", "state", "awarded_at"),
    *("earned_in_tenant_id", "opportunity_id"),
)
EARNERS_SQL: Final = """
SELECT DISTINCT a.recipient_id FROM award a JOIN badge b ON b.tenant_id = $1 AND b.id = a.badge_id
WHERE a.tenant_id = $1 AND b.managed_by = $2
"""
AWARDS_SQL: Final = """
DELETE FROM award a USING badge b
WHERE a.tenant_id = $1 AND b.tenant_id = $1 AND b.id = a.badge_id AND b.managed_by = $2
RETURNING a.id
"""
RECIPIENTS_SQL: Final = """
DELETE FROM recipient r WHERE r.tenant_id = $1 AND r.id = ANY($2::uuid[])
AND NOT EXISTS (SELECT FROM award a WHERE a.tenant_id = $1 AND a.recipient_id = r.id)
"""


def make_awards(town: Town, badges: Sequence[Sequence[Badge]], links: Sequence[tuple[UUID, UUID]]) -> list[Sheet]:
    """Make a tenant's learners and their awards; `links` are opportunities with a badge that is earned there."""
    chance = Chance(town.seed, town.here.slug, "awards")
    known: Mapping[UUID, Badge] = {badge.id: badge for of_topic in badges for badge in of_topic}
    count = min(MOST, LEAST + town.scale // ACTIVITIES_AN_AWARD)
    people = [chance.id() for _ in range(max(1, count * 11 // 20))] if links else []
    tenant, year = town.here.tenant_id, town.today.year
    first = town.noon - timedelta(days=DAYS)
    recipients = [
        (tenant, id, "person", f"Learner {number}", year - chance.choice(AGES), first)
        for number, id in enumerate(people, 1)
    ]
    rows: list[tuple[Any, ...]] = []
    earned: set[tuple[UUID, UUID]] = set()
    for number in range(count if links else 0):
        # Everybody begins once; then some come back, and some of those often.
        who = people[number] if number < len(people) else people[chance.early(len(people))]
        opportunity, badge = links[chance.early(len(links))]
        if (who, badge) in earned:
            continue
        earned.add((who, badge))
        it = known[badge]
        when = _moment(chance, first, later=number >= len(people))
        facts = (it.id, it.version, who, it.issuer, chance.choice(STATES), when)
        rows.append((tenant, chance.id(), *facts, tenant, opportunity))
    return [Sheet(learners.Recipient, RECIPIENT_COLUMNS, recipients), Sheet(awards.Award, AWARD_COLUMNS, rows)]


def _moment(chance: Chance, first: datetime, *, later: bool) -> datetime:
    """Draw when something was awarded: more and more with time, and who comes back comes later."""
    part = chance.random() ** 0.5
    return first + timedelta(days=int(DAYS * (0.4 + 0.6 * part if later else part)), hours=chance.randint(-3, 6))


async def clear_awards(tenant: UUID) -> None:
    """Delete awards of made-up badges, who earned nothing else, and their figures, in the tenant's City transaction."""
    earners = [row["recipient_id"] for row in await fetch(EARNERS_SQL, tenant, KEEPER)]
    if earners:
        gone = [row["id"] for row in await fetch(AWARDS_SQL, tenant, KEEPER)]
        await execute(RECIPIENTS_SQL, tenant, earners)
        await clear_figures(tenant, gone)

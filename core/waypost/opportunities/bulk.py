"""Writes many opportunities at once, for what comes by the thousand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.db import execute, fetch
from waypost.db.rows import Row, sync_all, upsert
from waypost.opportunities import tables
from waypost.opportunities.rules import search_form, sort_starts_at
from waypost.opportunities.store import row_of, sides_of
from waypost.opportunities.words import OpportunityWords
from waypost.tenancy.entries import Here
from waypost.tenancy.outline import Area

ADDRESSES_SQL: Final = """
INSERT INTO address (id, tenant_id, object_type) SELECT id, $1, $2 FROM unnest($3::uuid[]) AS id
ON CONFLICT (id) DO NOTHING
"""
CLOSE_SQL: Final = """
UPDATE opportunity SET state = 'closed', updated_at = now()
WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND managed_by = $3 AND state <> 'closed' RETURNING id, provider_id
"""


@dataclass(frozen=True)
class Arriving:
    """An opportunity to be written under an id: new (`created`), or in place of what was there.

    Its words were looked at (`opportunity_problem`), its provider and place are there, it names no badges, and its
    slug is its own. `point` is where it is, in degrees.
    """

    id: UUID
    words: OpportunityWords
    created: bool
    provider_name: str
    point: tuple[float, float] | None = None
    attribution: str | None = None


async def write_opportunities(here: Here, arriving: Sequence[Arriving], area: Area | None, now: datetime) -> None:
    """Write opportunities with their texts, weekdays and the rest; all are open and public then."""
    if not arriving:
        return
    created = [each.id for each in arriving if each.created]
    await execute(ADDRESSES_SQL, here.tenant_id, "Opportunity", created)
    await upsert(tables.Opportunity, [_row(here, each, area, now) for each in arriving])
    beside: dict[type[Any], list[Row]] = {}
    for each in arriving:
        key = {"tenant_id": here.tenant_id, "opportunity_id": each.id}
        for table, rows in sides_of(here, each.words).items():
            beside.setdefault(table, []).extend({**key, **row} for row in rows)
    before = [{"tenant_id": here.tenant_id, "opportunity_id": each.id} for each in arriving if not each.created]
    changed = {owner["opportunity_id"] for owner in before}
    for table, every in beside.items():
        await upsert(table, [row for row in every if row["opportunity_id"] not in changed])
        await sync_all(table, before, [row for row in every if row["opportunity_id"] in changed])


def _row(here: Here, each: Arriving, area: Area | None, now: datetime) -> dict[str, Any]:
    words = each.words
    return {
        **row_of(here, each.id, words, each.point, area),
        "attribution": each.attribution,
        "sort_starts_at": sort_starts_at(words.timing(here), now),
        "search_words": search_form(words.title, words.summary, each.provider_name),
    }


async def close_opportunities(here: Here, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Close those that the same keeper still manages; answers who offered them, by id."""
    rows = await fetch(CLOSE_SQL, here.tenant_id, list(ids), here.managed_by)
    return {row["id"]: row["provider_id"] for row in rows}

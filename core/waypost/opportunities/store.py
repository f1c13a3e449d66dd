"""Writes opportunities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from piccolo.table import Table

from waypost.db import execute, fetch, fetchrow, fetchval
from waypost.db.rows import sync, tenant_key, upsert
from waypost.opportunities import tables
from waypost.opportunities.derived import derive, follow_badges, follow_provider
from waypost.opportunities.rules import Timing, over_at, sort_starts_at, weekdays
from waypost.opportunities.words import OpportunityText, OpportunityWords, opportunity_problem
from waypost.places.rules import inside
from waypost.refusal import NotFound, Refusal
from waypost.tenancy.entries import Cost, Entry, Here, Ref, Written, claim_slug
from waypost.tenancy.outline import Area

__all__ = [
    "OpportunityText",
    "OpportunityWords",
    "close_opportunity",
    "follow_badges",
    "follow_provider",
    "move_on",
    "opportunity_problem",
    "read_opportunity",
    "write_opportunity",
]

# Columns that say what the words say, under the same name.
COLUMNS: Final = (
    "slug",
    "title",
    "kind",
    "provider_id",
    "place_id",
    "online",
    "starts_at",
    "ends_at",
    "recurrence",
    "apply_by",
    "capacity",
    "age_min",
    "age_max",
    "url",
    "contact_url",
    "source",
    "licence",
    "source_id",
)
PLACE_SQL: Final = "SELECT latitude, longitude FROM place WHERE tenant_id = $1 AND id = $2"
PROVIDER_SQL: Final = "SELECT EXISTS (SELECT FROM issuer WHERE tenant_id = $1 AND id = $2)"
# How many of the badges meant are there: own ones, and borrowings of exactly that badge.
BADGES_SQL: Final = """
SELECT (SELECT count(*) FROM badge WHERE tenant_id = $1 AND id = ANY($2::uuid[]))
     + (SELECT count(*) FROM borrowed b JOIN unnest($3::uuid[], $4::uuid[]) AS meant (id, badge_id)
          ON b.id = meant.id AND b.object_id = meant.badge_id
        WHERE b.tenant_id = $1 AND b.object_type = 'badge')
"""
SORT_SQL: Final = """
UPDATE opportunity SET sort_starts_at = $3 WHERE tenant_id = $1 AND id = $2 AND sort_starts_at <> $3
"""
BEHIND_SQL: Final = """
SELECT id, starts_at, ends_at, recurrence, timezone FROM opportunity
WHERE tenant_id = $1 AND recurrence IS NOT NULL AND sort_starts_at < $2 AND over_at > $2
"""
# What a curator closed of a feed is the curator's: the feed does not open it again.
CLOSE_SQL: Final = """
UPDATE opportunity SET state = 'closed', updated_at = now(),
    managed_by = CASE WHEN managed_by LIKE 'feed:%' THEN 'graph' ELSE managed_by END
WHERE tenant_id = $1 AND id = $2 AND state <> 'closed'
"""
READ_SQL: Final = f"""
SELECT {", ".join(f"o.{name}" for name in COLUMNS)}, o.timezone, o.free, o.price, o.currency, o.cost_note,
       CASE WHEN p.latitude IS DISTINCT FROM o.latitude OR p.longitude IS DISTINCT FROM o.longitude
            THEN o.latitude END AS latitude,
       CASE WHEN p.latitude IS DISTINCT FROM o.latitude OR p.longitude IS DISTINCT FROM o.longitude
            THEN o.longitude END AS longitude
FROM opportunity o LEFT JOIN place p ON p.tenant_id = o.tenant_id AND p.id = o.place_id
WHERE o.tenant_id = $1 AND o.id = $2
"""


async def write_opportunity(
    here: Here, words: OpportunityWords, at: Entry | None, area: Area | None, now: datetime
) -> Written | Refusal:
    """Create an opportunity (`at` = None) or bring one to these words; it is open and public then.

    `area` is the tenant's outline: what is outside is flagged, never refused. `now` decides which of its
    occurrences comes next. Provider, place, badges and borrowings must be there, else NotFound.
    """
    wrong = opportunity_problem(here, words) or await _missing(here, words)
    if wrong:
        return wrong
    point = await _point(here, words)
    if isinstance(point, Refusal):
        return point
    id = await claim_slug(tables.Opportunity, here, words.slug, at)
    if isinstance(id, Refusal):
        return id
    changed = await upsert(tables.Opportunity, [row_of(here, id, words, point, area)])
    changed += await _write_sides(here, id, words)
    changed += await derive(here, id)
    # Time passes without a change: this one does not count.
    await execute(SORT_SQL, here.tenant_id, id, sort_starts_at(words.timing(here), now))
    return Written(id, created=at is None, changed=changed > 0)


def row_of(
    here: Here, id: UUID, words: OpportunityWords, point: tuple[float, float] | None, area: Area | None
) -> dict[str, Any]:
    """The row of an opportunity that is at `point` (degrees), but for what is derived of other rows and of now."""
    timing = words.timing(here)
    return {
        "tenant_id": here.tenant_id,
        "id": id,
        **{name: getattr(words, name) for name in COLUMNS},
        **words.cost.columns(),
        "timezone": timing.timezone,
        "latitude": point[0] if point else None,
        "longitude": point[1] if point else None,
        "outside_area": point is not None and not inside(area, *point),
        "over_at": over_at(timing),
        "state": "open",
        "public": True,
        "managed_by": here.managed_by,
    }


async def _write_sides(here: Here, id: UUID, words: OpportunityWords) -> int:
    owner = tenant_key(here.tenant_id, opportunity_id=id)
    return sum([await sync(table, owner, rows) for table, rows in sides_of(here, words).items()])


def sides_of(here: Here, words: OpportunityWords) -> dict[type[Table], list[dict[str, Any]]]:
    """The rows beside that of an opportunity, without its key: texts, badges, accessibility, weekdays."""
    text = {here.language: OpportunityText(words.title, words.summary), **words.text}
    texts = [
        {
            "language": language,
            "original": language == here.language,
            "title": one.title,
            "summary": one.summary,
            "public": True,
        }
        for language, one in text.items()
    ]
    badges = [
        {
            "badge_id": ref.id,
            "home_tenant_id": ref.home_tenant_id,
            "borrowed_id": ref.borrowed_id,
            "position": position,
            "public": True,
        }
        for position, ref in enumerate(words.badges, start=1)
    ]
    codes = [{"code": code, "public": True} for code in dict.fromkeys(words.accessibility)]
    days = [{"weekday": day, "public": True} for day in sorted(weekdays(words.timing(here)))]
    return {
        tables.OpportunityText: texts,
        tables.OpportunityBadge: badges,
        tables.OpportunityAccessibility: codes,
        tables.OpportunityWeekday: days,
    }


async def _missing(here: Here, words: OpportunityWords) -> NotFound | None:
    if not await fetchval(PROVIDER_SQL, here.tenant_id, words.provider_id):
        return NotFound(message="The provider is no issuer here.", path=("provider",))
    own = [ref.id for ref in words.badges if ref.borrowed_id is None]
    others = [ref for ref in words.badges if ref.borrowed_id is not None]
    meant = ([ref.borrowed_id for ref in others], [ref.id for ref in others])
    if words.badges and await fetchval(BADGES_SQL, here.tenant_id, own, *meant) != len(words.badges):
        return NotFound(message="One of the badges is neither here nor borrowed.", path=("badges",))
    return None


async def _point(here: Here, words: OpportunityWords) -> tuple[float, float] | NotFound | None:
    """Where it is: its own coordinates, else its place's."""
    place = None
    if words.place_id is not None:
        place = await fetchrow(PLACE_SQL, here.tenant_id, words.place_id)
        if place is None:
            return NotFound(message="There is no such place here.", path=("place",))
    if words.latitude is not None and words.longitude is not None:
        return (words.latitude, words.longitude)
    return None if place is None else (place["latitude"], place["longitude"])


async def read_opportunity(here: Here, id: UUID) -> OpportunityWords | None:
    """Read an opportunity as it would be written again; coordinates that are its place's are left out."""
    row = await fetchrow(READ_SQL, here.tenant_id, id)
    if row is None:
        return None
    facts = dict(row)
    cost = Cost(facts.pop("free"), facts.pop("price"), facts.pop("currency"), facts.pop("cost_note"))
    texts = await _of(here, id, "SELECT language, original, title, summary FROM opportunity_text")
    badges = await _of(here, id, "SELECT badge_id, home_tenant_id, borrowed_id, position FROM opportunity_badge")
    codes = await _of(here, id, "SELECT code FROM opportunity_accessibility")
    original = next((text["summary"] for text in texts if text["original"]), "")
    return OpportunityWords(
        **facts,
        cost=cost,
        summary=original,
        accessibility=tuple(sorted(code["code"] for code in codes)),
        badges=tuple(
            Ref(link["badge_id"], link["home_tenant_id"], link["borrowed_id"])
            for link in sorted(badges, key=lambda link: int(link["position"]))
        ),
        text={
            text["language"]: OpportunityText(text["title"], text["summary"]) for text in texts if not text["original"]
        },
    )


async def _of(here: Here, id: UUID, select: str) -> list[Mapping[str, Any]]:
    rows = await fetch(f"{select} WHERE tenant_id = $1 AND opportunity_id = $2", here.tenant_id, id)
    return [dict(row) for row in rows]


async def close_opportunity(here: Here, id: UUID) -> bool:
    """Close an opportunity: off the lists, its words stay readable. Answers whether it was open."""
    return (await execute(CLOSE_SQL, here.tenant_id, id)).endswith(" 1")


async def move_on(here: Here, now: datetime) -> int:
    """Order what repeats by its next occurrence, once the one it was ordered by is past; answers how many."""
    rows = await fetch(BEHIND_SQL, here.tenant_id, now)
    moved = 0
    for row in rows:
        timing = Timing(row["starts_at"], row["ends_at"], row["recurrence"], row["timezone"])
        status = await execute(SORT_SQL, here.tenant_id, row["id"], sort_starts_at(timing, now))
        moved += int(status.split()[-1])
    return moved

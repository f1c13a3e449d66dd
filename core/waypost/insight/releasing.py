"""Takes awards into the counting book, and releases figures of months that are over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from random import Random, SystemRandom
from typing import Any, Final
from uuid import UUID

from waypost.db import City, Database, execute, fetch, fetchval, new_id, one_at_a_time
from waypost.insight import rules
from waypost.insight.rules import ENOUGH, Release, Standing, Waiting, after
from waypost.places.rules import normal_postcode

# Declined and revoked awards do not count, nor what was replaced: what replaced it does.
COUNTING: Final = "('offered', 'accepted', 'expired')"

NEW_SQL: Final = f"""
SELECT a.id, coalesce(r.person_id, r.id) AS learner_id, to_char(a.awarded_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
       v.layer, r.birth_year, a.opportunity_id
FROM award a
JOIN badge_version v ON v.tenant_id = $1 AND v.id = a.version_id
JOIN recipient r ON r.tenant_id = $1 AND r.id = a.recipient_id
WHERE a.tenant_id = $1 AND a.state IN {COUNTING} AND r.kind = 'person' AND a.awarded_at < $2
  AND NOT EXISTS (SELECT FROM counted_award c WHERE c.tenant_id = $1 AND c.id = a.id)
"""
WHERE_SQL: Final = """
SELECT o.id, o.kind, CASE WHEN p.public THEN p.id END AS place_id, p.postcode
FROM opportunity o LEFT JOIN place p ON p.tenant_id = $1 AND p.id = o.place_id
WHERE o.tenant_id = $1 AND o.id = ANY($2::uuid[])
"""
POSTCODES_SQL: Final = """
SELECT code, nation, ward, deprivation_rank FROM postcode WHERE code = ANY($1::text[])
"""
HIGHEST_SQL: Final = "SELECT max(deprivation_rank) FROM postcode WHERE nation = $1"
BOOK: Final = {
    "id": "uuid",
    "learner_id": "uuid",
    "home_tenant_id": "uuid",
    "month": "text",
    "layer": "text",
    "kind": "text",
    "place": "text",
    "ward": "text",
    "deprivation": "text",
    "age": "text",
}
BOOK_SQL: Final = f"""
INSERT INTO counted_award (tenant_id, {", ".join(BOOK)})
SELECT $1, * FROM unnest({", ".join(f"${n}::{kind}[]" for n, kind in enumerate(BOOK.values(), 2))}) AS new
ON CONFLICT (tenant_id, id) DO NOTHING
"""
# What was taken back while it waited is not counted any more.
FORGET_SQL: Final = f"""
DELETE FROM counted_award c WHERE c.tenant_id = $1 AND c.release_id IS NULL AND c.home_tenant_id = $1
AND NOT EXISTS (SELECT FROM award a WHERE a.tenant_id = $1 AND a.id = c.id AND a.state IN {COUNTING})
"""
REPLACED_SQL: Final = """
SELECT id, replaced_by_id FROM award WHERE tenant_id = $1 AND state = 'replaced' AND replaced_by_id IS NOT NULL
"""
# What was counted stays counted, from now on for what stands in its place.
FOLLOW_SQL: Final = """
UPDATE counted_award c SET id = new.by FROM unnest($3::uuid[], $4::uuid[]) AS new (id, by)
WHERE c.tenant_id = $1 AND c.home_tenant_id = $2 AND c.release_id IS NOT NULL AND c.id = new.id
  AND NOT EXISTS (SELECT FROM counted_award b WHERE b.tenant_id = $1 AND b.id = new.by)
"""
# Who has an account by now, or joined two addresses, is the same learner as before, under the account's id.
PEOPLE_SQL: Final = """
SELECT c.id, r.person_id FROM counted_award c
JOIN award a ON a.tenant_id = $1 AND a.id = c.id
JOIN recipient r ON r.tenant_id = $1 AND r.id = a.recipient_id
WHERE c.tenant_id = $1 AND c.home_tenant_id = $1 AND r.person_id <> c.learner_id
"""
LINK_SQL: Final = """
UPDATE counted_award c SET learner_id = new.person_id FROM unnest($3::uuid[], $4::uuid[]) AS new (id, person_id)
WHERE c.tenant_id = $1 AND c.home_tenant_id = $2 AND c.id = new.id AND c.learner_id <> new.person_id
"""
WAITING_SQL: Final = "SELECT id, learner_id, month FROM counted_award WHERE tenant_id = $1 AND release_id IS NULL"
COUNTED_SQL: Final = """
SELECT c.learner_id, count(*) AS awards FROM unnest($2::uuid[]) AS waiting (id)
JOIN counted_award c ON c.tenant_id = $1 AND c.learner_id = waiting.id
WHERE c.release_id IS NOT NULL GROUP BY c.learner_id
"""
STANDING_SQL: Final = """
SELECT coalesce(sum(learners), 0) AS learners, coalesce(sum(repeated), 0) AS repeated, max(to_month) AS to_month
FROM figure_release WHERE tenant_id = $1
"""
RELEASE_SQL: Final = """
INSERT INTO figure_release (tenant_id, id, from_month, to_month, learners, repeated, badges, released_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# Joined, not compared with each: some thousands are counted at once.
COUNT_SQL: Final = """
UPDATE counted_award c SET release_id = $2 FROM unnest($3::uuid[]) AS chosen (id)
WHERE c.tenant_id = $1 AND c.id = chosen.id
"""
UNSORTED_SQL: Final = """
SELECT id, from_month, to_month, badges FROM figure_release
WHERE tenant_id = $1 AND to_month > coalesce(
    (SELECT max(to_month) FROM figure_breakdown WHERE tenant_id = $1 AND dimension = $2), '')
ORDER BY to_month
"""
EARNED_SQL: Final = """
SELECT {dimension} AS code, learner_id, count(*) AS badges FROM counted_award
WHERE tenant_id = $1 AND release_id = ANY($2::uuid[]) GROUP BY {dimension}, learner_id
"""
BREAKDOWN_SQL: Final = """
INSERT INTO figure_breakdown (tenant_id, id, dimension, from_month, to_month, badges, together)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
CELLS_SQL: Final = """
INSERT INTO figure_cell (tenant_id, breakdown_id, code, badges)
SELECT $1, $2, * FROM unnest($3::text[], $4::integer[]) AS shown
"""
# What was told of others, too, stays as it was told.
CLEAR_RELEASES_SQL: Final = """
DELETE FROM figure_release r WHERE r.tenant_id = $1 AND NOT EXISTS (
    SELECT FROM counted_award c LEFT JOIN unnest($2::uuid[]) AS gone (id) ON gone.id = c.id
    WHERE c.tenant_id = $1 AND c.release_id = r.id AND gone.id IS NULL)
"""
CLEAR_BREAKDOWNS_SQL: Final = """
DELETE FROM figure_breakdown b WHERE b.tenant_id = $1 AND NOT EXISTS (
    SELECT FROM figure_release r
    WHERE r.tenant_id = $1 AND r.from_month >= b.from_month AND r.to_month <= b.to_month)
"""
CLEAR_BOOK_SQL: Final = """
DELETE FROM counted_award c USING unnest($2::uuid[]) AS gone (id)
WHERE c.tenant_id = $1 AND c.id = gone.id
  AND NOT EXISTS (SELECT FROM figure_release r WHERE r.tenant_id = $1 AND r.id = c.release_id)
"""


async def release_figures(
    database: Database, tenant: UUID, today: date, *, chance: Random | None = None, now: datetime | None = None
) -> int:
    """Release what a tenant's months that are over add up to; answers how many releases were made.

    Idempotent: what was released stays as it is, what waits is looked at again. `chance` decides which group joins
    those that are too small; without it nobody can know.
    """
    async with database.transaction(City(tenant)):
        return await release_here(tenant, today, chance=chance, now=now)


async def release_here(tenant: UUID, today: date, *, chance: Random | None = None, now: datetime | None = None) -> int:
    """Do what `release_figures` does, in the tenant's City transaction."""
    through = rules.closed_month(today)
    await one_at_a_time("figures", tenant)
    [row] = await fetch(STANDING_SQL, tenant)
    if (row["to_month"] or "") >= through:
        return 0
    await take_up(tenant, through)
    waiting = [Waiting(*row) for row in await fetch(WAITING_SQL, tenant)]
    counted: dict[UUID, int] = {
        row["learner_id"]: row["awards"]
        for row in await fetch(COUNTED_SQL, tenant, list({each.learner for each in waiting}))
    }
    standing, month, made = Standing(row["learners"], row["repeated"]), _first(row["to_month"], waiting), 0
    begun = month
    by_month: dict[str, list[Waiting]] = {}
    for each in waiting:
        by_month.setdefault(max(each.month, month), []).append(each)
    late: list[Waiting] = []
    while month <= through and (by_month or late):
        late += by_month.pop(month, [])
        chosen = rules.release(late, counted, standing)
        if chosen is not None:
            await _write(tenant, chosen, begun, month, now or datetime.now(UTC))
            await _sort_out(tenant, chance or SystemRandom())
            gone = frozenset(chosen.awards)
            for each in late:
                if each.award in gone:
                    counted[each.learner] = counted.get(each.learner, 0) + 1
            late = [each for each in late if each.award not in gone]
            standing = Standing(standing.learners + len(chosen.first), standing.repeated + len(chosen.second))
            made, begun = made + 1, after(month)
        month = after(month)
        if not by_month:
            break  # months in which nothing happened release nothing, or the wait would tell of what waits
    return made


async def take_up(tenant: UUID, through: str) -> None:
    """Bring the counting book up to date with the tenant's awards, up to the end of a month."""
    await execute(FORGET_SQL, tenant)
    await link(tenant, tenant, {row["id"]: row["person_id"] for row in await fetch(PEOPLE_SQL, tenant)})
    await follow(tenant, tenant, {row["id"]: row["replaced_by_id"] for row in await fetch(REPLACED_SQL, tenant)})
    end = datetime.fromisoformat(f"{after(through)}-01T00:00:00+00:00")
    rows = await fetch(NEW_SQL, tenant, end)
    if rows:
        places = await places_of(tenant, {row["opportunity_id"] for row in rows} - {None})
        await book(tenant, tenant, rows, places)


async def link(tenant: UUID, home: UUID, people: Mapping[UUID, UUID]) -> None:
    """Let awards of `home`, counted or waiting, be those of the people who turned out to have earned them."""
    await execute(LINK_SQL, tenant, home, list(people), list(people.values()))


async def follow(tenant: UUID, home: UUID, later: Mapping[UUID, UUID]) -> None:
    """Let counted awards of `home` be those that stand in their place by now, which are not counted again."""
    latest = {award: _latest(award, later) for award in later}
    await execute(FOLLOW_SQL, tenant, home, list(latest), list(latest.values()))


def _latest(award: UUID, later: Mapping[UUID, UUID]) -> UUID:
    while award in later:
        award = later[award]
    return award


async def book(tenant: UUID, home: UUID, rows: Sequence[Any], places: dict[UUID | None, tuple[str, ...]]) -> None:
    """Write awards of `home` into the tenant's counting book; `places` say kind, place, ward and deprivation."""
    unknown = (rules.UNKNOWN,) * 4
    lines = [
        (
            *(row["id"], row["learner_id"], home, row["month"], row["layer"]),
            *places.get(row["opportunity_id"], unknown),
            rules.age_band(row["birth_year"], int(row["month"][:4])),
        )
        for row in rows
    ]
    await execute(BOOK_SQL, tenant, *([*column] for column in zip(*lines, strict=True)))


async def places_of(tenant: UUID, opportunities: Iterable[UUID]) -> dict[UUID | None, tuple[str, ...]]:
    """Find kind, place, ward and deprivation of opportunities, in the tenant's City transaction."""
    rows = await fetch(WHERE_SQL, tenant, list(opportunities))
    codes = {row["postcode"]: normal_postcode(row["postcode"]) for row in rows if row["postcode"]}
    wanted = [code for code in codes.values() if isinstance(code, str)]
    areas = {row["code"]: row for row in await fetch(POSTCODES_SQL, wanted)}
    nations = {row["nation"] for row in areas.values()} - {None}
    highest = {nation: await fetchval(HIGHEST_SQL, nation) for nation in nations}
    found: dict[UUID | None, tuple[str, ...]] = {}
    for row in rows:
        area = areas.get(codes.get(row["postcode"]))
        ward, tenth = rules.UNKNOWN, rules.UNKNOWN
        if area is not None:
            ward, nation = area["ward"] or rules.UNKNOWN, area["nation"]
            tenth = rules.deprivation_tenth(area["deprivation_rank"], nation, highest.get(nation))
        found[row["id"]] = (row["kind"], str(row["place_id"] or rules.UNKNOWN), ward, tenth)
    return found


def _first(released: str | None, waiting: Sequence[Waiting]) -> str:
    """Return the month with which the next release begins."""
    if released is not None:
        return after(released)
    return min((each.month for each in waiting), default="9999-12")


async def _write(tenant: UUID, chosen: Release, begun: str, month: str, now: datetime) -> None:
    id, learners, repeated = new_id(), len(chosen.first) or None, len(chosen.second) or None
    await execute(RELEASE_SQL, tenant, id, begun, month, learners, repeated, len(chosen.awards), now)
    await execute(COUNT_SQL, tenant, id, list(chosen.awards))


async def _sort_out(tenant: UUID, chance: Random) -> None:
    """Make the breakdowns for which enough badges have come together."""
    for dimension, enough in ENOUGH.items():
        releases = await fetch(UNSORTED_SQL, tenant, dimension)
        badges = sum(row["badges"] for row in releases)
        if badges < enough:
            continue
        earned = await fetch(EARNED_SQL.format(dimension=dimension), tenant, [row["id"] for row in releases])
        table = rules.sort_out(((row["code"], row["learner_id"], row["badges"]) for row in earned), chance)
        id, run = new_id(), (releases[0]["from_month"], releases[-1]["to_month"])
        await execute(BREAKDOWN_SQL, tenant, id, dimension, *run, badges, table.together)
        await execute(CELLS_SQL, tenant, id, list(table.shown), list(table.shown.values()))


async def clear_figures(tenant: UUID, awards: Collection[UUID]) -> None:
    """Forget figures of awards that were made up and are gone, in the tenant's City transaction.

    What counted nothing else goes as a whole. A release that counted real ones too has been told, and stays.
    """
    gone = list(awards)
    await execute(CLEAR_RELEASES_SQL, tenant, gone)
    await execute(CLEAR_BREAKDOWNS_SQL, tenant)
    await execute(CLEAR_BOOK_SQL, tenant, gone)

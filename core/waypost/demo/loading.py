"""Fills the tenants that there are with made-up rows, fast."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

import asyncpg

from waypost.db import City, Database, copy, execute, fetch, fetchrow
from waypost.demo.activities import Activities
from waypost.demo.clearing import clear_town, in_use
from waypost.demo.earning import make_awards
from waypost.demo.ground import Organisation, make_issuers, make_places
from waypost.demo.learning import SKILLS, make_badges
from waypost.demo.town import KEEPER, Chance, Sheet, Town, source_prefix
from waypost.insight.releasing import release_here
from waypost.refusal import Refusal, Refused
from waypost.skills.store import ensure_skills, publish_concepts
from waypost.tenancy.directory import Directory, Tenant, load_directory
from waypost.tenancy.entries import Here, tenant_area

DEFAULT_SEED: Final = 1
# Two transactions keep two cores busy: one is made up in Python while PostgreSQL writes another.
AT_ONCE: Final = 4

Progress = Callable[[int], None]

SETTINGS: Final = (
    # A crash may lose the whole of a city, never half of it; it is loaded again in no time.
    "synchronous_commit = off",
    # Nothing is known yet of rows as fresh as these, and a nested loop over all of them is the worst guess.
    "enable_nestloop = off",
    "work_mem = '32MB'",
)
LAYERS_SQL: Final = "SELECT code FROM layer WHERE standard_code = $1 ORDER BY position"
STANDING_SQL: Final = """
SELECT count(*) AS opportunities, count(*) FILTER (WHERE starts_with(source_id, $3)) AS same
FROM opportunity WHERE tenant_id = $1 AND managed_by = $2
"""
ORGANISATION_SQL: Final = """
INSERT INTO organisation (id, slug, name, kind)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS made (id, slug, name, kind) ORDER BY id
ON CONFLICT DO NOTHING
"""
ADDRESS_SQL: Final = """
INSERT INTO address (id, tenant_id, object_type)
SELECT id, tenant_id, '{type}' FROM {table} WHERE tenant_id = $1 AND managed_by = $2
ON CONFLICT (id) DO NOTHING
"""
# What follows from opportunities' badges and places, for all of them at once: in the order in which the
# opportunities lie, so that neighbours are written together.
DERIVED_SQL: Final = (
    """
INSERT INTO opportunity_layer (tenant_id, opportunity_id, layer, public)
SELECT DISTINCT l.tenant_id, l.opportunity_id, b.layer, true
FROM badge b JOIN opportunity_badge l ON l.tenant_id = b.tenant_id AND l.own_badge_id = b.id
WHERE b.tenant_id = $1 AND l.tenant_id = $1 AND b.managed_by = $2 ORDER BY l.opportunity_id
""",
    """
INSERT INTO opportunity_skill (tenant_id, opportunity_id, skill_id, public)
SELECT DISTINCT l.tenant_id, l.opportunity_id, s.skill_id, true
FROM badge b JOIN badge_skill s ON s.tenant_id = b.tenant_id AND s.version_id = b.version_id
JOIN opportunity_badge l ON l.tenant_id = b.tenant_id AND l.own_badge_id = b.id
WHERE b.tenant_id = $1 AND s.tenant_id = $1 AND l.tenant_id = $1 AND b.managed_by = $2 ORDER BY l.opportunity_id
""",
    """
INSERT INTO opportunity_accessibility (tenant_id, opportunity_id, code, public)
SELECT o.tenant_id, o.id, a.code, true
FROM opportunity o JOIN place_accessibility a ON a.tenant_id = o.tenant_id AND a.place_id = o.place_id
WHERE o.tenant_id = $1 AND a.tenant_id = $1 AND o.managed_by = $2 ORDER BY o.id
""",
)
ADDRESSED: Final = {"Place": "place", "Issuer": "issuer", "Badge": "badge", "Opportunity": "opportunity"}


@dataclass(frozen=True)
class Loaded:
    """What a load did: how many opportunities are there now, in which tenants, and which had them already."""

    opportunities: int
    tenants: tuple[str, ...]
    kept: tuple[str, ...]


async def load(
    database: Database,
    scale: int,
    *,
    seed: int = DEFAULT_SEED,
    today: date | None = None,
    progress: Progress | None = None,
) -> Loaded | Refusal:
    """Spread `scale` made-up opportunities over all open cities, with places, issuers and badges to match.

    The same seed, scale, cities and day make the same rows. A city that has just these rows already keeps
    them; other made-up rows are replaced. Each city is one transaction: all of its rows or none.
    `progress` is called with the number of opportunities written since it was last called, also for cities
    that keep theirs. Refused without an open city, and when something else refers to a row to be replaced.
    """
    cities = _cities(await load_directory(database))
    if not cities:
        words = "There is no open city with an area to fill: apply tenants first."
        return Refused(code="NO_CITY", message=words)
    share, more = divmod(scale, len(cities))
    day = today or datetime.now(UTC).date()
    towns = [await _prepare(database, city, share + (index < more), seed, day) for index, city in enumerate(cities)]
    turns = asyncio.Semaphore(AT_ONCE)
    tasks = [asyncio.create_task(_fill(database, town, turns, progress or _silent)) for town in towns]
    try:
        outcomes = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    refused = next((outcome for outcome in outcomes if isinstance(outcome, Refusal)), None)
    if refused:
        return refused
    slugs = tuple(town.here.slug for town in towns)
    kept = tuple(slug for slug, outcome in zip(slugs, outcomes, strict=True) if outcome is False)
    return Loaded(scale, slugs, kept)


def _silent(written: int) -> None:
    del written


def _cities(directory: Directory) -> Sequence[Tenant]:
    return [city for city in directory.tenants if city.is_open and city.kind == "city" and city.bounds]


async def _prepare(database: Database, city: Tenant, scale: int, seed: int, today: date) -> Town:
    """Read what there is to know of a city, and write what cities share.

    Shared rows are committed at once: a load that waited for another's would wait for its end.
    """
    here = Here.of(city, managed_by=KEEPER)
    async with database.transaction(City(city.id)):
        area = await tenant_area(city.id)
        if area is None:
            raise LookupError(f"the directory has bounds for {city.slug}, but there is no area")
        layers = tuple(row["code"] for row in await fetch(LAYERS_SQL, here.standard))
        town = Town(here, area, layers, scale, seed, today)
        skills = await ensure_skills(here, SKILLS)
        await publish_concepts(here, tuple(skills.values()))
        _, organisations, _ = make_issuers(town, make_places(town)[0])
        await _write_organisations(organisations)
    return town


async def _write_organisations(organisations: Iterable[Organisation]) -> None:
    rows = [(one.id, one.slug, one.name, one.kind) for one in organisations]
    await execute(ORGANISATION_SQL, *([*column] for column in zip(*rows, strict=True)))


async def _fill(database: Database, town: Town, turns: asyncio.Semaphore, progress: Progress) -> bool | Refusal:
    """Write one city's rows; answers False when they were there."""
    async with turns:
        try:
            async with database.transaction(City(town.here.tenant_id)):
                if await _there(town):
                    progress(town.scale)
                    return False
                await clear_town(town.here)
                await _write(town, progress)
        except asyncpg.ForeignKeyViolationError as error:
            return in_use(town.here, error)
    return True


async def _there(town: Town) -> bool:
    row = await fetchrow(STANDING_SQL, town.here.tenant_id, KEEPER, source_prefix(town.seed))
    return row is not None and row["opportunities"] == row["same"] == town.scale


async def _write(town: Town, progress: Progress) -> None:
    for setting in SETTINGS:
        await execute(f"SET LOCAL {setting}")
    places, sheets = make_places(town)
    issuers, _, more = make_issuers(town, places)
    badges, most = make_badges(town, issuers)
    await _copy([*sheets, *more, *most])
    links: list[tuple[UUID, UUID]] = []
    for batch in Activities(town, places, issuers, badges).batches():
        await _copy(batch)
        links = links or [(row[1], row[2]) for row in batch[2].records]
        progress(len(batch[0].records))
    for sql in DERIVED_SQL:
        await execute(sql, town.here.tenant_id, KEEPER)
    for name, table in ADDRESSED.items():
        await execute(ADDRESS_SQL.format(type=name, table=table), town.here.tenant_id, KEEPER)
    await _copy(make_awards(town, badges, links))
    chance = Chance(town.seed, town.here.slug, "figures")
    await release_here(town.here.tenant_id, town.today, chance=chance, now=town.noon)


async def _copy(sheets: Iterable[Sheet]) -> None:
    for sheet in sheets:
        if sheet.records:
            await copy(sheet.table, sheet.columns, sheet.records)

"""`[badges.essential]` in the catalogue files: the steps of essential skills that a badge shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from pydantic import RootModel, StrictInt

from waypost.db import fetch, fetchval
from waypost.frameworks.aligning import write_alignments
from waypost.plugins import settings_of
from waypost.tenancy import CatalogueSection, Problem
from waypost_skills_builder.framework import MANIFEST, STEPS, essential_skills, item_id, misfits


class Steps(RootModel[dict[str, StrictInt]]):
    """The table `[badges.essential]`: steps by the slugs of skills of the city's framework."""


def check(value: Steps, settings: Mapping[str, Any]) -> Iterable[Problem]:
    """Find skills that the city's framework does not have, and steps outside 0 to 15."""
    return misfits(value.root, settings["framework"])


REMOVE_SQL: Final = """
WITH gone AS (
    DELETE FROM plugin_skills_builder.badge_essential
    WHERE tenant_id = $1 AND badge_id = $2 AND skill_code <> ALL ($3::text[]) RETURNING 1)
SELECT count(*) FROM gone
"""
WRITE_SQL: Final = """
WITH wanted AS (
    INSERT INTO plugin_skills_builder.badge_essential AS known
        (tenant_id, badge_id, skill_code, step, position, public)
    SELECT b.tenant_id, b.id, w.code, w.step, w.position, b.public
    FROM unnest($3::text[], $4::integer[], $5::integer[]) AS w (code, step, position)
    JOIN public.badge b ON b.tenant_id = $1 AND b.id = $2
    ON CONFLICT (tenant_id, badge_id, skill_code) DO UPDATE
        SET step = excluded.step, position = excluded.position, public = excluded.public
        WHERE (known.step, known.position, known.public)
            IS DISTINCT FROM (excluded.step, excluded.position, excluded.public)
    RETURNING 1)
SELECT count(*) FROM wanted
"""
READ_SQL: Final = """
SELECT e.badge_id, e.step, e.skill_code, e.public = b.public AND EXISTS (
    SELECT FROM public.badge_alignment a JOIN unnest($2::text[], $3::uuid[]) AS item (code, id) ON item.id = a.item_id
    WHERE a.tenant_id = $1 AND a.badge_id = e.badge_id AND a.public = b.public
      AND item.code = e.skill_code || '/' || e.step) AS fresh
FROM plugin_skills_builder.badge_essential e
JOIN public.badge b ON b.tenant_id = e.tenant_id AND b.id = e.badge_id
WHERE e.tenant_id = $1
ORDER BY e.badge_id, e.position
"""


async def write(tenant: UUID, badge: UUID, value: Steps | None) -> bool:
    """Store what a badge shows, in the tenant's City transaction; None clears it.

    The badge is aligned with the steps' items too, so that it counts wherever frameworks do. Answers whether anything
    changed.
    """
    framework = (await settings_of(MANIFEST))["framework"]
    places = {skill.code: skill.position for skill in essential_skills()}
    given = {f"{framework}/{slug}": step for slug, step in (value.root if value else {}).items()}
    steps = {code: step for code, step in given.items() if code in places}
    removed = await fetchval(REMOVE_SQL, tenant, badge, list(steps))
    facts = (list(steps), list(steps.values()), [places[code] for code in steps])
    written = await fetchval(WRITE_SQL, tenant, badge, *facts)
    items = [item_id(f"{code}/{step}") for code, step in steps.items()]
    aligned = await write_alignments(tenant, badge, items, MANIFEST.name)
    return bool(removed or written or aligned)


async def read(tenant: UUID) -> Mapping[UUID, Steps]:
    """What the tenant's badges show now, by the ids of the badges.

    A row that has grown stale, because the city moved to another framework, the badge was published since or is not
    aligned with the step, stands under its full code (`1.0/listening`), which no file can say: so `apply` writes it
    anew.
    """
    framework = (await settings_of(MANIFEST))["framework"]
    ids = {f"{skill.code}/{step}": item_id(f"{skill.code}/{step}") for skill in essential_skills() for step in STEPS}
    steps: defaultdict[UUID, dict[str, int]] = defaultdict(dict)
    for row in await fetch(READ_SQL, tenant, list(ids), list(ids.values())):
        version, _, slug = row["skill_code"].partition("/")
        fresh = row["fresh"] and version == framework
        steps[row["badge_id"]][slug if fresh else row["skill_code"]] = row["step"]
    return {badge: Steps(shown) for badge, shown in steps.items()}


SECTION: Final = CatalogueSection(kind="badges", name="essential", model=Steps, write=write, read=read, check=check)

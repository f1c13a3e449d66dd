"""`[badges.essential]` in the catalogue files: the steps of essential skills that a badge shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from pydantic import RootModel, StrictInt

from waypost.db import fetch, fetchval
from waypost.plugins import settings_of
from waypost.tenancy import CatalogueSection, Problem
from waypost_skills_builder.framework import MANIFEST, misfits


class Steps(RootModel[dict[str, StrictInt]]):
    """The table `[badges.essential]`: steps by the slugs of skills of the city's framework."""


def check(value: Steps, settings: Mapping[str, Any]) -> Iterable[Problem]:
    """Find skills that the city's framework does not have, and steps outside 0 to 15."""
    return misfits(value.root, settings["framework"])


async def write(tenant: UUID, badge: UUID, value: Steps | None) -> bool:
    """Store what a badge shows, in the tenant's City transaction; None clears it.

    Answers whether anything changed.
    """
    framework = (await settings_of(MANIFEST))["framework"]
    steps = {f"{framework}/{slug}": step for slug, step in (value.root if value else {}).items()}
    removed = await fetchval(
        """
        WITH gone AS (
            DELETE FROM plugin_skills_builder.badge_essential
            WHERE tenant_id = $1 AND badge_id = $2 AND skill_code <> ALL ($3::text[]) RETURNING 1)
        SELECT count(*) FROM gone
        """,
        tenant,
        badge,
        list(steps),
    )
    written = await fetchval(
        """
        WITH wanted AS (
            INSERT INTO plugin_skills_builder.badge_essential AS old
                (tenant_id, badge_id, skill_code, step, position, public)
            SELECT b.tenant_id, b.id, s.code, w.step, s.position, b.public
            FROM unnest($3::text[], $4::integer[]) AS w (code, step)
            JOIN plugin_skills_builder.essential_skill s ON s.code = w.code
            JOIN public.badge b ON b.tenant_id = $1 AND b.id = $2
            ON CONFLICT (tenant_id, badge_id, skill_code) DO UPDATE
                SET step = excluded.step, position = excluded.position, public = excluded.public
                WHERE (old.step, old.position, old.public)
                    IS DISTINCT FROM (excluded.step, excluded.position, excluded.public)
            RETURNING 1)
        SELECT count(*) FROM wanted
        """,
        tenant,
        badge,
        list(steps),
        list(steps.values()),
    )
    return bool(removed or written)


async def read(tenant: UUID) -> Mapping[UUID, Steps]:
    """What the tenant's badges show now, by the ids of the badges.

    A row that has grown stale, because the city moved to another framework or the badge was published
    since, stands under its full code (`1.0/listening`), which no file can say: so `apply` writes it anew.
    """
    framework = (await settings_of(MANIFEST))["framework"]
    rows = await fetch(
        """
        SELECT e.badge_id, e.step,
            CASE WHEN s.framework = $2 AND e.public = b.public THEN s.slug ELSE s.code END AS skill
        FROM plugin_skills_builder.badge_essential e
        JOIN plugin_skills_builder.essential_skill s ON s.code = e.skill_code
        JOIN public.badge b ON b.tenant_id = e.tenant_id AND b.id = e.badge_id
        WHERE e.tenant_id = $1
        ORDER BY e.badge_id, e.position
        """,
        tenant,
        framework,
    )
    steps: defaultdict[UUID, dict[str, int]] = defaultdict(dict)
    for row in rows:
        steps[row["badge_id"]][row["skill"]] = row["step"]
    return {badge: Steps(shown) for badge, shown in steps.items()}


SECTION: Final = CatalogueSection(kind="badges", name="essential", model=Steps, write=write, read=read, check=check)

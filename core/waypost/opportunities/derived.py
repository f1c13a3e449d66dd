"""What follows from an opportunity's badges and provider, and is kept because lists filter by it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

from waypost.db import execute, fetch, fetchval
from waypost.db.rows import sync, tenant_key
from waypost.opportunities import tables
from waypost.opportunities.placements import follow_day
from waypost.opportunities.rules import search_form
from waypost.tenancy.entries import Here

LAYERS_SQL: Final = """
SELECT b.layer FROM opportunity_badge l
JOIN badge b ON b.tenant_id = l.tenant_id AND b.id = l.own_badge_id
WHERE l.tenant_id = $1 AND l.opportunity_id = $2 AND b.layer IS NOT NULL
UNION
SELECT b.layer FROM opportunity_badge l
JOIN borrowed b ON b.tenant_id = l.tenant_id AND b.id = l.borrowed_id
WHERE l.tenant_id = $1 AND l.opportunity_id = $2 AND b.layer IS NOT NULL
"""
SKILLS_SQL: Final = """
SELECT DISTINCT s.id, s.name FROM opportunity_badge l
JOIN badge b ON b.tenant_id = l.tenant_id AND b.id = l.own_badge_id
JOIN badge_skill bs ON bs.tenant_id = b.tenant_id AND bs.version_id = b.version_id
JOIN skill s ON s.tenant_id = bs.tenant_id AND s.id = bs.skill_id
WHERE l.tenant_id = $1 AND l.opportunity_id = $2 ORDER BY s.name
"""
SAID_SQL: Final = """
SELECT title, summary FROM opportunity_text WHERE tenant_id = $1 AND opportunity_id = $2
ORDER BY original DESC, language
"""
PROVIDER_SQL: Final = """
SELECT i.name FROM opportunity o JOIN issuer i ON i.tenant_id = o.tenant_id AND i.id = o.provider_id
WHERE o.tenant_id = $1 AND o.id = $2
"""
SEARCH_SQL: Final = """
UPDATE opportunity SET search_words = $3 WHERE tenant_id = $1 AND id = $2 AND search_words <> $3
"""
OF_BADGES_SQL: Final = """
SELECT DISTINCT opportunity_id AS id FROM opportunity_badge
WHERE tenant_id = $1 AND badge_id = ANY($2::uuid[]) ORDER BY opportunity_id
"""
OF_PROVIDER_SQL: Final = "SELECT id FROM opportunity WHERE tenant_id = $1 AND provider_id = $2 ORDER BY id"


async def derive(here: Here, id: UUID) -> int:
    """Bring an opportunity's layers, skills, search words and first day up to date; answers how many rows changed."""
    owner = tenant_key(here.tenant_id, opportunity_id=id)
    layers = [{"layer": row["layer"], "public": True} for row in await fetch(LAYERS_SQL, here.tenant_id, id)]
    skills = await fetch(SKILLS_SQL, here.tenant_id, id)
    changed = await sync(tables.OpportunityLayer, owner, layers)
    changed += await follow_day(here.tenant_id, id)
    changed += await sync(tables.OpportunitySkill, owner, [{"skill_id": row["id"], "public": True} for row in skills])
    said = [text for row in await fetch(SAID_SQL, here.tenant_id, id) for text in row.values()]
    provider = await fetchval(PROVIDER_SQL, here.tenant_id, id)
    words = search_form(*said, provider, *(row["name"] for row in skills))
    return changed + int((await execute(SEARCH_SQL, here.tenant_id, id, words)).split()[-1])


async def follow_badges(here: Here, badges: Collection[UUID]) -> int:
    """Bring up to date what links to these badges (own or borrowed), after they changed."""
    rows = await fetch(OF_BADGES_SQL, here.tenant_id, list(badges))
    return await _derive_all(here, (row["id"] for row in rows))


async def follow_provider(here: Here, provider: UUID) -> int:
    """Bring up to date what a provider offers, after its name changed."""
    rows = await fetch(OF_PROVIDER_SQL, here.tenant_id, provider)
    return await _derive_all(here, (row["id"] for row in rows))


async def _derive_all(here: Here, ids: Iterable[UUID]) -> int:
    changed = 0
    for id in ids:
        changed += await derive(here, id)
    return changed

"""Writes a tenant's tags, and joins them to the country's concepts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

from waypost.db import execute
from waypost.skills.rules import skill_code, skill_id
from waypost.tenancy.entries import Here

# A name that is there stays as it is spelled: badges may spell it differently without a quarrel.
ENSURE_SQL: Final = """
INSERT INTO skill (tenant_id, id, code, name)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[])
ON CONFLICT (tenant_id, id) DO NOTHING
"""
PUBLISH_SQL: Final = """
UPDATE skill SET public = true WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND NOT public
"""
# Ordered, so that two cities that publish the same new skills wait for each other and do not lock up.
CONCEPT_SQL: Final = """
INSERT INTO skill_concept (id, code, name, framework)
SELECT id, code, name, framework FROM skill WHERE tenant_id = $1 AND id = ANY($2::uuid[]) ORDER BY id
ON CONFLICT (id) DO NOTHING
"""


async def ensure_skills(here: Here, names: Iterable[str]) -> dict[str, UUID]:
    """Make sure that the tenant has a tag for each name; answers their ids by the names given.

    Raises ValueError on a name without letters: rules refuse it before.
    """
    ids = {name: skill_id(name) for name in names}
    spelled = {id: name.strip() for name, id in reversed(ids.items())}
    if spelled:
        codes = [skill_code(name) for name in spelled.values()]
        await execute(ENSURE_SQL, here.tenant_id, list(spelled), codes, list(spelled.values()))
    return ids


async def publish_concepts(here: Here, ids: Collection[UUID]) -> None:
    """Show tags of the tenant to everybody, and make them concepts of the country where they are new."""
    if ids:
        await execute(PUBLISH_SQL, here.tenant_id, list(ids))
        await execute(CONCEPT_SQL, here.tenant_id, list(ids))

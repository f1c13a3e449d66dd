"""Opportunities as placements of schemes: the facts that the schemes' rules look at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from waypost.db import execute
from waypost.schemes.entries import SchemeEntry
from waypost.schemes.reading import fact_problems
from waypost.schemes.store import as_json
from waypost.tenancy.country import Folder
from waypost.tenancy.sections import Problem

Facts = Mapping[str, Any]  # numbers, codes, true or false, days, by the code of the fact

GONE_SQL: Final = """
DELETE FROM opportunity_scheme WHERE tenant_id = $1 AND opportunity_id = $2 AND local AND scheme <> ALL($3::text[])
"""
WRITE_SQL: Final = """
INSERT INTO opportunity_scheme AS old (tenant_id, opportunity_id, local, scheme, facts, starts_on, public)
SELECT o.tenant_id, o.id, $3, w.scheme, w.facts::jsonb, (o.starts_at AT TIME ZONE o.timezone)::date, o.public
FROM opportunity o, unnest($4::text[], $5::text[]) AS w (scheme, facts)
WHERE o.tenant_id = $1 AND o.id = $2
ON CONFLICT (tenant_id, opportunity_id, local, scheme) DO UPDATE
SET facts = excluded.facts, starts_on = excluded.starts_on, public = excluded.public
WHERE (old.facts, old.starts_on, old.public) IS DISTINCT FROM (excluded.facts, excluded.starts_on, excluded.public)
"""
DAY_SQL: Final = """
UPDATE opportunity_scheme s SET starts_on = (o.starts_at AT TIME ZONE o.timezone)::date
FROM opportunity o
WHERE s.tenant_id = $1 AND s.opportunity_id = $2 AND o.tenant_id = s.tenant_id AND o.id = s.opportunity_id
    AND s.starts_on IS DISTINCT FROM (o.starts_at AT TIME ZONE o.timezone)::date
"""
DROP_SQL: Final = """
DELETE FROM opportunity_scheme WHERE tenant_id = $1 AND opportunity_id = $2 AND NOT local AND scheme = $3
"""
# What a file would say: local schemes by slug.
OF_FILES_SQL: Final = """
(SELECT json_object_agg(s.scheme, s.facts) FROM opportunity_scheme s
 WHERE s.tenant_id = o.tenant_id AND s.opportunity_id = o.id AND s.local)::text AS schemes
"""


async def place_in_own(tenant: UUID, opportunity: UUID, schemes: Mapping[str, Facts]) -> int:
    """Make these the only local schemes of an opportunity, by slug, with its facts; answers how many rows changed."""
    return await _gone(tenant, opportunity, tuple(schemes)) + await _write(tenant, opportunity, schemes, local=True)


async def place_in(tenant: UUID, opportunity: UUID, scheme: str, facts: Facts | None) -> bool:
    """Make an opportunity a placement of a plugin's scheme, or (None) no longer one; answers whether that changed it.

    Runs in the tenant's City transaction; the plugin has checked the facts.
    """
    if facts is None:
        return (await execute(DROP_SQL, tenant, opportunity, scheme)) != "DELETE 0"
    return await _write(tenant, opportunity, {scheme: facts}, local=False) > 0


async def follow_day(tenant: UUID, opportunity: UUID) -> int:
    """Bring the first day up to date after the opportunity moved; answers how many rows changed."""
    return _count(await execute(DAY_SQL, tenant, opportunity))


def placement_problems(schemes: Mapping[str, Facts], folder: Folder) -> Iterator[Problem]:
    """What does not fit in `[opportunities.schemes.<slug>]`: facts that the scheme does not have, and wrong values."""
    for slug, facts in schemes.items():
        placed = folder.entries.get("schemes", {}).get(slug)
        if placed is not None and isinstance(placed.entry, SchemeEntry):
            for problem in fact_problems(placed.entry, facts):
                yield Problem(("schemes", slug, *problem.keys), problem.words)


def as_said(schemes: Mapping[str, Facts]) -> dict[str, Any]:
    """The facts as JSON knows them: days as text. Equal for a file and for the row written from it."""
    plain: dict[str, Any] = json.loads(as_json({slug: dict(facts) for slug, facts in schemes.items()}))
    return plain


async def _gone(tenant: UUID, opportunity: UUID, kept: tuple[str, ...]) -> int:
    return _count(await execute(GONE_SQL, tenant, opportunity, list(kept)))


async def _write(tenant: UUID, opportunity: UUID, schemes: Mapping[str, Facts], *, local: bool) -> int:
    texts = [as_json(dict(facts)) for facts in schemes.values()]
    return _count(await execute(WRITE_SQL, tenant, opportunity, local, list(schemes), texts))


def _count(status: str) -> int:
    return int(status.rsplit(maxsplit=1)[-1])

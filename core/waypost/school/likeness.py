"""Badges on offer anywhere in the country that read like the one in hand; drafts are never among them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from waypost.db import fetch
from waypost.school.lint import Similar
from waypost.skills.rules import skill_id

MOST: Final = 3
ALIKE: Final = 0.6  # of a name, or of a description
LONGEST: Final = 2_000  # characters of a description that are compared

# Names are compared with those of all badges on offer, descriptions with those that share a skill: under row
# security an index of trigrams cannot be used, one of skills can.
SIMILAR_SQL: Final = f"""
SELECT b.tenant_id, b.id, b.name, t.name AS city
FROM badge b JOIN tenant t ON t.id = b.tenant_id
LEFT JOIN LATERAL (
    SELECT similarity(left(x.description, {LONGEST}), left($2::text, {LONGEST})) AS alike
    FROM badge_text x
    WHERE $2::text <> '' AND x.tenant_id = b.tenant_id AND x.version_id = b.version_id AND x.original
      AND EXISTS (SELECT FROM badge_skill s WHERE s.tenant_id = b.tenant_id AND s.version_id = b.version_id
                  AND s.skill_id = ANY($3::uuid[]))
) said ON true
WHERE b.public AND b.state = 'published' AND NOT b.id = ANY($4::uuid[])
  AND (similarity(b.name, $1) >= {ALIKE} OR coalesce(said.alike, 0) >= {ALIKE})
ORDER BY greatest(similarity(b.name, $1), coalesce(said.alike, 0)) DESC, b.id LIMIT {MOST}
"""


async def similar_badges(
    name: str, description: str, skills: Iterable[str], besides: Iterable[UUID] = ()
) -> tuple[Similar, ...]:
    """Find what reads much alike, in a National transaction; `besides` are not looked at."""
    ids = [skill_id(each) for each in skills]
    rows = await fetch(SIMILAR_SQL, name, description, ids, list(besides))
    return tuple(Similar(row["tenant_id"], row["id"], row["name"], row["city"]) for row in rows)

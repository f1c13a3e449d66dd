"""Badges on offer anywhere in the country that read like the one in hand; drafts are never among them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from waypost.db import fetch
from waypost.school.lint import Similar

MOST: Final = 3
ALIKE: Final = 0.6  # of all trigrams of both texts
COMPARED: Final = 300  # characters of a description

# Under row security an index of trigrams cannot be used, since likeness is not leakproof: all badges on offer are
# looked at, descriptions only where they are about as long.
NAME_SQL: Final = f"""
SELECT b.tenant_id, b.id, b.name, t.name AS city, similarity(b.name, $1) AS alike
FROM badge b JOIN tenant t ON t.id = b.tenant_id
WHERE b.public AND b.state = 'published' AND NOT b.id = ANY($2::uuid[]) AND similarity(b.name, $1) >= {ALIKE}
ORDER BY alike DESC, b.id LIMIT {MOST}
"""
DESCRIPTION_SQL: Final = f"""
SELECT b.tenant_id, b.id, b.name, t.name AS city, x.alike
FROM badge b JOIN tenant t ON t.id = b.tenant_id
JOIN LATERAL (
    SELECT similarity(left(x.description, {COMPARED}), left($1, {COMPARED})) AS alike FROM badge_text x
    WHERE x.tenant_id = b.tenant_id AND x.version_id = b.version_id AND x.original
      AND length(x.description) BETWEEN length($1) / 2 AND length($1) * 2
) x ON x.alike >= {ALIKE}
WHERE b.public AND b.state = 'published' AND NOT b.id = ANY($2::uuid[])
ORDER BY x.alike DESC, b.id LIMIT {MOST}
"""


async def similar_badges(
    *, name: str | None = None, description: str | None = None, besides: Iterable[UUID] = ()
) -> tuple[Similar, ...]:
    """Find what reads much alike in these, in a National transaction; `besides` are not looked at."""
    found: list[Similar] = []
    for by, text, sql in (("name", name, NAME_SQL), ("description", description, DESCRIPTION_SQL)):
        rows = await fetch(sql, text, list(besides)) if text else []
        found += [Similar(row["tenant_id"], row["id"], row["name"], row["city"], by) for row in rows]
    return tuple(found)

"""Badges on offer anywhere in the country that read like the one in hand; drafts are never among them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from waypost.badges.words import BadgeWords
from waypost.db import fetch
from waypost.school.lint import Similar

MOST: Final = 3
ALIKE: Final = 0.6  # of all trigrams of both texts
COMPARED: Final = 300  # characters of a description

# Under row security an index of trigrams cannot be used, since likeness is not leakproof: all badges on offer are
# looked at, descriptions only where they are about as long.
NAME_SQL: Final = f"""
SELECT b.tenant_id, b.id, b.name, t.name AS city, similarity(b.name, $1) AS alike
FROM badge b JOIN tenant t ON t.id = b.tenant_id AND t.state = 'open'
WHERE b.public AND b.state = 'published' AND NOT b.id = ANY($2::uuid[]) AND similarity(b.name, $1) >= {ALIKE}
ORDER BY alike DESC, b.id LIMIT {MOST}
"""
DESCRIPTION_SQL: Final = f"""
SELECT b.tenant_id, b.id, b.name, t.name AS city, x.alike
FROM badge b JOIN tenant t ON t.id = b.tenant_id AND t.state = 'open'
JOIN LATERAL (
    SELECT similarity(left(x.description, {COMPARED}), left($1, {COMPARED})) AS alike FROM badge_text x
    WHERE x.tenant_id = b.tenant_id AND x.version_id = b.version_id AND x.original
      AND length(x.description) BETWEEN length($1) / 2 AND length($1) * 2
) x ON x.alike >= {ALIKE}
WHERE b.public AND b.state = 'published' AND NOT b.id = ANY($2::uuid[])
ORDER BY x.alike DESC, b.id LIMIT {MOST}
"""


# What reads as a writer may hand it in; where it lies with others, nothing is looked for.
SAID_SQL: Final = """
SELECT name, words ->> 'description' AS description FROM badge_draft
WHERE tenant_id = $1 AND badge_id = $2 AND state IN ('draft', 'changes-requested')
"""


@dataclass(frozen=True)
class Looked:
    """What was found to read like a draft, and what the draft said when it was looked for."""

    name: str
    description: str
    similar: tuple[Similar, ...]

    def fits(self, words: BadgeWords) -> bool:
        """Whether the draft still says the same."""
        return (self.name, self.description) == (words.name, words.description)


async def said_now(tenant: UUID, badge: UUID) -> dict[str, str] | None:
    """Read by what a badge's draft is compared, in a City transaction; None where nothing could be submitted."""
    rows = await fetch(SAID_SQL, tenant, badge)
    return dict(rows[0]) if rows else None


async def similar_badges(
    *, name: str | None = None, description: str | None = None, besides: Iterable[UUID] = ()
) -> tuple[Similar, ...]:
    """Find what reads much alike in these, in a National transaction; `besides` are not looked at."""
    found: list[Similar] = []
    for by, text, sql in (("name", name, NAME_SQL), ("description", description, DESCRIPTION_SQL)):
        rows = await fetch(sql, text, list(besides)) if text else []
        found += [Similar(row["tenant_id"], row["id"], row["name"], row["city"], by) for row in rows]
    return tuple(found)

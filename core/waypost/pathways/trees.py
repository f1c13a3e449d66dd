"""Reads the trees of pathways as progress needs them: rules, steps and badges, many pathways at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID

from asyncpg import Record

from waypost.pathways.progress import Earnable, Earned, Part, Progress, progress_of
from waypost.pathways.words import Rule

_COLUMNS: Final = """
p.tenant_id, p.id AS pathway_id, p.rule_kind AS whole_kind, p.rule_required AS whole_required,
s.id, s.parent_id, s.rule_kind, s.rule_required, s.optional
"""
_BADGES: Final = "ARRAY(SELECT b.{column} FROM step_badge b WHERE {where} AND b.step_id = s.id ORDER BY b.badge_id)"
# In a city every table is bound to the tenant itself; nationally only what is public counts.
HERE_SQL: Final = f"""
SELECT {_COLUMNS}, {_BADGES.format(column="badge_id", where="b.tenant_id = $1")} AS badges,
       {_BADGES.format(column="home_tenant_id", where="b.tenant_id = $1")} AS homes
FROM pathway p LEFT JOIN step s ON s.tenant_id = $1 AND s.pathway_id = p.id
WHERE p.tenant_id = $1 AND p.id = ANY($2::uuid[])
"""
_PUBLIC: Final = "b.tenant_id = s.tenant_id AND b.public"
NATIONAL_SQL: Final = f"""
SELECT {_COLUMNS}, {_BADGES.format(column="badge_id", where=_PUBLIC)} AS badges,
       {_BADGES.format(column="home_tenant_id", where=_PUBLIC)} AS homes
FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, id)
JOIN pathway p ON p.tenant_id = asked.tenant_id AND p.id = asked.id AND p.public
LEFT JOIN step s ON s.tenant_id = p.tenant_id AND s.pathway_id = p.id AND s.public
"""


class Way(NamedTuple):
    """A pathway of any tenant."""

    tenant_id: UUID
    id: UUID


@dataclass
class Tree:
    """A pathway's rule, and its steps."""

    rule: Rule
    parts: list[Part] = field(default_factory=list)

    def progress(self, earned: Earned) -> Mapping[UUID | None, Progress]:
        """Tell the progress of every step by its id, and under None that of the whole."""
        return progress_of(self.rule, self.parts, earned)


def trees_of(rows: Iterable[Record]) -> dict[Way, Tree]:
    """Put the rows of HERE_SQL or NATIONAL_SQL together."""
    found: dict[Way, Tree] = {}
    for row in rows:
        way = Way(row["tenant_id"], row["pathway_id"])
        tree = found.setdefault(way, Tree(Rule(row["whole_kind"], row["whole_required"])))
        if row["id"] is not None:
            badges = tuple(Earnable(home, badge) for home, badge in zip(row["homes"], row["badges"], strict=True))
            rule = Rule(row["rule_kind"], row["rule_required"])
            tree.parts.append(Part(row["id"], row["parent_id"], rule, row["optional"], badges))
    return found

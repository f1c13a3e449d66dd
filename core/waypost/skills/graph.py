"""Skills: a tenant's tags, each one concept for the whole country."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waypost.graph import BY_NAME, Connection, Node, asks, by, contains, equals, filtering, node, pages, query
from waypost.graph.facts import sql_name
from waypost.graph.sql import every

from . import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from piccolo.table import Table

    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Getter


@node(tables.Skill, national=tables.SkillConcept, shared=True)
class Skill(Node):
    """Something that one can be good at."""

    code: str
    name: str
    framework: str | None


@filtering
class SkillFilter:
    """Which skills to list."""

    text: str | None = contains("name", doc="Part of the name, in whatever case.")
    framework: str | None = equals("framework", doc="Of one framework only.")


def having_skills(table: type[Table], key: str, *, here: str = "id") -> Any:
    """Return a filter's condition: a side table's `key` names this row's `here`, its `skill_id` one of the codes."""

    def where(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
        side, skill = query.row(table), query.row(query.facts.table("Skill", national=query.national))
        codes = query.param(value, "text[]")
        named = every([f"{skill}.code = any({codes})", *query.inside(skill)])
        linked = every(
            [
                f"{side}.{key} = {row}.{here}",
                f"{side}.skill_id in (select {skill}.id from {sql_name(skill.table)} {skill} where {named})",
                *query.inside(side, row),
            ]
        )
        return (f"exists (select from {sql_name(table)} {side} where {linked})",)

    return asks(where, doc="Codes of skills, such as digital-literacy; at least one of them.")


@query
class SkillQuery:
    """Root fields for skills."""

    skills: Connection[Skill] = pages(filter=SkillFilter, order=BY_NAME, doc="The skills in use, by name.")
    skill: Skill | None = by("code", of_tenant=False, doc="One skill by id or code.")


TYPES = (Skill, SkillFilter, SkillQuery)

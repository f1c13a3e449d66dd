"""Essential skills as front ends see them: at the root, and on the badges that show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from waypost.graph import URL, Argument, codes, expression, extend, many, node, one, query
from waypost.graph.declare import everything
from waypost.graph.sql import literal
from waypost_skills_builder import tables
from waypost_skills_builder.framework import MANIFEST

if TYPE_CHECKING:
    from waypost.graph.query import Here, Query, Selected

STEP_PAGES = "https://www.skillsbuilder.org/universal-framework-steps/"


@node(tables.EssentialSkill)
class EssentialSkill:
    """One of the eight essential skills of the Skills Builder Universal Framework, in one of its versions."""

    code: str
    slug: str
    name: str
    framework: str
    position: int
    steps: list[int] = codes(
        tables.EssentialStep, "skill_code", "step", here="code", doc="Its steps by number, easiest first."
    )
    exact_match_of: EssentialSkill | None = one("exact_match_of", to="code", doc="The same skill in the other version.")
    is_related_to: EssentialSkill | None = one(
        "is_related_to", to="code", doc="The nearest skill in the other version, where none is the same."
    )


def _page(query: Query, here: Here, field: Selected) -> str:
    del query, field
    return f"to_json('{STEP_PAGES}' || split_part({here}.skill_code, '/', 2) || '-step-' || {here}.step)::text"


@node(tables.BadgeEssential)
class EssentialSkillStep:
    """A step of an essential skill that a badge shows."""

    skill: EssentialSkill = one("skill_code", to="code", doc="The skill that the step belongs to.")
    step: int
    url: URL = expression(_page, doc="Where the Skills Builder Partnership describes the step.")


@extend("Badge")
class BadgeEssentials:
    """What Skills Builder adds to a badge."""

    essential_skills: list[EssentialSkillStep] | None = many(
        there_key="badge_id",
        order_by=("position",),
        doc="The essential skills that the badge shows, in the order of the framework.",
    )


def _of_framework(query: Query, row: Here, field: Selected) -> Sequence[str]:
    asked = field.argument("framework")
    if query.has(asked):
        return (f"{row}.framework = {query.param(asked, 'text')}",)
    if query.national:
        return ()
    default = MANIFEST.settings["properties"]["framework"]["default"]
    own = f"s.tenant_id = {query.tenant} and s.plugin = {literal(MANIFEST.name)}"
    setting = f"select s.settings ->> 'framework' from plugin_setting s where {own}"
    return (f"{row}.framework = coalesce(({setting}), {literal(default)})",)


@query
class EssentialQuery:
    """What Skills Builder adds to the root."""

    essential_skills: list[EssentialSkill] | None = everything(
        arguments=(
            Argument("framework", str, doc="The version, 1.0 or 2.0; absent = the city's own, nationally both."),
        ),
        where=_of_framework,
        order_by=("framework", "position"),
        doc="The essential skills, in the order of the framework.",
    )

"""Essential skills as front ends see them: at the root, and on the badges that show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from waypost.graph import URL, Argument, expression, extend, many, node, one, query
from waypost.graph.declare import everything
from waypost.graph.facts import sql_name
from waypost.graph.marks import HIDDEN_JSON
from waypost.graph.query import named
from waypost.graph.relations import Relation, may_be_null
from waypost.graph.sql import every, literal, text_list
from waypost.outbox.frameworks import SAME
from waypost.skills.framework_graph import associated
from waypost.skills.framework_tables import FrameworkItem as Items
from waypost_skills_builder import tables
from waypost_skills_builder.framework import MANIFEST, STEP_PAGES, VERSIONS, framework_id

if TYPE_CHECKING:
    from waypost.graph.query import Here, Query, Selected
    from waypost.skills.framework_graph import FrameworkItem

FRAMEWORKS = ", ".join(f"{literal(str(framework_id(version)))}::uuid" for version in VERSIONS)


@dataclass(frozen=True, kw_only=True)
class Found(Relation):
    """The one item of the frameworks that fulfils conditions, which come from query, row here and row there."""

    where: Callable[[Query, Here, Here], Sequence[str]]

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        assert here is not None  # noqa: S101 - for mypy: no root field is declared with it
        kind = named(field)
        there = query.row(query.facts.table(kind.name, national=query.national))
        where = every([f"{there}.framework_id in ({FRAMEWORKS})", *self.where(query, here, there)])
        body = query.object(kind, there, field)
        absent = "'null'" if may_be_null(field) else HIDDEN_JSON
        return f"coalesce((select {body} from {sql_name(there.table)} {there} where {where}), {absent})"


def _item(*more: str) -> Callable[[Query, Here, Here], Sequence[str]]:
    """Find the item that a badge's row names: its skill, or, with more behind the skill's code, a step."""

    def where(_query: Query, here: Here, there: Here) -> Sequence[str]:
        code = " || ".join([f"{here}.skill_code", *(each.format(here) for each in more)])
        return (f"{there}.code = {code}", f"{there}.retired_at is null")

    return where


def _other(kind: str) -> Callable[[Query, Here, Here], Sequence[str]]:
    def where(query: Query, here: Here, there: Here) -> Sequence[str]:
        return (f"{there}.id in ({associated(query, here, kind)})", f"{there}.framework_id <> {here}.framework_id")

    return where


def _part(number: int) -> Callable[[Query, Here, Selected], str]:
    """Print a part of the code: 1 is the framework's version, 2 the skill."""
    return lambda _query, here, _field: f"to_json(split_part({here}.code, '/', {number}))::text"


def _steps(query: Query, here: Here, field: Selected) -> str:
    del field
    row = query.row(Items)
    items = text_list(f"split_part({row}.code, '/', 3)", f"{row}.place")
    return f"(select {items} from framework_item {row} where {row}.parent_id = {here}.id and {row}.retired_at is null)"


@node(Items)
class EssentialSkill:
    """One of the eight essential skills of the Skills Builder Universal Framework, in one of its versions."""

    code: str = expression(
        lambda _query, here, _field: f"to_json({here}.code)::text",
        doc="Qualified by its framework, such as 2.0/listening.",
    )
    slug: str = expression(_part(2), doc="The last part of its code: listening.")
    name: str = expression(
        lambda _query, here, _field: f"to_json({here}.name)::text", doc="As the framework writes it, such as Listening."
    )
    framework: str = expression(_part(1), doc="Version of the framework: 1.0 or 2.0.")
    position: int = expression(
        lambda _query, here, _field: f"{here}.place::text", doc="1 to 8, the framework's own order."
    )
    steps: list[int] = expression(_steps, doc="Its steps by number, easiest first.")
    exact_match_of: EssentialSkill | None = Found(  # type: ignore[assignment]  # as the field's own type
        where=_other(SAME), doc="The same skill in the other version."
    )
    is_related_to: EssentialSkill | None = Found(  # type: ignore[assignment]  # as the field's own type
        where=_other("isRelatedTo"), doc="The nearest skill in the other version, where none is the same."
    )
    item: FrameworkItem | None = one("id", doc="The skill as an item of its framework, with its steps below it.")


def _page(query: Query, here: Here, field: Selected) -> str:
    del query, field
    return f"to_json('{STEP_PAGES}' || split_part({here}.skill_code, '/', 2) || '-step-' || {here}.step)::text"


@node(tables.BadgeEssential)
class EssentialSkillStep:
    """A step of an essential skill that a badge shows."""

    skill: EssentialSkill = Found(  # type: ignore[assignment]  # as the field's own type
        where=_item(), doc="The skill that the step belongs to."
    )
    step: int
    item: FrameworkItem | None = Found(  # type: ignore[assignment]  # as the field's own type
        where=_item("'/'", "{0}.step"),
        doc="The step as an item: its statement is the wording, once an operator brought it.",
    )
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
    skills = (f"{row}.framework_id in ({FRAMEWORKS})", f"{row}.depth = 1", f"{row}.retired_at is null")
    asked = field.argument("framework")
    version = f"split_part({row}.code, '/', 1)"
    if query.has(asked):
        return (*skills, f"{version} = {query.param(asked, 'text')}")
    if query.national:
        return skills
    default = MANIFEST.settings["properties"]["framework"]["default"]
    own = f"s.tenant_id = {query.tenant} and s.plugin = {literal(MANIFEST.name)}"
    setting = f"select s.settings ->> 'framework' from plugin_setting s where {own}"
    return (*skills, f"{version} = coalesce(({setting}), {literal(default)})")


@query
class EssentialQuery:
    """What Skills Builder adds to the root."""

    essential_skills: list[EssentialSkill] | None = everything(
        arguments=(
            Argument("framework", str, doc="The version, 1.0 or 2.0; absent = the city's own, nationally both."),
        ),
        where=_of_framework,
        order_by=("framework_id", "place"),
        doc="The essential skills, in the order of the framework.",
    )

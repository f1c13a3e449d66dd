"""Facets: how many there are of each kind, layer and skill, by which a front end offers its filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from waypost.graph import Argument, column, part, value
from waypost.graph.facts import relation_of, sql_name
from waypost.graph.pages import LARGEST, Part, how_many
from waypost.graph.query import object_type
from waypost.graph.sql import every, literal, text_list
from waypost.opportunities import tables
from waypost.opportunities.rules import KINDS

if TYPE_CHECKING:
    from waypost.graph import Page
    from waypost.graph.query import Selected
    from waypost.graph.request import Request

USUAL_SKILLS: Final = 20


@value
class FacetCount:
    """How many there are of one kind, layer or skill, under the rest of the filter."""

    code: str = column(doc="As the filter of the same name takes it.")
    name: str = column(doc="For people, to stand on the filter.")
    count: int = column(doc="How many would be listed with it.")


def _facet(
    page: Page,
    each: Selected,
    argument: str,
    group: str,
    name: str,
    source: str = "",
    limit: str = "",
    order: str = "",
) -> str:
    """Print counts of the rows of the whole connection, grouped; the facet's own filter is left out."""
    kind = object_type(each)
    row, where = page.matching(without=argument)
    text = {"code": "to_json(f.code)::text", "name": "to_json(f.name)::text", "count": "f.count::text"}
    item = page.query.shown(kind, lambda one: text.get(one.name) or page.query.value(None, one), each)
    joined = source.format(row=row)
    counted = (
        f"select {group.format(row=row)} code, {name.format(row=row)} name, count(*) count, "
        f"{order or 'min(1)'} place from {page.from_all(row)} {joined} where {where} group by 1, 2"
    )
    ranked = f"select * from ({counted}) g order by place, count desc, code{limit}"
    return f"(select {text_list(item, 'f.place, f.count desc, f.code')} from ({ranked}) f)"


def _kind_facet(page: Page, each: Selected) -> str:
    whens = " ".join(f"when {literal(code)} then {literal(name)}" for code, name in KINDS.items())
    return _facet(page, each, "kinds", "{row}.kind", f"case {{row}}.kind {whens} else {{row}}.kind end")


def _side(page: Page, table: Any) -> tuple[str, str]:
    side = page.query.row(table)
    tied = [f"{side}.opportunity_id = {{row}}.id", *page.query.inside(side)]
    if page.query.national:
        tied.append(f"{side}.tenant_id = {{row}}.tenant_id")
    return str(side), f"join {sql_name(table)} {side} on {every(tied)}"


def _layer_facet(page: Page, each: Selected) -> str:
    side, source = _side(page, tables.OpportunityLayer)
    joined = f"{source} join layer l on l.code = {side}.layer"
    return _facet(page, each, "layers", "l.code", "l.name", joined, order="min(l.position)")


def _skill_facet(page: Page, each: Selected) -> str:
    side, source = _side(page, tables.OpportunitySkill)
    query = page.query
    skill = query.row(query.facts.table("Skill", national=query.national))
    tied = every([f"{skill}.id = {side}.skill_id", *query.inside(skill)])
    joined = f"{source} join {sql_name(skill.table)} {skill} on {tied}"

    def checked(request: Request) -> int:
        return how_many(each.argument("first")(request), usually=USUAL_SKILLS, at_most=LARGEST)

    with query.at(each):  # the filter's own refusals stand at the list
        limit = f" limit {query.param(checked, 'int')}"
    return _facet(page, each, "skills", f"{skill}.code", f"{skill}.name", joined, limit)


@value
class DiscoverFacets:
    """Counts by which a front end offers its filters."""

    kinds: list[FacetCount] = part(_kind_facet, doc="By kind of activity.")
    layers: list[FacetCount] = part(_layer_facet, doc="By layer of the badges, in the standard's order.")
    skills: list[FacetCount] = part(
        _skill_facet,
        arguments=(Argument("first", int, USUAL_SKILLS, doc="How many; at most 100."),),
        doc="The commonest skills, most frequent first.",
    )


def facets(page: Page, each: Selected) -> str:
    """Print the facets that are selected."""
    return page.query.shown(object_type(each), lambda one: _facet_of(page, one), each)


def _facet_of(page: Page, each: Selected) -> str:
    relation = relation_of(each.definition)
    if not isinstance(relation, Part):
        return page.query.value(None, each)
    return page.query.unless_refused(each, lambda: relation.within(page, each))

"""Pathways: trees of steps through badges and opportunities."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import strawberry

from waypost.badges.tables import Badge as Badges
from waypost.badges.tables import BadgeSkill, Borrowed
from waypost.graph import (
    Argument,
    GraphError,
    Key,
    Markdown,
    Node,
    Order,
    Ordering,
    PageInfo,
    asks,
    by,
    codes,
    column,
    contains,
    expression,
    extend,
    filtering,
    given,
    identity,
    in_cities,
    linked,
    many,
    node,
    one,
    pages,
    query,
    struct,
    value,
    words,
)
from waypost.graph.declare import ANY_ID, CURSOR, EDGES, ENTRY, NODES, PAGE_INFO, TOTAL_COUNT
from waypost.graph.facts import sql_name
from waypost.graph.pages import naming
from waypost.graph.query import Here, named
from waypost.graph.sql import every
from waypost.opportunities.graph import OVER
from waypost.opportunities.tables import Opportunity as Opportunities
from waypost.places.graph import NOWHERE, OriginInput, at_origin, checked_metres, chord, metres_sql, on_sphere

from . import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waypost.badges.graph import Badge
    from waypost.cities.graph import City
    from waypost.graph.query import Query, Selected
    from waypost.graph.request import Getter
    from waypost.issuers.graph import Issuer
    from waypost.opportunities.graph import Opportunity
    from waypost.places.graph import GeoPointInput


@strawberry.enum(description="How many of a step's badges and steps are needed.")
class RuleKind(Enum):
    """Kinds of rule."""

    ALL = strawberry.enum_value("all", description="Every one that is not optional.")
    ANY = strawberry.enum_value("any", description="One of them is enough.")
    AT_LEAST = strawberry.enum_value("at-least", description="As many as `required` says.")


@value
class PathwayRule:
    """What completes a step or a pathway."""

    kind: RuleKind = column("rule_kind", doc="All, any, or at least so many.")
    required: int | None = column("rule_required", doc="How many, with AT_LEAST.")


def _problem(query: Query, step: str, beside: Here) -> str:
    """Return SQL for the problem of a step: RETIRED or WITHDRAWN, null without one."""
    link, own, away = query.row(tables.StepBadge), query.row(Badges), query.row(Borrowed)
    home = [f"{own}.id = {link}.own_badge_id", *query.inside(own, link)]
    lent = [f"{away}.id = {link}.borrowed_id", *query.inside(away, link)]
    where = every([f"{link}.step_id = {step}", *query.inside(link, beside)])
    state = f"coalesce({own}.state, {away}.state)"
    return (
        f"(select case when bool_or({state} is null or {state} = 'withdrawn') then 'WITHDRAWN' "
        f"when bool_or({state} = 'retired') then 'RETIRED' end from step_badge {link} "
        f"left join badge {own} on {every(home)} left join borrowed {away} on {every(lent)} where {where})"
    )


def _step_problem(query: Query, here: Here, field: Selected) -> str:
    return f"coalesce(to_json({_problem(query, f'{here}.id', here)})::text, 'null')"


def _pathway_problems(query: Query, here: Here, field: Selected) -> str:
    step = query.row(tables.Step)
    where = every([f"{step}.pathway_id = {here}.id", *query.inside(step, here)])
    problems = f"select distinct {_problem(query, f'{step}.id', step)} problem from step {step} where {where}"
    items = "string_agg(to_json(p.problem)::text, ',' order by p.problem)"
    return f"(select concat('[', {items}, ']') from ({problems}) p where p.problem is not null)"


@node(tables.Step)
class PathwayStep:
    """One step of a pathway; steps may have steps."""

    id: strawberry.ID = identity("id", "PathwayStep", doc=ANY_ID)
    parent_id: strawberry.ID | None = identity(
        "parent_id", "PathwayStep", doc="The id of the step above; null at the top."
    )
    depth: int
    title: str = words(tables.StepText, "step_id", doc="Its words, in the language asked for.")
    rule: PathwayRule = struct(doc="What completes it.")
    optional: bool
    badges: list[Badge] = many(
        through=tables.StepBadge,
        here_key="step_id",
        there_key="badge_id",
        order_by=("through.position", "through.badge_id"),
        borrowed=True,
        doc="The badges that count here, in order; also other cities'.",
    )
    opportunities: list[Opportunity] = many(
        through=tables.StepOpportunity,
        here_key="step_id",
        there_key="opportunity_id",
        order_by=("through.position", "through.opportunity_id"),
        borrowed=True,
        doc="What one can do for it, in order; also in other cities.",
    )
    steps: list[PathwayStep] = many(there_key="parent_id", order_by=("position",), doc="Its own steps, in order.")
    problem: str | None = expression(
        _step_problem,
        doc="RETIRED where a badge is no longer offered, WITHDRAWN where its city took it back.",
    )


# The way to a pathway is the way to its nearest opportunity.


def _nearest_row(query: Query, here: str, origin: str, beside: Here) -> tuple[Here, str]:
    """Return a row of `opportunity` and SQL from "from" on that finds the one nearest to the origin."""
    link, there = query.row(tables.StepOpportunity), query.row(Opportunities)
    query.compares(OVER)
    own = every(
        [
            f"{link}.pathway_id = {here}.id",
            *query.inside(link, beside),
            f"{there}.id = {link}.own_opportunity_id",
            *query.inside(there, link),
            f"{there}.state = 'open'",
            f"{there}.over_at > now()",
            f"{there}.earth is not null",
        ]
    )
    tail = (
        f"from step_opportunity {link}, opportunity {there} where {own} order by {there}.earth <-> {origin}, {there}.id"
    )
    return there, tail


def _origin(query: Query, field: Selected) -> str:
    point, postcode = field.argument("from", "point"), field.argument("from", "postcode")
    return f"cube({query.param(at_origin(point, postcode, on_sphere), 'float8[]')})"


def _nearest(query: Query, here: Here, field: Selected) -> str:
    there, tail = _nearest_row(query, str(here), _origin(query, field), here)
    return f"coalesce((select {query.object(named(field), there, field)} {tail} limit 1), 'null')"


def _distance(query: Query, here: Here, field: Selected) -> str:
    origin = _origin(query, field)
    there, tail = _nearest_row(query, str(here), origin, here)
    return f"coalesce((select {metres_sql(f'{there}.earth <-> {origin}')} {tail} limit 1), 'null')"


FROM = (Argument("from", OriginInput, required=True, doc="Where to measure from."),)


@node(tables.Pathway)
class Pathway(Node):
    """A way through badges to a goal, across providers and cities."""

    slug: str
    name: str = words(tables.PathwayText, "pathway_id", copied="name", doc="Its words, in the language asked for.")
    description: Markdown = words(tables.PathwayText, "pathway_id", doc="Its words, in the language asked for.")
    issuer: Issuer = one(doc="Who offers it.")
    city: City = one("tenant_id", doc="The city that it belongs to.")
    rule: PathwayRule = struct(doc="What completes it.")
    steps: list[PathwayStep] = many(
        there_key="pathway_id",
        where="{there}.parent_id is null",
        order_by=("position",),
        doc="The top of the tree.",
    )
    all_steps: list[PathwayStep] = many(
        there_key="pathway_id",
        order_by=("position",),
        doc="The whole tree, depth first, each step naming its parent; at most 200 steps, depth 6.",
        size=20,
    )
    completion_badge: Badge | None = one("completion_badge_id", doc="Awarded when the rule is met.")
    outcomes: list[Opportunity] = many(
        through=tables.PathwayOutcome,
        here_key="pathway_id",
        there_key="opportunity_id",
        order_by=("through.position", "through.opportunity_id"),
        doc="Where it leads: a job, a course, a cause.",
    )
    interests: list[str] = codes(
        tables.PathwayInterest, "pathway_id", "interest", doc="Whom it may interest, such as film or digital."
    )
    nearest: Opportunity | None = expression(_nearest, arguments=FROM, doc="Its nearest opportunity.")
    distance_metres: int | None = expression(_distance, arguments=FROM, doc="Metres over ground to its nearest.")
    problems: list[str] = expression(_pathway_problems, doc="The problems of its steps, each once.")


# Lists


def _has_origin(query: Query, field: Selected) -> bool:
    return query.has(field.argument("filter", "near")) or query.has(field.argument("filter", "postcode"))


def _way(query: Query, row: Here, field: Selected) -> str:
    point, postcode = field.argument("filter", "near"), field.argument("filter", "postcode")
    origin = f"cube({query.param(at_origin(point, postcode, on_sphere), 'float8[]')})"
    there, tail = _nearest_row(query, "{0}", origin, Here("{0}", row.table))
    return f"coalesce((select {there}.earth <-> {origin} {tail} limit 1), {NOWHERE})"


def _ordering(query: Query, row: Here, field: Selected) -> Ordering:
    if not _has_origin(query, field):
        return Ordering("name", Order((Key("{0}.name", "text"), Key("{0}.id", "uuid"))))
    order = Order((Key(_way(query, row, field), "float8"), Key("{0}.id", "uuid")))
    return Ordering("nearest", order, edge={"distanceMetres": metres_sql('{0}."$k0"')})


def _within(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    if not _has_origin(query, field):
        raise GraphError("INVALID_ARGUMENT", "`withinMetres` needs `near` or `postcode` beside it.")
    straight = query.param(lambda request: chord(checked_metres(value(request))), "float8")
    return (f"{_way(query, row, field).format(row)} <= {straight}",)


def _with_skills(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    """Keep pathways one of whose own badges stands for one of the skills."""
    link, badge = query.row(tables.StepBadge), query.row(Badges)
    side, skill = query.row(BadgeSkill), query.row(query.facts.table("Skill", national=query.national))
    known = f"select {skill}.id from {sql_name(skill.table)} {skill}"
    matching = every([f"{skill}.code = any({query.param(value, 'text[]')})", *query.inside(skill)])
    where = every(
        [
            f"{link}.pathway_id = {row}.id",
            *query.inside(link, row),
            f"{badge}.id = {link}.own_badge_id",
            *query.inside(badge, link),
            f"{side}.version_id = {badge}.version_id",
            *query.inside(side, badge),
            f"{side}.skill_id in ({known} where {matching})",
        ]
    )
    return (f"exists (select from step_badge {link}, badge {badge}, badge_skill {side} where {where})",)


@filtering
class PathwayFilter:
    """Which pathways to list."""

    text: str | None = contains("name", doc="Part of the name, in whatever case.")
    skills: list[str] | None = asks(
        _with_skills, doc="Codes of skills, such as digital-literacy; at least one of them on the way."
    )
    interests: list[str] | None = linked(
        tables.PathwayInterest, "pathway_id", "interest", doc="At least one of these interests."
    )
    near: GeoPointInput | None = given("Nearest to this point first.")
    postcode: str | None = given("Nearest to this postcode first, such as BN1 1GE.")
    within_metres: int | None = asks(_within, doc="At most so many metres over ground; needs `near` or `postcode`.")
    cities: list[str] | None = in_cities()


@value
class PathwayEdge:
    """One entry, with the way to its nearest opportunity."""

    cursor: str = column(doc=CURSOR)
    node: Pathway = column(doc=ENTRY)
    distance_metres: int | None = column(doc="Metres over ground, in a nearest-first list; else null.")


@value
class PathwayConnection:
    """Pathways, read page by page."""

    edges: list[PathwayEdge] = column(doc=EDGES)
    nodes: list[Pathway] = column(doc=NODES)
    page_info: PageInfo = column(doc=PAGE_INFO)
    total_count: int = column(doc=TOTAL_COUNT)


@query
class PathwayQuery:
    """Root fields for pathways."""

    pathway: Pathway | None = by(doc="One pathway by id or slug.")
    pathways: PathwayConnection = pages(
        filter=PathwayFilter,
        order=_ordering,
        open="{0}.state = 'published'",
        doc="The pathways, by name or nearest first.",
    )


# What lower rooms gain


def _through_badge(query: Query, here: Here, there: Here) -> Sequence[str]:
    link = query.row(tables.StepBadge)
    same = [f"{link}.badge_id = {here}.id", f"{link}.pathway_id = {there}.id", *query.inside(link, there)]
    if query.national:
        same.append(f"{link}.home_tenant_id = {here}.tenant_id")
    return (f"exists (select from step_badge {link} where {every(same)})",)


def _through_opportunity(query: Query, here: Here, there: Here) -> Sequence[str]:
    link = query.row(tables.StepOpportunity)
    same = [
        f"{link}.opportunity_id = {here}.id",
        f"{link}.pathway_id = {there}.id",
        *query.inside(link, there),
    ]
    return (f"exists (select from step_opportunity {link} where {every(same)})",)


PUBLISHED = "{0}.state = 'published'"


@extend("Badge")
class BadgePathways:
    """Where a badge can take its earner."""

    pathways: PathwayConnection = pages(
        link=_through_badge, open=PUBLISHED, anywhere=True, doc="Where it can take you."
    )


@extend("Issuer")
class IssuerPathways:
    """What an issuer offers as pathways."""

    pathways: PathwayConnection = pages(link=naming("issuer_id"), open=PUBLISHED, doc="The pathways that it offers.")


@extend("Opportunity")
class OpportunityPathways:
    """The pathways that an opportunity is part of."""

    pathways: list[Pathway] = many(
        link=_through_opportunity,
        where="{there}.state = 'published'",
        order_by=("name", "id"),
        doc="The city's pathways that it is a part of.",
    )


TYPES = (
    PathwayRule,
    PathwayStep,
    Pathway,
    PathwayFilter,
    PathwayEdge,
    PathwayConnection,
    PathwayQuery,
    BadgePathways,
    IssuerPathways,
    OpportunityPathways,
)

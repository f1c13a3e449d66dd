"""`discover`: every opportunity, nearest first, with what a front end filters by."""

from __future__ import annotations

import math
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import strawberry

from waypost.discover.facets import DiscoverFacets, FacetCount, facets
from waypost.graph import (
    Argument,
    GraphError,
    Key,
    Order,
    Ordering,
    PageInfo,
    among,
    asks,
    column,
    equals,
    filtering,
    given,
    in_cities,
    linked,
    pages,
    part,
    query,
    refers,
    value,
)
from waypost.graph.declare import CURSOR, EDGES, ENTRY, NODES, PAGE_INFO, TOTAL_COUNT
from waypost.graph.filters import reference, zoned
from waypost.graph.sql import every
from waypost.opportunities import tables
from waypost.opportunities.graph import COUNTED, listed
from waypost.opportunities.rules import search_form
from waypost.pathways.tables import StepOpportunity
from waypost.places.graph import (
    BoundsInput,
    GeoPointInput,
    at_origin,
    checked_metres,
    chord,
    in_bounds,
    metres_sql,
    on_sphere,
)
from waypost.skills.graph import having_skills

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Getter, Request
    from waypost.opportunities.graph import Opportunity

OLDEST: Final = 120  # years


@strawberry.enum(description="How opportunities are ordered.")
class DiscoverOrder(Enum):
    """Orders of `discover`."""

    NEAREST = strawberry.enum_value("nearest", description="By metres over ground; needs `near` or `postcode`.")
    SOONEST = strawberry.enum_value("soonest", description="By when it first begins; what has no date comes last.")
    NEWEST = strawberry.enum_value("newest", description="What was added last comes first.")
    RELEVANCE = strawberry.enum_value("relevance", description="By how well `text` fits; needs it.")


@strawberry.enum(description="A day of the week.")
class Weekday(Enum):
    """Days, numbered as in ISO 8601."""

    MONDAY = strawberry.enum_value(1, description="Day 1 of the week in ISO 8601.")
    TUESDAY = strawberry.enum_value(2, description="Day 2 of the week in ISO 8601.")
    WEDNESDAY = strawberry.enum_value(3, description="Day 3 of the week in ISO 8601.")
    THURSDAY = strawberry.enum_value(4, description="Day 4 of the week in ISO 8601.")
    FRIDAY = strawberry.enum_value(5, description="Day 5 of the week in ISO 8601.")
    SATURDAY = strawberry.enum_value(6, description="Day 6 of the week in ISO 8601.")
    SUNDAY = strawberry.enum_value(7, description="Day 7 of the week in ISO 8601.")


# Orders


def _origin(field: Selected, then: Any) -> Getter:
    return at_origin(field.argument("filter", "near"), field.argument("filter", "postcode"), then)


def _has_origin(query: Query, field: Selected) -> bool:
    return query.has(field.argument("filter", "near")) or query.has(field.argument("filter", "postcode"))


def _nearest(query: Query, row: Here, field: Selected) -> Ordering:
    if not _has_origin(query, field):
        raise GraphError("INVALID_ARGUMENT", "NEAREST needs `near` or `postcode` in the filter.")
    origin = query.param(_origin(field, on_sphere), "float8[]")
    keys = (Key(f"{{0}}.earth <-> cube({origin})", "float8"), Key("{0}.id", "uuid"))
    return Ordering("nearest", Order(keys), ("{0}.earth is not null",), {"distanceMetres": metres_sql('{0}."$k0"')})


def _soonest(query: Query, row: Here, field: Selected) -> Ordering:
    return Ordering("soonest", Order((Key("{0}.sort_starts_at", "timestamptz"), Key("{0}.id", "uuid"))))


def _newest(query: Query, row: Here, field: Selected) -> Ordering:
    order = Order((Key("{0}.created_at", "timestamptz"), Key("{0}.id", "uuid")), descending=True)
    return Ordering("newest", order)


def _relevance(query: Query, row: Here, field: Selected) -> Ordering:
    text = field.argument("filter", "text")
    if not query.has(text):
        raise GraphError("INVALID_ARGUMENT", "RELEVANCE needs `text` in the filter.")
    query.by_values = True  # all that is found is ranked: a common word finds a thousand times as much as a rare one
    rank = f"-ts_rank({{0}}.search, {_words(query, text)})::float8"
    return Ordering("relevance", Order((Key(rank, "float8"), Key("{0}.id", "uuid"))), indexed=False)


ORDERS: Final = {
    DiscoverOrder.NEAREST: _nearest,
    DiscoverOrder.SOONEST: _soonest,
    DiscoverOrder.NEWEST: _newest,
    DiscoverOrder.RELEVANCE: _relevance,
}


def ordering(query: Query, row: Here, field: Selected) -> Ordering:
    """Return the order asked for; by default nearest with an origin, then relevance with a text, else soonest."""
    get = field.argument("orderBy")
    asked = query.decide(lambda request: None if get(request) is None else DiscoverOrder(get(request)))
    if asked is None and _has_origin(query, field):
        asked = DiscoverOrder.NEAREST
    if asked is None and query.has(field.argument("filter", "text")):
        asked = DiscoverOrder.RELEVANCE
    return ORDERS[asked or DiscoverOrder.SOONEST](query, row, field)


# Conditions


def _words(query: Query, text: Getter) -> str:
    return f"websearch_to_tsquery('simple', {query.param(lambda request: search_form(text(request)), 'text')})"


def _says(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    return (f"{row}.search @@ {_words(query, value)}",)


def _within(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    """Keep what is within so many metres; the box around them lets an index do most of the work."""
    if not _has_origin(query, field):
        raise GraphError("INVALID_ARGUMENT", "`withinMetres` needs `near` or `postcode` beside it.")
    query.decide(lambda request: checked_metres(value(request)) > 0)

    def of_request(side: int) -> Getter:
        def get(request: Request) -> Any:
            return _origin(field, lambda *point: _box(point, value(request))[side])(request)

        return get

    south, north, west, east = (query.param(of_request(side), "float8") for side in range(4))
    origin = query.param(_origin(field, on_sphere), "float8[]")
    straight = query.param(lambda request: chord(value(request)), "float8")
    return (
        f"{row}.latitude between {south} and {north}",
        f"{row}.longitude between {west} and {east}",
        f"{row}.earth <-> cube({origin}) <= {straight}",
    )


def _box(point: tuple[float, ...], metres: int) -> tuple[float, float, float, float]:
    """Return south, north, west, east of a box around a circle; the whole range where it meets a pole."""
    latitude, longitude = point
    up = math.degrees(metres / 6_371_008.8) * 1.000_001
    if abs(latitude) + up >= 90:
        return max(latitude - up, -90), min(latitude + up, 90), -180, 180
    reach = math.sin(math.radians(up)) / math.cos(math.radians(latitude))
    around = math.degrees(math.asin(min(1, reach)))
    if abs(longitude) + around >= 180:
        return latitude - up, latitude + up, -180, 180
    return latitude - up, latitude + up, longitude - around, longitude + around


def _for_age(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    def checked(request: Request) -> int:
        age = value(request)
        if not 0 <= age <= OLDEST:
            raise GraphError("INVALID_ARGUMENT", f"`age` is {age}; it may be 0 to {OLDEST} years.")
        return int(age)

    age = query.param(checked, "int")
    return (f"coalesce({row}.age_min, 0) <= {age}", f"coalesce({row}.age_max, {OLDEST}) >= {age}")


def _after(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    moment = query.param(zoned(value), "timestamptz")
    return (f"({row}.starts_at >= {moment} or ({row}.recurrence is not null and {row}.over_at > {moment}))",)


def _before(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    return (f"{row}.starts_at < {query.param(zoned(value), 'timestamptz')}",)


def _accessible(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    """Keep what offers everything asked for."""
    wanted = query.param(lambda request: sorted(set(value(request))), "text[]")
    side = query.row(tables.OpportunityAccessibility)
    where = every([f"{side}.opportunity_id = {row}.id", f"{side}.code = any({wanted})", *query.inside(side, row)])
    return (f"(select count(*) from opportunity_accessibility {side} where {where}) = cardinality({wanted})",)


def _free(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    if query.decide(value):
        return (f"{row}.free",)
    return (f"(not {row}.free or {row}.free is null and {row}.price is not null)",)


def _on_pathway(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    """Keep what the steps of a pathway name; nationally also what its city borrowed from others."""
    link = query.row(StepOpportunity)
    named = query.param(lambda request: reference(value(request), "Pathway")[1], "uuid")
    tenant = query.param(lambda request: reference(value(request), "Pathway")[0], "uuid")
    same = [f"{link}.pathway_id = {named}", f"{link}.tenant_id = {tenant}", f"{link}.opportunity_id = {row}.id"]
    if query.national:
        same.append(f"{link}.home_tenant_id = {row}.tenant_id")
    return (f"exists (select from step_opportunity {link} where {every([*same, *query.inside(link)])})",)


@filtering
class DiscoverFilter:
    """Which opportunities to list; conditions add up."""

    near: GeoPointInput | None = given("Measure from this point; nearest first.")
    postcode: str | None = given("Measure from this postcode, with or without its space: BN1 1GE; nearest first.")
    within_metres: int | None = asks(_within, doc="At most so many metres over ground; needs `near` or `postcode`.")
    bounds: BoundsInput | None = asks(in_bounds, doc="What lies in this box.")
    kinds: list[str] | None = among("kind", doc="Codes of kinds, such as WORKSHOP; at least one of them.")
    layers: list[str] | None = linked(
        tables.OpportunityLayer,
        "opportunity_id",
        "layer",
        doc="Codes of layers, such as rsa-2019/engage; at least one of them.",
    )
    skills: list[str] | None = having_skills(tables.OpportunitySkill, "opportunity_id")
    text: str | None = asks(_says, doc="Words of title, summary, provider or skills; quotes and -word work.")
    free: bool | None = asks(_free, doc="Free of charge, or not; what has a price is not.")
    age: int | None = asks(_for_age, doc="For somebody of this age in years.")
    starts_after: datetime | None = asks(_after, doc="Something of it begins at or after this moment.")
    starts_before: datetime | None = asks(_before, doc="It first begins before this moment.")
    weekdays: list[Weekday] | None = linked(
        tables.OpportunityWeekday,
        "opportunity_id",
        "weekday",
        read=lambda day: Weekday(day).value,
        cast="int[]",
        doc="On one of these days.",
    )
    online: bool | None = equals("online", "boolean", doc="Only what is online, or only what is not.")
    accessibility: list[str] | None = asks(_accessible, doc="Codes, such as step-free; all of them.")
    issuer: strawberry.ID | None = refers("Issuer", "provider_id", doc="Offered by this issuer.")
    badge: strawberry.ID | None = refers(
        "Badge",
        "badge_id",
        table=tables.OpportunityBadge,
        key="opportunity_id",
        home="home_tenant_id",
        doc="Where this badge can be earned.",
    )
    pathway: strawberry.ID | None = asks(_on_pathway, doc="What a step of this pathway names.")
    cities: list[str] | None = in_cities()


@value
class OpportunityEdge:
    """One entry, with the way to it."""

    cursor: str = column(doc=CURSOR)
    node: Opportunity = column(doc=ENTRY)
    distance_metres: int | None = column(doc="Metres over ground from the origin of a nearest-first list; else null.")


@value
class OpportunityConnection:
    """Opportunities, read page by page."""

    edges: list[OpportunityEdge] = column(doc=EDGES)
    nodes: list[Opportunity] = column(doc=NODES)
    page_info: PageInfo = column(doc=PAGE_INFO)
    total_count: int = column(doc=TOTAL_COUNT)
    facets: DiscoverFacets = part(facets, doc="Counted only when they are asked for.")


@query
class DiscoverQuery:
    """The search."""

    discover: OpportunityConnection = pages(
        filter=DiscoverFilter,
        requires_filter=True,
        extra=(Argument("order_by", DiscoverOrder, doc="Absent: nearest with an origin, else soonest."),),
        order=ordering,
        open=listed,
        counted=COUNTED,
        apart=("kinds", "layers", "skills"),
        doc="What there is to do. With an origin the nearest comes first, and what has no place is left out.",
    )


TYPES = (FacetCount, DiscoverFacets, OpportunityEdge, OpportunityConnection, DiscoverFilter, DiscoverQuery)

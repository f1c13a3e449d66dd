"""Opportunities: what one can do, where and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from waypost.graph import (
    URL,
    Argument,
    Clock,
    GraphError,
    Key,
    Node,
    Order,
    by,
    coded,
    codes,
    column,
    computed,
    expression,
    extend,
    many,
    node,
    one,
    pages,
    query,
    struct,
    value,
    words,
)
from waypost.graph.pages import how_many, naming
from waypost.graph.sql import every
from waypost.issuers.costs import KNOWN_COST
from waypost.places.graph import OriginInput, at_origin, metres_sql, on_sphere

from . import tables
from .rules import KINDS, Timing, occurrences

if TYPE_CHECKING:
    from waypost.badges.graph import Badge
    from waypost.cities.graph import City
    from waypost.discover.graph import OpportunityConnection
    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Request
    from waypost.issuers.costs import OpportunityCost
    from waypost.issuers.graph import Issuer
    from waypost.places.graph import GeoPoint, Place
    from waypost.standards.graph import Layer

MOST_OCCURRENCES: Final = 100
USUAL_OCCURRENCES: Final = 10
_NEXT_OVER: Final = (
    "select extract(epoch from min(o.over_at) - now())::float8 from opportunity o "
    "where {0}o.public and o.state = 'open' and o.over_at > now()"
)
OVER: Final = Clock("opportunity.over_at", _NEXT_OVER.format("o.tenant_id = $1 and "), _NEXT_OVER.format(""))
COUNTED: Final = ("kind",)  # what facets count by
BY_TITLE: Final = Order((Key("{0}.title", "text"), Key("{0}.id", "uuid")))


def listed(query: Query, row: Here, field: Selected) -> str:
    """Keep what lists show: open, published and not over. The first two are the indexes' own predicate."""
    query.compares(OVER)
    return f"{row}.state = 'open' and {row}.over_at > now()"


@value
class OpportunityKind:
    """A kind of activity; plugins may add kinds, so it is a code and not an enum."""

    code: str = column(doc="Safe to switch on, such as WORKSHOP.")
    name: str = column(doc="For people, such as Workshop.")


@value
class AgeRange:
    """For whom it is, in years, both ends included."""

    min: int | None = column("age_min", doc="The youngest, in years; null: no lower end.")
    max: int | None = column("age_max", doc="The oldest, in years; null: no upper end.")


@value
class Occurrence:
    """One time that it happens."""

    starts_at: datetime = column(doc="When it begins, with the offset of its own zone on that day.")
    ends_at: datetime | None = column(doc="When it ends; null where nobody said.")


async def _occurrences(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    first = how_many(field.argument("first")(request), usually=USUAL_OCCURRENCES, at_most=MOST_OCCURRENCES)
    asked = field.argument("after")(request)
    after = asked or request.now
    if after.tzinfo is None:
        raise GraphError("INVALID_ARGUMENT", "`after` names no time zone; write RFC 3339.")
    found = [occurrences(_timing(parent), after, first) for parent in parents]
    for times in found:
        if asked is None and times:
            request.ends(times[0].starts_at)
    return [[{"startsAt": each.starts_at, "endsAt": each.ends_at} for each in times] for times in found]


def _timing(parent: Mapping[str, Any]) -> Timing:
    starts, ends = (
        None if parent[name] is None else datetime.fromisoformat(parent[name]) for name in ("starts_at", "ends_at")
    )
    return Timing(starts, ends, parent["recurrence"], parent["timezone"])


def _distance(query: Query, here: Here, field: Selected) -> str:
    """Print the way from the argument `from`; null without origin or place."""
    point, postcode = field.argument("from", "point"), field.argument("from", "postcode")
    if not query.has(point) and not query.has(postcode):
        return "'null'"
    origin = query.param(at_origin(point, postcode, on_sphere), "float8[]")
    straight = f"{here}.earth <-> cube({origin})"
    return f"case when {here}.earth is null then 'null' else {metres_sql(straight)} end"


@node(tables.Opportunity)
class Opportunity(Node):
    """Something to take part in: an event, a course, a job, a page to learn from."""

    slug: str
    title: str = words(
        tables.OpportunityText, "opportunity_id", copied="title", doc="Its words, in the language asked for."
    )
    summary: str = words(tables.OpportunityText, "opportunity_id", doc="Its words, in the language asked for.")
    kind: OpportunityKind = coded("kind", KINDS, doc="What kind of activity it is.")
    provider: Issuer = one(doc="Who offers it: a badge issuer, or an employer or club that issues nothing.")
    place: Place | None = one(doc="Where it happens, if it has a place.")
    location: GeoPoint | None = struct("latitude", doc="Where it is; null for what happens online only.")
    outside_area: bool
    distance_metres: int | None = expression(
        _distance,
        arguments=(Argument("from", OriginInput, doc="Where to measure from; absent: null is answered."),),
        doc="Metres over ground from the given origin; null without one. The nearest-first distance is on the edge.",
    )
    online: bool
    starts_at: datetime | None
    ends_at: datetime | None
    recurrence: str | None
    timezone: str
    occurrences: list[Occurrence] = computed(
        _occurrences,
        kept=True,
        columns=("starts_at", "ends_at", "recurrence", "timezone"),
        arguments=(
            Argument("first", int, USUAL_OCCURRENCES, doc=f"How many; at most {MOST_OCCURRENCES}."),
            Argument("after", datetime, doc="Only those that start after this moment; absent: now."),
        ),
        doc="The next times that it happens, in its own time zone's clock.",
    )
    apply_by: datetime | None
    capacity: int | None
    cost: OpportunityCost | None = struct(KNOWN_COST, doc="What it costs; null where nobody said.")
    ages: AgeRange | None = struct(
        "({0}.age_min is not null or {0}.age_max is not null)", doc="For whom it is; null for everybody."
    )
    accessibility: list[str] = codes(
        tables.OpportunityAccessibility,
        "opportunity_id",
        "code",
        doc="Codes of what makes it easy to join, such as step-free or bsl.",
    )
    contact_url: URL | None
    url: URL | None
    layers: list[Layer] = many(
        through=tables.OpportunityLayer,
        here_key="opportunity_id",
        there_key="layer",
        there="code",
        order_by=("standard_code", "position"),
        doc="The layers of its badges.",
    )
    badges: list[Badge] = many(
        through=tables.OpportunityBadge,
        here_key="opportunity_id",
        there_key="badge_id",
        order_by=("through.position", "through.badge_id"),
        borrowed=True,
        doc="What one can earn there; also other cities' badges.",
    )
    city: City = one("tenant_id", doc="The city that lists it.")
    source: str | None
    licence: str | None
    attribution: str | None


async def _all_kinds(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    del field, request
    return [[{"code": code, "name": name} for code, name in KINDS.items()] for _ in parents]


@query
class OpportunityQuery:
    """Root fields for opportunities; `discover` lists them."""

    opportunity: Opportunity | None = by(doc="One opportunity by id or slug; closed ones too.")
    kinds: list[OpportunityKind] = computed(_all_kinds, kept=True, doc="The kinds of activity that there are.")


def _earning(query: Query, here: Here, there: Here) -> Sequence[str]:
    """Keep what leads to the badge; nationally also in the cities that borrowed it."""
    side = query.row(tables.OpportunityBadge)
    same = [f"{side}.badge_id = {here}.id", f"{side}.opportunity_id = {there}.id", *query.inside(side, there)]
    if query.national:
        same.append(f"{side}.home_tenant_id = {here}.tenant_id")
    return (f"exists (select from opportunity_badge {side} where {every(same)})",)


LISTED: Final[Mapping[str, Any]] = {"open": listed, "order": BY_TITLE, "counted": COUNTED}


@extend("Issuer")
class IssuerOpportunities:
    """What an issuer offers."""

    opportunities: OpportunityConnection = pages(
        link=naming("provider_id"), open=listed, counted=COUNTED, order=BY_TITLE, doc="What it offers now."
    )


@extend("Place")
class PlaceOpportunities:
    """What happens at a place."""

    opportunities: OpportunityConnection = pages(
        link=naming("place_id"), open=listed, counted=COUNTED, order=BY_TITLE, doc="What happens there."
    )


@extend("Badge")
class BadgeOpportunities:
    """Where a badge can be earned."""

    opportunities: OpportunityConnection = pages(**LISTED, link=_earning, anywhere=True, doc="Where it can be earned.")


TYPES = (
    OpportunityKind,
    AgeRange,
    Occurrence,
    Opportunity,
    OpportunityQuery,
    IssuerOpportunities,
    PlaceOpportunities,
    BadgeOpportunities,
)

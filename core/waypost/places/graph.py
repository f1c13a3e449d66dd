"""Places, and the points and boxes by which things are found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import strawberry

from waypost.graph import (
    Connection,
    GraphError,
    Lookup,
    Node,
    asks,
    by,
    codes,
    column,
    contains,
    filtering,
    in_cities,
    node,
    one,
    pages,
    query,
    struct,
    value,
    words,
)
from waypost.graph.inputs import needed

from . import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from waypost.cities.graph import City
    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Getter, Request

EARTH = 6_371_008.8  # metres: the mean radius of WGS 84, as in the column `earth`
FARTHEST = 20_037_508  # metres: half way round the earth
NOWHERE = 1e9  # metres: farther than anything on earth; where something without a place is sorted
LATITUDE = "Degrees north of the equator, -90 to 90."
LONGITUDE = "Degrees east of Greenwich, -180 to 180."
POSTCODE = "A UK postcode, with or without its space: BN1 1GE."


@value
class GeoPoint:
    """A point in WGS 84 degrees."""

    latitude: float = column(doc=LATITUDE)
    longitude: float = column(doc=LONGITUDE)


@strawberry.input(description="A point in WGS 84 degrees: latitude -90 to 90, longitude -180 to 180.")
class GeoPointInput:
    """A point."""

    latitude: float = needed(LATITUDE)
    longitude: float = needed(LONGITUDE)


@strawberry.input(description="A box in WGS 84 degrees; `west` is east of `east` where it crosses the antimeridian.")
class BoundsInput:
    """A box."""

    south: float = needed("Latitude of its lower edge, -90 to 90.")
    west: float = needed("Longitude of its left edge, -180 to 180.")
    north: float = needed("Latitude of its upper edge, -90 to 90.")
    east: float = needed("Longitude of its right edge, -180 to 180.")


@strawberry.input(one_of=True, description="Where to measure from: exactly one.")
class OriginInput:
    """A point or a postcode."""

    point: strawberry.Maybe[GeoPointInput] = strawberry.field(description="Where somebody stands.")
    postcode: strawberry.Maybe[str] = strawberry.field(description=POSTCODE)


# Points as values of statements


def checked_point(point: dict[str, float]) -> tuple[float, float]:
    """Return latitude and longitude in degrees; raise `GraphError` INVALID_ARGUMENT off the globe."""
    latitude, longitude = point["latitude"], point["longitude"]
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise GraphError(
            "INVALID_ARGUMENT",
            f"latitude {latitude}, longitude {longitude} is no point on earth: latitudes end at 90 degrees, "
            "longitudes at 180.",
        )
    return latitude, longitude


def checked_metres(metres: int) -> int:
    """Return a way over ground; raise `GraphError` INVALID_ARGUMENT for one that is none."""
    if not 0 < metres <= FARTHEST:
        raise GraphError("INVALID_ARGUMENT", f"`withinMetres` is {metres}; it may be 1 to {FARTHEST}.")
    return metres


def at_origin(point: Getter, postcode: Getter, then: Callable[[float, float], Any]) -> Getter:
    """Return a getter of what `then` makes of the origin's latitude and longitude.

    A postcode is looked up first, by the lookup "postcode".
    """

    def get(request: Request) -> Any:
        given, code = point(request), postcode(request)
        if given is not None and code is not None:
            raise GraphError("INVALID_ARGUMENT", "Give a point or a postcode, not both.")
        if given is not None:
            return then(*checked_point(given))
        return Lookup("postcode", code, lambda found: then(*found))

    return get


def on_sphere(latitude: float, longitude: float) -> list[float]:
    """Return the point of the column `earth`: three coordinates in metres."""
    upward, around = math.radians(latitude), math.radians(longitude)
    return [
        EARTH * math.cos(upward) * math.cos(around),
        EARTH * math.cos(upward) * math.sin(around),
        EARTH * math.sin(upward),
    ]


def chord(metres: float) -> float:
    """Return the straight line through the earth, in metres, for a way over ground."""
    return 2 * EARTH * math.sin(min(metres / (2 * EARTH), math.pi / 2))


def metres_sql(straight: str) -> str:
    """Return SQL for the way over ground, in whole metres, of a straight line; null from `NOWHERE` on."""
    way = f"round({2 * EARTH} * asin(least(1, ({straight}) / {2 * EARTH})))::int::text"
    return f"case when ({straight}) < {NOWHERE / 10} then {way} else 'null' end"


def sphere_sql(latitude: str, longitude: str) -> str:
    """Return SQL for the sphere's point of two columns in degrees."""
    return (
        f"cube(array[{EARTH} * cos(radians({latitude})) * cos(radians({longitude})), "
        f"{EARTH} * cos(radians({latitude})) * sin(radians({longitude})), {EARTH} * sin(radians({latitude}))])"
    )


def in_bounds(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    """Keep what lies in a box."""
    side = {name: query.param(_side(value, name), "float8") for name in ("south", "west", "north", "east")}
    crosses = query.decide(lambda request: value(request)["west"] > value(request)["east"])
    between = f"{row}.latitude between {side['south']} and {side['north']}"
    if crosses:
        return (between, f"({row}.longitude >= {side['west']} or {row}.longitude <= {side['east']})")
    return (between, f"{row}.longitude between {side['west']} and {side['east']}")


def _side(value: Getter, name: str) -> Getter:
    def get(request: Request) -> float:
        box = value(request)
        checked_point({"latitude": box["south"], "longitude": box["west"]})
        checked_point({"latitude": box["north"], "longitude": box["east"]})
        return float(box[name])

    return get


# Places


@node(tables.Place)
class Place(Node):
    """Somewhere that things happen."""

    slug: str
    name: str = words(tables.PlaceText, "place_id", copied="name", doc="Its words, in the language asked for.")
    kind: str
    address: str | None
    postcode: str | None
    location: GeoPoint = struct(doc="Where it is.")
    inside_area: bool
    accessibility: list[str] = codes(
        tables.PlaceAccessibility,
        "place_id",
        "code",
        doc="Codes of what makes it easy to use, such as step-free or hearing-loop.",
    )
    source: str | None
    licence: str | None
    attribution: str | None
    city: City = one("tenant_id", doc="The city that lists it.")


@filtering
class PlaceFilter:
    """Which places to list."""

    text: str | None = contains("name", doc="Part of the name, in whatever case.")
    bounds: BoundsInput | None = asks(in_bounds, doc="What lies in this box.")
    cities: list[str] | None = in_cities()


@query
class PlaceQuery:
    """Root fields for places."""

    place: Place | None = by(doc="One place by id or slug.")
    places: Connection[Place] = pages(filter=PlaceFilter, open="{0}.state = 'open'", doc="The open places, by name.")


TYPES = (GeoPoint, GeoPointInput, BoundsInput, OriginInput, Place, PlaceFilter, PlaceQuery)

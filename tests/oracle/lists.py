"""Lists that are read page by page, by the naive executor: all rows, put in order, and cut."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.oracle.calls import Asked, Call, Refused, Table, attempt
from tests.oracle.rows import Row, Thing, View
from waypost.graph.ids import parse_id
from waypost.places.rules import normal_postcode
from waypost.refusal import Refusal

EARTH = 6_371_008.8  # metres
HALF_WAY_ROUND = 20_037_508  # metres
NOWHERE = 1e9  # metres: what has no place comes after everything that has one
CONNECTIONS = (
    *("AuditEntry", "Award", "Badge", "BadgeDraft", "BadgeRequest", "City", "ClaimCode", "Collection", "Delivery"),
    *("Framework", "FrameworkItem", "FrameworkAssociation"),
    *(f"Issuing{each}" for each in ("Account", "Consent", "Drift", "Grant", "Link", "Record")),
    *("Endorsement", "Feed", "Invitation", "Issuer", "Member", "Opportunity", "Pathway", "Place", "Review", "Skill"),
    "Webhook",
)
Keys = Callable[[Thing], tuple[Any, ...]]


@dataclass(frozen=True)
class Listing:
    """All entries of a list in order with their keys, the page of it, and the way to each entry in metres."""

    call: Call
    entries: Sequence[tuple[tuple[Any, ...], Thing]]
    page: Sequence[tuple[tuple[Any, ...], Thing]]
    more: bool
    identity: Any
    way: Callable[[tuple[Any, ...]], int | None]

    def cursor(self, key: tuple[Any, ...]) -> str:
        return self.call.asked.cursors.give(self.identity, key)


@dataclass(frozen=True)
class Entry:
    """One entry of a page."""

    listing: Listing
    key: tuple[Any, ...]
    thing: Thing


def identity(field: tuple[str, str], order: str, args: Mapping[str, Any], view: View) -> Any:
    """Return what makes a list this list, whatever row it hangs on: cursors of one fit no other."""
    rest = sorted((name, repr(value)) for name, value in args.items() if name not in {"first", "after"})
    return (*field, order, tuple(rest), None if view.national else "city", view.tenant)


def listing(
    call: Call,
    things: Sequence[Thing],
    keys: Keys,
    order: str = "default",
    *,
    descending: bool = False,
    way: Callable[[tuple[Any, ...]], int | None] = lambda _key: None,
) -> Listing:
    """Order the things by their keys and cut the page that the arguments ask for."""
    entries = sorted(((keys(each), each) for each in things), key=lambda entry: entry[0], reverse=descending)
    known = identity(call.field, order, call.args, call.asked.view)
    rest = entries
    if "after" in call.args:
        _, bound = call.asked.cursors.meanings[call.args["after"]]
        rest = [each for each in entries if (each[0] < bound if descending else each[0] > bound)]
    first = call.args.get("first", 20)
    return Listing(call, entries, rest[:first], len(rest) > first, known, way)


def by_name(thing: Thing) -> tuple[Any, ...]:
    """Order by name."""
    return thing["name"], thing["id"].bytes


def by_title(thing: Thing) -> tuple[Any, ...]:
    """Order by title."""
    return thing["title"], thing["id"].bytes


def check_page(args: Mapping[str, Any], asked: Asked, field: tuple[str, str], order: str = "default") -> None:
    """Refuse a page that is too long, and a cursor of another list."""
    attempt(
        lambda: _check_first(args.get("first", 20)),
        lambda: _check_after(args, asked, identity(field, order, args, asked.view)),
    )


def _check_first(first: int) -> None:
    if not 0 <= first <= 100:
        raise Refused("LIMIT_EXCEEDED" if first > 100 else "INVALID_ARGUMENT")


def _check_after(args: Mapping[str, Any], asked: Asked, known: Any) -> None:
    if "after" in args:
        meaning = asked.cursors.meanings.get(args["after"])
        if meaning is None or meaning[0] != known:
            raise Refused("INVALID_CURSOR")


# Ways over ground


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The way between two points, by the haversine formula."""
    (south, west), (north, east) = [(math.radians(each[0]), math.radians(each[1])) for each in (one, other)]
    half = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * math.sin((east - west) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(min(1.0, half)))


def point_of(row: Row | Thing) -> tuple[float, float] | None:
    """Return where a row is, if anywhere."""
    return None if row["latitude"] is None else (row["latitude"], row["longitude"])


def rounded(way: float | None) -> int | None:
    """Return whole metres; nothing for what is nowhere."""
    return None if way is None or way >= NOWHERE else round(way)


def check_point(latitude: float, longitude: float) -> tuple[float, float]:
    """Refuse a point off the globe."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Refused("INVALID_ARGUMENT")
    return latitude, longitude


def check_box(box: Mapping[str, float] | None) -> None:
    """Refuse a box off the globe."""
    if box is not None:
        check_point(box["south"], box["west"])
        check_point(box["north"], box["east"])


def in_box(row: Row | Thing, box: Mapping[str, float] | None) -> bool:
    """Say whether a row lies in a box, which may cross the line where the day changes."""
    if box is None:
        return True
    if row["latitude"] is None or not box["south"] <= row["latitude"] <= box["north"]:
        return False
    if box["west"] <= box["east"]:
        return bool(box["west"] <= row["longitude"] <= box["east"])
    return bool(row["longitude"] >= box["west"] or row["longitude"] <= box["east"])


def origin(asked: Asked, point: Mapping[str, float] | None, postcode: str | None) -> tuple[float, float] | None:
    """Return where to measure from; refuse what is no such place, or two of them."""
    if point is not None and postcode is not None:
        raise Refused("INVALID_ARGUMENT")
    if point is not None:
        return check_point(point["latitude"], point["longitude"])
    if postcode is None:
        return None
    normal = normal_postcode(postcode)
    if isinstance(normal, Refusal):
        raise Refused("INVALID_POSTCODE")
    if normal not in asked.postcodes:
        raise Refused("UNKNOWN_POSTCODE")
    return asked.postcodes[normal]


def check_metres(way: int | None) -> None:
    """Refuse a radius that is none."""
    if way is not None and not 0 < way <= HALF_WAY_ROUND:
        raise Refused("INVALID_ARGUMENT")


def check_text(*values: Any) -> None:
    """Refuse text that nothing can keep: a null byte, half a character."""
    for value in values:
        if isinstance(value, list):
            check_text(*value)
        elif isinstance(value, str) and ("\x00" in value or any("\ud800" <= each <= "\udfff" for each in value)):
            raise Refused("INVALID_ARGUMENT")


def check_moment(moment: datetime | None) -> None:
    """Refuse a moment without a zone, or beyond the calendar."""
    if moment is not None:
        try:
            if moment.tzinfo is None or moment.utctimetuple() is None:
                raise Refused("INVALID_ARGUMENT")
        except OverflowError as error:
            raise Refused("INVALID_ARGUMENT") from error


# What filters share


def named(text: str | None, thing: Thing) -> bool:
    """Say whether the name contains a text, in whatever case."""
    return text is None or text.lower() in thing["name"].lower()


def check_cities(asked: Asked, filter: Mapping[str, Any]) -> None:
    """Cities are chosen on the national graph only."""
    if filter.get("cities") is not None and not asked.view.national:
        raise Refused("INVALID_ARGUMENT")


def in_cities(view: View, slugs: Sequence[str] | None, tenant: UUID) -> bool:
    """Say whether a tenant is one of the named, or a member of one of them."""
    if slugs is None:
        return True
    groups = [each["group_id"] for each in view.rows.where("tenant_group", "tenant_id", tenant)]
    return any(view.rows.where("tenant", "id", each)[0]["slug"] in slugs for each in [tenant, *groups])


def reference(text: str, kind: str) -> tuple[UUID | None, UUID | None]:
    """Return tenant and row of an id of that kind."""
    found = parse_id(text)
    return (found.tenant, found.row) if found is not None and found.type == kind else (None, None)


def skill_codes(view: View, links: Sequence[Row]) -> set[str]:
    """Return the codes of the skills that side rows name, as far as this view shows them."""
    table = "skill_concept" if view.national else "skill"
    found = [view.one(table, "id", each["skill_id"]) for each in links]
    return {each["code"] for each in found if each is not None}


# The fields of connections


def _table() -> Table:
    table: Table = {}
    for kind in CONNECTIONS:
        whole, edge = f"{kind}Connection", f"{kind}Edge"
        table[whole, "nodes"] = lambda call: [thing for _, thing in call.source.page]
        table[whole, "edges"] = lambda call: [Entry(call.source, key, thing) for key, thing in call.source.page]
        table[whole, "totalCount"] = lambda call: len(call.source.entries)
        table[whole, "pageInfo"] = lambda call: call.source
        table[edge, "node"] = lambda call: call.source.thing
        table[edge, "cursor"] = lambda call: call.source.listing.cursor(call.source.key)
    for edge in ("OpportunityEdge", "PathwayEdge"):
        table[edge, "distanceMetres"] = lambda call: call.source.listing.way(call.source.key)
    table["PageInfo", "hasNextPage"] = lambda call: call.source.more
    table["PageInfo", "hasPreviousPage"] = lambda call: "after" in call.source.call.args
    table["PageInfo", "startCursor"] = lambda call: _end(call.source, 0)
    table["PageInfo", "endCursor"] = lambda call: _end(call.source, -1)
    return table


def _end(found: Listing, index: int) -> str | None:
    return found.cursor(found.page[index][0]) if found.page else None


LISTS = _table()

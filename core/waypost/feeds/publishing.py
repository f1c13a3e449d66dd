"""Our own feed: open opportunities in the form of Open Referral UK 3.0. Pure, but for the statements' text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from waypost.opportunities.rules import KINDS
from waypost.places.rules import ACCESSIBILITY
from waypost.places.rules import KINDS as PLACE_KINDS

VERSION: Final = "HSDS-UK-3.0"
PROFILE: Final = "https://docs.openreferraluk.org/en/latest/"
OPENAPI: Final = "https://raw.githubusercontent.com/OpenReferralUK/uk-profile/main/schema/openapi.json"
KIND: Final = "waypost-kind"
ACCESS: Final = "waypost-accessibility"
PLACE_KIND: Final = "waypost-place-kind"
TAXONOMIES: Final = {
    KIND: ("Kinds of activity", "What an opportunity is."),
    ACCESS: ("Accessibility", "What makes it easy to join, or a place easy to use."),
    PLACE_KIND: ("Kinds of place", "What a place is."),
}
# A day without an end is told by its opening time alone; what lasts longer needs a word of our own.
DAY: Final = timedelta(days=1)

# One statement a page, which looks up what is beside those of the page alone, not of all before it.
# `over_at` as lists have it: what is over is not offered.
_LISTED: Final = """
o.tenant_id = $1 AND o.public AND o.state = 'open' AND o.over_at > now()
AND ($4::text IS NULL OR o.search @@ plainto_tsquery('simple', $4))
AND ($5::text IS NULL OR o.kind = $5)
AND ($6::int IS NULL OR coalesce(o.age_max, 200) >= $6) AND ($7::int IS NULL OR coalesce(o.age_min, 0) <= $7)
"""
_SHOWN: Final = """
SELECT o.id, o.title, o.kind, o.latitude, o.longitude, o.online, o.starts_at, o.ends_at, o.recurrence, o.timezone,
       o.apply_by, o.capacity, o.free, o.price::text AS price, o.currency, o.cost_note, o.age_min, o.age_max,
       o.url, o.contact_url, o.licence, o.attribution, o.state, o.updated_at,
       (SELECT x.summary FROM opportunity_text x
        WHERE x.tenant_id = o.tenant_id AND x.opportunity_id = o.id AND x.original AND x.public) AS summary,
       ARRAY(SELECT a.code FROM opportunity_accessibility a
             WHERE a.tenant_id = o.tenant_id AND a.opportunity_id = o.id AND a.public ORDER BY a.code) AS accessibility,
       (SELECT row_to_json(i) FROM (
            SELECT i.id, i.name, i.url, (SELECT x.description FROM issuer_text x WHERE x.tenant_id = i.tenant_id
                AND x.issuer_id = i.id AND x.original AND x.public) AS description
            FROM issuer i WHERE i.tenant_id = o.tenant_id AND i.id = o.provider_id AND i.public) AS i) AS provider,
       (SELECT row_to_json(p) FROM (
            SELECT p.id, p.name, p.kind, p.address, p.postcode, p.latitude, p.longitude,
                   ARRAY(SELECT a.code FROM place_accessibility a WHERE a.tenant_id = p.tenant_id
                         AND a.place_id = p.id AND a.public ORDER BY a.code) AS accessibility
            FROM place p WHERE p.tenant_id = o.tenant_id AND p.id = o.place_id AND p.public) AS p) AS place
"""
PAGE_SQL: Final = f"""
SELECT (SELECT count(*) FROM opportunity o WHERE {_LISTED}{{more}}) AS total,
       coalesce((SELECT json_agg(row_to_json(s) ORDER BY s.id) FROM (
           {_SHOWN} FROM opportunity o WHERE o.tenant_id = $1 AND o.id IN (
               SELECT o.id FROM opportunity o WHERE {_LISTED}{{more}} ORDER BY o.id LIMIT $2 OFFSET $3)
       ) AS s), '[]')::text AS rows
"""
SERVICES_SQL: Final = PAGE_SQL.format(more="")
SOMEWHERE_SQL: Final = PAGE_SQL.format(more=" AND o.latitude IS NOT NULL")
# What was offered once keeps its words, as it does elsewhere.
SERVICE_SQL: Final = f"""
SELECT row_to_json(s)::text AS row FROM ({_SHOWN} FROM opportunity o
WHERE o.tenant_id = $1 AND o.id = $2 AND o.public) AS s
"""


@dataclass(frozen=True)
class Publisher:
    """Who publishes the feed: the city's name, and under what licence."""

    name: str
    licence: str | None


def start() -> dict[str, str]:
    """What stands at the feed's own address."""
    return {"version": VERSION, "profile": PROFILE, "openapi_url": OPENAPI}


def page(contents: Sequence[Any], total: int, number: int, size: int, licence: str | None = None) -> dict[str, Any]:
    """A page in the standard's form; `license` is an addition of ours."""
    pages = max(-(-total // size), 1)
    return {
        "total_items": total,
        "total_pages": pages,
        "page_number": number,
        "size": len(contents),
        "first_page": number == 1,
        "last_page": number >= pages,
        "empty": not contents,
        "license": licence,
        "contents": list(contents),
    }


def service(row: Mapping[str, Any], publisher: Publisher) -> dict[str, Any]:
    """An opportunity as a service. Keys that the standard has not: license, attribution, contact_url, apply_by."""
    id, provider = row["id"], row["provider"] or {}
    said = {
        "id": id,
        "organization_id": provider.get("id"),
        "name": row["title"],
        "description": row["summary"] or "",
        "status": "active" if row["state"] == "open" else "inactive",
        "url": row["url"],
        "contact_url": row["contact_url"],
        "apply_by": row["apply_by"],
        "minimum_age": row["age_min"],
        "maximum_age": row["age_max"],
        "last_modified": row["updated_at"],
        "license": row["licence"] or publisher.licence,
        "attribution": row["attribution"] or publisher.name,
        "organization": _without_nothing(provider),
        "schedules": _schedules(row),
        "cost_options": _costs(row),
        "service_capacities": _capacities(row),
        "service_at_locations": [at_location(row, location) for location in locations(row)],
        "attributes": [
            _attribute(id, "service", KIND, row["kind"], KINDS.get(row["kind"], row["kind"])),
            *(_attribute(id, "service", ACCESS, code, code) for code in row["accessibility"]),
        ],
    }
    return _without_nothing(said)


def locations(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where it is: its place or the point of its own, and the virtual location of what happens online."""
    found = []
    place = row["place"]
    if place is not None:
        found.append(_location(place))
    elif row["latitude"] is not None:
        point = {"latitude": row["latitude"], "longitude": row["longitude"]}
        found.append({"id": row["id"], "location_type": "physical", **point})
    if row["online"]:
        found.append({"id": _derived(row["id"], "virtual"), "location_type": "virtual", "name": "Online"})
    return found


def at_location(row: Mapping[str, Any], location: Mapping[str, Any]) -> dict[str, Any]:
    """A service at one of its locations."""
    return {
        "id": _derived(row["id"], location["id"]),
        "service_id": row["id"],
        "location_id": location["id"],
        "location": location,
    }


def taxonomies() -> list[dict[str, Any]]:
    """The taxonomies that attributes refer to."""
    return [{"id": id, "name": name, "description": words} for id, (name, words) in TAXONOMIES.items()]


def terms() -> list[dict[str, Any]]:
    """All of their terms."""
    return [
        *(_term(KIND, code, name) for code, name in KINDS.items()),
        *(_term(ACCESS, code, code) for code in ACCESSIBILITY),
        *(_term(PLACE_KIND, code, code) for code in PLACE_KINDS),
    ]


def kind_of_term(id: str) -> str | None:
    """The kind that a term's id means; None for other terms."""
    taxonomy, _, code = id.partition(":")
    return code if taxonomy == KIND and code in KINDS else None


def _location(place: Mapping[str, Any]) -> dict[str, Any]:
    id = place["id"]
    address = {"address_1": place["address"], "postal_code": place["postcode"]}
    has_address = any(address.values())
    said = {
        "id": id,
        "location_type": "physical",
        "name": place["name"],
        "latitude": place["latitude"],
        "longitude": place["longitude"],
        "addresses": [
            _without_nothing(
                {
                    "id": _derived(id, "address"),
                    "location_id": id,
                    **address,
                    "country": "GB",
                    "address_type": "physical",
                }
            )
        ]
        if has_address
        else [],
        "accessibility": [
            {"id": _derived(id, code), "location_id": id, "description": code} for code in place["accessibility"]
        ],
        "attributes": [_attribute(id, "location", PLACE_KIND, place["kind"], place["kind"])],
    }
    return _without_nothing(said)


def _schedules(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    if row["starts_at"] is None:
        return []
    zone = ZoneInfo(row["timezone"])
    starts = datetime.fromisoformat(row["starts_at"]).astimezone(zone)
    ends = None if row["ends_at"] is None else datetime.fromisoformat(row["ends_at"]).astimezone(zone)
    within_a_day = ends is not None and timedelta() < ends - starts <= DAY and ends.utcoffset() == starts.utcoffset()
    said = {
        "id": _derived(row["id"], "schedule"),
        "service_id": row["id"],
        "dtstart": starts.date().isoformat(),
        "opens_at": starts.timetz().isoformat(),
        "closes_at": ends.timetz().isoformat() if ends is not None and within_a_day else None,
        "dtend": ends.isoformat() if ends is not None and not within_a_day else None,
        **_rule(row["recurrence"]),
        "attending_type": "online" if row["online"] and row["latitude"] is None else None,
    }
    return [_without_nothing(said)]


def _rule(recurrence: str | None) -> dict[str, Any]:
    """A rule in the standard's keys, and whole as `rrule`, since those cannot say all of RFC 5545."""
    if recurrence is None:
        return {}
    parts = dict(part.split("=", 1) for part in recurrence.upper().removeprefix("RRULE:").split(";") if "=" in part)
    until = parts.get("UNTIL")
    return {
        "freq": parts.get("FREQ"),
        "interval": int(parts.get("INTERVAL", "1")),
        "byday": parts.get("BYDAY"),
        "bymonthday": parts.get("BYMONTHDAY"),
        "count": int(parts["COUNT"]) if "COUNT" in parts else None,
        "valid_to": f"{until[:4]}-{until[4:6]}-{until[6:8]}" if until else None,
        "rrule": recurrence,
    }


def _costs(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What it costs; nothing where nobody said."""
    id, note = _derived(row["id"], "cost"), row["cost_note"]
    said: dict[str, Any] = {"id": id, "service_id": row["id"], "amount_description": note}
    if row["free"]:
        said |= {"option": "Free", "amount": 0, "currency": row["currency"] or "GBP"}
    elif row["price"] is not None:
        said |= {"option": "Price", "amount": float(row["price"]), "currency": row["currency"]}
    elif row["free"] is not None:
        said |= {"option": "Not free"}
    elif note is None:
        return []
    return [_without_nothing(said)]


def _capacities(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    if row["capacity"] is None:
        return []
    id = _derived(row["id"], "capacity")
    unit = {"id": "people", "name": "people"}
    facts = {"id": id, "service_id": row["id"], "unit": unit, "maximum": row["capacity"]}
    return [facts | {"updated": row["updated_at"]}]


def _attribute(id: str, kind: str, taxonomy: str, code: str, name: str) -> dict[str, Any]:
    return {
        "id": _derived(id, f"{taxonomy} {code}"),
        "link_id": id,
        "link_type": kind,
        "taxonomy_term": _term(taxonomy, code, name),
    }


def _term(taxonomy: str, code: str, name: str) -> dict[str, Any]:
    said = {"id": taxonomy, "name": TAXONOMIES[taxonomy][0]}
    return {"id": f"{taxonomy}:{code}", "code": code, "name": name, "taxonomy": taxonomy, "taxonomy_detail": said}


def _derived(id: str, what: str) -> str:
    """An id of a part, the same every time."""
    return str(uuid5(UUID(id), what))


def _without_nothing(said: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value is not None}

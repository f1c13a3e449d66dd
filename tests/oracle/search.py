"""The naive executor's search over all opportunities, with its facets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.oracle.calls import Call, Table
from tests.oracle.lists import (
    Listing,
    in_box,
    in_cities,
    listing,
    metres,
    origin,
    point_of,
    reference,
    rounded,
    skill_codes,
)
from tests.oracle.rows import Row, Thing, View
from tests.oracle.shared import key
from tests.oracle.things import is_listed
from waypost.opportunities.rules import KINDS

FACETS = {"kinds": "kinds", "layers": "layers", "skills": "skills"}


def order_of(args: Mapping[str, Any]) -> str:
    """Return the order asked for, or the one that the filter suggests."""
    filter = args.get("filter", {})
    if "orderBy" in args:
        return str(getattr(args["orderBy"], "value", args["orderBy"]))
    if filter.get("near") is not None or filter.get("postcode") is not None:
        return "nearest"
    return "soonest" if filter.get("text") is None else "relevance"


def measures(args: Mapping[str, Any]) -> bool:
    """Say whether anything is measured from the filter's origin."""
    return order_of(args) == "nearest" or args.get("filter", {}).get("withinMetres") is not None


def discover(call: Call) -> Listing:
    """What there is to do."""
    order, filter = order_of(call.args), call.args["filter"]
    here = origin(call.asked, filter.get("near"), filter.get("postcode")) if measures(call.args) else None
    things = found(call, filter, here, nearest=order == "nearest")
    if order == "nearest":
        assert here is not None, "refused before"
        keyed = {each["id"]: metres(here, there) for each in things if (there := point_of(each)) is not None}
        return listing(
            call,
            things,
            lambda each: (keyed[each["id"]], each["id"].bytes),
            order,
            way=lambda key: rounded(key[0]),
        )
    if order == "newest":
        return listing(call, things, lambda each: (each["created_at"], each["id"].bytes), order, descending=True)
    if order == "relevance":
        ranks = call.view.rows.found[filter["text"]]
        return listing(call, things, lambda each: (ranks[each["id"]], each["id"].bytes), order)
    return listing(call, things, lambda each: (each["sort_starts_at"], each["id"].bytes), order)


def found(call: Call, filter: Mapping[str, Any], here: tuple[float, float] | None, *, nearest: bool) -> list[Thing]:
    """Return what lists show and the filter wants; a nearest-first list leaves out what has no place."""
    things = [Thing("Opportunity", row, call.view) for row in call.view.all("opportunity") if is_listed(call, row)]
    return [each for each in things if (point_of(each) is not None or not nearest) and wanted(call, each, filter, here)]


def wanted(call: Call, each: Thing, filter: Mapping[str, Any], here: tuple[float, float] | None) -> bool:
    """Say whether an opportunity fulfils every condition that is given."""
    given = {name: value for name, value in filter.items() if value is not None}
    return all(CONDITIONS[name](call, each, value, here) for name, value in given.items())


def _side(call: Call, each: Thing, table: str, column: str) -> set[Any]:
    return {row[column] for row in call.view.beside(table, "opportunity_id", each["id"], each.row)}


def _near(each: Thing, metres_most: int, here: tuple[float, float] | None) -> bool:
    there = point_of(each)
    return here is not None and there is not None and metres(here, there) <= metres_most


def _free(each: Thing, free: bool) -> bool:
    if free:
        return each["free"] is True
    return each["free"] is False or (each["free"] is None and each["price"] is not None)


def _for_age(each: Thing, age: int) -> bool:
    youngest = 0 if each["age_min"] is None else each["age_min"]
    oldest = 120 if each["age_max"] is None else each["age_max"]
    return bool(youngest <= age <= oldest)


def _begins_after(each: Thing, moment: datetime) -> bool:
    if each["starts_at"] is None:
        return False
    return bool(each["starts_at"] >= moment or (each["recurrence"] is not None and each["over_at"] > moment))


def _skills(call: Call, each: Thing) -> set[str]:
    links = call.view.beside("opportunity_skill", "opportunity_id", each["id"], each.row)
    return skill_codes(call.view, links)


def _leads_to(call: Call, each: Thing, badge: str) -> bool:
    links = call.view.beside("opportunity_badge", "opportunity_id", each["id"], each.row)
    return reference(badge, "Badge") in {(link["home_tenant_id"], link["badge_id"]) for link in links}


def _on_pathway(call: Call, each: Thing, pathway: str) -> bool:
    links = [
        (link["tenant_id"], link["pathway_id"])
        for link in call.view.where("step_opportunity", "opportunity_id", each["id"])
        if link["home_tenant_id"] == each["tenant_id"]
    ]
    return reference(pathway, "Pathway") in links


CONDITIONS: Mapping[str, Any] = {
    "near": lambda *_: True,
    "postcode": lambda *_: True,
    "withinMetres": lambda _call, each, value, here: _near(each, value, here),
    "bounds": lambda _call, each, value, _here: in_box(each, value),
    "kinds": lambda _call, each, value, _here: each["kind"] in value,
    "layers": lambda call, each, value, _here: bool(_side(call, each, "opportunity_layer", "layer") & set(value)),
    "skills": lambda call, each, value, _here: bool(_skills(call, each) & set(value)),
    "text": lambda call, each, value, _here: each["id"] in call.view.rows.found[value],
    "free": lambda _call, each, value, _here: _free(each, value),
    "age": lambda _call, each, value, _here: _for_age(each, value),
    "startsAfter": lambda _call, each, value, _here: _begins_after(each, value),
    "startsBefore": lambda _call, each, value, _here: each["starts_at"] is not None and each["starts_at"] < value,
    "weekdays": lambda call, each, value, _here: bool(
        _side(call, each, "opportunity_weekday", "weekday") & {day.value for day in value}
    ),
    "online": lambda _call, each, value, _here: each["online"] is value,
    "accessibility": lambda call, each, value, _here: (
        set(value) <= _side(call, each, "opportunity_accessibility", "code")
    ),
    "issuer": lambda _call, each, value, _here: reference(value, "Issuer") == (each["tenant_id"], each["provider_id"]),
    "badge": lambda call, each, value, _here: _leads_to(call, each, value),
    "pathway": lambda call, each, value, _here: _on_pathway(call, each, value),
    "cities": lambda call, each, value, _here: in_cities(call.view, value, each["tenant_id"]),
}

# Facets


def counted(call: Call, without: str) -> Sequence[Thing]:
    """Return all of the list that the facets stand on, as it would be without one of its conditions."""
    whole: Listing = call.source
    above = whole.call
    if above.field != ("Query", "discover"):
        return [thing for _, thing in whole.entries]
    filter = {name: value for name, value in above.args["filter"].items() if name != without}
    here = origin(above.asked, filter.get("near"), filter.get("postcode")) if measures(above.args) else None
    return found(above, filter, here, nearest=order_of(above.args) == "nearest")


def _facet(counts: Counter[Any], names: Mapping[Any, str], place: Mapping[Any, int]) -> list[dict[str, Any]]:
    order = sorted(counts, key=lambda code: (place.get(code, 0), -counts[code], code))
    return [{"code": code, "name": names.get(code, code), "count": counts[code]} for code in order]


def kind_facet(call: Call) -> list[dict[str, Any]]:
    """By kind of activity, most frequent first."""
    return _facet(Counter(each["kind"] for each in counted(call, "kinds")), KINDS, {})


def layer_facet(call: Call) -> list[dict[str, Any]]:
    """By layer, in the standard's order."""
    view: View = call.source.call.view
    layers: dict[str, Row] = {row["code"]: row for row in view.all("layer")}
    things = counted(call, "layers")
    codes = Counter(
        row["layer"]
        for each in things
        for row in each.view.beside("opportunity_layer", "opportunity_id", each["id"], each.row)
    )
    names = {code: row["name"] for code, row in layers.items()}
    return _facet(codes, names, {code: row["position"] for code, row in layers.items()})


def skill_facet(call: Call) -> list[dict[str, Any]]:
    """The commonest skills."""
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for each in counted(call, "skills"):
        for link in each.view.beside("opportunity_skill", "opportunity_id", each["id"], each.row):
            skill = each.view.one("skill_concept" if each.view.national else "skill", "id", link["skill_id"])
            if skill is not None:
                names[skill["code"]] = skill["name"]
                counts[skill["code"]] += 1
    return _facet(counts, names, {})[: call.args.get("first", 20)]


SEARCH: Table = {
    ("Query", "discover"): discover,
    ("OpportunityConnection", "facets"): lambda call: call.source,
    ("DiscoverFacets", "kinds"): kind_facet,
    ("DiscoverFacets", "layers"): layer_facet,
    ("DiscoverFacets", "skills"): skill_facet,
    **{("FacetCount", name): key(name) for name in ("code", "name", "count")},
}

"""The naive executor's root fields: one object, all objects, and what everybody has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tests.oracle.calls import Call, Resolver, Table, told
from tests.oracle.doings import nearest_of
from tests.oracle.frameworks import GATHERED, find
from tests.oracle.lists import (
    NOWHERE,
    Listing,
    by_name,
    in_box,
    in_cities,
    listing,
    metres,
    named,
    origin,
    point_of,
    reference,
    rounded,
    skill_codes,
)
from tests.oracle.rows import Row, Thing, View
from tests.oracle.shared import key
from waypost.graph.federation import subgraph_sdl
from waypost.graph.ids import parse_id
from waypost.opportunities.rules import KINDS

Filter: TypeAlias = Mapping[str, Any]
# Types that have ids, with their tables; those of one tenant have the tenant in the id.
TABLES = {
    each: each.lower() for each in ("Badge", "Collection", "Endorsement", "Issuer", "Opportunity", "Pathway", "Place")
}
PLATFORM = ("City", "Skill")

# One object


def by_id(view: View, text: str, kind: str | None = None) -> Thing | None:
    """Return what an id names in a view, if it is of the kind wanted."""
    found = parse_id(text)
    if found is None or kind not in {None, found.type}:
        return None
    if found.type in PLATFORM:
        table = "tenant" if found.type == "City" else "skill_concept" if view.national else "skill"
        row = None if found.tenant is not None else view.one(table, "id", found.row)
    elif found.type in GATHERED:
        row = None if found.tenant is not None else find(view, GATHERED[found.type], found.row)
    elif found.type in TABLES and found.tenant is not None:
        row = view.one(TABLES[found.type], "id", found.row, found.tenant)
    else:
        row = None
    return None if row is None else Thing(found.type, row, view)


def node(call: Call) -> Thing:
    """Whatever an id names."""
    found = by_id(call.view, call.args["id"])
    if found is None:
        raise told("NOT_FOUND")
    return found


def nodes(call: Call) -> list[Any]:
    """Many at once."""
    return [by_id(call.view, each) or told("NOT_FOUND") for each in call.args["ids"]]


def entities(call: Call) -> list[Thing | None]:
    """What a gateway asks for by type and id; null where that is nothing."""
    asked = [each if isinstance(each, dict) else {} for each in call.args["representations"]]
    return [by_id(call.view, str(each.get("id")), str(each.get("__typename"))) for each in asked]


def one_by(kind: str, by_key: Callable[[Call], Row | None]) -> Resolver:
    """One object by its id or another key; an id that names nothing is an error, a slug is not."""

    def resolve(call: Call) -> Thing | None:
        if "id" in call.args:
            found = by_id(call.view, call.args["id"], kind)
            if found is None:
                raise told("NOT_FOUND")
            return found
        return call.of(kind, by_key(call))

    return resolve


def only(kind: str) -> Resolver:
    """One object by its id alone."""

    def resolve(call: Call) -> Thing:
        found = by_id(call.view, call.args["id"], kind)
        if found is None:
            raise told("NOT_FOUND")
        return found

    return resolve


def called(kind: str) -> Callable[[Call], Row | None]:
    """What has a slug in a city, or else had it once."""

    def find(call: Call) -> Row | None:
        view, slug, city = call.view, call.args["slug"], call.args.get("city")
        tenant = view.tenant if city is None else _tenant_called(view, city)
        if tenant is None:
            return None
        now = view.one(kind.lower(), "slug", slug, tenant)
        if now is not None:
            return now
        former = [row for row in view.where("former_slug", "slug", slug) if row["tenant_id"] == tenant]
        id = next((row["object_id"] for row in former if row["object_type"] == kind), None)
        return view.one(kind.lower(), "id", id, tenant)

    return find


def _tenant_called(view: View, slug: str) -> Any:
    row = view.one("tenant", "slug", slug)
    return row["id"] if row is not None and (view.national or row["id"] == view.tenant) else None


def city_called(call: Call) -> Row | None:
    """A tenant by slug; in a city's graph, without a slug, that city."""
    if "slug" not in call.args:
        return call.view.one("tenant", "id", call.view.tenant)
    return call.view.one("tenant", "slug", call.args["slug"])


def skill_called(call: Call) -> Row | None:
    """A skill by its code."""
    return call.view.one("skill_concept" if call.view.national else "skill", "code", call.args["code"])


# Lists


def kept(call: Call, kind: str, table: str, wanted: Callable[[Thing, Filter], bool]) -> list[Thing]:
    """Return what is visible of a table and wanted by the filter, of the cities that it names."""
    filter = call.args.get("filter", {})
    things = [Thing(kind, row, call.view) for row in call.view.all(table)]
    if "cities" in filter:
        things = [each for each in things if in_cities(call.view, filter["cities"], each["tenant_id"])]
    return [each for each in things if wanted(each, filter)]


def cities(call: Call) -> Listing:
    """The open tenants."""

    def wanted(tenant: Thing, filter: Filter) -> bool:
        kinds, covers = filter.get("kinds"), filter.get("covers")
        groups = [each["group_id"] for each in call.view.where("tenant_group", "tenant_id", tenant["id"])]
        slugs = {call.view.rows.where("tenant", "id", each)[0]["slug"] for each in groups}
        return (
            tenant["state"] == "open"
            and (kinds is None or tenant["kind"] in {each.value for each in kinds})
            and filter.get("nation") in {None, tenant["nation"]}
            and (filter.get("group") is None or filter["group"] in slugs)
            and (covers is None or _covers(tenant, covers))
        )

    return listing(call, kept(call, "City", "tenant", wanted), by_name)


def _covers(tenant: Thing, point: Mapping[str, float]) -> bool:
    return tenant["south"] is not None and bool(
        tenant["south"] <= point["latitude"] <= tenant["north"]
        and tenant["west"] <= point["longitude"] <= tenant["east"]
    )


def skills(call: Call) -> Listing:
    """The skills in use."""

    def wanted(skill: Thing, filter: Filter) -> bool:
        return named(filter.get("text"), skill) and filter.get("framework") in {None, skill["framework"]}

    return listing(call, kept(call, "Skill", "skill_concept" if call.view.national else "skill", wanted), by_name)


def places(call: Call) -> Listing:
    """The open places."""

    def wanted(place: Thing, filter: Filter) -> bool:
        return place["state"] == "open" and named(filter.get("text"), place) and in_box(place, filter.get("bounds"))

    return listing(call, kept(call, "Place", "place", wanted), by_name)


def issuers(call: Call) -> Listing:
    """The open issuers, by name or nearest first."""

    def wanted(issuer: Thing, filter: Filter) -> bool:
        side = call.view.beside("issuer_role", "issuer_id", issuer["id"], issuer.row)
        roles = filter.get("roles")
        return (
            issuer["state"] == "open"
            and named(filter.get("text"), issuer)
            and (roles is None or any(each["role"] in roles for each in side))
        )

    things, here = kept(call, "Issuer", "issuer", wanted), filter_origin(call)
    if here is None:
        return listing(call, things, by_name, "name")
    return listing(call, things, lambda each: (_way(here, each), each["id"].bytes), "nearest")


def filter_origin(call: Call) -> tuple[float, float] | None:
    """Return where the filter measures from."""
    filter = call.args.get("filter", {})
    return origin(call.asked, filter.get("near"), filter.get("postcode"))


def _way(here: tuple[float, float], thing: Thing) -> float:
    there = point_of(thing)
    return NOWHERE if there is None else metres(here, there)


def badges(call: Call) -> Listing:
    """The badges on offer."""

    def wanted(badge: Thing, filter: Filter) -> bool:
        states = {"published", "retired"} if filter.get("includeRetired") else {"published"}
        side = call.view.beside("badge_skill", "version_id", badge["version_id"], badge.row)
        layers, codes, issuer = filter.get("layers"), filter.get("skills"), filter.get("issuer")
        return (
            badge["state"] in states
            and named(filter.get("text"), badge)
            and (layers is None or badge["layer"] in layers)
            and (codes is None or bool(skill_codes(call.view, side) & set(codes)))
            and (issuer is None or reference(issuer, "Issuer") == (badge["tenant_id"], badge["issuer_id"]))
        )

    return listing(call, kept(call, "Badge", "badge", wanted), by_name)


def collections(call: Call) -> Listing:
    """The open collections."""

    def wanted(collection: Thing, filter: Filter) -> bool:
        issuer = filter.get("issuer")
        of = issuer is None or reference(issuer, "Issuer") == (collection["tenant_id"], collection["issuer_id"])
        return collection["state"] == "open" and named(filter.get("text"), collection) and of

    return listing(call, kept(call, "Collection", "collection", wanted), by_name)


def pathways(call: Call) -> Listing:
    """The published pathways, by name or nearest first."""
    here = filter_origin(call)

    def way(pathway: Thing) -> float:
        assert here is not None
        found = nearest_of(call, pathway, here)
        return NOWHERE if found is None else found[0]

    def wanted(pathway: Thing, filter: Filter) -> bool:
        interests, codes, most = filter.get("interests"), filter.get("skills"), filter.get("withinMetres")
        side = call.view.beside("pathway_interest", "pathway_id", pathway["id"], pathway.row)
        return (
            pathway["state"] == "published"
            and named(filter.get("text"), pathway)
            and (interests is None or any(each["interest"] in interests for each in side))
            and (codes is None or bool(_skills_on(call, pathway) & set(codes)))
            and (most is None or way(pathway) <= most)
        )

    things = kept(call, "Pathway", "pathway", wanted)
    if here is None:
        return listing(call, things, by_name, "name")
    return listing(call, things, lambda each: (way(each), each["id"].bytes), "nearest", way=lambda key: rounded(key[0]))


def _skills_on(call: Call, pathway: Thing) -> set[str]:
    found: set[str] = set()
    for link in call.view.beside("step_badge", "pathway_id", pathway["id"], pathway.row):
        badge = call.view.one("badge", "id", link["own_badge_id"], pathway["tenant_id"])
        if badge is not None:
            found |= skill_codes(call.view, call.view.beside("badge_skill", "version_id", badge["version_id"], badge))
    return found


# What everybody has


def layers(call: Call) -> list[Thing]:
    """Of the city's standard, or of every one."""
    home = call.view.one("tenant", "id", call.view.tenant)
    rows = [row for row in call.view.all("layer") if home is None or row["standard_code"] == home["standard_code"]]
    rows.sort(key=lambda row: (row["standard_code"], row["position"]))
    return [Thing("Layer", row, call.view) for row in rows]


def standards(call: Call) -> list[Thing]:
    """Every standard."""
    return [Thing("Standard", row, call.view) for row in sorted(call.view.all("standard"), key=lambda row: row["code"])]


ROOTS: Table = {
    ("Query", "node"): node,
    ("Query", "nodes"): nodes,
    ("Query", "city"): one_by("City", city_called),
    ("Query", "cities"): cities,
    ("Query", "plugins"): lambda call: call.asked.services.plugins_shown(None, call.view.tenant),
    ("Query", "standards"): standards,
    ("Query", "layers"): layers,
    ("Query", "skills"): skills,
    ("Query", "framework"): only("Framework"),
    ("Query", "frameworkItem"): only("FrameworkItem"),
    ("Query", "skill"): one_by("Skill", skill_called),
    **{("Query", kind.lower()): one_by(kind, called(kind)) for kind in TABLES if kind != "Endorsement"},
    ("Query", "places"): places,
    ("Query", "issuers"): issuers,
    ("Query", "badges"): badges,
    ("Query", "pathways"): pathways,
    ("Query", "collections"): collections,
    ("Query", "kinds"): lambda _call: [{"code": code, "name": name} for code, name in KINDS.items()],
    ("Query", "_service"): lambda call: {"sdl": subgraph_sdl(call.asked.schema.facts)},
    ("_Service", "sdl"): key("sdl"),
    ("Query", "_entities"): entities,
}

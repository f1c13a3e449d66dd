"""The naive executor's resolvers of cities, places, issuers, badges and what hangs on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.oracle.calls import Call, Resolver, Table, columns, global_id, told
from tests.oracle.lists import Listing, by_name, by_title, listing
from tests.oracle.rows import Row, Thing
from tests.oracle.shared import below, city, coded, codes, cost, itself, key, must, one, ordered, skills, words
from waypost.badges.rules import CATEGORIES, LEVELS, TIMES_TO_EARN

OWNED = (
    *("Badge", "Collection", "Endorsement", "Invitation", "Issuer", "Member", "Opportunity", "Pathway", "Place"),
    "Token",
)


# Borrowed rows


def lent(kind: str, links: str, key: str, names: str) -> Resolver:
    """Rows that a side table names in order, the own ones and those of other tenants; what is withdrawn is left out."""
    table = kind.lower()

    def resolve(call: Call) -> list[Thing]:
        found = []
        for link in sorted(
            call.view.beside(links, key, call.thing["id"], call.thing.row),
            key=lambda row: ordered(row, ("position", names)),
        ):
            view = call.view if link["borrowed_id"] is None else call.view.nation()
            row = view.one(table, "id", link[names], link["home_tenant_id"])
            if row is not None:
                found.append(Thing(kind, row, view))
        return found

    return resolve


def derived_from(call: Call) -> Thing | None:
    """The badge that it was cloned from, wherever that is."""
    home = call.thing["derived_from_tenant_id"]
    view = call.view if home == call.thing["tenant_id"] else call.view.nation()
    row = view.one("badge", "id", call.thing["derived_from_id"], home)
    return None if row is None else Thing("Badge", row, view)


def anywhere(kind: str, key: str, home: str) -> Callable[[Call], Thing | None]:
    """The row that a column names, in the tenant that another names."""

    def resolve(call: Call) -> Thing | None:
        view = call.view if call.thing[home] == call.thing["tenant_id"] else call.view.nation()
        row = view.one(kind.lower(), "id", call.thing[key], call.thing[home])
        return None if row is None else Thing(kind, row, view)

    return resolve


def endorser(call: Call) -> Thing:
    """Who endorses, wherever that is; it may not be hidden."""
    found = anywhere("Issuer", "endorser_id", "endorser_tenant_id")(call)
    if found is None:
        raise told("NOT_VISIBLE")
    return found


# The opportunity that an award or a code names, wherever that is.
taken_part_in = anywhere("Opportunity", "opportunity_id", "earned_in_tenant_id")


def elsewhere(call: Call) -> list[Thing]:
    """The same organisation in other tenants, as the nation sees them."""
    nation = call.view.nation()
    if nation.one("issuer", "id", call.thing["id"], call.thing["tenant_id"]) is None:
        return []
    found = [
        Thing("Issuer", row, nation)
        for row in nation.where("issuer", "organisation_id", call.thing["organisation_id"])
        if row["tenant_id"] != call.thing["tenant_id"] and row["state"] == "open"
    ]
    return sorted(found, key=by_name)


# Lists on things


def is_listed(call: Call, row: Row) -> bool:
    """Say whether lists show an opportunity: open and not over."""
    return bool(row["state"] == "open" and row["over_at"] > call.asked.now)


def badges_below(call: Call) -> Any:
    """The badges that an issuer signs."""
    rows = call.view.beside("badge", "issuer_id", call.thing["id"], call.thing.row)
    return listing(call, call.thing.things("Badge", [row for row in rows if row["state"] == "published"]), by_name)


def badges_with_skill(call: Call) -> Any:
    """The badges that stand for a skill."""
    things = [
        Thing("Badge", badge, call.view)
        for link in call.view.where("badge_skill", "skill_id", call.thing["id"])
        for badge in call.view.beside("badge", "version_id", link["version_id"], link)
        if badge["state"] == "published"
    ]
    return listing(call, things, by_name)


def opportunities_by(column: str) -> Resolver:
    """The opportunities that name this one, by title."""

    def resolve(call: Call) -> Any:
        rows = call.view.beside("opportunity", column, call.thing["id"], call.thing.row)
        return listing(call, call.thing.things("Opportunity", [row for row in rows if is_listed(call, row)]), by_title)

    return resolve


def through_badge(call: Call, links: str, names: str, table: str) -> list[Row]:
    """Return the rows that name this badge by a side table; nationally also other tenants' that borrowed it."""
    found = {
        row["id"]: row
        for link in call.view.where(links, "badge_id", call.thing["id"])
        if link["home_tenant_id"] == call.thing["tenant_id"]
        for row in call.view.beside(table, "id", link[names], link)
    }
    return list(found.values())


def badge_opportunities(call: Call) -> Any:
    """Where a badge can be earned."""
    rows = through_badge(call, "opportunity_badge", "opportunity_id", "opportunity")
    return listing(call, call.thing.things("Opportunity", [row for row in rows if is_listed(call, row)]), by_title)


def badge_pathways(call: Call) -> Any:
    """Where a badge can take its earner."""
    rows = through_badge(call, "step_badge", "pathway_id", "pathway")
    return listing(call, call.thing.things("Pathway", [row for row in rows if row["state"] == "published"]), by_name)


def issuer_pathways(call: Call) -> Any:
    """The pathways that an issuer offers."""
    rows = call.view.beside("pathway", "issuer_id", call.thing["id"], call.thing.row)
    return listing(call, call.thing.things("Pathway", [row for row in rows if row["state"] == "published"]), by_name)


def members(call: Call) -> Any:
    """The open tenants of a region or network."""
    ids = {each["tenant_id"] for each in call.view.where("tenant_group", "group_id", call.thing["id"])}
    rows = [row for row in call.view.all("tenant") if row["id"] in ids and row["state"] == "open"]
    return listing(call, call.thing.things("City", rows), by_name)


def groups(call: Call) -> list[Thing]:
    """The regions and networks that a tenant belongs to."""
    ids = {each["group_id"] for each in call.view.where("tenant_group", "tenant_id", call.thing["id"])}
    return sorted(call.thing.things("City", [row for row in call.view.all("tenant") if row["id"] in ids]), key=by_name)


def version(call: Call) -> Thing:
    """The version in force, or the one whose number is given."""
    number, badge = call.args.get("number"), call.thing
    rows = call.view.beside("badge_version", "badge_id", badge["id"], badge.row)
    wanted = [row for row in rows if (row["id"] == badge["version_id"] if number is None else row["number"] == number)]
    return call.must("BadgeVersion", wanted[0] if wanted else None)


def essential_skills(call: Call) -> list[Thing] | None:
    """The essential skills that a badge shows; nationally null where its city has not the plugin."""
    tenant = call.thing["tenant_id"]
    if call.view.national:
        switched = call.view.where("tenant_plugin", "tenant_id", tenant)
        if not any(each["plugin"] == "skills_builder" and each["active"] for each in switched):
            return None
    return list(below("EssentialSkillStep", "badge_essential", "badge_id", "position")(call))


def layer_of(call: Call) -> Thing:
    """The layer of a badge or version."""
    return call.must("Layer", call.view.one("layer", "code", call.thing["layer"]))


def must_by_code(kind: str, table: str, column: str) -> Resolver:
    """A row of the platform that a column names by its code, and that is always there."""
    return lambda call: call.must(kind, call.view.one(table, "code", call.thing[column]))


def platform_list(kind: str, table: str, column: str) -> Resolver:
    """Rows of the platform that name this one's code, in order."""
    return lambda call: call.thing.things(
        kind, sorted(call.view.where(table, column, call.thing["code"]), key=lambda row: row["position"])
    )


def _ids() -> Table:
    table: Table = {(kind, "id"): _owned(kind) for kind in (*OWNED, "Criterion", "PathwayStep")}
    for kind in ("City", "Skill"):
        table[kind, "id"] = lambda call: global_id(call.thing.kind, call.thing["id"])
    return table


def _owned(kind: str) -> Resolver:
    return lambda call: global_id(kind, call.thing["id"], call.thing["tenant_id"])


def badge_words(column: str, copied: str | None = None) -> Resolver:
    """Words of the badge's version in force."""
    return words("badge_text", "version_id", column, "version_id", copied)


def issuer_collections(call: Call) -> Listing:
    """The open collections of an issuer."""
    rows = call.view.beside("collection", "issuer_id", call.thing["id"], call.thing.row)
    return listing(call, call.thing.things("Collection", [row for row in rows if row["state"] == "open"]), by_name)


def collected(call: Call) -> list[Thing]:
    """The badges of a collection, in its order."""
    links = call.view.beside("collection_badge", "collection_id", call.thing["id"], call.thing.row)
    rows = [
        call.view.one("badge", "id", link["badge_id"], link["tenant_id"])
        for link in sorted(links, key=lambda link: link["position"])
    ]
    return call.thing.things("Badge", [row for row in rows if row is not None])


THINGS: Table = {
    **_ids(),
    **columns("City", "slug name kind state nation languages timezone area contactUrl licence example"),
    ("City", "bounds"): itself("south"),
    **columns("Bounds", "south west north east"),
    ("City", "centre"): itself("latitude"),
    **columns("GeoPoint", "latitude longitude"),
    ("City", "standard"): must_by_code("Standard", "standard", "standard_code"),
    ("City", "look"): itself(),
    **columns("Look", "primaryColour accentColour logoUrl"),
    ("City", "plugins"): lambda call: call.asked.services.plugins_shown(call.thing["slug"], call.asked.view.tenant),
    ("City", "groups"): groups,
    ("City", "members"): members,
    **columns("Standard", "code name version endorsedBy isProgression"),
    ("Standard", "layers"): platform_list("Layer", "layer", "standard_code"),
    **columns("Layer", "code name description examples order=position"),
    ("Layer", "standard"): must_by_code("Standard", "standard", "standard_code"),
    **columns("Skill", "code name framework"),
    ("Skill", "badges"): badges_with_skill,
    **columns("Place", "slug kind address postcode insideArea source licence attribution"),
    ("Place", "name"): words("place_text", "place_id", "name", copied="name"),
    ("Place", "location"): itself(),
    ("Place", "accessibility"): codes("place_accessibility", "place_id", "code"),
    ("Place", "city"): city,
    ("Place", "opportunities"): opportunities_by("place_id"),
    **columns("Issuer", "slug kind url logoUrl verified"),
    ("Issuer", "name"): words("issuer_text", "issuer_id", "name", copied="name"),
    ("Issuer", "description"): words("issuer_text", "issuer_id", "description"),
    ("Issuer", "roles"): codes("issuer_role", "issuer_id", "role"),
    ("Issuer", "elsewhere"): elsewhere,
    ("Issuer", "parent"): one("Issuer", "issuer", "parent_id"),
    ("Issuer", "location"): itself("latitude"),
    ("Issuer", "city"): city,
    ("Issuer", "badges"): badges_below,
    ("Issuer", "opportunities"): opportunities_by("provider_id"),
    ("Issuer", "pathways"): issuer_pathways,
    ("Issuer", "collections"): issuer_collections,
    **columns("Collection", "slug name description state"),
    ("Collection", "issuer"): must("Issuer", "issuer", "issuer_id"),
    ("Collection", "badges"): collected,
    ("Collection", "city"): city,
    **columns("Badge", "slug imageUrl imageAlt audience urgent state"),
    ("Badge", "name"): badge_words("name", "name"),
    ("Badge", "description"): badge_words("description"),
    ("Badge", "layer"): layer_of,
    ("Badge", "criteria"): below("Criterion", "criterion", "version_id", "position", here="version_id"),
    ("Badge", "skills"): skills("badge_skill", "version_id", "version_id"),
    ("Badge", "issuer"): must("Issuer", "issuer", "issuer_id"),
    ("Badge", "creator"): must("Issuer", "issuer", "creator_id"),
    ("Badge", "version"): version,
    ("Badge", "versions"): below("BadgeVersion", "badge_version", "badge_id", "number"),
    ("Badge", "category"): coded("category", CATEGORIES),
    ("Badge", "level"): coded("level", LEVELS),
    ("Badge", "timeToEarn"): coded("time_to_earn", TIMES_TO_EARN),
    ("CodedValue", "code"): key("code"),
    ("CodedValue", "name"): key("name"),
    ("Badge", "cost"): cost,
    ("OpportunityCost", "free"): lambda call: bool(call.thing["free"]),
    ("OpportunityCost", "price"): itself("price"),
    **columns("OpportunityCost", "note=cost_note"),
    **columns("Money", "amount=price currency"),
    ("Badge", "replacedBy"): one("Badge", "badge", "replaced_by_id"),
    ("Badge", "derivedFrom"): derived_from,
    ("Badge", "city"): city,
    ("Badge", "opportunities"): badge_opportunities,
    ("Badge", "pathways"): badge_pathways,
    ("Badge", "essentialSkills"): essential_skills,
    **columns("Criterion", "required"),
    ("Criterion", "text"): words("criterion_text", "criterion_id", "text"),
    ("Criterion", "skills"): skills("criterion_skill", "criterion_id"),
    **columns("BadgeVersion", "number publishedAt"),
    ("BadgeVersion", "name"): words("badge_text", "version_id", "name", copied="name"),
    ("BadgeVersion", "description"): words("badge_text", "version_id", "description"),
    ("BadgeVersion", "layer"): layer_of,
    ("BadgeVersion", "criteria"): below("Criterion", "criterion", "version_id", "position"),
    ("BadgeVersion", "skills"): skills("badge_skill", "version_id"),
    **columns("Endorsement", "comment validFrom"),
    ("Endorsement", "endorser"): endorser,
}

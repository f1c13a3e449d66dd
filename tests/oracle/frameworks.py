"""The naive executor's resolvers of frameworks: the country's and a city's own as one, and what badges show of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from tests.oracle.calls import Asked, Call, Resolver, Table, attempt, columns, global_id
from tests.oracle.earned import mine
from tests.oracle.lists import Listing, by_title, check_page, check_text, listing
from tests.oracle.rows import Row, Thing, View
from waypost.graph.ids import parse_id
from waypost.skills.rules import normal_form

STEP_PAGES = "https://www.skillsbuilder.org/universal-framework-steps/"
# Types whose rows are the country's and the city's own, with their tables.
GATHERED = {
    "Framework": "framework",
    "FrameworkItem": "framework_item",
    "FrameworkAssociation": "framework_association",
}
FRAMEWORK = "2.0"  # what Skills Builder shows where a city has chosen none


def gathered(view: View, table: str) -> list[Row]:
    """The country's rows and the city's own; of one id the country's."""
    theirs = list(view.all(table))
    known = {row["id"] for row in theirs}
    return [*theirs, *(row for row in view.all(f"own_{table}") if row["id"] not in known)]


def find(view: View, table: str, id: UUID | None) -> Row | None:
    """One of them by its id."""
    found = view.one(table, "id", id)
    return view.one(f"own_{table}", "id", id) if found is None else found


def _one(kind: str, table: str, key: str) -> Resolver:
    return lambda call: call.of(kind, find(call.view, table, call.thing[key]))


def _must(kind: str, table: str, key: str) -> Resolver:
    return lambda call: call.must(kind, find(call.view, table, call.thing[key]))


# Lists


def _wanted(item: Row, filter: Mapping[str, Any]) -> bool:
    framework = filter.get("framework")
    named = None if framework is None else parse_id(framework)
    of = framework is None or (named is not None and named.type == "Framework" and named.tenant is None)
    return (
        (bool(filter.get("includeRetired")) or item["retired_at"] is None)
        and all(word in item["search_words"] for word in normal_form(filter.get("text", "")).split())
        and of
        and (named is None or item["framework_id"] == named.row)
        and all(filter.get(name) in {None, item[name]} for name in ("code", "kind", "uri", "depth"))
        and (not filter.get("leaves") or item["last"] == item["position"])
    )


def _items(call: Call, rows: Collection[Row], *keys: str) -> Listing:
    filter = call.args.get("filter", {})
    things = [Thing("FrameworkItem", row, call.view) for row in rows if _wanted(row, filter)]
    return listing(call, things, lambda each: (*(getattr(each[key], "bytes", each[key]) for key in keys), _id(each)))


def _id(thing: Thing) -> bytes:
    return bytes(thing["id"].bytes)


def frameworks(call: Call) -> Listing:
    """All that are here."""
    filter = call.args.get("filter", {})
    text, languages, uri = (filter.get(name) for name in ("text", "languages", "uri"))
    rows = [
        row
        for row in gathered(call.view, "framework")
        if (text is None or text.lower() in row["title"].lower())
        and (languages is None or row["language"] in languages)
        and uri in {None, row["uri"]}
    ]
    return listing(call, [Thing("Framework", row, call.view) for row in rows], by_title)


def framework_items(call: Call) -> Listing:
    """Of all frameworks."""
    return _items(call, gathered(call.view, "framework_item"), "framework_id", "position")


def _of_framework(call: Call) -> list[Row]:
    return [row for row in gathered(call.view, "framework_item") if row["framework_id"] == call.thing["id"]]


def _below(call: Call) -> list[Row]:
    item = call.thing
    rows = [row for row in gathered(call.view, "framework_item") if row["framework_id"] == item["framework_id"]]
    return [row for row in rows if item["position"] < row["position"] <= item["last"]]


def _children(call: Call) -> list[Row]:
    return [row for row in gathered(call.view, "framework_item") if row["parent_id"] == call.thing["id"]]


# Crosswalks


def _ends(view: View, id: UUID, type: str) -> set[UUID | None]:
    links = [row for row in gathered(view, "framework_association") if row["type"] == type and not row["retired_at"]]
    there = {row["destination_id"] for row in links if row["origin_id"] == id}
    return there | {row["origin_id"] for row in links if row["destination_id"] == id}


def _matched(call: Call, type: str) -> list[Thing]:
    ends = _ends(call.view, call.thing["id"], type)
    rows = [row for row in gathered(call.view, "framework_item") if row["id"] in ends and row["retired_at"] is None]
    rows.sort(key=lambda row: (row["framework_id"].bytes, row["position"], row["id"].bytes))
    return call.thing.things("FrameworkItem", rows)


def associations(call: Call) -> Listing:
    """All that frameworks say of an item."""
    types, id = call.args.get("filter", {}).get("types"), call.thing["id"]
    rows = [
        row
        for row in gathered(call.view, "framework_association")
        if id in {row["origin_id"], row["destination_id"]}
        and row["retired_at"] is None
        and (types is None or row["type"] in types)
    ]
    return listing(call, call.thing.things("FrameworkAssociation", rows), lambda each: (each["type"], _id(each)))


# What badges show


def showing(call: Call) -> Listing:
    """The badges on offer that show an item."""
    links = [row for row in call.view.all("badge_alignment") if row["item_id"] == call.thing["id"]]
    rows = [call.view.one("badge", "id", link["badge_id"], link["tenant_id"]) for link in links]
    things = call.thing.things("Badge", [row for row in rows if row is not None and row["state"] == "published"])
    return listing(call, things, lambda each: (each["name"], _id(each)))


def alignments(call: Call) -> list[Thing]:
    """What a badge shows."""
    rows = call.view.beside("badge_alignment", "badge_id", call.thing["id"], call.thing.row)
    rows.sort(key=lambda row: (row["target_framework"], row["target_name"], row["item_id"].bytes))
    return call.thing.things("BadgeAlignment", rows)


Badges = Callable[[Call], set[tuple[UUID, UUID]]]


def _on_offer(call: Call) -> set[tuple[UUID, UUID]]:
    return {(row["tenant_id"], row["id"]) for row in call.view.all("badge") if row["state"] == "published"}


def _accepted(call: Call) -> set[tuple[UUID, UUID]]:
    return {(row["tenant_id"], row["badge_id"]) for row in mine(call) if row["state"] == "accepted"}


def _on_the_way(call: Call) -> set[tuple[UUID, UUID]]:
    links = call.view.beside("step_badge", "pathway_id", call.thing["id"], call.thing.row)
    return {(row["home_tenant_id"], row["badge_id"]) for row in links}


def _lacking(call: Call, rows: Collection[Row], badges: Badges) -> Listing:
    known = badges(call)
    shown: set[UUID] = set()
    for link in call.view.all("badge_alignment"):
        if (link["tenant_id"], link["badge_id"]) in known:
            shown |= _path(call.view, link["item_id"])
    matched = {end for id in shown for end in _ends(call.view, id, "exactMatchOf")}
    covered = shown | {id for end in matched for id in _path(call.view, end)}
    return _items(call, [row for row in rows if row["id"] not in covered], "position")


def _path(view: View, id: UUID | None) -> set[UUID]:
    row = find(view, "framework_item", id)
    return set() if row is None or row["retired_at"] is not None else set(row["path"])


def pathway_gaps(call: Call) -> Listing:
    """What a pathway lacks against a framework."""
    named = parse_id(call.args["framework"])
    of = named.row if named is not None and named.type == "Framework" and named.tenant is None else None
    rows = [row for row in gathered(call.view, "framework_item") if row["framework_id"] == of]
    return _lacking(call, rows, _on_the_way)


# Skills Builder


def essential_rows(view: View) -> list[Row]:
    """The skills of both versions."""
    ids = {row["id"] for row in view.all("framework") if row["source"].startswith("plugin:essential.")}
    return [row for row in view.all("framework_item") if row["framework_id"] in ids]


def essential_skills(call: Call) -> list[Thing]:
    """Of the version asked for, or the city's own; nationally of both."""
    framework = call.args.get("framework")
    if framework is None and not call.view.national:
        own = [each["settings"] for each in call.view.all("plugin_setting") if each["plugin"] == "skills_builder"]
        framework = own[0].get("framework", FRAMEWORK) if own else FRAMEWORK
    rows = [row for row in essential_rows(call.view) if row["depth"] == 1]
    rows = [row for row in rows if framework in {None, row["code"].split("/")[0]}]
    rows.sort(key=lambda row: (row["code"].split("/")[0], row["place"]))
    return [Thing("EssentialSkill", row, call.view) for row in rows]


def _coded(kind: str, code: Callable[[Thing], str]) -> Resolver:
    def resolve(call: Call) -> Thing:
        (row,) = [each for each in essential_rows(call.view) if each["code"] == code(call.thing)]
        return Thing(kind, row, call.view)

    return resolve


def _other(type: str) -> Resolver:
    def resolve(call: Call) -> Thing | None:
        ends = _ends(call.view, call.thing["id"], type)
        return call.of("EssentialSkill", next((row for row in essential_rows(call.view) if row["id"] in ends), None))

    return resolve


# What is refused


def check_list(kind: str, field: str) -> Callable[[Mapping[str, Any], Asked], None]:
    """A page, and a filter in which no text is what nothing can keep."""

    def check(args: Mapping[str, Any], asked: Asked) -> None:
        filter = args.get("filter", {})
        # Words to search for in items are folded first, which leaves nothing of what could not be kept.
        passed = {"framework"} if field == "frameworks" else {"framework", "text"}
        texts = [value for name, value in filter.items() if name not in passed]
        attempt(lambda: check_text(*texts), lambda: check_page(args, asked, (kind, field)))

    return check


LISTED = (
    ("Query", "frameworks"),
    ("Query", "frameworkItems"),
    ("Framework", "items"),
    ("Framework", "gaps"),
    ("Framework", "viewerGaps"),
    ("FrameworkItem", "items"),
    ("FrameworkItem", "allItems"),
    ("FrameworkItem", "associations"),
    ("Pathway", "gaps"),
)
ITEM = "uri statement name code kind notes language educationLevel licenceUrl startsOn endsOn depth place position"


def _shared_id(call: Call) -> str:
    return global_id(call.thing.kind, call.thing["id"])


FRAMEWORKS: Table = {
    ("Query", "frameworks"): frameworks,
    ("Query", "frameworkItems"): framework_items,
    **{(kind, "id"): _shared_id for kind in GATHERED},
    **columns("Framework", "uri title creator publisher description language version status kind officialUrl"),
    **columns("Framework", "licenceUrl licence notes startsOn endsOn source changedAt importedAt"),
    ("Framework", "own"): lambda call: (
        not call.view.national and call.view.one("own_framework", "id", call.thing["id"]) is not None
    ),
    ("Framework", "items"): lambda call: _items(call, _of_framework(call), "position"),
    ("Framework", "gaps"): lambda call: _lacking(call, _of_framework(call), _on_offer),
    ("Framework", "viewerGaps"): lambda call: _lacking(call, _of_framework(call), _accepted),
    **columns("FrameworkItem", f"{ITEM} changedAt retiredAt"),
    ("FrameworkItem", "framework"): _must("Framework", "framework", "framework_id"),
    ("FrameworkItem", "parent"): _one("FrameworkItem", "framework_item", "parent_id"),
    ("FrameworkItem", "items"): lambda call: _items(call, _children(call), "place"),
    ("FrameworkItem", "allItems"): lambda call: _items(call, _below(call), "position"),
    ("FrameworkItem", "exactMatches"): lambda call: _matched(call, "exactMatchOf"),
    ("FrameworkItem", "related"): lambda call: _matched(call, "isRelatedTo"),
    ("FrameworkItem", "peers"): lambda call: _matched(call, "isPeerOf"),
    ("FrameworkItem", "associations"): associations,
    ("FrameworkItem", "badges"): showing,
    **columns("FrameworkAssociation", "uri type originUri originTitle destinationUri destinationTitle"),
    **columns("FrameworkAssociation", "sequence notes changedAt"),
    ("FrameworkAssociation", "origin"): _one("FrameworkItem", "framework_item", "origin_id"),
    ("FrameworkAssociation", "destination"): _one("FrameworkItem", "framework_item", "destination_id"),
    ("FrameworkAssociation", "framework"): _must("Framework", "framework", "framework_id"),
    ("Badge", "alignments"): alignments,
    **columns("BadgeAlignment", "targetName targetUrl targetCode targetFramework source"),
    ("BadgeAlignment", "targetType"): lambda _call: "CFItem",
    ("BadgeAlignment", "item"): _one("FrameworkItem", "framework_item", "item_id"),
    ("Pathway", "gaps"): pathway_gaps,
    ("Query", "essentialSkills"): essential_skills,
    **columns("EssentialSkill", "code name position=place"),
    ("EssentialSkill", "slug"): lambda call: call.thing["code"].split("/")[1],
    ("EssentialSkill", "framework"): lambda call: call.thing["code"].split("/")[0],
    ("EssentialSkill", "steps"): lambda call: [int(row["code"].split("/")[2]) for row in sorted_children(call)],
    ("EssentialSkill", "exactMatchOf"): _other("exactMatchOf"),
    ("EssentialSkill", "isRelatedTo"): _other("isRelatedTo"),
    ("EssentialSkill", "item"): lambda call: call.of("FrameworkItem", call.thing.row),
    ("EssentialSkillStep", "skill"): _coded("EssentialSkill", lambda step: str(step["skill_code"])),
    ("EssentialSkillStep", "item"): _coded("FrameworkItem", lambda step: f"{step['skill_code']}/{step['step']}"),
    **columns("EssentialSkillStep", "step"),
    ("EssentialSkillStep", "url"): lambda call: (
        f"{STEP_PAGES}{call.thing['skill_code'].split('/')[1]}-step-{call.thing['step']}"
    ),
}


def sorted_children(call: Call) -> list[Row]:
    """The items right below a skill."""
    return sorted(_children(call), key=lambda row: int(row["place"]))

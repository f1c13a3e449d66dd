"""One object by its id or slug: what it says, what it points at, and what stays out of sight."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.graph.asking import Asking
from tests.graph.expected import LONDON, here
from tests.graph.world import Made
from waypost.graph.ids import GlobalId

FIELDS = {"Badge": "badge", "Opportunity": "opportunity", "Pathway": "pathway", "Issuer": "issuer", "Place": "place"}


def utc(moment: Any) -> str:
    """Return a moment as the graph writes it."""
    return str(moment.astimezone(UTC).isoformat(timespec="milliseconds")).replace("+00:00", "Z")


# By id and by slug


async def test_everything_public_is_found_by_id_and_by_slug_on_both_graphs(ask: Asking) -> None:
    for each in here(ask.world.everything(), None):
        field, slug, city = FIELDS[each.kind], each.slug, each.town.slug
        text = (
            f"query($id: ID!, $slug: String!, $city: String) {{ id: {field}(id: $id) {{ id slug __typename }} "
            f"slug: {field}(slug: $slug, city: $city) {{ id slug __typename }} node(id: $id) {{ id __typename }} }}"
        )
        itself = {"id": each.gid, "slug": slug, "__typename": each.kind}
        wanted = {"id": itself, "slug": itself, "node": {"id": each.gid, "__typename": each.kind}}
        assert await ask(text, {"id": each.gid, "slug": slug}, city=city) == wanted
        assert await ask(text, {"id": each.gid, "slug": slug, "city": city}, city=city) == wanted
        assert await ask(text, {"id": each.gid, "slug": slug, "city": city}) == wanted


async def test_skills_and_cities_have_one_id_for_all_graphs(ask: Asking) -> None:
    query = """query($id: ID!, $city: ID!) {
      skill(id: $id) { id code } byCode: skill(code: "problem-solving") { id } one: node(id: $id) { id }
      city(id: $city) { id slug } bySlug: city(slug: "cardiff") { id } other: node(id: $city) { id } }"""
    skill = (await ask('{ skill(code: "problem-solving") { id } }'))["skill"]["id"]
    city = (await ask('{ city(slug: "cardiff") { id } }'))["city"]["id"]
    for graph in ("plymouth", "cardiff", None):
        assert await ask(query, {"id": skill, "city": city}, city=graph) == {
            "skill": {"id": skill, "code": "problem-solving"},
            "byCode": {"id": skill},
            "one": {"id": skill},
            "city": {"id": city, "slug": "cardiff"},
            "bySlug": {"id": city},
            "other": {"id": city},
        }


async def test_nodes_keep_their_order_whatever_they_are_and_tell_of_gaps(ask: Asking) -> None:
    world = ask.world
    ids = [
        world.find("Badge", "plymouth", "navigator").gid,
        "made up",
        world.find("Pathway", "plymouth", "film-maker").gid,
        world.find("Badge", "plymouth", "secret").gid,
        world.find("Place", "plymouth", "quay").gid,
        world.find("Badge", "plymouth", "navigator").gid,
    ]
    text = """query($ids: [ID!]!) { nodes(ids: $ids) {
      __typename ... on Badge { name issuer { slug } } ... on Pathway { name issuer { slug } }
      ... on Place { slug } } }"""
    for city in ("plymouth", None):
        body = await ask.body(text, {"ids": ids}, city=city)
        badge = {"__typename": "Badge", "name": "Navigator", "issuer": {"slug": "real-ideas"}}
        way = {"__typename": "Pathway", "name": "Film Maker", "issuer": {"slug": "real-ideas"}}
        place = {"__typename": "Place", "slug": "quay"}
        assert body["data"]["nodes"] == [badge, None, way, None, place, badge]
        assert [(each["path"], each["extensions"]["code"]) for each in body["errors"]] == [
            (["nodes", 1], "NOT_FOUND"),
            (["nodes", 3], "NOT_FOUND"),
        ]


@pytest.mark.parametrize("keys", ["name", "__typename name", "issuer { name }", "city { slug } issuer { id name }"])
async def test_a_gap_does_not_take_its_neighbours_along(ask: Asking, keys: str) -> None:
    """Also where no id tells the type, as in a front end's first attempts."""
    badge = ask.world.find("Badge", "plymouth", "navigator")
    text = (
        f'query($id: ID!) {{ gap: badge(id: "none") {{ id }} node(id: $id) {{ ... on Pathway {{ city {{ id }} }} '
        f"... on Badge {{ {keys} }} }} badge(id: $id) {{ {keys} }} }}"
    ).replace("city { id } }", "steps { id } }")
    body = await ask.body(text, {"id": badge.gid}, city="plymouth")
    assert body["data"]["gap"] is None
    assert body["data"]["node"] == body["data"]["badge"] is not None


@pytest.mark.parametrize("kind", ["Badge", "Opportunity", "Pathway", "Issuer", "Place"])
async def test_foreign_invented_and_hidden_ids_answer_exactly_like_missing_ones(ask: Asking, kind: str) -> None:
    world, field = ask.world, FIELDS[kind]
    town = world.towns["plymouth"]
    foreign = next(each for each in here(world.everything(), "cardiff") if each.kind == kind)
    own = next(each for each in here(world.everything(), "plymouth") if each.kind == kind)
    hidden = [each.gid for each in world.everything() if each.kind == kind and not each.shown]
    other_kind = next(each for each in here(world.everything(), "plymouth") if each.kind != kind)
    wrong = [
        str(GlobalId(kind, town.id, uuid4())),
        foreign.gid,
        str(GlobalId(kind, town.id, foreign.id)),
        str(GlobalId(kind, None, own.id)),
        str(GlobalId(kind, foreign.town.id, own.id)),
        other_kind.gid,
        own.gid.lower(),
        own.gid + "=",
        "Badge",
        "",
        *hidden,
    ]
    text = f"query($id: ID!) {{ {field}(id: $id) {{ id slug }} }}"
    missing = await ask.body(text, {"id": wrong[0]}, city="plymouth")
    assert missing["data"] == {field: None}
    assert missing["errors"][0]["extensions"] == {"code": "NOT_FOUND"}
    for id in wrong:
        assert await ask.body(text, {"id": id}, city="plymouth") == missing, id
        gone = await ask.body(
            "query($id: ID!) { node(id: $id) { ... on Badge { name } } }", {"id": id}, city="plymouth"
        )
        if id != other_kind.gid:
            assert gone["data"] == {"node": None}, id


async def test_only_what_a_city_owns_has_a_city_in_its_id(ask: Asking) -> None:
    text = "query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }"
    skill, city = (await ask('{ skill(code: "teamwork") { id } city(slug: "plymouth") { id } }')).values()
    for id in (skill["id"], city["id"]):
        kind, row = id.split(".")
        for graph in ("plymouth", None):
            assert (await ask(text, {"id": id}, city=graph))["nodes"] == [{"id": id}]
            body = await ask.body(text, {"id": f"{kind}.{city['id'].split('.')[1]}.{row}"}, city=graph)
            assert body["data"] == {"node": None, "nodes": [None]}


async def test_a_slug_of_another_city_is_as_unknown_as_any(ask: Asking) -> None:
    query = 'query($city: String) { badge(slug: "bathodyn", city: $city) { name } }'
    assert await ask(query, city="plymouth") == {"badge": None}
    assert await ask(query, {"city": "cardiff"}, city="plymouth") == {"badge": None}
    assert await ask(query, {"city": "no-such-city"}) == {"badge": None}
    assert await ask(query, {"city": "cardiff"}) == {"badge": {"name": "Bathodyn"}}


# In and out of sight


async def test_what_was_retired_or_closed_stays_readable_off_the_lists(ask: Asking) -> None:
    for kind, slug, state in (("badge", "old-badge", "RETIRED"), ("pathway", "past-way", None)):
        found = await ask(f'{{ {kind}(slug: "{slug}") {{ slug {"state" if state else ""} }} }}', city="plymouth")
        assert found[kind] == {"slug": slug, **({"state": state} if state else {})}
    for kind, slug in (("issuer", "shut"), ("place", "shed"), ("opportunity", "closed"), ("opportunity", "over")):
        assert await ask(f'{{ {kind}(slug: "{slug}") {{ slug }} }}', city="plymouth") == {kind: {"slug": slug}}


@pytest.mark.parametrize("city", ["plymouth", "cardiff", None])
async def test_drafts_and_what_was_withdrawn_are_nowhere(ask: Asking, city: str | None) -> None:
    hidden = [each for each in ask.world.everything() if not each.shown]
    assert {each.slug for each in hidden} == {"secret", "withdrawn", "cudd", "hidden-way"}
    for each in hidden:
        field, home = FIELDS[each.kind], each.town.slug
        by_slug = f'{{ {field}(slug: "{each.slug}", city: "{home}") {{ slug }} }}'
        assert await ask(by_slug, city=city) == {field: None}
    seen = await ask.answer(
        """{ badges(first: 100, filter: {includeRetired: true}) { nodes { id pathways { nodes { id } }
               opportunities { nodes { id } } derivedFrom { id } versions { skills { code } } } }
             pathways(first: 100) { nodes { id allSteps { badges { id } opportunities { id } } outcomes { id } } }
             discover(filter: {}, first: 100) { nodes { id badges { id } pathways { id } } }
             skills { nodes { code } } }""",
        city=city,
    )
    assert b"errors" not in seen.body
    for each in hidden:
        assert each.gid.encode() not in seen.body
    assert b"secrecy" not in seen.body


async def test_a_badge_keeps_its_versions_and_hides_its_draft(ask: Asking) -> None:
    query = """{ badge(slug: "smart-citizen") { name layer { code } criteria { text required skills { code } }
      version { number name } first: version(number: 1) { number name layer { code } criteria { text } }
      versions { number name publishedAt } } }"""
    badge = (await ask(query, city="plymouth"))["badge"]
    assert (badge["name"], badge["layer"]) == ("Smart Citizen Plus", {"code": "rsa-2019/demonstrate"})
    assert badge["criteria"] == [
        {"text": "Came along", "required": True, "skills": [{"code": "curiosity"}]},
        {"text": "Stayed", "required": False, "skills": []},
        {"text": "Told others", "required": True, "skills": [{"code": "digital-literacy"}]},
    ]
    assert badge["version"] == {"number": 2, "name": "Smart Citizen Plus"}
    old = {"number": 1, "name": "Smart Citizen", "layer": {"code": "rsa-2019/engage"}}
    assert badge["first"] == {**old, "criteria": [{"text": "Came along"}, {"text": "Stayed"}]}
    assert [(each["number"], each["name"]) for each in badge["versions"]] == [
        (1, "Smart Citizen"),
        (2, "Smart Citizen Plus"),
    ]
    assert {each["publishedAt"] for each in badge["versions"]} == {utc(ask.world.now)}


@pytest.mark.parametrize("number", [0, 3, 99])
async def test_a_version_that_nobody_may_see_is_not_there(ask: Asking, number: int) -> None:
    """`version` may not be null, so the badge is null instead."""
    query = f'{{ badge(slug: "smart-citizen") {{ name version(number: {number}) {{ name }} }} }}'
    body = await ask.body(query, city="plymouth")
    assert body["data"] == {"badge": None}
    assert [(each["path"], each["extensions"]["code"]) for each in body["errors"]] == [
        (["badge", "version"], "NOT_VISIBLE")
    ]


async def test_a_badge_says_what_it_costs_and_what_it_is(ask: Asking) -> None:
    coded = "category { code name } level { code name } timeToEarn { code name }"
    cost = "cost { free note price { amount currency } }"
    query = f"query($slug: String!) {{ badge(slug: $slug) {{ {coded} urgent imageUrl {cost} }} }}"

    async def read(slug: str) -> Any:
        return (await ask(query, {"slug": slug}, city="plymouth"))["badge"]

    smart = await read("smart-citizen")
    assert smart["category"] == {"code": "participation", "name": "Participation"}
    assert smart["level"] == {"code": "foundational", "name": "Foundational"}
    assert smart["timeToEarn"] == {"code": "days", "name": "Days"}
    assert (smart["urgent"], smart["imageUrl"], smart["cost"]) == (False, "https://example.org/smart.png", None)
    navigator = await read("navigator")
    assert (navigator["urgent"], navigator["category"], navigator["imageUrl"]) == (True, None, None)
    assert navigator["cost"] == {"free": True, "note": None, "price": None}
    price = {"amount": "12.50", "currency": "GBP"}
    assert (await read("priced"))["cost"] == {"free": False, "note": "Bring cash", "price": price}
    assert (await read("price-only"))["cost"] == {
        "free": False,
        "note": None,
        "price": {"amount": "3.00", "currency": "GBP"},
    }


async def test_a_badge_names_its_successor_its_origin_and_its_friends(ask: Asking) -> None:
    query = """query($slug: String!, $city: String) { badge(slug: $slug, city: $city) {
      replacedBy { slug } derivedFrom { id slug city { slug } issuer { name } }
      issuer { slug } creator { slug } endorsements { comment validFrom endorser { slug } } } }"""
    origin = ask.world.find("Badge", "cardiff", "bathodyn").gid
    for city in ("plymouth", None):
        asked = {"city": "plymouth"} if city is None else {}

        async def read(slug: str, city: str | None = city, asked: dict[str, str] = asked) -> Any:
            return (await ask(query, {"slug": slug, **asked}, city=city))["badge"]

        assert (await read("old-badge"))["replacedBy"] == {"slug": "smart-citizen"}
        assert (await read("smart-citizen"))["replacedBy"] is None
        assert (await read("writing"))["derivedFrom"] == {
            "id": origin,
            "slug": "bathodyn",
            "city": {"slug": "cardiff"},
            "issuer": {"name": "Syniadau"},
        }
        assert (await read("navigator-two"))["derivedFrom"]["slug"] == "navigator"
        assert (await read("navigator"))["derivedFrom"] is None
        assert ((await read("smart-citizen"))["creator"], (await read("smart-citizen"))["issuer"]) == (
            {"slug": "city-college"},
            {"slug": "real-ideas"},
        )
        assert (await read("navigator"))["endorsements"] == [
            {"comment": "Well made", "validFrom": utc(ask.world.now), "endorser": {"slug": "harbour-club"}}
        ]


# Opportunities


async def test_an_opportunity_says_all_that_was_written(ask: Asking) -> None:
    query = """{ opportunity(slug: "film-lab") {
      title summary kind { code name } provider { slug } place { slug } location { latitude longitude } outsideArea
      online startsAt endsAt recurrence timezone applyBy capacity cost { free price { amount } } ages { min max }
      accessibility url contactUrl layers { code } badges { slug city { slug } } city { slug } source licence } }"""
    lab = (await ask(query, city="plymouth"))["opportunity"]
    words = ask.world.find("Opportunity", "plymouth", "film-lab").words
    assert lab == {
        "title": "Film Lab",
        "summary": "Film Lab, for you.",
        "kind": {"code": "WORKSHOP", "name": "Workshop"},
        "provider": {"slug": "real-ideas"},
        "place": {"slug": "central-library"},
        "location": {"latitude": 50.3715, "longitude": -4.1423},
        "outsideArea": False,
        "online": False,
        "startsAt": utc(words.starts_at),
        "endsAt": utc(words.ends_at),
        "recurrence": "FREQ=WEEKLY",
        "timezone": "Europe/London",
        "applyBy": utc(words.apply_by),
        "capacity": 12,
        "cost": {"free": True, "price": None},
        "ages": {"min": 11, "max": 19},
        "accessibility": ["bsl", "step-free"],
        "url": "https://example.org/lab",
        "contactUrl": "https://example.org/lab/ask",
        "layers": [{"code": "rsa-2019/engage"}, {"code": "rsa-2019/demonstrate"}],
        "badges": [
            {"slug": "smart-citizen", "city": {"slug": "plymouth"}},
            {"slug": "bathodyn", "city": {"slug": "cardiff"}},
        ],
        "city": {"slug": "plymouth"},
        "source": "feed",
        "licence": "CC0",
    }
    query = """{ opportunity(slug: "far-off") {
      outsideArea ages { min max } cost { free } place { slug } occurrences { startsAt } } }"""
    assert await ask(query, city="plymouth") == {
        "opportunity": {
            "outsideArea": True,
            "ages": {"min": 30, "max": None},
            "cost": None,
            "place": None,
            "occurrences": [],
        }
    }


async def test_occurrences_keep_their_time_on_the_clocks(ask: Asking) -> None:
    query = """query($first: Int, $after: DateTime) {
      opportunity(slug: "film-lab") { occurrences(first: $first, after: $after) { startsAt endsAt } } }"""
    words = ask.world.find("Opportunity", "plymouth", "film-lab").words
    weekly = [
        {"startsAt": utc(words.starts_at + timedelta(weeks=n)), "endsAt": utc(words.ends_at + timedelta(weeks=n))}
        for n in range(120)
    ]
    assert words.starts_at.tzinfo is LONDON

    async def read(**given: Any) -> Any:
        return (await ask(query, given, city="plymouth"))["opportunity"]["occurrences"]

    assert await read() == weekly[3:13]
    assert await read(first=None, after=None) == weekly[3:13]
    assert await read(first=100) == weekly[3:103]
    assert await read(first=0) == []
    assert await read(first=2, after=weekly[10]["startsAt"]) == weekly[10:12]
    assert await read(first=2, after=weekly[10]["endsAt"]) == weekly[11:13]
    assert await read(first=2, after="2020-01-01T00:00:00Z") == weekly[:2]


def made(things: list[Made[Any]]) -> list[dict[str, str]]:
    return [{"id": each.gid} for each in things]


async def test_an_opportunity_names_the_pathways_of_its_city(ask: Asking) -> None:
    found = (await ask('{ opportunity(slug: "film-lab") { pathways { id } } }', city="plymouth"))["opportunity"]
    assert {"id": ask.world.find("Pathway", "plymouth", "film-maker").gid} in found["pathways"]

"""Every list is what plain Python makes of what was written: order, pages, counts, filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.graph import expected
from tests.graph.asking import Asking, nodes
from tests.graph.expected import by_name, here, ids, in_cities, keep, turn_pages
from tests.graph.world import Made, World
from waypost.db import City, execute

GRAPHS = ("plymouth", "cardiff", "badge-nation", None)
Words = Any


def badges(world: World, city: str | None, *states: str) -> list[Made[Any]]:
    return by_name(each for each in here(world.badges, city) if each.state in (states or ("published",)))


def open_ones(things: list[Made[Any]], city: str | None) -> list[Made[Any]]:
    return by_name(each for each in here(things, city) if each.state == "open")


def whole(world: World, field: str, city: str | None) -> list[str]:
    """Return the ids of a whole root list."""
    lists: dict[str, Callable[[], list[Made[Any]]]] = {
        "badges": lambda: badges(world, city),
        "pathways": lambda: expected.pathways(world, city),
        "issuers": lambda: open_ones([*world.issuers], city),
        "places": lambda: open_ones([*world.places], city),
    }
    return ids(lists[field]())


@pytest.mark.parametrize("city", GRAPHS)
@pytest.mark.parametrize("field", ["badges", "pathways", "issuers", "places"])
async def test_a_list_is_the_same_in_pages_of_every_size(ask: Asking, field: str, city: str | None) -> None:
    wanted = whole(ask.world, field, city)
    for size in range(1, 8):
        found = await turn_pages(ask, field, city=city, size=size)
        assert [each["id"] for each in found] == wanted


async def test_the_country_has_ties_for_the_id_to_decide(ask: Asking) -> None:
    """Otherwise the test of order above could not fail on them."""
    for city in ("plymouth", None):
        found = await ask("{ badges(first: 100) { nodes { name } } issuers { nodes { name } } }", city=city)
        for field in ("badges", "issuers"):
            names = nodes(found[field], "name")
            assert len(set(names)) < len(names)


@pytest.mark.parametrize("city", GRAPHS)
async def test_skills_are_listed_by_name_and_only_once_they_are_public(ask: Asking, city: str | None) -> None:
    names = expected.skills_of(here(ask.world.badges, city))
    assert "secrecy" not in names
    for size in (1, 3, 7):
        found = await turn_pages(ask, "skills", "code name", city, size)
        assert [each["code"] for each in found] == expected.skill_order(names)
        assert {each["code"]: each["name"] for each in found} == names


@pytest.mark.parametrize("city", ["plymouth", None])
async def test_cities_are_the_open_tenants_on_every_graph(ask: Asking, city: str | None) -> None:
    towns = [each for each in ask.world.towns.values() if each.state == "open"]
    wanted = [each.slug for each in sorted(towns, key=lambda each: (each.name, each.id.bytes))]
    for size in (1, 2, 5):
        assert [each["slug"] for each in await turn_pages(ask, "cities", "slug", city, size)] == wanted


async def test_members_of_a_group_are_its_open_cities(ask: Asking) -> None:
    query = '{ city(slug: "%s") { members(first: 1) { totalCount pageInfo { endCursor } nodes { slug } } } }'
    region = (await ask(query % "south-west"))["city"]["members"]
    assert (region["totalCount"], nodes(region)) == (1, ["plymouth"])
    network = (await ask(query % "badge-nation"))["city"]["members"]
    assert (network["totalCount"], nodes(network)) == (2, ["cardiff"])
    more = '{ city(slug: "badge-nation") { members(after: "%s") { nodes { slug } } } }'
    rest = await ask(more % network["pageInfo"]["endCursor"])
    assert nodes(rest["city"]["members"]) == ["plymouth"]


# Lists below something


async def below(ask: Asking, kind: str, id: str, field: str, city: str | None) -> list[str]:
    """Read a connection of one object in pages of two."""
    text = (
        f"query($id: ID!, $after: String) {{ node(id: $id) {{ ... on {kind} {{ {field}(first: 2, after: $after) {{ "
        "totalCount nodes { id } edges { node { id } } pageInfo { hasNextPage endCursor } } } } }"
    )
    found: list[str] = []
    after = None
    while True:
        page = (await ask(text, {"id": id, "after": after}, city=city))["node"][field]
        assert nodes(page, "id") == [each["node"]["id"] for each in page["edges"]]
        found += nodes(page, "id")
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found
        after = page["pageInfo"]["endCursor"]


def chances(world: World, city: str | None) -> list[Made[Any]]:
    return by_name(expected.listed(world, city))


@pytest.mark.parametrize("national", [False, True])
async def test_an_issuer_lists_what_it_signs_plans_and_offers(ask: Asking, national: bool) -> None:
    world = ask.world
    for issuer in world.issuers:
        slug = issuer.town.slug
        city = None if national else slug
        signed = [each for each in badges(world, slug) if each.words.issuer_id == issuer.id]
        planned = [each for each in expected.pathways(world, slug) if each.words.issuer_id == issuer.id]
        offered = [each for each in chances(world, slug) if each.words.provider_id == issuer.id]
        for field, wanted in (("badges", signed), ("pathways", planned), ("opportunities", offered)):
            assert await below(ask, "Issuer", issuer.gid, field, city) == ids(wanted)


@pytest.mark.parametrize("national", [False, True])
async def test_a_badge_lists_where_it_can_be_earned_and_where_it_leads(ask: Asking, national: bool) -> None:
    """Nationally also in the cities that borrowed it."""
    world = ask.world
    for badge in here(world.badges, None):
        city = None if national else badge.town.slug
        earned = [each for each in chances(world, city) if badge in expected.badges_of(world, each)]
        leads = [each for each in expected.pathways(world, city) if badge in expected.badges_on(world, each)]
        assert await below(ask, "Badge", badge.gid, "opportunities", city) == ids(earned)
        assert await below(ask, "Badge", badge.gid, "pathways", city) == ids(leads)


async def test_a_borrowed_badge_is_found_where_it_was_borrowed_to(ask: Asking) -> None:
    origin = ask.world.find("Badge", "cardiff", "bathodyn")
    lab = ask.world.find("Opportunity", "plymouth", "film-lab").gid
    assert lab in await below(ask, "Badge", origin.gid, "opportunities", None)
    assert lab not in await below(ask, "Badge", origin.gid, "opportunities", "cardiff")


@pytest.mark.parametrize("national", [False, True])
async def test_a_place_lists_what_happens_there(ask: Asking, national: bool) -> None:
    for place in ask.world.places:
        slug = place.town.slug
        wanted = [each for each in chances(ask.world, slug) if each.words.place_id == place.id]
        assert await below(ask, "Place", place.gid, "opportunities", None if national else slug) == ids(wanted)


@pytest.mark.parametrize("city", ["plymouth", "cardiff", None])
async def test_a_skill_lists_the_badges_that_stand_for_it(ask: Asking, city: str | None) -> None:
    for each in (await ask("{ skills { nodes { id code } } }", city=city))["skills"]["nodes"]:
        wanted = [one for one in badges(ask.world, city) if each["code"] in expected.skill_codes(one)]
        assert await below(ask, "Skill", each["id"], "badges", city) == ids(wanted)


# Filters


def everything(_each: Made[Any]) -> bool:
    return True


def nothing(_each: Made[Any]) -> bool:
    return False


async def filtered(ask: Asking, field: str, kind: str, value: dict[str, Any], city: str | None) -> list[str]:
    found = await turn_pages(ask, f"{field}(filter: $filter)", "id", city, 4, filter=(f"{kind}!", value))
    return [each["id"] for each in found]


@pytest.mark.parametrize("city", ["plymouth", None])
async def test_badges_by_text_layer_skill_and_issuer(ask: Asking, city: str | None) -> None:
    world = ask.world
    ideas = world.find("Issuer", "plymouth", "real-ideas")
    foreign = world.find("Issuer", "cardiff", "real-ideas")
    layers = ["rsa-2019/demonstrate", "rsa-2019/lead"]
    wanted: list[tuple[dict[str, Any], Callable[[Made[Any]], bool]]] = [
        ({"text": "TWIN"}, lambda each: "twin" in each.words.name.lower()),
        ({"text": ""}, everything),
        ({"text": "%"}, nothing),
        ({"layers": layers}, lambda each: each.words.layer in layers),
        ({"layers": layers[:1]}, lambda each: each.words.layer == layers[0]),
        ({"layers": []}, nothing),
        ({"skills": ["creativity"]}, lambda each: "creativity" in expected.skill_codes(each)),
        (
            {"skills": ["problem-solving", "teamwork"]},
            lambda each: bool({"problem-solving", "teamwork"} & expected.skill_codes(each)),
        ),
        ({"skills": ["no-such-skill"]}, nothing),
        ({"issuer": ideas.gid}, lambda each: each.words.issuer_id == ideas.id),
        ({"issuer": foreign.gid}, lambda each: each.words.issuer_id == foreign.id),
        ({"issuer": world.find("Place", "plymouth", "quay").gid}, nothing),
        (
            {"text": "twin", "skills": ["creativity"], "issuer": ideas.gid},
            lambda each: (
                "twin" in each.words.name.lower()
                and "creativity" in expected.skill_codes(each)
                and each.words.issuer_id == ideas.id
            ),
        ),
    ]
    for value, holds in wanted:
        listed = [each for each in badges(world, city) if holds(each)]
        assert await filtered(ask, "badges", "BadgeFilter", value, city) == ids(listed), value


@pytest.mark.parametrize("city", ["plymouth", "cardiff", None])
async def test_retired_badges_are_listed_only_when_asked_for(ask: Asking, city: str | None) -> None:
    both = badges(ask.world, city, "published", "retired")
    assert len(both) > len(badges(ask.world, city))
    assert await filtered(ask, "badges", "BadgeFilter", {"includeRetired": True}, city) == ids(both)
    only = ids(badges(ask.world, city))
    assert await filtered(ask, "badges", "BadgeFilter", {"includeRetired": False}, city) == only
    assert await filtered(ask, "badges", "BadgeFilter", {"includeRetired": None}, city) == only


@pytest.mark.parametrize("slugs", [["plymouth"], ["south-west"], ["badge-nation"], ["plymouth", "cardiff"], ["none"]])
async def test_the_country_is_narrowed_to_cities_regions_and_networks(ask: Asking, slugs: list[str]) -> None:
    world = ask.world
    for field, kind, things in (
        ("badges", "BadgeFilter", badges(world, None)),
        ("pathways", "PathwayFilter", expected.pathways(world, None)),
        ("issuers", "IssuerFilter", open_ones([*world.issuers], None)),
        ("places", "PlaceFilter", open_ones([*world.places], None)),
    ):
        assert await filtered(ask, field, kind, {"cities": slugs}, None) == ids(in_cities(world, things, slugs))


@pytest.mark.parametrize("city", ["plymouth", "cardiff", None])
async def test_pathways_by_text_interest_and_skill(ask: Asking, city: str | None) -> None:
    world = ask.world

    def on_the_way(way: Made[Any]) -> set[str]:
        own = [each for each in expected.badges_on(world, way) if each.town is way.town and each.shown]
        return {code for each in own for code in expected.skill_codes(each)}

    wanted: list[tuple[dict[str, Any], Callable[[Made[Any]], bool]]] = [
        ({"text": "twin"}, lambda way: "twin" in way.words.name.lower()),
        ({"interests": ["film"]}, lambda way: "film" in way.words.interests),
        ({"interests": ["sea", "digital"]}, lambda way: bool({"sea", "digital"} & set(way.words.interests))),
        ({"interests": []}, nothing),
        ({"skills": ["creativity"]}, lambda way: "creativity" in on_the_way(way)),
        ({"skills": ["ysgrifennu"]}, lambda way: "ysgrifennu" in on_the_way(way)),
    ]
    for value, holds in wanted:
        listed = [each for each in expected.pathways(world, city) if holds(each)]
        assert await filtered(ask, "pathways", "PathwayFilter", value, city) == ids(listed), value


@pytest.mark.parametrize("city", ["plymouth", "cardiff", None])
async def test_pathways_nearest_first_end_with_those_that_lie_nowhere(ask: Asking, city: str | None) -> None:
    origin = (50.38, -4.1)
    near = {"latitude": origin[0], "longitude": origin[1]}
    ways = {each.gid: expected.way_to(ask.world, each, origin) for each in expected.pathways(ask.world, city)}
    query = (
        "query($filter: PathwayFilter) { pathways(filter: $filter, first: 100) "
        "{ edges { distanceMetres node { id "
        "distanceMetres(from: {point: {latitude: 50.38, longitude: -4.1}}) } } } }"
    )
    edges = (await ask(query, {"filter": {"near": near}}, city=city))["pathways"]["edges"]
    far = [1e9 if way is None else round(way) for way in (ways[each["node"]["id"]] for each in edges)]
    assert far == sorted(far)
    assert len(far) == len(ways)
    for edge, way in zip(edges, far, strict=True):
        assert edge["distanceMetres"] == edge["node"]["distanceMetres"] == (None if way == 1e9 else way)
    paged = await filtered(ask, "pathways", "PathwayFilter", {"near": near}, city)
    assert paged == [each["node"]["id"] for each in edges]
    within = await filtered(ask, "pathways", "PathwayFilter", {"near": near, "withinMetres": 5_000}, city)
    assert within == [id for id in paged if (ways[id] or 1e9) <= 5_000]


@pytest.mark.parametrize("city", ["plymouth", None])
async def test_issuers_by_text_role_and_nearness(ask: Asking, city: str | None) -> None:
    listed = open_ones([*ask.world.issuers], city)
    for value, found in (
        ({"text": "twin"}, expected.named(listed, "twin")),
        ({"roles": ["provides"]}, keep(listed, lambda words: "provides" in words.roles)),
        (
            {"roles": ["employs", "endorses"]},
            keep(listed, lambda words: not {"employs", "endorses"}.isdisjoint(words.roles)),
        ),
        ({"roles": ["no-such-role"]}, []),
    ):
        assert await filtered(ask, "issuers", "IssuerFilter", value, city) == ids(found), value
    origin = (51.4, -0.03)
    far = {
        each.gid: expected.metres(origin, (each.words.latitude, each.words.longitude)) if each.words.latitude else 1e9
        for each in listed
    }
    by_point = {"near": {"latitude": 51.4, "longitude": -0.03}}
    found_ids = await filtered(ask, "issuers", "IssuerFilter", by_point, city)
    assert sorted(found_ids) == sorted(far)
    assert [far[id] for id in found_ids] == sorted(far.values())
    twins = [each.gid for each in sorted(listed, key=lambda each: each.id.bytes) if each.words.name == "Twin"]
    assert [id for id in found_ids if id in twins] == twins
    by_postcode = await filtered(ask, "issuers", "IssuerFilter", {"postcode": "br34hg"}, city)
    assert sorted(by_postcode) == sorted(far)
    assert [far[id] == 1e9 for id in by_postcode] == sorted(far[id] == 1e9 for id in by_postcode)


@pytest.mark.parametrize("city", ["plymouth", None])
async def test_places_by_text_and_box(ask: Asking, city: str | None) -> None:
    listed = open_ones([*ask.world.places], city)
    box = {"south": 50.36, "west": -4.2, "north": 50.4, "east": -4.1}
    inside = keep(listed, lambda words: 50.36 <= words.latitude <= 50.4 and -4.2 <= words.longitude <= -4.1)
    for value, found in (
        ({"text": "library"}, expected.named(listed, "library")),
        ({"bounds": box}, inside),
        ({"bounds": {**box, "west": 170, "east": -4.1}}, inside),
        ({"bounds": {**box, "west": 170, "east": -170}}, []),
    ):
        assert await filtered(ask, "places", "PlaceFilter", value, city) == ids(found), value


async def test_skills_by_text_and_framework(ask: Asking) -> None:
    here_id = ask.world.towns["plymouth"].id
    async with ask.engine.database.transaction(City(here_id)):
        await execute("UPDATE skill SET framework = 'essential' WHERE tenant_id = $1 AND code = 'teamwork'", here_id)
    query = "query($filter: SkillFilter) { skills(filter: $filter) { totalCount nodes { code } } }"
    for value, codes in (
        ({"text": "LITER"}, ["digital-literacy"]),
        ({"framework": "essential"}, ["teamwork"]),
        ({"framework": "another"}, []),
        ({"framework": "essential", "text": "digital"}, []),
    ):
        found = (await ask(query, {"filter": value}, city="plymouth"))["skills"]
        assert (nodes(found, "code"), found["totalCount"]) == (codes, len(codes)), value


async def test_cities_by_kind_nation_group_and_point(ask: Asking) -> None:
    query = "query($filter: CityFilter) { cities(filter: $filter) { totalCount nodes { slug } } }"
    for value, slugs in (
        ({"kinds": ["CITY"]}, ["cardiff", "plymouth"]),
        ({"kinds": ["REGION", "NETWORK"]}, ["badge-nation", "south-west"]),
        ({"kinds": []}, []),
        ({"nation": "GB-WLS"}, ["cardiff"]),
        ({"group": "south-west"}, ["plymouth"]),
        ({"group": "badge-nation"}, ["cardiff", "plymouth"]),
        ({"covers": {"latitude": 50.4, "longitude": -4.1}}, ["plymouth"]),
        ({"covers": {"latitude": 0, "longitude": 0}}, []),
        ({"kinds": ["CITY"], "nation": "GB-ENG", "group": "badge-nation"}, ["plymouth"]),
    ):
        for city in ("cardiff", None):
            found = (await ask(query, {"filter": value}, city=city))["cities"]
            assert (nodes(found), found["totalCount"]) == (slugs, len(slugs)), value


async def test_a_count_alone_needs_no_rows_beside_it(ask: Asking) -> None:
    for city in GRAPHS:
        wanted = len(badges(ask.world, city))
        assert await ask("{ badges { totalCount } }", city=city) == {"badges": {"totalCount": wanted}}
        shown = await ask("{ badges { __typename pageInfo { hasPreviousPage } } }", city=city)
        assert shown == {"badges": {"__typename": "BadgeConnection", "pageInfo": {"hasPreviousPage": False}}}

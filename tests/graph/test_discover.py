"""The search: everything there is to do, nearest first, and narrowed by what people ask for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.graph import expected
from tests.graph.asking import Asking
from tests.graph.country import CODES, KINDS, LAYERS, SKILLS
from tests.graph.expected import Point, here, ids, listed, metres, where
from tests.graph.searching import BECKENHAM, DAYS, Filter, answers, counts, origin_of, says, way, without
from tests.graph.ways import WORDS
from tests.graph.world import World
from waypost.skills.rules import skill_code

SEARCH = """
query($filter: DiscoverFilter!, $order: DiscoverOrder, $first: Int, $after: String) {
  discover(filter: $filter, orderBy: $order, first: $first, after: $after) {
    totalCount edges { distanceMetres node { id } } pageInfo { hasNextPage endCursor }
    facets { kinds { code count } layers { code count } skills(first: 100) { code count } }
  }
}
"""


# What the graph answers


async def search(
    ask: Asking, filter: Filter, city: str | None = "plymouth", order: str | None = None, size: int = 100
) -> list[dict[str, Any]]:
    """Read all pages; every edge has the node's id and the way to it."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        given = {"filter": filter, "order": order, "first": size, "after": after}
        page = (await ask(SEARCH, given, city=city))["discover"]
        found += [{"id": each["node"]["id"], "metres": each["distanceMetres"]} for each in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found
        after = page["pageInfo"]["endCursor"]


def assert_nearest_first(world: World, found: list[dict[str, Any]], origin: Point) -> None:
    """The ways grow, as the haversine formula has them; in one spot the id decides."""
    chances = {each.gid: each for each in world.opportunities}
    rows = [chances[each["id"]] for each in found]
    ways = [way(world, each, origin) for each in rows]
    for (one, near), (other, far) in pairwise(zip(rows, ways, strict=True)):
        assert far > near - 0.001
        if where(world, one) == where(world, other):
            assert one.id.bytes < other.id.bytes
    for each, far in zip(found, ways, strict=True):
        assert abs(each["metres"] - far) <= 0.501, (each, far)


async def assert_answers(ask: Asking, filter: Filter, city: str | None = "plymouth") -> list[str]:
    """Compare with plain Python, whatever the order; return the ids found."""
    found = [each["id"] for each in await search(ask, filter, city, size=7)]
    assert sorted(found) == sorted(ids(answers(ask.world, city, filter))), filter
    return found


# Nearest first


@pytest.mark.parametrize("city", ["plymouth", "cardiff", None])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 100])
async def test_the_nearest_come_first_over_the_borders_of_pages(ask: Asking, city: str | None, size: int) -> None:
    origin = (50.4, -4.15)  # on the grid's middle, so that many are equally far
    near = {"near": {"latitude": origin[0], "longitude": origin[1]}}
    found = await search(ask, near, city, size=size)
    assert_nearest_first(ask.world, found, origin)
    assert sorted(each["id"] for each in found) == sorted(ids(answers(ask.world, city, near)))


async def test_ties_stand_on_both_sides_of_a_page_border(ask: Asking) -> None:
    """Otherwise nothing above would have tried them."""
    near = {"near": {"latitude": 50.4, "longitude": -4.15}}
    ways = [each["metres"] for each in await search(ask, near)]
    assert any(one == other for n, (one, other) in enumerate(pairwise(ways), start=1) if n % 2 == 0)


@pytest.mark.parametrize("written", ["BR3 4HG", "br34hg", " Br3  4hG "])
async def test_a_postcode_is_an_origin_even_from_far_away(ask: Asking, written: str) -> None:
    for city in ("plymouth", None):
        found = await search(ask, {"postcode": written}, city, size=4)
        assert_nearest_first(ask.world, found, BECKENHAM)
        assert len(found) == len(answers(ask.world, city, {"postcode": written}))


@pytest.mark.parametrize("origin", [(90, 0), (-90, 180), (50.4, 179.9), (0, -180), (-50.4, 175.85)])
async def test_the_way_is_true_from_anywhere_on_earth(ask: Asking, origin: Point) -> None:
    found = await search(ask, {"near": {"latitude": origin[0], "longitude": origin[1]}}, None, size=50)
    assert_nearest_first(ask.world, found, origin)


@pytest.mark.parametrize("within", [1, 3_000, 12_000, 150_000, 20_037_508])
async def test_within_metres_keeps_the_circle(ask: Asking, within: int) -> None:
    for city in ("plymouth", None):
        await assert_answers(ask, {"near": {"latitude": 50.371, "longitude": -4.142}, "withinMetres": within}, city)
        await assert_answers(ask, {"near": {"latitude": 89.9, "longitude": 0}, "withinMetres": within}, city)
        await assert_answers(ask, {"postcode": "BR3 4HG", "withinMetres": within}, city)


async def test_a_distance_can_be_asked_of_any_opportunity(ask: Asking) -> None:
    query = """
    query($from: OriginInput) { discover(filter: {}, first: 100) {
      edges { distanceMetres node { id distanceMetres(from: $from) } } } }
    """
    for asked, origin in (
        ({"point": {"latitude": 50.4, "longitude": -4.1}}, (50.4, -4.1)),
        ({"postcode": "BR3 4HG"}, BECKENHAM),
        (None, None),
    ):
        for edge in (await ask(query, {"from": asked}, city="plymouth"))["discover"]["edges"]:
            chance = next(each for each in ask.world.opportunities if each.gid == edge["node"]["id"])
            point = where(ask.world, chance)
            wanted = None if point is None or origin is None else round(metres(origin, point))
            assert edge == {"distanceMetres": None, "node": {"id": chance.gid, "distanceMetres": wanted}}


# Filters


@pytest.mark.parametrize("city", ["plymouth", "cardiff", "badge-nation", None])
async def test_every_condition_keeps_what_fulfils_it(ask: Asking, city: str | None) -> None:
    world, now = ask.world, ask.world.now
    day = timedelta(days=1)
    box = {"south": 50.3, "west": -4.2, "north": 50.4, "east": -4.0}
    lab = world.find("Opportunity", "plymouth", "film-lab")
    filters: list[dict[str, Any]] = [
        {},
        {"bounds": box},
        {"bounds": {**box, "west": 170}},
        {"bounds": {**box, "west": 170, "east": -170}},
        {"kinds": ["WORKSHOP"]},
        {"kinds": ["EVENT", "JOB"]},
        {"kinds": ["NO_SUCH_KIND"]},
        {"kinds": []},
        *({"layers": [layer]} for layer in LAYERS),
        {"layers": ["rsa-2025/leader", LAYERS[3]]},
        *({"skills": [skill_code(name)]} for name in SKILLS),
        {"skills": ["teamwork", "ysgrifennu"]},
        *({"text": word} for word in (*WORDS, "real", "Syniadau", "nothing")),
        {"free": True},
        {"free": False},
        *({"age": age} for age in (0, 4, 5, 11, 19, 20, 25, 26, 120)),
        *({"startsAfter": (now + n * day).isoformat()} for n in (-30, 0, 10, 50)),
        *({"startsBefore": (now + n * day).isoformat()} for n in (-30, 0, 10, 50)),
        {"startsAfter": (now + 5 * day).isoformat(), "startsBefore": (now + 20 * day).isoformat()},
        *({"weekdays": [name]} for name in DAYS),
        {"weekdays": ["SATURDAY", "SUNDAY"]},
        {"online": True},
        {"online": False},
        *({"accessibility": [code]} for code in CODES),
        {"accessibility": ["step-free", "bsl", "bsl"]},
        {"accessibility": []},
        {"issuer": world.by_id(lab.words.provider_id).gid},
        {"issuer": world.find("Issuer", "cardiff", "real-ideas").gid},
        *({"badge": each.gid} for each in world.badges),
        *({"pathway": each.gid} for each in here(world.pathways, city)),
        {"badge": lab.gid},
    ]
    for filter in filters:
        await assert_answers(ask, filter, city)


@pytest.mark.parametrize("slugs", [["plymouth"], ["south-west"], ["badge-nation"], ["cardiff", "south-west"], []])
async def test_the_country_is_searched_in_cities_and_regions(ask: Asking, slugs: list[str]) -> None:
    await assert_answers(ask, {"cities": slugs}, None)
    await assert_answers(ask, {"cities": slugs, "postcode": "BR3 4HG", "kinds": ["WORKSHOP", "JOB"]}, None)


async def test_a_pathway_of_another_city_names_nothing(ask: Asking) -> None:
    """Though one of Cardiff's opportunities is on it."""
    film = ask.world.find("Pathway", "plymouth", "film-maker").gid
    away = ask.world.find("Opportunity", "cardiff", "chance-0").gid
    assert await search(ask, {"pathway": film}, "cardiff") == []
    assert away in [each["id"] for each in await search(ask, {"pathway": film}, None)]


async def test_what_is_over_closed_or_withdrawn_is_not_found(ask: Asking) -> None:
    for city in ("plymouth", None):
        found = await search(ask, {}, city)
        for slug in ("over", "closed", "withdrawn"):
            assert ask.world.find("Opportunity", "plymouth", slug).gid not in [each["id"] for each in found]


async def test_words_of_translations_and_phrases_are_found(ask: Asking) -> None:
    lab = ask.world.find("Opportunity", "plymouth", "film-lab").gid
    for text, hit in (
        ("labordy", True),
        ('"film lab"', True),
        ('"you film"', False),
        ("film -labordy", False),
        ("LÂB", True),
        ("teamwork", True),
        ("film labyrinth", False),
    ):
        assert (lab in [each["id"] for each in await search(ask, {"text": text})]) is hit, text


# Orders


async def test_without_an_origin_the_soonest_comes_first(ask: Asking) -> None:
    for city in ("plymouth", None):
        rows = listed(ask.world, city)
        rows.sort(key=lambda each: (expected.coming(each.words, ask.world.now), each.id.bytes))
        for order in (None, "SOONEST"):
            assert [each["id"] for each in await search(ask, {}, city, order, 6)] == ids(rows)


async def test_an_order_asked_for_goes_before_the_origin(ask: Asking) -> None:
    """What has no place then stays in, and no edge has a distance."""
    near = {"near": {"latitude": 50.4, "longitude": -4.1}}
    found = await search(ask, near, order="SOONEST")
    assert len(found) == len(listed(ask.world, "plymouth"))
    assert {each["metres"] for each in found} == {None}


async def test_newest_is_what_was_added_last(ask: Asking) -> None:
    for city in ("plymouth", None):
        rows = sorted(listed(ask.world, city), key=lambda each: (each.created_at, each.id.bytes), reverse=True)
        assert [each["id"] for each in await search(ask, {}, city, "NEWEST", 6)] == ids(rows)


async def test_relevance_orders_by_the_words(ask: Asking) -> None:
    """Who says it in the title and again in the summary comes before who says it once."""
    for order in (None, "RELEVANCE"):
        whole = await search(ask, {"text": "film or ideas"}, order=order)
        titled = [each.gid for each in listed(ask.world, "plymouth") if says(ask.world, each, "film")]
        assert 0 < len(titled) < len(whole)
        assert {each["id"] for each in whole[: len(titled)]} == set(titled)
        assert await search(ask, {"text": "film or ideas"}, order=order, size=2) == whole


# Facets


async def test_facets_name_what_they_count(ask: Asking) -> None:
    query = """{ discover(filter: {}) { facets {
      kinds { code name count } layers { name } skills(first: 2) { code name } } } }"""
    facets = (await ask(query, city="cardiff"))["discover"]["facets"]
    assert {each["code"]: each["name"] for each in facets["kinds"]}["JOB"] == "Job"
    assert [each["name"] for each in facets["layers"]] == [
        name for name in ("Engage", "Participate", "Demonstrate", "Lead") if {"name": name} in facets["layers"]
    ]
    assert facets["skills"][0] == {"code": "curiosity", "name": "Curiosity"}
    assert len(facets["skills"]) == 2


async def assert_facets(ask: Asking, filter: Filter, city: str | None) -> None:
    """A facet counts under the rest of the filter, so that a front end can offer the other choices."""
    world = ask.world
    orders = {f"{code}": n for standard in STANDARDS for n, code in enumerate(standard)}
    found = (await ask(SEARCH, {"filter": filter, "first": 1}, city=city))["discover"]["facets"]
    kinds = counts(answers(world, city, without(filter, "kinds")), lambda each: {each.words.kind}, lambda _: 0)
    layers = counts(
        answers(world, city, without(filter, "layers")),
        lambda each: expected.layers_of(world, each),
        orders.__getitem__,
    )
    skills = counts(
        answers(world, city, without(filter, "skills")), lambda each: expected.skills_offered(world, each), lambda _: 0
    )
    assert found == {"kinds": kinds, "layers": layers, "skills": skills}


STANDARDS = (LAYERS, ("rsa-2025/explorer", "", "", "", "rsa-2025/leader"))


async def test_a_facet_leaves_its_own_filter_out(ask: Asking) -> None:
    for city in ("plymouth", "badge-nation", None):
        await assert_facets(ask, {}, city)
        await assert_facets(ask, {"kinds": ["JOB"], "layers": [LAYERS[0]], "skills": ["teamwork"]}, city)
        await assert_facets(ask, {"postcode": "BR3 4HG", "free": True, "kinds": ["EVENT"]}, city)


# Anything


def _some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=3)


def filters() -> st.SearchStrategy[dict[str, Any]]:
    """Any filter without ids; an origin is a point anywhere, or one where things are."""
    degrees = st.tuples(st.floats(-90, 90), st.floats(-180, 180)) | st.tuples(
        st.floats(50.2, 51.7), st.floats(-4.4, -2.9)
    )
    point = degrees.map(lambda each: {"latitude": each[0], "longitude": each[1]})
    side = st.tuples(st.floats(50.2, 51.7), st.floats(50.2, 51.7), st.floats(-180, 180), st.floats(-180, 180))
    box = side.map(lambda each: {"south": min(each[:2]), "north": max(each[:2]), "west": each[2], "east": each[3]})
    moment = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)).map(datetime.isoformat)  # noqa: DTZ001 - hypothesis adds the zone
    return st.fixed_dictionaries(
        {},
        optional={
            "near": point,
            "bounds": box,
            "kinds": _some(KINDS),
            "layers": _some(LAYERS),
            "skills": _some(tuple(map(skill_code, SKILLS))),
            "text": st.sampled_from(WORDS),
            "free": st.booleans(),
            "age": st.integers(0, 120),
            "startsAfter": moment,
            "startsBefore": moment,
            "weekdays": _some(DAYS),
            "online": st.booleans(),
            "accessibility": _some(CODES),
        },
    )


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filter=filters(), city=st.sampled_from(["plymouth", "cardiff", None]), size=st.integers(1, 9))
async def test_any_search_answers_what_plain_python_does(
    ask: Asking, filter: dict[str, Any], city: str | None, size: int
) -> None:
    order = None if "near" in filter else "SOONEST"
    found = await search(ask, filter, city, order, size)
    wanted = answers(ask.world, city, filter)
    if order is None:
        assert sorted(each["id"] for each in found) == sorted(ids(wanted))
        origin = origin_of(filter)
        assert origin is not None
        assert_nearest_first(ask.world, found, origin)
    else:
        wanted.sort(key=lambda each: (expected.coming(each.words, ask.world.now), each.id.bytes))
        assert [each["id"] for each in found] == ids(wanted)
    await assert_facets(ask, filter, city)


@settings(max_examples=60)
@given(latitude=st.floats(49, 53), longitude=st.floats(-6, -2), within=st.integers(1, 300_000), size=st.integers(1, 9))
async def test_any_circle_keeps_exactly_what_is_in_it(
    ask: Asking, latitude: float, longitude: float, within: int, size: int
) -> None:
    near = {"near": {"latitude": latitude, "longitude": longitude}}
    whole = answers(ask.world, None, near)
    inside = {each.gid for each in whole if way(ask.world, each, (latitude, longitude)) <= within}
    found = await search(ask, {**near, "withinMetres": within}, None, size=size)
    assert {each["id"] for each in found} == inside
    assert len(found) == len(inside)

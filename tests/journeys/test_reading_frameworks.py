"""Stories of frameworks that are read: trees, searches and crosswalks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.frameworks import HOST
from tests.journeys.frameworks import gid, two_frameworks
from tests.journeys.stage import Stage


@pytest.fixture(scope="module", autouse=True)
async def frameworks(stage: Stage, admin_url: str) -> None:
    """Two frameworks of the country with a crosswalk between them."""
    await two_frameworks(admin_url)


async def test_a_framework_is_read_as_a_tree_in_every_graph(stage: Stage) -> None:
    query = """query($id: ID!) { framework(id: $id) { title creator own source uri
        items(filter: { depth: 1 }) { totalCount nodes { statement depth place
            items { nodes { statement parent { statement } items { nodes { statement position } } } } } } } }"""
    seen = [(await stage.read(query, city, id=gid("world", "Framework")))["framework"] for city in ("brighton", None)]
    assert seen[0] == seen[1]
    assert {name: seen[0][name] for name in ("title", "creator", "own", "source")} == {
        "title": "World",
        "creator": "Makers",
        "own": False,
        "source": "tests",
    }
    talk, make = seen[0]["items"]["nodes"]
    assert (talk["statement"], talk["depth"], make["statement"], make["place"]) == ("talk", 1, "make", 2)
    assert make["items"]["nodes"][1] == {
        "statement": "build",
        "parent": {"statement": "make"},
        "items": {"nodes": [{"statement": "wood", "position": 7}, {"statement": "metal", "position": 8}]},
    }


async def test_everything_below_an_item_is_read_depth_first_and_page_by_page(stage: Stage) -> None:
    query = """query($id: ID!, $after: String) { frameworkItem(id: $id) { allItems(first: 2, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } nodes { statement } } } }"""
    found, after = [], None
    while True:
        page = (await stage.read(query, id=gid("world/make"), after=after))["frameworkItem"]["allItems"]
        found += [each["statement"] for each in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert found == ["draw", "build", "wood", "metal"]
    assert page["totalCount"] == 4


@pytest.mark.parametrize("city", ["brighton", None])
@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"text": "LIST"}, ["listen"]),
        ({"text": "wo od"}, ["wood"]),
        ({"text": "%"}, ["build", "draw", "hearing", "listen", "make", "metal", "speak", "talk", "talking", "wood"]),
        ({"text": "nobody"}, []),
        ({"framework": gid("other", "Framework")}, ["hearing", "talking"]),
        ({"framework": gid("world/talk")}, []),
        ({"depth": 3}, ["metal", "wood"]),
        ({"leaves": True, "framework": gid("world", "Framework")}, ["draw", "listen", "metal", "speak", "wood"]),
    ],
)
async def test_items_are_searched_over_all_frameworks(
    stage: Stage, city: str | None, filter: dict[str, Any], found: list[str]
) -> None:
    query = """query($filter: FrameworkItemFilter) {
        frameworkItems(filter: $filter, first: 100) { nodes { statement framework { title } } } }"""
    nodes = (await stage.read(query, city, filter=filter))["frameworkItems"]["nodes"]
    assert sorted(each["statement"] for each in nodes if each["framework"]["title"] in {"World", "Other"}) == found


@pytest.mark.parametrize("city", ["brighton", None])
async def test_a_crosswalk_is_read_from_both_sides(stage: Stage, city: str | None) -> None:
    shown = "exactMatches { statement framework { title } } related { statement } peers { statement }"
    query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on FrameworkItem {{ {shown} }} }} }}"
    names = ("world/listen", "other/hearing", "other/talking", "world/speak", "world/build")
    listen, hearing, talking, speak, build = (await stage.read(query, city, ids=[gid(name) for name in names]))["nodes"]
    assert listen["exactMatches"] == [{"statement": "hearing", "framework": {"title": "Other"}}]
    assert hearing["exactMatches"] == [{"statement": "listen", "framework": {"title": "World"}}]
    assert (talking["related"], speak["related"]) == ([{"statement": "speak"}], [{"statement": "talking"}])
    assert build["peers"] == [{"statement": "draw"}]


async def test_an_association_that_leads_out_keeps_its_address(stage: Stage) -> None:
    query = """query($id: ID!) { frameworkItem(id: $id) { associations(filter: { types: ["exactMatchOf"] }) {
        nodes { type origin { statement } destination { statement } destinationUri destinationTitle
            framework { title } } } } }"""
    (found,) = (await stage.read(query, id=gid("world/wood")))["frameworkItem"]["associations"]["nodes"]
    assert found == {
        "type": "exactMatchOf",
        "origin": {"statement": "wood"},
        "destination": None,
        "destinationUri": f"{HOST}elsewhere/timber",
        "destinationTitle": "elsewhere/timber",
        "framework": {"title": "World"},
    }


@pytest.mark.parametrize("city", ["brighton", None])
async def test_things_are_found_by_their_publishers_address(stage: Stage, city: str | None) -> None:
    query = """query($item: String!, $framework: String!) { frameworkItems(filter: { uri: $item }) { nodes { id } }
        frameworks(filter: { uri: $framework }) { nodes { title } } }"""
    found = await stage.read(query, city, item=f"{HOST}world/wood", framework=f"{HOST}other")
    assert found["frameworkItems"]["nodes"] == [{"id": gid("world/wood")}]
    assert found["frameworks"]["nodes"] == [{"title": "Other"}]

"""Every graph is a subgraph of Apollo Federation 2: it composes, and answers what a gateway asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from graphql import parse
from hypothesis import given
from hypothesis import strategies as st

from tests.clients.tools import Npm
from tests.project.documents import ROOT
from waypost.graph.federation import asked_id
from waypost.graph.ids import GlobalId

SUBGRAPH: Final = ROOT / "schema" / "subgraph.graphql"
LINK: Final = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])\n'
# What a city's own web shop could be, as another team writes it.
SHOP: Final = f"""{LINK}
type Badge @key(fields: "id") {{ id: ID! prints: [Print!]! }}
type Print {{ price: Int! }}
type PageInfo @shareable {{ hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }}
type PrintConnection {{ nodes: [Print!]! pageInfo: PageInfo! }}
type Query {{ prints: PrintConnection! soldMost: [Badge!]! }}
"""
CITIES: Final = "{ cities { nodes { slug plugins { name active } } } }"
ENTITIES: Final = """
query Entities($asked: [_Any!]!) {
  _entities(representations: $asked) {
    __typename
    ... on Badge { id name issuer { name } }
    ... on City { id slug }
    ... on Place { id name }
    ... on Node { same: id }
  }
}
"""
SOME: Final = """
{
  badges(first: 2) { nodes { id __typename } }
  places(first: 1) { nodes { id __typename } }
  issuers(first: 1) { nodes { id __typename } }
  skills(first: 1) { nodes { id __typename } }
  pathways(first: 1) { nodes { id __typename } }
  discover(filter: {}, first: 1) { nodes { id __typename } }
  cities(first: 1) { nodes { id __typename } }
}
"""


@pytest.fixture(scope="module")
async def gateway(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address) as client:
        yield client


async def ask(gateway: httpx.AsyncClient, graph: str, query: str, **variables: Any) -> Any:
    """What a graph answers, without errors."""
    answer = (await gateway.post(graph, json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def some(gateway: httpx.AsyncClient, graph: str) -> list[dict[str, str]]:
    """Things of every kind, as a gateway would represent them."""
    lists = (await ask(gateway, graph, SOME)).values()
    return [node for each in lists for node in each["nodes"]]


# Composition


def test_the_published_subgraph_composes_with_another_team_s(npm: Npm, tmp_path: Path) -> None:
    (tmp_path / "shop.graphql").write_text(SHOP, encoding="utf-8")
    supergraph = npm.script("compose.mjs", f"waypost={SUBGRAPH}", f"shop={tmp_path / 'shop.graphql'}")
    assert '@join__type(graph: WAYPOST, key: "id")' in supergraph
    badge = supergraph.partition("type Badge implements Node")[2].partition("}")[0]
    assert "prints: [Print!]! @join__field(graph: SHOP)" in badge
    assert "criteria: [Criterion!]! @join__field(graph: WAYPOST)" in badge
    assert "_entities" not in supergraph


def test_what_the_gateway_needs_of_our_schema_is_needed(npm: Npm, tmp_path: Path) -> None:
    """Without keys and shared types the composition fails, so that the test above can fail."""
    (tmp_path / "shop.graphql").write_text(SHOP, encoding="utf-8")
    text = SUBGRAPH.read_text(encoding="utf-8")
    for word in (' @key(fields: "id")', " @shareable"):
        assert word in text
        (tmp_path / "ours.graphql").write_text(text.replace(word + " {", " {"), encoding="utf-8")
        with pytest.raises(AssertionError, match=r"shareable|resolve|satisf"):
            npm.script("compose.mjs", f"waypost={tmp_path / 'ours.graphql'}", f"shop={tmp_path / 'shop.graphql'}")


# What a gateway asks


async def test_the_country_tells_a_gateway_the_published_subgraph(gateway: httpx.AsyncClient) -> None:
    told = (await ask(gateway, "/graphql", "{ _service { __typename sdl } }"))["_service"]
    assert told["__typename"] == "_Service"
    assert told["sdl"] == SUBGRAPH.read_text(encoding="utf-8").partition("\n\n")[2]


async def test_a_city_without_a_plugin_does_not_tell_of_its_fields(gateway: httpx.AsyncClient) -> None:
    cities = (await ask(gateway, "/graphql", CITIES))["cities"]["nodes"]
    active = {
        city["slug"]: any(each["active"] for each in city["plugins"] if each["name"] == "skills_builder")
        for city in cities
    }
    assert set(active.values()) == {True, False}
    for city in cities:
        told = (await ask(gateway, f"/{city['slug']}/graphql", "{ _service { sdl } }"))["_service"]["sdl"]
        assert parse(told).definitions
        assert ("  essentialSkills: [" in told) == active[city["slug"]]


async def test_things_of_every_kind_come_in_the_order_asked_for(gateway: httpx.AsyncClient) -> None:
    asked = await some(gateway, "/brighton/graphql")
    assert {each["__typename"] for each in asked} == {
        *("Badge", "Place", "Issuer", "Skill", "Pathway", "Opportunity", "City"),
    }
    for graph in ("/brighton/graphql", "/graphql"):
        found = (await ask(gateway, graph, ENTITIES, asked=asked[::-1]))["_entities"]
        assert [(each["__typename"], each["same"]) for each in found] == [
            (each["__typename"], each["id"]) for each in asked[::-1]
        ]
        assert all(each["issuer"]["name"] for each in found if each["__typename"] == "Badge")


async def test_what_names_nothing_here_is_null_and_leaves_the_rest_whole(gateway: httpx.AsyncClient) -> None:
    badge, place = (await some(gateway, "/brighton/graphql"))[1:3]
    foreign = (await some(gateway, "/plymouth/graphql"))[0]
    made_up = str(GlobalId("Badge", UUID(int=7), UUID(int=8)))
    asked = [
        badge,
        foreign,
        {"__typename": "Badge", "id": made_up},
        {"__typename": "Badge", "id": badge["id"][:-1] + "~"},
        {"__typename": "Badge", "id": place["id"]},
        {"__typename": "Issuer", "id": badge["id"]},
        {"__typename": "Nothing", "id": badge["id"]},
        {"__typename": "Badge"},
        {"id": badge["id"]},
        {**place, "more": {"from": "another subgraph"}},
    ]
    found = (await ask(gateway, "/brighton/graphql", ENTITIES, asked=asked))["_entities"]
    assert [each and each["same"] for each in found] == [badge["id"], *[None] * 8, place["id"]]
    nationally = (await ask(gateway, "/graphql", ENTITIES, asked=asked))["_entities"]
    assert [each and each["same"] for each in nationally[:3]] == [badge["id"], foreign["id"], None]


async def test_nobody_asks_for_more_than_a_hundred_at_once(gateway: httpx.AsyncClient) -> None:
    badge = (await some(gateway, "/brighton/graphql"))[0]
    posted = {"query": ENTITIES, "variables": {"asked": [badge] * 101}}
    answer = (await gateway.post("/brighton/graphql", json=posted)).json()
    assert answer["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.sampled_from(["__typename", "id"]) | st.text(), inside),
)


@given(json_values)
def test_whatever_a_gateway_sends_names_a_thing_of_that_type_or_nothing(sent: Any) -> None:
    assert asked_id(sent) == ""


@given(st.sampled_from(["Badge", "City"]), st.sampled_from(["Badge", "City", None]), st.uuids(), st.none() | st.uuids())
def test_an_id_counts_only_with_its_own_type(kind: str, claimed: str | None, row: Any, tenant: Any) -> None:
    id = str(GlobalId(kind, tenant, row))
    assert asked_id({"__typename": claimed, "id": id, "other": 1}) == (id if claimed == kind else "")

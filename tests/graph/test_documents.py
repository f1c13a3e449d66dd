"""GraphQL itself: aliases, fragments, directives, variables, operations, and nulls that climb."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import product
from typing import Any

import pytest
from graphql import (
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
)

from tests.graph.asking import Asking, nodes
from tests.graph.world import Made
from waypost.db import City, execute

# Shape of what is asked


async def test_two_aliases_of_a_connection_keep_their_own_arguments(ask: Asking) -> None:
    text = """{ all: badges(first: 100) { nodes { slug } totalCount } two: badges(first: 2) { nodes { slug } }
      lead: badges(filter: {layers: ["rsa-2019/lead"]}) { nodes { slug } totalCount }
      twins: badges(filter: {text: "twin"}, first: 1) { nodes { slug } totalCount pageInfo { endCursor } } }"""
    found = await ask(text, city="plymouth")
    assert nodes(found["two"]) == nodes(found["all"])[:2]
    assert found["twins"]["totalCount"] == 3
    assert nodes(found["twins"]) == [slug for slug in nodes(found["all"]) if slug.startswith("twin")][:1]
    assert 0 < found["lead"]["totalCount"] < found["all"]["totalCount"]


async def test_aliases_of_a_field_with_arguments_stand_side_by_side(ask: Asking) -> None:
    text = """{ one: badge(slug: "navigator") { a: name b: name slug issuer { x: slug } }
      two: badge(slug: "smart-citizen") { first: version(number: 1) { name } last: version { name } } }"""
    assert await ask(text, city="plymouth") == {
        "one": {"a": "Navigator", "b": "Navigator", "slug": "navigator", "issuer": {"x": "real-ideas"}},
        "two": {"first": {"name": "Smart Citizen"}, "last": {"name": "Smart Citizen Plus"}},
    }


async def test_selections_of_one_key_are_merged_in_the_order_asked(ask: Asking) -> None:
    text = """query { ...a badge(slug: "navigator") { issuer { name } } ...b }
      fragment a on Query { badge(slug: "navigator") { slug ...c } }
      fragment b on Query { badge(slug: "navigator") { issuer { slug city { slug } } name } }
      fragment c on Badge { issuer { city { name } } }"""
    answer = await ask.answer(text, city="plymouth")
    assert answer.body.decode() == (
        '{"data":{"badge":{"slug":"navigator","issuer":{"city":{"name":"Plymouth","slug":"plymouth"},'
        '"name":"Real Ideas","slug":"real-ideas"},"name":"Navigator"}}}'
    )


async def test_fragments_on_an_interface_apply_to_what_implements_it(ask: Asking) -> None:
    text = """query($id: ID!) { node(id: $id) { ...on Node { id } ...named ... { __typename }
        ... on Badge { name } ... on Place { name address } } badge(id: $id) { ... on Node { id } ...named } }
      fragment named on Node { __typename ... on Badge { slug } ... on Issuer { verified } }"""
    badge = ask.world.find("Badge", "plymouth", "navigator").gid
    found = await ask(text, {"id": badge}, city="plymouth")
    assert found["node"] == {"id": badge, "__typename": "Badge", "slug": "navigator", "name": "Navigator"}
    assert found["badge"] == {"id": badge, "__typename": "Badge", "slug": "navigator"}
    place = ask.world.find("Place", "plymouth", "central-library").gid
    only = text.replace("badge(id: $id) { ... on Node { id } ...named }", "")
    found = await ask(only, {"id": place}, city="plymouth")
    assert found["node"] == {"id": place, "__typename": "Place", "name": "Central Library", "address": "Armada Way"}


async def test_every_object_tells_its_type(ask: Asking) -> None:
    text = """{ __typename city { __typename look { __typename } standard { __typename layers { __typename } }
        bounds { __typename } plugins { __typename } }
      badges(first: 1) { __typename edges { __typename node { __typename layer { __typename }
        criteria { __typename skills { __typename } } versions { __typename } issuer { __typename } } }
        pageInfo { __typename } }
      discover(filter: {}, first: 1) { __typename facets { __typename kinds { __typename } skills { __typename } }
        edges { __typename node { __typename kind { __typename } } } }
      opportunity(slug: "film-lab") { occurrences(first: 1) { __typename } cost { __typename } ages { __typename }
        badges { __typename } location { __typename } }
      kinds { __typename } plugins { __typename }
      pathway(slug: "film-maker") { steps { __typename rule { __typename } badges { __typename } } } }"""
    for city in ("plymouth",):
        found = await ask(text, city=city)
        assert found["__typename"] == "Query"
        assert found["city"]["standard"]["layers"][0] == {"__typename": "Layer"}
        assert found["badges"]["edges"][0]["__typename"] == "BadgeEdge"
        assert found["badges"]["edges"][0]["node"]["criteria"][0]["skills"] == [{"__typename": "Skill"}]
        assert found["discover"]["facets"]["__typename"] == "DiscoverFacets"
        assert found["discover"]["edges"][0]["node"]["kind"] == {"__typename": "OpportunityKind"}
        assert found["opportunity"]["occurrences"] == [{"__typename": "Occurrence"}]
        assert found["opportunity"]["badges"] == [{"__typename": "Badge"}] * 2
        assert found["kinds"][0] == {"__typename": "OpportunityKind"}
        assert found["pathway"]["steps"][0]["rule"] == {"__typename": "PathwayRule"}


async def test_connections_stand_within_connections(ask: Asking) -> None:
    text = """{ issuers(first: 3) { nodes { slug badges(first: 2) { totalCount nodes { slug
      opportunities(first: 2) { nodes { slug place { opportunities(first: 1) { totalCount } } } }
      pathways(first: 1) { totalCount edges { node { slug } } } } } } } }"""
    for city in ("plymouth", None):
        for issuer in (await ask(text, city=city))["issuers"]["nodes"]:
            for badge in issuer["badges"]["nodes"]:
                alone = '{ badge(slug: "%s", city: "%s") { opportunities(first: 2) { nodes { slug } } } }'
                if city is not None:
                    one = await ask(alone % (badge["slug"], city), city=city)
                    assert nodes(badge["opportunities"]) == nodes(one["badge"]["opportunities"])
                assert len(badge["pathways"]["edges"]) == min(1, badge["pathways"]["totalCount"])


# Directives and variables


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 3, 2, 1, 0, 3)])
async def test_skip_and_include_follow_their_variables_in_one_document(ask: Asking, order: tuple[int, ...]) -> None:
    """Plans are kept, and must not be shared where the variables differ."""
    text = """query($with: Boolean!, $without: Boolean!) { badge(slug: "navigator") {
      slug name @include(if: $with) issuer @skip(if: $without) { slug city @include(if: $with) { slug } } }
      ...more @include(if: $with) ... @skip(if: $without) { places { totalCount } } }
      fragment more on Query { kinds { code } }"""
    cases = list(product((True, False), repeat=2))
    for turn in order:
        shown, left_out = cases[turn]
        found = await ask(text, {"with": shown, "without": left_out}, city="plymouth")
        issuer = {"slug": "real-ideas", **({"city": {"slug": "plymouth"}} if shown else {})}
        named = {"name": "Navigator"} if shown else {}
        signed = {} if left_out else {"issuer": issuer}
        assert found["badge"] == {"slug": "navigator", **named, **signed}
        assert ("kinds" in found, "places" in found) == (shown, not left_out)


async def test_both_directives_on_one_field_must_agree(ask: Asking) -> None:
    text = """query($a: Boolean!, $b: Boolean! = false) {
      city { slug name @include(if: $a) @skip(if: $b) } }"""
    for a, b in product((True, False), repeat=2):
        found = await ask(text, {"a": a, "b": b}, city="plymouth")
        assert ("name" in found["city"]) is (a and not b)
    assert "name" in (await ask(text, {"a": True}, city="plymouth"))["city"]


async def test_a_variable_may_be_absent_null_or_given(ask: Asking) -> None:
    text = """query($filter: BadgeFilter, $text: String, $first: Int, $after: String, $number: Int) {
      a: badges(filter: $filter, first: $first, after: $after) { nodes { slug } totalCount }
      b: badges(filter: {text: $text}, first: 100) { totalCount }
      c: badge(slug: "smart-citizen") { version(number: $number) { number } } }"""
    nothing: dict[str, Any] = {"filter": None, "text": None, "first": None, "after": None, "number": None}
    absent = await ask(text, city="plymouth")
    given = {"filter": {"text": "twin", "skills": None}, "text": "twin", "first": 2, "number": 1}
    for _ in range(2):
        assert await ask(text, city="plymouth") == absent
        assert await ask(text, nothing, city="plymouth") == absent
        found = await ask(text, given, city="plymouth")
        assert (nodes(found["a"]), found["a"]["totalCount"]) == (["twin-1", "twin-2"], 3)
        assert (found["b"], found["c"]) == ({"totalCount": 3}, {"version": {"number": 1}})
    assert absent["a"]["totalCount"] == absent["b"]["totalCount"] == 15
    assert absent["c"] == {"version": {"number": 2}}
    await ask.body(text, {**nothing, "first": -1}, city="plymouth")
    assert await ask(text, nothing, city="plymouth") == absent


async def test_a_default_holds_only_where_nothing_is_given(ask: Asking) -> None:
    text = "query($first: Int = 3) { badges(first: $first) { nodes { slug } } }"
    for given, many in (({}, 3), ({"first": 5}, 5), ({"first": 0}, 0), ({"first": None}, 15)):
        assert len((await ask(text, given, city="plymouth"))["badges"]["nodes"]) == many


async def test_one_document_serves_every_graph(ask: Asking) -> None:
    text = "{ badges(first: 100) { totalCount nodes { id city { slug } } } }"
    for _ in range(2):
        for city in ("plymouth", "cardiff", None, "badge-nation"):
            found = (await ask(text, city=city))["badges"]
            assert {each["city"]["slug"] for each in found["nodes"]} == (
                {"plymouth", "cardiff", "badge-nation"} if city is None else {city}
            )


async def test_an_operation_is_chosen_by_its_name(ask: Asking) -> None:
    text = "query A { city { slug } } query B($s: String!) { badge(slug: $s) { name } } fragment f on City { slug }"
    text = text.replace("city { slug }", "city { ...f }")
    assert await ask(text, city="plymouth", operation="A") == {"city": {"slug": "plymouth"}}
    assert await ask(text, {"s": "navigator"}, city="plymouth", operation="B") == {"badge": {"name": "Navigator"}}
    assert await ask.code(text, city="plymouth") == "UNKNOWN_OPERATION"
    assert await ask.code(text, city="plymouth", operation="C") == "UNKNOWN_OPERATION"
    assert await ask.code(text, city="plymouth", operation="") == "UNKNOWN_OPERATION"


async def test_the_schema_can_be_asked_about(ask: Asking) -> None:
    text = """query($name: String!) { __type(name: $name) { name fields { name args { name } } }
      __schema { queryType { name } types { name } directives { name } } }"""
    found = await ask(text, {"name": "Badge"}, city="plymouth")
    assert "criteria" in [each["name"] for each in found["__type"]["fields"]]
    assert found["__schema"]["queryType"] == {"name": "Query"}
    assert "inContext" in [each["name"] for each in found["__schema"]["directives"]]
    assert (await ask(text, {"name": "NoSuchType"}))["__type"] is None


def _fields(kind: GraphQLObjectType, depth: int) -> Iterator[str]:
    for name, field in kind.fields.items():
        if any(map(is_required_argument, field.args.values())):
            continue
        named = get_named_type(field.type)
        if is_leaf_type(named):
            yield name
        elif depth and isinstance(named, GraphQLObjectType) and named.name != "Viewer":
            below = " ".join(_fields(named, depth - 1))
            if below:
                yield f"{name} {{ __typename {below} }}"


@pytest.mark.parametrize("kind", ["Badge", "Opportunity", "Pathway", "Issuer", "Place"])
async def test_every_field_of_the_schema_can_be_answered(ask: Asking, kind: str) -> None:
    """All fields three levels deep, of everything that is shown."""
    typed = ask.schema.core.type_map[kind]
    assert isinstance(typed, GraphQLObjectType)
    text = f"query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {' '.join(_fields(typed, 2))} }} }} }}"
    some = [each for each in ask.world.everything() if each.kind == kind and each.shown][::4]
    for each in some:
        for city in (each.town.slug, None):
            found = (await ask(text, {"id": each.gid}, city=city))["node"]
            _check(found, typed)
            assert found["id"] == each.gid


def _check(value: dict[str, Any], kind: GraphQLObjectType) -> None:
    """Hold an answer against the types that the schema promises."""
    for name, found in value.items():
        if name == "__typename":
            assert found == kind.name
            continue
        declared = kind.fields[name].type
        if found is None:
            assert not isinstance(declared, GraphQLNonNull), f"{kind.name}.{name}"
            continue
        assert isinstance(found, list) is is_list_type(get_nullable_type(declared)) or is_leaf_type(
            get_named_type(declared)
        )
        named = get_named_type(declared)
        if isinstance(named, GraphQLObjectType):
            for each in found if isinstance(found, list) else [found]:
                _check(each, named)


# Nulls that climb


@asynccontextmanager
async def withdrawn(ask: Asking, made: Made[Any]) -> AsyncIterator[None]:
    """For a while, something is not public."""
    sql = f"UPDATE {made.kind.lower()} SET public = $3 WHERE tenant_id = $1 AND id = $2"
    try:
        async with ask.engine.database.transaction(City(made.town.id)):
            await execute(sql, made.town.id, made.id, False)
        yield
    finally:
        async with ask.engine.database.transaction(City(made.town.id)):
            await execute(sql, made.town.id, made.id, True)


def told(body: dict[str, Any]) -> list[tuple[list[Any], str]]:
    return [(each["path"], each["extensions"]["code"]) for each in body["errors"]]


@pytest.mark.parametrize("city", ["plymouth", None])
async def test_a_null_climbs_to_the_nearest_field_that_may_be_null(ask: Asking, city: str | None) -> None:
    club = ask.world.find("Issuer", "plymouth", "harbour-club")
    navigator = ask.world.find("Badge", "plymouth", "navigator").gid
    twin = ask.world.find("Badge", "plymouth", "twin-1").gid
    text = """query($id: ID!, $ids: [ID!]!, $deep: Boolean!) { kinds { code }
      one: badge(id: $id) { name endorsements { comment endorser { name } } }
      same: node(id: $id) { ... on Badge { name endorsements { endorser { slug } } } }
      nodes(ids: $ids) { __typename ... on Badge { slug endorsements @include(if: $deep) { endorser { name } } } } }"""
    given = {"id": navigator, "ids": [twin, navigator, twin], "deep": True}
    whole = await ask(text, given, city=city)
    async with withdrawn(ask, club):
        for _ in range(3):
            body = await ask.body(text, given, city=city)
            assert (body["data"]["one"], body["data"]["same"]) == (None, None)
            assert body["data"]["nodes"] == [whole["nodes"][0], None, whole["nodes"][2]]
            assert body["data"]["kinds"] == whole["kinds"]
            assert told(body) == [
                (["one", "endorsements", 0, "endorser"], "NOT_VISIBLE"),
                (["same", "endorsements", 0, "endorser"], "NOT_VISIBLE"),
                (["nodes", 1, "endorsements", 0, "endorser"], "NOT_VISIBLE"),
            ]
            shallow = await ask.body(text, {**given, "deep": False}, city=city)
            assert None not in shallow["data"]["nodes"]
    assert await ask(text, given, city=city) == whole


@pytest.mark.parametrize("city", ["plymouth", None])
async def test_a_null_that_finds_no_hold_empties_the_answer(ask: Asking, city: str | None) -> None:
    text = '{ badges(filter: {text: "Priced"}) { nodes { slug issuer { name } } } city(slug: "plymouth") { slug } }'
    async with withdrawn(ask, ask.world.find("Issuer", "plymouth", "city-college")):
        body = await ask.body(text, city=city)
    assert body["data"] is None
    assert told(body) == [(["badges", "nodes", 0, "issuer"], "NOT_VISIBLE")]


async def test_what_may_be_null_is_null_without_a_word(ask: Asking) -> None:
    text = """{ badge(slug: "writing") { slug derivedFrom { name } }
      old: badge(slug: "old-badge") { replacedBy { name } }
      opportunity(slug: "film-lab") { place { name } badges { slug } } }"""
    world = ask.world
    async with (
        withdrawn(ask, world.find("Badge", "cardiff", "bathodyn")),
        withdrawn(ask, world.find("Badge", "plymouth", "smart-citizen")),
        withdrawn(ask, world.find("Place", "plymouth", "central-library")),
    ):
        assert await ask(text, city="plymouth") == {
            "badge": {"slug": "writing", "derivedFrom": None},
            "old": {"replacedBy": None},
            "opportunity": {"place": None, "badges": []},
        }


async def test_a_plan_does_not_grow_with_what_it_answers(ask: Asking) -> None:
    """Settling nulls looks at the selection again; the plan must be none the longer for it."""
    text = """query($id: ID!, $with: Boolean!) {
      badge(id: "none") { id } node(id: $id) { ... on Badge { name @include(if: $with) slug } } }"""
    given = {"id": ask.world.find("Badge", "plymouth", "navigator").gid, "with": True}
    document = ask.engine._documents_of(ask.schema, open_schema=True).get(text)
    (operation,) = document.operations.values()
    lengths = set()
    for _ in range(3):
        await ask.body(text, given, city="plymouth")
        (plans,) = document.plans(operation)._plans.values()
        lengths.add(tuple(len(plan.decisions) for plan in plans))
    assert len(lengths) == 1

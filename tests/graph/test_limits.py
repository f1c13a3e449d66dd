"""What a document may ask for is decided before anything is planned."""

from __future__ import annotations

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse
from hypothesis import given
from hypothesis import strategies as some

from tests.graph.asking import Asking, built_schema
from waypost.graph import GraphError
from waypost.graph.limits import Limits, Price, priced, refuse_too_much

SCHEMA = built_schema().core


def price(document: str) -> Price:
    """Price the only operation of a document."""
    node = parse(document)
    (operation,) = [each for each in node.definitions if isinstance(each, OperationDefinitionNode)]
    fragments = {each.name.value: each for each in node.definitions if isinstance(each, FragmentDefinitionNode)}
    root = SCHEMA.get_root_type(operation.operation)
    assert root is not None
    return priced(SCHEMA, root, operation.selection_set, fragments)


def cost(document: str, **variables: object) -> int:
    return price(document).of(variables)


def doubling(levels: int) -> str:
    """Fragments of which each spreads the next one twice."""
    chain = [
        f"fragment F{n} on Badge {{ a{n}: replacedBy {{ ...F{n + 1} }} b{n}: replacedBy {{ ...F{n + 1} }} }}"
        for n in range(levels)
    ]
    return " ".join([*chain, f"fragment F{levels} on Badge {{ name }}"])


def test_a_leaf_costs_nothing_and_an_object_one_point() -> None:
    assert cost('{ badge(slug: "a") { name } }') == 1
    assert cost('{ badge(slug: "a") { name issuer { name } } }') == 2


def test_a_connection_costs_by_its_page_and_its_count_once() -> None:
    assert cost("{ badges(first: 10) { nodes { name } } }") == 1 + 10
    assert cost("{ badges(first: 10) { nodes { issuer { name } } } }") == 1 + 10 * 2
    assert cost("{ badges(first: 10) { edges { node { name } } } }") == 1 + 10 * 2
    assert cost("{ badges { nodes { name } } }") == 1 + 20
    assert cost("{ badges(first: 10) { totalCount pageInfo { endCursor } } }") == 1 + 5 + 1


@pytest.mark.parametrize(("first", "points"), [(3, 4), (None, 21), (100_000, 101), (-5, 2)])
def test_a_page_asked_for_by_a_variable_costs_what_it_will_be(first: int | None, points: int) -> None:
    assert cost("query($n: Int) { badges(first: $n) { nodes { name } } }", n=first) == points


def test_pages_inside_pages_multiply() -> None:
    inner = "badges(first: 10) { nodes { name } }"
    assert cost(f"{{ issuers(first: 10) {{ nodes {{ {inner} }} }} }}") == 1 + 10 * (1 + 1 + 10)


def test_a_fragment_costs_as_though_it_were_written_out() -> None:
    whole = cost("{ badges(first: 7) { nodes { issuer { name } skills { name } } } }")
    apart = "fragment F on BadgeConnection { nodes { ...G } } fragment G on Badge { issuer { name } skills { name } }"
    assert cost(f"{{ badges(first: 7) {{ ...F }} }} {apart}") == whole


@pytest.mark.parametrize("count", [0, 1, 30])
def test_what_a_mutation_lists_costs_as_often_as_its_longest_input(count: int) -> None:
    success = "CreateClaimCodeSuccess { codes { code badge { name } } }"
    codes = f"{{ ... on {success} }}"
    class_of = ", ".join('{ name: "A" }' for _ in range(count))
    points = 1 + 2 * max(1, count)
    assert cost(f'mutation {{ createClaimCode(input: {{ badge: "x", recipients: [{class_of}] }}) {codes} }}') == points
    named = [{"name": "A"}] * count
    part = 'input: { badge: "x", recipients: $named }'
    parts = f"mutation($named: [ClaimRecipientInput!]) {{ createClaimCode({part}) {codes} }}"
    assert cost(parts, named=named) == points
    whole = "mutation($it: CreateClaimCodeInput!) { createClaimCode(input: $it)"
    for shown in (f"{codes} }}", f"{{ ...F }} }} fragment F on {success}"):
        assert cost(f"{whole} {shown}", it={"badge": "x", "recipients": named, "awards": None}) == points


def test_a_class_can_have_its_codes_as_pictures_of_two_kinds_at_once_and_no_more() -> None:
    def pictures(*kinds: str) -> int:
        codes = f"{{ ... on CreateClaimCodeSuccess {{ codes {{ code {' '.join(kinds)} }} }} }}"
        document = f"mutation($it: CreateClaimCodeInput!) {{ createClaimCode(input: $it) {codes} }}"
        return cost(document, it={"recipients": [{"name": "A"}] * 500})

    assert pictures("qr", "card") <= Limits().cost < pictures("qr", "card", "again: card")


@given(some.integers(2, 60))
def test_fragments_that_unfold_to_millions_are_priced_at_once_and_refused(levels: int) -> None:
    found = price(f'{{ badge(slug: "a") {{ ...F0 }} }} {doubling(levels)}')
    assert found.depth == levels + 2
    assert found.fields == 1 + sum(2 ** (n + 1) for n in range(levels)) + 2**levels
    with pytest.raises(GraphError, match="may be"):
        refuse_too_much(found, Limits(depth=1))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ('{ badge(slug: "a") { ' + "replacedBy { " * 30 + "name" + " }" * 30 + " } }", "levels deep"),
        ("{ " + " ".join(f"a{n}: kinds {{ code }}" for n in range(31)) + " }", "root fields wide"),
        ('{ badge(slug: "a") { ' + " ".join(f"a{n}: name" for n in range(61)) + " } }", "aliases rich"),
        ('{ badge(slug: "a") { ...F0 } } ' + doubling(11), "fields wide"),
        (
            "{ issuers(first: 100) { nodes { " + "badges(first: 100) { nodes { issuer { " * 2 + "name" + " }" * 9,
            "points",
        ),
    ],
)
async def test_what_asks_for_too_much_is_refused_before_it_is_planned(ask: Asking, document: str, words: str) -> None:
    body = await ask.body(document, city="plymouth")
    assert "data" not in body
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert words in error["message"]


async def test_the_published_operations_fit_easily(ask: Asking) -> None:
    from tests.project.documents import ROOT

    for path in sorted((ROOT / "schema" / "operations").glob("*.graphql")):
        found = price(path.read_text(encoding="utf-8"))
        assert found.of({"first": 100}) < 10_000, path.name


async def test_a_document_that_repeats_itself_without_end_is_given_up_with_a_reason(ask: Asking) -> None:
    body = await ask.body('{ badge(slug: "a") { ' + "name " * 2_000 + " } }", city="plymouth")
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert "repeats" in error["message"]

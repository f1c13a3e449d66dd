"""Documents, variables and operations that do not fit the schema are refused before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graph.asking import Asking


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#",
        "{",
        "{ badges }",
        '{ badge(slug: "navigator") { nothing } }',
        "{ nothing { id } }",
        "{ city { slug { x } } }",
        "{ ...missing }",
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
        "query($x: NoSuchType) { city { slug } }",
        "query($x: String) { city { slug } }",
        "{ badge(slug: $x) { id } }",
        "{ badge(slug: 5) { id } }",
        '{ badge(slug: "a", colour: "red") { id } }',
        "{ city { slug @unknown } }",
        "{ city { slug @skip } }",
        "query A { city { slug } } query A { city { slug } }",
        '{ a: city { slug } a: badge(slug: "x") { slug } }',
        '{ opportunity(slug: "x") { distanceMetres(from: {}) } }',
        '{ opportunity(slug: "x") { distanceMetres(from: {postcode: "a", point: {latitude: 1, longitude: 1}}) } }',
        "fragment a on Query { city { slug } }",
        "subscription { city { slug } }",
        "{ city { slug } __schema { queryType { name } } }",
        "\ufeff\x00",
        "{ city { slug } } \ud800",
    ],
)
async def test_a_document_that_does_not_fit_is_refused(ask: Asking, text: str) -> None:
    body = await ask.body(text, city="plymouth")
    codes = {each["extensions"]["code"] for each in body["errors"]}
    assert codes <= {"INVALID_DOCUMENT", "UNKNOWN_OPERATION"}
    assert not body.get("data")


@pytest.mark.parametrize("depth", [60, 400, 5_000, 40_000])
async def test_a_document_nested_without_end_is_refused_or_answered(ask: Asking, depth: int) -> None:
    for opened, closed in (("city { ", "} "), ("... { ", "} "), ("groups { ", "} ")):
        text = f"{{ city {{ slug {opened * depth} slug {closed * depth} }} }}"
        body = await ask.body(text, city="plymouth")
        codes = {each["extensions"]["code"] for each in body.get("errors", [])}
        assert codes <= {"INVALID_DOCUMENT", "LIMIT_EXCEEDED"}, opened
    deep = "[" * depth + "]" * depth
    assert await ask.code(f"{{ badges(filter: {{layers: {deep}}}) {{ totalCount }} }}") == "INVALID_DOCUMENT"


async def test_a_huge_document_is_refused(ask: Asking) -> None:
    many = " ".join(f"a{n}: city {{ slug }}" for n in range(5_000))
    assert await ask.code(f"{{ {many} }}", city="plymouth") == "INVALID_DOCUMENT"
    assert await ask.code("{ " + "x" * 500_000 + " }", city="plymouth") == "INVALID_DOCUMENT"


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"id": None},
        {"id": {"a": 1}},
        {"id": ["a", "b"]},
        {"id": True},
        {"id": "x", "first": "many"},
        {"id": "x", "first": 1.5},
        {"id": "x", "filter": {"colour": "red"}},
        {"id": "x", "filter": "red"},
        {"id": "x", "filter": {"layers": [None]}},
        {"id": "x", "from": {}},
        {"id": "x", "from": {"postcode": None}},
        {"id": "x", "from": {"postcode": "a", "point": {"latitude": 1, "longitude": 1}}},
        {"id": "x", "from": {"point": {"latitude": "north", "longitude": 1}}},
        {"id": "x", "filter": "\ud800"},
    ],
)
async def test_variables_that_do_not_fit_are_refused(ask: Asking, variables: dict[str, Any]) -> None:
    text = """query($id: ID!, $first: Int, $filter: BadgeFilter, $from: OriginInput) {
      badge(id: $id) { id } badges(first: $first, filter: $filter) { totalCount }
      opportunity(slug: "film-lab") { distanceMetres(from: $from) } }"""
    body = await ask.body(text, variables, city="plymouth")
    assert {each["extensions"]["code"] for each in body["errors"]} == {"INVALID_VARIABLES"}
    assert "data" not in body


@pytest.mark.parametrize("language", ["", "english please", "x", "cy\x00"])
async def test_a_language_is_a_language(ask: Asking, language: str) -> None:
    text = "query($l: LanguageTag!) @inContext(language: $l) { city { slug } }"
    assert await ask.code(text, {"l": language}, city="plymouth") == "INVALID_VARIABLES"

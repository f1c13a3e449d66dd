"""The executor itself: it knows the whole schema, and its judgement can go against the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLSchema, get_named_type, is_abstract_type

from tests.oracle.asking import CITIES, Both, Operation
from tests.oracle.comparing import differences
from tests.oracle.executor import RESOLVERS
from tests.oracle.rows import Thing, View

ASKED = '{ badges { nodes { slug issuer { slug } } pageInfo { endCursor } } badge(id: "x") { slug } }'


def fields(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Yield every field that a query can reach."""
    pending: list[GraphQLNamedType | None] = [schema.query_type]
    seen: set[str] = set()
    while pending:
        kind = pending.pop()
        if kind is None or kind.name in seen:
            continue
        seen.add(kind.name)
        if is_abstract_type(kind):
            pending += schema.get_possible_types(kind)
        if isinstance(kind, GraphQLObjectType):
            yield from ((kind.name, name) for name in kind.fields)
            pending += [get_named_type(each.type) for each in kind.fields.values()]


async def test_the_executor_knows_every_field_that_a_query_can_reach_and_no_other(both: Both) -> None:
    reached = {field for city in CITIES for field in fields(both.schema(city).core)}
    assert reached == set(RESOLVERS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data["badges"]["nodes"].pop(), "entries"),
        (lambda data: data["badges"]["nodes"].reverse(), "is '"),
        (lambda data: data["badges"]["nodes"][0].update(slug=data["badges"]["nodes"][0].pop("slug")), "has the keys"),
        (lambda data: data["badges"]["pageInfo"].update(endCursor=None), "stood elsewhere"),
        (lambda data: data["badges"]["nodes"][1].update(issuer=None), "issuer is None"),
    ],
    ids=["an entry less", "another order", "another order of keys", "no cursor", "a null"],
)
async def test_an_answer_that_is_a_little_wrong_is_not_passed(both: Both, change: Any, words: str) -> None:
    asked = Operation(ASKED, city="cardiff")
    answer, verdict = await both.body(asked), both.expected(asked)
    assert differences(answer, verdict, both.cursors) == []
    change(answer["data"])
    found = differences(answer, verdict, both.cursors)
    assert found, "nothing was noticed"
    assert words in " ".join(found)


@pytest.mark.parametrize("error", [{"path": ["badge"], "code": "INVALID_ARGUMENT"}, {"path": ["badges"]}, None])
async def test_another_code_another_place_and_no_error_are_not_passed(
    both: Both, error: Mapping[str, Any] | None
) -> None:
    asked = Operation(ASKED, city="cardiff")
    answer, verdict = await both.body(asked), both.expected(asked)
    changed = {"path": ["badge"], "code": "NOT_FOUND", **(error or {})}
    answer["errors"] = [{"path": changed["path"], "extensions": {"code": changed["code"]}}] if error else []
    assert differences(answer, verdict, both.cursors)


async def test_an_executor_that_shows_drafts_does_not_agree_with_the_engine(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = '{ badge(slug: "secret") { slug } }'
    assert (await both.agree(document))["data"] == {"badge": None}
    monkeypatch.setattr(View, "shows", lambda _view, _table, _row: True)
    _, found = await both.differences(Operation(document))
    assert found


async def test_an_executor_without_borders_between_cities_does_not_agree_with_the_engine(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replace(Operation("{ badges(first: 100) { nodes { slug } } }"), city="cardiff")
    assert (await both.differences(asked))[1] == []
    monkeypatch.setattr(View, "shows", lambda _view, _table, row: bool(row.get("public", True)))
    assert (await both.differences(asked))[1]


async def test_rows_are_seen_through_the_view_that_they_were_reached_by(both: Both) -> None:
    rows = next(iter(both.oracles.values())).rows
    home = both.world.towns["cardiff"].id
    own, nation = View(rows, home), View(rows, None)
    assert {row["tenant_id"] for row in own.all("badge")} == {home}
    assert len({row["tenant_id"] for row in nation.all("badge")}) > 1
    assert all(row["public"] for row in nation.all("badge"))
    assert not list(nation.all("membership"))
    badge = Thing("Badge", next(own.all("badge")), own)
    assert all(each.view is own for each in badge.things("Skill", list(own.all("skill"))))

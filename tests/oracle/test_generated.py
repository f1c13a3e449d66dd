"""The proof of the read engine: whatever is asked, it answers what the naive executor answers."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from dataclasses import replace
from typing import Any, Final

import pytest
from graphql import (
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    print_ast,
    visit,
)
from graphql.language import FragmentDefinitionNode, OperationDefinitionNode
from hypothesis import HealthCheck, Phase, given, settings

from tests.oracle.asking import CITIES, Both, Operation
from tests.oracle.foreign import foreign_operations
from tests.oracle.pools import Pools
from tests.oracle.reducing import reduced
from tests.oracle.writing import Written, operations

COUNT: Final = int(os.environ.get("WAYPOST_TEST_OPERATIONS", "500"))
SPARE: Final = 1.12  # some are refused whole as too costly, and compared by nobody
# At least so many of 500 operations show each of these.
FLOOR: Final = {
    "alias clash": 40,
    "nested connection": 100,
    "fragment on an interface": 25,
    "directive on a connection": 25,
    "variable absent": 60,
    "variable null": 40,
    "error": 50,
    "page turned": 15,
}
# What gives out cursors to go on from, of each field with pages.
FIRST_PAGES: Final = """{
    badges(first: 2) { edges { cursor } nodes { ...B } }
    issuers(first: 6) { edges { cursor } nodes { badges(first: 1) { edges { cursor } }
        opportunities(first: 2) { edges { cursor } } pathways(first: 1) { edges { cursor } } } }
    places(first: 2) { edges { cursor } nodes { opportunities(first: 2) { edges { cursor } } } }
    frameworks(first: 1) { edges { cursor } nodes { items(first: 3) { edges { cursor } } } }
    frameworkItems(first: 5) { edges { cursor } }
    skills(first: 2) { edges { cursor } nodes { badges(first: 1) { edges { cursor } } } }
    cities(first: 2) { edges { cursor } }
    city(slug: "badge-nation") { members(first: 1) { edges { cursor } } }
    pathways(first: 2) { edges { cursor } }
    discover(filter: {}, first: 3) { edges { cursor } nodes { badges { ...B } } }
}
fragment B on Badge { opportunities(first: 1) { edges { cursor } } pathways(first: 1) { edges { cursor } } }
"""


@pytest.fixture
async def loop() -> asyncio.AbstractEventLoop:
    """The session's event loop, in which the database lives; hypothesis runs examples outside of it."""
    return asyncio.get_running_loop()


@pytest.fixture(scope="session")
async def pools(both: Both) -> Pools:
    """What may be asked for, with cursors out of answers that agreed."""
    after: dict[tuple[str | None, str, str], list[str]] = {}
    for city in CITIES:
        answer = await both.agree(FIRST_PAGES, city=city)
        found: dict[tuple[str, str], list[str]] = {}
        _cursors(both.schema(city).core.query_type, answer["data"], found)
        after |= {(city, kind, field): cursors for (kind, field), cursors in found.items()}
    rows = next(iter(both.oracles.values())).rows
    return Pools(both.world, rows, sorted(both.who), after)


def _cursors(of: Any, value: Any, found: dict[tuple[str, str], list[str]]) -> None:
    if isinstance(value, list):
        for each in value:
            _cursors(of, each, found)
    elif isinstance(value, dict):
        for name, each in value.items():
            kind = get_named_type(of.fields[name].type)
            if isinstance(each, dict) and "edges" in each:
                found.setdefault((of.name, name), []).extend(edge["cursor"] for edge in each["edges"][-1:])
            _cursors(kind, each, found)


def test_whatever_is_asked_the_engine_answers_like_the_naive_executor(
    both: Both, pools: Pools, loop: asyncio.AbstractEventLoop
) -> None:
    tally: Counter[str] = Counter()
    schemas = {city: both.schema(city).core for city in CITIES}

    for strategy, share in ((operations(schemas, pools), 0.86), (foreign_operations(schemas, pools), 0.14)):
        # No shrinking by hypothesis: it would make other operations; what fails is reduced piece by piece.
        @settings(
            max_examples=round(COUNT * SPARE * share),
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def agrees(written: Written) -> None:
            loop.run_until_complete(_agree(both, written, tally))

        agrees()
    assert tally["operations"] >= COUNT, tally
    missing = {trait: tally[trait] for trait, least in FLOOR.items() if tally[trait] * 500 < least * COUNT}
    assert not missing, f"too few of {tally['operations']} operations show: {missing}"


async def _agree(both: Both, written: Written, tally: Counter[str]) -> None:
    """Ask once, then turn the pages that can be turned."""
    answer = await _same(both, written.asked)
    if is_too_costly(answer):
        tally["too costly"] += 1
        return
    tally.update(["operations", *traits(both.schema(written.asked.city).core, written.asked, answer)])
    for turn in written.turns:
        cursor = answer.get("data")
        for key in turn.path:
            cursor = cursor.get(key) if isinstance(cursor, dict) else None
        if cursor is not None:
            tally["page turned"] += 1
            await _same(both, replace(written.asked, variables={**written.asked.variables, turn.variable: cursor}))


async def _same(both: Both, asked: Operation) -> Any:
    """Ask everywhere; answers that differ fail, with an operation that is as small as possible."""
    answer, found = await both.differences(asked)
    if found and not is_too_costly(answer):

        async def fails(smaller: Operation) -> bool:
            answer, found = await both.differences(smaller)
            return bool(found) and not is_too_costly(answer)

        small = await reduced(asked, both.schema(asked.city).core, fails)
        raise AssertionError("\n".join([_shown(small), *(await both.differences(small))[1]]))
    return answer


def is_too_costly(answer: Any) -> bool:
    """Say whether an operation was refused for its price, of which the executor knows nothing."""
    errors = answer.get("errors", ())
    return "data" not in answer and any(each["extensions"]["code"] == "LIMIT_EXCEEDED" for each in errors)


def _shown(asked: Operation) -> str:
    return f"{asked.city} {asked.who} {asked.languages} {dict(asked.variables)}\n{print_ast(parse(asked.document))}"


class _Traits(Visitor):
    """Notices what an operation shows."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types, self.found, self.inside = types, set[str](), 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if self._is_connection():
            if self.inside:
                self.found.add("nested connection")
            if node.directives:
                self.found.add("directive on a connection")
            self.inside += 1

    def leave_field(self, node: FieldNode, *_: Any) -> None:
        self.inside -= self._is_connection()

    def _is_connection(self) -> bool:
        kind = self.types.get_type()
        return kind is not None and get_named_type(kind).name.endswith("Connection")

    def enter_selection_set(self, node: Any, *_: Any) -> None:
        fields = [each for each in node.selections if isinstance(each, FieldNode)]
        asked = Counter(each.name.value for each in fields if each.arguments)
        if any(count > 1 for count in asked.values()):
            self.found.add("alias clash")

    def enter_inline_fragment(self, node: InlineFragmentNode, *_: Any) -> None:
        if node.type_condition is not None and node.type_condition.name.value == "Node":
            self.found.add("fragment on an interface")

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> None:
        if node.type_condition.name.value == "Node":
            self.found.add("fragment on an interface")


def traits(schema: GraphQLSchema, asked: Operation, answer: Any) -> set[str]:
    """Return what an operation shows."""
    document = parse(asked.document)
    types = TypeInfo(schema)
    visitor = _Traits(types)
    visit(document, TypeInfoVisitor(types, visitor))
    found = visitor.found
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            names = [each.variable.name.value for each in definition.variable_definitions or ()]
            if any(name not in asked.variables for name in names if not name.startswith("after")):
                found.add("variable absent")
            if any(asked.variables.get(name, 0) is None for name in names):
                found.add("variable null")
    if "errors" in answer:
        found.add("error")
    return found

"""Fields that Python finishes: batch fields and ordinary resolvers, beside what the statement prints."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest
import strawberry

from tests.graph.asking import Asking
from tests.graph.world import World
from waypost.calling import MOST_FAILURES
from waypost.composition import core, engine
from waypost.db import Database
from waypost.graph import Argument, Contribution, compose, computed, extend, python_fields, value

if TYPE_CHECKING:
    from waypost.graph.query import Selected
    from waypost.graph.request import Request

CALLS: list[int] = []


@value
class StarsRating:
    """How many stars, and why."""

    stars: int
    reasons: list[str] | None = None
    half: StarsRating | None = None


def rating(stars: Any, **more: Any) -> dict[str, Any]:
    return {"stars": stars, **more}


async def _rate(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    CALLS.append(len(parents))
    most = field.argument("most")(request)
    return [rating(min(len(parent["slug"]), most), reasons=["long", "name"], half=rating(1)) for parent in parents]


async def _fail(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    raise ConnectionError("the password is swordfish")


async def _fail_some(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    return [KeyError(parent["slug"]) if n == 1 else rating(n) for n, parent in enumerate(parents)]


async def _raise_each(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    return [KeyError(parent["slug"]) for parent in parents]


async def _let_out(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    return [rating({"password": "swordfish"}, reasons={"swordfish": 1}) for _ in parents]


async def _lie(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    lies = (rating("many"), rating(None), rating(1, reasons=["fine", {}]), rating(2, half=rating(None)), "no mapping")
    return [lies[n % len(lies)] for n, _ in enumerate(parents)]


def _counted(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    return [rating(len(parents), reasons=[threading.current_thread().name]) for _ in parents]


@extend("Badge")
class StarsOnBadges:
    """What the plugin adds to badges."""

    stars_rating: StarsRating | None = computed(
        _rate, columns=("slug",), arguments=(Argument("most", int, 5),), doc="Its rating."
    )
    stars_counted: StarsRating | None = computed(_counted, columns=("slug",), doc="Does not wait for anything.")
    stars_broken: StarsRating | None = computed(_fail, columns=("slug",), doc="Always fails.")
    stars_shaky: StarsRating | None = computed(_fail_some, columns=("slug",), doc="Fails for the second.")
    stars_raises: StarsRating | None = computed(_raise_each, columns=("slug",), doc="Fails for each.")
    stars_lets_out: StarsRating | None = computed(_let_out, columns=("slug",), doc="Has what nobody may see.")
    stars_lies: StarsRating | None = computed(_lie, columns=("slug",), doc="Of the wrong types.")

    @strawberry.field(description="Shouts the badge's slug.")  # type: ignore[untyped-decorator]
    def stars_shout(self, info: strawberry.Info, times: int = 1) -> str | None:
        assert info.context.services is not None
        return str(self.slug).upper() * times  # type: ignore[attr-defined]  # columns of the row

    @strawberry.field(description="Gives a whole mapping for a number.")  # type: ignore[untyped-decorator]
    def stars_mapped(self) -> int | None:
        return {"password": "swordfish"}  # type: ignore[return-value]  # that is what is tried

    @strawberry.field(description="Blocks its thread, and says which that is.")  # type: ignore[untyped-decorator]
    def stars_blocks(self, ms: int) -> str | None:
        time.sleep(ms / 1_000)
        return threading.current_thread().name

    @strawberry.field(description="Answers later, with an object.")  # type: ignore[untyped-decorator]
    async def stars_later(self, which: str) -> StarsRating | None:
        if which == "broken":
            raise ConnectionError("the password is swordfish")
        return StarsRating(stars=len(which), reasons=["later"], half=None)


@pytest.fixture
def ask(database: Database, world: World) -> Asking:
    """Asks the graphs of the country, with a plugin on top."""
    schema = compose([core(), Contribution("stars", (StarsRating, StarsOnBadges))])
    return Asking(engine(database), schema, world)


def errors(body: Mapping[str, Any]) -> list[tuple[str, list[str | int]]]:
    return [(each["extensions"]["code"], each["path"]) for each in body["errors"]]


async def test_a_batch_field_is_called_once_for_all_parents_of_a_level(ask: Asking) -> None:
    CALLS.clear()
    asked = "{ badges(first: 3) { nodes { slug starsRating { stars half { stars __typename } reasons } name } } }"
    data = await ask(asked, city="plymouth")
    assert CALLS == [3]
    for node in data["badges"]["nodes"]:
        assert list(node) == ["slug", "starsRating", "name"]
        assert node["starsRating"] == {
            "stars": min(5, len(node["slug"])),
            "half": {"stars": 1, "__typename": "StarsRating"},
            "reasons": ["long", "name"],
        }


async def test_the_same_field_under_two_aliases_answers_for_each(ask: Asking) -> None:
    asked = "{ badges(first: 1) { nodes { a: starsRating(most: 1) { stars } b: starsRating(most: 2) { n: stars } } } }"
    data = await ask(asked, city="plymouth")
    assert data["badges"]["nodes"] == [{"a": {"stars": 1}, "b": {"n": 2}}]


async def test_a_plugin_that_raises_costs_its_field_alone_and_its_words_stay_here(
    ask: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        body = await ask.body("{ badges(first: 2) { nodes { slug starsBroken { stars } } } }", city="plymouth")
    assert [node["starsBroken"] for node in body["data"]["badges"]["nodes"]] == [None, None]
    assert all(node["slug"] for node in body["data"]["badges"]["nodes"])
    assert errors(body) == [("PLUGIN_FAILED", ["badges", "nodes", n, "starsBroken"]) for n in range(2)]
    assert "swordfish" not in str(body)
    assert body["errors"][0]["message"].rpartition(" ")[2] in caplog.text


async def test_work_that_does_not_wait_runs_in_a_thread_of_its_own(ask: Asking) -> None:
    data = await ask("{ badges(first: 2) { nodes { starsCounted { stars reasons } } } }", city="plymouth")
    named = ["plugin stars: Badge.starsCounted"]
    assert [node["starsCounted"] for node in data["badges"]["nodes"]] == [{"stars": 2, "reasons": named}] * 2


async def test_a_plugin_that_keeps_failing_rests_in_that_city_and_says_so(ask: Asking) -> None:
    asked = "{ badges(first: 1) { nodes { slug starsBroken { stars } } } }"
    codes = [errors(await ask.body(asked, city="plymouth"))[0][0] for _ in range(MOST_FAILURES + 1)]
    assert codes == ["PLUGIN_FAILED"] * MOST_FAILURES + ["PLUGIN_PAUSED"]
    data = await ask("{ badges(first: 1) { nodes { starsCounted { stars } } } }", city="cardiff")
    assert [node["starsCounted"] for node in data["badges"]["nodes"]] == [{"stars": 1}]


@pytest.mark.parametrize(
    "field", ["starsLies { stars }", "starsRaises { stars }", 'starsLater(which: "broken") { stars }']
)
async def test_one_that_gives_nothing_good_fails_too_and_rests(ask: Asking, field: str) -> None:
    asked = f"{{ badges(first: 2) {{ nodes {{ slug {field} }} }} }}"
    codes = [errors(await ask.body(asked, city="plymouth"))[0][0] for _ in range(MOST_FAILURES + 1)]
    assert codes == ["PLUGIN_FAILED"] * MOST_FAILURES + ["PLUGIN_PAUSED"]


async def test_one_parent_that_fails_is_told_with_its_place_in_the_list(ask: Asking) -> None:
    body = await ask.body("{ b: badges(first: 3) { edges { node { s: starsShaky { stars } } } } }", city="plymouth")
    assert [edge["node"]["s"] for edge in body["data"]["b"]["edges"]] == [{"stars": 0}, None, {"stars": 2}]
    assert errors(body) == [("PLUGIN_FAILED", ["b", "edges", 1, "node", "s"])]


async def test_a_value_that_its_type_does_not_allow_is_repeated_to_nobody(
    ask: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    body = await ask.body("{ badges(first: 1) { nodes { starsLetsOut { stars } starsMapped } } }", city="plymouth")
    assert {each["message"].partition(" Reference")[0] for each in body["errors"]} == {
        "A value of Int was expected.",
        "A plugin could not answer.",
    }
    assert "gives what its type does not allow: A value of Int was expected. It gave dict" in caplog.text
    assert "starsMapped'] gave what its type does not allow, reference" in caplog.text
    assert "swordfish" not in caplog.text + str(body)


async def test_what_a_type_does_not_allow_is_null_where_it_may_be_and_told_with_its_way(ask: Asking) -> None:
    body = await ask.body(
        "{ badges(first: 5) { nodes { starsLies { stars reasons half { stars } } } } }", city="plymouth"
    )
    assert [node["starsLies"] for node in body["data"]["badges"]["nodes"]] == [
        None,
        None,
        {"stars": 1, "reasons": None, "half": None},
        {"stars": 2, "reasons": None, "half": None},
        None,
    ]
    assert errors(body) == [
        ("PLUGIN_FAILED", ["badges", "nodes", 0, "starsLies", "stars"]),
        ("PLUGIN_FAILED", ["badges", "nodes", 1, "starsLies", "stars"]),
        ("PLUGIN_FAILED", ["badges", "nodes", 2, "starsLies", "reasons", 1]),
        ("PLUGIN_FAILED", ["badges", "nodes", 3, "starsLies", "half", "stars"]),
        ("PLUGIN_FAILED", ["badges", "nodes", 4, "starsLies"]),
    ]


async def test_an_ordinary_resolver_sees_its_row_its_arguments_and_the_request(ask: Asking) -> None:
    asked = """query($n: Int!) { badge(slug: "navigator") { once: starsShout more: starsShout(times: $n) name } }"""
    data = await ask(asked, {"n": 2}, city="plymouth")
    assert data["badge"] == {"once": "NAVIGATOR", "more": "NAVIGATORNAVIGATOR", "name": "Navigator"}


async def test_an_ordinary_resolver_may_answer_later_with_an_object_and_fail_alone(ask: Asking) -> None:
    asked = """
    query { badges(first: 2) { nodes { ...B } } }
    fragment B on Badge { good: starsLater(which: "four") { ...F } bad: starsLater(which: "broken") { stars } }
    fragment F on StarsRating { stars reasons __typename }
    """
    body = await ask.body(asked, city="plymouth")
    for node in body["data"]["badges"]["nodes"]:
        assert node == {"good": {"stars": 4, "reasons": ["later"], "__typename": "StarsRating"}, "bad": None}
    assert errors(body) == [("PLUGIN_FAILED", ["badges", "nodes", n, "bad"]) for n in range(2)]
    assert "swordfish" not in str(body)


async def test_an_ordinary_resolver_that_blocks_does_so_in_a_thread_and_not_for_ever(
    ask: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "query($ms: Int!) { badges(first: 2) { nodes { starsBlocks(ms: $ms) } } }"
    data = await ask(asked, {"ms": 0}, city="plymouth")
    assert data["badges"]["nodes"] == [{"starsBlocks": "plugin stars: Badge.starsBlocks"}] * 2
    monkeypatch.setattr(python_fields, "PATIENCE_S", 0.05)
    slow = asyncio.create_task(ask.body(asked, {"ms": 400}, city="plymouth"))
    quick = await ask("{ badges(first: 1) { nodes { slug } } }", city="plymouth")
    assert quick["badges"]["nodes"]
    body = await slow
    assert [node["starsBlocks"] for node in body["data"]["badges"]["nodes"]] == [None, None]
    assert {code for code, _ in errors(body)} == {"PLUGIN_FAILED"}


async def test_nationally_a_plugins_field_is_null_where_it_is_off(ask: Asking) -> None:
    data = await ask("{ badges(first: 3) { nodes { starsRating { stars } starsShout } } }")
    assert data["badges"]["nodes"] == [{"starsRating": None, "starsShout": None}] * 3


async def test_the_rest_of_an_answer_is_the_same_with_and_without_python_fields(ask: Asking) -> None:
    plain = await ask("{ badges { nodes { slug name skills { name } } } }", city="plymouth")
    more = await ask(
        "{ badges { nodes { slug name skills { name } starsRating { stars } starsShout } } }", city="plymouth"
    )
    for node in more["badges"]["nodes"]:
        del node["starsRating"], node["starsShout"]
    assert more == plain

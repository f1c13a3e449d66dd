from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labour.almanac import ALMANAC
from waypost.calling import Calls
from waypost.labour import LabourMarket, market
from waypost.labour.answers import Answers, Question, Told, size_of
from waypost.labour.market import Heard, Unanswered
from waypost.occupations import Occupation, SourceBusy, SourceFailed

HERE = UUID(int=1)
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def question(said: str, tenant: UUID | None = HERE) -> Question:
    return Question("almanac", "almanac", tenant, "{}", "search", (said,))


@dataclass
class Outside:
    """Somebody else's server: how often it was asked, and what it does."""

    asked: int = 0
    does: Callable[[], Awaitable[Any]] | None = None
    at: float = 0.0
    market: LabourMarket = field(init=False)

    def __post_init__(self) -> None:
        self.market = LabourMarket(Calls(clock=lambda: self.at), clock=lambda: self.at)

    async def ask(self) -> Any:
        self.asked += 1
        return await self.does() if self.does else [self.asked]

    async def hear(self, said: str = "baker", tenant: UUID | None = HERE) -> Heard:
        return await self.market.hear(question(said, tenant), ALMANAC, self.ask, lambda answer: answer)

    async def code(self, said: str = "baker", tenant: UUID | None = HERE) -> str:
        with pytest.raises(Unanswered) as failed:
            await self.hear(said, tenant)
        return failed.value.error.code


@pytest.fixture
def outside() -> Outside:
    return Outside()


async def fail() -> Any:
    raise SourceFailed("it answered with status 500")


async def test_the_same_question_at_once_goes_out_once(outside: Outside) -> None:
    heard = await asyncio.gather(*(outside.hear() for _ in range(50)))
    assert outside.asked == 1
    assert [each.told.answer for each in heard] == [[1]] * 50


async def test_who_asked_first_may_go_away(outside: Outside) -> None:
    ready = asyncio.Event()

    async def wait() -> Any:
        await ready.wait()
        return ["waited"]

    outside.does = wait
    first, second = asyncio.create_task(outside.hear()), asyncio.create_task(outside.hear())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    ready.set()
    assert (await second).told.answer == ["waited"]
    assert outside.asked == 1


async def test_an_answer_is_given_again_for_as_long_as_the_source_says(outside: Outside) -> None:
    before = await outside.hear()
    outside.at = ALMANAC.fresh_s - 1
    again = await outside.hear()
    assert (again.told, again.stale, again.again_s) == (before.told, False, 1)
    outside.at = ALMANAC.fresh_s
    assert (await outside.hear()).told.answer == [2]


async def test_an_old_answer_is_given_while_the_source_is_down_and_the_source_left_alone(outside: Outside) -> None:
    before = await outside.hear()
    outside.at, outside.does = ALMANAC.fresh_s + 1, fail
    for _ in range(5):
        heard = await outside.hear()
        assert (heard.told, heard.stale) == (before.told, True)
    assert outside.asked == 2
    outside.at += market.FAILED_S + 1
    outside.does = None
    assert (await outside.hear()).stale is False


async def test_a_question_that_failed_waits_and_others_do_not(outside: Outside) -> None:
    outside.does = fail
    assert await outside.code("baker") == "PLUGIN_FAILED"
    outside.does = None
    assert await outside.code("baker") == "PLUGIN_FAILED"
    assert (await outside.hear("plumber")).told.answer == [2]


async def test_a_busy_source_is_left_alone_whatever_the_question_in_that_city(outside: Outside) -> None:
    async def busy() -> Any:
        raise SourceBusy(300)

    outside.does = busy
    assert await outside.code("baker") == "PLUGIN_PAUSED"
    outside.does = None
    assert await outside.code("plumber") == "PLUGIN_PAUSED"
    assert (await outside.hear("baker", uuid4())).stale is False
    assert outside.market.calls.failures["almanac"] == 0
    outside.at = 301
    assert (await outside.hear("plumber")).stale is False


async def test_strangers_cannot_make_us_ask_without_end(outside: Outside) -> None:
    for number in range(market.MOST_A_MINUTE):
        await outside.hear(f"baker {number}")
    assert await outside.code("one more") == "PLUGIN_PAUSED"
    assert (await outside.hear("baker 0")).stale is False
    assert (await outside.hear("one more", uuid4())).stale is False
    outside.at = 60
    assert (await outside.hear("one more")).stale is False


async def test_only_so_many_wait_at_once(outside: Outside) -> None:
    ready = asyncio.Event()

    async def wait() -> Any:
        await ready.wait()
        return []

    outside.does = wait
    waiting = [asyncio.create_task(outside.hear(f"baker {number}")) for number in range(market.MOST_AT_ONCE)]
    await asyncio.sleep(0)
    assert await outside.code("one more") == "PLUGIN_PAUSED"
    ready.set()
    await asyncio.gather(*waiting)
    assert (await outside.hear("one more")).stale is False


async def test_one_that_hangs_is_waited_for_and_no_longer(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market, "PATIENCE_S", 0.02)
    outside.does = asyncio.Event().wait
    assert await outside.code() == "PLUGIN_FAILED"


async def test_searching_rests_without_the_rest_of_the_plugin(outside: Outside) -> None:
    """Strangers choose what is looked for, and so what a source fails at."""
    outside.does = fail
    for number in range(12):
        await outside.code(f"baker {number}")
    outside.does = None
    figures = replace(question("soc-2020/5432"), what="figures")
    heard = await outside.market.hear(figures, ALMANAC, outside.ask, lambda answer: answer)
    assert heard.stale is False
    assert outside.market.calls.rest_s("almanac", HERE) == 0


async def test_one_that_keeps_failing_rests_in_that_city(outside: Outside) -> None:
    outside.does = fail
    codes = [await outside.code(f"baker {number}") for number in range(12)]
    assert codes == ["PLUGIN_FAILED"] * 10 + ["PLUGIN_PAUSED"] * 2
    outside.does = None
    assert (await outside.hear("baker", uuid4())).stale is False


def test_what_was_used_least_of_late_is_dropped_and_no_city_crowds_out_another() -> None:
    one = size_of("")
    answers = Answers(most_a_tenant=3 * one, most=5 * one)
    other = uuid4()

    def put(said: str, tenant: UUID | None = HERE) -> None:
        answers.put(question(said, tenant), Told(said, NOW, 0.0))

    def has(said: str, tenant: UUID | None = HERE) -> bool:
        return answers.get(question(said, tenant)) is not None

    for said in ("a", "b", "c"):
        put(said)
    assert has("a")
    put("d")
    assert [has(each) for each in "abcd"] == [True, False, True, True]
    for said in ("x", "y"):
        put(said, other)
    assert answers.size == 5 * one
    put("z", other)
    put("z", other)
    assert answers.size == 5 * one
    assert has("z", other)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(0, 20))))
def test_what_is_kept_never_takes_more_than_it_may(puts: list[tuple[int, int, int]]) -> None:
    answers = Answers(most_a_tenant=10_000, most=20_000)
    for said, tenant, length in puts:
        told = Told([Occupation("soc-2020", "5432", "x" * 200)] * length, NOW, 0.0)
        answers.put(question(str(said), UUID(int=tenant)), told)
        assert answers.size <= 20_000
    left = [(kept.size, kept.told) for kept in answers._of.values()]
    assert answers.size == sum(size for size, _ in left)
    for size, told_of in left:
        assert size == sum(size_of(each.answer) for each in told_of.values()) <= 10_000

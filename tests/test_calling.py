"""Calls of code that is not ours."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextlib import suppress
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost import calling
from waypost.calling import (
    HANGING,
    LONGEST_PAUSE_S,
    MOST_FAILURES,
    MOST_OF_ONE,
    MOST_THREADS,
    PAUSE_S,
    Call,
    CallLate,
    Calls,
    PluginBusy,
    PluginPaused,
)

HERE, THERE = uuid4(), uuid4()


class Clock:
    """A clock that stands until it is put forward."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def wind(tenant: UUID | None = HERE, **more: object) -> Call:
    return Call("wind", "field Place.windForce", tenant, **more)  # type: ignore[arg-type]


async def well(answer: object = 7) -> object:
    return answer


async def ill() -> None:
    raise LookupError("no wind today")


async def fail(calls: Calls, times: int, tenant: UUID | None = HERE) -> None:
    for _ in range(times):
        with pytest.raises(LookupError):
            await calls.make(wind(tenant), ill)


async def test_what_answers_is_answered_whether_it_waits_or_not() -> None:
    calls = Calls()
    assert await calls.make(wind(), well, 5) == 5
    assert await calls.make(wind(), lambda answer: answer + 1, 5) == 6
    assert await calls.make(wind(), lambda: well(8)) == 8
    assert calls.failures == {}


async def test_a_function_that_does_not_wait_runs_beside_the_loop() -> None:
    calls = Calls()
    assert await calls.make(wind(), threading.get_ident) != threading.get_ident()
    assert await calls.make(wind(), asyncio.to_thread, threading.get_ident) != threading.get_ident()


async def test_one_that_keeps_failing_is_paused_for_that_tenant_alone(caplog: pytest.LogCaptureFixture) -> None:
    told: list[None] = []
    calls = Calls(Clock(), told=lambda: told.append(None))
    await fail(calls, MOST_FAILURES)
    with pytest.raises(PluginPaused) as paused:
        await calls.make(wind(), well)
    assert paused.value.for_s == PAUSE_S
    assert calls.rest_s("wind", HERE) == PAUSE_S
    assert calls.paused() == {"wind": 1}
    assert calls.failures == {"wind": MOST_FAILURES}
    assert len(told) == 1
    assert "plugin wind has failed 10 times on end and is paused here for 30 s" in caplog.text
    assert await calls.make(wind(THERE), well) == 7
    assert await calls.make(wind(None), well) == 7


async def test_after_the_pause_one_call_decides(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    calls = Calls(clock)
    await fail(calls, MOST_FAILURES)
    clock.now += PAUSE_S
    await fail(calls, 1)
    assert calls.rest_s("wind", HERE) == 2 * PAUSE_S
    clock.now += 2 * PAUSE_S
    assert await calls.make(wind(), well) == 7
    assert "plugin wind works again" in caplog.text
    await fail(calls, MOST_FAILURES - 1)
    assert calls.rest_s("wind", HERE) == 0


@given(st.lists(st.booleans(), max_size=60))
def test_a_pause_begins_with_so_many_failures_on_end_and_never_earlier(outcomes: list[bool]) -> None:
    async def story() -> None:
        clock, on_end = Clock(), 0
        calls = Calls(clock)
        for ok in outcomes:
            if ok:
                await calls.make(wind(), well)
            else:
                await fail(calls, 1)
            on_end = 0 if ok else on_end + 1
            rest = calls.rest_s("wind", HERE)
            assert (rest > 0) is (on_end >= MOST_FAILURES)
            assert rest <= LONGEST_PAUSE_S
            clock.now += rest

    asyncio.run(story())


async def test_what_is_meant_is_no_failure() -> None:
    calls = Calls()
    for _ in range(MOST_FAILURES + 1):
        with pytest.raises(LookupError):
            await calls.make(wind(meant=(LookupError,)), ill)
    assert calls.failures == {}


async def test_an_answer_that_is_none_is_a_failure() -> None:
    def check(answer: object) -> None:
        if not isinstance(answer, float):
            raise TypeError("no number")

    calls = Calls()
    with pytest.raises(TypeError):
        await calls.make(wind(check=check), well)
    assert calls.failures == {"wind": 1}


async def test_a_late_answer_is_dropped_whether_it_waits_or_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    calls = Calls()
    free = threading.Event()
    with pytest.raises(CallLate, match=r"field Place.windForce of wind has not answered within 0.05 s"):
        await calls.make(wind(patience_s=0.05), asyncio.sleep, 60)
    with pytest.raises(CallLate):
        await calls.make(wind(patience_s=0.05), free.wait)
    free.set()
    for _ in range(500):
        if "came too late and was dropped" in caplog.text:
            break
        await asyncio.sleep(0.01)
    assert "came too late and was dropped" in caplog.text
    assert calls.failures == {"wind": 2}


async def test_threads_that_never_come_back_are_bounded() -> None:
    calls = Calls()
    free = threading.Event()
    try:
        for _ in range(MOST_OF_ONE):
            with pytest.raises(CallLate):
                await calls.make(wind(patience_s=0.01), free.wait)
        with pytest.raises(PluginBusy):
            await calls.make(wind(patience_s=0.01), time.monotonic)
        assert await calls.make(wind(THERE), time.monotonic) > 0  # another tenant still gets one
        for _ in range(MOST_THREADS - MOST_OF_ONE):
            with pytest.raises(CallLate):
                await calls.make(wind(THERE, patience_s=0.01), free.wait)
        with pytest.raises(PluginBusy):
            await calls.make(wind(None, patience_s=0.01), time.monotonic)
        assert await calls.make(Call("rain", "field Place.rain"), well) == 7
    finally:
        free.set()


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), StopIteration()])
async def test_whatever_a_thread_raises_ends_nothing_but_its_call(error: BaseException) -> None:
    def leave() -> None:
        raise error

    with pytest.raises(RuntimeError, match=type(error).__name__):
        await Calls().make(wind(), leave)


async def test_many_at_once_wait_for_a_thread_and_none_fails() -> None:
    calls, most, now = Calls(), 0, 0
    lock = threading.Lock()

    def blow() -> int:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1
        return 7

    answers = await asyncio.gather(*(calls.make(wind(patience_s=5), blow) for _ in range(5 * MOST_THREADS)))
    assert answers == [7] * 5 * MOST_THREADS
    assert most <= MOST_OF_ONE
    assert calls.failures == {}


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError(), GeneratorExit()])
async def test_whatever_a_coroutine_raises_ends_nothing_but_its_call(error: BaseException) -> None:
    async def leave() -> None:
        await asyncio.sleep(0)
        raise error

    calls = Calls()
    with pytest.raises(RuntimeError, match=f"it raised {type(error).__name__}|it cancelled itself"):
        await calls.make(wind(patience_s=5), leave)
    assert calls.failures == {"wind": 1}


async def test_one_that_cancels_its_own_task_cancels_nobody_else() -> None:
    async def leave() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(60)

    with pytest.raises(RuntimeError, match="it cancelled itself"):
        await Calls().make(wind(), leave)


async def test_one_that_does_not_let_itself_be_called_off_is_left_alone_and_bounded(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "GRACE_S", 0.01)
    calls, free = Calls(), asyncio.Event()

    async def stay() -> int:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue
        return 8

    for number in range(MOST_THREADS):
        with pytest.raises(CallLate):
            await calls.make(wind(uuid5(HERE, str(number)), patience_s=0.01), stay)
    assert caplog.text.count("field Place.windForce of wind does not let itself be called off") == MOST_THREADS
    with pytest.raises(PluginBusy):
        await calls.make(wind(), well)
    free.set()
    await asyncio.sleep(0.01)
    assert await calls.make(wind(), well) == 7


async def test_an_answer_that_comes_while_it_is_called_off_is_late_all_the_same() -> None:
    async def stay() -> int:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        return 8

    calls = Calls()
    with pytest.raises(CallLate):
        await calls.make(wind(patience_s=0.01), stay)
    assert calls.failures == {"wind": 1}


async def test_what_was_called_before_a_pause_began_makes_it_no_longer() -> None:
    clock, fails = Clock(), asyncio.Event()
    calls = Calls(clock)

    async def fail_later() -> None:
        await fails.wait()
        raise LookupError("no wind today")

    tasks = [asyncio.create_task(calls.make(wind(), fail_later)) for _ in range(2_000)]
    await asyncio.sleep(0)
    fails.set()
    assert {type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)} == {LookupError}
    assert calls.failures == {"wind": 2_000}
    for number in range(1, 20):
        clock.now += calls.rest_s("wind", HERE)
        await fail(calls, 1)
        assert calls.rest_s("wind", HERE) == min(PAUSE_S * 2**number, LONGEST_PAUSE_S)


async def test_what_anybody_may_make_fail_rests_alone_and_only_where_it_hangs() -> None:
    calls = Calls()
    path = wind(patience_s=0.001, entry="GET /wind", pausing=HANGING)
    for _ in range(MOST_FAILURES + 1):
        with pytest.raises(LookupError):
            await calls.make(path, ill)
    for _ in range(MOST_FAILURES):
        with pytest.raises(CallLate):
            await calls.make(path, asyncio.sleep, 60)
    with pytest.raises(PluginPaused):
        await calls.make(path, well)
    assert calls.rest_s("wind", HERE) == 0
    assert calls.paused() == {"wind": 1}
    assert await calls.make(wind(), well) == 7


async def test_who_stops_waiting_is_no_failure() -> None:
    calls = Calls()
    task = asyncio.create_task(calls.make(wind(), asyncio.sleep, 60))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert calls.failures == {}

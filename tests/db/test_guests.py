"""Plugins get their share of connections, one after the other, and whoever gives up leaves nothing behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.calling import Call, Calls, whose_code
from waypost.db import Database, NoScope, System, current_scope, fetchval
from waypost.db.guests import Guests

SCOPE = System("tests")


async def test_our_own_code_never_waits_for_plugins() -> None:
    guests = Guests(1)
    assert [await guests.enter() for _ in range(10)] == [None] * 10


@given(
    st.integers(1, 16), st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["stays", "gives up"])), max_size=30)
)
def test_no_plugin_has_more_than_its_share_and_everybody_comes_in_the_end(
    size: int, asked: list[tuple[str, str]]
) -> None:
    async def scenario() -> None:
        guests, inside, most = Guests(size), list[str](), max(size * 3 // 8, 1)

        async def stays(patience_s: float) -> None:
            async with asyncio.timeout(patience_s):
                name = await guests.enter()
            assert name is not None
            try:
                inside.append(name)
                assert inside.count(name) <= most
                assert len(inside) <= max(size * 5 // 8, 1)
                await asyncio.sleep(0)
                inside.remove(name)
            finally:
                guests.leave(name)

        calls = Calls()
        waits = [calls.bounded(Call(name, "stays"), stays, 0.0 if how == "gives up" else 30.0) for name, how in asked]
        ends = await asyncio.gather(*waits, return_exceptions=True)
        assert all(end is None for end, (_, how) in zip(ends, asked, strict=True) if how == "stays"), ends
        await calls.bounded(Call("a", "comes again"), stays, 30.0)

    asyncio.run(scenario())


async def test_what_a_plugin_holds_for_ever_keeps_nobody_else_from_the_database(database: Database) -> None:
    """The pool has four; a plugin has one of them, whatever it does."""
    calls, held = Calls(), asyncio.Event()

    async def hangs() -> None:
        async with database.transaction(SCOPE):
            held.set()
            await asyncio.Event().wait()

    async def looks(_: Any = None) -> int:
        async with database.transaction(SCOPE):
            return int(await fetchval("SELECT 1"))

    hanging = [asyncio.create_task(calls.bounded(Call("tide", "hangs"), hangs)) for _ in range(20)]
    await held.wait()
    assert await asyncio.gather(*(looks() for _ in range(20))) == [1] * 20
    assert await calls.bounded(Call("ebb", "looks"), looks) == 1, "nor another plugin"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await calls.bounded(Call("tide", "looks"), looks)
    for task in hanging:
        task.cancel()
    await asyncio.wait(hanging)
    assert await calls.bounded(Call("tide", "looks"), looks) == 1


async def test_what_comes_out_of_a_plugins_thread_is_the_plugins(database: Database) -> None:
    calls, loop = Calls(), asyncio.get_running_loop()
    seen: list[str | None] = []

    async def looks() -> None:
        seen.append(whose_code())
        with pytest.raises(NoScope):
            current_scope()

    def in_a_thread() -> None:
        seen.append(whose_code())
        asyncio.run_coroutine_threadsafe(looks(), loop).result()

    async with database.transaction(SCOPE):
        await calls.bounded(Call("tide", "looks"), in_a_thread)
    assert seen == ["tide", "tide"]

"""Waiting for a while: whether it came, and that nobody who is to end goes on waiting."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from waypost.db.waiting import came_within


async def test_it_says_whether_it_came() -> None:
    event = asyncio.Event()
    assert not await came_within(event, 0.01)
    event.set()
    assert await came_within(event, 10)


async def test_a_cancellation_that_comes_with_the_event_is_not_lost() -> None:
    ended = 0
    for _ in range(50):
        event = asyncio.Event()

        async def wait(event: asyncio.Event = event) -> None:
            await came_within(event, 10)
            await asyncio.sleep(10)  # what it goes on with

        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        event.set()
        await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        ended += task.cancelled()
    assert ended == 50

"""Waiting for something for a while, so that a cancellation is never lost."""

from __future__ import annotations

import asyncio


async def came_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, at most so many seconds; answers whether it came.

    Not `asyncio.wait_for`: before Python 3.12 that can lose a cancellation which comes together with the event, and
    a task that was to end waits for ever.
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True

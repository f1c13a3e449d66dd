"""Waiting for what another task or process brings about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_S = 20


async def until(true: Callable[[], bool]) -> None:
    """Let other tasks run until something holds; `TimeoutError` if it does not come about."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.005)

"""Hearing what PostgreSQL notifies, on a connection of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from waypost.db.connections import LOST, Connection
from waypost.db.waiting import came_within

_log = logging.getLogger(__name__)

POLL_S: Final = 5.0
AGAIN_S: Final = 1.0

Hear = Callable[[str], None]


@asynccontextmanager
async def hearing(open_one: Callable[[], Awaitable[Connection]], channels: Mapping[str, Hear]) -> AsyncIterator[None]:
    """Call what is given for each channel with the payload of every notification, until the end.

    A lost connection is opened anew; what was notified meanwhile is not heard, so whoever hears also polls.
    """
    listening = asyncio.create_task(_for_ever(open_one, channels))
    try:
        yield
    finally:
        listening.cancel()
        await asyncio.wait({listening})


async def _for_ever(open_one: Callable[[], Awaitable[Connection]], channels: Mapping[str, Hear]) -> None:
    while True:
        try:
            await _listen(open_one, channels)
        except (*LOST, asyncpg.PostgresError, TimeoutError) as error:
            _log.warning("notifications are not heard just now: %s", error)
        await asyncio.sleep(AGAIN_S)


async def _listen(open_one: Callable[[], Awaitable[Connection]], channels: Mapping[str, Hear]) -> None:
    connection = await open_one()
    gone = asyncio.Event()
    connection.add_termination_listener(lambda _connection: gone.set())
    try:
        for channel, hear in channels.items():
            await connection.add_listener(channel, _teller(hear))
        while not gone.is_set():
            async with asyncio.timeout(POLL_S):  # it still answers
                await connection.execute("SELECT 1")
            await came_within(gone, POLL_S)
    finally:
        connection.terminate()


def _teller(hear: Hear) -> Callable[..., None]:
    def told(_connection: Any, _pid: int, _channel: str, payload: object) -> None:
        hear(str(payload))

    return told

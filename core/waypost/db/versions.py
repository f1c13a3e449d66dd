"""What this process knows of how far each tenant's catalogue has moved, so that nothing remembered is shown stale."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg

from waypost.db.connections import LOST, Connection
from waypost.db.moving import CHANNEL
from waypost.db.reads import Reads
from waypost.db.scope import National
from waypost.db.waiting import came_within

_log = logging.getLogger(__name__)

# Behind the notifications: how soon a broken connection is noticed, and all versions are read again.
POLL_S: Final = 5.0
AGAIN_S: Final = 1.0
ALL_SQL: Final = "SELECT tenant_id, version FROM catalogue_version"

Hearer = Callable[[UUID], None]


class Versions:
    """The versions of all catalogues, kept true by LISTEN on a connection of its own, with polling behind it.

    `known` is false until they have been read, and while nothing is heard of other processes: nobody may
    rely on them then. `moves` counts every move that was heard of.
    """

    def __init__(self, open_one: Callable[[], Awaitable[Connection]], reads: Reads) -> None:
        self._open_one = open_one
        self._reads = reads
        self._versions: dict[UUID, int] = {}
        self._hearers: list[Hearer] = []
        self.known = False
        self.moves = 0

    def of(self, tenant: UUID) -> int:
        """The version of a tenant's catalogue; 0 before the first write."""
        return self._versions.get(tenant, 0)

    def hear(self, hearer: Hearer) -> None:
        """Call `hearer` with the tenant of every move from now on."""
        self._hearers.append(hearer)

    def note(self, tenant: UUID, version: int) -> None:
        """Note that a catalogue has moved; older news is passed over."""
        if version > self.of(tenant):
            self._versions[tenant] = version
            self.moves += 1
            for hearer in self._hearers:
                hearer(tenant)

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Follow the moves of all processes until the end."""
        following = asyncio.create_task(self._follow_for_ever())
        try:
            yield
        finally:
            following.cancel()
            await asyncio.wait({following})
            self.known = False

    async def _follow_for_ever(self) -> None:
        while True:
            try:
                await self._follow()
            except (*LOST, asyncpg.PostgresError) as error:
                _log.warning("the moves of catalogues are not heard just now, nothing is remembered: %s", error)
            self.known = False
            await asyncio.sleep(AGAIN_S)

    async def _follow(self) -> None:
        """Listen first, then read: a move in between is heard."""
        connection = await self._open_one()
        gone = asyncio.Event()
        connection.add_termination_listener(lambda _connection: self._lost(gone))
        try:
            await connection.add_listener(CHANNEL, self._heard)
            while not gone.is_set():
                await self._read()
                await self._asked(connection)
                self.known = True
                await came_within(gone, POLL_S)
        finally:
            self.known = False
            connection.terminate()

    def _lost(self, gone: asyncio.Event) -> None:
        self.known = False
        gone.set()

    async def _asked(self, connection: Connection) -> None:
        """See that the listening connection still answers."""
        async with asyncio.timeout(POLL_S):
            await connection.execute("SELECT 1")

    async def _read(self) -> None:
        for row in await self._reads.rows(National(), ALL_SQL):
            self.note(row["tenant_id"], row["version"])

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: Any) -> None:
        tenant, _, version = str(payload).partition(":")
        try:
            self.note(UUID(tenant), int(version))
        except ValueError:
            _log.warning("somebody else notifies on %s", CHANNEL)

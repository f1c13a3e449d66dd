"""The worker: hands events on, does what is due, and runs what is scheduled, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from fractions import Fraction
from time import monotonic
from typing import Any, Final
from uuid import UUID

from waypost.db.moving import CHANNEL as CATALOGUE
from waypost.db.waiting import came_within
from waypost.outbox.doing import Doing
from waypost.outbox.fairness import Room
from waypost.outbox.queue import Queue, Taken
from waypost.outbox.relay import Relay
from waypost.outbox.schedules import Schedules
from waypost.outbox.work import CHANNEL, Effects, Task, Work

log: Final = logging.getLogger("waypost.worker")

AT_ONCE: Final = 16
SHARES: Final = (Fraction(1, 2), Fraction(3, 4))  # of a kind, and in it of a city
BUNDLED: Final = 200
MOST_BUNDLED: Final = 1_200
BUNDLED_SHARES: Final = (Fraction(1), Fraction(1, 6))  # of a bundle, and in it of a lane
POLL_S: Final = 2.0
SCHEDULES_S: Final = 5.0
STOP_WITHIN_S: Final = 20.0


class Worker:
    """One worker over one database; several may run at once, in any number of processes."""

    def __init__(self, work: Work, effects: Effects, *, at_once: int = AT_ONCE, lease_s: float = 60.0) -> None:
        self.work = work
        self.queue = Queue(work.database, lease_s, [each.name for each in effects.bundles])
        self.relay = Relay(work.database, effects)
        self.doing = Doing(work, effects, self.queue)
        self.counts = self.doing.counts
        self.schedules = Schedules(work, effects.schedules, self.queue.holder)
        self._room = Room(at_once, SHARES)
        self._bundling = [Room(MOST_BUNDLED, BUNDLED_SHARES, each.name) for each in effects.bundles]
        self._begun: set[asyncio.Task[None]] = set()
        self._moved: set[UUID] = set()
        self._looks_at = monotonic()
        self._events = asyncio.Event()
        self._due = asyncio.Event()
        self._stop = asyncio.Event()

    # Once

    async def relay_all(self) -> int:
        """Hand on every event that was not; answers how many."""
        return sum([await self._relay(tenant) for tenant in await self.relay.behind()])

    async def run_due(self) -> int:
        """Take some of what is due, do it one after the other, and settle it; answers how many pieces those were."""
        tasks = (await self.queue.take(self._room, self._room.size)).tasks
        for task in tasks:
            await self.doing.one(task)
        bundled = [task for room in self._bundling for task in (await self.queue.take(room, BUNDLED)).tasks]
        if bundled:
            async with self.doing.opened():
                for group in self.doing.grouped(bundled):
                    await self.doing.bundle(group)
        return len(tasks) + len(bundled)

    # For ever

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background until the end; what was begun is finished, if it takes no longer than it may."""
        database = self.work.database
        hearing = database.hearing({CATALOGUE: self._heard_catalogue, CHANNEL: lambda _payload: self._due.set()})
        async with hearing, self.doing.opened():
            loops = [self._loop(each) for each in (self._relay_moved, self._take_some, self._run_schedules)]
            beating = asyncio.create_task(self._beat())
            try:
                yield
            finally:
                self._stop.set()
                self._events.set()
                self._due.set()
                await self._end(loops)
                beating.cancel()
                await asyncio.wait({beating})

    def _loop(self, step: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        async def loop() -> None:
            while not self._stop.is_set():
                try:
                    await step()
                except Exception as error:  # noqa: BLE001 - the database is away: work goes on when it is back
                    log.warning("the worker rests a moment: %s: %s", type(error).__name__, error)
                    await self._rest(POLL_S)

        return asyncio.create_task(loop())

    async def _rest(self, seconds: float) -> None:
        await came_within(self._stop, seconds)

    async def _end(self, loops: Sequence[asyncio.Task[None]]) -> None:
        """Wait for what was begun; what takes too long is broken off and given back."""
        until = monotonic() + STOP_WITHIN_S
        await asyncio.wait(loops, timeout=STOP_WITHIN_S)  # from then on nothing more is begun
        if self._begun:
            await asyncio.wait(set(self._begun), timeout=max(until - monotonic(), 0.0))
        late = [task for task in (*loops, *self._begun) if not task.done()]
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        try:
            await self.queue.release(list(self.doing.held))
        except Exception as error:  # noqa: BLE001 - their leases end by themselves
            log.warning("work was not given back: %s: %s", type(error).__name__, error)

    def _heard_catalogue(self, payload: str) -> None:
        with suppress(ValueError):
            self._moved.add(UUID(payload.partition(":")[0]))
            self._events.set()

    async def _relay_moved(self) -> None:
        """Hand on what was heard of; every few seconds, whatever was heard, look for what was not heard of."""
        await came_within(self._events, max(self._looks_at - monotonic(), 0.0))
        self._events.clear()
        moved, self._moved = self._moved, set()
        if monotonic() >= self._looks_at:
            moved |= set(await self.relay.behind())
            self._looks_at = monotonic() + POLL_S
        for tenant in moved:
            if not self._stop.is_set():
                await self._relay_one(tenant)

    async def _relay_one(self, tenant: UUID) -> None:
        try:
            if await self._relay(tenant):
                self._due.set()
        except Exception as error:  # noqa: BLE001 - one tenant costs itself and nothing else; it is found again
            words = "the events of a tenant were not handed on: %s: %s"
            log.warning(words, type(error).__name__, error, extra={"tenant": str(tenant)})

    async def _relay(self, tenant: UUID) -> int:
        count = await self.relay.relay(tenant)
        self.counts.events += count
        return count

    async def _take_some(self) -> None:
        """Take as much as there is room for, and begin it; then wait for more, or for room."""
        self._due.clear()
        taken = [await self._take(room) for room in (self._room, *self._bundling)]
        if not any(each.tasks for each in taken):
            waits_s = [max(each.next_in_s, 0.02) for each in taken if each.next_in_s is not None]
            await came_within(self._due, min([POLL_S, *waits_s]))

    async def _take(self, room: Room) -> Taken:
        taken = await self.queue.take(room, BUNDLED)
        self.doing.hold(taken.tasks)
        if self._stop.is_set():
            return taken  # given back with whatever else is held
        if room.kind is None:
            for task in taken.tasks:
                self._begin(room, [task], self.doing.one(task))
        else:
            for group in self.doing.grouped(taken.tasks):
                self._begin(room, group, self.doing.bundle(group))
        return taken

    def _begin(self, room: Room, tasks: Sequence[Task], work: Coroutine[Any, Any, None]) -> None:
        path, count = (tasks[0].kind, tasks[0].lane), len(tasks)
        room.begin(path, count)

        def end(_: asyncio.Task[None]) -> None:
            room.end(path, count)
            self._due.set()  # there is room

        self._beside(work).add_done_callback(end)

    def _beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something beside everything else; what was begun is finished before the worker ends."""
        task = asyncio.create_task(work)
        self._begun.add(task)

        def end(done: asyncio.Task[None]) -> None:
            self._begun.discard(done)
            if not done.cancelled() and (error := done.exception()):
                log.warning("what became of some work was not written down: %s: %s", type(error).__name__, error)

        task.add_done_callback(end)
        return task

    async def _run_schedules(self) -> None:
        """Begin what is due, each beside the others: one that hangs holds up itself alone."""
        for schedule in await self.schedules.take_due():  # a worker that ends meanwhile finishes what it has taken
            self._beside(self.schedules.run(schedule))
        await self._rest(min(SCHEDULES_S, max(await self.schedules.next_in_s(), 0.05)))

    async def _beat(self) -> None:
        """Keep what is held for as long as this process lives."""
        while True:
            await asyncio.sleep(self.queue.lease_s / 3)
            try:
                await self.queue.keep(list(self.doing.held))
            except Exception as error:  # noqa: BLE001 - the lease may hold until the database is back
                log.warning("a lease was not renewed: %s: %s", type(error).__name__, error)

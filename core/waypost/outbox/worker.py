"""The worker: hands events on, does what is due, and runs what is scheduled, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Final
from uuid import UUID

from waypost.db.moving import CHANNEL as CATALOGUE
from waypost.outbox.mail import MAIL, Mailer
from waypost.outbox.queue import Failure, Queue, failure_of, is_spent, text_of
from waypost.outbox.relay import PREFIX, Relay, event_of
from waypost.outbox.schedules import Schedules
from waypost.outbox.work import CHANNEL, Effects, Task, Work

log: Final = logging.getLogger("waypost.worker")

AT_ONCE: Final = 16
BUNDLED: Final = 200
POLL_S: Final = 2.0
SCHEDULES_S: Final = 5.0
STOP_WITHIN_S: Final = 20.0


@dataclass
class Counts:
    """What a worker has done since it began, for its figures."""

    events: int = 0
    handled: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)


class Worker:
    """One worker over one database; several may run at once, in any number of processes."""

    def __init__(self, work: Work, effects: Effects, *, at_once: int = AT_ONCE, lease_s: float = 60.0) -> None:
        self.work = work
        self.effects = effects
        self.counts = Counts()
        self.errors: list[Exception] = []
        self.queue = Queue(work.database, lease_s)
        self.relay = Relay(work.database, effects)
        self.schedules = Schedules(work, effects.schedules, self.queue.holder)
        self._handlers = {PREFIX + each.name: each for each in effects.handlers}
        self._jobs = {each.name: each for each in effects.jobs}
        self._mailer = Mailer({each.name: each for each in effects.letters})
        self._bundles = {each.name: each for each in effects.bundles}
        self._at_once = at_once
        self._held: set[UUID] = set()
        self._moved: set[UUID] = set()
        self._events = asyncio.Event()
        self._due = asyncio.Event()

    # Once

    async def relay_all(self) -> int:
        """Hand on every event that was not; answers how many."""
        count = 0
        for tenant in await self.relay.behind():
            count += await self._relay(tenant)
        return count

    async def run_due(self) -> int:
        """Take what is due, do it, and settle it; answers how many pieces those were."""
        tasks = await self.queue.take(max(self._at_once, BUNDLED))
        await self._run_all(tasks)
        return len(tasks)

    # For ever

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background until the end; what was begun is finished, if it takes no longer than it may."""
        hearing = self.work.database.hearing({CATALOGUE: self._heard_catalogue, CHANNEL: self._heard_work})
        stop = asyncio.Event()
        loops = [
            asyncio.create_task(self._for_ever(stop, loop))
            for loop in (self._relay_moved, self._run_some, self._run_schedules)
        ]
        beating = asyncio.create_task(self._beat())
        try:
            async with hearing:
                yield
        finally:
            stop.set()
            self._events.set()
            self._due.set()
            _, late = await asyncio.wait(loops, timeout=STOP_WITHIN_S)
            for task in (*late, beating):
                task.cancel()
            await asyncio.wait({*late, beating})

    async def run(self) -> None:
        """Work until this task is cancelled."""
        async with self.running():
            await asyncio.Event().wait()

    async def _for_ever(self, stop: asyncio.Event, step: object) -> None:
        while not stop.is_set():
            try:
                await step()  # type: ignore[operator]  # one of our own methods
            except Exception as error:  # noqa: BLE001 - the database is away: work goes on when it is back
                log.warning("the worker rests a moment: %s: %s", type(error).__name__, error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), POLL_S)

    def _heard_catalogue(self, payload: str) -> None:
        with suppress(ValueError):
            self._moved.add(UUID(payload.partition(":")[0]))
            self._events.set()

    def _heard_work(self, _payload: str) -> None:
        self._due.set()

    async def _relay_moved(self) -> None:
        """Hand on what was heard of; now and then look for what was not heard of."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._events.wait(), POLL_S)
        self._events.clear()
        moved, self._moved = self._moved, set()
        for tenant in moved or set(await self.relay.behind()):
            if await self._relay(tenant):
                self._due.set()

    async def _relay(self, tenant: UUID) -> int:
        count = await self.relay.relay(tenant)
        self.counts.events += count
        return count

    async def _run_some(self) -> None:
        self._due.clear()
        if await self.run_due():
            return
        wait_s = await self.queue.next_in_s()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._due.wait(), min(POLL_S, max(wait_s or POLL_S, 0.01)))

    async def _run_schedules(self) -> None:
        await self.schedules.run_due()
        await asyncio.sleep(min(SCHEDULES_S, max(await self.schedules.next_in_s(), 0.05)))

    async def _beat(self) -> None:
        """Keep what is held for as long as this process lives."""
        while True:
            await asyncio.sleep(self.queue.lease_s / 3)
            try:
                await self.queue.keep(list(self._held))
            except Exception as error:  # noqa: BLE001 - the lease may hold until the database is back
                log.warning("a lease was not renewed: %s: %s", type(error).__name__, error)

    # Doing

    async def _run_all(self, tasks: Sequence[Task]) -> None:
        slots = asyncio.Semaphore(self._at_once)
        single = [task for task in tasks if task.kind not in self._bundles]
        self._held |= {task.id for task in tasks}
        try:
            async with asyncio.TaskGroup() as group:
                for name, bundle in self._bundles.items():
                    found = [task for task in tasks if task.kind == name]
                    if found:
                        group.create_task(self._run_bundle(bundle.name, found))
                for task in single:
                    group.create_task(self._run_one(slots, task))
        finally:
            self._held -= {task.id for task in tasks}

    async def _run_one(self, slots: asyncio.Semaphore, task: Task) -> None:
        async with slots:
            began = monotonic()
            error = await self._tried(task)
            await self._settle([task], {} if error is None else {task.id: error}, monotonic() - began)

    async def _tried(self, task: Task) -> Exception | None:
        if is_spent(task):
            return RuntimeError("begun too often: it ended its workers")
        try:
            await self._do(task)
        except Exception as error:  # noqa: BLE001 - one piece of work costs itself and nothing else
            return error
        return None

    async def _do(self, task: Task) -> None:
        if handler := self._handlers.get(task.kind):
            tenant, id = UUID(text_of(task.facts, "tenant")), UUID(text_of(task.facts, "event"))
            event = await event_of(self.work.database, tenant, id)
            if event is not None:
                await handler.run(self.work, event)
        elif task.kind == MAIL:
            await self._mailer.send(self.work, task)
        elif job := self._jobs.get(task.kind):
            await job.run(self.work, task.facts)
        else:
            raise LookupError(f"nobody here does {task.kind}; a plugin that is not installed?")

    async def _run_bundle(self, name: str, tasks: Sequence[Task]) -> None:
        began = monotonic()
        try:
            errors = dict(await self._bundles[name].run(self.work, tasks))
        except Exception as error:  # noqa: BLE001 - as above
            errors = {task.id: error for task in tasks}
        await self._settle(tasks, errors, monotonic() - began)

    async def _settle(self, tasks: Sequence[Task], errors: dict[UUID, Exception], seconds: float) -> None:
        failed: list[Failure] = []
        for task in tasks:
            error = errors.get(task.id)
            self.counts.seconds[task.kind] += int(seconds * 1e6 / len(tasks))
            if error is None:
                self.counts.handled[task.kind] += 1
                continue
            failure = failure_of(task, error)
            failed.append(failure)
            self.errors.append(error)
            del self.errors[:-100]
            self.counts.failed[task.kind] += 1
            self.counts.dead[task.kind] += failure.after_s is None
            end = "it is dead" if failure.after_s is None else f"again in {failure.after_s:.0f} s"
            log.warning("%s failed, %s: %s", task.kind, end, failure.problem, extra=facts_of(task))
        await self.queue.settle([task.id for task in tasks if task.id not in errors], failed)


def facts_of(task: Task) -> dict[str, str]:
    """What a line of the log says of the task: ids only."""
    facts = {"work": str(task.id), "tenant": str(task.tenant_id or task.facts.get("tenant") or "")}
    if "event" in task.facts:
        facts["event"] = str(task.facts["event"])
    return facts

"""Does pieces of work: finds who does them, and writes down what became of them."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final
from uuid import UUID

from waypost.db import Actor
from waypost.outbox.mail import MAIL, Mailer
from waypost.outbox.queue import Failure, Queue, failure_of, is_spent, text_of, words_of
from waypost.outbox.relay import PREFIX, event_of
from waypost.outbox.retries import DELAYS_S
from waypost.outbox.work import ACTOR, Effects, GivenUp, Later, Task, Work
from waypost.tracing import about

log: Final = logging.getLogger("waypost.worker")

MOST_ERRORS: Final = 100


@dataclass
class Counts:
    """What a worker has done since it began, for its figures; `micros` are millionths of seconds."""

    events: int = 0
    handled: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    micros: Counter[str] = field(default_factory=Counter)


class Doing:
    """What one worker holds and does. `held` are the pieces of work whose leases it keeps."""

    def __init__(self, work: Work, effects: Effects, queue: Queue) -> None:
        self.counts = Counts()
        self.errors: list[Exception] = []
        self.held: set[UUID] = set()
        self.bundles = {each.name: each for each in effects.bundles}
        self._work = work
        self._queue = queue
        self._handlers = {PREFIX + each.name: each for each in effects.handlers}
        self._jobs = {each.name: each for each in effects.jobs}
        self._mailer = Mailer({each.name: each for each in effects.letters})
        self._tools: dict[str, Any] = {}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Have the tools of the bundles open until the end."""
        async with AsyncExitStack() as stack:
            for name, bundle in self.bundles.items():
                self._tools[name] = await stack.enter_async_context(bundle.tools(self._work))
            yield

    def hold(self, tasks: Sequence[Task]) -> None:
        """Keep their leases until it is written down what became of them."""
        self.held |= {task.id for task in tasks}

    def grouped(self, tasks: Sequence[Task]) -> list[list[Task]]:
        """What is done together."""
        groups: dict[object, list[Task]] = defaultdict(list)
        for task in tasks:
            groups[task.kind, task.tenant_id, task.lane].append(task)
        return list(groups.values())

    async def one(self, task: Task) -> None:
        """Do one piece of work; all that it writes into the log has the ids of what it is about."""
        with about(**facts_of(task)):
            await self._one(task)

    async def _one(self, task: Task) -> None:
        began = monotonic()
        try:
            errors: dict[UUID, Exception] = {}
            if is_spent(task):
                errors[task.id] = GivenUp("begun too often: it ended its workers")
            else:
                await self._do(task)
        except Exception as error:  # noqa: BLE001 - one piece of work costs itself and nothing else
            errors = {task.id: error}
        await self._settle([task], errors, monotonic() - began)

    async def _do(self, task: Task) -> None:
        if handler := self._handlers.get(task.kind):
            tenant, id = UUID(text_of(task.facts, "tenant")), UUID(text_of(task.facts, "event"))
            event = await event_of(self._work.database, tenant, id)
            if event is not None:
                whose = None if event.person_id is None else handler.actor(event.person_id)
                await handler.run(self._work.on_behalf_of(whose), event)
        elif task.kind == MAIL:
            await self._mailer.send(self._work.on_behalf_of(ordered_by(task)), task)
        elif job := self._jobs.get(task.kind):
            await job.run(self._work.on_behalf_of(ordered_by(task)), task.facts)
        else:
            raise LookupError(f"nobody here does {task.kind}; a plugin that is not installed?")

    async def bundle(self, tasks: Sequence[Task]) -> None:
        """Do a group of one bundle; what has to do with one piece alone is not known of its lines, but its failure."""
        requests = {task.request for task in tasks}
        with about(tenant=tasks[0].tenant_id, request=requests.pop() if len(requests) == 1 else None):
            await self._bundle(tasks)

    async def _bundle(self, tasks: Sequence[Task]) -> None:
        began, kind = monotonic(), tasks[0].kind
        try:
            errors = dict(await self.bundles[kind].run(self._work, self._tools[kind], tasks))
        except Exception as error:  # noqa: BLE001 - as above
            errors = {task.id: error for task in tasks}
        await self._settle(tasks, errors, monotonic() - began)

    async def _settle(self, tasks: Sequence[Task], errors: Mapping[UUID, Exception], seconds: float) -> None:
        failed: list[Failure] = []
        for task in tasks:
            error = errors.get(task.id)
            self.counts.micros[task.kind] += int(seconds * 1e6 / len(tasks))
            if error is None:
                self.counts.handled[task.kind] += 1
            else:
                failed.append(self._failed(task, await self._heard(task, error)))
        try:
            await self._queue.settle([task.id for task in tasks if task.id not in errors], failed)
        finally:  # what could not be written down is due again when its lease ends, so that lease must end
            self.held -= {task.id for task in tasks}

    async def _heard(self, task: Task, error: Exception) -> Exception:
        """Tell a job that it is dead; while that fails it is not, and comes again in a day."""
        job = self._jobs.get(task.kind)
        if job is None or job.dead is None or failure_of(task, error).after_s is not None:
            return error
        try:
            await job.dead(self._work.on_behalf_of(ordered_by(task)), task.facts)
        except Exception as another:  # noqa: BLE001 - as above
            log.warning("%s is dead, and was not told: %s", task.kind, words_of(another), extra=facts_of(task))
            return Later(words_of(error), DELAYS_S[-1], counted=False)
        return error

    def _failed(self, task: Task, error: Exception) -> Failure:
        failure = failure_of(task, error)
        self.errors.append(error)
        del self.errors[:-MOST_ERRORS]
        if not failure.counted:
            return failure
        self.counts.failed[task.kind] += 1
        self.counts.dead[task.kind] += failure.after_s is None
        end = "it is dead" if failure.after_s is None else f"again in {failure.after_s:.0f} s"
        level = logging.INFO if isinstance(error, Later) else logging.WARNING
        log.log(level, "%s failed, %s: %s", task.kind, end, failure.problem, extra=facts_of(task))
        return failure


def ordered_by(task: Task) -> Actor | None:
    """Whose act asked for a task, if any did."""
    return Actor.read(str(task.facts[ACTOR])) if ACTOR in task.facts else None


def facts_of(task: Task) -> dict[str, str]:
    """What a line of the log says of a task: ids only."""
    tenant, event = task.facts.get("tenant") or task.tenant_id, task.facts.get("event")
    ids = {"request": task.request, "work": task.id, "tenant": tenant, "event": event}
    return {name: str(id) for name, id in ids.items() if id}

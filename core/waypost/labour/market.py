"""Asking the sources of a graph: each once for the same question, within its time, and as often as is polite."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from logging import getLogger
from time import monotonic
from typing import Any, Final

from waypost.calling import Call, Calls, PluginPaused
from waypost.graph import GraphError
from waypost.labour.answers import Answers, Question, Told
from waypost.occupations import Source, SourceBusy
from waypost.outgoing import Outgoing
from waypost.tracing import reference

LOG: Final = getLogger(__name__)

PATIENCE_S: Final = 5.0  # a question
FAILED_S: Final = 30.0  # a question that was not answered is not asked again for so long
MOST_AT_ONCE: Final = 8  # a plugin, for one tenant
MOST_A_MINUTE: Final = 120  # a plugin, for one tenant: what strangers make us ask of others
MOST_RESTS: Final = 10_000


@dataclass(frozen=True)
class Heard:
    """What was told to a question; `stale` where the source could not be asked again. `again_s`: when it can be."""

    told: Told
    stale: bool
    again_s: float


class Unanswered(Exception):
    """Nothing was told to a question, now or before; `error` says so in the graph."""

    def __init__(self, error: GraphError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass
class LabourMarket:
    """What one process has asked of sources, and is asking. `calls` makes those of plugins, `outgoing` is their way."""

    calls: Calls
    outgoing: Outgoing = field(default_factory=Outgoing)
    clock: Callable[[], float] = monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    answers: Answers = field(default_factory=Answers)
    _asking: dict[Question, asyncio.Task[Told]] = field(default_factory=dict)
    _rests: OrderedDict[Any, tuple[float, GraphError]] = field(default_factory=OrderedDict)
    _at_once: Counter[Any] = field(default_factory=Counter)
    _minutes: dict[Any, tuple[int, int]] = field(default_factory=dict)

    async def hear(
        self, question: Question, source: Source, ask: Callable[[], Awaitable[Any]], check: Callable[[Any], object]
    ) -> Heard:
        """Return what the source tells, has told of late, or has told once; raises `Unanswered`.

        `ask` asks it, and `check` raises where its answer is none.
        """
        known = self.answers.get(question)
        if known is not None and known.fresh_until > self.clock():
            return Heard(known, stale=False, again_s=known.fresh_until - self.clock())
        error = self._resting(question) or self._spent(question)
        if error is None:
            try:
                # Whoever asked first may go away; the others still wait for the same answer.
                told = await asyncio.shield(self._asked(question, source, ask, check))
            except Unanswered as failed:
                error = failed.error
            else:
                return Heard(told, stale=False, again_s=max(told.fresh_until - self.clock(), 0.0))
        if known is None:
            raise Unanswered(error)
        return Heard(known, stale=True, again_s=FAILED_S)

    def _asked(
        self, question: Question, source: Source, ask: Callable[[], Awaitable[Any]], check: Callable[[Any], object]
    ) -> asyncio.Task[Told]:
        task = self._asking.get(question)
        if task is None:
            self._count(question)
            task = self._asking[question] = asyncio.create_task(self._ask(question, source, ask, check))
            task.add_done_callback(lambda done: self._ended(question, done))
        return task

    def _ended(self, question: Question, task: asyncio.Task[Told]) -> None:
        del self._asking[question]
        self._at_once[question.home] -= 1
        if not task.cancelled():
            task.exception()  # it was told to those who waited, if anybody still did

    async def _ask(
        self, question: Question, source: Source, ask: Callable[[], Awaitable[Any]], check: Callable[[Any], object]
    ) -> Told:
        what = f"the {question.what} of {source.name}"
        # What strangers look for may be what it fails at: searching rests without the figures, and without the plugin.
        entry = f"{source.name} {question.what}"
        call = Call(question.plugin, what, question.tenant, PATIENCE_S, check, (SourceBusy,), entry)
        try:
            answer = await self.calls.make(call, ask)
        except PluginPaused as paused:
            raise Unanswered(_paused(f"{source.title} keeps failing here and rests.")) from paused
        except SourceBusy as busy:
            error = _paused(f"{source.title} wants to be left alone for {busy.for_s:.0f} s.")
            self._rest((question.home, source.name), busy.for_s, error)
            raise Unanswered(error) from busy
        except Exception as failure:
            under = reference()
            LOG.warning("%s failed, reference %s: %s: %s", what, under, type(failure).__name__, failure)
            error = GraphError("PLUGIN_FAILED", f"{source.title} could not answer. Reference: {under}")
            self._rest(question, FAILED_S, error)
            raise Unanswered(error) from failure
        told = Told(answer, self.now(), self.clock() + source.fresh_s)
        self.answers.put(question, told)
        return told

    # How often is polite

    def _rest(self, who: Any, for_s: float, error: GraphError) -> None:
        self._rests[who] = (self.clock() + for_s, error)
        self._rests.move_to_end(who)
        if len(self._rests) > MOST_RESTS:
            self._rests.popitem(last=False)

    def _resting(self, question: Question) -> GraphError | None:
        for who in (question, (question.home, question.source)):
            until, error = self._rests.get(who, (0.0, None))
            if until > self.clock():
                return error
            self._rests.pop(who, None)
        return None

    def _spent(self, question: Question) -> GraphError | None:
        """Say so where a plugin is asked as much as it may be; joining those who wait already costs nothing."""
        if question in self._asking:
            return None
        minute, count = self._minutes.get(question.home, (0, 0))
        asked = count if minute == self._minute() else 0
        if self._at_once[question.home] >= MOST_AT_ONCE or asked >= MOST_A_MINUTE:
            return _paused("The sources of this labour market have been asked much of late; try again in a minute.")
        return None

    def _count(self, question: Question) -> None:
        minute, count = self._minutes.get(question.home, (0, 0))
        self._minutes[question.home] = (self._minute(), count + 1 if minute == self._minute() else 1)
        self._at_once[question.home] += 1

    def _minute(self) -> int:
        return int(self.clock() // 60)


def _paused(words: str) -> GraphError:
    return GraphError("PLUGIN_PAUSED", words)

"""Calls of code that is not ours: bounded in time, counted, and paused where it keeps failing.

Plugins run inside the process. What one does wrong costs its own answer; what it does wrong again and again costs it
the next minutes, for that tenant, so that everybody else's do not go the same way.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from logging import getLogger
from math import inf
from time import monotonic
from typing import Any, Final
from uuid import UUID

LOG: Final = getLogger(__name__)

MOST_FAILURES: Final = 10  # one after the other
PAUSE_S: Final = 30.0  # doubled with each further failure
LONGEST_PAUSE_S: Final = 3_600.0
MOST_THREADS: Final = 8  # a plugin; those that hang count


@dataclass(frozen=True)
class Call:
    """What is called: the plugin's name, what of it, for which tenant (None: the nation), and how long it may take.

    `check` is given what was answered and raises where that is no answer. Exceptions of the kinds in `meant` are
    answers like others, and no failures.
    """

    plugin: str
    what: str
    tenant: UUID | None = None
    patience_s: float = inf
    check: Callable[[Any], object] = lambda answer: answer
    meant: tuple[type[Exception], ...] = ()


class CallLate(Exception):
    """The plugin has not answered in the time that it had; should it answer yet, nobody listens."""

    def __init__(self, call: Call) -> None:
        super().__init__(f"{call.what} of {call.plugin} has not answered within {call.patience_s:g} s")


class PluginPaused(Exception):
    """The plugin has failed too often of late and is not called for this tenant, for so many seconds."""

    def __init__(self, plugin: str, for_s: float) -> None:
        super().__init__(f"the plugin {plugin} has kept failing here and is paused for {for_s:.0f} s")
        self.for_s = for_s


class PluginBusy(Exception):
    """As many threads of the plugin hang as it may have."""


@dataclass
class Record:
    """How a plugin does for one tenant: failures since it last did well, and until when it rests (monotonic)."""

    failures: int = 0
    rests_until: float = -inf


@dataclass
class Calls:
    """The calls of plugins in one process.

    `failures` counts what failed by plugin, as it does in `/metrics`; `clock` tells monotonic seconds. `told` is
    called where a pause begins or ends.
    """

    clock: Callable[[], float] = monotonic
    told: Callable[[], None] = lambda: None
    failures: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)  # how often one held the interpreter; the watchdog counts
    _records: dict[tuple[str, UUID | None], Record] = field(default_factory=dict)
    _threads: Counter[str] = field(default_factory=Counter)

    async def make(self, call: Call, function: Callable[..., Any], *args: Any) -> Any:
        """Call, and answer what the function answers.

        A coroutine function runs here, any other in a thread of its own, where it cannot hold up other answers.
        Raises `PluginPaused` without calling, `CallLate`, `PluginBusy`, and what the function raises; all but the
        first count as failures.
        """
        with self.counted(call):
            if iscoroutinefunction(function):
                answer = function(*args)
            else:
                answer = await self._in_thread(call, partial(function, *args))
            if isawaitable(answer):
                answer = await _within(call, answer)
            call.check(answer)
            return answer

    @contextmanager
    def counted(self, call: Call) -> Iterator[None]:
        """Count how what is done inside ends; raises `PluginPaused` before it begins."""
        if (rest := self.rest_s(call.plugin, call.tenant)) > 0:
            raise PluginPaused(call.plugin, rest)
        try:
            yield
        except call.meant:
            self._went_well(call)
            raise
        except Exception as error:
            self._failed(call, error)
            raise
        self._went_well(call)

    def rest_s(self, plugin: str, tenant: UUID | None) -> float:
        """For how many seconds a plugin is still paused for a tenant; 0 where it is not."""
        record = self._records.get((plugin, tenant))
        return 0.0 if record is None else max(record.rests_until - self.clock(), 0.0)

    def paused(self) -> Counter[str]:
        """For how many tenants each plugin is paused now."""
        now = self.clock()
        return Counter(plugin for (plugin, _), record in self._records.items() if record.rests_until > now)

    def _went_well(self, call: Call) -> None:
        if self._records.pop((call.plugin, call.tenant), Record()).rests_until > -inf:
            LOG.info("plugin %s works again", call.plugin, extra=_facts(call))
            self.told()

    def _failed(self, call: Call, error: Exception) -> None:
        self.failures[call.plugin] += 1
        record = self._records.setdefault((call.plugin, call.tenant), Record())
        record.failures += 1
        if record.failures < MOST_FAILURES or record.rests_until > self.clock():
            return
        pause_s = min(PAUSE_S * 2.0 ** (record.failures - MOST_FAILURES), LONGEST_PAUSE_S)
        record.rests_until = self.clock() + pause_s
        words = "plugin %s has failed %d times on end and is paused here for %.0f s; last %s: %s"
        LOG.error(words, call.plugin, record.failures, pause_s, call.what, type(error).__name__, extra=_facts(call))
        self.told()

    async def _in_thread(self, call: Call, work: Callable[[], Any]) -> Any:
        if self._threads[call.plugin] >= MOST_THREADS:
            raise PluginBusy(f"{MOST_THREADS} calls of {call.plugin} have not come back")
        self._threads[call.plugin] += 1
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()

        def come_back(result: Any, error: BaseException | None) -> None:
            self._threads[call.plugin] -= 1
            if answer.done():
                LOG.info("%s of %s came too late and was dropped", call.what, call.plugin, extra=_facts(call))
            elif error is None:
                answer.set_result(result)
            else:
                answer.set_exception(error)

        def run() -> None:
            result, failure = None, None
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - also a SystemExit ends nothing but this call
                failure = error if _bearable(error) else RuntimeError(f"it raised {type(error).__name__}")
            try:
                loop.call_soon_threadsafe(come_back, result, failure)
            except RuntimeError:
                return  # the loop has ended meanwhile, and everybody who waited with it

        # A daemon, and not of a pool: one that never comes back must not keep the process from ending.
        threading.Thread(target=run, name=f"plugin {call.plugin}: {call.what}", daemon=True).start()
        return await _within(call, answer)


async def done(function: Callable[..., Any], *args: Any) -> Any:
    """Do what somebody else counts and bounds, whether it waits (here) or not (in a thread)."""
    answer = function(*args) if iscoroutinefunction(function) else await asyncio.to_thread(function, *args)
    return await answer if isawaitable(answer) else answer


async def _within(call: Call, answer: Any) -> Any:
    if call.patience_s == inf:
        return await answer
    try:
        async with asyncio.timeout(call.patience_s) as limit:
            return await answer
    except TimeoutError as error:
        if limit.expired():
            raise CallLate(call) from error
        raise


def _bearable(error: BaseException) -> bool:
    """Whether a future takes it: one whose end is StopIteration would never end."""
    return isinstance(error, Exception) and not isinstance(error, StopIteration)


def _facts(call: Call) -> dict[str, str]:
    return {} if call.tenant is None else {"tenant": str(call.tenant)}

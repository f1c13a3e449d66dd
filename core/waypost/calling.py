"""Calls of code that is not ours: bounded in time, counted, and paused where it keeps failing.

Plugins run inside the process. What one does wrong costs its own answer; what it does wrong again and again costs it
the next minutes, for that tenant, so that everybody else's do not go the same way.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from inspect import isawaitable, iscoroutine, iscoroutinefunction
from logging import getLogger
from math import inf
from time import monotonic
from typing import Any, Final
from uuid import UUID

LOG: Final = getLogger(__name__)

MOST_FAILURES: Final = 10  # one after the other
PAUSE_S: Final = 30.0  # doubled with each further failure
LONGEST_PAUSE_S: Final = 3_600.0
MOST_DOUBLED: Final = 7  # times; by then the pause is as long as it gets
MOST_THREADS: Final = 8  # a plugin; those that hang count
MOST_OF_ONE: Final = 6  # of these for one tenant, so that those of another still get one
ROOM_WITHIN_S: Final = 60.0  # as long waits for a thread what may take as long as it likes
GRACE_S: Final = 0.5  # as long has what was called off to clear up

_whose: Final[ContextVar[str | None]] = ContextVar("plugin", default=None)  # tasks that it begins have it, too

Key = tuple[str, UUID | None, str]


@dataclass(frozen=True)
class Call:
    """What is called: the plugin's name, what of it, for which tenant (None: the nation), and how long it may take.

    `check` is given what was answered and raises where that is no answer. Exceptions of the kinds in `meant` are
    answers like others, and no failures.

    Anybody may send what a path or a hook for calls from outside then fails at. Such a call names its `entry`, which
    rests alone, and in `pausing` the failures for which it does.
    """

    plugin: str
    what: str
    tenant: UUID | None = None
    patience_s: float = inf
    check: Callable[[Any], object] = lambda answer: answer
    meant: tuple[type[Exception], ...] = ()
    entry: str = ""
    pausing: tuple[type[Exception], ...] = (Exception,)

    @property
    def key(self) -> Key:
        """What rests together."""
        return self.plugin, self.tenant, self.entry


class CallLate(Exception):
    """The plugin has not answered in the time that it had; should it answer yet, nobody listens."""

    def __init__(self, call: Call) -> None:
        super().__init__(f"{call.what} of {call.plugin} has not answered within {call.patience_s:g} s")


class PluginPaused(Exception):
    """The plugin has failed too often of late and is not called for this tenant, for so many seconds."""

    def __init__(self, plugin: str, for_s: float) -> None:
        super().__init__(f"the plugin {plugin} has kept failing here and is paused for {for_s:.0f} s")
        self.plugin = plugin
        self.for_s = for_s


class PluginBusy(Exception):
    """The plugin has as many calls going as it may have, and none came back in time; they hang."""


HANGING: Final = (CallLate, PluginBusy)  # what costs more than its answer, whoever asked


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
    _records: dict[Key, Record] = field(default_factory=dict)
    _going: Counter[tuple[str, UUID | None]] = field(default_factory=Counter)  # in threads
    _waiting: defaultdict[str, list[asyncio.Future[None]]] = field(default_factory=lambda: defaultdict(list))
    _stubborn: dict[asyncio.Task[Any], str] = field(default_factory=dict)  # called off → of which plugin

    async def make(self, call: Call, function: Callable[..., Any], *args: Any) -> Any:
        """Call, and answer what the function answers.

        A coroutine function runs in a task of its own, any other in a thread of its own, where it cannot hold up other
        answers. Raises `PluginPaused` without calling, `CallLate`, `PluginBusy`, and what the function raises; all but
        the first count as failures. What ends a task or a process (`CancelledError`, `SystemExit`) becomes a
        RuntimeError.
        """
        with self.counted(call):
            answer = await self.bounded(call, function, *args)
            call.check(answer)
            return answer

    async def bounded(self, call: Call, function: Callable[..., Any], *args: Any) -> Any:
        """The same, where somebody else counts and checks."""
        with _as_code_of(call.plugin):
            return await self._bounded(call, function, args)

    async def _bounded(self, call: Call, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        until = monotonic() + call.patience_s
        if list(self._stubborn.values()).count(call.plugin) >= MOST_THREADS:
            raise PluginBusy(f"{MOST_THREADS} calls of {call.plugin} do not let themselves be called off")
        if iscoroutinefunction(function):
            answer = function(*args)
        else:
            await self._room(call, until)
            answer = await self._waited_for(call, self._in_thread(call, function, args), until)
        return await self._waited_for(call, answer, until) if isawaitable(answer) else answer

    @contextmanager
    def counted(self, call: Call) -> Iterator[None]:
        """Count how what is done inside ends; raises `PluginPaused` before it begins."""
        if (rest := self.rest_s(*call.key)) > 0:
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

    def rest_s(self, plugin: str, tenant: UUID | None, entry: str = "") -> float:
        """For how many seconds a plugin, or one entry of it, is still paused for a tenant; 0 where it is not."""
        record = self._records.get((plugin, tenant, entry))
        return 0.0 if record is None else max(record.rests_until - self.clock(), 0.0)

    def paused(self) -> Counter[str]:
        """For how many tenants each plugin is paused now, or an entry of it."""
        now = self.clock()
        found = {(plugin, tenant) for (plugin, tenant, _), each in self._records.items() if each.rests_until > now}
        return Counter(plugin for plugin, _ in found)

    def _went_well(self, call: Call) -> None:
        if self._records.pop(call.key, Record()).rests_until > -inf:
            LOG.info("plugin %s works again", call.plugin, extra=_facts(call))
            self.told()

    def _failed(self, call: Call, error: Exception) -> None:
        self.failures[call.plugin] += 1
        if not isinstance(error, call.pausing):
            return
        record = self._records.setdefault(call.key, Record())
        if record.rests_until > self.clock():
            return  # it was called before the pause began, for the same reason
        record.failures += 1
        if record.failures < MOST_FAILURES:
            return
        pause_s = min(PAUSE_S * 2.0 ** min(record.failures - MOST_FAILURES, MOST_DOUBLED), LONGEST_PAUSE_S)
        record.rests_until = self.clock() + pause_s
        words = "plugin %s has failed %d times on end and is paused here for %.0f s; last %s: %s"
        LOG.error(words, call.plugin, record.failures, pause_s, call.what, type(error).__name__, extra=_facts(call))
        self.told()

    async def _waited_for(self, call: Call, answer: Awaitable[Any], until: float) -> Any:
        """Wait in a task of its own: whatever ends that, or refuses to end, ends nothing of ours."""
        task = asyncio.ensure_future(_contained(answer))
        try:
            await asyncio.wait({task}, timeout=None if until == inf else max(until - monotonic(), 0.0))
        finally:
            late = not task.done()
            if late:
                await self._called_off(call, task)
        if late:
            raise CallLate(call)
        if task.cancelled():
            raise RuntimeError("it cancelled itself")
        if (error := task.exception()) is not None:
            raise _bearable(error)
        return task.result()

    async def _called_off(self, call: Call, task: asyncio.Task[Any]) -> None:
        """Cancel what nobody waits for any more; what does not let itself be cancelled is counted, as threads are."""

        def end(task: asyncio.Task[Any]) -> None:
            self._stubborn.pop(task, None)
            if not task.cancelled():
                task.exception()  # nobody asks any more

        self._stubborn[task] = call.plugin
        task.add_done_callback(end)
        task.cancel()
        await asyncio.wait({task}, timeout=GRACE_S)
        if not task.done():
            LOG.error("%s of %s does not let itself be called off", call.what, call.plugin, extra=_facts(call))

    def _in_thread(self, call: Call, function: Callable[..., Any], args: tuple[Any, ...]) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()

        def come_back(result: Any, error: Exception | None) -> None:
            self._end(call)
            if answer.done():
                LOG.info("%s of %s came too late and was dropped", call.what, call.plugin, extra=_facts(call))
                if iscoroutine(result):
                    result.close()
            elif error is None:
                answer.set_result(result)
            else:
                answer.set_exception(error)

        def run() -> None:
            result, failure = None, None
            try:
                result = function(*args)
            except BaseException as error:  # noqa: BLE001 - also a SystemExit ends nothing but this call
                failure = _bearable(error)
            try:
                loop.call_soon_threadsafe(come_back, result, failure)
            except RuntimeError:
                return  # the loop has ended meanwhile, and everybody who waited with it

        # It knows whose code it runs, and nothing else of where it was called: no transaction is open in a thread.
        context = Context()
        context.run(_whose.set, call.plugin)
        # A daemon, and not of a pool: one that never comes back must not keep the process from ending.
        name = f"plugin {call.plugin}: {call.what}"
        threading.Thread(target=context.run, args=(run,), name=name, daemon=True).start()
        self._going[call.plugin, call.tenant] += 1
        return answer

    async def _room(self, call: Call, until: float) -> None:
        """Wait until the plugin may have one thread more: many at once are no fault of it, those that hang are."""
        until = min(until, monotonic() + ROOM_WITHIN_S)
        while self._most(call) <= 0:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            waiting = self._waiting[call.plugin]
            waiting.append(turn)
            try:
                await asyncio.wait({turn}, timeout=max(until - monotonic(), 0.0))
            finally:
                waiting.remove(turn)
            if not turn.done():
                raise PluginBusy(f"{MOST_THREADS} calls of {call.plugin} have not come back")

    def _most(self, call: Call) -> int:
        """How many calls more may go on at once."""
        whole = sum(count for (plugin, _), count in self._going.items() if plugin == call.plugin)
        return min(MOST_THREADS - whole, MOST_OF_ONE - self._going[call.plugin, call.tenant])

    def _end(self, call: Call) -> None:
        key = (call.plugin, call.tenant)
        self._going[key] -= 1
        if not self._going[key]:
            del self._going[key]
        for turn in self._waiting[call.plugin]:
            if not turn.done():
                turn.set_result(None)


def whose_code() -> str | None:
    """The plugin whose code runs here, in whatever of ours it called; None for our own."""
    return _whose.get()


@contextmanager
def _as_code_of(plugin: str) -> Iterator[None]:
    before = _whose.get()
    _whose.set(plugin)
    try:
        yield
    finally:
        _whose.set(before)


async def _contained(answer: Awaitable[Any]) -> Any:
    """Wait for it; what would end the loop, and everybody's answers with it, is an exception like others."""
    try:
        return await answer
    except (SystemExit, KeyboardInterrupt) as error:
        raise _bearable(error) from error


def _bearable(error: BaseException) -> Exception:
    """What may be raised in its place: a future whose end is StopIteration would never end, and others end more."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    return RuntimeError(f"it raised {type(error).__name__}")


def _facts(call: Call) -> dict[str, str]:
    return {} if call.tenant is None else {"tenant": str(call.tenant)}

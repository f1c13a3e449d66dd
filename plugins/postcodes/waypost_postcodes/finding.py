"""Asks the service: once for many, never twice at once for the same, and not at all while it is unwell."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from time import monotonic
from typing import Final
from urllib.parse import quote

import orjson

from waypost.outgoing import Answered, CallFailed, Outgoing
from waypost_postcodes.answers import BadAnswer, many, one
from waypost_postcodes.keeping import Memory, Point

log: Final = logging.getLogger(__name__)

TIMEOUT_S: Final = 1.5  # a geocoder has two seconds
MOST_BYTES: Final = 500_000
MOST_AT_ONCE: Final = 100  # of one call; the service takes no more
GATHERED_S: Final = 0.01
REST_S: Final = 10.0  # doubled with each further failure
LONGEST_REST_S: Final = 900.0


@dataclass
class Finder:
    """Finds where postcodes are. `url` is the service's; `allowed` are private addresses that may be called."""

    url: str
    allowed: Collection[str] = ()
    memory: Memory = field(default_factory=Memory)
    clock: Callable[[], float] = monotonic
    timeout_s: float = TIMEOUT_S
    failures: int = 0
    _rests_until: float = 0.0
    _waiting: dict[str, asyncio.Future[Point | None]] = field(default_factory=dict)
    _asking: set[asyncio.Task[None]] = field(default_factory=set)

    async def find(self, postcode: str) -> Point | None:
        """Say where a postcode (`BR34HG`) is; None where it is nowhere, and while the service is unwell.

        Raises `CallFailed` or `BadAnswer` where the service fails just now; then it is left alone for a while.
        """
        if self.memory.has(postcode):
            return self.memory.get(postcode)
        if self.clock() < self._rests_until:
            return None
        waiting = self._waiting.get(postcode)
        if waiting is None:
            waiting = self._waiting[postcode] = asyncio.get_running_loop().create_future()
            if len(self._waiting) == 1:
                task = asyncio.create_task(self._ask_all())
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)
        # Who gives up waiting takes nothing away from the others.
        return await asyncio.shield(waiting)

    async def _ask_all(self) -> None:
        """Wait a moment for others, then ask for all of them together."""
        await asyncio.sleep(GATHERED_S)
        waiting, self._waiting = self._waiting, {}
        codes = [*waiting]
        for first in range(0, len(codes), MOST_AT_ONCE):
            some = codes[first : first + MOST_AT_ONCE]
            try:
                found = await self._ask(some)
            except (CallFailed, BadAnswer) as error:
                self._failed(error)
                for code in codes[first:]:
                    _fail(waiting[code], error)
                return
            self.failures = 0
            for code in some:
                if code in found:
                    self.memory.put(code, found[code])
                if not waiting[code].done():
                    waiting[code].set_result(found.get(code))

    async def _ask(self, codes: list[str]) -> Mapping[str, Point | None]:
        base = self.url.rstrip("/")
        if len(codes) == 1:
            answered = await self._outgoing.call("GET", f"{base}/postcodes/{quote(codes[0])}", _HEADERS)
            self._look_at(answered)
            return {codes[0]: one(answered.status, answered.body)}
        body = orjson.dumps({"postcodes": codes})
        headers = {**_HEADERS, "Content-Type": "application/json", "Content-Length": str(len(body))}
        answered = await self._outgoing.call("POST", f"{base}/postcodes", headers, body)
        self._look_at(answered)
        return many(answered.status, answered.body, codes)

    def _look_at(self, answered: Answered) -> None:
        """Note for how long the service asks to be left alone."""
        said = answered.headers.get("retry-after", "").strip()
        if answered.status in {429, 503} and said.isascii() and said.isdecimal():
            self._rests_until = self.clock() + min(float(said[:6]), LONGEST_REST_S)

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        rest_s = min(REST_S * 2.0 ** (self.failures - 1), LONGEST_REST_S)
        self._rests_until = max(self._rests_until, self.clock() + rest_s)
        log.warning("postcodes are not looked up for %.0f s: %s", self._rests_until - self.clock(), error)

    @cached_property
    def _outgoing(self) -> Outgoing:
        return Outgoing(self.allowed, self.timeout_s, MOST_BYTES)


_HEADERS: Final = {"Accept": "application/json", "User-Agent": "Waypost"}


def _fail(waiting: asyncio.Future[Point | None], error: Exception) -> None:
    if not waiting.done():
        waiting.set_exception(error)
        waiting.exception()  # nobody may be waiting any more

"""How many connections a plugin's code may hold at once: what hangs while it holds one keeps nobody else waiting."""

from __future__ import annotations

import asyncio
from collections import Counter, deque

from waypost.calling import whose_code


class Guests:
    """Gives plugins their share of `size` connections: three eighths to one, five eighths to all of them together.

    Of few connections each gets one at least. The rest is the platform's own, whatever plugins do.
    """

    def __init__(self, size: int) -> None:
        self._each = max(size * 3 // 8, 1)
        self._all = max(size * 5 // 8, 1)
        self._inside: Counter[str] = Counter()
        self._waiting: deque[tuple[str, asyncio.Future[None]]] = deque()

    async def enter(self) -> str | None:
        """Wait for room where a plugin's code runs, and answer the plugin, to be given to `leave`; None for our own."""
        name = whose_code()
        if name is None:
            return None
        if not self._waiting and self._has_room(name):
            self._inside[name] += 1
            return name
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((name, turn))
        self._let_in()  # those before may wait for room of their own plugin
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(name)
            else:
                self._waiting.remove((name, turn))
            raise
        return name

    def leave(self, name: str | None) -> None:
        """Give back what `enter` gave."""
        if name is not None:
            self._inside[name] -= 1
            self._let_in()

    def _has_room(self, name: str) -> bool:
        return self._inside[name] < self._each and self._inside.total() < self._all

    def _let_in(self) -> None:
        for entry in list(self._waiting):
            name, turn = entry
            if not turn.done() and self._has_room(name):
                self._waiting.remove(entry)
                self._inside[name] += 1
                turn.set_result(None)

"""How many live connections there may be, and how patient we are with each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from waypost.graph.live import MOST_WAITING
from waypost.http.faults import Code, Fault

Kind = Literal["socket", "stream"]


@dataclass(frozen=True)
class LiveLimits:
    """The bounds of what stays open.

    `connections` are those of the process, `of_client` those of one address; `subscriptions` are those of one
    socket; `waiting` are changed objects that one subscription may be behind.
    """

    connections: int = 5_000
    of_client: int = 500  # a school may be one address
    subscriptions: int = 20
    waiting: int = MOST_WAITING
    init_within_s: float = 10.0
    heartbeat_s: float = 15.0
    farewell_s: float = 10.0


class Connections:
    """The live connections of this process, counted by their kind and client; `subscriptions` counts those in them."""

    def __init__(self, limits: LiveLimits) -> None:
        self.limits = limits
        self.open: dict[Kind, int] = {"socket": 0, "stream": 0}
        self.subscriptions: Callable[[], int] = lambda: 0
        self._clients: Counter[object] = Counter()

    @contextmanager
    def counted(self, kind: Kind, client: object) -> Iterator[None]:
        """Count a connection while it is open; raise Fault where there are too many."""
        if self._clients[client] >= self.limits.of_client:
            words = f"You have {self.limits.of_client} live connections open, which is as many as there may be."
            raise Fault(Code.THROTTLED, words, headers={"Retry-After": "10"})
        if sum(self.open.values()) >= self.limits.connections:
            words = "As many live connections are open as this process holds; try again soon."
            raise Fault(Code.UNAVAILABLE, words, headers={"Retry-After": "10"})
        self.open[kind] += 1
        self._clients[client] += 1
        try:
            yield
        finally:
            self.open[kind] -= 1
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]

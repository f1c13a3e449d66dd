"""Whose turn it is: pure rules by which no kind of work and no receiver takes the room of all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Lane:
    """What waits for its turn together: a kind of work, or what a bundle does together.

    `pieces` of it are due (so many at most are counted), the oldest in `wait_s` seconds (negative = since then).
    """

    name: str
    pieces: int
    wait_s: float


@dataclass
class Room:
    """Room for `size` pieces at once, of which no lane has more than `1 / share` of what the others leave.

    So one whose work hangs leaves some to the next, which leaves some to the one after it. `kind` is the bundle whose
    lanes these are; None = each kind is one, without bundles.
    """

    size: int
    share: int
    kind: str | None = None
    held: Counter[str] = field(default_factory=Counter)

    @property
    def free(self) -> int:
        """How many more pieces there is room for."""
        return self.size - self.held.total()

    @property
    def most(self) -> int:
        """How many pieces a lane has that is alone."""
        return max(1, self.size // self.share)

    def choose(self, lanes: Iterable[Lane], most: int) -> dict[str, int]:
        """Say how many pieces of which lanes are begun now: first of those that have nothing, then the oldest first."""
        chosen: Counter[str] = Counter()
        most = min(most, self.free)
        for lane in sorted(lanes, key=lambda lane: (self.held[lane.name] > 0, lane.wait_s)):
            count = min(lane.pieces, self._left(lane.name, chosen), most - chosen.total())
            if count > 0:
                chosen[lane.name] = count
        return dict(chosen)

    def next_in_s(self, lanes: Sequence[Lane]) -> float | None:
        """How long until something is due for which there is room; None where there is nothing."""
        return min((lane.wait_s for lane in lanes if self.free > 0 and self._left(lane.name) > 0), default=None)

    def begin(self, lane: str, count: int) -> None:
        """Some is being done."""
        self.held[lane] += count

    def end(self, lane: str, count: int) -> None:
        """It is done."""
        self.held[lane] -= count
        if not self.held[lane]:
            del self.held[lane]

    def _left(self, lane: str, chosen: Counter[str] | None = None) -> int:
        """How many more pieces of a lane may be begun."""
        own = self.held[lane]
        others = self.held.total() - own + (chosen.total() if chosen else 0)
        return max(1, (self.size - others) // self.share) - own

"""Whose turn it is: pure rules by which no kind of work, no city and no receiver takes the room of all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

Path = tuple[str, ...]


@dataclass(frozen=True)
class Lane:
    """What waits for its turn together, by the names that lead to it: a kind, and a city or a bundle's receiver.

    `pieces` of it are due (so many at most are counted), the oldest in `wait_s` seconds (negative = since then).
    """

    path: Path
    pieces: int
    wait_s: float


@dataclass
class Room:
    """Room for `size` pieces at once: of each name in a path no more than its `share` of what its neighbours leave.

    The shares are those of the first names, of the second, and so on; a lane has its share of what the name before it
    may have. So one whose work hangs leaves some to the next, which leaves some to the one after it. `kind` is the
    bundle whose lanes these are; None = all kinds without bundles.
    """

    size: int
    shares: tuple[Fraction, ...]
    kind: str | None = None
    held: Counter[Path] = field(default_factory=Counter)  # also by the beginnings of paths
    _turns: dict[Path, int] = field(default_factory=dict)  # the last of each lane that has some due
    _now: int = 0

    @property
    def free(self) -> int:
        """How many more pieces there is room for."""
        return self.size - self.held[()]

    @property
    def most(self) -> int:
        """How many pieces a lane has that is alone."""
        return self._left(("",) * len(self.shares), {})

    def choose(self, lanes: Sequence[Lane], most: int) -> dict[Path, int]:
        """Say how many pieces of which lanes are begun now.

        First come those that have nothing, then whose last turn was longest ago, then whose work is oldest.
        """
        chosen: Counter[Path] = Counter()
        most, held = min(most, self.free), self.held.copy()
        for lane in sorted(lanes, key=self._turn):
            count = min(lane.pieces, self._left(lane.path, held), most - chosen.total())
            if count > 0:
                chosen[lane.path] = count
                _add(held, lane.path, count)
        self._now += 1
        last = {lane.path: self._turns.get(lane.path, 0) for lane in lanes}
        self._turns = last | dict.fromkeys(chosen, self._now)
        return dict(chosen)

    def next_in_s(self, lanes: Sequence[Lane]) -> float | None:
        """How long until something is due for which there is room; None where there is nothing."""
        waits = (lane.wait_s for lane in lanes if self.free > 0 and self._left(lane.path, self.held) > 0)
        return min(waits, default=None)

    def begin(self, path: Path, count: int) -> None:
        """Some is being done."""
        _add(self.held, path, count)

    def end(self, path: Path, count: int) -> None:
        """It is done."""
        _add(self.held, path, -count)

    def _turn(self, lane: Lane) -> tuple[list[bool], int, float]:
        has_some = [self.held[each] > 0 for each in _beginnings(lane.path)][1:]
        return has_some, self._turns.get(lane.path, 0), lane.wait_s

    def _left(self, path: Path, held: Mapping[Path, int]) -> int:
        """How many more pieces of a lane may be begun, where so many are held."""
        allowed = left = self.size
        for (before, each), share in zip(pairwise(_beginnings(path)), self.shares, strict=True):
            own = held.get(each, 0)
            allowed = max(1, int((allowed - (held.get(before, 0) - own)) * share))
            left = min(left, allowed - own)
        return left


def _beginnings(path: Path) -> list[Path]:
    return [path[:length] for length in range(len(path) + 1)]


def _add(held: Counter[Path], path: Path, count: int) -> None:
    for each in _beginnings(path):
        held[each] += count
        if not held[each]:
            del held[each]

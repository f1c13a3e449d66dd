"""A bounded memory that forgets: of what was found, and of what was not."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

Point = tuple[float, float]

MOST: Final = 20_000
FOUND_S: Final = 30 * 86_400.0  # postcodes move seldom
NOT_FOUND_S: Final = 86_400.0  # new ones come every day


@dataclass
class Memory:
    """Remembers points by postcode; the one used longest ago goes first. `clock` tells monotonic seconds."""

    most: int = MOST
    found_s: float = FOUND_S
    not_found_s: float = NOT_FOUND_S
    clock: Callable[[], float] = monotonic
    _kept: OrderedDict[str, tuple[float, Point | None]] = field(default_factory=OrderedDict)

    def has(self, postcode: str) -> bool:
        """Whether it is known where a postcode is, or that it is nowhere."""
        kept = self._kept.get(postcode)
        if kept is not None and kept[0] <= self.clock():
            del self._kept[postcode]
            return False
        return kept is not None

    def get(self, postcode: str) -> Point | None:
        """Where it is; None where it is nowhere, or not known."""
        if not self.has(postcode):
            return None
        self._kept.move_to_end(postcode)
        return self._kept[postcode][1]

    def put(self, postcode: str, point: Point | None) -> None:
        """Remember where a postcode is, or that it is nowhere."""
        until = self.clock() + (self.not_found_s if point is None else self.found_s)
        self._kept[postcode] = (until, point)
        self._kept.move_to_end(postcode)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)

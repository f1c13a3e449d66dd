"""What all synthetic rows of one tenant have in common: its facts, a sequence of chances, and tables to fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from random import Random
from typing import Any, Final
from uuid import UUID

from piccolo.table import Table

from waypost.opportunities.rules import search_form
from waypost.tenancy.entries import Here
from waypost.tenancy.outline import Area

KEEPER: Final = "demo"
# Ids do not depend on the day, so that a second load of the same seed gives the same rows the same ids.
_FIRST_MS: Final = 1_767_225_600_000  # 2026-01-01, in Unix milliseconds


@dataclass(frozen=True)
class Town:
    """One tenant to fill with `scale` opportunities; `layers` are qualified codes, in the standard's order.

    `here.managed_by` is `demo`. `seed` and `today` decide everything that is made up.
    """

    here: Here
    area: Area
    layers: tuple[str, ...]
    scale: int
    seed: int
    today: date

    @property
    def noon(self) -> datetime:
        """The moment from which dates are counted."""
        return datetime.combine(self.today, time(12), UTC)

    def source(self, kind: str, number: int | str) -> str:
        """Say which made-up row it is: `demo/1#place/17`."""
        return f"{source_prefix(self.seed)}{kind}/{number}"


@dataclass(frozen=True)
class Sheet:
    """Rows of one table: tuples in the order of `columns`."""

    table: type[Table]
    columns: tuple[str, ...]
    records: Sequence[tuple[Any, ...]]


class Chance(Random):
    """Chances that depend on a seed and the words given, and ids that are drawn from them."""

    def __init__(self, seed: int, *words: str) -> None:
        super().__init__("/".join((str(seed), *words)))
        self._made = 0

    def id(self) -> UUID:
        """Draw a time-ordered identifier (uuid version 7): a millisecond later than the one before."""
        self._made += 1
        random = self.getrandbits(74)
        value = (_FIRST_MS + self._made) << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62
        return UUID(int=value | random & (1 << 62) - 1)

    def early(self, many: int) -> int:
        """Draw an index below `many`; the first ones are drawn more often, as some places are busier."""
        return int(many * self.random() ** 2)


def source_prefix(seed: int) -> str:
    """Begin the `source_id` of everything that was made from a seed."""
    return f"demo/{seed}#"


def stem(text: str) -> str:
    """Make the beginning of a slug of ASCII words: `3D Printing, the Next Step` → `3d-printing-the-next-step`."""
    kept = "".join(c if c.isalnum() else " " for c in search_form(text))
    return "-".join(kept.split())

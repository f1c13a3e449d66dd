"""Made-up dates: a few hundred ways to happen, worked out once by the rules and shared by many activities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from waypost.demo.town import Chance, Town
from waypost.opportunities.rules import Timing, over_at, sort_starts_at, weekdays

DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
EACH: Final = 60  # slots of each shape
# How often the activities of a kind have each shape; what is missing to 1 has no date.
SHAPES: Final[Mapping[str, Mapping[str, float]]] = {
    "EVENT": {"once": 0.85, "past": 0.05, "weekly": 0.1},
    "WORKSHOP": {"once": 0.55, "past": 0.05, "weekly": 0.4},
    "COURSE": {"run": 0.7, "weekly": 0.2, "past": 0.05},
    "VOLUNTEER": {"weekly": 0.6, "once": 0.1},
    "ONLINE_LEARNING": {"once": 0.15},
    "WORK_EXPERIENCE": {"week": 0.7},
    "PROJECT": {"run": 0.5, "weekly": 0.3},
}


@dataclass(frozen=True)
class Slot:
    """A way to happen, with everything that rows keep of it."""

    starts_at: datetime | None
    ends_at: datetime | None
    recurrence: str | None
    sort_starts_at: datetime
    over_at: datetime
    weekdays: tuple[int, ...]


class Calendar:
    """Draws slots by kind of activity."""

    def __init__(self, town: Town) -> None:
        chance = Chance(town.seed, town.here.slug, "calendar")
        self._undated = _slot(Timing(timezone=town.here.timezone), town.noon)
        self._slots: Mapping[str, Sequence[Slot]] = {
            shape: [_slot(_timing(town, chance, shape), town.noon) for _ in range(EACH)]
            for shape in ("once", "past", "weekly", "run", "week")
        }

    def draw(self, kind: str, chance: Chance) -> Slot:
        """Draw when an activity of a kind happens."""
        left = chance.random()
        for shape, share in SHAPES.get(kind, {}).items():
            left -= share
            if left < 0:
                return self._slots[shape][int(EACH * chance.random())]
        return self._undated


def _slot(timing: Timing, now: datetime) -> Slot:
    return Slot(
        timing.starts_at,
        timing.ends_at,
        timing.recurrence,
        sort_starts_at(timing, now),
        over_at(timing),
        tuple(sorted(weekdays(timing))),
    )


def _timing(town: Town, chance: Chance, shape: str) -> Timing:
    zone = ZoneInfo(town.here.timezone)
    ahead = -chance.randint(2, 60) if shape == "past" else chance.randint(1, 150)
    day = town.today + timedelta(days=ahead)
    start = datetime.combine(day, time(chance.randint(9, 18), chance.choice((0, 0, 30))), zone)
    end = start + timedelta(minutes=30 * chance.randint(2, 8))
    if shape == "week":
        end += timedelta(days=4)
    rule = None
    if shape == "weekly":
        rule = f"FREQ=WEEKLY;BYDAY={DAYS[start.weekday()]}"
    elif shape == "run":
        rule = f"FREQ=WEEKLY;COUNT={chance.randint(4, 12)}"
    return Timing(start, end, rule, town.here.timezone)

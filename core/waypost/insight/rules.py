"""What may be said of whom: releases of which every part is at least five people.

Badges are released once, in whole months, and never counted again, so that no two answers overlap in part. What is
said of a release are sums over groups that do not overlap; each group is empty or of five people or more. What has
not come to five people waits, or goes together with others. docs/figures.md argues why that is enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final
from uuid import UUID

LEAST: Final = 5
UNKNOWN: Final = "unknown"
SETTLING_DAYS: Final = 2  # a mistaken batch can be undone for an hour, and files arrive after the month

# Of how many badges a breakdown is made at least: more groups need more, or most would go together.
ENOUGH: Final[Mapping[str, int]] = {
    "layer": 50,
    "kind": 100,
    "place": 200,
    "ward": 200,
    "deprivation": 100,
    "age": 100,
}
DIMENSIONS: Final = tuple(ENOUGH)

AGES: Final = ((0, 12), (13, 15), (16, 18), (19, 24), (25, 34), (35, 49), (50, 64), (65, 200))

# How many small areas each nation ranks, in the editions of its index: a rank is a tenth only within its own.
RANKED: Final[Mapping[str, tuple[int, ...]]] = {
    "GB-ENG": (32_844, 33_755),
    "GB-WLS": (1_909, 1_917),
    "GB-SCT": (6_976,),
    "GB-NIR": (890,),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """An award that no release has counted."""

    award: UUID
    learner: UUID
    month: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What the releases so far add up to: learners, and those of them with more than one badge."""

    learners: int = 0
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class Release:
    """What is counted at once: everybody's first, second and further awards, each of nobody or of five and more."""

    first: tuple[UUID, ...]
    second: tuple[UUID, ...]
    further: tuple[UUID, ...]

    @property
    def awards(self) -> tuple[UUID, ...]:
        """All of them."""
        return (*self.first, *self.second, *self.further)


@dataclass(frozen=True, slots=True)
class Sorted:
    """A breakdown: badges of each group that is shown, and of all others together (None where there are none)."""

    shown: Mapping[str, int]
    together: int | None


def release(waiting: Iterable[Waiting], counted: Mapping[UUID, int], standing: Standing) -> Release | None:
    """Choose which of the waiting awards are counted now; None where nothing is.

    `counted` says how many awards of each learner have been counted before. Learners, learners with more than one
    badge, and badges are all told, so first, second and further awards are groups of their own. So are learners with
    one badge alone: second awards wait while they would leave one to four of those.
    """
    lines: dict[UUID, list[UUID]] = {}
    for each in sorted(waiting, key=lambda one: (one.month, one.award)):
        lines.setdefault(each.learner, []).append(each.award)
    beginning = [who for who in lines if not counted.get(who)]
    starting = frozenset(beginning) if len(beginning) >= LEAST else frozenset[UUID]()
    first = tuple(lines[who].pop(0) for who in beginning if who in starting)

    repeating = [who for who, awards in lines.items() if awards and (counted.get(who) == 1 or who in starting)]
    alone = standing.learners + len(first) - standing.repeated - len(repeating)
    fits = len(repeating) >= LEAST and not 0 < alone < LEAST
    going_on = frozenset(repeating) if fits else frozenset[UUID]()
    second = tuple(lines[who].pop(0) for who in repeating if who in going_on)

    more = [who for who, awards in lines.items() if awards and (counted.get(who, 0) > 1 or who in going_on)]
    further = tuple(award for who in more for award in lines[who]) if len(more) >= LEAST else ()
    return Release(first, second, further) if first or second or further else None


def sort_out(earned: Iterable[tuple[str, UUID, int]], chance: Random) -> Sorted:
    """Sort badges into groups: (code, learner, badges) each. Who is in a group of fewer than five is shown nowhere.

    All small groups are told together. Where those are fewer than five people themselves, groups that are large
    enough join them. Which ones is left to chance, not to their size: the smallest would give itself away.
    """
    badges: Counter[str] = Counter()
    people: dict[str, set[UUID]] = {}
    for code, learner, many in earned:
        badges[code] += many
        people.setdefault(code, set()).add(learner)
    large = sorted(code for code, those in people.items() if len(those) >= LEAST)
    small = [code for code in people if code not in large]
    hidden = set[UUID]().union(*(people[code] for code in small))
    chance.shuffle(large)
    while small and large and len(hidden) < LEAST:
        joining = large.pop()
        small.append(joining)
        hidden |= people[joining]
    together = sum(badges[code] for code in small)
    return Sorted({code: badges[code] for code in sorted(large)}, together if small else None)


# Months


def month_of(day: date) -> str:
    """Return the month of a day: `2026-03`."""
    return f"{day.year:04}-{day.month:02}"


def after(month: str) -> str:
    """Return the month after this one."""
    year, number = map(int, month.split("-"))
    return f"{year + 1:04}-01" if number == 12 else f"{year:04}-{number + 1:02}"


def closed_month(today: date) -> str:
    """Return the last month that is over and has settled."""
    settled = today - timedelta(days=SETTLING_DAYS)
    return month_of(settled.replace(day=1) - timedelta(days=1))


def is_month(text: str) -> bool:
    """Whether a text is a month, such as 2026-03."""
    digits = text[:4] + text[5:]
    return len(text) == 7 and text[4] == "-" and digits.isascii() and digits.isdigit() and "01" <= text[5:] <= "12"


def shown_months(from_month: str, to_month: str) -> str:
    """Write a run of months for people: `Mar 2026`, `Mar to May 2026`, `Nov 2025 to Jan 2026`."""
    first, last = date.fromisoformat(f"{from_month}-01"), date.fromisoformat(f"{to_month}-01")
    if first == last:
        return f"{first:%b %Y}"
    return f"{first:%b} to {last:%b %Y}" if first.year == last.year else f"{first:%b %Y} to {last:%b %Y}"


# Groups


def age_band(born: int | None, year: int) -> str:
    """Return the band of somebody's age at the end of a year: `16-18`, `65-`, or unknown."""
    age = UNKNOWN if born is None else year - born
    if isinstance(age, str) or not 0 <= age <= AGES[-1][1]:
        return UNKNOWN
    low, high = next(band for band in AGES if age <= band[1])
    return f"{low}-" if (low, high) == AGES[-1] else f"{low}-{high}"


# In the order in which people read them, as DEPRIVATION_NAMES.
AGE_NAMES: Final[Mapping[str, str]] = {
    f"{AGES[0][0]}-{AGES[0][1]}": f"{AGES[0][1]} and under",
    **{f"{low}-{high}": f"{low} to {high}" for low, high in AGES[1:-1]},
    f"{AGES[-1][0]}-": f"{AGES[-1][0]} and over",
    UNKNOWN: "Not known",
}


def deprivation_tenth(rank: int | None, nation: str | None, highest: int | None) -> str:
    """Return the tenth of its nation in which a rank is, `1` (the most deprived) to `10`, or unknown.

    `highest` is the highest rank that is known of the nation: it tells the editions of an index apart.
    """
    of = next((size for size in RANKED.get(nation or "", ()) if size >= (highest or 0)), None)
    if rank is None or of is None or not 0 < rank <= of:
        return UNKNOWN
    return str((rank * 10 - 1) // of + 1)


DEPRIVATION_NAMES: Final[Mapping[str, str]] = {
    "1": "1, most deprived",
    **{str(tenth): str(tenth) for tenth in range(2, 10)},
    "10": "10, least deprived",
    UNKNOWN: "Not known",
}


def in_order(badges: Mapping[str, int], order: Sequence[str] = ()) -> list[str]:
    """Order groups as people read them: as `order` says, else by their badges, the most first; the unknown last."""
    places = {code: place for place, code in enumerate(order)}
    return sorted(
        badges, key=lambda code: (code == UNKNOWN, places.get(code, len(places)), 0 if places else -badges[code], code)
    )

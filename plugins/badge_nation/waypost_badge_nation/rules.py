"""How long a membership lasts, what it covers, when somebody is reminded, and who pays what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from waypost_badge_nation.prices import Amount, Tariff

DAY: Final = timedelta(days=1)
REMIND_DAYS: Final = (7, 30)  # before the last day of a membership; the nearest first


class Settled(StrEnum):
    """What became of a template that was submitted."""

    ACCEPTED = "accepted"  # its price was accepted; it was not submitted yet, or not counted
    ALLOWANCE = "allowance"  # a membership covers it
    CHARGED = "charged"
    WAIVED = "waived"  # it had a price that nobody had accepted


@dataclass(frozen=True)
class Standing:
    """A membership as far as allowances go; `ends_on` is its last day, `used` counts all its templates."""

    id: UUID
    starts_on: date
    ends_on: date
    allowance: int
    used: int

    def is_in_force(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.starts_on <= day <= self.ends_on


def last_day(starts_on: date, months: int) -> date:
    """The last day of a membership: the day before that of the same number so many months later.

    Where that month has no such day, the next month's first takes its place: nobody's year is cut short.
    """
    years, month = divmod(starts_on.month - 1 + months, 12)
    try:
        following = date(starts_on.year + years, month + 1, starts_on.day)
    except ValueError:
        years, month = divmod(starts_on.month + months, 12)
        following = date(starts_on.year + years, month + 1, 1)
    return following - DAY


def renewed_from(ends_on: date, today: date) -> date:
    """The first day of a renewal: after the last one of what is renewed, and not in the past."""
    return max(ends_on + DAY, today)


def in_force(standings: Iterable[Standing], day: date) -> Standing | None:
    """The membership that holds on a day."""
    found = [each for each in standings if each.is_in_force(day)]
    return max(found, key=lambda each: (each.starts_on, each.id), default=None)


def overlaps(standings: Iterable[Standing], starts_on: date, ends_on: date) -> Standing | None:
    """The first membership that holds on some of these days, if any does."""
    found = [each for each in standings if each.starts_on <= each.ends_on]
    found = [each for each in found if each.starts_on <= ends_on and starts_on <= each.ends_on]
    return min(found, key=lambda each: each.starts_on, default=None)


def cost_of_next(standing: Standing | None, tariff: Tariff, waiting: int = 0) -> Amount | None:
    """What the next template costs; None where the membership covers it. `waiting` are those not counted yet."""
    if standing is not None and standing.used + waiting < standing.allowance:
        return None
    return tariff.template


def settle(standing: Standing | None, tariff: Tariff, accepted: Amount | None) -> tuple[Settled, Amount | None]:
    """Decide what becomes of a template: covered, charged as accepted or less, never charged unaccepted."""
    cost = cost_of_next(standing, tariff)
    if cost is None:
        return Settled.ALLOWANCE, None
    if accepted is None:
        return Settled.WAIVED, None
    return Settled.CHARGED, min(accepted, cost, key=lambda each: each.gross)


def covers(accepted: Amount | None, cost: Amount) -> bool:
    """Whether what was accepted is enough."""
    return accepted is not None and accepted.gross >= cost.gross


def reminder_due(ends_on: date, today: date, reminded: int | None) -> int | None:
    """Which reminder of a membership's end is due now, in days before; `reminded` is the last one that was sent."""
    left = (ends_on - today).days
    if left < 0:
        return None
    due = next((days for days in REMIND_DAYS if left <= days), None)
    return due if due is not None and (reminded is None or due < reminded) else None

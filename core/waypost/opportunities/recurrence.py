"""RFC 5545 recurrence rules: which are taken, and when what they describe happens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import Any, Final, Literal

from dateutil import rrule

from waypost.refusal import Invalid

MAX_COUNT: Final = 1_000
MAX_INTERVAL: Final = 1_000
MAX_LENGTH: Final = 500
MAX_YEARS: Final = 30  # no rule is followed further than this
NEVER: Final = datetime(9999, 1, 1)  # noqa: DTZ001 - local
GREGORIAN_YEARS: Final = 400
FAR_YEARS: Final = 200  # and nobody asks what happens so long after its start

Frequency = Literal[0, 1, 2, 3]
FREQUENCIES: Final[Mapping[str, Frequency]] = {
    "DAILY": rrule.DAILY,
    "WEEKLY": rrule.WEEKLY,
    "MONTHLY": rrule.MONTHLY,
    "YEARLY": rrule.YEARLY,
}
DAYS: Final = {"MO": rrule.MO, "TU": rrule.TU, "WE": rrule.WE, "TH": rrule.TH, "FR": rrule.FR} | {
    "SA": rrule.SA,
    "SU": rrule.SU,
}
# Part → (dateutil's name, smallest, largest); negative numbers count from the end.
NUMBERS: Final = {
    "BYMONTH": ("bymonth", 1, 12),
    "BYMONTHDAY": ("bymonthday", -31, 31),
    "BYYEARDAY": ("byyearday", -366, 366),
    "BYWEEKNO": ("byweekno", -53, 53),
    "BYSETPOS": ("bysetpos", -366, 366),
}
YEARLY_ONLY: Final = ("BYYEARDAY", "BYWEEKNO")
_NUMBER: Final = re.compile(r"[+-]?\d{1,3}")
_DAY: Final = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL: Final = re.compile(r"(\d{8})(?:T(\d{6})(Z?))?")


@dataclass(frozen=True, kw_only=True)
class RecurrenceInvalid(Invalid):
    """The recurrence is no rule of RFC 5545, or one that is not taken here; the message says why."""


class RuleFault(ValueError):
    """Why a text is no recurrence that is taken here."""


@dataclass(frozen=True)
class Recurrence:
    """A rule that has been read.

    `until` is inclusive: in UTC, or local (naive), at the end of the day where only a date was given. `days`
    may carry an ordinal; `parts` are the other by-parts under dateutil's names.
    """

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    week_start: str = "MO"
    days: tuple[tuple[str, int | None], ...] = ()
    parts: dict[str, tuple[int, ...]] = field(default_factory=dict)


def read_recurrence(text: str) -> Recurrence:
    """Read an RRULE (with or without `RRULE:` before it). Raises RuleFault.

    Not taken: several times a day (FREQ=HOURLY and shorter, BYHOUR …), more than 1,000 repetitions, COUNT
    together with UNTIL, unknown or repeated parts, numbers out of range.
    """
    parts = _parts(text)
    frequency = parts.pop("FREQ", "missing")
    if frequency not in FREQUENCIES:
        raise RuleFault(f"FREQ must be one of {', '.join(FREQUENCIES)}, not {frequency}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise RuleFault("COUNT and UNTIL exclude each other")
    if parts.keys() & set(YEARLY_ONLY) and frequency != "YEARLY":
        raise RuleFault(f"{' and '.join(YEARLY_ONLY)} go with FREQ=YEARLY only")
    rule = Recurrence(
        frequency=FREQUENCIES[frequency],
        interval=_whole(parts.pop("INTERVAL", "1"), "INTERVAL", MAX_INTERVAL),
        count=_whole(parts.pop("COUNT"), "COUNT", MAX_COUNT) if "COUNT" in parts else None,
        until=_until(parts.pop("UNTIL")) if "UNTIL" in parts else None,
        week_start=_week_start(parts.pop("WKST", "MO")),
        days=_days(parts.pop("BYDAY", ""), frequency),
        parts={NUMBERS[name][0]: _numbers(name, parts.pop(name)) for name in NUMBERS if name in parts},
    )
    if "bysetpos" in rule.parts and not rule.days and len(rule.parts) == 1:
        raise RuleFault("BYSETPOS needs another BY part to choose from")
    if parts:
        raise RuleFault(f"{', '.join(sorted(parts))} not known here")
    return rule


def local_starts(rule: Recurrence, start: datetime, zone: tzinfo, after: datetime) -> Iterator[datetime]:
    """Yield the local (naive) starts of a rule at or after `after`, soonest first.

    `start` is the local first start, `after` a local time too; `zone` is where both are local. A rule is
    followed for thirty years from the later of the two, with COUNT from its start.
    """
    if after.year - start.year > FAR_YEARS:
        return iter(())
    moved = start if rule.count is not None else _closer(rule, start, after)
    last = horizon(start if rule.count is not None else max(start, after))
    dates = _dates(rule, moved, until=min(local_end(rule, zone), last))
    return (date for date in islice(dates, rule.count) if date >= after)


def ever_happens(rule: Recurrence, start: datetime) -> bool:
    """Whether a rule happens at all, its end apart: the 30th of February does not."""
    # dateutil looks for a rule's next date until the year 9999. The calendar repeats every 400 years, days of
    # the week included, so the same rule is asked late in it, where the search is short.
    years = start.year % GREGORIAN_YEARS
    late = 9600 + years if years <= 300 else 9200 + years
    return next(_dates(rule, start.replace(year=late), until=None), None) is not None


def enough(rule: Recurrence, usually: int) -> int:
    """How many occurrences from its first tell all days of the week on which it happens."""
    return 2 * max(len(rule.days), 1) if _is_weekly(rule) else usually


def last_window(rule: Recurrence, start: datetime, zone: tzinfo) -> datetime:
    """A local time from which at most a few occurrences are left, the last one of all mostly among them."""
    last = min(local_end(rule, zone), horizon(start))
    return max(start, last - timedelta(days=7 * (rule.interval + 1))) if _is_weekly(rule) else start


def _is_weekly(rule: Recurrence) -> bool:
    """Whether it is a rule of plain weeks, as most are; those are counted here, since feeds bring thousands."""
    return rule.frequency == rrule.WEEKLY and not rule.parts


def _weeks(rule: Recurrence, start: datetime, until: datetime | None) -> Iterator[datetime]:
    """Yield the dates of a weekly rule, as dateutil does."""
    start = start.replace(microsecond=0)
    begins = DAYS[rule.week_start].weekday
    days = sorted({(DAYS[day].weekday - begins) % 7 for day, _ in rule.days}) or [(start.weekday() - begins) % 7]
    week, stride = start - timedelta(days=(start.weekday() - begins) % 7), timedelta(days=7 * rule.interval)
    while True:
        for day in days:
            date = week + timedelta(days=day)
            if until is not None and date > until:
                return
            if date >= start:
                yield date
        if week.year >= NEVER.year - 1 - rule.interval // 52:
            return
        week += stride


def _dates(rule: Recurrence, start: datetime, until: datetime | None) -> Iterator[datetime]:
    if _is_weekly(rule):
        return _weeks(rule, start, until)
    parts: dict[str, Any] = {name: list(numbers) for name, numbers in rule.parts.items()}
    return iter(
        rrule.rrule(
            rule.frequency,
            dtstart=start,
            interval=rule.interval,
            wkst=DAYS[rule.week_start],
            until=until,
            byweekday=[DAYS[day](ordinal) if ordinal else DAYS[day] for day, ordinal in rule.days] or None,
            **parts,
        )
    )


def local_end(rule: Recurrence, zone: tzinfo) -> datetime:
    """The last local time at which the rule may start something."""
    if rule.until is None:
        return NEVER
    if rule.until.tzinfo is None:
        return rule.until
    return rule.until.astimezone(zone).replace(tzinfo=None)


def horizon(moment: datetime) -> datetime:
    """The local time until which a rule is followed from this one."""
    return moment.replace(year=min(moment.year + MAX_YEARS, 9998), day=min(moment.day, 28))


def _closer(rule: Recurrence, start: datetime, after: datetime) -> datetime:
    """Move the start of a daily or weekly rule near `after`, in whole intervals, to save the way there."""
    days = {rrule.DAILY: 1, rrule.WEEKLY: 7}.get(rule.frequency)
    if days is None or after <= start:
        return start
    stride = timedelta(days=days * rule.interval)
    # One stride less: the week of `after` may have begun before it.
    return start + max(0, (after - start) // stride - 1) * stride


def _parts(text: str) -> dict[str, str]:
    bare = text.strip().upper().removeprefix("RRULE:")
    if len(bare) > MAX_LENGTH:
        raise RuleFault(f"a rule has at most {MAX_LENGTH} characters")
    parts: dict[str, str] = {}
    for part in bare.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise RuleFault(f'"{part}" is not of the form NAME=VALUE')
        if name in parts:
            raise RuleFault(f"{name} stands there twice")
        parts[name] = value
    return parts


def _whole(text: str, name: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and 1 <= int(text) <= most):
        raise RuleFault(f"{name} is a number from 1 to {most}, not {text}")
    return int(text)


def _week_start(text: str) -> str:
    if text not in DAYS:
        raise RuleFault(f"WKST is one of {', '.join(DAYS)}, not {text}")
    return text


def _until(text: str) -> datetime:
    found = _UNTIL.fullmatch(text)
    if not found:
        raise RuleFault(f"UNTIL is a date like 20270630 or 20270630T210000Z, not {text}")
    day, time, zulu = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{time or '235959'}")  # local on purpose
    except ValueError as fault:
        raise RuleFault(f"UNTIL={text} is no date") from fault
    return moment.replace(tzinfo=UTC) if zulu else moment


def _days(text: str, frequency: str) -> tuple[tuple[str, int | None], ...]:
    found: list[tuple[str, int | None]] = []
    for day in text.split(",") if text else ():
        match = _DAY.fullmatch(day)
        if not match:
            raise RuleFault(f'"{day}" is no day: BYDAY lists MO, TU … or, monthly and yearly, 1MO, -1FR')
        ordinal = int(match[1]) if match[1] else None
        if ordinal is not None and (frequency not in {"MONTHLY", "YEARLY"} or not 1 <= abs(ordinal) <= 53):
            raise RuleFault(f'"{day}": an ordinal from 1 to 53 goes with FREQ=MONTHLY and YEARLY')
        found.append((match[2], ordinal))
    return tuple(dict.fromkeys(found))


def _numbers(name: str, text: str) -> tuple[int, ...]:
    _, least, most = NUMBERS[name]
    found = []
    for number in text.split(","):
        if not _NUMBER.fullmatch(number) or not least <= int(number) <= most or int(number) == 0:
            raise RuleFault(f"{name} lists numbers from {least} to {most} without 0, not {number}")
        found.append(int(number))
    return tuple(dict.fromkeys(found))

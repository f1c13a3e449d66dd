"""When a service is: its schedules, as a first time and a rule of RFC 5545."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from waypost.outbox.feeding import BadItem, Unused
from waypost_open_referral_uk.reading import Part

DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONGEST_INTERVAL: Final = 60  # weeks
FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


@dataclass(frozen=True)
class Times:
    """A first start and end without a zone, or with one; and how it repeats."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    recurrence: str | None = None


@dataclass(frozen=True)
class Schedule:
    """One schedule: from when on, at what time of the day, and how it repeats."""

    part: Part
    begins: datetime
    opens: time | None
    closes: time | None
    freq: str | None
    interval: int
    days: tuple[str, ...]
    month_days: str | None
    until: date | None
    count: int | None
    ends: datetime | None  # an addition of ours, for what lasts longer than a day
    rule: str | None  # another, for rules that the other keys cannot say

    @property
    def same(self) -> tuple[object, ...]:
        """What two schedules share that are one on several days."""
        return self.begins.date(), self.opens, self.closes, self.freq, self.interval, self.until, self.count, self.rule


def times_of(schedules: Iterable[Part]) -> tuple[Times, list[Unused]]:
    """When it is, and which schedules could not be used: something here has one rhythm.

    Weekly schedules at the same time of the day are one, on all of their days.
    """
    read: list[Schedule] = []
    unused: list[Unused] = []
    for part in schedules:
        try:
            found = _read(part)
        except BadItem as fault:
            unused.append(Unused(fault.where or part.where, fault.words, "SCHEDULE_NOT_USED"))
            continue
        if found is not None:
            read.append(found)
    if not read:
        return Times(), unused
    first, days = read[0], list(read[0].days)
    for other in read[1:]:
        if first.freq == "WEEKLY" and first.days and other.days and other.same == first.same:
            days += other.days
        else:
            words = "it has another rhythm than the first, and one is kept"
            unused.append(Unused(other.part.where, words, "SCHEDULE_NOT_USED"))
    return _times(first, tuple(sorted(set(days), key=_order))), unused


def _order(day: str) -> tuple[int, str]:
    return DAYS.index(day[-2:]), day


def _read(part: Part) -> Schedule | None:
    """A schedule; None for one that says nothing of when."""
    start, since = part.moment("dtstart"), part.day("valid_from")
    freq = part.text("freq", 20)
    opens, closes = part.clock("opens_at"), part.clock("closes_at")
    if start is None and since is None:
        if freq or opens:
            raise BadItem("it has no beginning: dtstart or valid_from", part.at("dtstart"))
        return None
    begins = start if start is not None else datetime.combine(since or date.min, time())
    if start is not None and since is not None and since > start.date():
        begins = datetime.combine(since, start.timetz())
    if freq is not None and freq.upper() not in FREQUENCIES:
        raise BadItem(f"{freq} is none of {', '.join(FREQUENCIES)}", part.at("freq"))
    interval = part.whole("interval")
    ends = [day for day in (part.day("valid_to"), part.day("until")) if day is not None]
    return Schedule(
        part=part,
        begins=begins,
        opens=opens,
        closes=closes,
        freq=freq.upper() if freq else None,
        interval=1 if interval is None else interval,
        days=_days(part),
        month_days=part.text("bymonthday", 100),
        until=min(ends) if ends else None,
        count=part.whole("count"),
        ends=part.moment("dtend"),
        rule=part.text("rrule", 500),
    )


def _days(part: Part) -> tuple[str, ...]:
    said = (part.text("byday", 100) or "").upper().replace(" ", "")
    days = tuple(day for day in said.split(",") if day)
    for day in days:
        if day[-2:] not in DAYS or not (day[:-2] or "1").lstrip("+-").isdecimal():
            raise BadItem(f"{day} is no day such as MO or 1SA", part.at("byday"))
    return days


def _times(one: Schedule, days: tuple[str, ...]) -> Times:
    begins = one.begins
    if one.opens is not None:  # on the city's clocks, where it has no offset of its own
        begins = datetime.combine(begins.date(), one.opens)
    begins = _first(begins, one, days)
    return Times(begins, _end(begins, one), one.rule or _rule(one, days))


def _end(begins: datetime, one: Schedule) -> datetime | None:
    """When the first time ends: `dtend`, or `closes_at` within a day of its beginning."""
    if one.ends is not None:
        return one.ends if (one.ends.tzinfo is None) == (begins.tzinfo is None) else one.ends.replace(tzinfo=None)
    if one.closes is None:
        return None
    zone = begins.tzinfo and (one.closes.tzinfo or begins.tzinfo)
    ends = datetime.combine(begins.date(), one.closes.replace(tzinfo=None), zone)
    return ends if ends > begins else ends + timedelta(days=1)


def _first(begins: datetime, one: Schedule, days: tuple[str, ...]) -> datetime:
    """The first day of a weekly schedule that is one of its days; `dtstart` may be any day."""
    if one.freq != "WEEKLY" or not days:
        return begins
    monday = begins.date() - timedelta(days=begins.weekday())
    for later in range(7 * min(max(one.interval, 1), LONGEST_INTERVAL) + 7):
        day = begins + timedelta(days=later)
        weeks = (day.date() - monday).days // 7
        if DAYS[day.weekday()] in days and weeks % max(one.interval, 1) == 0:
            return day
    return begins


def _rule(one: Schedule, days: tuple[str, ...]) -> str | None:
    if one.freq is None:
        return None
    parts = [f"FREQ={one.freq}"]
    if one.interval != 1:
        parts.append(f"INTERVAL={one.interval}")
    if days:
        parts.append(f"BYDAY={','.join(days)}")
    if one.month_days:
        parts.append(f"BYMONTHDAY={one.month_days.replace(' ', '')}")
    if one.count is not None:
        parts.append(f"COUNT={one.count}")
    elif one.until is not None:
        parts.append(f"UNTIL={one.until:%Y%m%d}")
    return ";".join(parts)

"""What an opportunity is, and when it happens."""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from waypost.opportunities.recurrence import (
    MAX_YEARS,
    Recurrence,
    RecurrenceInvalid,
    RuleFault,
    enough,
    ever_happens,
    horizon,
    last_window,
    local_end,
    local_starts,
    read_recurrence,
)
from waypost.opportunities.tables import NO_DATE
from waypost.refusal import Invalid, Refusal

KINDS: Final = {
    "ONLINE_LEARNING": "Online learning",
    "JOB": "Job",
    "WORK_EXPERIENCE": "Work experience",
    "INFORMATION": "Information",
    "EVENT": "Event",
    "COURSE": "Course",
    "VOLUNTEER": "Volunteer",
    "WORKSHOP": "Workshop",
    "PROJECT": "Project",
    "APPRENTICESHIP": "Apprenticeship",
}
LOOKED_AT: Final = 400  # occurrences that tell the weekdays: a monthly date takes 28 years to see all seven
DAY: Final = timedelta(days=1)
# Beyond are typing mistakes, and arithmetic would leave the calendar.
FIRST_YEAR, LAST_YEAR = 1970, 9000


@dataclass(frozen=True)
class Timing:
    """When something happens: a first start and end (with zone), what repeats, and where clocks are read."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    recurrence: str | None = None
    timezone: str = "Europe/London"


@dataclass(frozen=True)
class Occurrence:
    """One time that it happens, in its time zone."""

    starts_at: datetime
    ends_at: datetime | None


def timing_problem(timing: Timing) -> Refusal | None:
    """Say what is wrong with when something happens, or None."""
    try:
        zone = ZoneInfo(timing.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return Invalid(message=f'"{timing.timezone}" is no time zone.', path=("timezone",))
    for name, moment in (("startsAt", timing.starts_at), ("endsAt", timing.ends_at)):
        if moment is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
            return Invalid(message=f"The year {moment.year} is out of range.", path=(name,))
    if timing.starts_at is None:
        what = "an end" if timing.ends_at else "a recurrence" if timing.recurrence else None
        return Invalid(message=f"What has {what} needs a start.", path=("startsAt",)) if what else None
    if timing.ends_at is not None and timing.ends_at < timing.starts_at:
        return Invalid(message="It ends before it starts.", path=("endsAt",))
    return _recurrence_problem(timing, timing.starts_at, zone)


def _recurrence_problem(timing: Timing, starts_at: datetime, zone: ZoneInfo) -> RecurrenceInvalid | None:
    if timing.recurrence is None:
        return None
    try:
        rule = read_recurrence(timing.recurrence)
    except RuleFault as fault:
        return RecurrenceInvalid(message=f"{fault}.", path=("recurrence",))
    start = _local(starts_at, zone)
    if rule.until is not None and local_end(rule, zone) > horizon(start):
        words = f"UNTIL lies more than {MAX_YEARS} years after the start: leave it out."
        return RecurrenceInvalid(message=words, path=("recurrence",))
    if not ever_happens(rule, start) or next(local_starts(rule, start, zone, start), None) is None:
        return RecurrenceInvalid(message="By this rule it never happens.", path=("recurrence",))
    return None


def occurrences(timing: Timing, after: datetime, first: int) -> tuple[Occurrence, ...]:
    """List the next `first` times that it happens and is not over at `after`, soonest first.

    Each keeps its time on the clocks of its zone, also when they change; a time that the clocks skip is
    moved on with them, as RFC 5545 says. `timing` is one that `timing_problem` passed.
    """
    return tuple(islice(_from(timing, after), first))


def weekdays(timing: Timing) -> frozenset[int]:
    """The days of the week on which it happens in its zone, 1 = Monday … 7 = Sunday; none without a start."""
    days: set[int] = set()
    rule = _rule(timing)
    for one in islice(_all(timing), LOOKED_AT if rule is None else enough(rule, LOOKED_AT)):
        length = (one.ends_at.date() - one.starts_at.date()).days if one.ends_at else 0
        first = one.starts_at.isoweekday()
        days |= {(first + more - 1) % 7 + 1 for more in range(min(length, 6) + 1)}
        if len(days) >= (
            7 if rule is None or not rule.days else min(7, len({day for day, _ in rule.days}) * (min(length, 6) + 1))
        ):
            break
    return frozenset(days)


def over_at(timing: Timing) -> datetime:
    """When the last occurrence is over, in UTC; far in the future where there is no date or no end.

    What has a start but no end lasts until midnight.
    """
    if timing.starts_at is None:
        return NO_DATE
    rule = _rule(timing)
    if rule is not None and rule.count is None and rule.until is None:
        return NO_DATE
    last = deque(_all(timing, _late(timing, timing.starts_at, rule)), maxlen=1) or deque(_all(timing), maxlen=1)
    return _over(last[0]).astimezone(UTC) if last else NO_DATE


def _late(timing: Timing, starts_at: datetime, rule: Recurrence | None) -> datetime | None:
    """A local time after which the last occurrence is to be looked for first."""
    if rule is None or rule.count is not None:
        return None
    zone = ZoneInfo(timing.timezone)
    return last_window(rule, _local(starts_at, zone), zone)


def sort_starts_at(timing: Timing, now: datetime) -> datetime:
    """The start by which lists order it, in UTC: of the first occurrence that is not over `now`.

    Where all are over it is the last start known, the first one; far in the future without a date.
    """
    if timing.starts_at is None:
        return NO_DATE
    coming = next(_from(timing, now), None)
    return (coming.starts_at if coming else timing.starts_at).astimezone(UTC)


def search_form(*texts: str | None) -> str:
    """Fold texts for searching: lower case, no accents, one space between words."""
    joined = " ".join(text for text in texts if text)
    if joined.isascii():
        return " ".join(joined.lower().split())
    decomposed = unicodedata.normalize("NFKD", joined).casefold()
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(bare.split())


def _from(timing: Timing, after: datetime) -> Iterator[Occurrence]:
    """All occurrences that are not over at `after`."""
    if timing.starts_at is None or not FIRST_YEAR <= after.year <= LAST_YEAR:
        return iter(())
    length = (timing.ends_at - timing.starts_at if timing.ends_at else DAY) + DAY
    since = max(_local(timing.starts_at, ZoneInfo(timing.timezone)), _naive(after, timing) - length)
    return (one for one in _all(timing, since) if _over(one) > after or one.starts_at >= after)


def _all(timing: Timing, since: datetime | None = None) -> Iterator[Occurrence]:
    """All occurrences that start at or after the local time `since` (None = the first)."""
    if timing.starts_at is None:
        return
    zone = ZoneInfo(timing.timezone)
    start = _local(timing.starts_at, zone)
    # On the clocks: a meeting from ten to one is from ten to one, whatever the clocks did in between.
    length = _local(timing.ends_at, zone) - start if timing.ends_at else None
    rule = _rule(timing)
    starts = iter((start,)) if rule is None else local_starts(rule, start, zone, since or start)
    for moment in starts:
        end = None if length is None else _zoned(moment + length, zone)
        yield Occurrence(_zoned(moment, zone), end)


def _rule(timing: Timing) -> Recurrence | None:
    return None if timing.recurrence is None else read_recurrence(timing.recurrence)


def _over(one: Occurrence) -> datetime:
    if one.ends_at is not None:
        return one.ends_at
    return one.starts_at.replace(hour=0, minute=0, second=0, microsecond=0) + DAY


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _naive(moment: datetime, timing: Timing) -> datetime:
    return _local(moment, ZoneInfo(timing.timezone))


def _zoned(local: datetime, zone: ZoneInfo) -> datetime:
    """Put a local time on the clocks: one that they skip moves on, one that comes twice is the first."""
    return local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)

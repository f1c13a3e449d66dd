from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.rooms import LONDON
from waypost.opportunities.recurrence import RuleFault, read_recurrence
from waypost.opportunities.rules import (
    Timing,
    occurrences,
    over_at,
    search_form,
    sort_starts_at,
    timing_problem,
    weekdays,
)
from waypost.opportunities.tables import NO_DATE

SATURDAY = datetime(2027, 3, 6, 10, tzinfo=LONDON)
WEEKLY = Timing(SATURDAY, SATURDAY + timedelta(hours=3), "FREQ=WEEKLY;BYDAY=SA")


def starts(timing: Timing, after: datetime, first: int = 3) -> list[str]:
    return [one.starts_at.isoformat() for one in occurrences(timing, after, first)]


def test_ten_on_saturdays_stays_ten_when_the_clocks_change() -> None:
    assert timing_problem(WEEKLY) is None
    assert starts(WEEKLY, datetime(2027, 3, 20, tzinfo=LONDON)) == [
        "2027-03-20T10:00:00+00:00",
        "2027-03-27T10:00:00+00:00",
        "2027-04-03T10:00:00+01:00",
    ]
    ends = [one.ends_at for one in occurrences(WEEKLY, SATURDAY, 9)]
    assert {end.hour for end in ends if end} == {13}


def test_a_time_that_the_clocks_skip_moves_on_with_them() -> None:
    night = Timing(datetime(2027, 3, 27, 1, 30, tzinfo=LONDON), None, "FREQ=DAILY")
    assert starts(night, datetime(2027, 3, 28, tzinfo=LONDON), 2) == [
        "2027-03-28T02:30:00+01:00",
        "2027-03-29T01:30:00+01:00",
    ]


def test_what_has_begun_and_is_not_over_is_among_the_next() -> None:
    noon = datetime(2027, 3, 13, 12, tzinfo=LONDON)
    assert starts(WEEKLY, noon, 1) == ["2027-03-13T10:00:00+00:00"]
    assert starts(WEEKLY, noon + timedelta(hours=1), 1) == ["2027-03-20T10:00:00+00:00"]


def test_a_single_event_happens_once_and_what_has_no_date_never() -> None:
    once = Timing(SATURDAY, SATURDAY + timedelta(hours=1))
    assert len(occurrences(once, SATURDAY, 5)) == 1
    assert occurrences(once, SATURDAY + timedelta(hours=1), 5) == ()
    assert occurrences(Timing(), SATURDAY, 5) == ()


def test_until_in_utc_and_until_as_a_day_include_the_last() -> None:
    for until in ("20270320T100000Z", "20270320", "20270320T100000"):
        timing = Timing(SATURDAY, None, f"RRULE:FREQ=WEEKLY;UNTIL={until}")
        assert len(occurrences(timing, SATURDAY, 99)) == 3


def test_until_in_utc_is_read_on_the_clocks_of_the_zone() -> None:
    summer = datetime(2027, 7, 3, 10, tzinfo=LONDON)
    timing = Timing(summer, None, "FREQ=WEEKLY;UNTIL=20270710T090000Z")
    assert len(occurrences(timing, summer, 99)) == 2


def test_another_zone_keeps_its_own_clocks() -> None:
    rome = Timing(datetime(2027, 3, 6, 10, tzinfo=ZoneInfo("Europe/Rome")), None, "FREQ=DAILY", "Europe/Rome")
    assert starts(rome, datetime(2027, 3, 6, tzinfo=UTC), 1) == ["2027-03-06T10:00:00+01:00"]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=SECONDLY", "FREQ"),
        ("FREQ=MINUTELY;COUNT=3", "FREQ"),
        ("FREQ=HOURLY", "FREQ"),
        ("COUNT=3", "FREQ"),
        ("FREQ=DAILY;COUNT=1001", "COUNT"),
        ("FREQ=DAILY;COUNT=0", "COUNT"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;INTERVAL=²", "INTERVAL"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270401", "exclude"),
        ("FREQ=DAILY;BYHOUR=1,2,3", "BYHOUR"),
        ("FREQ=DAILY;BYMINUTE=1", "BYMINUTE"),
        ("FREQ=DAILY;X-NAME=1", "X-NAME"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;", "NAME=VALUE"),
        ("", "NAME=VALUE"),
        ("FREQ=WEEKLY;BYDAY=XX", "no day"),
        ("FREQ=WEEKLY;BYDAY=2MO", "ordinal"),
        ("FREQ=MONTHLY;BYDAY=0MO", "ordinal"),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH"),
        ("FREQ=DAILY;BYMONTHDAY=0", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "YEARLY"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20271301", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20990101", "30 years"),
        ("FREQ=DAILY;UNTIL=20260101", "never"),
        ("FREQ=DAILY;WKST=XX", "WKST"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", "never"),
        ("FREQ=DAILY;BYMONTHDAY=" + ",".join(["1"] * 300), "characters"),
    ],
)
def test_floods_and_nonsense_are_refused_saying_why(rule: str, words: str) -> None:
    refusal = timing_problem(Timing(SATURDAY, None, rule))
    assert refusal is not None
    assert (refusal.code, refusal.path) == ("RECURRENCE_INVALID", ("recurrence",))
    assert words in refusal.message


@pytest.mark.parametrize(
    ("timing", "path"),
    [
        (Timing(None, None, "FREQ=DAILY"), ("startsAt",)),
        (Timing(None, SATURDAY), ("startsAt",)),
        (Timing(SATURDAY, SATURDAY - timedelta(hours=1)), ("endsAt",)),
        (Timing(SATURDAY.replace(year=9999)), ("startsAt",)),
        (Timing(SATURDAY, SATURDAY.replace(year=9500)), ("endsAt",)),
        (Timing(timezone="Europe/Atlantis"), ("timezone",)),
        (Timing(timezone="../etc/passwd"), ("timezone",)),
    ],
)
def test_times_that_do_not_go_together_are_refused_where_they_are(timing: Timing, path: tuple[str, ...]) -> None:
    refusal = timing_problem(timing)
    assert refusal is not None
    assert refusal.path == path


def test_weekdays_are_those_on_which_it_happens() -> None:
    assert weekdays(WEEKLY) == {6}
    assert weekdays(Timing(SATURDAY, SATURDAY + timedelta(days=2))) == {6, 7, 1}
    assert weekdays(Timing(SATURDAY, SATURDAY + timedelta(days=99))) == set(range(1, 8))
    assert weekdays(Timing(SATURDAY, None, "FREQ=MONTHLY;BYMONTHDAY=6")) == set(range(1, 8))
    assert weekdays(Timing(SATURDAY, None, "FREQ=MONTHLY;BYDAY=1SA,-1FR")) == {5, 6}
    assert weekdays(Timing()) == set()


def test_it_is_over_after_the_last_occurrence() -> None:
    assert over_at(Timing()) == NO_DATE
    assert over_at(WEEKLY) == NO_DATE
    assert over_at(Timing(SATURDAY, SATURDAY + timedelta(hours=3))) == datetime(2027, 3, 6, 13, tzinfo=UTC)
    assert over_at(Timing(SATURDAY)) == datetime(2027, 3, 7, tzinfo=UTC), "without an end, at midnight"
    thrice = Timing(SATURDAY, SATURDAY + timedelta(hours=3), "FREQ=WEEKLY;COUNT=5")
    assert over_at(thrice) == datetime(2027, 4, 3, 12, tzinfo=UTC), "13:00 in summer"


def test_it_is_ordered_by_what_comes_next() -> None:
    assert sort_starts_at(Timing(), SATURDAY) == NO_DATE
    assert sort_starts_at(WEEKLY, datetime(2020, 1, 1, tzinfo=UTC)) == SATURDAY
    assert sort_starts_at(WEEKLY, datetime(2027, 4, 1, tzinfo=UTC)) == datetime(2027, 4, 3, 9, tzinfo=UTC)
    ended = Timing(SATURDAY, None, "FREQ=WEEKLY;COUNT=2")
    assert sort_starts_at(ended, datetime(2028, 1, 1, tzinfo=UTC)) == SATURDAY


def test_nobody_waits_for_what_happens_in_a_thousand_years() -> None:
    monthly = Timing(SATURDAY, None, "FREQ=MONTHLY")
    assert occurrences(monthly, datetime(9998, 1, 1, tzinfo=UTC), 3) == ()
    assert occurrences(monthly, datetime(3000, 1, 1, tzinfo=UTC), 3) == ()


def test_searching_knows_no_accents_and_no_capitals() -> None:
    assert search_form("Café  Llŷn", None, "STRASSE") == search_form("cafe", "LLYN strasse")


@st.composite
def rules(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An RRULE, and the same for dateutil."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = {"FREQ": frequency, "INTERVAL": str(draw(st.integers(1, 5)))}
    if draw(st.booleans()):
        parts["BYDAY"] = ",".join(draw(st.lists(st.sampled_from(["MO", "WE", "SA"]), min_size=1, unique=True)))
    if draw(st.booleans()):
        months = draw(st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True))
        parts["BYMONTH"] = ",".join(map(str, months))
    if frequency == "MONTHLY" and draw(st.booleans()):
        parts["BYMONTHDAY"] = str(draw(st.sampled_from([1, 13, 31, -1])))
    if draw(st.booleans()):
        parts["WKST"] = draw(st.sampled_from(["MO", "SU"]))
    if draw(st.booleans()):
        parts["COUNT"] = str(draw(st.integers(1, 20)))
    return ";".join(f"{name}={value}" for name, value in parts.items()), parts


local_times = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 - local
    lambda moment: moment.replace(microsecond=0)
)


@given(rules(), local_times, st.timedeltas(timedelta(days=-400), timedelta(days=4000)))
def test_occurrences_are_those_that_dateutil_finds_from_the_first(
    rule: tuple[str, dict[str, Any]], start: datetime, later: timedelta
) -> None:
    """Ours begin near the time asked for; dateutil's own reading of the text begins at the start."""
    timing = Timing(start.replace(tzinfo=UTC), None, rule[0], "UTC")
    assume(timing_problem(timing) is None)
    after = start + later
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)  # what has no end lasts until the next
    horizon = max(start, after) + timedelta(days=3650)
    near = takewhile(lambda moment: moment <= horizon, rrule.rrulestr(rule[0], dtstart=start))
    theirs = list(islice((moment for moment in near if moment >= midnight), 5))
    found = occurrences(timing, after.replace(tzinfo=UTC), 5)
    ours = [one.starts_at.replace(tzinfo=None) for one in found]
    assert [moment for moment in ours if moment <= horizon] == theirs


@given(rules(), local_times)
def test_what_is_derived_agrees_with_the_occurrences(rule: tuple[str, dict[str, Any]], start: datetime) -> None:
    timing = Timing(start.replace(tzinfo=LONDON), start.replace(tzinfo=LONDON) + timedelta(hours=2), rule[0])
    assume(timing_problem(timing) is None)
    found = occurrences(timing, timing.starts_at or SATURDAY, 20)
    assert found
    assert {one.starts_at.isoweekday() for one in found} <= weekdays(timing)
    assert all(one.ends_at is not None and one.ends_at <= over_at(timing) for one in found)
    assert sort_starts_at(timing, timing.starts_at or SATURDAY) == found[0].starts_at
    assert list(found) == sorted(found, key=lambda one: one.starts_at)


@given(rules(), local_times)
def test_the_last_occurrence_and_all_weekdays_are_found_without_walking_there(
    rule: tuple[str, dict[str, Any]], start: datetime
) -> None:
    timing = Timing(start.replace(tzinfo=UTC), start.replace(tzinfo=UTC) + timedelta(hours=1), rule[0], "UTC")
    assume(timing_problem(timing) is None)
    horizon = start + timedelta(days=366 * 30)
    dates = rrule.rrulestr(rule[0], dtstart=start)
    if "UNTIL" in rule[0] or "COUNT" in rule[0]:
        *_, last = islice(takewhile(lambda moment: moment <= horizon, dates), 20_000)
        assume(last < start + timedelta(days=365 * 28))  # no rule is followed much further
        assert over_at(timing).replace(tzinfo=None) == last.replace(microsecond=0) + timedelta(hours=1)
    days = {moment.isoweekday() for moment in takewhile(lambda moment: moment <= horizon, islice(dates, 400))}
    assert days <= weekdays(timing)


@given(st.text(alphabet="FREQ=DAILYWKO;BYCUNT,0123456789-+:MH", max_size=60))
def test_whatever_is_typed_is_a_rule_or_refused(text: str) -> None:
    with suppress(RuleFault):
        rule = read_recurrence(text)
        assert (rule.count or 1) <= 1000

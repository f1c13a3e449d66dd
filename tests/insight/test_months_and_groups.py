"""Months, ages, ranks and groups: how they are named, ordered and bounded."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from waypost.insight.rules import (
    AGE_NAMES,
    AGES,
    ENOUGH,
    UNKNOWN,
    after,
    age_band,
    closed_month,
    deprivation_tenth,
    in_order,
    is_month,
    shown_months,
)


def test_a_month_is_closed_two_days_after_its_end() -> None:
    assert closed_month(date(2026, 3, 2)) == "2026-01"
    assert closed_month(date(2026, 3, 3)) == "2026-02"
    assert closed_month(date(2026, 1, 3)) == "2025-12"


@given(st.text(max_size=8) | st.from_regex(r"[0-9]{4}-[0-9]{2}", fullmatch=True))
def test_a_month_has_four_digits_a_dash_and_two(text: str) -> None:
    known = False
    if len(text) == 7 and text.isascii() and text[4] == "-" and (text[:4] + text[5:]).isdecimal():
        known = 1 <= int(text[5:]) <= 12
    assert is_month(text) is known


def test_months_follow_each_other_over_the_year() -> None:
    assert after("2025-12") == "2026-01"
    assert after("2026-01") == "2026-02"


def test_runs_of_months_are_said_shortly() -> None:
    assert shown_months("2026-03", "2026-03") == "Mar 2026"
    assert shown_months("2026-03", "2026-05") == "Mar to May 2026"
    assert shown_months("2025-11", "2026-01") == "Nov 2025 to Jan 2026"


@given(st.none() | st.integers(1800, 2200))
def test_every_age_is_in_one_band_with_a_name(born: int | None) -> None:
    band = age_band(born, 2026)
    assert band in AGE_NAMES
    if band != UNKNOWN and born is not None:
        low, high = next(each for each in AGES if f"{each[0]}-" == band or f"{each[0]}-{each[1]}" == band)
        assert low <= 2026 - born <= high


@given(st.integers(-5, 40_000), st.sampled_from(("GB-ENG", "GB-WLS", "GB-SCT", "GB-NIR", "FR", None)))
def test_ranks_are_sorted_into_tenths_of_their_nation(rank: int, nation: str | None) -> None:
    tenth = deprivation_tenth(rank, nation, None)
    sizes = {"GB-ENG": 32_844, "GB-WLS": 1_909, "GB-SCT": 6_976, "GB-NIR": 890}
    size = sizes.get(nation or "", 0)
    assert (tenth == UNKNOWN) == (not 0 < rank <= size)
    if tenth != UNKNOWN:
        assert (int(tenth) - 1) * size < rank * 10 <= int(tenth) * size


def test_the_edition_of_an_index_is_told_by_its_highest_rank() -> None:
    assert deprivation_tenth(32_844, "GB-ENG", 32_844) == "10"
    assert deprivation_tenth(33_700, "GB-ENG", 33_755) == "10"
    assert deprivation_tenth(3_300, "GB-ENG", 32_844) == "2"
    assert deprivation_tenth(3_300, "GB-ENG", 33_755) == "1"
    assert deprivation_tenth(5, "GB-ENG", 40_000) == UNKNOWN


def test_groups_stand_in_their_own_order_or_by_their_badges_and_the_unknown_last() -> None:
    badges = {UNKNOWN: 99, "19-24": 7, "65-": 5, "0-12": 6}
    assert in_order(badges, tuple(AGE_NAMES)) == ["0-12", "19-24", "65-", UNKNOWN]
    assert in_order({UNKNOWN: 99, "b": 7, "a": 7, "c": 8}) == ["c", "a", "b", UNKNOWN]


def test_every_dimension_needs_fifty_badges_at_least() -> None:
    assert min(ENOUGH.values()) >= 50

from __future__ import annotations

import csv
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.spreadsheets import cell
from waypost_badge_nation.invoice import COLUMNS, csv_of
from waypost_badge_nation.prices import TARIFFS, Amount, Tariff, prices, read_tariffs, tariff_at, with_vat
from waypost_badge_nation.rules import (
    Settled,
    Standing,
    cost_of_next,
    covers,
    in_force,
    last_day,
    overlaps,
    reminder_due,
    renewed_from,
    settle,
)

DAYS = st.dates(date(2018, 1, 1), date(2099, 12, 31))
NETS = st.decimals(Decimal(0), Decimal(10_000), places=2)
PERCENTS = st.decimals(Decimal(0), Decimal(30), places=1)
TODAY = date(2027, 1, 4)


def tariff(since: date = date(2018, 1, 1), template: str = "25.00") -> Tariff:
    return Tariff(since, Decimal(200), Decimal(template), Decimal(20), 6, 12)


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    starts = draw(DAYS)
    allowance = draw(st.integers(0, 10))
    return Standing(UUID(int=1), starts, last_day(starts, 12), allowance, draw(st.integers(0, 15)))


def test_the_prices_are_those_that_badge_nation_publishes() -> None:
    today = prices(TODAY)
    assert today.membership == Amount(Decimal("200.00"), Decimal("40.00"), Decimal("240.00"))
    assert today.template == Amount(Decimal("25.00"), Decimal("5.00"), Decimal("30.00"))
    assert (today.allowance, today.months) == (6, 12)
    assert str(today.template) == "£30.00 (£25.00 + £5.00 VAT)"


@given(DAYS)
def test_every_day_has_one_price_and_it_is_the_last_that_began(day: date) -> None:
    found = tariff_at(TARIFFS, day)
    assert found.since <= day
    assert not [each for each in TARIFFS if found.since < each.since <= day]


@given(st.lists(DAYS, min_size=1, max_size=6, unique=True), DAYS)
def test_a_new_price_changes_nothing_before_its_day(days: list[date], day: date) -> None:
    tariffs = [tariff(since, f"{number}.00") for number, since in enumerate(sorted(days), 1)]
    begun = [each for each in tariffs if each.since <= day]
    if begun:
        assert tariff_at(tariffs[::-1], day) == begun[-1]
    else:
        with pytest.raises(LookupError, match="no prices"):
            tariff_at(tariffs, day)


def test_two_prices_of_one_day_are_an_error() -> None:
    one = '[[prices]]\nsince = 2018-01-01\nmembership = "1"\ntemplate = "1"\nvat_percent = "20"\n'
    one += "allowance = 1\nmonths = 1\n"
    assert len(read_tariffs(one)) == 1
    with pytest.raises(ValueError, match="one day"):
        read_tariffs(one * 2)


@given(NETS, PERCENTS)
def test_vat_is_right_to_half_a_penny_and_nothing_is_lost(net: Decimal, percent: Decimal) -> None:
    amount = with_vat(net, percent)
    assert amount.net + amount.vat == amount.gross
    assert abs(amount.vat - net * percent / 100) <= Decimal("0.005")
    assert all(each == each.quantize(Decimal("0.01")) for each in (amount.net, amount.vat, amount.gross))


def test_half_a_penny_of_vat_is_rounded_up() -> None:
    assert with_vat(Decimal("0.25"), Decimal(10)).vat == Decimal("0.03")


@given(DAYS)
def test_a_membership_lasts_a_year_and_the_next_one_follows_on_it(starts: date) -> None:
    ends = last_day(starts, 12)
    assert (ends - starts).days + 1 in {365, 366}
    assert renewed_from(ends, starts) == ends + timedelta(1)
    assert (ends + timedelta(1)).month in {starts.month, starts.month % 12 + 1}


def test_who_joins_on_a_leap_day_is_a_member_for_a_whole_year() -> None:
    assert last_day(date(2028, 2, 29), 12) == date(2029, 2, 28)
    assert last_day(date(2027, 1, 1), 12) == date(2027, 12, 31)


@given(st.lists(standings(), max_size=4), DAYS)
def test_the_membership_in_force_is_one_that_holds_on_the_day(found: list[Standing], day: date) -> None:
    chosen = in_force(found, day)
    assert (chosen is None) == (overlaps(found, day, day) is None)
    assert chosen is None or chosen.is_in_force(day)


@given(standings(), st.integers(0, 5))
def test_templates_cost_nothing_until_the_allowance_is_used(standing: Standing, waiting: int) -> None:
    cost = cost_of_next(standing, tariff(), waiting)
    assert (cost is None) == (standing.used + waiting < standing.allowance)
    assert cost in {None, tariff().template}


@given(standings() | st.none(), st.sampled_from(["10.00", "25.00", "40.00"]) | st.none())
def test_nobody_pays_what_they_did_not_accept_nor_more_than_it_costs(
    standing: Standing | None, accepted: str | None
) -> None:
    agreed = None if accepted is None else with_vat(Decimal(accepted), Decimal(20))
    settled, amount = settle(standing, tariff(), agreed)
    assert (amount is not None) == (settled is Settled.CHARGED)
    if amount is not None:
        assert agreed is not None
        assert amount.gross <= min(agreed.gross, tariff().template.gross)
    if settled is Settled.ALLOWANCE:
        assert standing is not None
        assert standing.used < standing.allowance
    if settled is Settled.WAIVED:
        assert agreed is None


def test_an_old_consent_covers_a_lower_price_and_no_higher_one() -> None:
    old, new = tariff().template, tariff(template="26.00").template
    assert covers(new, old)
    assert not covers(old, new)
    assert not covers(None, old)


@given(st.integers(-5, 400))
def test_each_reminder_is_due_once_and_in_its_time(left: int) -> None:
    ends, sent = TODAY + timedelta(left), []
    last: int | None = None
    for day in range(max(left, 0) + 2):
        due = reminder_due(ends, TODAY + timedelta(day), last)
        if due is not None:
            assert (ends - (TODAY + timedelta(day))).days <= due
            sent.append(due)
            last = due
    assert sent == ([] if left < 0 else [7] if left <= 7 else [30, 7])


@given(st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\x00"))] * len(COLUMNS))))
def test_the_table_is_read_back_as_it_was_written(lines: list[tuple[str, ...]]) -> None:
    written = list(csv.reader(StringIO(csv_of(lines), newline="")))
    assert written == [list(COLUMNS), *([cell(each) for each in line] for line in lines)]

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labour.almanac import ALMANAC, PAIRS
from waypost.labour import rules
from waypost.occupations import FIGURES, Asking, Figure, Occupation, retry_after_s

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
known = st.sampled_from(sorted(FIGURES))
figures = st.builds(
    lambda name, value, year, month, area: Figure(name, FIGURES[name], value, year, month, area),
    known,
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**9), 10**9),
    st.integers(1900, 2199),
    st.none() | st.integers(1, 12),
    st.none() | st.sampled_from(("S92000003", "E08000001")),
)


@given(st.text())
def test_a_text_is_asked_in_one_form_or_not_at_all(said: str) -> None:
    found = rules.wanted_text(said)
    if found is not None:
        assert 2 <= len(found) <= 100
        assert rules.wanted_text(f"  {found} \n") == found


@pytest.mark.parametrize("said", ["", "a", "  a ", "x" * 101, "a\x00b", "\ud800ab", "\u202eabc"])
def test_what_cannot_be_meant_is_not_asked(said: str) -> None:
    assert rules.wanted_text(said) is None


def test_case_and_spaces_do_not_matter() -> None:
    assert rules.wanted_text(" Software\n  DEVELOPER") == "software developer"


@pytest.mark.parametrize(
    "code", ["2134", "soc-2020/", "/2134", "soc-2020/21 34", "SOC-2020/2134", "soc-2020/a/b", "soc-2020/../x"]
)
def test_a_code_without_its_classification_is_none(code: str) -> None:
    assert rules.scheme_of(code) is None


def test_a_code_names_its_classification() -> None:
    assert rules.scheme_of("soc-2020/2134") == "soc-2020"
    assert rules.scheme_of("soc-2020-extension/2134.01") == "soc-2020-extension"


@given(st.lists(figures, max_size=30))
def test_figures_in_the_form_are_believed_and_each_is_shown_once(said: list[Figure]) -> None:
    rules.check_figures("almanac", said)
    shown = rules.in_order(said)
    what = [(each.name, each.year, each.month, each.area) for each in shown]
    assert len(set(what)) == len(what)
    assert set(what) == {(each.name, each.year, each.month, each.area) for each in said}
    assert rules.in_order(shown) == shown
    assert [each.name for each in shown] == sorted(each.name for each in shown)


@given(st.lists(figures, min_size=1, max_size=30), st.randoms())
def test_the_order_in_which_a_source_speaks_does_not_matter(said: list[Figure], random: Any) -> None:
    once = list(rules.in_order(said))
    mixed = list(once)
    random.shuffle(mixed)
    assert list(rules.in_order(mixed)) == once


GOOD: dict[str, Any] = {"name": "pay-weekly", "unit": "GBP", "value": 1, "year": 2024}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "pay-daily"},
        {"name": None},
        {"unit": "EUR"},
        {"name": "almanac-moods", "unit": ""},
        {"name": "almanac-moods", "unit": "x" * 31},
        {"value": float("nan")},
        {"value": float("inf")},
        {"value": "12"},
        {"value": True},
        {"year": 24},
        {"year": 2024.0},
        {"month": 13},
        {"month": 0},
        {"area": "Leeds"},
        {"note": "x" * 501},
        {"note": "\ud800"},
        {"note": None},
    ],
)
def test_figures_that_are_none_are_not_believed(wrong: dict[str, Any]) -> None:
    rules.check_figures("almanac", [Figure(**GOOD)])
    with pytest.raises((TypeError, ValueError)):
        rules.check_figures("almanac", [Figure(**{**GOOD, **wrong})])


@pytest.mark.parametrize("answer", [None, 1, "figures", {}, [1], [None], [Figure(**GOOD)] * 501])
def test_what_is_no_list_of_figures_is_not_believed(answer: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        rules.check_figures("almanac", answer)


def test_a_plugin_s_own_figures_begin_with_its_prefix() -> None:
    own = Figure("badge-nation-moods", "percent", 1, 2024)
    rules.check_figures("badgeNation", [own])
    with pytest.raises(ValueError, match="a plugin's own begin with almanac-"):
        rules.check_figures("almanac", [own])


@pytest.mark.parametrize(
    "answer",
    [
        1,
        Occupation("soc-2000", "5432", "Bakers"),
        Occupation("soc-2020", "54/32", "Bakers"),
        Occupation("soc-2020", "5432", " "),
        Occupation("soc-2020", "5432", "Bakers\x00"),
        Occupation("soc-2020", "5432", "x" * 301),
    ],
)
def test_occupations_that_are_none_are_not_believed(answer: Any) -> None:
    rules.check_occupation(ALMANAC, None)
    with pytest.raises((TypeError, ValueError)):
        rules.check_occupation(ALMANAC, answer)
    with pytest.raises((TypeError, ValueError)):
        rules.check_occupations(ALMANAC, [answer])


def test_a_crosswalk_is_read_both_ways_and_one_step_only() -> None:
    assert rules.related("soc-2020/2134", PAIRS) == ("soc-2010/2136", "soc-2010/2137")
    assert rules.related("soc-2010/2136", PAIRS) == ("soc-2020/2134",)
    assert rules.related("soc-2010/0000", PAIRS) == ()


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, 60),
        ("120", 120),
        ("0", 1),
        ("999999999", 3_600),
        ("-5", 60),
        ("soon", 60),
        ("١٢", 60),
        ("Tue, 01 Sep 2026 12:02:00 GMT", 120),
        ("Tue, 01 Sep 2020 12:02:00 GMT", 1),
        ("Tue, 99 Sep 2026 12:02:00 GMT", 60),
    ],
)
def test_a_source_says_for_how_long_it_wants_to_be_left_alone(said: str | None, seconds: float) -> None:
    assert retry_after_s(said, NOW) == seconds


@given(st.text() | st.none(), st.timedeltas(timedelta(0), timedelta(days=9_000)))
def test_whatever_it_says_we_come_back_within_the_hour(said: str | None, later: timedelta) -> None:
    assert 1 <= retry_after_s(said, NOW - later) <= 3_600


@pytest.mark.parametrize("where", ["query", "headers"])
async def test_a_secret_that_was_not_awaited_is_not_sent(where: str) -> None:
    async def secret() -> str:
        return "hush"

    unsent: Any = secret()
    url = "https://pay.example.org/weekly"
    asked = Asking({}).json(url, key=unsent) if where == "query" else Asking({}).json(url, {"x-key": unsent})
    with pytest.raises(TypeError, match=r"is a coroutine, and must be text or a number; await a secret$"):
        await asked
    unsent.close()

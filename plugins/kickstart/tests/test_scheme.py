"""The scheme as it was: who fitted it on which day, and what it paid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.plugins import Plugins
from waypost.schemes.rules import Facts, Subject, Verdict, eligibility, words_in
from waypost_kickstart.scheme import KICKSTART, application, gateway

DAY = date(2021, 6, 1)
LEARNER: Facts = {
    "age": Decimal(19),
    "benefit": "universal-credit",
    "nation": "wales",
    "at_risk": True,
    "referred": True,
}
PLACEMENT: Facts = {
    "work_nation": "scotland",
    "hours_per_week": Decimal(25),
    "months": Decimal(6),
    "pays_minimum_wage": True,
    "new_job": True,
    "extensive_training": False,
}


def unmet(about: Subject, facts: Facts, on: date = DAY) -> tuple[Verdict, set[str]]:
    answer = eligibility(KICKSTART, about, facts, on)
    return answer.verdict, {reason.code for reason in answer.reasons}


def test_it_is_registered_as_it_stands_in_its_file(plugins: Plugins) -> None:
    assert plugins.schemes(["kickstart"]) == (KICKSTART,)
    assert plugins.schemes([]) == ()


@pytest.mark.parametrize(
    ("fact", "value", "rule"),
    [
        ("age", Decimal(15), "age-least"),
        ("age", Decimal(25), "age-most"),
        ("benefit", "other", "benefit"),
        ("nation", "northern-ireland", "nation"),
        ("at_risk", False, "at-risk"),
        ("referred", False, "referred"),
    ],
)
def test_a_learner_fits_all_rules_or_hears_which_one_not(fact: str, value: Decimal | str | bool, rule: str) -> None:
    assert unmet(Subject.LEARNER, LEARNER) == (Verdict.ELIGIBLE, set())
    assert unmet(Subject.LEARNER, {**LEARNER, fact: value}) == (Verdict.NOT_ELIGIBLE, {rule})
    without = {code: known for code, known in LEARNER.items() if code != fact}
    verdict, codes = unmet(Subject.LEARNER, without)
    assert verdict is Verdict.UNKNOWN
    assert rule in codes


@given(st.integers(0, 99), st.sampled_from(["england", "scotland", "wales", "northern-ireland"]))
def test_ages_16_to_24_in_great_britain(age: int, nation: str) -> None:
    verdict, _ = unmet(Subject.LEARNER, {**LEARNER, "age": Decimal(age), "nation": nation})
    assert (verdict is Verdict.ELIGIBLE) == (16 <= age <= 24 and nation != "northern-ireland")


@pytest.mark.parametrize(
    ("fact", "value", "rule"),
    [
        ("work_nation", "northern-ireland", "work-nation"),
        ("hours_per_week", Decimal("24.5"), "hours"),
        ("months", Decimal(5), "months"),
        ("pays_minimum_wage", False, "minimum-wage"),
        ("new_job", False, "new-job"),
        ("extensive_training", True, "training"),
    ],
)
def test_a_placement_fits_all_rules_or_hears_which_one_not(fact: str, value: Decimal | str | bool, rule: str) -> None:
    assert unmet(Subject.PLACEMENT, PLACEMENT) == (Verdict.ELIGIBLE, set())
    assert unmet(Subject.PLACEMENT, {**PLACEMENT, fact: value}) == (Verdict.NOT_ELIGIBLE, {rule})


@pytest.mark.parametrize(
    ("placements", "through", "on", "fits"),
    [
        (29, False, date(2021, 2, 2), False),
        (30, False, date(2021, 2, 2), True),
        (1, True, date(2021, 2, 2), True),
        (1, False, date(2021, 2, 3), True),
        (1, False, date(2021, 12, 17), True),
        (500, False, date(2021, 12, 18), False),
        (500, False, date(2020, 9, 1), False),
    ],
)
def test_fewer_than_30_went_through_a_gateway_until_february_2021(
    placements: int, through: bool, on: date, fits: bool
) -> None:
    answer = application(placements, on, through_gateway=through)
    assert (answer.verdict is Verdict.ELIGIBLE) == fits


def test_gateways_were_taken_until_january_2021() -> None:
    assert gateway(date(2021, 1, 28), checked=True).verdict is Verdict.ELIGIBLE
    assert gateway(date(2021, 1, 28), checked=False).verdict is Verdict.NOT_ELIGIBLE
    assert gateway(date(2021, 1, 29), checked=True).verdict is Verdict.NOT_ELIGIBLE


def test_jobs_started_until_march_2022() -> None:
    for about, facts in ((Subject.LEARNER, LEARNER), (Subject.PLACEMENT, PLACEMENT)):
        assert unmet(about, facts, date(2022, 3, 31)) == (Verdict.ELIGIBLE, set())
        assert unmet(about, facts, date(2022, 4, 1)) == (Verdict.NOT_ELIGIBLE, {"closed"})


def test_what_was_paid_stands_in_the_table() -> None:
    paid = {each.code: each for each in KICKSTART.funding}
    wage = paid["wage"]
    assert (wage.percent, wage.of, wage.hours_per_week, wage.months) == (100, "minimum wage", Decimal(25), 6)
    assert (paid["set-up"].amount, paid["set-up"].currency, paid["set-up"].per) == (Decimal(1500), "GBP", "placement")
    administration = paid["gateway-administration"]
    assert (administration.amount, administration.paid_to) == (Decimal(300), Subject.GATEWAY)


def test_everything_is_said_in_english_and_welsh() -> None:
    parts = (KICKSTART.rules, KICKSTART.facts, KICKSTART.windows, KICKSTART.funding)
    said = [each.words for some in parts for each in some]
    for words in (KICKSTART.name, KICKSTART.summary, *said):
        assert set(words) == {"en", "cy"}
        assert words_in(words, ("cy",)) != words_in(words, ("en",))

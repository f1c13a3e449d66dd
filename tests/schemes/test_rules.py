"""What schemes' rules decide, whatever they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from waypost.schemes.rules import (
    CLOSED,
    NO_RULES,
    Comparison,
    Condition,
    Facts,
    Outcome,
    Rule,
    Scheme,
    Subject,
    Value,
    Verdict,
    Window,
    eligibility,
    words_in,
)

FACTS = ("age", "hours", "paid", "benefit", "begun_on")
DAYS = st.dates(date(2020, 1, 1), date(2020, 3, 31))
SPACE: dict[str, st.SearchStrategy[Value]] = {
    "age": st.integers(14, 30).map(Decimal),
    "hours": st.integers(0, 40).map(Decimal),
    "paid": st.booleans(),
    "benefit": st.sampled_from(["universal-credit", "none"]),
    "begun_on": DAYS,
}
ORDERED = {"age", "hours", "begun_on"}


def facts() -> st.SearchStrategy[dict[str, Value]]:
    """Some facts, some of them missing."""
    return st.fixed_dictionaries({}, optional=SPACE)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """A fact and something that it is held against."""
    fact = draw(st.sampled_from(FACTS))
    comparison = draw(st.sampled_from(list(Comparison) if fact in ORDERED else [Comparison.EQUALS, Comparison.ONE_OF]))
    several = draw(st.lists(SPACE[fact], min_size=1, max_size=3))
    return Condition(fact, comparison, tuple(several if comparison is Comparison.ONE_OF else several[:1]))


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """A rule that holds for a while."""
    first, last = sorted([draw(DAYS), draw(DAYS)])
    return Rule(
        code=draw(st.sampled_from(["a", "b", "c", "d"])),
        about=draw(st.sampled_from([Subject.LEARNER, Subject.EMPLOYER])),
        asks=draw(conditions()),
        when=draw(st.none() | conditions()),
        words={"en": draw(st.sampled_from(["One.", "Two."]))},
        since=draw(st.none() | st.just(first)),
        until=draw(st.none() | st.just(last)),
    )


def schemes() -> st.SearchStrategy[Scheme]:
    """A scheme of some rules, open all the time."""
    many = st.lists(rules(), max_size=6)
    return many.map(lambda each: Scheme(code="s", name={}, summary={}, rules=tuple(each)))


def of(scheme: Scheme, known: Facts, on: date) -> tuple[Verdict, list[tuple[str, Outcome]]]:
    answer = eligibility(scheme, Subject.LEARNER, known, on)
    return answer.verdict, [(reason.code, reason.outcome) for reason in answer.reasons]


@given(schemes(), facts(), DAYS, st.randoms(use_true_random=False))
def test_the_order_of_rules_decides_nothing(scheme: Scheme, known: Facts, on: date, random: st.DataObject) -> None:
    shuffled = list(scheme.rules)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a `Random`
    assert of(replace(scheme, rules=tuple(shuffled)), known, on) == of(scheme, known, on)


@given(schemes(), facts(), DAYS)
def test_every_rule_in_force_that_is_not_met_is_named_and_no_other(scheme: Scheme, known: Facts, on: date) -> None:
    held = scheme.written(on, Subject.LEARNER)
    unmet = sorted(id(rule) for rule in held if rule.outcome(known) is not Outcome.MET)
    reasons = eligibility(scheme, Subject.LEARNER, known, on).reasons
    assert sorted(id(reason.rule) for reason in reasons if reason.rule) == unmet
    assert (NO_RULES in {reason.code for reason in reasons}) == (not held)


@given(schemes(), facts(), DAYS)
def test_what_is_eligible_stays_so_whatever_else_becomes_known(
    scheme: Scheme, known: dict[str, Value], on: date
) -> None:
    """Unknown facts never count as met: a verdict that needed one would be changed by its value."""
    verdict, _ = of(scheme, known, on)
    if verdict is Verdict.UNKNOWN:
        return
    for fact in set(FACTS) - known.keys():
        for value in (Decimal(14), Decimal(30), True, False, "universal-credit", "none", date(2020, 2, 1)):
            assert of(scheme, {**known, fact: value}, on)[0] is verdict


@given(schemes(), DAYS)
def test_who_says_nothing_is_never_eligible(scheme: Scheme, on: date) -> None:
    verdict, reasons = of(scheme, {}, on)
    assert verdict is Verdict.UNKNOWN
    assert reasons
    assert all(outcome is Outcome.UNKNOWN for _, outcome in reasons)


@given(schemes(), facts(), DAYS, DAYS)
def test_between_two_borders_of_rules_nothing_changes(scheme: Scheme, known: Facts, one: date, other: date) -> None:
    first, last = sorted((one, other))
    borders = {rule.since for rule in scheme.rules} | {rule.until + timedelta(1) for rule in scheme.rules if rule.until}
    if not any(border and first < border <= last for border in borders):
        assert of(scheme, known, first) == of(scheme, known, last)


@given(schemes(), rules(), facts(), DAYS)
def test_a_rule_more_or_a_rule_that_holds_longer_lets_nobody_in(
    scheme: Scheme, more: Rule, known: Facts, on: date
) -> None:
    longer = replace(scheme, rules=tuple(replace(rule, since=None, until=None) for rule in scheme.rules))
    for wider in (replace(scheme, rules=(*scheme.rules, more)), longer):
        before, after = of(scheme, known, on), of(wider, known, on)
        if before[0] is Verdict.NOT_ELIGIBLE:
            assert after[0] is Verdict.NOT_ELIGIBLE
        assert {each for each in before[1] if each[0] != NO_RULES} <= set(after[1])


@given(schemes(), facts(), DAYS)
def test_what_is_missing_would_decide_it(scheme: Scheme, known: Facts, on: date) -> None:
    for reason in eligibility(scheme, Subject.LEARNER, known, on).reasons:
        if reason.rule is not None:
            assert bool(reason.missing) == (reason.outcome is Outcome.UNKNOWN)
            assert not set(reason.missing) & known.keys()


AGE = Rule(
    code="age",
    about=Subject.LEARNER,
    asks=Condition("age", Comparison.AT_LEAST, (Decimal(16),)),
    words={"en": "Sixteen.", "cy": "Un ar bymtheg."},
)


def test_a_fact_of_another_kind_is_unknown_and_true_is_no_one() -> None:
    scheme = Scheme(code="s", name={}, summary={}, rules=(AGE,))
    for wrong in ("17", True, date(2020, 1, 1)):
        assert of(scheme, {"age": wrong}, date(2020, 1, 1))[0] is Verdict.UNKNOWN


def test_outside_its_windows_a_scheme_takes_nobody_and_says_the_nearest() -> None:
    early = Window(about=Subject.LEARNER, since=date(2020, 1, 1), until=date(2020, 1, 31), words={"en": "January."})
    late = Window(about=Subject.LEARNER, since=date(2020, 6, 1), until=date(2020, 6, 30), words={"en": "June."})
    scheme = Scheme(code="s", name={}, summary={}, rules=(AGE,), windows=(early, late))
    known: Facts = {"age": Decimal(17)}
    assert of(scheme, known, date(2020, 1, 31)) == (Verdict.ELIGIBLE, [])
    assert of(scheme, known, date(2020, 6, 1)) == (Verdict.ELIGIBLE, [])
    for on, words in ((date(2020, 2, 1), "January."), (date(2020, 5, 20), "June."), (date(2021, 1, 1), "June.")):
        (reason,) = eligibility(scheme, Subject.LEARNER, known, on).reasons
        assert (reason.code, words_in(reason.words)) == (CLOSED, words)


def test_a_scheme_without_windows_is_open_while_it_lasts() -> None:
    scheme = Scheme(code="s", name={}, summary={}, rules=(AGE,), since=date(2020, 1, 1), until=date(2020, 1, 31))
    assert of(scheme, {"age": Decimal(17)}, date(2020, 1, 31))[0] is Verdict.ELIGIBLE
    assert of(scheme, {}, date(2020, 2, 1)) == (
        Verdict.NOT_ELIGIBLE,
        [(CLOSED, Outcome.FAILED), ("age", Outcome.UNKNOWN)],
    )


def test_words_are_found_in_the_language_wanted_or_in_the_first() -> None:
    assert words_in(AGE.words, ("cy", "en")) == "Un ar bymtheg."
    assert words_in(AGE.words, ("pl",)) == words_in(AGE.words) == "Sixteen."

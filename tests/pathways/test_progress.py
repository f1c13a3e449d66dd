"""How far somebody has come: what holds for every tree, and the words of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from waypost.pathways.progress import Earnable, Earned, Part, Progress, progress_of
from waypost.pathways.words import Rule

BEGIN = datetime(2027, 1, 4, 9, tzinfo=UTC)
BADGES = tuple(Earnable(UUID(int=n % 2), UUID(int=n)) for n in range(8))
ALL, ANY = Rule("all"), Rule("any")
rules = st.one_of(st.just(ALL), st.just(ANY), st.builds(Rule, st.just("at-least"), st.integers(1, 4)))
some_badges = st.lists(st.sampled_from(BADGES), max_size=4, unique=True).map(tuple)
earnings = st.dictionaries(st.sampled_from(BADGES), st.integers(0, 1000).map(lambda n: BEGIN + timedelta(hours=n)))


@st.composite
def trees(draw: st.DrawFn) -> list[Part]:
    """Steps, each below an earlier one or at the top."""
    parts: list[Part] = []
    for n in range(draw(st.integers(0, 12))):
        above = draw(st.sampled_from([None, *(part.id for part in parts)]))
        parts.append(Part(UUID(int=100 + n), above, draw(rules), draw(st.booleans()), draw(some_badges)))
    return parts


def day(n: int) -> datetime:
    return BEGIN + timedelta(days=n)


def step(n: int, rule: Rule, *badges: int, parent: int | None = None, optional: bool = False) -> Part:
    above = None if parent is None else UUID(int=parent)
    return Part(UUID(int=n), above, rule, optional, tuple(BADGES[each] for each in badges))


def whole(rule: Rule, parts: Sequence[Part], **since: int) -> Progress:
    """The pathway's progress with badges (`b1`, `b2` …) earned on days."""
    earned = {BADGES[int(name[1:])]: day(each) for name, each in since.items()}
    return progress_of(rule, parts, earned)[None]


@given(rules, trees(), earnings)
def test_progress_is_a_share_and_complete_at_the_whole(rule: Rule, parts: list[Part], earned: Earned) -> None:
    for each in progress_of(rule, parts, earned).values():
        assert 0 <= each.done <= max(each.of, 0)
        assert 0 <= each.fraction <= 1
        assert each.complete == (each.of > 0 and each.done == each.of) == (each.fraction == 1)


@given(rules, trees(), earnings, st.sampled_from(BADGES))
def test_earning_more_never_takes_progress_away(
    rule: Rule, parts: list[Part], earned: dict[Earnable, datetime], more: Earnable
) -> None:
    before = progress_of(rule, parts, earned)
    after = progress_of(rule, parts, {more: day(100), **earned})
    for id, each in before.items():
        assert after[id].done >= each.done
        assert after[id].of == each.of
        assert after[id].fraction >= each.fraction
        if each.completed_at is not None:  # later badges do not make it later
            assert after[id].completed_at == each.completed_at


@given(rules, trees(), earnings)
def test_it_was_complete_when_it_says_and_not_before(
    rule: Rule, parts: list[Part], earned: dict[Earnable, datetime]
) -> None:
    for id, each in progress_of(rule, parts, earned).items():
        if each.completed_at is None:
            continue
        until = {badge: since for badge, since in earned.items() if since <= each.completed_at}
        before = {badge: since for badge, since in earned.items() if since < each.completed_at}
        assert progress_of(rule, parts, until)[id].complete
        assert not progress_of(rule, parts, before)[id].complete


@given(rules, trees(), earnings, st.randoms())
def test_the_order_of_the_steps_does_not_matter(rule: Rule, parts: list[Part], earned: Earned, some: object) -> None:
    shuffled = sorted(parts, key=lambda _: some.random())  # type: ignore[attr-defined]  # hypothesis' own Random
    assert progress_of(rule, shuffled, earned).keys() == progress_of(rule, parts, earned).keys()
    mine, theirs = progress_of(rule, parts, earned)[None], progress_of(rule, shuffled, earned)[None]
    assert (mine.done, mine.of, mine.completed_at) == (theirs.done, theirs.of, theirs.completed_at)
    assert abs(mine.fraction - theirs.fraction) < 1e-9


def test_every_step_is_told_of() -> None:
    parts = [step(1, ALL, 1), step(2, ALL, parent=1), step(3, ANY, 2, parent=2)]
    assert progress_of(ALL, parts, {}).keys() == {None, UUID(int=1), UUID(int=2), UUID(int=3)}


def test_all_asks_for_every_step_that_is_not_optional() -> None:
    parts = [step(1, ALL, 1, 2), step(2, ALL, 3), step(3, ALL, 4, optional=True)]
    assert whole(ALL, parts, b1=1) == Progress(0, 2, 0.25)
    assert whole(ALL, parts, b1=1, b2=5) == Progress(1, 2, 0.5)
    assert whole(ALL, parts, b1=1, b2=5, b3=3) == Progress(2, 2, 1.0, day(5))


def test_any_is_complete_with_the_first() -> None:
    parts = [step(1, ALL, 1, 2), step(2, ALL, 3)]
    assert whole(ANY, parts, b1=1) == Progress(0, 1, 0.5)
    assert whole(ANY, parts, b1=1, b2=5, b3=7) == Progress(1, 1, 1.0, day(5))


def test_at_least_two_counts_the_two_that_were_first_and_optional_ones_too() -> None:
    parts = [step(1, ALL, 1), step(2, ALL, 2, optional=True), step(3, ALL, 3)]
    rule = Rule("at-least", 2)
    assert whole(rule, parts, b1=9) == Progress(1, 2, 0.5)
    assert whole(rule, parts, b1=9, b2=4, b3=6) == Progress(2, 2, 1.0, day(6))


def test_a_step_without_anything_to_earn_is_not_waited_for() -> None:
    """Opportunities help on the way; nobody can see that they were taken."""
    parts = [step(1, ALL), step(2, ALL, 1), step(3, ALL), step(4, ANY, parent=3)]
    assert whole(ALL, parts) == Progress(0, 1, 0.0)
    assert whole(ALL, parts, b1=1) == Progress(1, 1, 1.0, day(1))


def test_a_pathway_without_anything_to_earn_is_never_complete() -> None:
    assert whole(ALL, []) == Progress(0, 0, 0.0)
    assert whole(ALL, [step(1, ALL), step(2, ALL, 1, optional=True)], b1=1) == Progress(0, 0, 0.0)


def test_a_badge_of_the_same_id_in_another_city_is_another_badge() -> None:
    here, there = Earnable(UUID(int=1), UUID(int=9)), Earnable(UUID(int=2), UUID(int=9))
    parts = [Part(UUID(int=1), None, ALL, False, (here,))]
    assert not progress_of(ALL, parts, {there: BEGIN})[None].complete
    assert progress_of(ALL, parts, {here: BEGIN})[None].complete

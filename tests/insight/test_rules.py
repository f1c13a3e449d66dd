"""What may be said of whom, attacked with everything that is said."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waypost.insight.rules import LEAST, UNKNOWN, Release, Standing, Waiting, release, sort_out

MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04")
GROUPS = {"layer": ("engage", "participate", "lead"), "age": ("16-18", "19-24", UNKNOWN)}
ORDINALS = ("first", "second", "further")
PRIME = 2**61 - 1


@dataclass(frozen=True)
class Badge:
    """A made-up badge: whose, when, and the group that it is in of each breakdown."""

    award: UUID
    learner: UUID
    month: str
    groups: Mapping[str, str]


@dataclass(frozen=True)
class Traits:
    """A group as it can be described: months of release, which badge of its learner, layer and age."""

    months: tuple[str, ...]
    ordinals: tuple[str, ...] = ORDINALS
    layers: tuple[str, ...] = GROUPS["layer"]
    ages: tuple[str, ...] = GROUPS["age"]

    def vector(self) -> list[int]:
        """1 for each sort of badge that there could be in the group, 0 for others."""
        mine = (self.months, self.ordinals, self.layers, self.ages)
        return [
            int(all(value in values for value, values in zip(sort, mine, strict=True)))
            for sort in itertools.product(MONTHS, ORDINALS, GROUPS["layer"], GROUPS["age"])
        ]


@dataclass
class Published:
    """All that a city ever says: the groups of badges behind its numbers, and what outsiders know those to be."""

    releases: list[tuple[str, Release]] = field(default_factory=list)
    told: dict[str, frozenset[UUID]] = field(default_factory=dict)
    known: list[Traits] = field(default_factory=list)
    runs: list[tuple[str, ...]] = field(default_factory=list)  # the months of each breakdown


def publish(badges: Sequence[Badge], seed: int, enough: int) -> Published:
    """Release month after month, sorting out whenever `enough` badges have come together, as `releasing` does."""
    published, standing, counted = Published(), Standing(), Counter[UUID]()
    by_award = {each.award: each for each in badges}
    waiting: list[Badge] = []
    unsorted: list[UUID] = []
    run: list[str] = []
    for month in MONTHS:
        waiting += [each for each in badges if each.month == month]
        chosen = release([Waiting(each.award, each.learner, each.month) for each in waiting], counted, standing)
        if chosen is None:
            continue
        published.releases.append((month, chosen))
        run.append(month)
        for awards, ordinals in ((chosen.first, ("first",)), (chosen.second, ("second",)), (chosen.awards, ORDINALS)):
            if awards:
                published.told[f"{month} {len(ordinals)} {ordinals[0]}"] = frozenset(awards)
            published.known.append(Traits((month,), ordinals))
        counted.update(by_award[award].learner for award in chosen.awards)
        standing = Standing(standing.learners + len(chosen.first), standing.repeated + len(chosen.second))
        waiting = [each for each in waiting if each.award not in set(chosen.awards)]
        unsorted += chosen.awards
        if len(unsorted) >= enough:
            for dimension in ("layer", "age"):
                _sort(published, tuple(run), dimension, [by_award[award] for award in unsorted], seed)
            published.runs.append(tuple(run))
            unsorted, run = [], []
    return published


def _sort(published: Published, run: tuple[str, ...], dimension: str, badges: Sequence[Badge], seed: int) -> None:
    table = sort_out(((each.groups[dimension], each.learner, 1) for each in badges), Random(seed))
    rest = tuple(code for code in GROUPS[dimension] if code not in table.shown)
    for codes in (*((code,) for code in table.shown), rest):
        group = frozenset(each.award for each in badges if each.groups[dimension] in codes)
        assert len(group) == (sum(table.shown[code] for code in codes) if codes != rest else table.together or 0)
        if group:
            published.told[f"{run[-1]} {dimension} {codes if codes != rest else 'together'}"] = group
        published.known.append(Traits(run, **{f"{dimension}s": codes}))


@st.composite
def populations(draw: st.DrawFn) -> list[Badge]:
    """Badges of some learners in some months, more of one group than of others."""
    chance, learners = Random(draw(st.integers(0, 10**6))), draw(st.integers(1, 30))
    common = draw(st.integers(1, 6))
    return [
        Badge(
            UUID(int=number),
            UUID(int=1000 + chance.randint(1, learners)),
            chance.choice(MONTHS),
            {
                "layer": chance.choice((*("engage",) * common, *GROUPS["layer"])),
                "age": chance.choice((*("16-18",) * common, *GROUPS["age"])),
            },
        )
        for number in range(draw(st.integers(1, 80)))
    ]


def people(badges: Iterable[UUID], known: Mapping[UUID, Badge]) -> int:
    return len({known[award].learner for award in badges})


@settings(max_examples=200)
@given(populations(), st.integers(), st.integers(5, 60))
def test_every_number_that_is_told_is_of_five_people_at_least(badges: list[Badge], seed: int, enough: int) -> None:
    known = {each.award: each for each in badges}
    for name, group in publish(badges, seed, enough).told.items():
        assert people(group, known) >= LEAST, name


@settings(max_examples=200)
@given(populations(), st.integers(), st.integers(5, 60))
def test_no_difference_of_two_answers_is_about_fewer_than_five_people(
    badges: list[Badge], seed: int, enough: int
) -> None:
    """An answer is a union of what was told of one kind; take any two, one inside the other.

    A breakdown lies inside all badges of its own months. That it also lies inside those of some of them is chance,
    which nobody outside knows.
    """
    known = {each.award: each for each in badges}
    published = publish(badges, seed, enough)
    kinds: dict[str, list[frozenset[UUID]]] = {}
    for name, group in published.told.items():
        kinds.setdefault(name.partition(" ")[2], []).append(group)
    answers = {kind: unions(groups) for kind, groups in kinds.items()}
    whole = f"{len(ORDINALS)} first"
    total = unions(
        [frozenset().union(*(published.told[f"{month} {whole}"] for month in run)) for run in published.runs]
    )
    for kind, some in answers.items():
        for one, other in itertools.product(total | some, some):
            if other < one:
                assert people(one - other, known) >= LEAST, kind


def unions(groups: Sequence[frozenset[UUID]]) -> set[frozenset[UUID]]:
    """What any run of months adds up to."""
    runs = itertools.combinations(range(len(groups) + 1), 2)
    return {frozenset[UUID]().union(*groups[first:last]) for first, last in runs}


@settings(max_examples=200)
@given(populations(), st.integers(), st.integers(5, 60))
def test_learners_with_one_badge_alone_are_five_at_least_or_none(badges: list[Badge], seed: int, enough: int) -> None:
    alone = 0
    for _, chosen in publish(badges, seed, enough).releases:
        alone += len(chosen.first) - len(chosen.second)
        assert alone == 0 or alone >= LEAST


@settings(max_examples=100)
@given(populations(), st.integers(), st.integers(5, 60))
def test_no_sums_and_differences_whatever_come_to_a_group_of_fewer_than_five(
    badges: list[Badge], seed: int, enough: int
) -> None:
    """Exactly: the number of no small group follows from all numbers that were ever told, by any sum of them.

    Groups are those of a layer, an age or a first, second or further badge in some months, and where two of these
    meet.
    """
    known = {each.award: each for each in badges}
    published = publish(badges, seed, enough)
    span = Span(each.vector() for each in published.known)
    counted = [
        (known[award], month, ordinal)
        for month, chosen in published.releases
        for ordinal, awards in zip(ORDINALS, (chosen.first, chosen.second, chosen.further), strict=True)
        for award in awards
    ]
    for group in describable():
        inside = {
            badge.learner
            for badge, month, ordinal in counted
            if month in group.months
            and ordinal in group.ordinals
            and badge.groups["layer"] in group.layers
            and badge.groups["age"] in group.ages
        }
        if 0 < len(inside) < LEAST:
            assert not span.holds(group.vector()), group


def describable() -> Iterator[Traits]:
    each: dict[str, list[tuple[str, ...]]] = {
        "ordinals": [(name,) for name in ORDINALS],
        "layers": [(name,) for name in GROUPS["layer"]],
        "ages": [(name,) for name in GROUPS["age"]],
    }
    for first, last in itertools.combinations(range(len(MONTHS) + 1), 2):
        run = MONTHS[first:last]
        for one, other in itertools.combinations(each, 2):
            for here, there in itertools.product([None, *each[one]], [None, *each[other]]):
                yield Traits(run, **{name: some for name, some in ((one, here), (other, there)) if some is not None})


class Span:
    """What can be made of some vectors by adding and subtracting them (modulo a large prime)."""

    def __init__(self, vectors: Iterable[list[int]]) -> None:
        self.rows: list[tuple[int, list[int]]] = []
        for vector in vectors:
            rest = self._without(vector)
            pivot = next((place for place, value in enumerate(rest) if value), None)
            if pivot is not None:
                inverse = pow(rest[pivot], -1, PRIME)
                self.rows.append((pivot, [value * inverse % PRIME for value in rest]))

    def _without(self, vector: list[int]) -> list[int]:
        for pivot, row in self.rows:
            if vector[pivot]:
                factor = vector[pivot]
                vector = [(value - factor * part) % PRIME for value, part in zip(vector, row, strict=True)]
        return vector

    def holds(self, vector: list[int]) -> bool:
        return not any(self._without(vector))


def test_the_attack_finds_what_a_total_gives_away() -> None:
    """The attack is believed because it succeeds against less: a total beside all groups but one."""
    told = [Traits(MONTHS), Traits(MONTHS, layers=("engage",)), Traits(MONTHS, layers=("participate",))]
    assert Span(each.vector() for each in told).holds(Traits(MONTHS, layers=("lead",)).vector())
    assert not Span(each.vector() for each in told).holds(Traits(MONTHS, ages=("16-18",)).vector())


@pytest.mark.parametrize("codes", [("a", "b"), ("a", "b", "c")])
def test_who_knows_the_rules_themselves_still_cannot_tell_how_many_are_in_a_small_group(codes: tuple[str, ...]) -> None:
    """All little populations there are: each small number leaves at least three others possible."""
    possible: dict[tuple[tuple[tuple[str, int], ...], int | None], set[tuple[int, ...]]] = {}
    for counts in itertools.product(range(15), repeat=len(codes)):
        if sum(counts) < LEAST:
            continue  # nothing is sorted out of fewer
        for seed in range(12):  # every order in which chance may choose
            table = sort_out(one_each(dict(zip(codes, counts, strict=True))), Random(seed))
            said = (tuple(table.shown.items()), table.together)
            possible.setdefault(said, set()).add(counts)
    for said, populations in possible.items():
        if any(sum(each) > 14 for each in populations):
            continue  # at the edge of what was tried, others are missing
        for place in range(len(codes)):
            numbers = {each[place] for each in populations}
            if any(0 < number < LEAST for number in numbers):
                assert len(numbers) > 3, (said, codes[place], numbers)


def one_each(counts: Mapping[str, int]) -> list[tuple[str, UUID, int]]:
    """One badge each for so many people of each group."""
    number = itertools.count(1)
    return [(code, UUID(int=next(number)), 1) for code, many in counts.items() for _ in range(many)]


def test_a_small_group_takes_another_with_it_lest_the_total_give_it_away() -> None:
    table = sort_out(one_each({"engage": 20, "lead": 2}), Random(1))
    assert (table.shown, table.together) == ({}, 22)
    table = sort_out(one_each({"engage": 20, "participate": 9, "lead": 2}), Random(1))
    assert len(table.shown) == 1
    assert sum(table.shown.values()) + (table.together or 0) == 31


def test_two_small_groups_hide_each_other() -> None:
    table = sort_out(one_each({"engage": 20, "participate": 3, "lead": 2}), Random(1))
    assert (table.shown, table.together) == ({"engage": 20}, 5)


def test_many_badges_of_four_people_are_a_small_group() -> None:
    earned = [("engage", UUID(int=n), 10) for n in range(4)] + [("lead", UUID(int=n), 1) for n in range(9)]
    assert sort_out(earned, Random(1)).shown == {}


def waiting(*awards: tuple[int, str]) -> list[Waiting]:
    return [Waiting(UUID(int=number), UUID(int=1000 + who), month) for number, (who, month) in _numbered(awards)]


def _numbered(awards: Sequence[tuple[int, str]]) -> list[tuple[int, tuple[int, str]]]:
    return list(enumerate(awards))


def test_four_learners_wait_for_a_fifth() -> None:
    four = [(who, "2026-01") for who in range(4)]
    assert release(waiting(*four), {}, Standing()) is None
    chosen = release(waiting(*four, (4, "2026-02")), {}, Standing())
    assert chosen is not None
    assert len(chosen.first) == 5


def test_second_badges_of_a_few_wait_while_first_ones_are_counted() -> None:
    chosen = release(waiting(*((who % 20, "2026-01") for who in range(22))), {}, Standing())
    assert chosen is not None
    assert (len(chosen.first), chosen.second, chosen.further) == (20, (), ())


def test_second_badges_of_all_but_two_wait_too() -> None:
    chosen = release(waiting(*((who % 20, "2026-01") for who in range(38))), {}, Standing())
    assert chosen is not None
    assert (len(chosen.first), chosen.second) == (20, ())

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.pathways.rules import (
    StepsInvalid,
    arrange,
    parse_rule,
    pathway_problem,
    shown_rule,
)
from waypost.pathways.words import PathwayText, PathwayWords, Rule, StepWords
from waypost.refusal import Refusal
from waypost.tenancy.entries import Here, Ref

HERE = Here(UUID(int=1), "x", ("en", "cy"), "Europe/London", "rsa-2019")


def steps(*pairs: tuple[str, str | None]) -> tuple[StepWords, ...]:
    return tuple(StepWords(key, key, parent) for key, parent in pairs)


def words(*given: StepWords, **changes: Any) -> PathwayWords:
    facts: dict[str, Any] = {"slug": "p", "name": "P", "description": "", "issuer_id": UUID(int=5)}
    return PathwayWords(**{**facts, "steps": given, "state": "published", **changes})


def badge(n: int) -> Ref:
    return Ref(UUID(int=n), HERE.tenant_id)


@st.composite
def trees(draw: st.DrawFn) -> tuple[StepWords, ...]:
    """Steps of any shape: parents may be anything, also missing, later, or the step itself."""
    count = draw(st.integers(0, 12))
    keys = [f"k{n}" for n in range(count)]
    return tuple(StepWords(key, key, draw(st.sampled_from([None, None, *keys]))) for key in keys)


@given(trees())
def test_steps_in_a_tree_are_arranged_depth_first_and_others_refused(given_steps: tuple[StepWords, ...]) -> None:
    parents = {step.key: step.parent for step in given_steps}
    depths = {key: _depth(parents, key) for key in parents}
    placed = arrange(given_steps)
    if any(depth is None or depth > 6 for depth in depths.values()):
        assert isinstance(placed, StepsInvalid)
        return
    assert not isinstance(placed, Refusal)
    assert {one.step.key for one in placed} == set(parents)
    assert [one.position for one in placed] == list(range(1, len(given_steps) + 1))
    position = {one.step.key: one.position for one in placed}
    order = [step.key for step in given_steps]
    for one in placed:
        assert one.depth == depths[one.step.key]
        if one.step.parent is not None:
            assert position[one.step.parent] < one.position
        siblings = [key for key in order if parents[key] == one.step.parent]
        assert siblings == sorted(siblings, key=position.__getitem__)


def test_a_child_follows_its_parent_before_the_parents_sibling() -> None:
    placed = arrange(steps(("a", None), ("b", None), ("a1", "a"), ("a2", "a"), ("a1x", "a1")))
    assert not isinstance(placed, Refusal)
    assert [(one.step.key, one.depth) for one in placed] == [("a", 1), ("a1", 2), ("a1x", 3), ("a2", 2), ("b", 1)]


@pytest.mark.parametrize(
    ("given_steps", "words"),
    [
        (steps(("a", "a")), "below themselves"),
        (steps(("a", "b"), ("b", "a"), ("c", None)), "below themselves: a, b"),
        (steps(("a", "z")), 'no step "z"'),
        (steps(("a", None), ("a", None)), "twice"),
        (steps(("A b", None)), "no slug"),
        (steps(*((f"k{n}", f"k{n - 1}" if n else None) for n in range(7))), "6 levels"),
        (steps(*((f"k{n}", f"k{n - 1}" if n else None) for n in range(30))), "6 levels"),
        (steps(*((f"k{n}", None) for n in range(201))), "200"),
        ((StepWords("a", "A", badges=(badge(1), badge(1))),), "same badge twice"),
        ((StepWords("a", "A", opportunities=tuple(badge(n) for n in range(51))),), "at most 50"),
    ],
)
def test_what_is_no_tree_is_refused_saying_why(given_steps: tuple[StepWords, ...], words: str) -> None:
    refusal = arrange(given_steps)
    assert isinstance(refusal, StepsInvalid)
    assert words in refusal.message


def test_two_hundred_steps_six_deep_are_taken() -> None:
    deep = [(f"d{n}", f"d{n - 1}" if n else None) for n in range(6)]
    assert not isinstance(arrange(steps(*deep, *((f"w{n}", None) for n in range(194)))), Refusal)


@pytest.mark.parametrize("text", ["all", "any", "at-least:2", "at-least:12"])
def test_rules_are_written_as_they_are_read(text: str) -> None:
    rule = parse_rule(text)
    assert isinstance(rule, Rule)
    assert shown_rule(rule) == text


@pytest.mark.parametrize("text", ["", "ALL", "at-least", "at-least:0", "at-least:-1", "at-least:x", "some"])
def test_other_rules_are_refused(text: str) -> None:
    assert isinstance(parse_rule(text), Refusal)


@pytest.mark.parametrize(
    ("pathway", "path"),
    [
        (words(StepWords("a", "A"), rule=Rule("at-least", 2)), ("rule",)),
        (words(StepWords("a", "A"), rule=Rule("at-least")), ("rule",)),
        (words(StepWords("a", "A"), rule=Rule("all", 1)), ("rule",)),
        (words(StepWords("a", "A"), rule=Rule("most")), ("rule",)),
        (words(StepWords("a", "A", rule=Rule("any"))), ("steps", "0", "rule")),
        (words(StepWords("a", "A", rule=Rule("at-least", 0))), ("steps", "0", "rule")),
        (words(StepWords("a", "A", rule=Rule("at-least", 2), badges=(badge(1),))), ("steps", "0", "rule")),
        (words(), ("steps",)),
        (words(StepWords("a", "A"), name=""), ("name",)),
        (words(StepWords("a", " ")), ("steps", "0", "title")),
        (words(StepWords("a", "A"), interests=("",)), ("interests", "0")),
        (words(StepWords("a", "A"), interests=tuple(map(str, range(51)))), ("interests",)),
        (words(StepWords("a", "A"), description="x" * 20_001), ("description",)),
        (words(StepWords("a", "A"), state="open"), ("state",)),
        (words(StepWords("a", "A"), text={"fr": PathwayText("F", "")}), ("text", "fr")),
        (words(StepWords("a", "A"), text={"cy": PathwayText("C", "", {"z": "Z"})}), ("text", "cy", "steps", "z")),
        (words(StepWords("a", "A"), outcomes=(UUID(int=3), UUID(int=3))), ("outcomes",)),
    ],
)
def test_what_cannot_be_completed_or_read_is_refused_where_it_is(pathway: PathwayWords, path: tuple[str, ...]) -> None:
    refusal = pathway_problem(HERE, pathway)
    assert refusal is not None
    assert refusal.path == path


def test_at_least_so_many_counts_badges_and_the_steps_below() -> None:
    top = StepWords("a", "A", rule=Rule("at-least", 2), badges=(badge(1),))
    assert pathway_problem(HERE, words(top, StepWords("b", "B", "a"))) is None


def test_a_draft_may_be_empty() -> None:
    assert pathway_problem(HERE, words(state="draft", rule=Rule("any"))) is None


def _depth(parents: dict[str, str | None], key: str) -> int | None:
    """How deep a step stands; None where it stands below itself."""
    depth, at = 1, parents[key]
    while at is not None:
        depth, at = depth + 1, parents[at]
        if depth > len(parents):
            return None
    return depth

"""What can be wrong with a pathway's entry besides its form: its tree, its rules, circles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID, uuid5

from waypost.pathways.file_entries import PathwayEntry, StepEntry, rule_of
from waypost.pathways.rules import MOST_LEVELS, MOST_STEPS, Edges, Node, cycle_problem
from waypost.pathways.words import Rule
from waypost.tenancy.catalogue import Placed
from waypost.tenancy.country import Country, Folder
from waypost.tenancy.faults import Fault, perhaps
from waypost.tenancy.parts import twice_problems
from waypost.tenancy.sections import Problem

# Names stand for ids where nothing is stored yet; these are only compared with each other.
NAMES: Final = UUID("0b8f1d5c-6f1e-5d53-9c43-2f4b7d1f6a11")


def tree_order(steps: Sequence[StepEntry]) -> tuple[StepEntry, ...]:
    """The steps depth first, siblings in their order; those that hang on nothing are left out."""
    below: dict[str | None, list[StepEntry]] = {}
    for step in steps:
        below.setdefault(step.parent, []).append(step)
    ordered: list[StepEntry] = []
    waiting = list(reversed(below.get(None, [])))
    while waiting:
        step = waiting.pop()
        ordered.append(step)
        # Popped, so that keys that stand twice do not repeat what is below them.
        waiting.extend(reversed(below.pop(step.key, [])))
    return tuple(ordered)


def step_problems(entry: PathwayEntry, folder: Folder) -> Iterator[Problem]:
    """Everything that keeps the steps from being a tree that can be completed."""
    if entry.state == "published" and not entry.steps:
        yield Problem(("steps",), "is missing: a published pathway has at least one step")
    if len(entry.steps) > MOST_STEPS:
        words = f"there are {len(entry.steps)} steps, and a pathway has at most {MOST_STEPS}"
        yield Problem(("steps", MOST_STEPS), words)
        return
    yield from _place_problems(entry.steps)
    tops = sum(step.parent is None for step in entry.steps)
    if entry.steps or entry.state == "published":
        yield from _rule_problems(rule_of(entry.rule), tops, Problem(("rule",), "step"))
    for index, step in enumerate(entry.steps):
        below = len(step.badges) + sum(other.parent == step.key for other in entry.steps)
        where = Problem(("steps", index, "rule"), "badge or step")
        yield from _rule_problems(rule_of(step.rule), below, where)
        yield from twice_problems(step.badges, ("steps", index, "badges"), folder)
        yield from twice_problems(step.opportunities, ("steps", index, "opportunities"), folder)


def _place_problems(steps: Sequence[StepEntry]) -> Iterator[Problem]:
    """Keys that stand twice, parents that are not there, steps below themselves or too deep."""
    first: dict[str, int] = {}
    for index, step in enumerate(steps):
        if first.setdefault(step.key, index) != index:
            words = f'the key "{step.key}" stands twice: steps[{first[step.key]}] has it too'
            yield Problem(("steps", index, "key"), words)
    parents = {step.key: step.parent for step in steps}
    for index, step in enumerate(steps):
        if step.parent is None:
            continue
        if step.parent not in parents:
            words = f'there is no step "{step.parent}"{perhaps(step.parent, parents)}'
            yield Problem(("steps", index, "parent"), words)
            continue
        above = list(_above(step.key, parents))
        if step.key in above:
            yield Problem(("steps", index, "parent"), f'the step "{step.key}" stands below itself')
        elif len(above) == MOST_LEVELS:
            words = f'the step "{step.key}" is {MOST_LEVELS + 1} levels deep; at most {MOST_LEVELS} are possible'
            yield Problem(("steps", index, "parent"), words)


def _above(key: str, parents: dict[str, str | None]) -> Iterator[str]:
    """The keys above a step; ends where a circle closes."""
    seen: set[str] = set()
    parent = parents[key]
    while parent is not None and parent not in seen:
        seen.add(parent)
        yield parent
        parent = parents.get(parent)


def _rule_problems(rule: Rule, below: int, where: Problem) -> Iterator[Problem]:
    """A rule that asks for more than there is below it; `where` has its keys and what is counted."""
    asked = {"all": 0, "any": 1}.get(rule.kind, rule.required or 0)
    if asked > below:
        words = f"asks for {asked}, and there is {below or 'no'} {where.words} below it"
        yield Problem(where.keys, words)


def cycles(country: Country) -> Iterator[Fault]:
    """Pathways whose completion awards a badge that they ask for, directly or through other pathways."""
    pathways = [placed for placed in country.all("pathways") if _can_award(placed)]
    edges = Edges()
    for placed in pathways:
        edges = edges.joined(_edges(placed))
    for placed in pathways:
        if wrong := cycle_problem(edges, _node("pathway", placed.tenant, placed.slug)):
            yield placed.fault(Problem(("completion_badge",), wrong.message))


def _can_award(placed: Placed[PathwayEntry]) -> bool:
    entry = placed.entry
    return entry is not None and entry.completion_badge is not None and entry.state != "retired"


def _edges(placed: Placed[PathwayEntry]) -> Edges:
    entry = placed.entry
    if entry is None or entry.completion_badge is None:
        return Edges()
    pathway = _node("pathway", placed.tenant, placed.slug)
    asked = frozenset(_badge(badge, placed.tenant) for badge in _badges(entry))
    awarded = _node("badge", placed.tenant, entry.completion_badge)
    return Edges({pathway: asked, awarded: frozenset({pathway})}, {pathway: entry.name})


def _badges(entry: PathwayEntry) -> Iterable[str]:
    return (badge for step in entry.steps for badge in step.badges)


def _badge(value: str, tenant: str) -> Node:
    home, _, slug = value.rpartition("/")
    return _node("badge", home or tenant, slug)


def _node(kind: str, tenant: str, slug: str) -> Node:
    return Node(kind, uuid5(NAMES, tenant), uuid5(NAMES, f"{kind} {tenant}/{slug}"))

"""What makes a pathway: a tree of steps that can be completed and leads nowhere in a circle."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID

from waypost.pathways.words import PathwayWords, Rule, StepWords
from waypost.refusal import Invalid, Refusal
from waypost.tenancy.entries import Here, Ref, languages_problem
from waypost.tenancy.slugs import slug_problem
from waypost.tenancy.texts import numbered, said_problem, unknown_codes

STATES: Final = ("draft", "published", "retired")
RULES: Final = ("all", "any", "at-least")
MOST_STEPS: Final = 200
MOST_LEVELS: Final = 6
MOST_LINKS: Final = 50  # badges, and opportunities, of one step; interests and outcomes of a pathway
_AT_LEAST: Final = re.compile(r"at-least:([1-9]\d{0,2})")


@dataclass(frozen=True, kw_only=True)
class StepsInvalid(Invalid):
    """The steps are no tree, or too many, or too deep."""


@dataclass(frozen=True, kw_only=True)
class RuleImpossible(Invalid):
    """A rule asks for more than there is below it."""


@dataclass(frozen=True, kw_only=True)
class PathwayCycle(Refusal):
    """Completing the pathway awards a badge that it asks for, directly or through other pathways.

    `loop` are the names of the pathways on the way, this one first and last.
    """

    loop: tuple[str, ...] = ()


class Node(NamedTuple):
    """A pathway or a badge of any tenant; `kind` is pathway or badge."""

    kind: str
    tenant_id: UUID
    id: UUID


@dataclass(frozen=True)
class Edges:
    """What leads to what: a pathway to the badges of its steps, a badge to the pathways that award it.

    From a badge one goes to the pathways whose completion awards it. `names` are those of pathways.
    """

    links: Mapping[Node, frozenset[Node]] = field(default_factory=dict)
    names: Mapping[Node, str] = field(default_factory=dict)

    def joined(self, other: Edges) -> Edges:
        """Return both together."""
        links = dict(self.links)
        for node, ends in other.links.items():
            links[node] = links.get(node, frozenset()) | ends
        return Edges(links, {**self.names, **other.names})


@dataclass(frozen=True)
class Placed:
    """A step in its place: `position` counts through the whole tree, depth first; `depth` is 1 at the top."""

    step: StepWords
    position: int
    depth: int


def parse_rule(text: str) -> Rule | Invalid:
    """Read `all`, `any` or `at-least:2`."""
    if text in {"all", "any"}:
        return Rule(text)
    found = _AT_LEAST.fullmatch(text)
    if found:
        return Rule("at-least", int(found[1]))
    return Invalid(message=f'"{text}" is no rule: use all, any or at-least:2.', path=("rule",))


def shown_rule(rule: Rule) -> str:
    """Write a rule as `parse_rule` reads it."""
    return rule.kind if rule.required is None else f"{rule.kind}:{rule.required}"


def pathway_problem(here: Here, words: PathwayWords) -> Refusal | None:
    """Say what is wrong with a pathway's words, or None; cycles apart."""
    wrong = (
        unknown_codes((words.state,), STATES, "state") or languages_problem(here, words.text) or _said_problem(words)
    )
    if wrong:
        return wrong
    placed = arrange(words.steps)
    if isinstance(placed, Refusal):
        return placed
    if words.state == "published" and not placed:
        return StepsInvalid(message="A published pathway has at least one step.", path=("steps",))
    return _rules_problem(words) or _texts_problem(words)


def arrange(steps: Sequence[StepWords]) -> tuple[Placed, ...] | StepsInvalid:
    """Put steps in the order of their tree, depth first; siblings keep the order in which they are given.

    Refused: more than 200, deeper than 6, keys that are no slugs or stand twice, parents that are not there,
    steps that stand below themselves.
    """
    if len(steps) > MOST_STEPS:
        return StepsInvalid(message=f"A pathway has at most {MOST_STEPS} steps.", path=("steps",))
    keys = [step.key for step in steps]
    for index, step in enumerate(steps):
        wrong = _step_problem(step, keys, index)
        if wrong:
            return StepsInvalid(message=wrong, path=("steps", str(index)))
    below: dict[str | None, list[StepWords]] = {}
    for step in steps:
        below.setdefault(step.parent, []).append(step)
    walked = list(_walk(below, None, 1))
    if any(depth > MOST_LEVELS for _, depth in walked):
        return StepsInvalid(message=f"Steps go at most {MOST_LEVELS} levels deep.", path=("steps",))
    if len(walked) < len(steps):
        lost = sorted(set(keys) - {step.key for step, _ in walked})
        return StepsInvalid(message=f"These steps stand below themselves: {', '.join(lost)}.", path=("steps",))
    return tuple(Placed(step, position, depth) for position, (step, depth) in enumerate(walked, start=1))


def find_cycle(graph: Mapping[Node, Collection[Node]], through: Node) -> tuple[Node, ...] | None:
    """Find a shortest way from a node back to itself: its nodes in order, `through` first, or None."""
    came_from: dict[Node, Node] = {}
    waiting = deque([through])
    while waiting:
        node = waiting.popleft()
        for following in sorted(graph.get(node, ())):
            if following == through:
                return tuple(reversed(list(_back(came_from, node, through))))
            if following not in came_from:
                came_from[following] = node
                waiting.append(following)
    return None


def pathway_edges(tenant_id: UUID, id: UUID, words: PathwayWords) -> Edges:
    """What a pathway adds to what leads to what. Without a completion badge nothing leads to it."""
    node = Node("pathway", tenant_id, id)
    badges = frozenset(Node("badge", ref.home_tenant_id, ref.id) for step in words.steps for ref in step.badges)
    links = {node: badges}
    if words.completion_badge_id is not None:
        links[Node("badge", tenant_id, words.completion_badge_id)] = frozenset({node})
    return Edges(links, {node: words.name})


def cycle_problem(edges: Edges, through: Node) -> PathwayCycle | None:
    """Refuse a pathway that leads back to itself; names the pathways on the way."""
    cycle = find_cycle(edges.links, through)
    if cycle is None:
        return None
    names = [edges.names.get(node, "?") for node in (*cycle, through) if node.kind == "pathway"]
    words = " needs a badge awarded by ".join(f'"{name}"' for name in names)
    message = f"This pathway leads back to itself: {words}."
    return PathwayCycle(message=message, path=("steps",), loop=tuple(names))


def _said_problem(words: PathwayWords) -> Invalid | None:
    if len(words.interests) > MOST_LINKS or len(words.outcomes) > MOST_LINKS:
        many = "interests" if len(words.interests) > MOST_LINKS else "outcomes"
        return Invalid(message=f"A pathway has at most {MOST_LINKS} {many}.", path=(many,))
    names = {"name": words.name, **numbered("interests", words.interests)}
    names |= numbered("steps", (step.title for step in words.steps), ".title")
    texts = {"description": words.description}
    for tag, text in words.text.items():
        names |= {f"text.{tag}.name": text.name}
        names |= {f"text.{tag}.steps.{key}": title for key, title in text.steps.items()}
        texts[f"text.{tag}.description"] = text.description
    return said_problem(names=names, texts=texts)


def _step_problem(step: StepWords, keys: Sequence[str], index: int) -> str | None:
    wrong = slug_problem(step.key)
    if wrong:
        return wrong
    if step.key in keys[:index]:
        return f'The key "{step.key}" stands twice.'
    if step.parent is not None and step.parent not in keys:
        return f'There is no step "{step.parent}" to stand below.'
    for what, links in (("badge", step.badges), ("opportunity", step.opportunities)):
        if len(links) > MOST_LINKS:
            return f"A step names at most {MOST_LINKS} of each kind."
        if len({ref.id for ref in links}) < len(links):
            return f"A step names the same {what} twice."
    return None


def _rules_problem(words: PathwayWords) -> Refusal | None:
    tops = sum(step.parent is None for step in words.steps)
    # A draft may still be empty below its rule; what is shown must be possible.
    wrong = _rule_problem(words.rule, tops, strict=words.state == "published")
    if wrong:
        return wrong.under("rule")
    for index, step in enumerate(words.steps):
        below = len(step.badges) + sum(other.parent == step.key for other in words.steps)
        wrong = _rule_problem(step.rule, below, strict=True)
        if wrong:
            return wrong.under("steps", str(index), "rule")
    return None


def _rule_problem(rule: Rule, below: int, *, strict: bool) -> Refusal | None:
    if rule.kind not in RULES or (rule.kind == "at-least") != (rule.required is not None):
        return Invalid(message="A rule is all, any, or at-least with a number.")
    least = {"all": 0, "any": 1}.get(rule.kind, rule.required or 0)
    if least < 1 and rule.kind == "at-least":
        return Invalid(message="At least how many? A number from 1.")
    if strict and least > below:
        return RuleImpossible(message=f"The rule asks for {least}, and there are {below} below it.")
    return None


def _texts_problem(words: PathwayWords) -> Invalid | None:
    keys = {step.key for step in words.steps}
    for language, text in words.text.items():
        unknown = sorted(set(text.steps) - keys)
        if unknown:
            path = ("text", language, "steps", unknown[0])
            return Invalid(message=f'There is no step "{unknown[0]}" to translate.', path=path)
    if len(set(words.outcomes)) < len(words.outcomes):
        return Invalid(message="An outcome is listed twice.", path=("outcomes",))
    return None


def _walk(
    below: Mapping[str | None, Sequence[StepWords]], parent: str | None, depth: int
) -> Iterator[tuple[StepWords, int]]:
    # Not deeper than is of interest: whoever asks sees the one level too many.
    if depth > MOST_LEVELS + 1:
        return
    for step in below.get(parent, ()):
        yield step, depth
        yield from _walk(below, step.key, depth + 1)


def _back(came_from: Mapping[Node, Node], node: Node, through: Node) -> Iterator[Node]:
    while node != through:
        yield node
        node = came_from[node]
    yield through


def refs_of(words: PathwayWords) -> tuple[tuple[Ref, ...], tuple[Ref, ...]]:
    """All badges and all opportunities that the steps name, each once."""
    badges = dict.fromkeys(ref for step in words.steps for ref in step.badges)
    opportunities = dict.fromkeys(ref for step in words.steps for ref in step.opportunities)
    return tuple(badges), tuple(opportunities)

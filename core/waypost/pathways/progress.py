"""How far somebody has come on a pathway: pure, from its tree and what they earned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from waypost.pathways.words import Rule


class Earnable(NamedTuple):
    """A badge of any tenant."""

    home_tenant_id: UUID
    id: UUID


Earned = Mapping[Earnable, datetime]
"""What somebody has, and since when."""


@dataclass(frozen=True)
class Part:
    """A step as far as progress goes; `parent` is None at the top."""

    id: UUID
    parent: UUID | None
    rule: Rule
    optional: bool = False
    badges: tuple[Earnable, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How much of what a rule asks for is done; `fraction` counts the halves of steps below, too.

    `of` is 0 where nothing that is asked for can be earned: then it is never complete, and what stands above
    does not wait for it.
    """

    done: int
    of: int
    fraction: float
    completed_at: datetime | None = None

    @property
    def complete(self) -> bool:
        """Whether the rule is met."""
        return self.completed_at is not None


NOTHING = Progress(0, 0, 0.0)


def progress_of(rule: Rule, parts: Sequence[Part], earned: Earned) -> Mapping[UUID | None, Progress]:
    """Tell the progress of every step by its id, and under None that of the pathway with this rule."""
    below: dict[UUID | None, list[Part]] = {}
    for part in parts:
        below.setdefault(part.parent, []).append(part)
    found: dict[UUID | None, Progress] = {}
    for part in _upwards(below, None):
        found[part.id] = _measured(part.rule, part.badges, below.get(part.id, ()), found, earned)
    found[None] = _measured(rule, (), below.get(None, ()), found, earned)
    return found


def _upwards(below: Mapping[UUID | None, Sequence[Part]], parent: UUID | None) -> Iterator[Part]:
    """Yield the steps so that each comes after those below it."""
    for part in below.get(parent, ()):
        yield from _upwards(below, part.id)
        yield part


def _measured(
    rule: Rule, badges: Sequence[Earnable], steps: Sequence[Part], known: Mapping[UUID | None, Progress], earned: Earned
) -> Progress:
    items = [_badge(earned.get(badge)) for badge in badges]
    items += [known[step.id] for step in steps if rule.kind != "all" or not step.optional]
    items = [item for item in items if item.of]
    if not items:
        return NOTHING
    if rule.kind == "all":
        return _best(items, len(items))
    return _best(items, 1 if rule.kind == "any" else rule.required or 1)


def _badge(since: datetime | None) -> Progress:
    return Progress(0, 1, 0.0) if since is None else Progress(1, 1, 1.0, since)


def _best(items: Sequence[Progress], of: int) -> Progress:
    """Count the `of` items that are the furthest on; complete since that many were."""
    since = sorted(item.completed_at for item in items if item.completed_at is not None)[:of]
    furthest = sorted((item.fraction for item in items), reverse=True)[:of]
    return Progress(len(since), of, sum(furthest) / of, since[-1] if len(since) == of else None)

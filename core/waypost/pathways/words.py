"""All that is said of a pathway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from waypost.tenancy.entries import Ref


@dataclass(frozen=True)
class Rule:
    """How much of what is below must be done: `all`, `any`, or `at-least` so many (`required`)."""

    kind: str = "all"
    required: int | None = None


@dataclass(frozen=True)
class StepWords:
    """One step. `key` is unique in the pathway and keeps the step what it is when others move.

    `parent` is the key of the step above, None at the top. The rule is over its badges and the steps below.
    """

    key: str
    title: str
    parent: str | None = None
    rule: Rule = field(default_factory=Rule)
    optional: bool = False
    badges: tuple[Ref, ...] = ()
    opportunities: tuple[Ref, ...] = ()


@dataclass(frozen=True)
class PathwayText:
    """A pathway's words in one language; `steps` are titles by key."""

    name: str
    description: str
    steps: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PathwayWords:
    """All that is said of a pathway. `text` holds its words in the tenant's other languages.

    Siblings among the steps are in order. The rule is over the top steps. `state` is draft, published or
    retired; `outcomes` are the tenant's own opportunities.
    """

    slug: str
    name: str
    description: str
    issuer_id: UUID
    rule: Rule = field(default_factory=Rule)
    steps: tuple[StepWords, ...] = ()
    interests: tuple[str, ...] = ()
    completion_badge_id: UUID | None = None
    outcomes: tuple[UUID, ...] = ()
    state: str = "draft"
    text: Mapping[str, PathwayText] = field(default_factory=dict)
    source_id: str | None = None

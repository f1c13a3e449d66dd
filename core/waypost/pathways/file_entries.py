"""What stands in a pathway's entry of a catalogue file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from waypost.pathways.rules import MOST_LINKS, STATES, parse_rule
from waypost.pathways.words import Rule
from waypost.refusal import Refusal
from waypost.tenancy.catalogue import CatalogueEntry
from waypost.tenancy.fields import EachOnce, Language, Listed, Name, Slug, Table, Words, one_of
from waypost.tenancy.fields import Reference as Meant


def _rule(value: str) -> str:
    rule = parse_rule(value)
    if isinstance(rule, Refusal):
        raise ValueError(f'"{value}" is no rule: use all, any or at-least:2')  # noqa: TRY004 - a value, not a type
    return value


RuleText = Annotated[str, AfterValidator(_rule)]


class StepEntry(Table):
    """`[[pathways.steps]]`: one step; `parent` is the key of the step above."""

    key: Slug
    title: Name
    parent: Slug | None = None
    rule: RuleText = "all"
    optional: bool = False
    badges: Annotated[EachOnce[Meant], Field(max_length=MOST_LINKS)] = ()
    opportunities: Annotated[EachOnce[Meant], Field(max_length=MOST_LINKS)] = ()


class PathwayTextEntry(Table):
    """A pathway's words in another language; `steps` are titles by key."""

    name: Name
    description: Words
    steps: Mapping[Slug, Name] = {}


class PathwayEntry(CatalogueEntry):
    """`[[pathways]]`: steps towards a goal, through badges of any tenant."""

    name: Name
    description: Words
    issuer: Slug
    interests: EachOnce[Name] = ()
    rule: RuleText = "all"
    completion_badge: Slug | None = None
    outcomes: EachOnce[Slug] = ()
    state: Annotated[str, AfterValidator(one_of("state", STATES))] = "published"
    steps: Listed[StepEntry] = ()
    text: Mapping[Language, PathwayTextEntry] = {}


def rule_of(text: str) -> Rule:
    """The rule that a text says which was read as one. Raises ValueError on any other."""
    rule = parse_rule(text)
    if isinstance(rule, Refusal):
        raise ValueError(rule.message)  # noqa: TRY004 - the text is wrong, not its type
    return rule

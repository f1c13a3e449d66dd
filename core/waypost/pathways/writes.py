"""Mutations of pathways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import strawberry

from waypost.graph import ID, Error, LanguageTag, Markdown, Row, act, column, mutation, payload, value
from waypost.graph.inputs import Given, cleared, maybe, needed, pointed, ref_of, row_of
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid, ManagedByFiles, SlugTaken
from waypost.outbox import Act
from waypost.refusal import Refusal
from waypost.tenancy.loans import Lender, Loans

from . import commands
from .commands import Abroad
from .graph import Pathway, RuleKind
from .store import PathwayText, PathwayWords, Rule, StepWords, edges_elsewhere


@strawberry.type(description="Completing the pathway awards a badge that it asks for, directly or through others.")
class PathwayCycle(Error):
    """Break the circle."""

    loop: list[str] = strawberry.field(description="The names of the pathways on the way, this one first and last.")


@strawberry.input(description="How much of what is below must be done.")
class PathwayRuleInput:
    """A rule."""

    kind: RuleKind = needed("All, any, or at least so many.")
    required: int | None = maybe("How many, with AT_LEAST.")


@strawberry.input(description="One step; siblings are in the order in which they are given.")
class PathwayStepInput:
    """A step. Its rule is over its badges and the steps below."""

    key: str = needed("Unique in the pathway; it keeps the step what it is when others move.")
    title: str = needed("In the city's first language.")
    parent: str | None = maybe("The key of the step above; absent at the top.")
    rule: PathwayRuleInput | None = maybe("What completes it; absent: ALL.")
    optional: bool | None = maybe("Whether the pathway is complete without it.")
    badges: list[ID] | None = maybe("What counts here, in order; other cities' badges are borrowed.")
    opportunities: list[ID] | None = maybe("What one can do for it, in order; also in other cities.")


@strawberry.input(description="A step's title in another of the city's languages.")
class StepTitleInput:
    """A translation."""

    key: str = needed("That of the step which it translates.")
    title: str = needed("Its title in that language.")


@strawberry.input(description="A pathway's words in another of the city's languages.")
class PathwayTranslationInput:
    """A translation."""

    language: LanguageTag = needed("One of the city's languages, such as cy, and not its first.")
    name: str = needed("Its name in that language.")
    description: Markdown = needed("Its description in that language.")
    steps: list[StepTitleInput] | None = maybe("The titles of its steps in that language.")


@strawberry.input(description="A pathway to be drafted; nobody else sees it before it is published.")
class CreatePathwayInput:
    """Everything that is said of a pathway."""

    name: str = needed("In the city's first language.")
    description: Markdown = needed("Where it leads, in the city's first language.")
    issuer: ID = needed("Whose pathway it is.")
    slug: str | None = maybe("For addresses, such as first-make; left out, it is made from the name.")
    rule: PathwayRuleInput | None = maybe("Over the top steps; absent: ALL.")
    interests: list[str] | None = maybe("Such as film or digital.")
    completion_badge: ID | None = maybe("The city's own badge that is awarded when the rule is met.")
    outcomes: list[ID] | None = maybe("Opportunities of the city that it leads to, in order.")
    steps: list[PathwayStepInput] | None = maybe("The tree as a flat list: at most 200 steps, 6 levels deep.")
    translations: list[PathwayTranslationInput] | None = maybe("Its words in the city's other languages.")


@strawberry.input(description="Changes to a pathway: what is left out stays, null clears.")
class UpdatePathwayInput:
    """What changes."""

    pathway: ID = needed("The id of a pathway of this city.")
    name: str | None = maybe("In the city's first language.")
    description: Markdown | None = maybe("Where it leads, in the city's first language.")
    issuer: ID | None = maybe("Whose pathway it is.")
    slug: str | None = maybe("For addresses; the old one leads here for ever.")
    rule: PathwayRuleInput | None = maybe("Over the top steps; null: ALL.")
    interests: list[str] | None = maybe("All of them, such as film or digital.")
    completion_badge: ID | None = maybe("The city's own badge that is awarded when the rule is met.")
    outcomes: list[ID] | None = maybe("All of them, in order.")
    steps: list[PathwayStepInput] | None = maybe("All steps; those that keep their key stay what they are.")
    translations: list[PathwayTranslationInput] | None = maybe("All of them: those that are left out are taken away.")


@strawberry.input(description="A pathway to be shown to everybody.")
class PublishPathwayInput:
    """Which pathway."""

    pathway: ID = needed("The id of a pathway of this city.")


@strawberry.input(description="A pathway to be taken off the lists.")
class RetirePathwayInput:
    """Which pathway."""

    pathway: ID = needed("The id of a pathway of this city.")


@value
class CreatePathwaySuccess:
    """The pathway was drafted."""

    pathway: Pathway = column(doc="The pathway as it is now.")


@value
class UpdatePathwaySuccess:
    """The pathway is as the input says."""

    pathway: Pathway = column(doc="The pathway as it is now.")


@value
class PublishPathwaySuccess:
    """The pathway is shown to everybody."""

    pathway: Pathway = column(doc="The pathway as everybody sees it now.")


@value
class RetirePathwaySuccess:
    """The pathway is off the lists; its words stay readable, and what was earned counts."""

    pathway: Pathway = column(doc="The retired pathway, still readable by its id.")


CreatePathwayPayload: Any = payload("CreatePathwayPayload", CreatePathwaySuccess, SlugTaken, Invalid, PathwayCycle)
UpdatePathwayPayload: Any = payload(
    "UpdatePathwayPayload", UpdatePathwaySuccess, SlugTaken, Invalid, ManagedByFiles, PathwayCycle
)
PublishPathwayPayload: Any = payload(
    "PublishPathwayPayload", PublishPathwaySuccess, Invalid, ManagedByFiles, PathwayCycle
)
RetirePathwayPayload: Any = payload("RetirePathwayPayload", RetirePathwaySuccess, ManagedByFiles)


async def _prepare(abroad: Lender, tenant: UUID, given: Given) -> Mapping[str, Any]:
    """Read what other tenants show of what the steps name, and what leads to what there."""
    steps = given.get("steps") or ()
    meant = {
        kind.lower(): [ref_of(kind, each, tenant) for step in steps for each in step.get(name) or ()]
        for kind, name in (("Badge", "badges"), ("Opportunity", "opportunities"))
    }
    return {"abroad": Abroad(await Loans.find(abroad, tenant, meant), await edges_elsewhere(tenant))}


async def _create(act: Act, given: Given) -> Outcome:
    words = PathwayWords(**{"slug": "", **_said(act, given)})
    done = await commands.create_pathway(act, words, given["abroad"])
    return _pointed(done, given) if isinstance(done, Refusal) else _shown(done.pathway)


async def _update(act: Act, given: Given) -> Outcome:
    wrong = cleared(given, "name", "description", "issuer", "slug")
    if wrong:
        return wrong
    done = await commands.update_pathway(act, _meant(act, given), _said(act, given), given["abroad"])
    return _pointed(done, given) if isinstance(done, Refusal) else _shown(done.pathway)


async def _publish(act: Act, given: Given) -> Outcome:
    done = await commands.publish_pathway(act, _meant(act, given), given["abroad"])
    return done if isinstance(done, Refusal) else _shown(done.pathway)


async def _retire(act: Act, given: Given) -> Outcome:
    done = await commands.retire_pathway(act, _meant(act, given))
    return done if isinstance(done, Refusal) else _shown(done.pathway)


def _pointed(refusal: Refusal, given: Given) -> Refusal:
    """Point into the input, where the translated titles of steps are a list and not by key."""
    at = pointed(refusal, given, {})
    head, key = at.path[:3], at.path[3:4]
    if head[:1] != ("translations",) or head[2:] != ("steps",):
        return at
    keys = [each["key"] for each in given["translations"][int(head[1])].get("steps") or ()]
    return replace(at, path=(*head, str(keys.index(key[0])))) if key and key[0] in keys else at


def _meant(act: Act, given: Given) -> UUID:
    return row_of("Pathway", given["pathway"], act.here.tenant_id)


def _shown(pathway: UUID) -> Outcome:
    return {"pathway": Row("Pathway", pathway)}


def _said(act: Act, given: Given) -> dict[str, Any]:
    """Return what the input says by the names of `PathwayWords`."""
    tenant = act.here.tenant_id
    said = {name: given[name] for name in ("name", "description") if name in given}
    if given.get("slug") is not None:
        said["slug"] = given["slug"]
    if "issuer" in given:
        said["issuer_id"] = row_of("Issuer", given["issuer"], tenant)
    if "rule" in given:
        said["rule"] = _rule(given["rule"])
    if "interests" in given:
        said["interests"] = tuple(given["interests"] or ())
    if "completion_badge" in given:
        badge = given["completion_badge"]
        said["completion_badge_id"] = None if badge is None else row_of("Badge", badge, tenant)
    if "outcomes" in given:
        said["outcomes"] = tuple(row_of("Opportunity", each, tenant) for each in given["outcomes"] or ())
    if "steps" in given:
        said["steps"] = tuple(_step(each, tenant) for each in given["steps"] or ())
    if "translations" in given:
        said["text"] = {each["language"]: _text(each) for each in given["translations"] or ()}
    return said


def _rule(given: Given | None) -> Rule:
    return Rule() if given is None else Rule(given["kind"].value, given.get("required"))


def _step(given: Given, tenant: UUID) -> StepWords:
    return StepWords(
        key=given["key"],
        title=given["title"],
        parent=given.get("parent"),
        rule=_rule(given.get("rule")),
        optional=bool(given.get("optional")),
        badges=tuple(ref_of("Badge", each, tenant) for each in given.get("badges") or ()),
        opportunities=tuple(ref_of("Opportunity", each, tenant) for each in given.get("opportunities") or ()),
    )


def _text(given: Given) -> PathwayText:
    titles = {each["key"]: each["title"] for each in given.get("steps") or ()}
    return PathwayText(given["name"], given["description"], titles)


@mutation
class PathwayMutation:
    """What is done to pathways."""

    create_pathway: CreatePathwayPayload = act(
        _create, CreatePathwayInput, prepare=_prepare, doc="Draft a pathway; nobody else sees it yet."
    )
    update_pathway: UpdatePathwayPayload = act(
        _update, UpdatePathwayInput, by="pathway", prepare=_prepare, doc="Change a pathway and its steps."
    )
    publish_pathway: PublishPathwayPayload = act(
        _publish, PublishPathwayInput, by="pathway", prepare=_prepare, doc="Show a pathway to everybody."
    )
    retire_pathway: RetirePathwayPayload = act(
        _retire, RetirePathwayInput, by="pathway", doc="Take a pathway off the lists."
    )


TYPES = (
    PathwayCycle,
    PathwayRuleInput,
    PathwayStepInput,
    StepTitleInput,
    PathwayTranslationInput,
    CreatePathwayInput,
    UpdatePathwayInput,
    PublishPathwayInput,
    RetirePathwayInput,
    CreatePathwaySuccess,
    UpdatePathwaySuccess,
    PublishPathwaySuccess,
    RetirePathwaySuccess,
    PathwayMutation,
)

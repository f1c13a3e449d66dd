"""Mutations of writers: drafting, cloning, submitting, publishing, retiring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import strawberry

from waypost.badges import tables
from waypost.badges.graph import Badge, BadgeState, BadgeVersion
from waypost.badges.words import BadgeWords
from waypost.db import City
from waypost.graph import ID, Error, Row, act, column, mutation, payload, value
from waypost.graph.acting import may_in
from waypost.graph.inputs import NOWHERE, Given, cleared, maybe, needed, pointed, ref_of, row_of
from waypost.graph.mutations import Before, Found
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid, ManagedByFiles, SlugTaken
from waypost.outbox import Act
from waypost.refusal import Refusal, missing
from waypost.tenancy.entries import find_entry
from waypost.tenancy.loans import Lender

from . import commands
from .cloning import cloned, read_origin
from .graph import BadgeDraft, FindingSeverity, LintFinding
from .inputs import (
    MOVED,
    BadgeCostInput,
    BadgeTranslationInput,
    CloneBadgeInput,
    CriterionInput,
    LintReasonInput,
    ProposeBadgeInput,
    UpdateBadgeDraftInput,
    said_of,
)
from .likeness import Looked, said_now, similar_badges
from .lint import Reason, Similar

if TYPE_CHECKING:
    from waypost.db import Database
    from waypost.graph.request import Request


@strawberry.type(description="No version of the badge is approved, so that none can be published.")
class NotApproved(Error):
    """Submit it, and wait for the review."""

    state: BadgeState = strawberry.field(description="Where the badge is on its way.")


@strawberry.type(description="The act does not fit to where the badge is on its way.")
class WrongBadgeState(Error):
    """Look at the state."""

    state: BadgeState = strawberry.field(description="Where the draft is on its way.")


@strawberry.type(description="The linter found what keeps the draft from being submitted.")
class DraftNotReady(Error):
    """Mend it, or give reasons."""

    findings: list[LintFinding] = strawberry.field(description="All that was found, also what does not block.")


@strawberry.input(description="A draft to be submitted for its review.")
class SubmitBadgeInput:
    """Which badge."""

    badge: ID = needed("The badge whose draft it is.")
    reasons: list[LintReasonInput] | None = maybe("Why warnings are left as they are; curators see it.")


@strawberry.input(description="An approved badge to be published.")
class PublishBadgeInput:
    """Which badge."""

    badge: ID = needed("The id of a badge of this city.")


@strawberry.input(description="A badge to be taken off the lists.")
class RetireBadgeInput:
    """Which badge."""

    badge: ID = needed("The id of a badge of this city.")
    replaced_by: ID | None = maybe("Its successor, a published badge of this city; may be named later, too.")


@value
class ProposeBadgeSuccess:
    """The badge was drafted; nobody else sees it yet."""

    draft: BadgeDraft = column(doc="The draft, with what the linter found.")


@value
class UpdateBadgeDraftSuccess:
    """The draft is as the input says; what is published stays as it is."""

    draft: BadgeDraft = column(doc="The draft, with what the linter found.")


@value
class CloneBadgeSuccess:
    """The badge was cloned into a draft of one's own, with attribution."""

    draft: BadgeDraft = column(doc="The draft, with what the linter found.")


@value
class SubmitBadgeSuccess:
    """The draft lies with its review."""

    draft: BadgeDraft = column(doc="The draft, with the day by which the review is promised.")


@value
class PublishBadgeSuccess:
    """The approved draft is a version in force; earners of older ones keep theirs."""

    badge: Badge = column(doc="The badge as everybody sees it now.")
    version: BadgeVersion = column(doc="The version that came into force.")


@value
class RetireBadgeSuccess:
    """The badge is off the lists; its words stay readable, and who has it keeps it."""

    badge: Badge | None = column(doc="The retired badge; null for one that was never published.")


ProposeBadgePayload: Any = payload("ProposeBadgePayload", ProposeBadgeSuccess, SlugTaken, Invalid)
UpdateBadgeDraftPayload: Any = payload(
    "UpdateBadgeDraftPayload", UpdateBadgeDraftSuccess, SlugTaken, Invalid, ManagedByFiles, WrongBadgeState
)
CloneBadgePayload: Any = payload("CloneBadgePayload", CloneBadgeSuccess, SlugTaken, Invalid)
SubmitBadgePayload: Any = payload(
    "SubmitBadgePayload", SubmitBadgeSuccess, DraftNotReady, ManagedByFiles, WrongBadgeState
)
PublishBadgePayload: Any = payload("PublishBadgePayload", PublishBadgeSuccess, NotApproved)
RetireBadgePayload: Any = payload("RetireBadgePayload", RetireBadgeSuccess, ManagedByFiles)


def _looks(kind: str, by: str) -> Before:
    """Say whether the asker may draft where the input means, by the id of that kind in its field `by`."""

    async def before(database: Database, request: Request, given: Given) -> Found:
        tenant = _meant_tenant(request, kind, given[by])
        return Found(given={"looks": await may_in(database, request, tenant, "badge.propose")})

    return before


async def _prepare(abroad: Lender, tenant: UUID, given: Given) -> Mapping[str, Any]:
    """Look for badges on offer that read much alike."""
    del abroad
    own = [] if "badge" not in given else [row_of("Badge", given["badge"], tenant)]
    return {"similar": await _similar(given, given.get("name"), given.get("description"), own)}


async def _similar(given: Given, name: str | None, description: str | None, own: Sequence[UUID]) -> Sequence[Similar]:
    """Look for what reads alike; for whom it is not, nothing is, since all badges of the country are looked at."""
    return await similar_badges(name=name, description=description, besides=own) if given["looks"] else ()


async def _said(database: Database, request: Request, given: Given) -> Found:
    """Read what the draft says that would be submitted; for whom that is not, nothing is read."""
    tenant = _meant_tenant(request, "Badge", given["badge"])
    if not await may_in(database, request, tenant, "badge.submit"):
        return Found()
    async with database.transaction(City(tenant, quiet=True)):
        said = await said_now(tenant, row_of("Badge", given["badge"], tenant))
    return Found(given={"said": said})


async def _prepare_submit(abroad: Lender, tenant: UUID, given: Given) -> Mapping[str, Any]:
    """Look once more for badges on offer that read much alike: some may have been published meanwhile."""
    del abroad
    said = given.get("said")
    if said is None:
        return {}
    own = row_of("Badge", given["badge"], tenant)
    return {"looked": Looked(**said, similar=await similar_badges(**said, besides=[own]))}


async def _prepare_clone(abroad: Lender, tenant: UUID, given: Given) -> Mapping[str, Any]:
    """Read what the origin's home shows of it."""
    del abroad
    origin = await read_origin(ref_of("Badge", given["badge"], tenant))
    if origin is None:
        return {"origin": None}
    ref, _, words = origin
    name = given.get("name") or words.name
    return {"origin": origin, "similar": await _similar(given, name, words.description, [ref.id])}


async def _propose(act: Act, given: Given) -> Outcome:
    words = BadgeWords(**{"slug": "", "criteria": (), **said_of(act, given)})
    done = await commands.propose_badge(act, words, given["similar"], _reasons(given))
    return _pointed(done, given) if isinstance(done, Refusal) else _draft(done.draft)


async def _update(act: Act, given: Given) -> Outcome:
    wrong = cleared(given, "name", "description", "layer", "creator", "issuer", "slug", "audience")
    if wrong:
        return wrong
    said = said_of(act, given)
    done = await commands.update_badge_draft(act, _meant(act, given), said, given["similar"], _reasons(given))
    return _pointed(done, given) if isinstance(done, Refusal) else _draft(done.draft)


async def _clone(act: Act, given: Given) -> Outcome:
    origin = given["origin"]
    if origin is None:
        return missing().under("badge")
    creator = row_of("Issuer", given["creator"], act.here.tenant_id)
    issuer = creator if given.get("issuer") is None else row_of("Issuer", given["issuer"], act.here.tenant_id)
    words = cloned(origin, act.here, creator, issuer, given.get("slug") or "", given.get("name"))
    done = await commands.propose_badge(act, words, given["similar"])
    return _pointed(done, given) if isinstance(done, Refusal) else _draft(done.draft)


async def _submit(act: Act, given: Given) -> Outcome:
    done = await commands.submit_badge(act, _meant(act, given), given.get("looked"), _reasons(given))
    if isinstance(done, commands.DraftNotReady):
        found = [{**each, "severity": FindingSeverity[each["severity"]]} for each in done.findings]
        return replace(done, findings=found)
    return done if isinstance(done, Refusal) else _draft(done.draft)


async def _publish(act: Act, given: Given) -> Outcome:
    done = await commands.publish_badge(act, _meant(act, given))
    if isinstance(done, Refusal):
        return done
    return {"badge": Row("Badge", done.badge), "version": Row("BadgeVersion", done.version)}


async def _retire(act: Act, given: Given) -> Outcome:
    successor = given.get("replaced_by")
    meant = None if successor is None else row_of("Badge", successor, act.here.tenant_id)
    done = await commands.retire(act, _meant(act, given), meant)
    if isinstance(done, Refusal):
        return done
    entry = await find_entry(tables.Badge, act.here, id=done.badge)
    return {"badge": Row("Badge", done.badge) if entry is not None and entry.public else None}


def _pointed(refusal: Refusal, given: Given) -> Refusal:
    return pointed(refusal, given, MOVED)


def _meant(act: Act, given: Given) -> UUID:
    return row_of("Badge", given["badge"], act.here.tenant_id)


def _meant_tenant(request: Request, kind: str, id: str) -> UUID:
    return request.tenant or ref_of(kind, id, NOWHERE).home_tenant_id


def _draft(id: UUID) -> Outcome:
    return {"draft": Row("BadgeDraft", id)}


def _reasons(given: Given) -> Sequence[Reason]:
    return [
        Reason(each["code"], each["reason"], tuple(each["path"]) if each.get("path") is not None else None)
        for each in given.get("reasons") or ()
        if each["reason"]
    ]


@mutation
class BadgeSchoolMutation:
    """What writers do."""

    propose_badge: ProposeBadgePayload = act(
        _propose,
        ProposeBadgeInput,
        by="creator",
        before=_looks("Issuer", "creator"),
        prepare=_prepare,
        doc="Draft a badge; the linter helps.",
    )
    update_badge_draft: UpdateBadgeDraftPayload = act(
        _update,
        UpdateBadgeDraftInput,
        by="badge",
        before=_looks("Badge", "badge"),
        prepare=_prepare,
        doc="Change a draft, or begin the next version of a published badge, which stays as it is meanwhile.",
    )
    clone_badge: CloneBadgePayload = act(
        _clone,
        CloneBadgeInput,
        by="creator",
        before=_looks("Issuer", "creator"),
        prepare=_prepare_clone,
        doc="Begin a draft of one's own with the words of a published badge, from anywhere, with attribution.",
    )
    submit_badge: SubmitBadgePayload = act(
        _submit,
        SubmitBadgeInput,
        by="badge",
        before=_said,
        prepare=_prepare_submit,
        doc="Submit a draft for its review, promised within two weeks.",
    )
    publish_badge: PublishBadgePayload = act(
        _publish, PublishBadgeInput, by="badge", doc="Publish an approved draft as the badge's next version."
    )
    retire_badge: RetireBadgePayload = act(
        _retire, RetireBadgeInput, by="badge", doc="Take a badge off the lists, for a successor where there is one."
    )


TYPES = (
    NotApproved,
    WrongBadgeState,
    DraftNotReady,
    LintReasonInput,
    CriterionInput,
    BadgeCostInput,
    BadgeTranslationInput,
    ProposeBadgeInput,
    UpdateBadgeDraftInput,
    CloneBadgeInput,
    SubmitBadgeInput,
    PublishBadgeInput,
    RetireBadgeInput,
    ProposeBadgeSuccess,
    UpdateBadgeDraftSuccess,
    CloneBadgeSuccess,
    SubmitBadgeSuccess,
    PublishBadgeSuccess,
    RetireBadgeSuccess,
    BadgeSchoolMutation,
)

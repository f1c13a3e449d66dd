"""Acts of writers: badges are drafted, cloned, submitted, published and retired."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from waypost.badges import tables
from waypost.badges.store import Drafted, read_badge, retire_badge, write_badge, write_draft
from waypost.badges.words import BadgeWords
from waypost.db import fetch, fetchval
from waypost.outbox import Act, Submission, command
from waypost.refusal import NotFound, Refusal, Refused, missing
from waypost.school.carrying import receive_own, withdraw
from waypost.school.cloning import spoken
from waypost.school.document import document, findings_document, still_said
from waypost.school.drafts import (
    Draft,
    draft_in_hand,
    give_up_draft,
    is_stranded,
    keep_draft,
    move_to_published,
    move_to_submitted,
    reviewer_of,
    send_elsewhere,
)
from waypost.school.events import (
    BadgeDraftChanged,
    BadgeDraftUpdated,
    BadgeProposed,
    BadgePublished,
    BadgeRetired,
    BadgeSubmitted,
)
from waypost.school.likeness import Looked
from waypost.school.lint import Finding, Reason, Similar, base, lint, reasoned, reasons_of
from waypost.school.rulebook import own_rule, rulebook
from waypost.school.rules import DRAFT, NotApproved, unpublished, unsubmittable, unwritable
from waypost.tenancy.changing import load, unchangeable, write_new
from waypost.tenancy.entries import Entry, Here, Written, find_entry, managed_by_files

OWN_SQL: Final = """
SELECT slug, severity, field, language, words::text AS words FROM lint_rule WHERE tenant_id = $1 AND state = 'open'
ORDER BY slug
"""
PARENT_SQL: Final = "SELECT parent_id FROM issuer WHERE tenant_id = $1 AND id = $2"
ORGANISATION_SQL: Final = "SELECT organisation_id FROM issuer WHERE tenant_id = $1 AND id = $2"
NUMBER_SQL: Final = "SELECT number FROM badge_version WHERE tenant_id = $1 AND id = $2"


@dataclass(frozen=True, kw_only=True)
class DraftNotReady(Refusal):
    """The linter found what keeps the draft from being submitted."""

    findings: Sequence[Mapping[str, Any]] = ()


@command(may="badge.propose")
async def propose_badge(
    act: Act, words: BadgeWords, similar: Sequence[Similar] = (), reasons: Sequence[Reason] = ()
) -> BadgeProposed | Refusal:
    """Draft a badge; without a slug it gets one made from its name. What it lacks yet is found, not refused."""
    wrong = (
        act.may("badge.propose", words.creator_id) or _urgency_problem(act, words) or await _signing_problem(act, words)
    )
    if wrong:
        return wrong
    drafted: list[Drafted] = []

    async def write(slug: str) -> Written | Refusal:
        done = await write_draft(act.here, replace(words, slug=slug), None, act.now)
        if isinstance(done, Refusal):
            return done
        drafted.append(done)
        return Written(done.id, created=True, changed=True)

    written = await write_new(words.slug, words.name, write)
    if isinstance(written, Refusal):
        return written
    slug = (await find_entry(tables.Badge, act.here, id=written.id) or _nowhere()).slug
    said = replace(words, slug=slug)
    findings = reasoned(await _checked(act, said, similar), reasons)
    await keep_draft(act.here, drafted[-1], said, findings, act.person, act.now)
    return await _proposed(act, drafted[-1], said)


@command(may="badge.propose")
async def update_badge_draft(
    act: Act,
    badge: UUID,
    changes: Mapping[str, Any],
    similar: Sequence[Similar] = (),
    reasons: Sequence[Reason] = (),
) -> BadgeDraftUpdated | Refusal:
    """Change the words of a badge's draft, or begin the draft of its next version; what is published stays as it is.

    `changes` are by the names of `BadgeWords`; `similar` is what reads like the changed name or description.
    """
    loaded = await load(tables.Badge, act.here, badge, _words_now)
    if isinstance(loaded, Refusal):
        return loaded
    at, before = loaded
    draft = await draft_in_hand(act.here, badge)
    words = replace(before, **changes, state=DRAFT)
    wrong = (
        act.may("badge.propose", before.creator_id)
        or act.may("badge.propose", words.creator_id)
        or unchangeable(at, act.here)
        or (draft and unwritable(draft.state))
        or _urgency_problem(act, words, before)
        or await _signing_problem(act, words, before)
    )
    if wrong:
        return wrong
    drafted = await write_draft(act.here, words, at, act.now)
    if isinstance(drafted, Refusal):
        return drafted
    known = draft.findings if draft else ()
    alike = tuple(each for each in known if each.badge and not set(each.path) & changes.keys())
    kept = reasons_of(still_said(known, before, words))
    findings = reasoned((*await _checked(act, words, similar), *alike), (*kept, *reasons))
    await keep_draft(act.here, drafted, words, findings, act.person, act.now)
    if draft is None:
        await _proposed(act, drafted, words)
    await act.tell(BadgeDraftChanged(drafted.version_id, badge))
    return await act.tell(BadgeDraftUpdated(badge, drafted.version_id, words.creator_id))


@command(may="badge.submit")
async def submit_badge(
    act: Act, badge: UUID, looked: Looked | None = None, reasons: Sequence[Reason] = ()
) -> BadgeSubmitted | Refusal:
    """Submit a draft for its review, by the tenant that the city names now.

    `looked` is what reads like it today; where its words changed since, what was found when they did is kept.

    Refused with DraftNotReady while the linter finds errors, or warnings without a reason, and with whatever the
    city's plugins object.
    """
    found = await _in_hand(act, badge)
    if isinstance(found, Refusal):
        return found
    at, draft = found
    wrong = act.may("badge.submit", draft.words.creator_id) or unchangeable(at, act.here)
    if wrong:
        return wrong
    if await is_stranded(draft):
        return await _submitted(act, draft, draft.round, await send_elsewhere(act.here, draft))
    wrong = unsubmittable(draft.state)
    if wrong:
        return wrong
    if looked is not None and looked.fits(draft.words):
        present = await _checked(act, draft.words, looked.similar)
    else:
        present = (*await _checked(act, draft.words, ()), *(each for each in draft.findings if each.badge))
    findings = reasoned(present, (*reasons_of(draft.findings), *reasons))
    blocking = [each for each in findings if each.blocks]
    if blocking:
        codes = ", ".join(dict.fromkeys(each.code for each in blocking))
        words = f"The draft is not ready: mend this, or say why warnings are left: {codes}."
        return DraftNotReady(message=words, findings=findings_document(findings))
    verdict = await act.ask(await _submission(act, draft))
    if verdict.refusal:
        return verdict.refusal
    reviewer = await move_to_submitted(act.here, draft, findings, act.person, act.now)
    return await _submitted(act, draft, draft.round + 1, reviewer, verdict.unasked)


async def _submitted(
    act: Act, draft: Draft, round: int, reviewer: UUID, unasked: tuple[str, ...] = ()
) -> BadgeSubmitted:
    before = draft.review_tenant_id
    submitted = await act.tell(BadgeSubmitted(draft.badge_id, draft.id, round, reviewer, before, unasked))
    await act.tell(BadgeDraftChanged(draft.id, draft.badge_id))
    if reviewer == act.here.tenant_id:
        await receive_own(act, draft.id)
    return submitted


@command(may="badge.publish")
async def publish_badge(act: Act, badge: UUID) -> BadgePublished | Refusal:
    """Bring an approved draft into force. Refused with NotApproved for everything else."""
    found = await _in_hand(act, badge)
    if isinstance(found, NotFound):
        return await _nothing_approved(act, badge)
    if isinstance(found, Refusal):
        return found
    at, draft = found
    wrong = _may_either(act, "badge.publish", draft.words) or unchangeable(at, act.here) or unpublished(draft.state)
    if wrong:
        return wrong
    await move_to_published(act.here, draft)
    # The city may speak other languages than when this was approved.
    words = replace(spoken(draft.words, draft.language, act.here), slug=at.slug, state="published")
    written = await write_badge(act.here, words, at, act.now, anew=True)
    if isinstance(written, Refusal):
        return written
    number = await fetchval(NUMBER_SQL, act.here.tenant_id, draft.id)
    await act.tell(BadgeDraftChanged(draft.id, badge))
    return await act.tell(BadgePublished(badge, draft.id, number))


@command(may="badge.retire")
async def retire(act: Act, badge: UUID, replaced_by: UUID | None = None) -> BadgeRetired | Refusal:
    """Take a badge off the lists; who has it keeps it. A successor may be named, also later."""
    loaded = await load(tables.Badge, act.here, badge, _words_in_force)
    if isinstance(loaded, Refusal):
        return loaded
    at, words = loaded
    wrong = _may_either(act, "badge.retire", words) or managed_by_files(at, act.here)
    if wrong:
        return wrong
    if replaced_by is not None:
        successor = await find_entry(tables.Badge, act.here, id=replaced_by)
        if successor is None or not successor.public or successor.id == badge:
            return missing().under("replacedBy")
    retired = BadgeRetired(badge, replaced_by)
    sent = await give_up_draft(act.here, badge)
    if sent is not None and sent.reviewer == act.here.tenant_id:
        await withdraw(act, sent.id, sent.reviewer, sent.round)
    return await act.tell(retired) if await retire_badge(act.here, badge, act.now, replaced_by) else retired


async def _submission(act: Act, draft: Draft) -> Submission:
    """Tell those who may object what would be submitted."""
    creator = draft.words.creator_id
    return Submission(
        here=act.here,
        now=act.now,
        badge=draft.badge_id,
        draft=draft.id,
        round=draft.round + 1,
        creator=creator,
        organisation=await fetchval(ORGANISATION_SQL, act.here.tenant_id, creator),
        reviewer=await reviewer_of(act.here),
        words=document(draft.words),
    )


async def _words_now(here: Here, badge: UUID) -> BadgeWords | None:
    """Read what is said of a badge: in its draft, else in the version in force."""
    draft = await draft_in_hand(here, badge)
    return await read_badge(here, badge) if draft is None else draft.words


async def _words_in_force(here: Here, badge: UUID) -> BadgeWords | None:
    """Read what everybody knows of a badge; only where nothing was published yet, what its draft says."""
    return await read_badge(here, badge) or await _words_now(here, badge)


def _may_either(act: Act, permission: str, words: BadgeWords) -> Refusal | None:
    """Whose badge it is decides, and so does the account that signs it."""
    return act.may(permission, words.creator_id) and act.may(permission, words.issuer_id)


async def _in_hand(act: Act, badge: UUID) -> tuple[Entry, Draft] | Refusal:
    at = await find_entry(tables.Badge, act.here, id=badge)
    draft = None if at is None else await draft_in_hand(act.here, badge)
    return missing() if at is None or draft is None else (at, draft)


async def _nothing_approved(act: Act, badge: UUID) -> Refusal:
    """Say that a badge has nothing to be published; nothing at all of one that the asker may not publish."""
    loaded = await load(tables.Badge, act.here, badge, _words_now)
    if isinstance(loaded, Refusal):
        return loaded
    at, words = loaded
    wrong = _may_either(act, "badge.publish", words) or unchangeable(at, act.here)
    return wrong or NotApproved(message=f'"{at.slug}" has no draft that is approved.', state=at.state)


async def _signing_problem(act: Act, words: BadgeWords, before: BadgeWords | None = None) -> Refusal | None:
    """Let who speaks for one issuer name that one as the account that signs, or the one above it."""
    if words.issuer_id == words.creator_id or act.issuer_id is None:
        return None
    if before is not None and (before.issuer_id, before.creator_id) == (words.issuer_id, words.creator_id):
        return None
    if await fetchval(PARENT_SQL, act.here.tenant_id, words.creator_id) == words.issuer_id:
        return None
    said = "The account that signs is the creator's own, or that of the issuer above it; a curator may name others."
    return Refused(code="FORBIDDEN", message=said, path=("issuer",))


def _urgency_problem(act: Act, words: BadgeWords, before: BadgeWords | None = None) -> Refusal | None:
    """Let the city's own team and curators alone say that it asks for a badge more than usual."""
    if words.urgent == (before is not None and before.urgent) or act.may("badge.review") is None:
        return None
    said = "Whether a badge is urgent is said by the city: its own team and its curators."
    return Refused(code="FORBIDDEN", message=said, path=("urgent",))


async def _checked(act: Act, words: BadgeWords, similar: Sequence[Similar]) -> tuple[Finding, ...]:
    """Check words by the rules of the city's standard and of the layer's, of its plugins, and by the city's own."""
    book = rulebook((act.here.standard, words.layer.partition("/")[0]))
    own = [
        own_rule(
            row["slug"],
            row["severity"],
            row["field"],
            base(row["language"] or act.here.language),
            json.loads(row["words"]),
        )
        for row in await fetch(OWN_SQL, act.here.tenant_id)
    ]
    return lint(words, act.here.language, replace(book, rules=(*book.rules, *act.rules, *own)), similar)


async def _proposed(act: Act, drafted: Drafted, words: BadgeWords) -> BadgeProposed:
    return await act.tell(BadgeProposed(drafted.id, drafted.version_id, words.creator_id))


def _nowhere() -> Entry:
    raise LookupError("a badge that was just written is gone")

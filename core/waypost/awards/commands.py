"""Acts upon single awards: giving, answering, taking back, replacing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from waypost.access.permissions import ROLES, issuer_scoped
from waypost.awards import events, store
from waypost.awards.rules import AwardWords, moved, reason_problem
from waypost.db import execute, fetchval
from waypost.learners.recipients import contradictions, find_recipients, is_recipient
from waypost.learners.rules import Who
from waypost.outbox import Act, Event, command
from waypost.outbox.act import OWN
from waypost.refusal import NotFound, Refusal, missing

# Whoever may answer for an organisation that was given a badge.
SPEAKS_SQL: Final = """
SELECT EXISTS (
    SELECT FROM recipient r
    JOIN membership m ON m.tenant_id = r.tenant_id AND m.issuer_id = r.issuer_id
    WHERE r.tenant_id = $1 AND m.tenant_id = $1 AND r.id = $2 AND m.person_id = $3 AND m.role = ANY($4::text[]))
"""
SPEAKERS: Final = [role for role, may in ROLES.items() if issuer_scoped(role) and "award.accept" in may]


@dataclass(frozen=True)
class BadgeAwarding(Event):
    """How often one recipient is given a badge was decided."""

    badge: UUID
    repeats: str


@command(may="award.create")
async def award_badge(
    act: Act, badge: UUID, to: Who | UUID, words: AwardWords, people: Mapping[str, UUID]
) -> events.AwardCreated | Refusal:
    """Give a badge to a recipient: somebody as the issuer names them, or one that is known by id.

    `people` are those behind the addresses of `to`, which are in their normal form.
    """
    found = await store.find_awardable(act.here, badge)
    if isinstance(found, Refusal):
        return found
    wrong = act.may("award.create", found.issuer_id)
    if wrong:
        return wrong
    if isinstance(to, UUID):
        if not await _is_known_to(act, to):
            return missing().under("recipient", "id")
        recipient = to
    else:
        none = await store.issuer_missing(act.here, {("recipient",): to})
        if none:
            return none
        [contradiction] = await contradictions(act.here, [to], people, found.issuer_id)
        if contradiction:
            return contradiction.under("recipient")
        [recipient] = await find_recipients(act.here, [to], people, found.issuer_id, act.now)
    return await store.write_award(act, badge, recipient, words)


async def _is_known_to(act: Act, recipient: UUID) -> bool:
    """Whether the asker may know a recipient: people of one issuer only whom it gave something."""
    sql = "SELECT EXISTS (SELECT FROM award WHERE tenant_id = $1 AND recipient_id = $2 AND issuer_id = $3)"
    if issuer_scoped(act.role) and not await fetchval(sql, act.here.tenant_id, recipient, act.issuer_id):
        return False
    return await is_recipient(act.here, recipient)


@command(may="award.revoke")
async def revoke_award(act: Act, award: UUID, reason: str) -> events.AwardRevoked | Refusal:
    """Take an award back for good, and say why."""
    found = await store.find_award(act.here, award)
    if found is None:
        return missing()
    state = act.may("award.revoke", found.issuer_id) or moved("revoke", found.state, found.expires_at, act.now)
    wrong = state if isinstance(state, Refusal) else reason_problem(reason)
    if wrong:
        return wrong
    await store.take_back(act.here, award, reason.strip(), act.now)
    return await act.tell(events.AwardRevoked(award, found.badge_id))


@command(may="award.revoke")
async def replace_award(act: Act, award: UUID, words: AwardWords) -> events.AwardReplaced | Refusal:
    """Give the same badge anew to the same recipient, in the wording that is in force, instead of an award.

    What was accepted stays accepted, and what was taken part in stays what it was.
    """
    await store.hold_recipient(act.here, "award", award)
    found = await store.find_award(act.here, award)
    if found is None:
        return missing()
    words = replace(words, opportunity=found.opportunity)
    state = act.may("award.revoke", found.issuer_id) or moved("replace", found.state, found.expires_at, act.now)
    if isinstance(state, Refusal):
        return state
    # First the old one goes, so that it does not stand in the way of the new one.
    await execute(store.REPLACED_SQL, act.here.tenant_id, award)
    accepted = found.state == "accepted"
    made = await store.write_award(act, found.badge_id, found.recipient_id, words, accepted=accepted)
    if isinstance(made, Refusal):
        return made
    await execute(store.SUCCESSOR_SQL, act.here.tenant_id, award, made.award)
    return await act.tell(events.AwardReplaced(award, found.badge_id, made.award))


@command(may=OWN)
async def accept_award(act: Act, award: UUID) -> events.AwardAccepted | Refusal:
    """Take what one was given; a guardian does it for a child under 13, an organisation's people for it."""
    badge = await _answered(act, award, "accept")
    return badge if isinstance(badge, Refusal) else await act.tell(events.AwardAccepted(award, badge))


@command(may=OWN)
async def decline_award(act: Act, award: UUID) -> events.AwardDeclined | Refusal:
    """Say that one does not want what one was given."""
    badge = await _answered(act, award, "decline")
    return badge if isinstance(badge, Refusal) else await act.tell(events.AwardDeclined(award, badge))


async def _answered(act: Act, award: UUID, how: str) -> UUID | Refusal:
    """Write down what the asker answers to an award of theirs; answers its badge."""
    found = await _own(act, award)
    if isinstance(found, NotFound):
        return found
    state = moved(how, found.state, found.expires_at, act.now)
    if isinstance(state, Refusal):
        return state
    await store.decide(act.here, award, state, act.now)
    return found.badge_id


async def _own(act: Act, award: UUID) -> store.Standing | NotFound:
    """Find an award that is the asker's to answer; anybody else's is not there."""
    found = await store.find_award(act.here, award)
    if found is None or act.person is None:
        return missing()
    if found.person_id == act.person:
        return found
    speaks = await fetchval(SPEAKS_SQL, act.here.tenant_id, found.recipient_id, act.person, SPEAKERS)
    return found if speaks else missing()


@command(may="award.policy")
async def set_award_policy(act: Act, badge: UUID, repeats: str) -> BadgeAwarding | Refusal:
    """Decide how often one recipient is given a badge; what was given already stays."""
    issuer = await fetchval("SELECT issuer_id FROM badge WHERE tenant_id = $1 AND id = $2", act.here.tenant_id, badge)
    if issuer is None:
        return missing()
    wrong = act.may("award.policy", issuer)
    if wrong:
        return wrong
    await store.set_policy(act.here, badge, repeats)
    return await act.tell(BadgeAwarding(badge, repeats))

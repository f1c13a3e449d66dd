"""Acts upon claim codes: made and cancelled by issuers, used by learners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from waypost.awards.claim_rules import Terms, code_of, digest_of, not_a_code, terms_problem, usable
from waypost.awards.events import AwardAccepted
from waypost.awards.rules import AwardWords
from waypost.awards.store import (
    Origin,
    decide,
    find_awardable,
    hold_recipient,
    opportunity_problem,
    write_award,
)
from waypost.db import execute, fetch, fetchrow, fetchval, new_id, one_at_a_time
from waypost.learners.recipients import find_recipients, lock_recipients, recipient_of
from waypost.learners.rules import Who, is_guarded
from waypost.outbox import OWN, Act, Event, command
from waypost.refusal import Invalid, Refusal, missing
from waypost.tenancy.entries import Ref
from waypost.tenancy.texts import said_problem

MAKE_SQL: Final = """
INSERT INTO claim_code (tenant_id, id, badge_id, issuer_id, recipient_id, earned_in_tenant_id, opportunity_id, label,
                        opens_at, closes_at, most, created_by, created_at)
SELECT $1, id, $2, $3, recipient_id, $4, $5, $6, $7, $8, $9, $10, $11
FROM unnest($12::uuid[], $13::uuid[]) AS made (id, recipient_id)
"""
ADDRESSES_SQL: Final = """
INSERT INTO claim_address (digest, tenant_id, code_id)
SELECT digest, $1, id FROM unnest($2::text[], $3::uuid[]) AS made (digest, id)
"""
# Whoever uses a code waits here for the one before, so that the last claim is had by one.
LOAD_SQL: Final = """
SELECT badge_id, issuer_id, recipient_id, earned_in_tenant_id, opportunity_id, label, opens_at, closes_at, most,
       claimed, cancelled_at
FROM claim_code WHERE tenant_id = $1 AND id = $2 FOR UPDATE
"""
CANCEL_SQL: Final = """
UPDATE claim_code SET cancelled_at = $3, cancelled_by = $4 WHERE tenant_id = $1 AND id = $2 AND cancelled_at IS NULL
"""
USED_SQL: Final = "UPDATE claim_code SET claimed = claimed + 1 WHERE tenant_id = $1 AND id = $2"
# What was claimed by a code and taken back is not had again by that code.
BEFORE_SQL: Final = """
SELECT a.id, a.state FROM award a JOIN recipient r ON r.tenant_id = $1 AND r.id = a.recipient_id
WHERE a.tenant_id = $1 AND a.origin = 'claim' AND a.origin_id = $2 AND a.state IN ('accepted', 'revoked')
  AND (r.person_id = $3 OR r.guardian_id = $3) ORDER BY a.state LIMIT 1
"""
# Who has used a code that was for them alone has accepted what waited for them, or got the badge.
ACCEPTED_SQL: Final = """
SELECT a.id FROM award a JOIN recipient r ON r.tenant_id = $1 AND r.id = a.recipient_id
WHERE a.tenant_id = $1 AND a.recipient_id = $2 AND a.badge_id = $3 AND a.state = 'accepted'
  AND (r.person_id = $4 OR r.guardian_id = $4) ORDER BY a.decided_at DESC LIMIT 1
"""
OFFERED_SQL: Final = """
SELECT id FROM award WHERE tenant_id = $1 AND recipient_id = $2 AND badge_id = $3 AND state = 'offered'
  AND (expires_at IS NULL OR expires_at > $4) ORDER BY awarded_at DESC LIMIT 1 FOR UPDATE
"""
WAITING_FOR_SQL: Final = """
SELECT a.id, a.recipient_id FROM award a JOIN recipient r ON r.tenant_id = $1 AND r.id = a.recipient_id
WHERE a.tenant_id = $1 AND a.id = ANY($2::uuid[]) AND a.badge_id = $3 AND a.state = 'offered'
  AND r.kind = 'person' AND r.person_id IS NULL AND r.guardian_id IS NULL
"""
RECIPIENT_SQL: Final = """
SELECT display_name, person_id, guardian_id, birth_year FROM recipient WHERE tenant_id = $1 AND id = $2
"""
BECOME_SQL: Final = "UPDATE recipient SET person_id = $3 WHERE tenant_id = $1 AND id = $2"
GUARD_SQL: Final = "UPDATE recipient SET guardian_id = $3 WHERE tenant_id = $1 AND id = $2"
# What they were given when nobody could be told of it.
WAITING_SQL: Final = "UPDATE award SET person_id = $3 WHERE tenant_id = $1 AND recipient_id = $2 AND person_id IS NULL"


@dataclass(frozen=True)
class ClaimCodeCreated(Event):
    """Codes for a badge were made: this one, and those of the rest of a class."""

    about = "ClaimCode"

    code: UUID
    badge: UUID
    issuer: UUID
    number: int


@dataclass(frozen=True)
class ClaimCodeCancelled(Event):
    """Nobody can use a code any more."""

    about = "ClaimCode"

    code: UUID
    badge: UUID
    issuer: UUID


@dataclass(frozen=True)
class Waiting:
    """Awards whose recipients nobody could write to."""

    awards: tuple[UUID, ...]

    def __len__(self) -> int:
        return len(self.awards)


@command(may="claim.create")
async def create_codes(
    act: Act, badge: UUID, terms: Terms, recipients: Sequence[Who] | Waiting | None, secret_key: str
) -> tuple[UUID, ...] | Refusal:
    """Make a code for everybody, or one for each recipient of a class; answers their ids, in order.

    The recipients need no address: each is given the code on paper. Or they are those of awards that wait for
    somebody to accept them. Refused for a badge that cannot be given.
    """
    found = await find_awardable(act.here, badge)
    if isinstance(found, Refusal):
        return found
    wrong = (
        act.may("claim.create", found.issuer_id)
        or terms_problem(terms, act.now, None if recipients is None else len(recipients), _field(recipients))
        or said_problem(names={"label": terms.label})
        or await opportunity_problem(act.here, terms.opportunity)
    )
    if wrong:
        return wrong
    to = await _meant(act, badge, found.issuer_id, recipients)
    if isinstance(to, Refusal):
        return to
    ids = [new_id() for _ in to]
    most = terms.most if recipients is None else 1
    there = terms.opportunity
    earned = (None, None) if there is None else (there.home_tenant_id, there.id)
    facts = (badge, found.issuer_id, *earned, terms.label, terms.opens_at, terms.closes_at, most)
    await execute(MAKE_SQL, act.here.tenant_id, *facts, act.person, act.now, ids, list(to))
    digests = [digest_of(secret_key, code_of(secret_key, id)) for id in ids]
    await execute(ADDRESSES_SQL, act.here.tenant_id, digests, ids)
    await act.tell(ClaimCodeCreated(ids[0], badge, found.issuer_id, len(ids)))
    return tuple(ids)


@command(may="claim.cancel")
async def cancel_code(act: Act, code: UUID) -> UUID | Refusal:
    """Let nobody use a code any more; nothing happens to one that was cancelled. What was claimed stays."""
    row = await fetchrow(LOAD_SQL, act.here.tenant_id, code)
    if row is None or act.issuer_id not in {None, row["issuer_id"]}:
        return missing()
    wrong = act.may("claim.cancel", row["issuer_id"])
    if wrong:
        return wrong
    if (await execute(CANCEL_SQL, act.here.tenant_id, code, act.now, act.person)).endswith(" 1"):
        await act.tell(ClaimCodeCancelled(code, row["badge_id"], row["issuer_id"]))
    return code


@command(may=OWN)
async def claim_badge(act: Act, code: UUID, name: str | None) -> UUID | Refusal:
    """Give the badge of a code to who acts, who has accepted it with that; answers the award.

    Who has used the code before gets the same award again; where it was taken back, nothing. Refused with
    CODE_INVALID, CODE_NOT_YET, and as `write_award` is.
    """
    here = act.here.tenant_id
    # Several codes may make several recipients one person, which none of them sees of the other yet.
    await one_at_a_time("claimant", here, act.person)
    await hold_recipient(act.here, "claim_code", code)
    row = await fetchrow(LOAD_SQL, here, code)
    if row is None:
        return not_a_code()
    claimed = await fetchrow(BEFORE_SQL, here, code, act.person)
    if claimed is not None and claimed["state"] == "revoked":
        return not_a_code()
    before: UUID | None = None if claimed is None else claimed["id"]
    if before is None and row["recipient_id"] is not None and row["claimed"]:
        before = await fetchval(ACCEPTED_SQL, here, row["recipient_id"], row["badge_id"], act.person)
    if before is not None:
        return before
    terms = Terms(row["opens_at"], row["closes_at"], row["most"])
    wrong = usable(terms, row["claimed"], row["cancelled_at"], act.now)
    if wrong:
        return wrong
    recipient = await _recipient(act, row["recipient_id"], name, row["issuer_id"])
    if isinstance(recipient, Refusal):
        return recipient
    award = await _accepted(act, row["badge_id"], row["recipient_id"])
    if award is None:
        words = AwardWords(opportunity=_opportunity(row["earned_in_tenant_id"], row["opportunity_id"]))
        given = await write_award(act, row["badge_id"], recipient, words, origin=Origin("claim", code), accepted=True)
        if isinstance(given, Refusal):
            return given
        award = given.award
    await execute(USED_SQL, here, code)
    return award


async def _accepted(act: Act, badge: UUID, recipient: UUID | None) -> UUID | None:
    """Accept an award of the badge that waits for the one whom a code is for, if there is one."""
    if recipient is None:
        return None
    here, now = act.here.tenant_id, act.now
    award: UUID | None = await fetchval(OFFERED_SQL, here, recipient, badge, now)
    if award is not None:
        await decide(act.here, award, "accepted", now)
        await act.tell(AwardAccepted(award, badge))
    return award


async def _meant(
    act: Act, badge: UUID, issuer: UUID, recipients: Sequence[Who] | Waiting | None
) -> Sequence[UUID | None] | Refusal:
    """Find, or make, and lock those for whom codes are, in order; None for a code that anybody may use."""
    if recipients is None:
        return [None]
    if isinstance(recipients, Waiting):
        to: list[UUID] | Refusal = await _waiting(act, badge, recipients)
    else:
        to = await find_recipients(act.here, recipients, {}, issuer, act.now)
    if isinstance(to, Refusal):
        return to
    there = await lock_recipients(act.here, to)
    gone = next((index for index, id in enumerate(to) if id not in there), None)
    # Who is just being forgotten is somebody new when they are named again.
    return to if gone is None else missing().under(_field(recipients), str(gone))


async def _waiting(act: Act, badge: UUID, waiting: Waiting) -> list[UUID] | Refusal:
    """Find the recipients of awards of a badge that wait, in order; each must have nobody behind it yet."""
    rows = await fetch(WAITING_FOR_SQL, act.here.tenant_id, list(waiting.awards), badge)
    known = {row["id"]: row["recipient_id"] for row in rows}
    for index, award in enumerate(waiting.awards):
        if award not in known:
            return missing().under("awards", str(index))
    return [known[award] for award in waiting.awards]


def _field(recipients: Sequence[Who] | Waiting | None) -> str:
    return "awards" if isinstance(recipients, Waiting) else "recipients"


async def _recipient(act: Act, meant: UUID | None, name: str | None, issuer: UUID) -> UUID | Refusal:
    """Find the recipient that who acts is here, or becomes: the one that the code is for, if it is for one."""
    if act.person is None:
        return not_a_code()
    if meant is not None:
        return await _become(act, meant, act.person)
    if not name:
        return Invalid(message="Say how you are called, so that the issuer knows whose badge it is.", path=("name",))
    wrong = said_problem(names={"name": name})
    return wrong or await recipient_of(act.here, act.person, name, issuer, act.now)


async def _become(act: Act, recipient: UUID, person: UUID) -> UUID | Refusal:
    """Tie a recipient without an account to who acts: themselves, or the guardian of a child under 13.

    What was given to them before is theirs to accept from now on. A recipient of somebody else stays theirs.
    """
    here = act.here.tenant_id
    await lock_recipients(act.here, [recipient])
    row = await fetchrow(RECIPIENT_SQL, here, recipient)
    if row is None or not row["display_name"]:
        return not_a_code()  # forgotten, since nobody came for so long
    guarded = is_guarded(row["birth_year"], act.today.year)
    column, sql = ("guardian_id", GUARD_SQL) if guarded else ("person_id", BECOME_SQL)
    if row["guardian_id" if row["guardian_id"] else "person_id"] not in {None, person}:
        return not_a_code()
    if row[column] is None:
        await execute(sql, here, recipient, person)
        await execute(WAITING_SQL, here, recipient, person)
    return recipient


def _opportunity(tenant: UUID | None, id: UUID | None) -> Ref | None:
    return None if tenant is None or id is None else Ref(id, tenant)

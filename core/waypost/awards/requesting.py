"""Acts upon requests: somebody asks for a badge and shows what they did, the issuer decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from asyncpg import Record

from waypost.awards.rules import MOST_EVIDENCE, AwardWords, again
from waypost.awards.store import Origin, find_awardable, held_by, hold_recipient, write_award
from waypost.db import execute, fetch, fetchrow, fetchval, new_id
from waypost.learners.recipients import lock_recipients, recipient_of
from waypost.outbox import OWN, Act, Event, command
from waypost.refusal import Invalid, Refusal, Refused, missing
from waypost.tenancy.texts import numbered, said_problem

LONGEST_STATEMENT: Final = 5_000
MOST_OPEN: Final = 50  # of one person in one city
WAITING: Final = frozenset({"open", "more-wanted"})
# By decision: from which states, to which.
DECISIONS: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "approve": (WAITING, "approved"),
    "refuse": (WAITING, "refused"),
    "ask": (WAITING, "more-wanted"),
}

OPEN_SQL: Final = """
SELECT id FROM badge_request WHERE tenant_id = $1 AND badge_id = $2 AND person_id = $3
  AND state IN ('open', 'more-wanted') FOR UPDATE
"""
COUNT_SQL: Final = """
SELECT count(*) FROM badge_request WHERE tenant_id = $1 AND person_id = $2 AND state IN ('open', 'more-wanted')
"""
# A second at the same time does nothing, and finds the first.
MAKE_SQL: Final = """
INSERT INTO badge_request (tenant_id, id, badge_id, issuer_id, recipient_id, person_id, statement, state, requested_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8) ON CONFLICT DO NOTHING
"""
AGAIN_SQL: Final = """
UPDATE badge_request SET statement = $3, state = 'open', requested_at = $4 WHERE tenant_id = $1 AND id = $2
"""
FORGET_SQL: Final = "DELETE FROM badge_request_evidence WHERE tenant_id = $1 AND request_id = $2"
EVIDENCE_SQL: Final = """
INSERT INTO badge_request_evidence (tenant_id, request_id, position, url)
SELECT $1, $2, position, url FROM unnest($3::text[]) WITH ORDINALITY AS made (url, position)
"""
LOAD_SQL: Final = """
SELECT badge_id, issuer_id, recipient_id, person_id, state FROM badge_request
WHERE tenant_id = $1 AND id = $2 FOR UPDATE
"""
SHOWN_SQL: Final = """
SELECT url FROM badge_request_evidence WHERE tenant_id = $1 AND request_id = $2 ORDER BY position
"""
DECIDE_SQL: Final = """
UPDATE badge_request SET state = $3, reason = $4, award_id = $5, decided_by = $6, decided_at = $7
WHERE tenant_id = $1 AND id = $2
"""
WITHDRAW_SQL: Final = "UPDATE badge_request SET state = 'withdrawn' WHERE tenant_id = $1 AND id = $2"


@dataclass(frozen=True)
class BadgeRequestMade(Event):
    """Somebody asks for a badge, or has shown more."""

    about = "BadgeRequest"

    request: UUID
    badge: UUID
    issuer: UUID


@dataclass(frozen=True)
class BadgeRequestDecided(Event):
    """The issuer has answered: approved, refused or more-wanted."""

    about = "BadgeRequest"

    request: UUID
    badge: UUID
    issuer: UUID
    state: str


@dataclass(frozen=True)
class BadgeRequestWithdrawn(Event):
    """Who asked does not want it any more."""

    about = "BadgeRequest"

    request: UUID
    badge: UUID
    issuer: UUID


@dataclass(frozen=True)
class Shown:
    """What somebody says and shows of what they did."""

    statement: str | None = None
    evidence: Sequence[str] = ()


def shown_problem(shown: Shown) -> Invalid | None:
    """Refuse to ask with nothing to show, with too much of it, or with what is no web address."""
    if not shown.statement and not shown.evidence:
        return Invalid(message="Say what you did, or give an address where it can be seen.", path=("statement",))
    if len(shown.statement or "") > LONGEST_STATEMENT:
        return Invalid(message=f"At most {LONGEST_STATEMENT:,} characters fit here.", path=("statement",))
    if len(shown.evidence) > MOST_EVIDENCE:
        return Invalid(message=f"At most {MOST_EVIDENCE} addresses of evidence.", path=("evidence",))
    return said_problem(names={}, texts={"statement": shown.statement}, urls=numbered("evidence", shown.evidence))


def decided(decision: str, state: str) -> str | Refused:
    """Return the state that a request gets by a decision; refused with WRONG_STATE."""
    sources, target = DECISIONS[decision]
    if state in sources:
        return target
    return Refused(code="WRONG_STATE", message=f"The request is {state}; it is not decided again.", path=("request",))


@command(may=OWN)
async def request_badge(act: Act, badge: UUID, shown: Shown, name: str | None) -> UUID | Refusal:
    """Ask for a published badge; asked again before it is decided, what was said before is replaced.

    Refused for who has the badge already, where it is not given again.
    """
    found = await find_awardable(act.here, badge)
    if isinstance(found, Refusal):
        return found
    wrong = shown_problem(shown)
    if wrong:
        return wrong
    if not name:
        return Invalid(message="Say how you are called, so that the issuer knows who asks.", path=("name",))
    wrong = said_problem(names={"name": name})
    if wrong:
        return wrong
    recipient = await recipient_of(act.here, _person(act), name, found.issuer_id, act.now)
    if recipient not in await lock_recipients(act.here, [recipient]):
        return missing().under("badge")  # for who is just being forgotten
    held = (await held_by(act.here, badge, [recipient])).get(recipient, [])
    twice = again(found.repeats, held, found.version_id, act.now)
    if twice:
        return twice.under("badge")
    id = await _asked(act, badge, found.issuer_id, recipient, shown)
    if isinstance(id, Refusal):
        return id
    await execute(FORGET_SQL, act.here.tenant_id, id)
    await execute(EVIDENCE_SQL, act.here.tenant_id, id, list(shown.evidence))
    await act.tell(BadgeRequestMade(id, badge, found.issuer_id))
    return id


@command(may=OWN)
async def withdraw_request(act: Act, request: UUID) -> UUID | Refusal:
    """Ask no more. Refused for what is decided, and for what somebody else asked."""
    row = await fetchrow(LOAD_SQL, act.here.tenant_id, request)
    if row is None or row["person_id"] != act.person:
        return missing()
    if row["state"] not in WAITING:
        return Refused(code="WRONG_STATE", message=f"The request is {row['state']} already.", path=("request",))
    await execute(WITHDRAW_SQL, act.here.tenant_id, request)
    await act.tell(BadgeRequestWithdrawn(request, row["badge_id"], row["issuer_id"]))
    return request


@command(may="request.decide")
async def decide_request(
    act: Act, request: UUID, decision: str, reason: str | None = None, narrative: str | None = None
) -> UUID | Refusal:
    """Approve (which awards the badge, with what was shown), refuse with a reason, or ask for more.

    Nobody decides what they asked for themselves.
    """
    await hold_recipient(act.here, "badge_request", request)
    row = await fetchrow(LOAD_SQL, act.here.tenant_id, request)
    if row is None or act.issuer_id not in {None, row["issuer_id"]}:
        return missing()
    wrong = act.may("request.decide", row["issuer_id"]) or _decision_problem(act, row, decision, reason)
    if wrong:
        return wrong
    state = decided(decision, row["state"])
    if isinstance(state, Refused):
        return state
    award: UUID | None = None
    if state == "approved":
        made = await _award(act, request, row, narrative)
        if isinstance(made, Refusal):
            return made
        award = made
    why = None if state == "approved" else reason
    await execute(DECIDE_SQL, act.here.tenant_id, request, state, why, award, act.person, act.now)
    await act.tell(BadgeRequestDecided(request, row["badge_id"], row["issuer_id"], state))
    return request


async def _asked(act: Act, badge: UUID, issuer: UUID, recipient: UUID, shown: Shown) -> UUID | Refusal:
    """Make a request, or ask again with the one that waits."""
    here, person = act.here.tenant_id, _person(act)
    known: UUID | None = await fetchval(OPEN_SQL, here, badge, person)
    if known is None:
        if await fetchval(COUNT_SQL, here, person) >= MOST_OPEN:
            return Invalid(message=f"At most {MOST_OPEN} requests wait at a time.", path=("badge",))
        id = new_id()
        made = await execute(MAKE_SQL, here, id, badge, issuer, recipient, person, shown.statement, act.now)
        if made.endswith(" 1"):
            return id
        known = await fetchval(OPEN_SQL, here, badge, person)
        if known is None:
            words = "The request was decided just now; read it again."
            return Refused(code="WRONG_STATE", message=words, path=("badge",))
    await execute(AGAIN_SQL, here, known, shown.statement, act.now)
    return known


def _decision_problem(act: Act, row: Record, decision: str, reason: str | None) -> Refusal | None:
    if row["person_id"] == act.person:
        return Refused(code="FORBIDDEN", message="Somebody else decides what you asked for yourself.")
    if decision != "approve" and not reason:
        return Invalid(message="Say why, or what more is wanted; they read it.", path=("reason",))
    return said_problem(names={}, texts={"reason": reason})


async def _award(act: Act, request: UUID, row: Record, narrative: str | None) -> UUID | Refusal:
    shown = await fetch(SHOWN_SQL, act.here.tenant_id, request)
    words = AwardWords(narrative=narrative, evidence=tuple(each["url"] for each in shown))
    origin = Origin("request", request, by=act.person)
    made = await write_award(act, row["badge_id"], row["recipient_id"], words, origin=origin, accepted=True)
    return made if isinstance(made, Refusal) else made.award


def _person(act: Act) -> UUID:
    if act.person is None:
        raise LookupError("nobody has signed in, and OWN asks for somebody")
    return act.person

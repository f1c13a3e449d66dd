"""Acts of curators, and what writers answer them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record

from waypost.db import execute, fetch, fetchrow, fetchval, new_id
from waypost.outbox import Act, command
from waypost.refusal import Invalid, Refusal, missing
from waypost.school.carrying import Comment, Decision, apply_decision, hold_badge, keep_comment, keep_decision
from waypost.school.document import as_json
from waypost.school.drafts import draft_by_id, is_member
from waypost.school.events import ReviewCommented, ReviewDecided, ReviewTaken
from waypost.school.rulebook import rulebook
from waypost.school.rules import (
    APPROVED,
    CHANGES_REQUESTED,
    GONE,
    LEASE,
    LEAST_REASON,
    WITHDRAWN,
    AlreadyDecided,
    OwnBadge,
    Submission,
    unreviewable,
)

MOST_COMMENTS: Final = 500

# The row stays locked: of two curators at once, one waits, and finds the submission decided.
REVIEW_SQL: Final = """
SELECT home_tenant_id, badge_id, state, round, reviewer_id, leased_until,
       jsonb_array_length(words -> 'criteria') AS criteria, words ->> 'creatorId' AS creator,
       words ->> 'issuerId' AS issuer
FROM review WHERE tenant_id = $1 AND id = $2 FOR UPDATE
"""
MEMBERS_SQL: Final = "SELECT person_id FROM review_member WHERE tenant_id = $1 AND review_id = $2"
TAKE_SQL: Final = "UPDATE review SET reviewer_id = $3, leased_until = $4 WHERE tenant_id = $1 AND id = $2"
DECIDE_SQL: Final = """
UPDATE review SET state = $3, reviewer_id = $4, leased_until = NULL, decided_at = $5, due_at = NULL
WHERE tenant_id = $1 AND id = $2
"""
COUNT_SQL: Final = "SELECT count(*) FROM review_comment WHERE tenant_id = $1 AND review_id = $2"


@dataclass(frozen=True)
class Standing:
    """A submission as it stands before the curators."""

    home: UUID
    round: int
    criteria: int
    submission: Submission


@dataclass(frozen=True)
class Answer:
    """A curator's answer to a question of the checklist."""

    code: str
    answer: bool
    note: str | None = None


@command(may="badge.review")
async def take_review(act: Act, review: UUID, *, release: bool = False) -> ReviewTaken | Refusal:
    """Take a submission for 48 hours, or keep it as long again; `release` gives it back."""
    found = await _standing(act, review)
    if isinstance(found, Refusal):
        return found
    until: datetime | None = None if release else act.now + LEASE
    await execute(TAKE_SQL, act.here.tenant_id, review, None if release else act.person, until)
    return await act.tell(ReviewTaken(review))


@command(may="badge.review")
async def review_badge(
    act: Act, review: UUID, outcome: str, reason: str | None, checklist: Sequence[Answer] = ()
) -> ReviewDecided | Refusal:
    """Approve a submission, or ask for changes with a reason. The first decision of a round is the only one."""
    await hold_badge(act.here, review)
    found = await _standing(act, review)
    if isinstance(found, Refusal):
        return found
    wrong = _decision_problem(outcome, reason) or _checklist_problem(checklist)
    if wrong:
        return wrong
    answers = as_json([{"code": each.code, "answer": each.answer, "note": each.note} for each in checklist])
    facts = (new_id(), review, found.round, outcome, reason or None, answers, asker(act), act.now)
    decision = Decision(*facts)
    if not await keep_decision(act.here.tenant_id, decision):
        return AlreadyDecided(message="This round was decided before.")
    await execute(DECIDE_SQL, act.here.tenant_id, review, outcome, act.person, act.now)
    decided = await act.tell(ReviewDecided(review, decision.id, found.home, outcome))
    if found.home == act.here.tenant_id:
        await apply_decision(act, decision, by=found.home)
    return decided


@command(may="badge.review")
async def comment_as_curator(act: Act, review: UUID, text: str, criterion: int | None) -> ReviewCommented | Refusal:
    """Say something about a submission, to its writers and the other curators."""
    row = await fetchrow(REVIEW_SQL, act.here.tenant_id, review)
    if row is None:
        return missing().under("about")
    if await _belongs(act, review, row):
        words = "Who belongs to the badge's issuer, wrote or submitted it, comments as its writer, on the draft."
        return OwnBadge(message=words)
    if row["state"] == WITHDRAWN:
        return AlreadyDecided(message=f"Nobody would read it: the badge {GONE}.")
    said = await _comment(act, review, text, criterion, round=row["round"], most=row["criteria"], by_curator=True)
    if isinstance(said, Refusal):
        return said
    await keep_comment(act, said, told_to=row["home_tenant_id"])
    return ReviewCommented(review, said.id, row["home_tenant_id"])


@command(may="badge.propose")
async def comment_as_writer(act: Act, draft: UUID, text: str, criterion: int | None) -> ReviewCommented | Refusal:
    """Say something about a draft, to its other writers, and to its curators once it was submitted."""
    found = await draft_by_id(act.here, draft)
    if found is None:
        return missing().under("about")
    wrong = act.may("badge.propose", found.words.creator_id)
    if wrong:
        return wrong
    most = len(found.words.criteria)
    said = await _comment(act, draft, text, criterion, round=found.round, most=most, by_curator=False)
    if isinstance(said, Refusal):
        return said
    to = found.review_tenant_id or act.here.tenant_id
    await keep_comment(act, said, told_to=to)
    return ReviewCommented(draft, said.id, to)


def asker(act: Act) -> UUID:
    """Who acts: a permission is somebody's. Raises ValueError for an act of nobody."""
    if act.person is None:
        raise ValueError("a review is somebody's act")
    return act.person


async def _comment(
    act: Act, review: UUID, text: str, criterion: int | None, *, round: int, most: int, by_curator: bool
) -> Comment | Invalid:
    if not text.strip():
        return Invalid(message="A comment says something.", path=("text",))
    if criterion is not None and not 1 <= criterion <= most:
        return Invalid(message=f"There are {most} criteria, counted from 1.", path=("criterion",))
    if await fetchval(COUNT_SQL, act.here.tenant_id, review) >= MOST_COMMENTS:
        return Invalid(message=f"There are {MOST_COMMENTS} comments already; talk to each other.", path=("text",))
    return Comment(new_id(), review, round, criterion, text, by_curator, asker(act), act.now)


async def _standing(act: Act, review: UUID) -> Standing | Refusal:
    """Read and lock a submission that the curator may take or decide now."""
    row = await fetchrow(REVIEW_SQL, act.here.tenant_id, review)
    if row is None:
        return missing()
    curator = asker(act)
    members = {curator} if await _belongs(act, review, row) else set()
    submission = Submission(row["state"], row["reviewer_id"], row["leased_until"], members)
    wrong = unreviewable(submission, curator, act.now)
    return wrong or Standing(row["home_tenant_id"], row["round"], row["criteria"], submission)


async def _belongs(act: Act, review: UUID, row: Record) -> bool:
    """Whether it is the asker's own badge.

    They belong to its issuer or creator, when it was submitted, or, at home, now; or they wrote or submitted it.
    """
    members = {each["person_id"] for each in await fetch(MEMBERS_SQL, act.here.tenant_id, review)}
    if act.person in members:
        return True
    if row["home_tenant_id"] != act.here.tenant_id:
        return False
    return await is_member(act.here, act.person, [UUID(row["creator"]), UUID(row["issuer"])])


def _decision_problem(outcome: str, reason: str | None) -> Invalid | None:
    if outcome not in {APPROVED, CHANGES_REQUESTED}:
        return Invalid(message="A submission is approved, or changes are requested.", path=("decision",))
    if outcome == CHANGES_REQUESTED and len((reason or "").strip()) < LEAST_REASON:
        return Invalid(message="Say what should change, so that the writers can.", path=("reason",))
    return None


def _checklist_problem(checklist: Sequence[Answer]) -> Invalid | None:
    known = {each.code for each in rulebook(()).checklist}
    for index, each in enumerate(checklist):
        if each.code not in known:
            words = f'The checklist has no question "{each.code}"; there are {", ".join(sorted(known))}.'
            return Invalid(message=words, path=("checklist", str(index), "code"))
    if len({each.code for each in checklist}) < len(checklist):
        return Invalid(message="Each question is answered once.", path=("checklist",))
    return None

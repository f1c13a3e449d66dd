"""Submissions, decisions and comments on their way between a badge's home and where it is reviewed.

Two tenants are never in one transaction. What one writes is told as an event; a handler reads it there, and writes it
here. Where both are one tenant the same functions run in the act's own transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.badges import tables
from waypost.db import execute, fetch, fetchrow, fetchval
from waypost.outbox import Act
from waypost.school.document import as_json
from waypost.school.drafts import draft_by_id, is_member, move_by_decision, send_again
from waypost.school.events import (
    BadgeApproved,
    BadgeChangesRequested,
    BadgeDraftChanged,
    BadgeSubmitted,
    ReviewCommented,
    ReviewReceived,
    ReviewWithdrawn,
)
from waypost.school.rules import APPROVED, CHANGES_REQUESTED, SUBMITTED, WITHDRAWN
from waypost.tenancy.entries import Here, find_entry

READ_SQL: Final = """
SELECT d.id, d.badge_id, d.review_tenant_id, d.name, d.language, d.words::text AS words, d.findings::text AS findings,
       d.round, d.submitted_at, d.due_at, d.creator_id, d.issuer_id, d.state,
       (SELECT i.name FROM issuer i WHERE i.tenant_id = d.tenant_id AND i.id = d.creator_id) AS creator_name,
       (SELECT i.name FROM issuer i WHERE i.tenant_id = d.tenant_id AND i.id = d.issuer_id) AS issuer_name
FROM badge_draft d WHERE d.tenant_id = $1 AND d.id = $2 AND NOT d.given_up
"""
# Whose badge it is, and who wrote or submitted it.
MEMBERS_SQL: Final = """
SELECT person_id FROM membership WHERE tenant_id = $1 AND issuer_id = ANY($2::uuid[])
UNION SELECT person_id FROM badge_draft_writer WHERE tenant_id = $1 AND draft_id = $3
"""
# An older round never overwrites a newer one; a submission that came back from elsewhere is as good as new.
RECEIVE_SQL: Final = """
INSERT INTO review AS known (tenant_id, id, home_tenant_id, badge_id, state, priority, name, creator_name, issuer_name,
                             language, layer, words, findings, round, received_at, submitted_at, due_at)
VALUES ($1, $2, $3, $4, 'submitted', $5, $6, $7, $8, $9, $10, $11::jsonb, $12::jsonb, $13, $14, $14, $15)
ON CONFLICT (tenant_id, id) DO UPDATE
SET (state, priority, name, creator_name, issuer_name, layer, words, findings, round, submitted_at, due_at,
     leased_until)
    = ('submitted', excluded.priority, excluded.name, excluded.creator_name, excluded.issuer_name, excluded.layer,
       excluded.words, excluded.findings, excluded.round, excluded.submitted_at, excluded.due_at, NULL)
WHERE known.round < excluded.round AND known.home_tenant_id = excluded.home_tenant_id
"""
FORGET_SQL: Final = "DELETE FROM review_member WHERE tenant_id = $1 AND review_id = $2"
MEMBER_SQL: Final = """
INSERT INTO review_member (tenant_id, review_id, person_id) SELECT $1, $2, unnest($3::uuid[])
"""
# What was approved stays so.
WITHDRAW_SQL: Final = f"""
UPDATE review SET state = '{WITHDRAWN}', due_at = NULL, leased_until = NULL
WHERE tenant_id = $1 AND id = $2 AND home_tenant_id = $3 AND state IN ('{SUBMITTED}', '{CHANGES_REQUESTED}')
  AND round <= $4
"""
DECISION_COLUMNS: Final = "id, review_id, round, outcome, reason, checklist::text AS checklist, person_id, made_at"
DECISION_SQL: Final = f"SELECT {DECISION_COLUMNS} FROM review_decision WHERE tenant_id = $1 AND id = $2"
KEEP_DECISION_SQL: Final = """
INSERT INTO review_decision (tenant_id, id, review_id, round, outcome, reason, checklist, person_id, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9) ON CONFLICT DO NOTHING
"""
COMMENT_COLUMNS: Final = "id, review_id, round, criterion, text, by_curator, person_id, made_at"
COMMENT_SQL: Final = f"SELECT {COMMENT_COLUMNS} FROM review_comment WHERE tenant_id = $1 AND id = $2"
KEEP_COMMENT_SQL: Final = f"""
INSERT INTO review_comment (tenant_id, {COMMENT_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING
"""
# Whether a submission lies between these two tenants: nobody else's words are taken.
BETWEEN_SQL: Final = """
SELECT EXISTS (SELECT FROM review WHERE tenant_id = $1 AND id = $2 AND home_tenant_id = $3)
    OR EXISTS (SELECT FROM badge_draft WHERE tenant_id = $1 AND id = $2 AND review_tenant_id = $3)
"""
LIES_WITH_SQL: Final = """
SELECT EXISTS (SELECT FROM badge_draft WHERE tenant_id = $1 AND id = $2 AND review_tenant_id = $3 AND NOT given_up)
"""
BADGE_SQL: Final = "SELECT badge_id FROM badge_draft WHERE tenant_id = $1 AND id = $2"


@dataclass(frozen=True)
class Parcel:
    """A submission on its way: all that its curators will know of the badge and its city."""

    home: UUID
    facts: Mapping[str, Any]
    members: tuple[UUID, ...]

    @property
    def id(self) -> UUID:
        """The draft's id, which becomes the review's."""
        id: UUID = self.facts["id"]
        return id


@dataclass(frozen=True)
class Decision:
    """What a curator decided, as it is kept in both tenants; `checklist` is JSON text."""

    id: UUID
    review_id: UUID
    round: int
    outcome: str
    reason: str | None
    checklist: str
    person_id: UUID
    made_at: datetime


@dataclass(frozen=True)
class Comment:
    """What somebody said, as it is kept in both tenants."""

    id: UUID
    review_id: UUID
    round: int
    criterion: int | None
    text: str
    by_curator: bool
    person_id: UUID
    made_at: datetime


async def pack(home: UUID, draft: UUID) -> Parcel | None:
    """Read a submission in its home's City transaction; None where it is not wanted any more."""
    row = await fetchrow(READ_SQL, home, draft)
    if row is None or row["state"] != SUBMITTED:
        return None
    members = await fetch(MEMBERS_SQL, home, [row["creator_id"], row["issuer_id"]], draft)
    return Parcel(home, dict(row), tuple(each["person_id"] for each in members))


async def receive(act: Act, parcel: Parcel) -> bool:
    """Put a submission before the curators, in their City transaction; answers whether it was new."""
    here, facts = act.here.tenant_id, parcel.facts
    words = json.loads(facts["words"])
    status = await execute(
        RECEIVE_SQL,
        *(here, parcel.id, parcel.home, facts["badge_id"], 0 if words["urgent"] else 1, facts["name"]),
        *(facts["creator_name"], facts["issuer_name"], facts["language"], words["layer"]),
        *(as_json(words), facts["findings"], facts["round"], facts["submitted_at"], facts["due_at"]),
    )
    if not status.endswith(" 1"):
        return False
    await execute(FORGET_SQL, here, parcel.id)
    await execute(MEMBER_SQL, here, parcel.id, list(parcel.members))
    await act.tell(ReviewReceived(parcel.id, parcel.home, facts["round"]))
    return True


async def receive_own(act: Act, draft: UUID) -> None:
    """Put a submission before the city's own curators, in the act's transaction."""
    parcel = await pack(act.here.tenant_id, draft)
    if parcel is not None:
        await receive(act, parcel)


async def withdraw(act: Act, review: UUID, home: UUID, round: int) -> None:
    """Take a submission of this round or an earlier one off a queue, in the City transaction of who reviews it."""
    if (await execute(WITHDRAW_SQL, act.here.tenant_id, review, home, round)).endswith(" 1"):
        await act.tell(ReviewWithdrawn(review, home))


async def read_decision(tenant: UUID, id: UUID) -> Decision | None:
    """Read a decision in the City transaction of where it was made."""
    row = await fetchrow(DECISION_SQL, tenant, id)
    return None if row is None else Decision(**dict(row))


async def keep_decision(tenant: UUID, decision: Decision) -> bool:
    """Keep a decision; answers whether it was the first of its round."""
    facts = (decision.id, decision.review_id, decision.round, decision.outcome, decision.reason)
    more = (decision.checklist, decision.person_id, decision.made_at)
    return (await execute(KEEP_DECISION_SQL, tenant, *facts, *more)).endswith(" 1")


async def hold_badge(here: Here, draft: UUID) -> None:
    """Lock the badge of a draft, where that is of this tenant.

    Badge, draft, review: whoever locks more than one of them does so in this order, and waits for nobody in a circle.
    """
    badge = await fetchval(BADGE_SQL, here.tenant_id, draft)
    if badge is not None:
        await find_entry(tables.Badge, here, id=badge)


async def apply_decision(act: Act, decision: Decision, by: UUID) -> bool:
    """Move the draft at home to where a decision sends it, in its City transaction.

    `by` is the tenant that decided: only whom the city sent this round to decides about it. Who decided may have come
    to the issuer after the badge was submitted, which is known here alone: then another is to decide the next round.
    """
    await hold_badge(act.here, decision.review_id)
    draft = await draft_by_id(act.here, decision.review_id)
    expected = draft is not None and (draft.state, draft.round, draft.review_tenant_id)
    if draft is None or expected != (SUBMITTED, decision.round, by):
        return False
    if await is_member(act.here, decision.person_id, draft.issuers):
        await act.tell(BadgeSubmitted(draft.badge_id, draft.id, await send_again(act.here, draft), by, by))
        await act.tell(BadgeDraftChanged(draft.id, draft.badge_id))
        if by == act.here.tenant_id:
            await receive_own(act, draft.id)
        return False
    await keep_decision(act.here.tenant_id, decision)
    await move_by_decision(act.here, draft, decision.id, decision.outcome, decision.made_at)
    kind = BadgeApproved if decision.outcome == APPROVED else BadgeChangesRequested
    await act.tell(kind(draft.badge_id, draft.id, decision.id))
    await act.tell(BadgeDraftChanged(draft.id, draft.badge_id))
    return True


async def read_comment(tenant: UUID, id: UUID) -> Comment | None:
    """Read a comment in the City transaction of where it was written."""
    row = await fetchrow(COMMENT_SQL, tenant, id)
    return None if row is None else Comment(**dict(row))


async def keep_comment(act: Act, comment: Comment, *, told_to: UUID | None = None) -> bool:
    """Keep a comment, and tell those who watch here; `told_to` is the other tenant that is to keep it."""
    facts = (comment.id, comment.review_id, comment.round, comment.criterion, comment.text)
    more = (comment.by_curator, comment.person_id, comment.made_at)
    if not (await execute(KEEP_COMMENT_SQL, act.here.tenant_id, *facts, *more)).endswith(" 1"):
        return False
    badge = await fetchval(BADGE_SQL, act.here.tenant_id, comment.review_id)
    if badge is not None:
        await act.tell(BadgeDraftChanged(comment.review_id, badge))
    # Told where it is kept already, it goes nowhere else.
    await act.tell(ReviewCommented(comment.review_id, comment.id, told_to or act.here.tenant_id))
    return True


async def is_between(here: Here, review: UUID, other: UUID) -> bool:
    """Whether a submission lies between this tenant and another."""
    return bool(await fetchval(BETWEEN_SQL, here.tenant_id, review, other))


async def lies_with(home: UUID, draft: UUID, reviewer: UUID) -> bool:
    """Whether a city's draft was sent to a tenant and is still wanted there, in the city's transaction."""
    return bool(await fetchval(LIES_WITH_SQL, home, draft, reviewer))

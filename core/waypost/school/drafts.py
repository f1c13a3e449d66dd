"""Reads and writes drafts: the version, its words and where it is on its way move together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.badges.store import Drafted
from waypost.badges.words import BadgeWords
from waypost.db import execute, fetchrow, fetchval
from waypost.school.document import as_json, document, findings_document, findings_of, words_of
from waypost.school.lint import Finding
from waypost.school.rules import CHANGES_REQUESTED, SUBMITTED, paused, promised, resumed
from waypost.tenancy.entries import Here

COLUMNS: Final = """
id, badge_id, state, language, words::text AS words, findings::text AS findings, round, review_tenant_id, due_at,
remaining_s
"""
# The row stays locked: whoever would move the same draft waits.
IN_HAND_SQL: Final = f"""
SELECT {COLUMNS} FROM badge_draft WHERE tenant_id = $1 AND badge_id = $2 AND state <> 'published' FOR UPDATE
"""
BY_ID_SQL: Final = f"SELECT {COLUMNS} FROM badge_draft WHERE tenant_id = $1 AND id = $2 FOR UPDATE"
CHANGE_SQL: Final = """
UPDATE badge_draft
SET creator_id = $3, issuer_id = $4, name = $5, words = $6::jsonb, findings = $7::jsonb, updated_at = $8
WHERE tenant_id = $1 AND id = $2
"""
BEGIN_SQL: Final = """
INSERT INTO badge_draft (tenant_id, id, badge_id, creator_id, issuer_id, state, name, language, words, findings,
                         created_by, created_at, updated_at)
VALUES ($1, $2, $9, $3, $4, 'draft', $5, $10, $6::jsonb, $7::jsonb, $11, $8, $8)
"""
WRITER_SQL: Final = """
INSERT INTO badge_draft_writer (tenant_id, draft_id, person_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
SUBMIT_SQL: Final = """
UPDATE badge_draft
SET state = 'submitted', round = round + 1, review_tenant_id = $3, submitted_by = $4, submitted_at = $5, due_at = $6,
    remaining_s = NULL, decision_id = NULL, findings = $7::jsonb
WHERE tenant_id = $1 AND id = $2
"""
RESEND_SQL: Final = "UPDATE badge_draft SET review_tenant_id = $3 WHERE tenant_id = $1 AND id = $2"
AGAIN_SQL: Final = "UPDATE badge_draft SET round = round + 1 WHERE tenant_id = $1 AND id = $2 RETURNING round"
GONE_SQL: Final = "SELECT NOT EXISTS (SELECT FROM tenant WHERE id = $1 AND state = 'open')"
DECIDE_SQL: Final = """
UPDATE badge_draft SET state = $3, decision_id = $4, due_at = NULL, remaining_s = $5 WHERE tenant_id = $1 AND id = $2
"""
PUBLISH_SQL: Final = "UPDATE badge_draft SET state = 'published' WHERE tenant_id = $1 AND id = $2"
GIVE_UP_SQL: Final = """
UPDATE badge_draft SET given_up = true WHERE tenant_id = $1 AND badge_id = $2 AND state <> 'published'
"""
GIVEN_UP_SQL: Final = """
SELECT id, review_tenant_id AS reviewer, round FROM badge_draft
WHERE tenant_id = $1 AND badge_id = $2 AND state <> 'published' AND given_up AND review_tenant_id IS NOT NULL
"""
# The badge itself goes with its version only until its first is published.
MOVE_SQL: Final = """
WITH moved AS (UPDATE badge_version SET state = $3 WHERE tenant_id = $1 AND id = $2 RETURNING badge_id)
UPDATE badge b SET state = $3, updated_at = now() FROM moved
WHERE b.tenant_id = $1 AND b.id = moved.badge_id AND b.version_id IS NULL AND b.state <> 'retired'
"""
REVIEWER_SQL: Final = """
SELECT coalesce(r.id, t.id)
FROM tenant t LEFT JOIN tenant r ON r.id = t.review_tenant_id AND r.state = 'open' WHERE t.id = $1
"""
MEMBER_SQL: Final = """
SELECT EXISTS (SELECT FROM membership WHERE tenant_id = $1 AND person_id = $2 AND issuer_id = ANY($3::uuid[]))
"""


@dataclass(frozen=True)
class Draft:
    """A version in the making, as it stands."""

    id: UUID
    badge_id: UUID
    state: str
    language: str
    words: BadgeWords
    findings: tuple[Finding, ...]
    round: int
    review_tenant_id: UUID | None
    due_at: datetime | None
    remaining_s: int | None

    @property
    def issuers(self) -> list[UUID]:
        """Whose members do not review it."""
        return [self.words.creator_id, self.words.issuer_id]


@dataclass(frozen=True)
class GivenUp:
    """A draft that nobody wants reviewed any more, and who has it."""

    id: UUID
    reviewer: UUID
    round: int


async def draft_in_hand(here: Here, badge: UUID) -> Draft | None:
    """Read a badge's version in the making, and lock it."""
    return _read(await fetchrow(IN_HAND_SQL, here.tenant_id, badge))


async def draft_by_id(here: Here, id: UUID) -> Draft | None:
    """Read a draft by its own id, and lock it."""
    return _read(await fetchrow(BY_ID_SQL, here.tenant_id, id))


def _read(row: Any) -> Draft | None:
    if row is None:
        return None
    facts = dict(row)
    words, findings = json.loads(facts.pop("words")), json.loads(facts.pop("findings"))
    return Draft(words=words_of(words), findings=findings_of(findings), **facts)


async def keep_draft(
    here: Here, drafted: Drafted, words: BadgeWords, findings: Sequence[Finding], person: UUID | None, now: datetime
) -> None:
    """Write a draft's words and what the linter found."""
    said, found = as_json(document(words)), as_json(findings_document(findings))
    key = (here.tenant_id, drafted.version_id)
    facts = (words.creator_id, words.issuer_id, words.name, said, found, now)
    if (await execute(CHANGE_SQL, *key, *facts)).endswith(" 0"):
        await execute(BEGIN_SQL, *key, *facts, drafted.id, here.language, person)
    await _note_writer(here, drafted.version_id, person)


async def _note_writer(here: Here, draft: UUID, person: UUID | None) -> None:
    """Keep who had a hand in a draft: another is to review it."""
    if person is not None:
        await execute(WRITER_SQL, here.tenant_id, draft, person)


async def reviewer_of(here: Here) -> UUID:
    """Who reviews what is submitted here now: the tenant that the city names, else itself."""
    reviewer: UUID = await fetchval(REVIEWER_SQL, here.tenant_id)
    return reviewer


async def move_to_submitted(
    here: Here, draft: Draft, findings: Sequence[Finding], person: UUID | None, now: datetime
) -> UUID:
    """Hand a draft over to its review; answers to whom. The clock begins, or goes on where it stopped."""
    reviewer = await reviewer_of(here)
    due = promised(now, here.timezone) if draft.remaining_s is None else resumed(draft.remaining_s, now)
    said = as_json(findings_document(findings))
    await execute(MOVE_SQL, here.tenant_id, draft.id, SUBMITTED)
    await execute(SUBMIT_SQL, here.tenant_id, draft.id, reviewer, person, now, due, said)
    await _note_writer(here, draft.id, person)
    return reviewer


async def is_stranded(draft: Draft) -> bool:
    """Whether a draft was submitted to a tenant that has left meanwhile, and will decide nothing any more."""
    return draft.state == SUBMITTED and bool(await fetchval(GONE_SQL, draft.review_tenant_id))


async def send_elsewhere(here: Here, draft: Draft) -> UUID:
    """Hand a stranded draft over to who reviews the city's badges now, in the same round; answers to whom."""
    reviewer = await reviewer_of(here)
    await execute(RESEND_SQL, here.tenant_id, draft.id, reviewer)
    return reviewer


async def send_again(here: Here, draft: Draft) -> int:
    """Submit a draft once more as it is, to whom it was sent and with the same promise; answers the round."""
    round: int = await fetchval(AGAIN_SQL, here.tenant_id, draft.id)
    return round


async def move_by_decision(here: Here, draft: Draft, decision: UUID, outcome: str, made_at: datetime) -> None:
    """Move a submitted draft to where a decision of its round, which is kept already, sends it."""
    remaining = paused(draft.due_at, made_at) if outcome == CHANGES_REQUESTED and draft.due_at else None
    await execute(MOVE_SQL, here.tenant_id, draft.id, outcome)
    await execute(DECIDE_SQL, here.tenant_id, draft.id, outcome, decision, remaining)


async def move_to_published(here: Here, draft: Draft) -> None:
    """Say that a draft has become a version in force; the version itself is published in the same transaction."""
    await execute(PUBLISH_SQL, here.tenant_id, draft.id)


async def is_member(here: Here, person: UUID | None, issuers: Sequence[UUID]) -> bool:
    """Whether somebody has a role for one of these issuers here."""
    return bool(await fetchval(MEMBER_SQL, here.tenant_id, person, list(issuers)))


async def give_up_draft(here: Here, badge: UUID) -> GivenUp | None:
    """Take the draft of a retired badge off the writers' list; answers who has it, where it was submitted."""
    await execute(GIVE_UP_SQL, here.tenant_id, badge)
    return await given_up(here.tenant_id, badge)


async def given_up(home: UUID, badge: UUID) -> GivenUp | None:
    """Read what was given up of a retired badge after it was submitted, in its home's City transaction."""
    row = await fetchrow(GIVEN_UP_SQL, home, badge)
    return None if row is None else GivenUp(**dict(row))

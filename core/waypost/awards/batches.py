"""Many awards at once: a batch is found good as a whole, carried out in steps, and can be undone for an hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from waypost.awards import events, store
from waypost.awards.lines import Line, column_of
from waypost.awards.rules import AlreadyAwarded, again
from waypost.awards.store import Awardable, Draft, Origin
from waypost.db import execute, fetch, fetchrow, fetchval, new_id
from waypost.graph.ids import parse_id
from waypost.learners.recipients import contradictions, find_recipients, lock_recipients
from waypost.outbox.jobs import Problem
from waypost.outbox.work import Later
from waypost.refusal import Refusal, missing
from waypost.tenancy.entries import Here
from waypost.tenancy.telling import Told, tell_all

UNDO_FOR: Final = timedelta(hours=1)
STEP: Final = 1_000

BEGIN_SQL: Final = """
INSERT INTO award_batch (tenant_id, id, badge_id, issuer_id, upload_id, awarded_by, skip_held, created_at, undo_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
READ_SQL: Final = """
SELECT id, badge_id, issuer_id, upload_id, awarded_by, skip_held, lines, awarded, checked, undo_until, undone_at
FROM award_batch WHERE tenant_id = $1 AND id = $2
"""
CHECKED_SQL: Final = "UPDATE award_batch SET checked = true WHERE tenant_id = $1 AND id = $2"
MOVE_SQL: Final = "UPDATE award_batch SET lines = $3, awarded = awarded + $4 WHERE tenant_id = $1 AND id = $2"
UNDONE_SQL: Final = "UPDATE award_batch SET undone_at = $3 WHERE tenant_id = $1 AND id = $2"
UNDO_SQL: Final = """
UPDATE award SET state = 'revoked', revoked_at = $3, revoked_reason = $4
WHERE tenant_id = $1 AND id IN (
    SELECT id FROM award WHERE tenant_id = $1 AND batch_id = $2 AND state IN ('offered', 'accepted', 'expired')
      AND id = ANY(ARRAY(
        SELECT id FROM award WHERE tenant_id = $1 AND batch_id = $2 AND state IN ('offered', 'accepted', 'expired')
        ORDER BY awarded_at, id LIMIT $5))
    ORDER BY id FOR NO KEY UPDATE)
RETURNING id, badge_id
"""
BADGE_SQL: Final = "SELECT id FROM badge WHERE tenant_id = $1 AND slug = $2"
UNDONE_WORDS: Final = "It was given by mistake, together with others."


class Forgotten(Later):
    """A recipient was forgotten between being found and being given something; who is found anew is somebody new."""

    def __init__(self, line: int) -> None:
        super().__init__("a recipient was forgotten meanwhile", 0)
        self.line = line


@dataclass(frozen=True)
class Batch:
    """A batch as it stands. `issuer_id`: whose badges alone it may give; `lines`: how many were carried out."""

    id: UUID
    badge_id: UUID | None
    issuer_id: UUID | None
    upload_id: UUID | None
    awarded_by: UUID | None
    skip_held: bool
    lines: int
    awarded: int
    checked: bool
    undo_until: datetime
    undone_at: datetime | None

    @property
    def begun_at(self) -> datetime:
        """When it was asked for: as of then its lines are read, however often that is begun."""
        return self.undo_until - UNDO_FOR


async def begin_batch(
    here: Here,
    job: UUID,
    *,
    badge: UUID | None,
    issuer: UUID | None,
    upload: UUID | None,
    by: UUID | None,
    skip_held: bool,
    now: datetime,
) -> Batch:
    """Write a batch under the id of its job; it can be undone for an hour from now."""
    await execute(BEGIN_SQL, here.tenant_id, job, badge, issuer, upload, by, skip_held, now, now + UNDO_FOR)
    return Batch(job, badge, issuer, upload, by, skip_held, 0, 0, False, now + UNDO_FOR, None)


async def read_batch(tenant: UUID, id: UUID, *, for_update: bool = False) -> Batch | None:
    """Read a batch; `for_update` keeps others from carrying it on or undoing it until the transaction ends."""
    row = await fetchrow(READ_SQL + (" FOR UPDATE" if for_update else ""), tenant, id)
    return None if row is None else Batch(**dict(row))


async def badges_of(
    here: Here, batch: Batch, lines: Iterable[Line]
) -> tuple[dict[str | None, Awardable], list[Problem]]:
    """Find the badges that lines name, by slug or id, None for that of the batch; with what is wrong with them."""
    first = {line.badge: line.number for line in reversed(list(lines))}
    found: dict[str | None, Awardable] = {}
    problems: list[Problem] = []
    for name, number in first.items():
        id = batch.badge_id if name is None else await _badge_id(here, name)
        badge = await store.find_awardable(here, id) if id else missing()
        if isinstance(badge, Awardable) and batch.issuer_id not in {None, badge.issuer_id}:
            badge = missing()
        if isinstance(badge, Refusal):
            problems.append(Problem(code=badge.code, message=badge.message, line=number, column="badge"))
        else:
            found[name] = badge
    return found, problems


async def _badge_id(here: Here, name: str) -> UUID | None:
    named = parse_id(name)
    if named is not None and named.type == "Badge" and named.tenant == here.tenant_id:
        return named.row
    id: UUID | None = await fetchval(BADGE_SQL, here.tenant_id, name)
    return id


async def write_lines(
    here: Here, batch: Batch, lines: Sequence[Line], people: Mapping[str, UUID], now: datetime
) -> tuple[int, list[Problem]]:
    """Give what lines ask for in the current transaction; answers how many, and who has the badge already.

    `people` are those behind the addresses. A badge that cannot be given any more keeps its lines from being
    carried out, each with a problem. Raises Forgotten.
    """
    badges, problems = await badges_of(here, batch, lines)
    todo = [line for line in lines if line.badge in badges]
    problems = _of_lines(lines, badges, problems)
    wrong = await contradicted(here, badges, todo, people)
    problems += wrong.values()
    todo = [line for line in todo if line.number not in wrong]
    named: dict[UUID, list[Line]] = {}
    for line in todo:
        named.setdefault(badges[line.badge].issuer_id, []).append(line)
    ids: dict[int, UUID] = {}
    for issuer, theirs in named.items():
        found = await find_recipients(here, [line.who for line in theirs], people, issuer, now)
        ids |= {line.number: id for line, id in zip(theirs, found, strict=True)}
    known = await lock_recipients(here, ids.values())
    gone = next((number for number, id in ids.items() if id not in known), None)
    if gone is not None:
        raise Forgotten(gone)
    held = {badge.id: await store.held_by(here, badge.id, ids.values()) for badge in badges.values()}
    drafts: list[Draft] = []
    given: dict[tuple[UUID, UUID], int] = {}
    for line in todo:
        badge, recipient = badges[line.badge], ids[line.number]
        same = (badge.id, known[recipient].earner_id or recipient)
        twice = again(badge.repeats, held[badge.id].get(recipient, ()), badge.version_id, now)
        if twice is None and badge.repeats != "always" and same in given:
            twice = AlreadyAwarded(message=f"The same recipient as in line {given[same]}, named in another way.")
        if twice:
            problems.append(Problem(code=twice.code, message=twice.message, line=line.number))
            continue
        given[same] = line.number
        drafts.append(Draft(new_id(), badge, known[recipient], line.words))
    await store.insert_awards(here, drafts, Origin("batch", by=batch.awarded_by, batch=batch.id), now)
    await tell_all(here.tenant_id, [_created(each, batch) for each in drafts], now, batch.awarded_by)
    return len(drafts), problems


async def contradicted(
    here: Here, badges: Mapping[str | None, Awardable], lines: Iterable[Line], people: Mapping[str, UUID]
) -> dict[int, Problem]:
    """Say which lines name a reference beside an address that is not its, by their numbers."""
    found: dict[int, Problem] = {}
    for issuer in {badge.issuer_id for badge in badges.values()}:
        theirs = [line for line in lines if line.badge in badges and badges[line.badge].issuer_id == issuer]
        refusals = await contradictions(here, [line.who for line in theirs], people, issuer)
        for line, wrong in zip(theirs, refusals, strict=True):
            if wrong:
                column = column_of(*wrong.path)
                found[line.number] = Problem(code=wrong.code, message=wrong.message, line=line.number, column=column)
    return found


def _of_lines(lines: Sequence[Line], badges: Mapping[str | None, Awardable], found: list[Problem]) -> list[Problem]:
    """Say of each line what is wrong with the badge that it names."""
    first = {line.number: line.badge for line in lines}
    by_badge = {first[problem.line]: problem for problem in found if problem.line is not None}
    return [
        Problem(code=by_badge[line.badge].code, message=by_badge[line.badge].message, line=line.number, column="badge")
        for line in lines
        if line.badge not in badges
    ]


def _created(draft: Draft, batch: Batch) -> Told:
    event = events.AwardCreated(draft.id, draft.badge.id, draft.badge.issuer_id, batch.id)
    return Told(event.type, event.object_type, draft.id, _data(event.data()))


def _data(facts: Mapping[str, Any]) -> str:
    return orjson.dumps({name: None if value is None else str(value) for name, value in facts.items()}).decode()


async def undo_step(here: Here, batch: UUID, now: datetime) -> int:
    """Take back the next awards of a batch and tell it, in the current transaction; 0 = there are none left."""
    rows = await fetch(UNDO_SQL, here.tenant_id, batch, now, UNDONE_WORDS, STEP)
    told = []
    for row in rows:
        event = events.AwardRevoked(row["id"], row["badge_id"], undone=True)
        told.append(
            Told(
                event.type,
                event.object_type,
                row["id"],
                orjson.dumps({"badge": str(row["badge_id"]), "undone": True}).decode(),
            )
        )
    await tell_all(here.tenant_id, told, now)
    return len(rows)

"""Acts upon many awards at once: a list at once, a file in the background, and undoing either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from waypost.access.permissions import issuer_scoped
from waypost.awards import batches
from waypost.awards.jobs import KIND, UNDO_KIND
from waypost.awards.lines import Line, field_of
from waypost.awards.rules import AlreadyAwarded, award_problem
from waypost.awards.store import absent_opportunities, find_awardable, issuer_missing
from waypost.awards.uploads import read_upload, use_upload
from waypost.db import execute
from waypost.learners.rules import Who
from waypost.outbox import Act, command
from waypost.outbox.jobs import Problem, begin_job, end_job
from waypost.outbox.work import enqueue
from waypost.refusal import Invalid, Refusal, missing

MOST: Final = 100  # of a list; more is a file


@dataclass(frozen=True, kw_only=True)
class TooLate(Refusal):
    """The hour in which this can be undone is over."""


@dataclass(frozen=True)
class Begun:
    """A batch that is given, or will be."""

    job: UUID
    undo_until: datetime


@command(may="award.create")
async def award_list(
    act: Act, badge: UUID, lines: Sequence[Line], people: Mapping[str, UUID], *, skip_held: bool
) -> Begun | Refusal:
    """Give one badge to all recipients of a list, or to none of them. Lines are counted from 1."""
    found = await find_awardable(act.here, badge)
    if isinstance(found, Refusal):
        return found
    wrong = (
        act.may("award.create", found.issuer_id)
        or _list_problem(lines, act.now)
        or await issuer_missing(act.here, dict(_places(lines)))
        or await _opportunity_problem(act, lines)
    )
    if wrong:
        return wrong
    job = await begin_job(act, KIND, len(lines))
    batch = await batches.begin_batch(
        act.here,
        job,
        badge=badge,
        issuer=found.issuer_id,
        upload=None,
        by=act.person,
        skip_held=skip_held,
        now=act.now,
    )
    try:
        given, problems = await batches.write_lines(act.here, batch, lines, people, act.now)
    except batches.Forgotten as gone:
        return missing().under("awards", str(gone.line - 1), "recipient")
    wrong_lines = [each for each in problems if not skip_held or each.code != "ALREADY_AWARDED"]
    if wrong_lines:
        return _refused(wrong_lines)
    await execute(batches.MOVE_SQL, act.here.tenant_id, job, len(lines), given)
    await end_job(act.here.tenant_id, job, "done", problems, done=len(lines))
    return Begun(job, batch.undo_until)


def _places(lines: Sequence[Line]) -> Iterator[tuple[tuple[str, ...], Who]]:
    return ((("awards", str(line.number - 1), "recipient"), line.who) for line in lines)


def _list_problem(lines: Sequence[Line], now: datetime) -> Invalid | None:
    if not 0 < len(lines) <= MOST:
        return Invalid(message=f"A list has 1 to {MOST} awards; for more send a file.", path=("awards",))
    seen: dict[tuple[object, ...], int] = {}
    for line in lines:
        place = ("awards", str(line.number - 1))
        wrong = award_problem(line.words, now)
        if wrong:
            return wrong.under(*place)
        if seen.setdefault(line.key(), line.number) != line.number:
            return Invalid(message="They are in the list twice; two of one name need a reference.", path=place)
    return None


async def _opportunity_problem(act: Act, lines: Sequence[Line]) -> Refusal | None:
    named = {line.number: line.words.opportunity for line in lines if line.words.opportunity}
    absent = await absent_opportunities(act.here, named.values())
    first = next((number for number, ref in named.items() if ref.id in absent), None)
    return None if first is None else missing().under("awards", str(first - 1), "opportunity")


def _refused(problems: Sequence[Problem]) -> Refusal:
    first = problems[0]
    path = () if first.line is None else ("awards", str(first.line - 1), "recipient")
    if first.code == "INVALID":
        return Invalid(message=first.message, path=(*path, *([field_of(first.column)] if first.column else [])))
    kind = AlreadyAwarded if first.code == "ALREADY_AWARDED" else Refusal
    return kind(code=first.code, message=first.message, path=path)


@command(may="award.create")
async def award_file(act: Act, upload: UUID, badge: UUID | None, *, skip_held: bool) -> Begun | Refusal:
    """Give what an uploaded file asks for, in the background: all of it, or, where anything is wrong, nothing."""
    sent = await read_upload(act.here.tenant_id, upload, act.person, act.now)
    if sent is None:
        return missing().under("upload")
    if not sent.complete or sent.purpose != "awards":
        return Invalid(message="The file is not there yet: PUT its bytes first.", path=("upload",))
    if badge is not None:
        found = await find_awardable(act.here, badge)
        wrong = found if isinstance(found, Refusal) else act.may("award.create", found.issuer_id)
        if wrong:
            return wrong
    if not await use_upload(act.here.tenant_id, upload):
        return Invalid(message="The file was used already: announce it and send it again.", path=("upload",))
    job = await begin_job(act, KIND)
    issuer = act.issuer_id if issuer_scoped(act.role) else None
    batch = await batches.begin_batch(
        act.here, job, badge=badge, issuer=issuer, upload=upload, by=act.person, skip_held=skip_held, now=act.now
    )
    await enqueue(KIND, {"tenant": act.here.tenant_id, "batch": job})
    return Begun(job, batch.undo_until)


@command(may="award.create")
async def undo_awards(act: Act, batch: UUID) -> UUID | Refusal:
    """Take back all awards of a batch within the hour; answers the job that does it.

    Who gave the batch may, as long as they speak for the issuer whose badges it gave, and who speaks for the whole
    city. What is still to be given of it is not given.
    """
    found = await batches.read_batch(act.here.tenant_id, batch, for_update=True)
    if found is None:
        return missing()
    if issuer_scoped(act.role) and (found.awarded_by, found.issuer_id) != (act.person, act.issuer_id):
        return missing()
    if found.undone_at is not None:
        return TooLate(message="It was undone already.", path=("job",))
    if act.now > found.undo_until:
        return TooLate(message="A batch can be undone for an hour; revoke its awards one by one.", path=("job",))
    await execute(batches.UNDONE_SQL, act.here.tenant_id, batch, act.now)
    await end_job(act.here.tenant_id, batch, "failed", [Problem(code="UNDONE", message="It was undone.")])
    job = await begin_job(act, UNDO_KIND, found.awarded)
    await enqueue(UNDO_KIND, {"tenant": act.here.tenant_id, "batch": batch, "job": job})
    return job

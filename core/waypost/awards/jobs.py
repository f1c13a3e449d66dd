"""What is done in the background: a file of awards from the first line to the last, and undoing a batch."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO, Final
from uuid import UUID

from waypost.awards import batches, store
from waypost.awards.batches import Batch
from waypost.awards.lines import TWICE, Line, Reader, in_groups
from waypost.awards.rules import again
from waypost.awards.store import Awardable
from waypost.awards.uploads import GONE_SQL, opened
from waypost.db import City, execute
from waypost.learners.people import find_people, known_people
from waypost.learners.recipients import earners_of, known_recipients
from waypost.learners.rules import addresses_of, derived_id
from waypost.outbox.jobs import MOST_PROBLEMS, Problem, add_problems, end_job, job_progress
from waypost.outbox.work import JobKind, Work
from waypost.tenancy import load_directory
from waypost.tenancy.entries import Here

KIND: Final = "award-many"
UNDO_KIND: Final = "undo-awards"


async def here_of(work: Work, tenant: UUID) -> Here:
    """Where a tenant's background work writes. Raises LookupError where the tenant is gone."""
    found = (await load_directory(work.database)).by_id(tenant)
    if found is None:
        raise LookupError(f"no tenant {tenant}")
    return Here.of(found)


async def award_many(work: Work, facts: Mapping[str, Any]) -> None:
    """Carry out a file of awards: nothing before all of it is good; then a thousand lines at a time.

    How far it is stands in the batch, in the transaction that gives the awards: who begins again after a crash goes on
    there, and two who do it at once wait for each other at every step.
    """
    tenant, id = UUID(str(facts["tenant"])), UUID(str(facts["batch"]))
    here = await here_of(work, tenant)
    async with work.database.transaction(City(tenant, quiet=True)):
        batch = await batches.read_batch(tenant, id)
    if batch is None or batch.upload_id is None:
        return
    async with opened(work.database, tenant, batch.upload_id) as file:
        if not batch.checked and not await _is_good(work, here, batch, file):
            return
        await _carry_out(work, here, batch, file)


async def _is_good(work: Work, here: Here, batch: Batch, file: BinaryIO) -> bool:
    """Look through the whole file; end the job with all that is wrong with it, or say how many lines there are."""
    reader = Reader(file, batch.begun_at, needs_badge=batch.badge_id is None)
    count, seen = 0, Seen()
    for group in in_groups(reader.lines(), batches.STEP):
        count += len(group)
        reader.problems += await _held_by(work, here, batch, group, seen)
        if len(reader.problems) >= MOST_PROBLEMS:
            break
        await asyncio.sleep(0)
    problems = sorted(reader.problems, key=lambda each: each.line or 0)
    async with work.database.transaction(City(here.tenant_id)):
        stands = await batches.read_batch(here.tenant_id, batch.id, for_update=True)
        if stands is None or stands.checked:  # by somebody else, whose awards of this very file are no fault of it
            return stands is not None
        if problems:
            await end_job(here.tenant_id, batch.id, "failed", problems, done=0)
            await execute(GONE_SQL, here.tenant_id, batch.upload_id)
            return False
        await execute(batches.CHECKED_SQL, here.tenant_id, batch.id)
        await job_progress(here.tenant_id, batch.id, 0, total=count)
    return True


async def _held_by(work: Work, here: Here, batch: Batch, lines: Sequence[Line], seen: Seen) -> list[Problem]:
    """Say which badges cannot be given, and who has theirs already, or in a line before.

    Nothing is said of those who are to be left out anyway.
    """
    addresses = addresses_of([line.who for line in lines])
    people = await known_people(work.database, addresses, secret_key=work.settings.load_secret_key())
    async with work.database.transaction(City(here.tenant_id, quiet=True)):
        badges, problems = await batches.badges_of(here, batch, lines)
        problems += (await batches.contradicted(here, badges, lines, people)).values()
        if batch.skip_held:
            return problems
        recipients: dict[int, UUID | None] = {}
        for name, badge in badges.items():
            named = [line for line in lines if line.badge == name]
            known = await known_recipients(here, [line.who for line in named], people, badge.issuer_id)
            recipients |= {line.number: id for line, id in zip(named, known, strict=True)}
        ids = [id for id in recipients.values() if id is not None]
        held = {badge.id: await store.held_by(here, badge.id, ids) for badge in badges.values()}
        earners = await earners_of(here, ids)
    for line in (line for line in lines if line.badge in badges):
        badge, id = badges[line.badge], recipients[line.number]
        behind = people.get(line.who.address or "") if line.who.kind == "person" else None
        persons = {earners.get(id) if id else None, behind} - {None}
        had = held[badge.id].get(id, ()) if id else ()
        first = seen.before(badge, line, id, persons)
        twice = again(badge.repeats, had, badge.version_id, work.now())
        if twice:
            problems.append(Problem(code=twice.code, message=twice.message, line=line.number))
        elif first is not None:
            words = f"The same badge for the same recipient as in line {first}, named in another way."
            problems.append(Problem(code=TWICE, message=words, line=line.number))
    return problems


@dataclass
class Seen:
    """Who is given which badge by the lines of a file so far, in every way in which they are known."""

    _first: dict[int, int] = field(default_factory=dict)

    def before(self, badge: Awardable, line: Line, recipient: UUID | None, persons: Iterable[object]) -> int | None:
        """Return the line that gives the badge to the same one; None for what is given as often as one likes."""
        if badge.repeats == "always":
            return None
        who, ways = line.who, [("line", *line.key()[1:]), *(("person", each) for each in persons)]
        ways += [("recipient", recipient)] if recipient else []
        ways += [("address", who.address)] if who.address and who.kind == "person" else []
        keys = [derived_id(badge.id, *way).int for way in ways]
        first = min((self._first[key] for key in keys if key in self._first), default=None)
        self._first |= dict.fromkeys(keys, line.number if first is None else first)
        return first


async def _carry_out(work: Work, here: Here, batch: Batch, file: BinaryIO) -> None:
    file.seek(0)
    reader = Reader(file, batch.begun_at, needs_badge=batch.badge_id is None)
    lines: Iterator[Line] = reader.lines()
    done = sum(1 for _ in islice(lines, batch.lines))
    secret = work.settings.load_secret_key()
    for group in in_groups(lines, batches.STEP):
        addresses = addresses_of([line.who for line in group])
        people = await find_people(work.database, here.tenant_id, addresses, secret_key=secret, now=work.now())
        async with work.database.transaction(City(here.tenant_id)):
            stands = await batches.read_batch(here.tenant_id, batch.id, for_update=True)
            if stands is None or stands.undone_at is not None:
                return
            if stands.lines != done:  # somebody else is at it, too, and further on
                done += len(group)
                if stands.lines < done:
                    raise RuntimeError("a batch went on in other steps than these")
                continue
            given, problems = await batches.write_lines(here, stands, group, people, work.now())
            done += len(group)
            await execute(batches.MOVE_SQL, here.tenant_id, batch.id, done, given)
            await job_progress(here.tenant_id, batch.id, done)
            await add_problems(here.tenant_id, batch.id, problems)
    async with work.database.transaction(City(here.tenant_id)):
        await end_job(here.tenant_id, batch.id, "done", done=done)
        await execute(GONE_SQL, here.tenant_id, batch.upload_id)


async def undo_awards(work: Work, facts: Mapping[str, Any]) -> None:
    """Take back all awards of a batch that was undone, a thousand at a time."""
    tenant, id, job = (UUID(str(facts[name])) for name in ("tenant", "batch", "job"))
    here = await here_of(work, tenant)
    done = int(facts.get("done", 0))
    while True:
        async with work.database.transaction(City(tenant)):
            some = await batches.undo_step(here, id, work.now())
            done += some
            if some == 0:
                await end_job(tenant, job, "done", done=done)
                return
            await job_progress(tenant, job, done)


async def _dead(work: Work, facts: Mapping[str, Any]) -> None:
    """End the job that people watch of what nobody could do; its file goes then, as others do."""
    tenant, job = UUID(str(facts["tenant"])), UUID(str(facts.get("job") or facts["batch"]))
    words = (
        "It failed again and again, and is not tried any more; what was done of it stands. The operator can see why."
    )
    async with work.database.transaction(City(tenant)):
        await end_job(tenant, job, "failed", [Problem(code="GIVEN_UP", message=words)])


JOBS: Final = (JobKind(KIND, award_many, dead=_dead), JobKind(UNDO_KIND, undo_awards, dead=_dead))

"""What is left of a file of awards when workers are killed in the middle of it, and when two are at it at once."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.journeys.stage import Stage, named_by
from tests.journeys.test_award_batches import BEGUN, SETTINGS, awards_of, job_of, sent, some
from waypost.awards import batches, jobs
from waypost.awards.jobs import award_many
from waypost.db import City, fetchrow
from waypost.learners.people import find_people
from waypost.outbox.work import Work

LINES = 1_000
STEP = 20
KILLS = 4
WITHIN_S = 60.0


@asynccontextmanager
async def worker(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker's process, which is killed at the end if it was not before."""
    command = (sys.executable, "-m", "tests.awarding", url, "0.6", str(STEP))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"working\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def told_and_earned(stage: Stage, job: str) -> tuple[int, int, int]:
    """How many awards a batch has, how many people have one, and of how many it was told."""
    named = named_by(job)
    sql = (
        "SELECT count(*) AS awards, count(DISTINCT recipient_id) AS people, "
        "(SELECT count(*) FROM event e WHERE e.tenant_id = $1 AND e.type = 'award.created' "
        " AND e.data ->> 'batch' = $2::text) AS told FROM award WHERE tenant_id = $1 AND batch_id = $2::uuid"
    )
    async with stage.database.transaction(City(named.tenant)):
        row = await fetchrow(sql.replace("$2::uuid", "$3"), named.tenant, str(named.row), named.row)
    assert row is not None
    return row["awards"], row["people"], row["told"]


async def begun(stage: Stage, lines: int) -> str:
    upload = await sent(stage, some(lines).encode())
    input = {"upload": upload, "badge": stage.id("Badge", "brighton", "film-maker")}
    return str((await stage.done("awardBadges", input, BEGUN, who="issuer-admin"))["job"]["id"])


async def test_a_killed_worker_loses_nothing_and_gives_nothing_twice(stage: Stage, app_url: str) -> None:
    job = await begun(stage, LINES)
    chance = random.Random(4)
    for _ in range(KILLS):
        async with worker(app_url) as process:
            before = await awards_of(stage, job)
            async with asyncio.timeout(WITHIN_S):
                found = await job_of(stage, job)
                # Another process works: it can be asked, and nothing else.
                while found["state"] != "done" and await awards_of(stage, job) == before:
                    await asyncio.sleep(0.01)
                    found = await job_of(stage, job)
            await asyncio.sleep(chance.random() * 0.15)
            process.kill()
            await process.wait()
            awards, people, told = await told_and_earned(stage, job)
            assert awards == people == told
            assert found["problems"] == []
    assert 0 < (await job_of(stage, job))["done"] < LINES, "no worker was killed in the middle"
    async with worker(app_url), asyncio.timeout(WITHIN_S):
        while (await job_of(stage, job))["state"] != "done":  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    assert await job_of(stage, job) == {"state": "done", "done": LINES, "total": LINES, "problems": []}
    assert await told_and_earned(stage, job) == (LINES, LINES, LINES)


async def test_two_workers_at_one_file_give_each_award_once(stage: Stage) -> None:
    job = await begun(stage, 2_500)
    named = named_by(job)
    work = Work(stage.database, SETTINGS)
    facts = {"tenant": str(named.tenant), "batch": str(named.row)}
    await asyncio.gather(award_many(work, facts), award_many(work, facts))
    assert (await job_of(stage, job))["done"] == 2_500
    assert await told_and_earned(stage, job) == (2_500, 2_500, 2_500)


async def test_who_looks_through_a_file_more_slowly_takes_no_award_of_it_for_a_fault(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await begun(stage, 30)
    named = named_by(job)
    work = Work(stage.database, SETTINGS)
    facts = {"tenant": str(named.tenant), "batch": str(named.row)}
    looking, given = asyncio.Event(), asyncio.Event()
    look = jobs._held_by

    async def slow(*args: Any) -> Any:
        monkeypatch.setattr(jobs, "_held_by", look)
        looking.set()
        await given.wait()
        return await look(*args)

    async def once_more(*args: Any, **more: Any) -> Any:
        if await awards_of(stage, job):  # the quicker one is in the middle of the file
            monkeypatch.setattr(jobs, "find_people", find_people)
            given.set()
            await slower
        return await find_people(*args, **more)

    monkeypatch.setattr(batches, "STEP", 10)
    monkeypatch.setattr(jobs, "_held_by", slow)
    monkeypatch.setattr(jobs, "find_people", once_more)
    slower = asyncio.create_task(award_many(work, facts))
    await looking.wait()
    await award_many(work, facts)
    assert await job_of(stage, job) == {"state": "done", "done": 30, "total": 30, "problems": []}
    assert await told_and_earned(stage, job) == (30, 30, 30)


async def test_who_is_given_a_badge_twice_at_once_has_it_once(stage: Stage) -> None:
    badge = stage.id("Badge", "brighton", "explorer")
    input = {"badge": badge, "recipient": {"name": "Twin", "email": "twin@example.org"}}
    made = await asyncio.gather(*(stage.act("awardBadge", input) for _ in range(4)))
    assert sorted(each["__typename"] for each in made) == ["AlreadyAwarded"] * 3 + ["AwardBadgeSuccess"]

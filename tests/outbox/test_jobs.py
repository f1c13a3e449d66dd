"""Jobs that people watch: begun, on their way, ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.outbox.test_working import make_due
from tests.rooms import NOW, found_tenant
from tests.working import work_off
from waypost.db import City, Database, System, execute, fetch, fetchrow, fetchval, new_id
from waypost.outbox import Act, Effects, JobKind, Work, enqueue
from waypost.outbox.jobs import Problem, begin_job, end_job, job_progress
from waypost.outbox.queue import Queue
from waypost.outbox.work import GivenUp
from waypost.tenancy.entries import Here

HERE = Here(UUID(int=1), "brighton", ("en",), "Europe/London", "rsa-2019")
CURATOR = Act(HERE, UUID(int=2), "curator", None, NOW)
JOB_SQL = "SELECT state, done, total, person_id, ended_at IS NOT NULL AS over FROM job WHERE tenant_id = $1 AND id = $2"


async def test_a_job_tells_how_far_it_is_and_what_went_wrong(database: Database) -> None:
    here = await found_tenant(database, "hastings")
    tenant = here.tenant_id
    async with database.transaction(City(tenant)):
        job = await begin_job(replace(CURATOR, here=here), "award-many", 3)
    async with database.transaction(City(tenant)):
        await job_progress(tenant, job, 2)
        assert dict(await fetchrow(JOB_SQL, tenant, job) or ()) == {
            "state": "running",
            "done": 2,
            "total": 3,
            "person_id": CURATOR.person,
            "over": False,
        }
    async with database.transaction(City(tenant)):
        problem = Problem(code="INVALID", message="That is no address.", line=3, column="email")
        assert await end_job(tenant, job, "failed", [problem], done=3)
        assert not await end_job(tenant, job, "done")
        await job_progress(tenant, job, 1)
        row = await fetchrow(JOB_SQL, tenant, job)
        assert row is not None
        assert (row["state"], row["done"], row["over"]) == ("failed", 3, True)
        (found,) = await fetch('SELECT position, line, "column", code, message FROM job_problem')
        assert tuple(found.values()) == (1, 3, "email", "INVALID", "That is no address.")
        told = [row["type"] for row in await fetch("SELECT type FROM event ORDER BY version, id")]
    assert told == ["job.begun", "job.progressed", "job.ended"]


async def forget_work(database: Database) -> None:
    async with database.transaction(System("tests")):
        await execute("DELETE FROM work")


def breaking(error: Exception) -> Effects:
    async def run(_work: Work, _facts: Mapping[str, Any]) -> None:
        raise error

    return Effects(jobs=(JobKind("award-many", run),))


async def test_a_job_fails_when_its_work_is_dead(database: Database) -> None:
    here = await found_tenant(database, "winchelsea")
    async with database.transaction(City(here.tenant_id)):
        job = await begin_job(replace(CURATOR, here=here), "award-many", 3)
        await enqueue("award-many", {"job": job})
        await job_progress(here.tenant_id, job, 2)
    effects = breaking(OSError("/srv/secret is gone"))
    for state in [*["running"] * 6, "failed"]:
        await work_off(database, effects=effects, raising=False)
        await make_due(database)
        async with database.transaction(City(here.tenant_id)):
            assert await fetchval("SELECT state FROM job") == state
    async with database.transaction(City(here.tenant_id)):
        assert dict(await fetchrow(JOB_SQL, here.tenant_id, job) or ())["done"] == 2
        (problem,) = await fetch("SELECT code, message FROM job_problem")
        told = [row["type"] for row in await fetch("SELECT type FROM event ORDER BY version, id")]
    assert (problem["code"], "secret" in problem["message"]) == ("GIVEN_UP", False)
    assert told[-1] == "job.ended"
    await forget_work(database)


async def test_dead_work_leaves_a_job_alone_that_ended_before_or_is_not_there(database: Database) -> None:
    here = await found_tenant(database, "northiam")
    async with database.transaction(City(here.tenant_id)):
        job = await begin_job(replace(CURATOR, here=here), "award-many", 3)
        await end_job(here.tenant_id, job, "done", done=3)
        await enqueue("award-many", {"job": job})
        await enqueue("award-many", {"job": new_id()})
    await work_off(database, effects=breaking(GivenUp("never")), raising=False)
    async with database.transaction(City(here.tenant_id)):
        assert await fetchval("SELECT array_agg(state) FROM job") == ["done"]
        assert await fetchval("SELECT count(*) FROM job_problem") == 0
    await forget_work(database)


async def test_a_job_whose_end_could_not_be_written_down_ends_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker is killed between the two: the job has failed already, and the work is dead after its lease."""
    here, settle = await found_tenant(database, "peasmarsh"), Queue.settle
    async with database.transaction(City(here.tenant_id)):
        job = await begin_job(replace(CURATOR, here=here), "award-many", 3)
        await enqueue("award-many", {"job": job})

    async def killed(_queue: Queue, *_args: object) -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(Queue, "settle", killed)
    with pytest.raises(ConnectionError):
        await work_off(database, effects=breaking(GivenUp("never")), raising=False)
    async with database.transaction(City(here.tenant_id)):
        assert await fetchval("SELECT state FROM job") == "failed"
    monkeypatch.setattr(Queue, "settle", settle)
    await make_due(database)
    await work_off(database, effects=breaking(GivenUp("never")), raising=False)
    async with database.transaction(System("tests")):
        assert await fetchval("SELECT state FROM work") == "dead"
    await forget_work(database)

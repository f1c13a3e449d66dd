"""Jobs that people watch: begun, on their way, ended."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from tests.rooms import NOW, found_tenant
from waypost.db import City, Database, fetch, fetchrow
from waypost.outbox import Act
from waypost.outbox.jobs import Problem, begin_job, end_job, job_progress
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

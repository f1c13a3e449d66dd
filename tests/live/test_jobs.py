"""A job tells how far it is while it goes on, and only to those who may watch it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from tests.live.stage import Process, Stage, socket
from waypost.db import City, System, fetchval
from waypost.graph.ids import GlobalId
from waypost.outbox import Act
from waypost.outbox.jobs import begin_job, end_job, job_progress

WATCH = "subscription($id: ID!) { jobChanged(id: $id) { id job { state done } } }"


async def begun(stage: Stage, person: UUID | None) -> tuple[UUID, str]:
    here = stage.towns["brighton"].here
    async with stage.database.transaction(City(here.tenant_id)):
        job = await begin_job(Act(here, person, "curator", None, datetime.now(UTC)), "award-many", 3)
    return job, str(GlobalId("Job", here.tenant_id, job))


async def test_each_step_is_told_to_who_watches(stage: Stage, process: Process) -> None:
    tenant = stage.towns["brighton"].here.tenant_id
    job, id = await begun(stage, None)
    other, _ = await begun(stage, None)
    async with socket(process, "/brighton/graphql", stage.towns["brighton"].token) as client:
        await client.subscribe(query=WATCH, variables={"id": id})
        await process.listening(1)
        async with stage.database.transaction(City(tenant)):
            await job_progress(tenant, other, 1)
            await job_progress(tenant, job, 2)
        message = await client.next()
        assert message["data"]["jobChanged"] == {"id": id, "job": {"state": "RUNNING", "done": 2}}
        async with stage.database.transaction(City(tenant)):
            await end_job(tenant, job, "done", done=3)
        message = await client.next()
        assert message["data"]["jobChanged"] == {"id": id, "job": {"state": "DONE", "done": 3}}
    await process.quiet()


async def test_strangers_and_other_cities_hear_nothing(stage: Stage, process: Process) -> None:
    tenant = stage.towns["brighton"].here.tenant_id
    job, id = await begun(stage, None)
    mine, my_id = await begun(stage, await _curator(stage))
    for path, token in (("/brighton/graphql", None), ("/plymouth/graphql", stage.towns["plymouth"].token)):
        async with socket(process, path, token) as client:
            await client.subscribe(query=WATCH, variables={"id": id})
            await process.listening(1)
            async with stage.database.transaction(City(tenant)):
                await job_progress(tenant, job, 1)
                await job_progress(tenant, mine, 1)
            async with socket(process, "/brighton/graphql", stage.towns["brighton"].token) as other:
                await other.subscribe(query=WATCH, variables={"id": my_id})
                await process.listening(2)
                async with stage.database.transaction(City(tenant)):
                    await job_progress(tenant, mine, 2)
                assert (await other.next())["data"]["jobChanged"]["job"]["done"] == 2
            await client.send(type="ping")
            assert (await client.receive())["type"] == "pong", "nothing came before"
    await process.quiet()


async def _curator(stage: Stage) -> UUID:
    async with stage.database.transaction(System("tests")):
        found: UUID = await fetchval("SELECT person_id FROM token ORDER BY id LIMIT 1")
    return found

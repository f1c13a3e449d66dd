"""Who may watch long work, and what they see."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.journeys.stage import Stage
from waypost.db import City
from waypost.graph.ids import GlobalId
from waypost.outbox import Act
from waypost.outbox.jobs import Problem, begin_job, end_job, job_progress

JOB = "query($id: ID!) { job(id: $id) { id kind state done total problems { line column code message } } }"


async def begun(stage: Stage, who: str, total: int | None = 3) -> tuple[UUID, str]:
    asker, town = stage.who[who], stage.town("brighton")
    act = Act(town.here, asker.person, asker.role, asker.issuer, stage.build.world.now)
    async with stage.database.transaction(City(town.id)):
        job = await begin_job(act, "award-many", total)
    return job, str(GlobalId("Job", town.id, job))


async def test_who_began_a_job_watches_it_to_its_end(stage: Stage) -> None:
    job, id = await begun(stage, "issuer-staff")
    tenant = stage.town("brighton").id
    found = (await stage.read(JOB, who="issuer-staff", id=id))["job"]
    assert found == {"id": id, "kind": "award-many", "state": "QUEUED", "done": 0, "total": 3, "problems": []}
    async with stage.database.transaction(City(tenant)):
        await job_progress(tenant, job, 2)
    assert (await stage.read(JOB, who="issuer-staff", id=id))["job"]["state"] == "RUNNING"
    problems = [
        Problem(code="INVALID", message="That is no address.", line=line, column="email") for line in range(2, 12)
    ]
    async with stage.database.transaction(City(tenant)):
        await end_job(tenant, job, "done", problems, done=3)
    found = (await stage.read(JOB, who="issuer-staff", id=id))["job"]
    assert (found["state"], found["done"]) == ("DONE", 3)
    assert [each["line"] for each in found["problems"]] == list(range(2, 12))


@pytest.mark.parametrize(
    ("who", "city", "sees"),
    [
        ("issuer-staff", "brighton", True),
        ("brighton curator", "brighton", True),
        ("operator", "brighton", True),
        ("learner", "brighton", False),
        ("stranger", "brighton", False),
        ("plymouth curator", "brighton", False),
        ("plymouth curator", "plymouth", False),
        ("issuer-staff", None, False),
    ],
)
async def test_others_do_not_find_it(stage: Stage, who: str, city: str | None, sees: bool) -> None:
    _, id = await begun(stage, "issuer-staff")
    for query in (JOB, "query($id: ID!) { node(id: $id) { id } }"):
        body: dict[str, Any] = await stage.body(query, {"id": id}, city, who)
        field = "job" if query is JOB else "node"
        if sees:
            assert body["data"][field]["id"] == id
        else:
            assert body["data"] == {field: None}
            assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_what_is_no_job_is_not_found(stage: Stage) -> None:
    for id in ("", "Job.x", stage.id("Badge", "brighton", "explorer")):
        body = await stage.body(JOB, {"id": id}, "brighton", "brighton curator")
        assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"

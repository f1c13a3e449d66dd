"""Stories of pathways that are completed: their badge is awarded by itself, once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.journeys.stage import Stage, named_by
from tests.journeys.test_pathways import published
from tests.journeys.test_progress import badge, earned
from waypost.awards.completing import after_award
from waypost.db import City, Database, Learner, execute, fetch, new_id
from waypost.graph import Asker
from waypost.outbox import Happened, Work
from waypost.outbox.effects import sweep
from waypost.settings import Settings
from waypost.testing.working import work_off

AWARDS_SQL = """
SELECT a.state, a.origin, a.origin_id, a.awarded_by, r.display_name AS name FROM award a JOIN recipient r
ON r.tenant_id = a.tenant_id AND r.id = a.recipient_id WHERE a.tenant_id = $1 AND a.badge_id = $2 AND r.person_id = $3
"""


@pytest.fixture
async def ada(stage: Stage) -> str:
    """Somebody new who has signed in."""
    stage.who["ada"] = Asker(new_id())
    return "ada"


async def way(stage: Stage, goal: str | None, *badges: str, **facts: Any) -> str:
    """A pathway in Brighton whose steps are these badges, all needed."""
    steps = [{"key": f"step-{n}", "title": f"Step {n}", "badges": [each]} for n, each in enumerate(badges)]
    words = {"steps": steps, "translations": [], "rule": {"kind": "ALL"}, "completionBadge": goal, **facts}
    return str((await published(stage, **words))["id"])


async def awards(stage: Stage, who: str, goal: str) -> list[dict[str, Any]]:
    """What somebody got of a badge."""
    named = named_by(goal)
    async with stage.database.transaction(City(named.tenant)):
        return [dict(row) for row in await fetch(AWARDS_SQL, named.tenant, named.row, stage.who[who].person)]


async def news_of(stage: Stage, of: str) -> Happened:
    """The news that the one award of a badge was accepted."""
    named = named_by(of)
    async with stage.database.transaction(City(named.tenant)):
        sql = "SELECT id FROM award WHERE tenant_id = $1 AND badge_id = $2"
        ((id,),) = await fetch(sql, named.tenant, named.row)
    return Happened(named.tenant, new_id(), "award.accepted", "Award", id, None, {}, stage.build.world.now)


async def test_the_last_badge_brings_the_completion_badge(stage: Stage, ada: str) -> None:
    one, two, goal = await badge(stage), await badge(stage), await badge(stage)
    on = await way(stage, goal, one, two)
    await earned(stage, ada, one)
    await work_off(stage.database)
    assert await awards(stage, ada, goal) == []
    await earned(stage, ada, two)
    await work_off(stage.database)
    (given,) = await awards(stage, ada, goal)
    assert (given["state"], given["origin"], given["origin_id"]) == ("offered", "pathway", named_by(on).row)
    assert given["awarded_by"] is None


async def test_who_joined_has_asked_for_it(stage: Stage, ada: str) -> None:
    one, goal = await badge(stage), await badge(stage)
    await stage.done("joinPathway", {"pathway": await way(stage, goal, one)}, "pathway { id }", who=ada)
    await earned(stage, ada, one)
    await work_off(stage.database)
    assert [each["state"] for each in await awards(stage, ada, goal)] == ["accepted"]


async def test_who_had_everything_before_gets_it_on_joining(stage: Stage, ada: str) -> None:
    one, goal = await badge(stage), await badge(stage)
    await earned(stage, ada, one)
    await work_off(stage.database)
    on = await way(stage, goal, one)
    await stage.done("joinPathway", {"pathway": on}, "pathway { id }", who=ada)
    await work_off(stage.database)
    assert [each["state"] for each in await awards(stage, ada, goal)] == ["accepted"]


async def test_one_pathways_badge_can_complete_another(stage: Stage, ada: str) -> None:
    one, goal, far = await badge(stage), await badge(stage), await badge(stage)
    for on in (await way(stage, goal, one), await way(stage, far, goal)):
        await stage.done("joinPathway", {"pathway": on}, "pathway { id }", who=ada)
    await earned(stage, ada, one)
    await work_off(stage.database)
    assert [each["state"] for each in await awards(stage, ada, far)] == ["accepted"]


async def test_it_is_given_once_however_often_the_news_comes(stage: Stage, ada: str) -> None:
    one, goal = await badge(stage), await badge(stage)
    await way(stage, goal, one)
    await earned(stage, ada, one)
    news, work = await news_of(stage, one), Work(stage.database, Settings())
    await asyncio.gather(*(after_award(work, news) for _ in range(4)))
    await work_off(stage.database)
    assert len(await awards(stage, ada, goal)) == 1
    await stage.run("brighton", "UPDATE award SET state = 'revoked' WHERE badge_id = $1", named_by(goal).row)
    await after_award(work, news)
    assert len(await awards(stage, ada, goal)) == 1


async def test_it_is_given_once_however_much_time_goes_by(stage: Stage, ada: str) -> None:
    """What was taken back stays so, though a badge of the pathway is accepted again when a month is over."""
    one, goal = await badge(stage), await badge(stage)
    await way(stage, goal, one)
    await earned(stage, ada, one)
    await work_off(stage.database)
    await stage.run("brighton", "UPDATE award SET state = 'revoked' WHERE badge_id = $1", named_by(goal).row)
    aged = "UPDATE handled SET handled_at = now() - interval '31 days' WHERE tenant_id = $1"
    await stage.run("brighton", aged, stage.town("brighton").id)
    await sweep(Work(stage.database, Settings()))
    await after_award(Work(stage.database, Settings()), await news_of(stage, one))
    assert [each["state"] for each in await awards(stage, ada, goal)] == ["revoked"]


async def test_a_badge_earned_elsewhere_completes_for_who_is_known_or_joined(stage: Stage, ada: str) -> None:
    """A city learns nobody's name for nothing: who neither joined nor earned anything there gets nothing there."""
    there, goal = await badge(stage, "plymouth"), await badge(stage)
    on = await way(stage, goal, there)
    await earned(stage, ada, there)
    await work_off(stage.database)
    assert await awards(stage, ada, goal) == []
    person = stage.who[ada].person
    assert person is not None
    async with stage.database.transaction(Learner(person)):
        await execute("INSERT INTO person_profile (person_id, name) VALUES ($1, 'Ada')", person)
    await stage.done("joinPathway", {"pathway": on}, "pathway { id }", who=ada, city=None)
    await work_off(stage.database)
    assert [(each["state"], each["name"]) for each in await awards(stage, ada, goal)] == [("accepted", "Ada")]


async def test_nothing_comes_of_a_pathway_that_is_not_offered_or_awards_nothing(stage: Stage, ada: str) -> None:
    one, goal = await badge(stage), await badge(stage)
    retired = await way(stage, goal, one)
    await stage.done("retirePathway", {"pathway": retired}, "pathway { id }")
    await way(stage, None, one)
    await earned(stage, ada, one)
    await work_off(stage.database)
    assert await awards(stage, ada, goal) == []


async def test_a_badge_that_cannot_be_given_now_is_given_when_it_can(
    stage: Stage, ada: str, database: Database
) -> None:
    one, two, goal = await badge(stage), await badge(stage), await badge(stage)
    await way(stage, goal, one)
    await stage.run("brighton", "UPDATE badge SET state = 'retired' WHERE id = $1", named_by(goal).row)
    await earned(stage, ada, one)
    await work_off(database)
    assert await awards(stage, ada, goal) == []
    await stage.run("brighton", "UPDATE badge SET state = 'published' WHERE id = $1", named_by(goal).row)
    on = await way(stage, goal, one)
    await stage.done("joinPathway", {"pathway": on}, "pathway { id }", who=ada)
    await earned(stage, ada, two)
    await work_off(database)
    assert len(await awards(stage, ada, goal)) == 1

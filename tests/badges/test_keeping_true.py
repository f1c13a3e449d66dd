"""What a tenant shows of another's follows what happens at home."""

from __future__ import annotations

from uuid import UUID

from tests.journeys.conftest import stage as _stage
from tests.journeys.stage import Stage
from waypost.badges.borrowing import borrowers_of, refresh_one
from waypost.db import City, fetch, fetchrow
from waypost.testing.working import work_off

stage = _stage
BORROWED_SQL = "SELECT name, state, xmin::text AS touched FROM borrowed WHERE tenant_id = $1 AND object_id = $2"


async def shown(stage: Stage, town: str, id: UUID) -> tuple[str, str, str]:
    async with stage.database.transaction(City(stage.town(town).id)):
        row = await fetchrow(BORROWED_SQL, stage.town(town).id, id)
    assert row is not None
    return tuple(row.values())


async def tell(stage: Stage, town: str, sql: str, id: UUID, happened: str) -> None:
    """Change something as its home would, and tell of it."""
    from waypost.tenancy.telling import Told, tell_all

    here = stage.town(town).id
    async with stage.database.transaction(City(here)):
        assert await fetch(f"{sql} RETURNING id", here, id)
        thing = happened.partition(".")[0].title()
        await tell_all(here, [Told(happened, thing, id)], stage.build.world.now)


async def test_what_happens_at_home_is_shown_where_it_is_borrowed(stage: Stage) -> None:
    badge = stage.build.world.find("Badge", "plymouth", "smart-citizen").id
    await stage.done("adoptBadge", {"badge": stage.id("Badge", "plymouth", "smart-citizen")}, "badge { id }")
    await work_off(stage.database)
    assert (await shown(stage, "brighton", badge))[:2] == ("Smart Citizen", "published")
    rename = "UPDATE badge SET name = 'Clever Citizen' WHERE tenant_id = $1 AND id = $2"
    await tell(stage, "plymouth", rename, badge, "badge.published")
    await work_off(stage.database)
    name, state, touched = await shown(stage, "brighton", badge)
    assert (name, state) == ("Clever Citizen", "published")
    await tell(stage, "plymouth", rename, badge, "badge.updated")
    await work_off(stage.database)
    assert (await shown(stage, "brighton", badge))[2] == touched, "what is true is not touched"
    await tell(
        stage, "plymouth", "UPDATE badge SET state = 'retired' WHERE tenant_id = $1 AND id = $2", badge, "badge.retired"
    )
    await work_off(stage.database)
    assert (await shown(stage, "brighton", badge))[:2] == ("Clever Citizen", "retired")
    await tell(
        stage, "plymouth", "UPDATE badge SET public = false WHERE tenant_id = $1 AND id = $2", badge, "badge.updated"
    )
    await work_off(stage.database)
    assert (await shown(stage, "brighton", badge))[:2] == ("Clever Citizen", "withdrawn"), "it keeps its words"


async def test_who_borrows_nothing_is_not_found(stage: Stage) -> None:
    badge = stage.build.world.find("Badge", "plymouth", "navigator").id
    assert await borrowers_of(stage.database, stage.town("plymouth").id, "badge", badge) == []
    assert not await refresh_one(stage.database, stage.town("brighton").id, "badge", badge)

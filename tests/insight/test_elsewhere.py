"""A city's figures hold what others awarded and was earned in it; the worker sees to that, and to the months."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.insight.town import Earning, found
from waypost.composition import effects
from waypost.db import City, Database, execute
from waypost.outbox.work import Work
from waypost.settings import Settings

NOW = datetime(2026, 3, 10, tzinfo=UTC)


async def ticks(database: Database) -> None:
    [figures] = [each for each in effects().schedules if each.name == "figures"]
    await figures.run(Work(database, Settings(), clock=lambda: NOW))


async def moved(town: Earning, there: Earning) -> None:
    """All that the town has awarded was earned there, in the lab."""
    async with town.database.transaction(City(town.town.id)):
        await execute(
            "UPDATE award SET earned_in_tenant_id = $2, opportunity_id = $3 WHERE tenant_id = $1",
            *(town.town.id, there.town.id, there.activities["lab"].id),
        )


async def test_what_was_earned_here_counts_here_and_for_its_issuers_city(database: Database) -> None:
    home, there = await found(database, "home"), await found(database, "there")
    awards = await home.awards(range(6), "2026-01", at=None)
    await moved(home, there)
    await there.awards(range(9), "2026-01")
    await ticks(database)
    await ticks(database)
    assert ((await home.figures()).badges, (await there.figures()).badges) == (6, 15)
    kinds = await there.rows("SELECT DISTINCT kind, place <> 'unknown' FROM counted_award WHERE tenant_id = $1")
    assert kinds == [("WORKSHOP", True)]
    assert await there.rows("SELECT id FROM counted_award WHERE tenant_id = $1 AND id = ANY($2::uuid[])", awards) != []


async def test_what_is_taken_back_before_it_was_counted_does_not_count_there_either(database: Database) -> None:
    home, there = await found(database, "home-2"), await found(database, "there-2")
    one, *_ = await home.awards(range(3), "2026-01", at=None)
    await moved(home, there)
    await ticks(database)
    assert len(await there.rows("SELECT id FROM counted_award WHERE tenant_id = $1")) == 3
    async with database.transaction(City(home.town.id)):
        await execute("UPDATE award SET state = 'revoked' WHERE tenant_id = $1 AND id = $2", home.town.id, one)
    await ticks(database)
    assert len(await there.rows("SELECT id FROM counted_award WHERE tenant_id = $1")) == 2

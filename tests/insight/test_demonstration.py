"""What a demonstration loads has figures, too."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from tests.graph.world import Builder
from tests.insight.town import found as found_town
from waypost.db import City, Database, fetch
from waypost.demo import clear, load
from waypost.insight.reading import Figures, read_figures

DAY = date(2026, 11, 20)


async def rows(database: Database, tenant: UUID, sql: str) -> list[tuple[Any, ...]]:
    async with database.transaction(City(tenant)):
        return [tuple(row) for row in await fetch(sql, tenant)]


async def test_a_made_up_city_has_plausible_figures_and_the_same_ones_again(database: Database) -> None:
    town = await Builder(database).town("made-up", "Made Up", box=(50.3, -4.3, 50.5, -4.0))
    await load(database, 600, seed=1, today=DAY)
    found = await read_figures(database, town.id)
    assert found.to_month == "2026-10"
    assert found.learners is not None
    assert 150 <= found.learners <= 300
    assert found.share is not None
    assert 0.2 < found.share < 0.7
    assert len(found.months) >= 12
    assert len(found.breakdown("layer").groups) >= 2
    assert len(found.breakdown("kind").groups) >= 2
    assert len(found.breakdown("age").groups) >= 3
    await load(database, 600, seed=2, today=DAY)
    other = await read_figures(database, town.id)
    assert other != found
    await load(database, 600, seed=1, today=DAY)
    assert await read_figures(database, town.id) == found
    await clear(database)
    assert await read_figures(database, town.id) == Figures(0)
    for table in ("award", "recipient", "counted_award", "figure_release", "figure_breakdown", "figure_cell"):
        assert await rows(database, town.id, f"SELECT 1 FROM {table} WHERE tenant_id = $1") == [], table


async def test_what_was_told_of_real_learners_stays_when_made_up_ones_go(database: Database) -> None:
    town = await found_town(database, "lived-in")
    real = await town.awards(range(20), "2026-01")
    await town.closes("2026-02-10")
    [january] = (await town.figures()).months
    real += await town.awards(range(20, 26), "2026-02")
    await load(database, 600, seed=1, today=DAY)
    before = (await town.figures()).months
    assert (before[0], before[-1].to_month) == (january, "2026-10")
    await clear(database)
    assert (await town.figures()).months == before[:2], "February holds real ones, and stays as it was told"
    counted = "SELECT id FROM counted_award WHERE tenant_id = $1 AND release_id IS NOT NULL"
    assert {id for (id,) in await town.rows(counted)} >= set(real)
    assert await town.rows("SELECT 1 FROM counted_award WHERE tenant_id = $1 AND release_id IS NULL") == []
    told = "SELECT 1 FROM figure_breakdown WHERE tenant_id = $1 AND from_month > '2026-02'"
    assert await town.rows(told) == []
    await town.awards(range(26, 40), "2026-03")
    await town.closes("2026-04-10")
    [*_, march] = (await town.figures()).months
    assert (march.from_month, march.learners, march.badges) == ("2026-03", 14, 14)

"""What a demonstration loads has figures, too."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from tests.graph.world import Builder
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

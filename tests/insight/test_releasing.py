"""A city's months are released once, and say nothing of fewer than five people."""

from __future__ import annotations

from asyncio import gather
from datetime import date
from itertools import islice
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.insight.town import Earning
from waypost.db import City, Database, execute, new_id
from waypost.db.connections import connect
from waypost.insight.reading import Figures
from waypost.insight.releasing import release_here

RUN = "tenant_id, id, from_month, to_month"
JANUARY = "$1, $2, '2026-01', '2026-01'"
WARDS_SQL = """
INSERT INTO postcode (code, latitude, longitude, nation, ward, deprivation_rank, source)
VALUES ('PL12HL', 50.37, -4.14, 'GB-ENG', 'E05000001', 3000, 'made up')
ON CONFLICT (code) DO UPDATE
SET (nation, ward, deprivation_rank, source) = (excluded.nation, excluded.ward, excluded.deprivation_rank, 'made up')
"""


async def test_a_month_is_released_when_it_is_over_and_has_settled(town: Earning) -> None:
    await town.awards(range(7), "2026-03")
    assert await town.closes("2026-04-02") == 0
    assert await town.closes("2026-04-03") == 1
    found = await town.figures()
    assert (found.from_month, found.to_month, found.learners, found.badges) == ("2026-03", "2026-03", 7, 7)
    assert found.organisations == 2


async def test_what_was_released_stays_when_an_award_is_revoked_or_a_late_one_comes(town: Earning) -> None:
    """Who asked yesterday and asks today learns of nobody who came or went in between."""
    first, *_ = await town.awards(range(7), "2026-03")
    await town.closes("2026-04-10")
    async with town.database.transaction(City(town.town.id)):
        await execute("UPDATE award SET state = 'revoked' WHERE tenant_id = $1 AND id = $2", town.town.id, first)
    await town.awards([7], "2026-03")
    assert await town.closes("2026-04-11") == 0
    assert (await town.figures()).badges == 7
    assert await town.closes("2026-05-03") == 0
    await town.awards(range(8, 12), "2026-04")
    assert await town.closes("2026-05-04") == 1
    assert [(each.to_month, each.badges) for each in (await town.figures()).months] == [("2026-03", 7), ("2026-04", 5)]


async def test_four_people_wait_until_a_fifth_comes_and_the_months_are_told_together(town: Earning) -> None:
    await town.awards(range(4), "2026-01")
    assert await town.closes("2026-02-10") == 0
    assert await town.figures() == Figures(2)
    await town.awards([4], "2026-03")
    assert await town.closes("2026-04-10") == 1
    [month] = (await town.figures()).months
    assert (month.from_month, month.to_month, month.badges) == ("2026-01", "2026-03", 5)
    assert await town.figures("2026-02", "2026-03") == Figures(2)


async def test_years_of_awards_are_released_month_by_month_at_once(town: Earning) -> None:
    for month in ("2024-11", "2024-12", "2025-02"):
        await town.awards(range(6), month)
    assert await town.closes("2026-01-20") == 3
    assert await town.closes("2026-01-20") == 0
    found = await town.figures()
    assert [(each.to_month, each.learners, each.badges) for each in found.months] == [
        ("2024-11", 6, 6),
        ("2024-12", None, 6),
        ("2025-02", None, 6),
    ]
    assert (found.learners, found.more_than_one, found.share) == (6, 6, 1.0)


async def test_the_share_of_learners_with_more_than_one_badge_is_that_of_the_end_of_the_months(town: Earning) -> None:
    await town.awards(range(20), "2026-01")
    await town.awards(range(5), "2026-02")
    await town.awards(range(20, 30), "2026-03")
    await town.closes("2026-04-10")
    assert (await town.figures("2026-01", "2026-01")).share is None
    assert (await town.figures("2026-02", "2026-02")).share == 0.25
    assert (await town.figures()).share == 5 / 30


async def test_one_more_badge_of_one_learner_is_not_told_before_five_have_one(town: Earning) -> None:
    """Badges less learners would be one."""
    await town.awards(range(20), "2026-01")
    await town.awards([0], "2026-01", layer="lead")
    await town.closes("2026-02-10")
    found = await town.figures()
    assert (found.learners, found.badges, found.more_than_one) == (20, 20, None)


@pytest.mark.parametrize("state", ["declined", "revoked", "replaced"])
async def test_what_was_not_taken_or_was_taken_back_is_not_counted(town: Earning, state: str) -> None:
    await town.awards(range(6), "2026-01")
    await town.awards(range(6, 20), "2026-01", state=state)
    await town.closes("2026-02-10")
    assert (await town.figures()).badges == 6


async def test_what_is_revoked_while_it_waits_is_not_counted(town: Earning) -> None:
    [one, *_] = await town.awards(range(4), "2026-01")
    await town.closes("2026-02-10")
    async with town.database.transaction(City(town.town.id)):
        await execute("UPDATE award SET state = 'revoked' WHERE tenant_id = $1 AND id = $2", town.town.id, one)
    await town.awards([10], "2026-02")
    assert await town.closes("2026-03-10") == 0


async def test_organisations_that_earn_badges_are_no_learners(town: Earning) -> None:
    for number in range(6):
        await town.learner(number, kind="organisation")
    await town.awards(range(6), "2026-01")
    assert await town.closes("2026-02-10") == 0


async def test_badges_are_sorted_once_there_are_enough_and_small_groups_go_together(town: Earning) -> None:
    await town.awards(range(30), "2026-01")
    await town.awards(range(12), "2026-01", layer="participate", at="online", born=1980)
    await town.awards(range(12, 16), "2026-01", layer="lead", at=None, born=None)
    assert await town.closes("2026-02-10") == 1
    found = await town.figures()
    assert found.badges == 46
    assert found.breakdown("layer").badges is None
    await town.awards(range(30, 60), "2026-02")
    await town.closes("2026-03-10")
    layers = (await town.figures()).breakdown("layer")
    assert layers.badges == 76
    assert sum(each.badges for each in layers.groups) + (layers.together or 0) == layers.badges
    assert all(each.badges >= 5 for each in layers.groups)


async def test_ward_and_deprivation_are_those_of_the_postcode_of_the_place(town: Earning, admin_url: str) -> None:
    connection = await connect(admin_url)
    try:
        await connection.execute(WARDS_SQL)
    finally:
        await connection.close()
    await town.awards(range(150), "2026-01", born=2010)
    await town.awards(range(150, 260), "2026-01", at="online", born=1960)
    await town.closes("2026-02-10")
    found = await town.figures()
    shown = {
        dimension: [(each.code, each.name, each.badges) for each in found.breakdown(dimension).groups]
        for dimension in ("kind", "ward", "deprivation", "age")
    }
    assert shown == {
        "kind": [("WORKSHOP", "Workshop", 150), ("ONLINE_LEARNING", "Online learning", 110)],
        "ward": [("E05000001", "E05000001", 150), ("unknown", "Not known", 110)],
        "deprivation": [("1", "1, most deprived", 150), ("unknown", "Not known", 110)],
        "age": [("16-18", "16 to 18", 150), ("65-", "65 and over", 110)],
    }
    assert [each.name for each in found.breakdown("place").groups] == ["The Hall", "No place"]


async def test_who_gets_an_account_is_the_same_learner_as_before(town: Earning) -> None:
    await town.awards(range(10), "2026-01")
    await town.closes("2026-02-10")
    async with town.database.transaction(City(town.town.id)):
        await execute("UPDATE recipient SET person_id = gen_random_uuid() WHERE tenant_id = $1", town.town.id)
    await town.awards(range(10), "2026-02")
    await town.closes("2026-03-10")
    found = await town.figures()
    assert (found.learners, found.more_than_one, found.badges) == (10, 10, 20)


async def test_what_was_told_stays_when_an_award_goes(town: Earning) -> None:
    await town.awards(range(6), "2026-01")
    await town.closes("2026-02-10")
    one = town.learners[0]
    async with town.database.transaction(City(town.town.id)):
        await execute("DELETE FROM award WHERE tenant_id = $1 AND recipient_id = $2", town.town.id, one)
        await execute("DELETE FROM recipient WHERE tenant_id = $1 AND id = $2", town.town.id, one)
    await town.closes("2026-03-10")
    assert (await town.figures()).badges == 6


async def test_who_reads_while_a_month_is_released_is_told_what_adds_up(
    town: Earning, monkeypatch: pytest.MonkeyPatch
) -> None:
    for month in ("2026-01", "2026-02", "2026-03"):
        await town.awards(range(50), month)
    await town.closes("2026-02-10")
    reads, days = town.database.reads, iter(("2026-03-10", "2026-04-10"))

    def then_released(of: Any) -> Any:
        async def answers(*args: Any, **how: Any) -> Any:
            found = await of(*args, **how)
            for day in islice(days, 1):
                assert await town.closes(day) == 1
            return found

        return answers

    with monkeypatch.context() as meanwhile:
        for name in ("read", "rows"):
            meanwhile.setattr(reads, name, then_released(getattr(reads, name)))
        found = await town.figures()
    assert next(days, None) is None, "nothing was released meanwhile"
    layers = found.breakdown("layer")
    assert (found.to_month, layers.to_month) in {(month, month) for month in ("2026-01", "2026-02", "2026-03")}
    assert found.badges == layers.badges == sum(each.badges for each in layers.groups) + (layers.together or 0)
    assert (await town.figures()).badges == 150


@pytest.mark.parametrize(
    "sql",
    [
        f"INSERT INTO figure_release ({RUN}, badges, released_at) VALUES ({JANUARY}, 4, now())",
        f"INSERT INTO figure_release ({RUN}, learners, badges, released_at) VALUES ({JANUARY}, 4, 9, now())",
        f"INSERT INTO figure_breakdown ({RUN}, dimension, badges, together) VALUES ({JANUARY}, 'age', 9, 4)",
        "INSERT INTO figure_cell (tenant_id, breakdown_id, code, badges) VALUES ($1, $2, 'x', 4)",
    ],
)
async def test_the_database_takes_no_figure_under_five(town: Earning, sql: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        async with town.database.transaction(City(town.town.id)):
            await execute(sql, town.town.id, new_id())


async def test_releasing_twice_at_once_counts_once(town: Earning) -> None:
    await town.awards(range(9), "2026-01")
    made = await gather(*(town.closes("2026-02-10") for _ in range(3)))
    assert sorted(made) == [0, 0, 1]


async def test_another_city_counts_nothing_of_it(town: Earning, database: Database) -> None:
    await town.awards(range(9), "2026-01")
    elsewhere: UUID = new_id()
    async with database.transaction(City(elsewhere)):
        assert await release_here(elsewhere, date(2026, 6, 1), chance=Random(1)) == 0

"""A city's figures hold what others awarded and was earned in it; the worker sees to that, and to the months."""

from __future__ import annotations

from itertools import count

import pytest

from tests.insight.abroad import Abroad, found_abroad, ticks
from tests.journeys.stage import Stage
from tests.journeys.test_awards import person
from waypost.db import Database

NUMBERS = count(1)


@pytest.fixture(scope="module")
async def stage(database: Database) -> Stage:
    return await Stage.set_up(database)


@pytest.fixture
async def abroad(stage: Stage) -> Abroad:
    """Two cities of this test's own."""
    return await found_abroad(stage, next(NUMBERS))


async def test_what_was_earned_here_counts_here_and_for_its_issuers_city(abroad: Abroad) -> None:
    await abroad.gives(range(100), "2026-01")
    for day in ("2026-03-10", "2026-03-10"):
        await ticks(abroad.stage, day)
    assert await abroad.told("learners", "badges") == [(100, 100)] * 2
    home, there = await abroad.figures(abroad.home), await abroad.figures(abroad.there)
    assert home["kinds"]["groups"] == [{"code": "unknown", "badges": 100}]
    assert there["kinds"]["groups"] == [{"code": "WORKSHOP", "badges": 100}]


async def test_what_was_earned_at_home_counts_at_home_alone(abroad: Abroad) -> None:
    await abroad.gives(range(6), "2026-01", lab=False)
    await abroad.gives(range(6, 12), "2026-01")
    await ticks(abroad.stage, "2026-03-10")
    assert await abroad.told("learners", "badges") == [(12, 12), (6, 6)]


async def test_what_is_taken_back_before_it_was_counted_does_not_count_there_either(abroad: Abroad) -> None:
    awards = await abroad.gives(range(7), "2026-01")
    await ticks(abroad.stage, "2026-01-20")
    await abroad.acts("revokeAward", "award { state }", award=awards["Pupil 3"], reason="A mistake.")
    await ticks(abroad.stage, "2026-03-10")
    assert await abroad.told("badges") == [(6,), (6,)]


async def test_what_stands_in_the_place_of_a_counted_award_is_not_counted_again(abroad: Abroad) -> None:
    awards = await abroad.gives(range(20), "2026-01")
    await ticks(abroad.stage, "2026-02-10")
    for n in range(7):
        given = {"award": awards[f"Pupil {n}"], "awardedAt": "2026-02-15T12:00:00Z"}
        new = await abroad.acts("replaceAward", "award { id }", **given)
        if n < 6:  # once more, before the next month is told
            await abroad.acts("replaceAward", "award { id }", **{**given, "award": new["award"]["id"]})
    await ticks(abroad.stage, "2026-03-10")
    await abroad.gives(range(20, 26), "2026-03")
    await ticks(abroad.stage, "2026-04-10")
    assert await abroad.told("learners", "badges", "learnersWithMoreThanOne") == [(26, 26, None)] * 2


async def test_of_an_award_and_what_stands_in_its_place_the_later_one_counts(abroad: Abroad) -> None:
    awards = await abroad.gives(range(6), "2026-01")
    await ticks(abroad.stage, "2026-01-20")
    for n in range(6):
        given = {"award": awards[f"Pupil {n}"], "awardedAt": "2026-02-15T12:00:00Z"}
        await abroad.acts("replaceAward", "award { id }", **given)
    await ticks(abroad.stage, "2026-03-10")
    assert await abroad.told("learners", "badges") == [(6, 6)] * 2
    months = "{ figures { months { toMonth badges } } }"
    for city in (abroad.home, abroad.there):
        told = (await abroad.stage.read(months, city))["figures"]["months"]
        assert told == [{"toMonth": "2026-02", "badges": 6}]


async def test_who_joins_two_addresses_is_the_learner_that_was_counted(abroad: Abroad) -> None:
    await abroad.gives(range(12), "2026-01", known="work")
    await ticks(abroad.stage, "2026-02-10")
    await abroad.joins(range(6))
    await abroad.gives(range(6), "2026-02", badge=1, known="home")
    await ticks(abroad.stage, "2026-03-10")
    assert await abroad.told("learners", "badges", "learnersWithMoreThanOne") == [(12, 18, 6)] * 2


async def test_who_joins_two_addresses_is_one_of_the_five(abroad: Abroad) -> None:
    await abroad.gives(range(4), "2026-01", known="work")
    await ticks(abroad.stage, "2026-02-10")
    await abroad.joins(range(4))
    await abroad.gives(range(4), "2026-02", badge=1, known="home")
    await ticks(abroad.stage, "2026-03-10")
    assert await abroad.told("learners", "badges") == [(None, None)] * 2
    await abroad.gives([4], "2026-03", known="home")
    await ticks(abroad.stage, "2026-04-10")
    assert await abroad.told("learners", "badges", "learnersWithMoreThanOne") == [(5, 5, None)] * 2


async def test_who_claims_what_was_given_by_reference_is_the_learner_that_was_counted(abroad: Abroad) -> None:
    waiting = await abroad.gives(range(6), "2026-01")
    await ticks(abroad.stage, "2026-02-10")
    terms = {"badge": abroad.badges[0], "awards": list(waiting.values())}
    codes = (await abroad.acts("createClaimCode", "codes { code }", **terms))["codes"]
    for n, code in enumerate(codes):
        me = await person(abroad.stage, abroad.pupil(n, "home")["email"], abroad.home)
        await abroad.stage.done("claimBadge", {"code": code["code"]}, "award { id }", city=abroad.home, who=me)
    await abroad.gives(range(6), "2026-02", badge=1, known="home")
    await ticks(abroad.stage, "2026-03-10")
    assert await abroad.told("learners", "badges", "learnersWithMoreThanOne") == [(6, 12, 6)] * 2

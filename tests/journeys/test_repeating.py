"""A write that is sent twice under one key is done once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.journeys.stage import Stage
from tests.working import SETTINGS
from waypost.db import City, fetch, fetchval
from waypost.outbox.effects import EFFECTS
from waypost.outbox.work import Work

INPUT = {"name": "Kite Hill", "kind": "park", "location": {"latitude": 50.82, "longitude": -0.14}}
CREATE = """mutation($input: CreatePlaceInput!) { createPlace(input: $input) {
  __typename ... on CreatePlaceSuccess { place { id name slug city { slug } } } ... on Error { code } } }"""
TWO = """mutation($input: CreatePlaceInput!) {
  one: createPlace(input: $input) { ... on CreatePlaceSuccess { place { id } } }
  two: createPlace(input: $input) { ... on CreatePlaceSuccess { place { id } } } }"""
ADOPT = """mutation($input: AdoptBadgeInput!) { adoptBadge(input: $input) {
  ... on AdoptBadgeSuccess { badge { id name city { slug } } } ... on Error { code } } }"""

GIVE = """mutation($input: AwardBadgeInput!) { awardBadge(input: $input) {
  ... on AwardBadgeSuccess { award { id } } ... on Error { code } } }"""


async def post(stage: Stage, key: str | None, query: str = CREATE, **how: Any) -> dict[str, Any]:
    variables = {"input": how.pop("input", INPUT)}
    body = await stage.body(query, variables, who=how.pop("who", "brighton curator"), key=key, **how)
    assert "errors" not in body, body
    found: dict[str, Any] = body["data"]
    return found


async def places(stage: Stage) -> int:
    async with stage.database.transaction(City(stage.town("brighton").id)):
        count: int = await fetchval("SELECT count(*) FROM place")
    return count


async def test_the_second_gets_the_answer_of_the_first(stage: Stage) -> None:
    before = await places(stage)
    first = await post(stage, "key-1")
    assert first["createPlace"]["__typename"] == "CreatePlaceSuccess"
    assert await post(stage, "key-1") == first
    assert await places(stage) == before + 1
    assert await post(stage, None) != await post(stage, None)


async def test_a_key_belongs_to_one_request(stage: Stage) -> None:
    await post(stage, "key-2")
    before = await places(stage)
    answer = await post(stage, "key-2", input={**INPUT, "name": "Another Hill"})
    assert answer["createPlace"] == {"__typename": "Refused", "code": "IDEMPOTENCY_KEY_REUSED"}
    assert await places(stage) == before


async def test_a_key_belongs_to_one_person_in_one_city(stage: Stage) -> None:
    first = await post(stage, "key-3")
    other = await post(stage, "key-3", who="operator")
    elsewhere = await post(stage, "key-3", city="plymouth", who="plymouth curator")
    ids = {each["createPlace"]["place"]["id"] for each in (first, other, elsewhere)}
    assert len(ids) == 3


async def test_of_many_at_once_one_is_done(stage: Stage) -> None:
    before = await places(stage)
    answers = await asyncio.gather(*(post(stage, "key-4") for _ in range(8)))
    assert len({answer["createPlace"]["place"]["id"] for answer in answers}) == 1
    assert await places(stage) == before + 1


async def test_each_mutation_of_a_request_is_known_by_its_place(stage: Stage) -> None:
    before = await places(stage)
    first = await post(stage, "key-5", TWO)
    assert await post(stage, "key-5", TWO) == first
    assert first["one"] != first["two"]
    assert await places(stage) == before + 2


async def test_what_was_refused_may_be_tried_again(stage: Stage) -> None:
    wrong = {**INPUT, "kind": "no kind"}
    first = await post(stage, "key-6", input=wrong)
    assert first["createPlace"]["code"] == "INVALID"
    assert (await post(stage, "key-6"))["createPlace"]["__typename"] == "CreatePlaceSuccess"


async def test_an_answer_that_names_another_city_is_kept_whole(stage: Stage) -> None:
    given = {"badge": stage.id("Badge", "plymouth", "smart-citizen")}
    first = await post(stage, "key-7", ADOPT, input=given)
    assert first["adoptBadge"]["badge"]["city"] == {"slug": "plymouth"}
    assert await post(stage, "key-7", ADOPT, input=given) == first


async def test_what_was_done_and_may_not_be_seen_is_not_done_again(stage: Stage) -> None:
    stage.who["giver"] = replace(stage.who["issuer-admin"], limits=frozenset({"award.create"}))
    input = {"badge": stage.id("Badge", "brighton", "explorer"), "recipient": {"name": "Nobody's"}}
    body = await stage.body(GIVE, {"input": input}, who="giver", key="key-10")
    assert (body["data"], body["errors"][0]["extensions"]["code"]) == (None, "NOT_VISIBLE")
    given = len(await stage.told_in("brighton", "award.created"))
    again = await post(stage, "key-10", GIVE, input=input, who="giver")
    assert again == {"awardBadge": {"code": "IDEMPOTENCY_ANSWER_LOST"}}
    assert len(await stage.told_in("brighton", "award.created")) == given


async def test_strangers_are_refused_and_keep_nothing(stage: Stage) -> None:
    answer = await post(stage, "key-8", who="stranger")
    assert answer["createPlace"]["code"] == "UNAUTHENTICATED"


async def test_what_is_kept_says_nothing_without_the_key_and_goes_after_a_day(stage: Stage) -> None:
    await post(stage, "a secret of the client")
    here = stage.town("brighton").id
    async with stage.database.transaction(City(here)):
        rows = [str(dict(row)) for row in await fetch("SELECT * FROM kept_answer")]
    assert rows
    assert not any("Kite" in row or "a secret of the client" in row for row in rows)
    await stage.run(
        "brighton", "UPDATE kept_answer SET made_at = now() - interval '25 hours' WHERE tenant_id = $1", here
    )
    before = await places(stage)
    await post(stage, "key-1")
    assert await places(stage) == before + 1, "after a day it is a new request"
    (schedule,) = EFFECTS.schedules
    await schedule.run(Work(stage.database, SETTINGS))
    async with stage.database.transaction(City(here)):
        assert await fetchval("SELECT count(*) FROM kept_answer") == 1


@pytest.mark.parametrize("age", ["23 hours"])
async def test_within_the_day_it_is_known(stage: Stage, age: str) -> None:
    first = await post(stage, "key-9")
    await stage.run(
        "brighton",
        f"UPDATE kept_answer SET made_at = now() - interval '{age}' WHERE tenant_id = $1",
        stage.town("brighton").id,
    )
    assert await post(stage, "key-9") == first

"""A write that is sent twice under one key is done once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.journeys.joining import signed_in
from tests.journeys.stage import Stage, named_by
from tests.journeys.test_belongings import pathway_in
from waypost.access.addresses import ask_for_address
from waypost.db import City, Learner, System, execute, fetch, fetchval
from waypost.outbox.effects import EFFECTS
from waypost.outbox.work import Work
from waypost.testing.working import SETTINGS

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
    told = ("Kite Hill", "kite-hill", "a secret of the client")  # four letters alone come up in sealed text by chance
    assert not [row for row in rows for words in told if words in row]
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


JOIN = """mutation($input: JoinPathwayInput!) { joinPathway(input: $input) {
  __typename ... on JoinPathwaySuccess { pathway { id viewerHasJoined } } ... on Error { code } } }"""
ADD = """mutation($input: AddAddressInput!) { addAddress(input: $input) {
  __typename ... on AddAddressSuccess { address expiresAt } ... on Error { code } } }"""

ASK = "waypost.members.addresses.ask_for_address"


def further(name: str) -> dict[str, Any]:
    return {"input": {"address": f"{name}@example.org"}, "query": ADD, "who": "rose", "city": None}


@pytest.fixture
async def rose(stage: Stage) -> UUID:
    """Somebody who has signed in, and to whom no letter is on its way."""
    person = (await signed_in(stage, "rose")).person
    assert person is not None
    async with stage.database.transaction(System("tests")):
        await execute("DELETE FROM work WHERE kind = 'mail'")
        await execute("DELETE FROM sign_in_attempt")
    async with stage.database.transaction(Learner(person)):
        await execute("DELETE FROM own_answer")
        await execute("DELETE FROM person_address WHERE asked_at IS NOT NULL")
    return person


async def letters(stage: Stage) -> int:
    async with stage.database.transaction(System("tests")):
        count: int = await fetchval("SELECT count(*) FROM work WHERE kind = 'mail'")
    return count


@pytest.mark.usefixtures("rose")
async def test_a_letter_that_is_asked_for_twice_is_sent_once(stage: Stage) -> None:
    first = await post(stage, "own-1", **further("one"))
    assert first["addAddress"]["__typename"] == "AddAddressSuccess"
    assert await post(stage, "own-1", **further("one")) == first
    assert await letters(stage) == 1
    other = await post(stage, "own-1", **further("two"))
    assert other["addAddress"] == {"__typename": "Refused", "code": "IDEMPOTENCY_KEY_REUSED"}
    assert (await post(stage, "own-1", **{**further("one"), "city": "brighton"})) == first, "a key is the person's"
    await post(stage, "own-2", **further("one"))
    assert await letters(stage) == 2


@pytest.mark.usefixtures("rose")
async def test_who_may_not_do_it_is_told_no_answer_that_was_kept(stage: Stage) -> None:
    await post(stage, "own-10", **further("ten"))
    stage.who["program of rose"] = replace(stage.who["rose"], session=False, limits=frozenset({"place.create"}))
    answer = await post(stage, "own-10", **{**further("ten"), "who": "program of rose"})
    assert answer["addAddress"] == {"__typename": "Refused", "code": "FORBIDDEN"}


@pytest.mark.usefixtures("rose")
async def test_of_many_that_people_do_for_themselves_at_once_one_is_done(stage: Stage) -> None:
    answers = await asyncio.gather(*(post(stage, "own-3", **further("three")) for _ in range(6)))
    assert all(answer == answers[0] for answer in answers)
    assert await letters(stage) == 1


@pytest.mark.usefixtures("rose")
async def test_what_people_do_for_themselves_and_was_refused_or_broke_may_be_tried_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = await post(stage, "own-4", **further("no address"))
    assert refused["addAddress"]["code"] == "INVALID"

    async def broken(*_args: Any, **_more: Any) -> Any:
        monkeypatch.setattr(ASK, ask_for_address)
        raise ConnectionError("the database is away")

    monkeypatch.setattr(ASK, broken)
    body = await stage.body(ADD, {"input": further("four")["input"]}, None, "rose", "own-4")
    assert body["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    answer = await post(stage, "own-4", **further("four"))
    assert answer["addAddress"]["__typename"] == "AddAddressSuccess"
    assert await letters(stage) == 1


@pytest.mark.usefixtures("rose")
async def test_who_waits_for_one_that_is_refused_does_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once: the first breaks off while the second waits for its answer."""
    begun, wait = asyncio.Event(), asyncio.Event()

    async def broken(*_args: Any, **_more: Any) -> Any:
        monkeypatch.setattr(ASK, ask_for_address)
        begun.set()
        await wait.wait()
        raise ConnectionError("the database is away")

    monkeypatch.setattr(ASK, broken)
    one = asyncio.create_task(stage.body(ADD, {"input": further("five")["input"]}, None, "rose", "own-5"))
    await begun.wait()
    two = asyncio.create_task(post(stage, "own-5", **further("five")))
    await asyncio.sleep(0.1)
    wait.set()
    assert (await one)["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert (await two)["addAddress"]["__typename"] == "AddAddressSuccess"


async def test_an_act_in_the_learners_own_scope_is_done_once(stage: Stage, rose: UUID) -> None:
    way = await pathway_in(stage, "plymouth")
    given: dict[str, Any] = {"input": {"pathway": way}, "query": JOIN, "who": "rose", "city": None}
    first = await post(stage, "own-6", **given)
    assert first["joinPathway"]["pathway"] == {"id": way, "viewerHasJoined": True}
    async with stage.database.transaction(Learner(rose)):
        await execute("DELETE FROM joined_pathway")
    assert await post(stage, "own-6", **given) == first
    async with stage.database.transaction(Learner(rose)):
        assert await fetchval("SELECT count(*) FROM joined_pathway") == 0
    elsewhere = {"input": {"pathway": await pathway_in(stage, "brighton")}}
    other = await post(stage, "own-6", **given | elsewhere)
    assert other["joinPathway"] == {"__typename": "Refused", "code": "IDEMPOTENCY_KEY_REUSED"}
    async with stage.database.transaction(City(named_by(way).tenant)):
        assert await fetchval("SELECT count(*) FROM kept_answer WHERE person_id = $1", rose) == 0


async def test_what_is_kept_of_ones_own_goes_after_a_day(stage: Stage, rose: UUID) -> None:
    await post(stage, "own-7", **further("seven"))
    async with stage.database.transaction(Learner(rose)):
        (row,) = await fetch("SELECT * FROM own_answer")
        assert "seven" not in str(dict(row))
        await execute("UPDATE own_answer SET made_at = now() - interval '25 hours'")
    (schedule,) = EFFECTS.schedules
    await schedule.run(Work(stage.database, SETTINGS))
    async with stage.database.transaction(Learner(rose)):
        assert await fetchval("SELECT count(*) FROM own_answer") == 0


async def test_what_is_told_or_forgotten_of_somebody_is_not_kept(stage: Stage, rose: UUID) -> None:
    ask = "mutation { exportMyData(input: {}) { __typename } }"
    for _ in range(2):
        assert (await stage.body(ask, who="rose", key="own-8"))["data"]["exportMyData"]["__typename"].endswith(
            "Success"
        )
    ask = 'mutation { eraseMe(input: {confirm: "ERASE"}) { __typename } }'
    assert (await stage.body(ask, who="rose", key="own-9"))["data"]["eraseMe"]["__typename"] == "EraseMeSuccess"
    async with stage.database.transaction(Learner(rose)):
        assert await fetchval("SELECT count(*) FROM own_answer") == 0

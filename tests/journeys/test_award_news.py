"""Stories of news about awards: who hears of which, and a file of awards for spreadsheets."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from tests.journeys.stage import Stage
from tests.journeys.test_award_batches import awards_of, some
from tests.journeys.test_award_batches import given as given_to_many
from tests.journeys.test_awards import SHOWN, given, person
from waypost.awards.exporting import PAGE, export_awards
from waypost.db import new_id
from waypost.graph import Asker, Graph, GraphRequest, Live, Message, Subscribe

NEWS = "subscription { awardChanged { id award { state recipient { name } } } }"
WAIT_S = 20.0


@asynccontextmanager
async def listening(
    stage: Stage, live: Live, who: str, city: str | None = "brighton"
) -> AsyncIterator[AsyncGenerator[Message, None]]:
    """What somebody hears from now on."""
    town = stage.town(city).here if city else None
    tenant, languages = (town.tenant_id, town.languages) if town else (None, ())

    async def asker() -> Asker:
        return stage.who[who]

    graph = Graph(stage.schema, tenant, languages, stage.platform)
    messages = live.messages(Subscribe(lambda: graph, GraphRequest(NEWS), asker))
    assert (await anext(messages)).event is None
    yield messages
    await messages.aclose()


async def heard(messages: AsyncGenerator[Message, None]) -> Any:
    async with asyncio.timeout(WAIT_S):
        return orjson.loads((await anext(messages)).body)["data"]["awardChanged"]


async def test_earners_and_issuers_hear_of_their_awards_and_of_no_others(stage: Stage) -> None:
    address = f"news.{new_id().hex}@example.org"
    who = await person(stage, address)
    await stage.admit("college news", "brighton", "issuer-admin", issuer="college")
    live = Live(stage.engine, stage.database)
    async with (
        stage.database.versions.followed(),
        live.followed(),
        listening(stage, live, who) as earner,
        listening(stage, live, who, None) as nation,
        listening(stage, live, "issuer-admin") as issuer,
        listening(stage, live, "college news") as college,
    ):
        other = await given(stage, recipient={"name": "Other", "email": f"other.{address}"})
        mine = await given(stage, recipient={"email": address})
        offered = {"id": mine["id"], "award": {"state": "OFFERED", "recipient": {"name": "Ada Example"}}}
        assert await heard(earner) == offered
        assert await heard(nation) == offered
        assert [(await heard(issuer))["id"] for _ in range(2)] == [other["id"], mine["id"]]
        await stage.done("acceptAward", {"award": mine["id"]}, SHOWN, who=who)
        for each in (earner, nation, issuer):
            assert (await heard(each))["award"]["state"] == "ACCEPTED"
        college_id = stage.id("Issuer", "brighton", "college")
        theirs = await given(
            stage,
            "leader",
            who="brighton curator",
            recipient={"name": "College", "email": None, "kind": "ORGANISATION", "issuer": college_id},
        )
        assert (await heard(college))["id"] == theirs["id"]


async def test_a_file_of_awards_holds_no_formula(stage: Stage) -> None:
    name = f'=HYPERLINK("https://evil.example/{new_id().hex}")'
    await given(stage, recipient={"name": name, "email": None, "reference": f"+{new_id().hex}"})
    for issuer in (None, stage.build.world.find("Issuer", "brighton", "youth-club").id):
        text = "".join([part async for part in export_awards(stage.database, stage.town("brighton").id, issuer)])
        rows = list(csv.DictReader(text.splitlines()))
        (row,) = [each for each in rows if each["recipient"] == f"'{name}"]
        assert row["reference"].startswith("'+")
        assert row["state"] == "offered"
    other = stage.build.world.find("Issuer", "brighton", "college").id
    text = "".join([part async for part in export_awards(stage.database, stage.town("brighton").id, other)])
    assert name not in text


async def test_a_file_of_awards_goes_on_after_a_thousand(stage: Stage) -> None:
    """Also among those that were given at one moment, as all of a batch are."""
    before = await exported(stage, "film-maker")
    job = await given_to_many(stage, some(2 * PAGE))
    after = await exported(stage, "film-maker")
    assert len(set(after)) == len(after) == len(before) + await awards_of(stage, job)
    assert set(before) < set(after)


async def exported(stage: Stage, badge: str) -> list[str]:
    """The ids of a badge's awards in the file, in its order."""
    parts = [part async for part in export_awards(stage.database, stage.town("brighton").id, None)]
    return [row["award"] for row in csv.DictReader("".join(parts).splitlines()) if row["badge"] == badge]

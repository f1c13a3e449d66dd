"""Feeds in the graph: what they brought says where it is from, and those who look after them see how it goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.feeding import Outside, Reader, outside, paged, pull, read, with_kind
from tests.journeys.stage import Stage
from waypost.db import Database
from waypost.outbox.feeding import FeedKind

HALL = {"source_id": "hall", "name": "Hall", "latitude": 50.82, "longitude": -0.14}
BIRDS = [{"id": f"{number}", "title": f"Birds {number}", "place": HALL} for number in range(4)]
FEEDS = "{ feeds { nodes { id plugin name state items total problems problemCode job { state } } } }"


@pytest.fixture(scope="module")
async def stage(database: Database) -> Stage:
    return await Stage.set_up(database)


async def brighton(stage: Stage, server: Outside, **settings: Any) -> Reader:
    here = stage.town("brighton").here
    issuer = stage.build.world.find("Issuer", "brighton", "youth-club").id
    plugins = with_kind(FeedKind("flockBirds", pull=pull, read=read))
    made = Reader(stage.database, plugins, here, issuer, server.allowed)
    await made.switches(on=True)
    await made.sets({"birds": {"url": server.url, "provider": "youth-club", **settings}})
    return made


async def test_licence_and_attribution_are_shown_with_what_came_and_curators_read_it_again(stage: Stage) -> None:
    async with outside(paged(BIRDS)) as server:
        here = await brighton(stage, server, licence="OGL-UK-3.0", attribution="Contains data of the Birds")
        await here.reads()
        shown = "licence attribution source place { licence attribution source }"
        found = await stage.read(
            f'{{ discover(filter: {{text: "birds"}}, orderBy: SOONEST) {{ nodes {{ {shown} }} }} }}'
        )
        (first, *_) = found["discover"]["nodes"]
        said = {
            "licence": "OGL-UK-3.0",
            "attribution": "Contains data of the Birds",
            "source": "Contains data of the Birds",
        }
        assert first == {**said, "place": said}
        (feed,) = (await stage.read(FEEDS, who="brighton curator"))["feeds"]["nodes"]
        id = feed.pop("id")
        assert feed == {
            "plugin": "flock",
            "name": "birds",
            "state": "WAITING",
            "items": 4,
            "total": 4,
            "problems": 0,
            "problemCode": None,
            "job": {"state": "DONE"},
        }
        done = await stage.done("refreshFeed", {"feed": id}, "feed { state } job { id state done }")
        assert (done["feed"]["state"], done["job"]["state"]) == ("READING", "QUEUED")
        assert (await stage.refused("refreshFeed", {"feed": id}))[1] == "FEED_READING"
        server.respond = lambda _path, _query, _headers: (200, {"content-type": "text/html"}, b"<h1>Moved</h1>")
        await here.works()
        query = "query($id: ID!) { job(id: $id) { state problems { code message } } }"
        job = (await stage.read(query, who="brighton curator", id=done["job"]["id"]))["job"]
        assert (job["state"], [each["code"] for each in job["problems"]]) == ("FAILED", ["FEED_HTML"])
        (feed,) = (await stage.read(FEEDS, who="brighton curator"))["feeds"]["nodes"]
        assert (feed["state"], feed["problemCode"]) == ("FAILED", "FEED_HTML")


@pytest.mark.parametrize("who", ["stranger", "learner", "issuer-admin", "plymouth curator"])
async def test_feeds_are_for_those_who_look_after_the_city(stage: Stage, who: str) -> None:
    body = await stage.body(FEEDS, who="" if who == "stranger" else who)
    assert body.get("errors") or body["data"]["feeds"]["nodes"] == []


async def test_a_curator_who_changes_what_a_feed_brought_keeps_it_from_then_on(stage: Stage) -> None:
    async with outside(paged(BIRDS)) as server:
        here = await brighton(stage, server, licence="CC0")
        here.later = timedelta(days=9)
        await here.reads()
        row = next(each for each in await here.rows() if each["source_id"] == "2")
        found = await stage.read(f'{{ opportunity(slug: "{row["slug"]}") {{ id }} }}')
        opportunity = found["opportunity"]["id"]
        await stage.done("updateOpportunity", {"opportunity": opportunity, "title": "Owls"}, "opportunity { title }")
        server.respond = paged([{**each, "capacity": 9} for each in BIRDS])
        await here.reads()
        read_again = await stage.read(f'{{ opportunity(slug: "{row["slug"]}") {{ title capacity licence }} }}')
    assert read_again["opportunity"] == {"title": "Owls", "capacity": None, "licence": "CC0"}

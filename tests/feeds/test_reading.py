"""A city takes in what others offer: what changed, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.feeding import Outside, Reader, codes, outside, paged, pull, read, reader, with_kind
from tests.rooms import NOW, done, found_issuer, opportunity_words
from waypost.db import City, Database
from waypost.opportunities.store import close_opportunity, write_opportunity
from waypost.outbox.feeding import FeedKind
from waypost.plugins import Plugins

HALL = {"source_id": "hall", "name": "Hall", "latitude": 50.82, "longitude": -0.14, "postcode": "BN1 1GE"}


def bird(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "title": f"Bird watching {id}", "summary": "Bring a hat.", **more}


BIRDS = [bird(str(number)) for number in range(7)]


@pytest.fixture
def plugins() -> Plugins:
    return with_kind(FeedKind("flockBirds", pull=pull, read=read))


async def city(database: Database, plugins: Plugins, server: Outside, slug: str, **settings: Any) -> Reader:
    return await reader(database, slug, plugins, server, **settings)


async def test_all_pages_are_read_and_a_job_tells_how_it_went(database: Database, plugins: Plugins) -> None:
    async with outside(paged(BIRDS)) as server:
        here = await city(database, plugins, server, "hove")
        job = await here.reads()
    assert (job["state"], job["done"], job["total"], job["problems"]) == ("done", 7, 7, [])
    rows = await here.rows()
    assert [row["source_id"] for row in rows] == [str(number) for number in range(7)]
    first = rows[0]
    assert (first["title"], first["summary"], first["managed_by"]) == (
        "Bird watching 0",
        "Bring a hat.",
        "feed:flock/birds",
    )
    assert (first["public"], first["state"], first["online"], first["kind"]) == (True, "open", True, "INFORMATION")


async def test_only_what_changed_is_written(database: Database, plugins: Plugins) -> None:
    items = [dict(each) for each in BIRDS]
    async with outside(paged(items)) as server:
        here = await city(database, plugins, server, "lewes")
        await here.reads()
        before = {row["source_id"]: row["updated_at"] for row in await here.rows()}
        told = len(await here.rows("SELECT 1 FROM event WHERE tenant_id = $1 AND object_type = 'Opportunity'"))
        items[2]["summary"] = "Bring two hats."
        job = await here.reads()
    assert job["problems"] == []
    changed = {row["source_id"] for row in await here.rows() if row["updated_at"] != before[row["source_id"]]}
    assert changed == {"2"}
    assert (await here.by_id())["2"]["summary"] == "Bring two hats."
    after = await here.rows("SELECT 1 FROM event WHERE tenant_id = $1 AND object_type = 'Opportunity'")
    assert len(after) == told + 1


async def test_what_vanishes_or_is_deleted_is_closed_and_opens_when_it_comes_back(
    database: Database, plugins: Plugins
) -> None:
    items: list[dict[str, Any]] = [bird("a", place=HALL), bird("b"), bird("c")]
    async with outside(paged(items)) as server:
        here = await city(database, plugins, server, "ryde")
        await here.reads()
        first = {row["source_id"]: row["id"] for row in await here.rows()}
        items[:] = [{"id": "b", "deleted": True}, bird("c")]
        await here.reads()
        assert {id: row["state"] for id, row in (await here.by_id()).items()} == {
            "a": "closed",
            "b": "closed",
            "c": "open",
        }
        assert [row["state"] for row in await here.rows("SELECT state FROM place WHERE tenant_id = $1")] == ["closed"]
        items[:] = [bird("a", place=HALL), bird("b"), bird("c")]
        await here.reads()
    rows = await here.by_id()
    assert {row["state"] for row in rows.values()} == {"open"}
    assert {id: row["id"] for id, row in rows.items()} == first
    assert [row["state"] for row in await here.rows("SELECT state FROM place WHERE tenant_id = $1")] == ["open"]


async def test_what_a_curator_took_over_or_closed_is_the_curators(database: Database, plugins: Plugins) -> None:
    items = [bird("a"), bird("b"), bird("c")]
    async with outside(paged(items)) as server:
        here = await city(database, plugins, server, "bude")
        await here.reads()
        taken = "UPDATE opportunity SET managed_by = 'graph', title = 'Owls' WHERE tenant_id = $1 AND source_id = 'a'"
        await here.runs(taken)
        closed = (await here.by_id())["b"]["id"]
        async with database.transaction(City(here.tenant)):
            await close_opportunity(here.here, closed)
        items[:] = [bird("a", capacity=3), bird("b", capacity=3)]
        await here.reads()
        rows = await here.by_id()
        assert (rows["a"]["title"], rows["a"]["capacity"], rows["a"]["state"]) == ("Owls", None, "open")
        assert (rows["b"]["state"], rows["b"]["capacity"]) == ("closed", None)
        items.clear()
        items.append(bird("d"))
        await here.reads()
    assert (await here.by_id())["a"]["state"] == "open", "what vanishes is the curator's, too"


async def test_rows_of_files_are_never_touched(database: Database, plugins: Plugins) -> None:
    """The same thing in the files: the feed's item is that row, and changes nothing of it."""
    async with outside(paged([bird("a", capacity=9)])) as server:
        here = await city(database, plugins, server, "looe")
        words = opportunity_words(
            here.issuer,
            "owls",
            title="Bird watching a",
            latitude=None,
            longitude=None,
            online=True,
            starts_at=None,
            ends_at=None,
            source_id="catalogue/owls.toml#owls",
        )
        async with database.transaction(City(here.tenant)):
            done(await write_opportunity(replace(here.here, managed_by="files"), words, None, None, NOW))
        before = await here.rows()
        await here.reads()
        await here.reads()
        assert await here.rows() == before
        server.respond = paged([bird("a", capacity=9, title="Another thing")])
        await here.reads()
    assert sorted((row["title"], row["managed_by"]) for row in await here.rows()) == [
        ("Another thing", "feed:flock/birds"),
        ("Bird watching a", "files"),
    ]


async def test_the_same_thing_under_two_ids_is_one_row(database: Database, plugins: Plugins) -> None:
    twin = bird("a", starts_at="2027-03-06T10:00:00+00:00", place=HALL)
    items = [twin, {**twin, "id": "b", "capacity": 7}, {**twin, "id": "c", "starts_at": "2027-03-07T10:00:00+00:00"}]
    async with outside(paged(items, size=2)) as server:
        here = await city(database, plugins, server, "fowey")
        await here.reads()
        assert [row["source_id"] for row in await here.rows()] == ["a", "c"]
        del items[0]
        await here.reads()
        rows = await here.by_id()
        assert {id: row["state"] for id, row in rows.items()} == {"b": "open", "c": "open"}, "b has the row now"
        await here.reads()
    assert (await here.by_id())["b"]["capacity"] == 7


@pytest.mark.parametrize("other", ["b", "new"])
async def test_what_is_deleted_leaves_its_row_to_the_twin_that_goes_on(
    database: Database, plugins: Plugins, other: str
) -> None:
    twin = bird("a", starts_at="2027-03-06T10:00:00+00:00")
    items: list[dict[str, Any]] = [twin, {**twin, "id": "b", "capacity": 7}]
    async with outside(paged(items)) as server:
        here = await city(database, plugins, server, f"twin-{other}")
        await here.reads()
        items[:] = [{"id": "a", "deleted": True}, {**twin, "id": other, "capacity": 7}]
        await here.reads()
        assert [row["title"] for row in await here.rows() if row["state"] == "open"] == ["Bird watching a"]
        await here.reads()
        offered = [row for row in await here.rows() if row["state"] == "open"]
        assert [(row["source_id"], row["capacity"]) for row in offered] == [(other, 7)]
        items[:] = [{"id": other, "deleted": True}, bird("c")]
        await here.reads()
    assert [row["source_id"] for row in await here.rows() if row["state"] == "open"] == ["c"]


@pytest.mark.parametrize("first", ["vanishes", "is-deleted"])
async def test_a_row_is_closed_when_one_twin_goes_and_the_other_is_deleted(
    database: Database, plugins: Plugins, first: str
) -> None:
    twin = bird("a", starts_at="2027-03-06T10:00:00+00:00")
    items: list[dict[str, Any]] = [twin, {**twin, "id": "b"}]
    async with outside(paged(items)) as server:
        here = await city(database, plugins, server, f"twin-{first}")
        await here.reads()
        items[:] = [{"id": "b", "deleted": True}, bird("c")]
        if first == "is-deleted":
            items[:0] = [{"id": "a", "deleted": True}]
        await here.reads()
    assert [row["source_id"] for row in await here.rows() if row["state"] == "open"] == ["c"]


async def test_a_place_goes_on_with_the_twin_of_the_one_that_vanished(database: Database, plugins: Plugins) -> None:
    items = [bird("a", place=HALL), bird("b", place={**HALL, "source_id": "room"})]
    async with outside(paged(items)) as server:
        here = await city(database, plugins, server, "twin-places")
        await here.reads()
        del items[0]
        await here.reads()
        items[0] = bird("b", place={**HALL, "source_id": "room", "latitude": 50.9})
        await here.reads()
    assert await here.rows("SELECT source_id, latitude, state FROM place WHERE tenant_id = $1") == [
        {"source_id": "room", "latitude": 50.9, "state": "open"}
    ]


async def test_an_id_with_an_at_sign_stays_when_its_item_cannot_be_used_any_more(
    database: Database, plugins: Plugins
) -> None:
    items: list[dict[str, Any]] = [bird("owls@park"), bird("owls@park@hut"), bird("c")]
    async with outside(paged(items)) as server:
        here = await city(database, plugins, server, "at-signs")
        await here.reads()
        items[:] = [{"id": "owls@park"}, bird("c")]
        await here.reads()
    assert {row["state"] for row in await here.rows()} == {"open"}


async def test_an_older_wording_does_not_replace_a_newer_one(database: Database, plugins: Plugins) -> None:
    items = [bird("a", modified="2026-05-02T00:00:00Z", capacity=2)]
    async with outside(paged(items)) as server:
        here = await city(database, plugins, server, "truro")
        await here.reads()
        items[:] = [bird("a", modified="2026-05-01T00:00:00Z", capacity=1)]
        job = await here.reads()
    assert codes(job) == ["ITEM_WENT_BACK"]
    assert (await here.by_id())["a"]["capacity"] == 2


async def test_a_wording_that_is_dated_ahead_keeps_no_true_one_out(database: Database, plugins: Plugins) -> None:
    """Somebody mistyped a year, or the clock of the directory is wrong."""
    items = [bird("a", modified="2099-05-02T00:00:00Z", capacity=2)]
    async with outside(paged(items)) as server:
        here = await city(database, plugins, server, "diss")
        await here.reads()
        for day in (1, 2):
            items[:] = [bird("a", modified=f"2026-05-0{day}T00:00:00Z", capacity=10 + day)]
            assert (await here.reads())["problems"] == []
        items[:] = [bird("a", modified="2026-05-01T00:00:00Z", capacity=1)]
        assert codes(await here.reads()) == ["ITEM_WENT_BACK"]
    assert (await here.by_id())["a"]["capacity"] == 12


async def test_each_bad_item_is_a_problem_with_its_place_and_nothing_else_is_lost(
    database: Database, plugins: Plugins
) -> None:
    bad: list[Any] = [
        bird("ok"),
        {"id": "untitled"},
        {"explode": True, "id": "x"},
        "no item at all",
        bird("long", title="x" * 300),
        bird("nul", title="a\0b"),
        bird("typed", capacity="many"),
        bird("far", place={"source_id": "p", "name": "Far", "latitude": 200.0, "longitude": 0.0}),
        bird("nowhere", place={"source_id": "q", "name": "Nowhere"}),
        bird("rule", starts_at="2027-03-06T10:00:00Z", recurrence="FREQ=SOMETIMES"),
        bird("ends", starts_at="2027-03-06T10:00:00Z", ends_at="2027-03-05T10:00:00Z"),
        bird("url", url="javascript:alert(1)"),
        bird("huge", capacity=10**12),
        bird("", title="No id"),
        bird("year", starts_at="0001-03-06T10:00:00"),
        bird("last"),
    ]
    async with outside(paged(bad, size=10)) as server:
        here = await city(database, plugins, server, "helston")
        job = await here.reads()
        assert [row["source_id"] for row in await here.rows()] == ["last", "ok"]
        assert (job["state"], job["done"]) == ("done", 16)
        assert {line for _, line, *_ in job["problems"]} == set(range(2, 16))
        where = {line: (code, column) for code, line, column, _ in job["problems"]}
        assert where[2] == ("ITEM_UNUSABLE", "items[1].title")
        assert where[7] == ("ITEM_UNUSABLE", "items[6].capacity")
        assert where[9] == ("NO_PLACE", "items[8].place")
        assert where[13][1] == "items[2].capacity"
        # What was good before stays when it cannot be used any more.
        server.respond = paged([{"id": "ok"}, bird("last")])
        await here.reads()
    assert {row["state"] for row in await here.rows()} == {"open"}


async def test_kinds_providers_licence_and_attribution_follow_the_citys_settings(
    database: Database, plugins: Plugins
) -> None:
    items = [
        bird("a", kinds=["Sport", "Dance"], who="Kite Club", place=HALL),
        bird("b", licence="CC0", attribution="The birds"),
        bird("c", who="Unheard Of"),
    ]
    async with outside(paged(items)) as server:
        here = await city(database, plugins, server, "calne")
        kites = await found_issuer(database, here.here, "kite-club")
        said: dict[str, Any] = {
            "url": server.url,
            "provider": "youth-club",
            "providers": {"Kite Club": "kite-club"},
            "kinds": {"dance": "WORKSHOP"},
            "licence": "OGL-UK-3.0",
            "attribution": "Calne Council",
        }
        await here.sets({"birds": said})
        await here.reads()
        rows = await here.by_id()
        assert (rows["a"]["kind"], rows["a"]["provider_id"]) == ("WORKSHOP", kites)
        assert (rows["a"]["licence"], rows["a"]["attribution"], rows["a"]["source"]) == (
            "OGL-UK-3.0",
            "Calne Council",
            "Calne Council",
        )
        assert (rows["b"]["licence"], rows["b"]["attribution"]) == ("CC0", "The birds")
        places = await here.rows("SELECT licence, attribution, managed_by FROM place WHERE tenant_id = $1")
        assert places == [{"licence": "OGL-UK-3.0", "attribution": "Calne Council", "managed_by": "feed:flock/birds"}]
        del said["provider"]
        await here.sets({"birds": {**said, "kinds": {"dance": "COURSE"}}})
        job = await here.reads()
    assert codes(job) == ["NO_PROVIDER", "NO_PROVIDER"]
    rows = await here.by_id()
    assert rows["a"]["kind"] == "COURSE"
    assert {row["state"] for row in rows.values()} == {"open"}


async def test_a_place_that_moves_takes_along_what_is_there(database: Database, plugins: Plugins) -> None:
    items = [bird("a", place=HALL)]
    async with outside(paged(items)) as server:
        here = await city(database, plugins, server, "wells")
        await here.reads()
        items[:] = [bird("a", place={**HALL, "latitude": 50.9})]
        await here.reads()
    row = (await here.by_id())["a"]
    assert (row["latitude"], row["place"], row["postcode"]) == (50.9, "Hall", "BN1 1GE")


async def test_a_place_without_a_point_is_found_by_its_postcode(database: Database, plugins: Plugins) -> None:
    where = {"source_id": "p", "name": "Library", "postcode": "bn11ge"}
    async with outside(paged([bird("a", place=where)])) as server:
        here = await city(database, plugins, server, "ely")
        await here.reads()
    row = (await here.by_id())["a"]
    assert row["place"] == "Library"
    assert row["latitude"] is not None

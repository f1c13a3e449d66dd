"""Feeds that are broken, endless or lie: each ends in a problem with a name, and what was there before stays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import asyncpg
import pytest

from tests.feeding import Answer, Outside, Reader, codes, hurry, json_of, outside, paged, pull, read, reader, with_kind
from waypost.db import Database, System
from waypost.feeds import store, walking
from waypost.opportunities import bulk
from waypost.outbox.feeding import Asked, FeedItem, FeedKind, Page
from waypost.plugins import Plugins


def bird(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "title": f"Bird watching {id}", "summary": "Bring a hat.", **more}


BIRDS = [bird(str(number)) for number in range(7)]
HALL = {"source_id": "hall", "name": "Hall", "latitude": 50.82, "longitude": -0.14}
SYSTEM = System("tests")


@pytest.fixture
def plugins() -> Plugins:
    return with_kind(FeedKind("flockBirds", pull=pull, read=read))


def as_is(status: int, body: bytes, **headers: str) -> Answer:
    return status, headers, body


def numbered(items: Any, page: int, **more: Any) -> Answer:
    return json_of({"items": items, "next": page + 1, **more})


def page(query: Mapping[str, str]) -> int:
    return int(query.get("page", "1"))


BAD: Mapping[str, Callable[[Mapping[str, str]], Answer]] = {
    "FEED_HTML": lambda _: as_is(200, b"<!DOCTYPE html><h1>Welcome</h1>", **{"content-type": "text/html"}),
    "FEED_HTML again": lambda _: as_is(200, b"\n <html>", **{"content-type": "application/json"}),
    "FEED_MALFORMED": lambda _: as_is(200, b'{"items": [{"id": "1", ', **{"content-type": "application/json"}),
    "FEED_MALFORMED empty": lambda _: as_is(200, b""),
    "FEED_MALFORMED number": lambda _: as_is(200, b"17"),
    "FEED_MALFORMED deep": lambda _: as_is(200, b"[" * 100_000 + b"]" * 100_000),
    "FEED_MALFORMED bytes": lambda _: as_is(200, b'{"items": ["\xff\xfe"]}'),
    "FEED_MALFORMED total": lambda _: json_of({"items": [], "total": "many"}),
    "FEED_ANSWERED": lambda _: as_is(404, b"{}"),
    "FEED_ANSWERED forbidden": lambda _: as_is(403, b"{}"),
    "FEED_ELSEWHERE": lambda _: as_is(302, b"", location="https://elsewhere.example/items"),
    "FEED_ELSEWHERE metadata": lambda _: as_is(302, b"", location="http://169.254.169.254/latest"),
    "FEED_ANSWERED circle": lambda _: as_is(302, b"", location="/items"),
    "FEED_LOOPS": lambda query: json_of({"items": [bird(str(page(query)))], "next": 3 - page(query)}),
    "FEED_LOOPS same": lambda query: json_of({"items": [bird("1")], "next": page(query)}),
    "FEED_REPEATS": lambda query: numbered(BIRDS[:3], page(query)),
    "FEED_ENDLESS": lambda query: numbered([], page(query)),
    "FEED_ENDLESS total": lambda _: json_of({"items": [], "total": 10**12}),
    "FEED_SHRANK": lambda query: numbered([bird(f"x{page(query)}")], page(query), total=100 - page(query)),
    "FEED_SHORT": lambda _: json_of({"items": BIRDS[:2], "total": 7}),
    "FEED_EMPTY": lambda _: json_of({"items": []}),
    "FEED_BACKWARDS": lambda query: numbered(
        [bird(f"x{page(query)}")], page(query), at=f"2026-05-{20 - page(query):02}T00:00:00+00:00"
    ),
    "FEED_TOO_LARGE": lambda _: json_of({"items": [bird("1", summary="x" * 10_000_000)]}),
    "FEED_TOO_LARGE many": lambda _: json_of({"items": [{"id": str(n)} for n in range(20_001)]}),
}


async def city(database: Database, plugins: Plugins, server: Outside, slug: str) -> Reader:
    return await reader(database, slug, plugins, server)


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_feed_ends_in_a_named_problem_and_old_rows_stay(
    database: Database, plugins: Plugins, name: str
) -> None:
    async with outside(paged(BIRDS)) as server:
        here = await city(database, plugins, server, name.lower().replace("_", "-").replace(" ", "-"))
        await here.reads()
        before = {row["source_id"]: row for row in await here.rows()}
        server.respond = lambda _path, query, _headers: BAD[name](query)
        job = await here.reads()
        assert (job["state"], codes(job)[-1]) == ("failed", name.split(" ", maxsplit=1)[0])
        after = {row["source_id"]: row for row in await here.rows()}
        assert {id: after[id] for id in before} == before
        # And when it is well again it is read again.
        server.respond = paged([*BIRDS, bird("8")])
        job = await here.reads()
        assert (job["state"], job["problems"]) == ("done", [])
        assert (await here.by_id())["8"]["state"] == "open"


async def test_a_body_without_end_is_given_up(database: Database, plugins: Plugins) -> None:
    async with outside() as server:
        server.endless = True
        here = await city(database, plugins, server, "endless-body")
        job = await here.reads()
    assert codes(job) == ["FEED_TOO_LARGE"]


async def test_what_a_page_before_a_fault_brought_is_kept(database: Database, plugins: Plugins) -> None:
    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        return paged(BIRDS)(path, query, headers) if page(query) < 3 else as_is(200, b"<p>Oh")

    async with outside(respond) as server:
        here = await city(database, plugins, server, "half")
        job = await here.reads()
    assert (job["state"], job["done"], codes(job)) == ("failed", 6, ["FEED_HTML"])
    assert len(await here.rows()) == 6


async def test_a_page_that_was_not_modified_is_not_read_again_and_its_rows_stay(
    database: Database, plugins: Plugins
) -> None:
    items = [dict(each) for each in BIRDS]

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        status, given, body = paged(items)(path, query, headers)
        tag = f'"{hash(body)}"'
        return (
            (304, {"etag": tag}, b"") if headers.get("if-none-match") == tag else (status, {**given, "etag": tag}, body)
        )

    async with outside(respond) as server:
        here = await city(database, plugins, server, "tagged")
        await here.reads()
        items[4]["summary"] = "Without a hat."
        job = await here.reads()
        assert (job["state"], job["done"], job["problems"]) == ("done", 7, [])
        assert (await here.by_id())["4"]["summary"] == "Without a hat."
        assert {row["state"] for row in await here.rows()} == {"open"}
        await here.sets({"birds": {"url": server.url, "provider": "youth-club", "kind": "EVENT"}})
        await here.reads()
    assert {row["kind"] for row in await here.rows()} == {"EVENT"}, "other settings: all is read again"


async def test_a_row_that_the_database_refuses_costs_that_row_alone(
    database: Database, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with outside(paged(BIRDS, size=7)) as server:
        here = await city(database, plugins, server, "refused")
        whole = bulk.write_opportunities

        async def refuses(here: Any, arriving: Any, area: Any, now: Any) -> None:
            if any(each.words.source_id == "5" for each in arriving):
                raise asyncpg.UniqueViolationError("some constraint")
            await whole(here, arriving, area, now)

        monkeypatch.setattr(store, "write_opportunities", refuses)
        job = await here.reads()
    assert (job["state"], [problem[:3] for problem in job["problems"]]) == (
        "done",
        [("ITEM_UNUSABLE", 6, "items[5]")],
    )
    assert sorted(row["source_id"] for row in await here.rows()) == ["0", "1", "2", "3", "4", "6"]


async def test_a_place_of_another_form_costs_its_item_alone(database: Database, plugins: Plugins) -> None:
    items = [bird("a", place=HALL), bird("b", place={**HALL, "source_id": "other", "name": None}), bird("c")]
    async with outside(paged(items)) as server:
        here = await city(database, plugins, server, "odd-place")
        job = await here.reads()
    assert [problem[:3] for problem in job["problems"]] == [("ITEM_UNUSABLE", 2, "items[1].place.name")]
    assert [row["source_id"] for row in await here.rows()] == ["a", "c"]


async def test_what_came_before_stays_where_the_database_refuses_its_new_words(
    database: Database, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [dict(each) for each in BIRDS]
    async with outside(paged(items, size=7)) as server:
        here = await city(database, plugins, server, "refused-later")
        await here.reads()
        items[5]["summary"] = "Words that cannot be kept."
        whole = bulk.write_opportunities

        async def refuses(here: Any, arriving: Any, area: Any, now: Any) -> None:
            if any(each.words.source_id == "5" for each in arriving):
                raise asyncpg.UniqueViolationError("some constraint")
            await whole(here, arriving, area, now)

        monkeypatch.setattr(store, "write_opportunities", refuses)
        job = await here.reads()
    assert codes(job) == ["ITEM_UNUSABLE"]
    assert {row["state"] for row in await here.rows()} == {"open"}


async def test_a_plugin_that_raises_costs_its_own_feed_and_is_tried_again(database: Database) -> None:
    async def raises(asked: Asked) -> Page:
        raise LookupError("not thought of")

    async with outside() as server:
        here = await city(database, with_kind(FeedKind("flockBirds", pull=raises, read=read)), server, "raises")
        await here.reads()
        for _ in range(7):
            await hurry(here)
        job = await here.job()
    assert (job["state"], codes(job)) == ("failed", ["FEED_UNREACHED"])
    assert "LookupError" in job["problems"][0][3]


async def test_a_plugin_that_hangs_over_an_item_is_given_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()

    def hangs(raw: Any, settings: Mapping[str, Any]) -> list[FeedItem]:
        let_go.wait(30)
        return []

    monkeypatch.setattr(walking, "READ_WITHIN_S", 0.1)
    async with outside(paged(BIRDS)) as server:
        here = await city(database, with_kind(FeedKind("flockBirds", pull=pull, read=hangs)), server, "hangs")
        await here.reads()
        let_go.set()
    state = await here.rows("SELECT state, attempts FROM feed WHERE tenant_id = $1")
    assert state == [{"state": "reading", "attempts": 1}]


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "ftp://x"},
        {"url": "https://user:secret@example.org"},
        {"url": 17},
        {"kinds": {"a": "PARTY"}},
        {"hours": 0},
        {"kind": "x"},
    ],
)
async def test_settings_that_cannot_be_used_are_named(
    database: Database, plugins: Plugins, settings: dict[str, Any]
) -> None:
    async with outside() as server:
        here = await city(database, plugins, server, f"settings-{abs(hash(str(settings)))}")
        await here.sets({"birds": {"url": server.url, "provider": "youth-club", **settings}})
        job = await here.reads()
    assert (job["state"], codes(job)) == ("failed", ["FEED_SETTINGS"])
    assert "secret" not in job["problems"][0][3]


async def test_a_feed_of_changes_goes_on_from_where_it_ended_and_closes_only_what_it_says(database: Database) -> None:
    changes: list[dict[str, Any]] = [bird("a"), bird("b")]

    async def tail(asked: Asked) -> Page:
        since = asked.cursor or 0
        await asked.client.page(f"{asked.url}/items?since={since}")
        some = changes[since : since + 1]
        return Page(some, next=since + 1 if some else None, resume=since)

    async with outside() as server:
        kind = FeedKind("flockBirds", pull=tail, read=read, whole=False)
        here = await city(database, with_kind(kind), server, "changes")
        await here.reads()
        changes += [{"id": "a", "deleted": True}, bird("c")]
        server.calls.clear()
        await here.reads()
    assert [query["since"] for _, query, _ in server.calls] == ["2", "3", "4"]
    assert {id: row["state"] for id, row in (await here.by_id()).items()} == {"a": "closed", "b": "open", "c": "open"}


async def test_an_address_inside_is_not_called(database: Database, plugins: Plugins) -> None:
    async with outside(paged(BIRDS)) as server:
        here = await city(database, plugins, server, "inside")
        here.allowed = ()
        job = await here.reads()
        assert (job["state"], codes(job), server.calls) == ("failed", ["FEED_ELSEWHERE"], [])

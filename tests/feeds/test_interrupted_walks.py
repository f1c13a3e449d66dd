"""Walks that wait, die, are overtaken or switched off: they go on from their last page, or end with their job."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.feeding import Answer, codes, hurry, outside, paged
from tests.feeds.test_bad_feeds import BIRDS, SYSTEM, as_is, city, page, plugins
from waypost.db import Database, System, execute, fetchval
from waypost.feeds.beginning import JOB
from waypost.feeds.effects import begin_due, give_up
from waypost.feeds.walking import Walk
from waypost.plugins import Plugins

__all__ = ["plugins"]


async def test_a_server_that_asks_for_patience_gets_it_and_the_walk_goes_on_from_that_page(
    database: Database, plugins: Plugins
) -> None:
    busy = True

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        if busy and page(query) == 2:
            return as_is(503, b"", **{"retry-after": "7200"})
        return paged(BIRDS)(path, query, headers)

    async with outside(respond) as server:
        here = await city(database, plugins, server, "patience")
        job = await here.reads()
        assert (job["state"], job["done"]) == ("running", 3)
        async with database.transaction(SYSTEM):
            wait_s = await fetchval("SELECT extract(epoch FROM max(due_at) - now()) FROM work WHERE kind = $1", JOB)
        assert 7_100 < wait_s <= 7_200
        busy = False
        server.calls.clear()
        await hurry(here)
        job = await here.job()
    assert (job["state"], job["done"], job["problems"]) == ("done", 7, [])
    assert [query["page"] for _, query, _ in server.calls] == ["2", "3"]


async def test_a_page_that_was_had_begins_the_count_of_attempts_anew(database: Database, plugins: Plugins) -> None:
    busy = 2

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        return as_is(503, b"") if page(query) == busy else paged(BIRDS)(path, query, headers)

    async with outside(respond) as server:
        here = await city(database, plugins, server, "patient-again")
        await here.reads()
        await here.runs("UPDATE feed SET attempts = 6 WHERE tenant_id = $1")
        busy = 3
        await hurry(here)
        job = await here.job()
    assert (job["state"], job["done"], job["problems"]) == ("running", 6, [])
    assert await here.rows("SELECT attempts FROM feed WHERE tenant_id = $1") == [{"attempts": 1}]


async def test_a_feed_that_cannot_be_reached_for_days_ends_in_a_problem(database: Database, plugins: Plugins) -> None:
    async with outside() as server:
        here = await city(database, plugins, server, "silent")
    job = await here.reads()
    for _ in range(7):
        await hurry(here)
    job = await here.job()
    assert (job["state"], codes(job)) == ("failed", ["FEED_UNREACHED"])


async def test_a_walk_that_was_killed_goes_on_where_its_last_page_was_written(
    database: Database, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with outside(paged(BIRDS)) as server:
        here = await city(database, plugins, server, "killed")
        written = 0
        whole = Walk._write

        async def dies(self: Walk, taken: Any) -> None:
            nonlocal written
            if written == 2:
                raise KeyboardInterrupt
            written += 1
            await whole(self, taken)

        monkeypatch.setattr(Walk, "_write", dies)
        with pytest.raises(KeyboardInterrupt):
            await here.reads()
        monkeypatch.undo()
        assert len(await here.rows()) == 6
        server.calls.clear()
        await hurry(here)
        job = await here.job()
    assert (job["state"], job["done"], job["total"]) == ("done", 7, 7)
    assert [query["page"] for _, query, _ in server.calls] == ["3"]
    assert len(await here.rows()) == 7


async def test_two_workers_at_once_write_each_page_once(database: Database, plugins: Plugins) -> None:
    async with outside(paged(BIRDS, size=1)) as server:
        here = await city(database, plugins, server, "two-workers")
        here.later += timedelta(days=1)
        await begin_due(here.work, here.plugins)
        async with database.transaction(SYSTEM):
            await execute(
                "INSERT INTO work (id, tenant_id, kind, facts, due_at) "
                "SELECT gen_random_uuid(), tenant_id, kind, facts, due_at FROM work WHERE kind = $1",
                JOB,
            )
        await asyncio.gather(here.works(), here.works())
        job = await here.job()
    assert (job["state"], job["done"], job["problems"]) == ("done", 7, [])
    events = await here.rows("SELECT 1 FROM event WHERE tenant_id = $1 AND type = 'opportunity.created'")
    assert len(events) == 7


async def test_work_that_died_frees_its_feed(database: Database, plugins: Plugins) -> None:
    async with outside(paged(BIRDS)) as server:
        here = await city(database, plugins, server, "died")
        here.later += timedelta(days=1)
        await begin_due(here.work, here.plugins)
        (feed,) = await here.rows("SELECT id, round FROM feed WHERE tenant_id = $1")
        await give_up(here.work, {"tenant": here.tenant, "feed": feed["id"], "round": feed["round"]})
        job = await here.job()
        assert (job["state"], codes(job)) == ("failed", ["FEED_UNREACHED"])
        job = await here.reads()
    assert (job["state"], job["done"]) == ("done", 7)


async def test_a_feed_that_is_switched_off_or_forgotten_rests_and_its_rows_stay(
    database: Database, plugins: Plugins
) -> None:
    async with outside(paged(BIRDS)) as server:
        here = await city(database, plugins, server, "resting")
        await here.reads()
        await here.switches(on=False)
        server.calls.clear()
        await here.reads()
        assert server.calls == []
        assert {row["state"] for row in await here.rows()} == {"open"}
        await here.switches(on=True)
        await here.reads()
        assert len(server.calls) == 3


async def test_a_feed_that_is_switched_off_while_it_is_read_ends_its_job(database: Database, plugins: Plugins) -> None:
    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        return paged(BIRDS)(path, query, headers) if page(query) < 2 else as_is(503, b"")

    async with outside(respond) as server:
        here = await city(database, plugins, server, "off-midway")
        await here.reads()
        await here.switches(on=False)
        await begin_due(here.work, here.plugins)
        job = await here.job()
        assert (job["state"], job["done"], codes(job)) == ("failed", 3, ["FEED_SETTINGS"])
        await hurry(here)
    assert await here.rows("SELECT state FROM feed WHERE tenant_id = $1") == [{"state": "off"}]


async def test_a_city_that_closed_while_its_feed_was_read_reads_it_when_it_is_open_again(
    database: Database, plugins: Plugins
) -> None:
    sets = "UPDATE tenant SET state = $2 WHERE id = $1"
    async with outside(paged(BIRDS)) as server:
        here = await city(database, plugins, server, "closed-midway")
        here.later += timedelta(days=1)
        await begin_due(here.work, here.plugins)
        async with database.transaction(System("tests", shared=True)):
            await execute(sets, here.tenant, "closed")
        await here.works()
        assert (server.calls, codes(await here.job())) == ([], ["FEED_SETTINGS"])
        async with database.transaction(System("tests", shared=True)):
            await execute(sets, here.tenant, "open")
        job = await here.reads()
    assert (job["state"], job["done"]) == ("done", 7)

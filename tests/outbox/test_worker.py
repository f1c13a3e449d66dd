"""A worker that runs for ever: nothing stops it, and nobody's work stops that of others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest

from tests.outbox.test_working import Seen, fly
from tests.rooms import found_tenant
from tests.working import SETTINGS
from waypost.db import Database, System, execute, fetchval
from waypost.outbox import Effects, JobKind, Work, enqueue
from waypost.outbox import worker as workers
from waypost.outbox.queue import Failure
from waypost.outbox.relay import Relay
from waypost.outbox.worker import Worker

WAIT_S = 20.0  # only a broken test waits for so long


@pytest.fixture(autouse=True)
async def _no_work(database: Database) -> AsyncIterator[None]:
    yield
    async with database.transaction(System("tests")):
        await execute("DELETE FROM work")


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not true():  # noqa: ASYNC110 - nothing there tells of itself
            await asyncio.sleep(0.02)


async def left(database: Database) -> int:
    async with database.transaction(System("tests")):
        return int(await fetchval("SELECT count(*) FROM work"))


async def test_what_could_not_be_written_down_is_done_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = 0

    async def job(_work: Work, _facts: Mapping[str, Any]) -> None:
        nonlocal ran
        ran += 1

    worker = Worker(Work(database, SETTINGS), Effects(jobs=(JobKind("reel-in", job),)), lease_s=0.6)
    settle = worker.queue.settle

    async def away(done: Sequence[UUID], failed: Sequence[Failure] = ()) -> None:
        monkeypatch.setattr(worker.queue, "settle", settle)
        raise ConnectionError("the database is away for a moment")

    monkeypatch.setattr(worker.queue, "settle", away)
    async with database.transaction(System("tests")):
        await enqueue("reel-in", {})
    async with worker.running():
        await until(lambda: ran == 2)
        await until(lambda: not worker.doing.held)
    assert await left(database) == 0


async def test_events_nobody_heard_of_are_found_while_others_are_busy(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet, busy, seen = await found_tenant(database, "quiet"), await found_tenant(database, "busy"), Seen()
    monkeypatch.setattr(workers, "POLL_S", 0.5)
    worker = Worker(Work(database, SETTINGS), seen.effects())
    heard = worker._heard_catalogue
    monkeypatch.setattr(worker, "_heard_catalogue", lambda said: None if str(quiet.tenant_id) in said else heard(said))
    async with worker.running():
        await fly(database, busy)
        await until(lambda: len(seen.events) == 1)
        kite = await fly(database, quiet)
        async with asyncio.timeout(WAIT_S):
            while all(each.object_id != kite for each in seen.events):
                await fly(database, busy)
                await asyncio.sleep(0.1)


async def test_a_tenant_whose_events_cannot_be_handed_on_holds_up_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenants, seen = [await found_tenant(database, f"town-{number}") for number in range(3)], Seen()
    broken, relay = {each.tenant_id for each in tenants[:-1]}, Relay.relay

    async def relayed(self: Relay, tenant: UUID) -> int:
        if tenant in broken:
            raise ValueError("the kite is in a tree")
        return await relay(self, tenant)

    monkeypatch.setattr(workers, "POLL_S", 0.5)
    monkeypatch.setattr(Relay, "relay", relayed)
    kites = [await fly(database, each) for each in tenants]
    async with Worker(Work(database, SETTINGS), seen.effects()).running():
        await until(lambda: [each.object_id for each in seen.events] == kites[-1:])
        broken.clear()
        await until(lambda: len(seen.events) == 3)
    assert {each.object_id for each in seen.events} == set(kites)

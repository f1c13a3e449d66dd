"""A worker that runs for ever: nothing stops it, and nobody's work stops that of others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import pytest

from tests.outbox.test_working import Seen, fly
from tests.rooms import found_tenant
from waypost.db import City, Database, System, execute, fetch, fetchval
from waypost.db.connections import connect
from waypost.outbox import Effects, JobKind, Work, enqueue
from waypost.outbox import worker as workers
from waypost.outbox.queue import KINDS_SQL, LANES_SQL, Failure
from waypost.outbox.relay import Relay
from waypost.outbox.work import Bundle, Task, enqueue_all
from waypost.outbox.worker import Worker
from waypost.testing.working import SETTINGS

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


async def test_work_that_hangs_leaves_room_for_other_kinds(database: Database) -> None:
    """A mail server that answers nothing holds up letters, and nothing else."""
    ran: list[str] = []
    end = asyncio.Event()

    async def hangs(_work: Work, _facts: Mapping[str, Any]) -> None:
        await end.wait()

    async def quick(_work: Work, facts: Mapping[str, Any]) -> None:
        ran.append(facts["kind"])

    slow, fast = ("letters", "pictures", "charts"), ("awards", "figures")
    jobs = (*(JobKind(each, hangs) for each in slow), *(JobKind(each, quick) for each in fast))
    worker = Worker(Work(database, SETTINGS), Effects(jobs=jobs))
    async with database.transaction(System("tests")):
        await enqueue_all([(each, {}) for each in slow for _ in range(20)])
    async with worker.running():
        await until(lambda: len(worker.doing.held) >= 11)
        async with database.transaction(System("tests")):
            await enqueue_all([(each, {"kind": each}) for each in fast for _ in range(20)])
        await until(lambda: len(ran) == 40)
        end.set()
        await until(lambda: worker.counts.handled.total() == 100)
    assert await left(database) == 0


async def test_a_city_whose_work_hangs_or_is_much_leaves_room_for_others(database: Database) -> None:
    hanging, much, little = [(await found_tenant(database, name)).tenant_id for name in ("hangs", "much", "little")]
    ran: list[object] = []
    end = asyncio.Event()

    async def letter(_work: Work, facts: Mapping[str, Any]) -> None:
        if facts["tenant"] == str(hanging):
            await end.wait()
        ran.append(facts.get("tenant"))

    worker = Worker(Work(database, SETTINGS), Effects(jobs=(JobKind("letter", letter),)))
    for tenant, count in ((hanging, 50), (much, 500)):
        async with database.transaction(City(tenant)):
            await enqueue_all([("letter", {"tenant": tenant})] * count)
    async with worker.running():
        await until(lambda: len(worker.doing.held) >= 6 and len(ran) > 20)
        before = len(ran)
        async with database.transaction(System("tests")):
            await enqueue_all([("letter", {"tenant": little}), ("letter", {"tenant": ""})])
        await until(lambda: {str(little), ""} <= set(ran))
        assert len(ran) < 500, "those that came last waited for all others"
        assert len(ran) > before
        await until(lambda: len(ran) == 502)
        end.set()
        await until(lambda: worker.counts.handled["letter"] == 552)
    assert await left(database) == 0


async def test_a_slow_receiver_leaves_room_for_the_others(database: Database) -> None:
    done: list[str] = []
    end = asyncio.Event()

    async def tell(_work: Work, _tools: Any, tasks: Sequence[Task]) -> Mapping[UUID, Exception]:
        assert len({task.facts["to"] for task in tasks}) == 1
        if tasks[0].facts["to"].startswith("slow"):
            await end.wait()
        done.extend(task.facts["to"] for task in tasks)
        return {}

    worker = Worker(Work(database, SETTINGS), Effects(bundles=(Bundle("tell", tell),)))
    slow = [f"slow {number}" for number in range(8)]
    async with database.transaction(System("tests")):
        await enqueue_all([("tell", {"to": each}) for each in slow for _ in range(400)], lane="to")
    async with worker.running():
        await until(lambda: len(worker.doing.held) >= 700)
        async with database.transaction(System("tests")):
            await enqueue_all([("tell", {"to": "quick"})] * 300, lane="to")
        await until(lambda: len(done) == 300)
        end.set()
        await until(lambda: worker.counts.handled["tell"] == 3_500)
    assert await left(database) == 0


async def test_a_look_at_the_queue_does_not_read_the_whole_of_it(database: Database, admin_url: str) -> None:
    """Also where statistics are of a time with other work in it."""
    async with database.transaction(System("tests")):
        await enqueue_all([("letter", {})] * 300)
    admin = await connect(admin_url)
    await admin.execute("ANALYZE work")
    await admin.close()
    looks = ((KINDS_SQL, ["tell"]), (LANES_SQL, "tell"))
    async with database.transaction(System("tests")):
        await enqueue_all([("tell", {"to": n % 5}) for n in range(20_000)], lane="to")
        await enqueue_all([(f"job {n % 5}", {"tenant": n % 3}) for n in range(20_000)])
        for (sql, given), lanes in zip(looks, (16, 5), strict=True):
            await fetch(sql, given, 100, 100)  # the first passes over what earlier tests have left
            found = await fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", given, 100, 100)
            (root,) = orjson.loads(found) if isinstance(found, str) else found
            assert root["Plan"]["Actual Rows"] == lanes
            assert root["Plan"]["Shared Hit Blocks"] + root["Plan"]["Shared Read Blocks"] < 60 * lanes

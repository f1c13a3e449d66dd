"""A worker is killed again and again at random points: nothing is lost, and nothing happens twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.rooms import NOW, found_tenant
from tests.webhooks.receiver import receiving
from waypost.db import City, Database, System, execute, fetch, fetchval, new_id
from waypost.outbox import Act, Event
from waypost.tenancy.entries import Here
from waypost.webhooks.commands import Keys, WithSecret, create_webhook

ROOT = Path(__file__).parents[2]
SECRET_KEY = "a key for tests alone"
DELIVERIES = int(os.environ.get("WAYPOST_TEST_DELIVERIES", "200"))
KILLS = 5
WAIT_S = 120.0  # only a broken test waits for so long
ACT = Act(Here(UUID(int=1), "x", ("en",), "Europe/London", "rsa-2019"), UUID(int=2), "curator", None, NOW)


@dataclass(frozen=True)
class KiteFlown(Event):
    kite: UUID


@contextmanager
def worker(app_url: str, allowed: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "core"), str(ROOT)]),
        "WAYPOST_DATABASE_URL": app_url,
        "WAYPOST_SECRET_KEY": SECRET_KEY,
        "WAYPOST_ALLOW_PRIVATE_TARGETS": allowed,
    }
    process = subprocess.Popen([sys.executable, "-m", "tests.outbox.killed"], env=environment, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def fly(database: Database, here: Here, many: int) -> set[UUID]:
    kites = {new_id() for _ in range(many)}
    async with database.transaction(City(here.tenant_id)):
        for kite in kites:
            await replace(ACT, here=here).tell(KiteFlown(kite))
    return kites


async def counts(database: Database, here: Here) -> dict[str, Any]:
    async with database.transaction(City(here.tenant_id)):
        delivered = await fetchval("SELECT count(*) FROM delivery WHERE state = 'delivered'")
        counted = [row["object_id"] for row in await fetch("SELECT object_id FROM event WHERE type = 'kite.counted'")]
    async with database.transaction(System("tests")):
        left = await fetchval("SELECT count(*) FROM work")
    return {"delivered": delivered, "counted": counted, "left": left}


async def test_nothing_is_lost_and_nothing_is_done_twice(database: Database, app_url: str) -> None:
    here = await found_tenant(database, "hove")
    chance = random.Random(7)
    async with receiving() as receiver:
        async with database.transaction(City(here.tenant_id)):
            keys = Keys(SECRET_KEY, receiver.allowed)
            made = await create_webhook(replace(ACT, here=here), receiver.url, ["kite.flown"], keys)
            assert isinstance(made, WithSecret)
        kites = await fly(database, here, DELIVERIES // 4)
        flying = asyncio.create_task(_fly_more(database, here, kites, chance))
        kills = 0
        async with asyncio.timeout(WAIT_S):
            while kills < KILLS:
                with worker(app_url, receiver.allowed[0]) as process:
                    before = len(receiver.came)
                    while len(receiver.came) == before and kills < KILLS - 1:
                        await asyncio.sleep(0.01)
                        if await _is_done(database, here, kites, flying):
                            break
                    await asyncio.sleep(chance.random() * 0.4)
                    process.send_signal(signal.SIGKILL)
                    kills += 1
            await flying
            with worker(app_url, receiver.allowed[0]):
                while not await _is_done(database, here, kites, flying):  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.1)
        found = await counts(database, here)
        assert found["delivered"] == DELIVERIES
        assert sorted(found["counted"]) == sorted(kites), "each once"
        assert len(receiver.ids) == DELIVERIES, "the same id at every attempt"
        async with database.transaction(System("tests")):
            await execute("DELETE FROM work")


async def _fly_more(database: Database, here: Here, kites: set[UUID], chance: random.Random) -> None:
    while len(kites) < DELIVERIES:
        await asyncio.sleep(chance.random() * 0.3)
        kites |= await fly(database, here, min(10, DELIVERIES - len(kites)))


async def _is_done(database: Database, here: Here, kites: set[UUID], flying: asyncio.Task[None]) -> bool:
    found = await counts(database, here)
    return flying.done() and found["left"] == 0 and found["delivered"] == len(found["counted"]) == len(kites)


async def test_a_worker_that_is_told_to_stop_gives_back_what_it_has(database: Database) -> None:
    """Nothing waits for the lease of a worker that stopped in peace."""
    from waypost.outbox import Effects, JobKind, Work, enqueue
    from waypost.outbox import worker as workers

    begun = asyncio.Event()

    async def for_ever(_work: Work, _facts: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with database.transaction(System("tests")):
        await enqueue("wait", {})
    effects = Effects(jobs=(JobKind("wait", for_ever),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "STOP_WITHIN_S", 0.1)
        async with workers.Worker(Work(database, None), effects).running():  # type: ignore[arg-type]  # unused
            await asyncio.wait_for(begun.wait(), 20)
    async with database.transaction(System("tests")):
        (row,) = await fetch("SELECT attempts, holder, due_at <= now() AS due FROM work WHERE kind = 'wait'")
        await execute("DELETE FROM work")
    assert tuple(row.values()) == (0, None, True)


async def test_a_worker_that_is_told_to_stop_while_it_takes_work_begins_nothing_more(database: Database) -> None:
    from waypost.outbox import Effects, JobKind, Work, enqueue
    from waypost.outbox.worker import Worker

    ran: list[Any] = []
    taking, stopping = asyncio.Event(), asyncio.Event()

    async def job(_work: Work, facts: Any) -> None:
        ran.append(facts)

    worker = Worker(Work(database, None), Effects(jobs=(JobKind("wait", job),)))  # type: ignore[arg-type]  # unused
    take = worker.queue.take

    async def slow(*args: Any) -> Any:
        taken = await take(*args)
        if taken.tasks:
            taking.set()
            await stopping.wait()
        return taken

    async with database.transaction(System("tests")):
        await enqueue("wait", {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker.queue, "take", slow)
        async with worker.running():
            await asyncio.wait_for(taking.wait(), 20)
            asyncio.get_running_loop().call_later(0.05, stopping.set)
    async with database.transaction(System("tests")):
        (row,) = await fetch("SELECT attempts, holder, due_at <= now() AS due FROM work WHERE kind = 'wait'")
        await execute("DELETE FROM work")
    assert (ran, tuple(row.values())) == ([], (0, None, True))


async def test_two_workers_share_the_work_and_one_runs_a_schedule(database: Database) -> None:
    from waypost.outbox import Effects, JobKind, Schedule, Work, enqueue
    from waypost.outbox.worker import Worker

    done: list[str] = []
    ran = 0

    async def job(_work: Work, facts: Any) -> None:
        await asyncio.sleep(0.01)
        done.append(facts["n"])

    async def scheduled(_work: Work) -> None:
        nonlocal ran
        ran += 1
        await asyncio.sleep(0.05)

    effects = Effects(jobs=(JobKind("share", job),), schedules=(Schedule("tick", 3600, scheduled),))
    async with database.transaction(System("tests")):
        for number in range(60):
            await enqueue("share", {"n": str(number)})
    work = Work(database, None)  # type: ignore[arg-type]  # no settings are looked at
    one, other = (Worker(work, effects, at_once=4) for _ in range(2))
    async with asyncio.timeout(60), one.running(), other.running():
        while len(done) < 60:  # noqa: ASYNC110 - nothing there tells of itself
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
    assert sorted(done, key=int) == [str(number) for number in range(60)]
    assert one.counts.handled["share"] + other.counts.handled["share"] == 60
    assert ran == 1

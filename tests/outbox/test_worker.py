"""A worker that runs for ever: nothing stops it, and nobody's work stops that of others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest

from tests.working import SETTINGS
from waypost.db import Database, System, execute, fetchval
from waypost.outbox import Effects, JobKind, Work, enqueue
from waypost.outbox.queue import Failure
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

"""A worker in a process of its own, for tests that kill it: `python -m tests.awarding URL LEASE_S STEP`."""

from __future__ import annotations

import asyncio
import sys

from waypost.awards import batches
from waypost.composition import effects
from waypost.db import Database
from waypost.outbox.work import Effects, Work
from waypost.outbox.worker import Worker
from waypost.testing.working import SETTINGS


async def work(url: str, lease_s: float, step: int) -> None:
    """Work until killed. Says so once it begins; awards are given `step` at a time."""
    batches.STEP = step  # type: ignore[misc]  # many steps in a small file
    async with await Database.open(url, pool_size=4) as database:
        known = effects()
        ours = Effects(jobs=known.jobs, spreads=known.spreads)
        worker = Worker(Work(database, SETTINGS), ours, at_once=2, lease_s=lease_s)
        sys.stdout.write("working\n")
        sys.stdout.flush()
        async with worker.running():
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))

"""A worker that a test kills: `python -m tests.connectors.killed`, with its database and Credly in the environment."""

from __future__ import annotations

import asyncio
import os

from tests.connectors.stage import plugins_with
from waypost.composition import effects
from waypost.db import Database
from waypost.outbox.work import Effects, Work
from waypost.outbox.worker import Worker
from waypost.settings import Settings
from waypost_credly.connector import Credly

LEASE_S = 1.0


async def main() -> None:
    known = effects(plugins_with(Credly(sandbox=os.environ["WAYPOST_TEST_CREDLY"])))
    ours = Effects(known.handlers, known.jobs, letters=known.letters, spreads=known.spreads)
    work = Work(await Database.open(os.environ["WAYPOST_DATABASE_URL"], pool_size=4), Settings.from_environment())
    async with work.database, Worker(work, ours, lease_s=LEASE_S).running():
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

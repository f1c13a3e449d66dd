"""A worker that a test kills: `python -m tests.outbox.killed`, with its database and targets in the environment."""

from __future__ import annotations

import asyncio
import os

from waypost.db import Database
from waypost.outbox.work import Effects, Handler, Happened, Work
from waypost.outbox.worker import Worker
from waypost.settings import Settings
from waypost.tenancy.telling import Told, tell_all
from waypost.webhooks.effects import EFFECTS as WEBHOOKS

LEASE_S = 1.0
COUNT = "count"


async def count(work: Work, event: Happened) -> None:
    """An effect that must not happen twice: it tells that it has counted."""
    async with work.once(event.tenant_id, COUNT, event.id) as first:
        if first:
            await tell_all(event.tenant_id, [Told("kite.counted", "Kite", event.object_id)], work.now())


def effects() -> Effects:
    return Effects.joined((WEBHOOKS, Effects(handlers=(Handler(COUNT, frozenset({"kite.flown"}), count),))))


async def main() -> None:
    settings = Settings.from_environment()
    async with (
        await Database.open(os.environ["WAYPOST_DATABASE_URL"], pool_size=4) as database,
        Worker(Work(database, settings), effects(), lease_s=LEASE_S).running(),
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

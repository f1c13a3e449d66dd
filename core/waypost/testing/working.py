"""Background work in tests: does, in this process, everything that is due."""

from __future__ import annotations

from typing import Any

from waypost.composition import effects as core_effects
from waypost.db import Database
from waypost.outbox.work import Effects, Work
from waypost.outbox.worker import Worker
from waypost.settings import Settings

SETTINGS = Settings(secret_key="a key for tests alone")
ROUNDS = 200


async def work_off(
    database: Database,
    settings: Settings = SETTINGS,
    *,
    effects: Effects | None = None,
    raising: bool = True,
    **work: Any,
) -> int:
    """Do what is due, one after the other, until nothing is left; answers how many events and pieces that were.

    What fails is due again later, as always; `raising` then raises its first error at the end. Schedules are not
    run: call a schedule's `run` with `Work(database, settings)`. `effects` are the core's where none are given.
    """
    worker = Worker(Work(database, settings, **work), core_effects() if effects is None else effects, at_once=1)
    count = 0
    for _ in range(ROUNDS):
        some = await worker.relay_all() + await worker.run_due()
        count += some
        if not some:
            break
    else:
        raise AssertionError("the work does not end")
    if raising and worker.doing.errors:
        raise worker.doing.errors[0]
    return count

"""What runs again and again: one worker of all runs it, under a lease."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from waypost.db import execute, fetch, fetchval
from waypost.outbox.queue import SCOPE, words_of
from waypost.outbox.work import Schedule, Work

log: Final = logging.getLogger("waypost.worker")

LEASE_S: Final = 900.0
# A schedule that failed is due again a little later, not at once.
AGAIN_S: Final = 60.0

KNOWN_SQL: Final = """
INSERT INTO schedule (name, due_at) SELECT name, now() FROM unnest($1::text[]) AS name
ON CONFLICT (name) DO NOTHING
"""
TAKE_SQL: Final = """
UPDATE schedule SET holder = $2, due_at = now() + make_interval(secs => $3)
WHERE name = $1 AND due_at <= now() RETURNING true
"""
# Counted from now: what took longer than its time is not made up for.
RAN_SQL: Final = """
UPDATE schedule SET holder = NULL, ran_at = now(), due_at = now() + make_interval(secs => $3)
WHERE name = $1 AND holder = $2
"""
NEXT_SQL: Final = "SELECT name, due_at FROM schedule WHERE name = ANY($1::text[]) ORDER BY due_at LIMIT 1"


class Schedules:
    """The schedules as one worker runs them."""

    def __init__(self, work: Work, schedules: Sequence[Schedule], holder: UUID) -> None:
        self._work = work
        self._schedules = {each.name: each for each in schedules}
        self._holder = holder
        self._known = False

    async def take_due(self) -> list[Schedule]:
        """Take what is due and no other worker runs; whoever takes it runs it."""
        await self._announce()
        return [each for each in self._schedules.values() if await self._taken(each.name)]

    async def next_in_s(self) -> float:
        """How many seconds until the next is due."""
        rows = await self._work.database.reads.rows(SCOPE, NEXT_SQL, [list(self._schedules)])
        return (rows[0]["due_at"] - datetime.now(UTC)).total_seconds() if rows else LEASE_S

    async def _announce(self) -> None:
        if not self._known:
            async with self._work.database.transaction(SCOPE):
                await execute(KNOWN_SQL, list(self._schedules))
            self._known = True

    async def _taken(self, name: str) -> bool:
        async with self._work.database.transaction(SCOPE):
            return bool(await fetchval(TAKE_SQL, name, self._holder, LEASE_S))

    async def run(self, schedule: Schedule) -> None:
        """Run one that was taken, and say when it is due again."""
        again_s = float(schedule.every_s)
        try:
            await schedule.run(self._work)
        except Exception as error:  # noqa: BLE001 - one schedule costs itself and nothing else
            again_s = min(AGAIN_S, again_s)
            log.warning("the schedule %s failed: %s", schedule.name, words_of(error))
        async with self._work.database.transaction(SCOPE):
            await fetch(RAN_SQL, schedule.name, self._holder, again_s)

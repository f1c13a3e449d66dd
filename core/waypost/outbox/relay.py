"""Hands events on: every event of a tenant becomes due for its handlers once, in the order in which events held.

An event is in the queue as soon as it is written: its version lies behind the mark of its tenant in `relayed`. The
mark moves on in the transaction that makes the work due, so that nothing is left out and nothing comes twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import orjson

from waypost.db import SHARED, City, Database, execute, fetch, fetchrow, fetchval
from waypost.outbox.queue import SCOPE
from waypost.outbox.work import Effects, Happened, enqueue_all

BATCH: Final = 500
LAST: Final = UUID(int=2**128 - 1)
PREFIX: Final = "on:"

BEHIND_SQL: Final = """
SELECT c.tenant_id FROM catalogue_version c LEFT JOIN relayed r USING (tenant_id)
WHERE c.tenant_id <> $1 AND (r.version IS NULL OR r.version < c.version) ORDER BY c.tenant_id
"""
BEGIN_SQL: Final = """
INSERT INTO relayed (tenant_id, version, event_id) VALUES ($1, 0, $2) ON CONFLICT (tenant_id) DO NOTHING
"""
MARK_SQL: Final = "SELECT version, event_id FROM relayed WHERE tenant_id = $1 FOR UPDATE SKIP LOCKED"
STANDS_SQL: Final = "SELECT version FROM catalogue_version WHERE tenant_id = $1"
EVENT_COLUMNS: Final = "id, version, type, object_type, object_id, person_id, data::text AS data, happened_at, request"
NEXT_SQL: Final = f"""
SELECT {EVENT_COLUMNS} FROM event
WHERE tenant_id = $1 AND (version, id) > ($2, $3) ORDER BY version, id LIMIT $4
"""
EVENT_SQL: Final = f"SELECT {EVENT_COLUMNS} FROM event WHERE tenant_id = $1 AND id = $2"
MOVE_SQL: Final = "UPDATE relayed SET version = $2, event_id = $3 WHERE tenant_id = $1"


class Relay:
    """Hands events on to the handlers of these effects."""

    def __init__(self, database: Database, effects: Effects) -> None:
        self._database = database
        self._spreads = effects.spreads
        self._handlers: dict[str, list[str]] = defaultdict(list)
        for handler in effects.handlers:
            for event in handler.events:
                self._handlers[event].append(handler.name)

    async def behind(self) -> list[UUID]:
        """The tenants in which something has happened that was not handed on."""
        return [row["tenant_id"] for row in await self._database.reads.rows(SCOPE, BEHIND_SQL, [SHARED])]

    async def relay(self, tenant: UUID) -> int:
        """Hand on everything of one tenant; answers how many events those were.

        0 also where another worker is doing it.
        """
        count = 0
        while found := await self._batch(tenant):
            count += found
            if found < BATCH:
                break
        return count

    async def _batch(self, tenant: UUID) -> int:
        async with self._database.transaction(City(tenant, quiet=True)):
            mark = await self._mark(tenant)
            if mark is None:
                return 0
            # First how far things stand, then the events: what stands then is seen.
            stands = await fetchval(STANDS_SQL, tenant) or 0
            rows = await fetch(NEXT_SQL, tenant, *mark, BATCH)
            if not rows:
                if stands > mark[0]:
                    await execute(MOVE_SQL, tenant, stands, LAST)
                return 0
            events = [happened(tenant, row) for row in rows]
            await self._hand_on(tenant, events)
            last = (rows[-1]["version"], rows[-1]["id"])
            if len(rows) < BATCH:
                last = max(last, (stands, LAST))
            await execute(MOVE_SQL, tenant, *last)
            return len(rows)

    async def _mark(self, tenant: UUID) -> tuple[int, UUID] | None:
        row = await fetchrow(MARK_SQL, tenant)
        if row is None and await execute(BEGIN_SQL, tenant, UUID(int=0)) == "INSERT 0 1":
            row = await fetchrow(MARK_SQL, tenant)
        return None if row is None else (row["version"], row["event_id"])

    async def _hand_on(self, tenant: UUID, events: Sequence[Happened]) -> None:
        due = [(handler, event) for event in events for handler in self._handlers.get(event.type, ())]
        await enqueue_all(
            [(PREFIX + handler, {"tenant": tenant, "event": event.id}) for handler, event in due],
            requests=[event.request for _, event in due],
        )
        for spread in self._spreads:
            await spread.run(tenant, events)


async def event_of(database: Database, tenant: UUID, id: UUID) -> Happened | None:
    """Read one event; None where it is gone."""
    rows = await database.reads.rows(City(tenant), EVENT_SQL, [tenant, id])
    return happened(tenant, rows[0]) if rows else None


def happened(tenant: UUID, row: Any) -> Happened:
    """The event of a row."""
    return Happened(
        tenant,
        row["id"],
        row["type"],
        row["object_type"],
        row["object_id"],
        row["person_id"],
        orjson.loads(row["data"]),
        row["happened_at"],
        row["request"],
    )

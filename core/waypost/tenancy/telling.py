"""Writes what happened to a tenant's objects, in the transaction that made it true."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from waypost.db import execute, new_id, stamp
from waypost.tracing import request_id

EVENTS_SQL: Final = """
INSERT INTO event (tenant_id, id, type, object_type, object_id, person_id, data, happened_at, request)
SELECT $1, id, type, object_type, object_id, $2, data::jsonb, $3, $4
FROM unnest($5::uuid[], $6::text[], $7::text[], $8::uuid[], $9::text[]) AS told (id, type, object_type, object_id, data)
"""
# The version says in which order events held; their ids only, in which order they were made.
STAMP_SQL: Final = "UPDATE event SET version = $2 WHERE tenant_id = $1 AND version IS NULL"


@dataclass(frozen=True)
class Told:
    """What happened to one object; `type` is like `badge.published`, `data` a JSON object of ids and facts."""

    type: str
    object_type: str
    object_id: UUID
    data: str = "{}"


async def tell_all(tenant: UUID, told: Collection[Told], now: datetime, person: UUID | None = None) -> None:
    """Write events in the tenant's current transaction; without a person they are of files, a feed or a job."""
    if not told:
        return
    types, kinds = [each.type for each in told], [each.object_type for each in told]
    ids, data = [each.object_id for each in told], [each.data for each in told]
    await execute(EVENTS_SQL, tenant, person, now, request_id(), [new_id() for _ in told], types, kinds, ids, data)
    stamp(STAMP_SQL)

"""Reads a tenant's whole trace, piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.audit.rules import first_id_since
from waypost.db import City, Database

COLUMNS: Final = ("at", "person", "role", "token", "act", "table", "row", "verb", "changed")
PIECE: Final = 5_000
FIRST: Final = UUID(int=0)
EXPORT_SQL: Final = f"""
SELECT id, at, person_id, role, token_id, act, table_name, row_id, verb, changed FROM audit
WHERE tenant_id = $1 AND id > $2 AND ($3::timestamptz IS NULL OR at >= $3) ORDER BY id LIMIT {PIECE}
"""


async def export_audit(database: Database, tenant: UUID, since: datetime | None) -> AsyncIterator[list[Sequence[Any]]]:
    """Yield the entries of a tenant in pieces, oldest first, each as the values of `COLUMNS`."""
    last = FIRST if since is None else first_id_since(since)
    while rows := await database.reads.rows(City(tenant), EXPORT_SQL, [tenant, last, since]):
        last = rows[-1]["id"]
        yield [(row["at"].isoformat(), *tuple(row.values())[2:]) for row in rows]

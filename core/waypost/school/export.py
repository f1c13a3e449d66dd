"""A review queue as a table for spreadsheets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.db import fetch

COLUMNS: Final = (
    *("review", "city", "badge", "creator", "issuer", "layer", "state", "urgent", "round", "received_at"),
    *("submitted_at", "due_at", "decided_at", "reviewer", "leased_until", "warnings_left", "comments"),
)
ROWS_SQL: Final = """
SELECT r.id, t.slug, r.name, r.creator_name, r.issuer_name, r.layer, r.state, r.priority = 0, r.round, r.received_at,
       r.submitted_at, r.due_at, r.decided_at, r.reviewer_id, r.leased_until, jsonb_array_length(r.findings),
       (SELECT count(*) FROM review_comment c WHERE c.tenant_id = r.tenant_id AND c.review_id = r.id)
FROM review r LEFT JOIN tenant t ON t.id = r.home_tenant_id
WHERE r.tenant_id = $1 AND ($2::text[] IS NULL OR r.state = ANY($2)) ORDER BY r.submitted_at, r.id
"""


async def review_rows(tenant: UUID, states: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    """Read a tenant's submissions, all or in these states, in its City transaction."""
    return [tuple(map(_shown, row)) for row in await fetch(ROWS_SQL, tenant, list(states) or None)]


def _shown(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value

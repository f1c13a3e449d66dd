"""Awards as a CSV file for those who may see them; no cell is a formula to a spreadsheet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from waypost.db import City, Database
from waypost.spreadsheets import csv_text

COLUMNS: Final = (
    *("award", "badge", "version", "issuer", "recipient", "kind", "reference", "state", "awarded_at", "expires_at"),
    *("decided_at", "revoked_at", "revoked_reason", "origin"),
)
PAGE: Final = 1_000
BEGINNING: Final = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
PAGE_SQL: Final = """
SELECT a.id AS award, b.slug AS badge, v.number AS version, i.slug AS issuer,
       coalesce(n.name, r.display_name) AS recipient, r.kind,
       CASE WHEN r.reference_issuer_id = a.issuer_id THEN r.reference END AS reference, a.state, a.awarded_at,
       a.expires_at, a.decided_at, a.revoked_at, a.revoked_reason, a.origin
FROM award a
JOIN badge b ON b.tenant_id = a.tenant_id AND b.id = a.badge_id
JOIN badge_version v ON v.tenant_id = a.tenant_id AND v.id = a.version_id
JOIN issuer i ON i.tenant_id = a.tenant_id AND i.id = a.issuer_id
JOIN recipient r ON r.tenant_id = a.tenant_id AND r.id = a.recipient_id
LEFT JOIN recipient_name n ON n.tenant_id = a.tenant_id AND n.recipient_id = r.id AND n.issuer_id = a.issuer_id
WHERE a.tenant_id = $1 AND ($2::uuid IS NULL OR a.issuer_id = $2)
  AND (a.awarded_at, a.id) > ($3, $4)
ORDER BY a.awarded_at, a.id LIMIT $5
"""


async def export_awards(database: Database, tenant: UUID, issuer: UUID | None) -> AsyncIterator[str]:
    """Give out the awards of a tenant, or of one issuer, oldest first: the header, then a thousand lines at a time."""
    yield csv_text([COLUMNS])
    after = BEGINNING
    while True:
        rows = await database.reads.rows(City(tenant), PAGE_SQL, [tenant, issuer, *after, PAGE])
        if rows:
            yield csv_text([[row[name] for name in COLUMNS] for row in rows])
            after = (rows[-1]["awarded_at"], rows[-1]["award"])
        if len(rows) < PAGE:
            return

"""What follows from requests: who asked is told by letter what the issuer answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from waypost.db import City, execute
from waypost.learners.people import written_to
from waypost.outbox import Addressed, Effects, Handler, Happened, Letter, Schedule, Work, enqueue
from waypost.tenancy.directory import load_directory

DECIDED: Final = "request-decided"
DAY_S: Final = 86_400

REQUEST_SQL: Final = """
SELECT q.state, q.reason, q.person_id, b.name AS badge, i.name AS issuer, r.display_name AS name, r.birth_year,
       r.address, r.guardian_address, r.guardian_id
FROM badge_request q JOIN badge b ON b.tenant_id = $1 AND b.id = q.badge_id
JOIN issuer i ON i.tenant_id = $1 AND i.id = q.issuer_id
JOIN recipient r ON r.tenant_id = $1 AND r.id = q.recipient_id
WHERE q.tenant_id = $1 AND q.id = $2
"""
FORGET_SQL: Final = """
DELETE FROM badge_request WHERE tenant_id = $1 AND state <> 'approved' AND requested_at <= $2
"""


async def _write(work: Work, event: Happened) -> None:
    """Have a letter written, once for each decision."""
    async with work.once(event.tenant_id, DECIDED, event.id) as first:
        if first:
            await enqueue("mail", {"letter": DECIDED, "tenant": event.tenant_id, "request": event.object_id})


async def _facts(work: Work, facts: Mapping[str, Any]) -> Addressed | None:
    """Find who asked and what was answered; nobody is written to of what waits again or is gone."""
    tenant = UUID(facts["tenant"])
    rows = await work.database.reads.rows(City(tenant), REQUEST_SQL, [tenant, UUID(facts["request"])])
    home = (await load_directory(work.database)).by_id(tenant)
    if not rows or home is None or rows[0]["state"] in {"open", "withdrawn"}:
        return None
    row = dict(rows[0])
    address, language = await written_to(work.database, row, row["person_id"], work.now().year)
    if address is None:
        return None
    values = {name: row[name] for name in ("state", "reason", "badge", "issuer", "name")}
    return Addressed(address, language or home.language, {**values, "city": home.name})


async def forget_requests(work: Work) -> None:
    """Forget what came to nothing, in each tenant after its retention time."""
    for tenant in (await load_directory(work.database)).tenants:
        before = work.now() - timedelta(days=tenant.retention_days)
        async with work.database.transaction(City(tenant.id, quiet=True)):
            await execute(FORGET_SQL, tenant.id, before)


EFFECTS: Final = Effects(
    handlers=(Handler(DECIDED, frozenset({"badge-request.decided"}), _write),),
    letters=(Letter(DECIDED, _facts),),
    schedules=(Schedule("forget-requests", DAY_S, forget_requests),),
)

"""What follows from awards: letters; what is over, and what is kept no longer, is `keeping`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from waypost.awards.batches import UNDO_FOR
from waypost.awards.jobs import JOBS
from waypost.db import City
from waypost.learners.people import note_known, written_to
from waypost.learners.rules import is_guarded
from waypost.outbox.work import (
    Addressed,
    Effects,
    Happened,
    JobKind,
    Letter,
    Spread,
    Work,
    enqueue_all,
)
from waypost.tenancy.directory import load_directory

OFFERED: Final = "award-offered"
REVOKED: Final = "award-revoked"
EXPIRING: Final = "award-expiring"
KNOWN: Final = "award-known"
AWARD_SQL: Final = """
SELECT a.state, a.person_id, a.expires_at, a.decided_at, a.revoked_reason, b.name AS badge, i.name AS issuer,
       r.kind, r.display_name AS name, r.address, r.birth_year, r.guardian_address, r.guardian_id
FROM award a
JOIN recipient r ON r.tenant_id = $1 AND r.id = a.recipient_id
JOIN badge b ON b.tenant_id = $1 AND b.id = a.badge_id
JOIN issuer i ON i.tenant_id = $1 AND i.id = a.issuer_id
WHERE a.tenant_id = $1 AND a.id = $2
"""
PERSON_SQL: Final = "SELECT person_id FROM award WHERE tenant_id = $1 AND id = $2"


async def _spread(tenant: UUID, events: Sequence[Happened]) -> None:
    """Have letters written about awards. Those of a batch wait until it cannot be undone any more."""
    at_once: list[tuple[str, Mapping[str, Any]]] = []
    later: list[tuple[str, Mapping[str, Any]]] = []
    for event in events:
        facts = {"tenant": tenant, "award": event.object_id}
        if event.type == "award.created":
            of_batch = event.data.get("batch") is not None
            (later if of_batch else at_once).append(("mail", {"letter": OFFERED, **facts}))
            if not of_batch:
                at_once.append((KNOWN, facts))
        elif event.type == "award.revoked":
            at_once.append(("mail", {"letter": REVOKED, "undone": bool(event.data.get("undone")), **facts}))
    await enqueue_all(at_once)
    await enqueue_all(later, after_s=UNDO_FOR.total_seconds())


async def _note_known(work: Work, facts: Mapping[str, Any]) -> None:
    """Let an earner find the award from everywhere, whichever way it came about."""
    tenant, award = UUID(str(facts["tenant"])), UUID(str(facts["award"]))
    rows = await work.database.reads.rows(City(tenant), PERSON_SQL, [tenant, award])
    if rows and rows[0]["person_id"] is not None:
        await note_known(work.database, tenant, rows[0]["person_id"])


async def _offered(work: Work, facts: Mapping[str, Any]) -> Addressed | None:
    """Write to who was given a badge, while it waits for them."""
    row = await _award(work, facts)
    return await _addressed(work, facts, row) if row is not None and row["state"] == "offered" else None


async def _revoked(work: Work, facts: Mapping[str, Any]) -> Addressed | None:
    """Write to whose award was taken back; of what was undone before they answered they never heard."""
    row = await _award(work, facts)
    if row is None or row["state"] != "revoked" or (facts.get("undone") and row["decided_at"] is None):
        return None
    return await _addressed(work, facts, row)


async def _expiring(work: Work, facts: Mapping[str, Any]) -> Addressed | None:
    """Remind who has a badge that will expire."""
    row = await _award(work, facts)
    return await _addressed(work, facts, row) if row is not None and row["state"] == "accepted" else None


async def _award(work: Work, facts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    tenant = UUID(str(facts["tenant"]))
    rows = await work.database.reads.rows(City(tenant), AWARD_SQL, [tenant, UUID(str(facts["award"]))])
    return dict(rows[0]) if rows else None


async def _addressed(work: Work, facts: Mapping[str, Any], row: Mapping[str, Any]) -> Addressed | None:
    """Say where a letter goes, and what it tells."""
    home = (await load_directory(work.database)).by_id(UUID(str(facts["tenant"])))
    if home is None:
        return None
    address, language = await written_to(work.database, row, row["person_id"], work.now().year)
    if address is None:
        return None
    guarded = is_guarded(row["birth_year"], work.now().year)
    base = str(work.settings.base_url).rstrip("/")
    values = {name: row[name] for name in ("name", "badge", "issuer", "expires_at")}
    values |= {"reason": row["revoked_reason"], "city": home.name, "guardian": guarded, "url": f"{base}/{home.slug}/"}
    return Addressed(address, language or home.language, values)


EFFECTS: Final = Effects(
    jobs=(*JOBS, JobKind(KNOWN, _note_known)),
    letters=(Letter(OFFERED, _offered), Letter(REVOKED, _revoked), Letter(EXPIRING, _expiring)),
    spreads=(Spread("award-letters", _spread),),
)

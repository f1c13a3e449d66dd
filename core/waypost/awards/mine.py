"""What somebody earned in all cities, found beforehand for the national graph: each city is read in its own scope."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from piccolo.columns import JSONB, UUID, Text, Timestamptz

from waypost.db import City, Database, Learner, TenantTable

if TYPE_CHECKING:
    from waypost.graph import Request

Find = Callable[[str, "Request"], Awaitable[str | None]]

MOST: Final = 1_000  # of one city, the newest
CITIES_SQL: Final = "SELECT tenant_id FROM known_in WHERE person_id = $1 ORDER BY tenant_id"
AWARDS_SQL: Final = f"""
SELECT coalesce(json_agg(row_to_json(mine)), '[]')::text FROM (
    SELECT a.*, coalesce((SELECT json_agg(e.url ORDER BY e.position) FROM award_evidence e
                          WHERE e.tenant_id = a.tenant_id AND e.award_id = a.id), '[]') AS evidence
    FROM award a WHERE a.tenant_id = $1 AND a.person_id = $2 ORDER BY a.awarded_at DESC, a.id DESC LIMIT {MOST}
) mine
"""
RECIPIENTS_SQL: Final = """
SELECT coalesce(json_agg(row_to_json(mine)), '[]')::text FROM (
    SELECT r.tenant_id, r.id, r.kind, r.display_name FROM recipient r
    WHERE r.tenant_id = $1 AND (r.person_id = $2 OR r.guardian_id = $2)
) mine
"""
REQUESTS_SQL: Final = f"""
SELECT coalesce(json_agg(row_to_json(mine)), '[]')::text FROM (
    SELECT q.tenant_id, q.id, q.badge_id, q.issuer_id, q.person_id, q.statement, q.state, q.reason, q.award_id,
           q.requested_at, q.decided_at, coalesce(n.name, r.display_name) AS recipient_name,
           coalesce((SELECT json_agg(e.url ORDER BY e.position) FROM badge_request_evidence e
                     WHERE e.tenant_id = $1 AND e.request_id = q.id), '[]') AS evidence
    FROM badge_request q JOIN recipient r ON r.tenant_id = $1 AND r.id = q.recipient_id
    LEFT JOIN recipient_name n ON n.tenant_id = $1 AND n.recipient_id = q.recipient_id AND n.issuer_id = q.issuer_id
    WHERE q.tenant_id = $1 AND q.person_id = $2 ORDER BY q.requested_at DESC, q.id DESC LIMIT {MOST}
) mine
"""
LOOKUPS: Final = {"awards": AWARDS_SQL, "recipients": RECIPIENTS_SQL, "requests": REQUESTS_SQL}


class OwnAward(TenantTable):
    """The asker's awards in all cities. No table: what the lookup `awards` finds."""

    badge_id = UUID()
    version_id = UUID()
    recipient_id = UUID()
    person_id = UUID(null=True)
    issuer_id = UUID()
    state = Text()
    awarded_at = Timestamptz()
    expires_at = Timestamptz(null=True)
    earned_in_tenant_id = UUID()
    opportunity_id = UUID(null=True)
    narrative = Text(null=True)
    origin = Text()
    batch_id = UUID(null=True)
    decided_at = Timestamptz(null=True)
    revoked_at = Timestamptz(null=True)
    revoked_reason = Text(null=True)
    replaced_by_id = UUID(null=True)
    evidence = JSONB(default="[]")


class OwnRecipient(TenantTable):
    """What cities know the asker as. No table: what the lookup `recipients` finds."""

    kind = Text()
    display_name = Text()


class OwnRequest(TenantTable):
    """The asker's requests in all cities. No table: what the lookup `requests` finds."""

    badge_id = UUID()
    issuer_id = UUID()
    person_id = UUID()
    statement = Text(null=True)
    state = Text()
    reason = Text(null=True)
    award_id = UUID(null=True)
    requested_at = Timestamptz()
    decided_at = Timestamptz(null=True)
    recipient_name = Text()
    evidence = JSONB(default="[]")


def mine_in(database: Database, kind: str) -> Find:
    """Return a lookup, one of LOOKUPS: the asker's in all cities, as JSON text; a stranger has none."""

    async def find(_key: str, request: Request) -> str:
        person = request.asker.person
        if person is None:
            return "[]"
        lists = [await _in_city(database, tenant, person, kind) for tenant in await known_in(database, person)]
        return "[" + ",".join(each for each in lists if each) + "]"

    return find


async def known_in(database: Database, person: uuid.UUID) -> list[uuid.UUID]:
    """List the tenants that know somebody as a recipient."""
    rows = await database.reads.rows(Learner(person), CITIES_SQL, [person])
    return [row["tenant_id"] for row in rows]


async def _in_city(database: Database, tenant: uuid.UUID, person: uuid.UUID, kind: str) -> str:
    found = await database.reads.read(City(tenant), LOOKUPS[kind], [tenant, person])
    return (found or "[]").strip()[1:-1].strip()

"""What an account gave: one entry an award, in the owner's scope. Every change is carried to whose award it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.connectors.rules import Entry, shown
from waypost.db import execute, fetch
from waypost.outbox.connecting import Issued
from waypost.outbox.work import enqueue

REFLECT: Final = "issuing.reflect"

COLUMNS: Final = """id, account_id, member_tenant_id, award_id, template_id, earner, state, external_id, attempts,
       begun_at, replaces_id"""
MAKE_SQL: Final = """
INSERT INTO issuing_entry (tenant_id, id, account_id, member_tenant_id, award_id, issuer_id, template_id, earner, state,
                           replaces_id, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'due', $9, $10, $10) ON CONFLICT DO NOTHING
"""
HOLD_SQL: Final = f"""
SELECT {COLUMNS} FROM issuing_entry WHERE tenant_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE
"""
# The state of an account that an issuer may use; its city may have left the network since it was let.
MAY_SQL: Final = """
SELECT a.state FROM issuing_share s JOIN issuing_account a ON a.tenant_id = s.tenant_id AND a.id = s.account_id
WHERE s.tenant_id = $1 AND a.tenant_id = $1 AND s.account_id = $2 AND s.member_tenant_id = $3 AND s.issuer_id = $4
  AND s.state = 'on'
  AND ($3 = $1 OR EXISTS (SELECT FROM tenant_group g WHERE g.tenant_id = $3 AND g.group_id = $1))
"""
DUPLICATES_SQL: Final = """
SELECT duplicates FROM issuing_template WHERE tenant_id = $1 AND account_id = $2 AND template_id = $3
"""
BEGIN_SQL: Final = """
UPDATE issuing_entry SET state = 'sending', attempts = attempts + 1, begun_at = $3, problem = NULL, changed_at = $3,
       template_id = $4, replaces_id = $5
WHERE tenant_id = $1 AND id = $2 AND external_id IS NULL
"""
MARK_SQL: Final = """
UPDATE issuing_entry SET state = $3, problem = $4, changed_at = $5
WHERE tenant_id = $1 AND id = $2 AND external_id IS NULL AND state = ANY($6::text[])
  AND (state, problem) IS DISTINCT FROM ($3, $4)
"""
# The first id that an entry gets stays: nothing that was given is lost from sight.
GIVEN_SQL: Final = """
UPDATE issuing_entry SET state = $3, external_id = $4, url = coalesce($5, url), problem = NULL, seen_at = $6,
       changed_at = CASE WHEN state IS DISTINCT FROM $3 THEN $6 ELSE changed_at END
WHERE tenant_id = $1 AND id = $2 AND (external_id IS NULL OR external_id = $4)
"""
GONE_SQL: Final = """
UPDATE issuing_entry SET state = 'missing', changed_at = $3
WHERE tenant_id = $1 AND id = $2 AND external_id IS NOT NULL AND state <> 'missing'
"""
NOTE_SQL: Final = "UPDATE issuing_entry SET problem = $3, changed_at = $4 WHERE tenant_id = $1 AND id = $2"
TAKEN_SQL: Final = """
SELECT external_id FROM issuing_entry
WHERE tenant_id = $1 AND account_id = $2 AND external_id = ANY($3::text[]) AND id <> $4
"""
AGAIN_SQL: Final = """
UPDATE issuing_entry SET state = 'due', external_id = NULL, url = NULL, problem = NULL, changed_at = $4
WHERE tenant_id = $1 AND id = $2 AND member_tenant_id = $3 AND state IN ('failed', 'missing')
"""
UNSENT: Final = ("due", "sending", "doubtful", "failed", "withdrawn")


@dataclass(frozen=True)
class Line:
    """An entry as it stands, locked for the transaction."""

    id: UUID
    account_id: UUID
    member_tenant_id: UUID
    award_id: UUID
    template_id: str
    earner: str
    state: str
    external_id: str | None
    attempts: int
    begun_at: datetime | None
    replaces_id: UUID | None

    @property
    def there(self) -> str:
        """The platform's id of what has been given."""
        if self.external_id is None:
            raise LookupError(f"the entry {self.id} has not been given")
        return self.external_id

    @property
    def entry(self) -> Entry:
        """What the rules look at."""
        return Entry(self.state, self.external_id, self.attempts, self.begun_at)


async def hold_lines(tenant: UUID, ids: Iterable[UUID]) -> dict[UUID, Line]:
    """Read entries, by their ids, and keep others from moving them until the transaction ends.

    Whoever needs several takes them at once, in the order that `holding` says.
    """
    rows = await fetch(HOLD_SQL, tenant, list(ids))
    return {row["id"]: Line(**dict(row)) for row in rows}


async def find_line(tenant: UUID, id: UUID) -> Line | None:
    """Read an entry and keep others from moving it until the transaction ends; None where there is none."""
    return (await hold_lines(tenant, [id])).get(id)


async def make_line(tenant: UUID, facts: Mapping[str, Any], now: datetime) -> None:
    """Make the entry of an award, if there is none."""
    columns = ("id", "account_id", "member_tenant_id", "award_id", "issuer_id", "template_id", "earner", "replaces_id")
    if (await execute(MAKE_SQL, tenant, *(facts[name] for name in columns), now)).endswith(" 1"):
        await reflect(tenant, facts["id"])


async def begin(tenant: UUID, line: Line, template: str, replaces: UUID | None, now: datetime) -> None:
    """Write that it is being sent, before it is: whatever happens next, it may have been."""
    await execute(BEGIN_SQL, tenant, line.id, now, template, replaces)
    await reflect(tenant, line.id)


async def mark(tenant: UUID, id: UUID, state: str, now: datetime, problem: str | None = None) -> None:
    """Write what becomes of an entry that has not been given."""
    if (await execute(MARK_SQL, tenant, id, state, problem, now, list(UNSENT))).endswith(" 1"):
        await reflect(tenant, id)


async def given(tenant: UUID, id: UUID, issued: Issued, now: datetime) -> None:
    """Write what the platform says of what it gave."""
    await execute(GIVEN_SQL, tenant, id, str(issued.state), issued.id, shown(issued.url), now)
    await reflect(tenant, id)


async def gone(tenant: UUID, id: UUID, now: datetime) -> None:
    """Write that it is not there any more."""
    await execute(GONE_SQL, tenant, id, now)
    await reflect(tenant, id)


async def note(tenant: UUID, id: UUID, problem: str, now: datetime) -> None:
    """Write why something could not be done about what stands."""
    await execute(NOTE_SQL, tenant, id, problem, now)
    await reflect(tenant, id)


async def taken(tenant: UUID, account: UUID, ids: Collection[str], but: UUID) -> set[str]:
    """Which of these ids of the platform's belong to other entries."""
    return {row["external_id"] for row in await fetch(TAKEN_SQL, tenant, account, list(ids), but)}


async def reflect(tenant: UUID, id: UUID) -> None:
    """Have the entry carried to whose award it is."""
    await enqueue(REFLECT, {"tenant": tenant, "entry": id})


async def again(tenant: UUID, id: UUID, member: UUID, now: datetime) -> None:
    """Let what failed or is missing be sent once more, where its award's tenant asks for that."""
    await execute(AGAIN_SQL, tenant, id, member, now)
    await reflect(tenant, id)

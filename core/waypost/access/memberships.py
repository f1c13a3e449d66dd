"""What somebody may be in a tenant: their memberships, and which of them speaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from waypost.access.permissions import LEARNER
from waypost.db import City, Database, System, execute, fetch, fetchval, new_id

# Which of several memberships speaks where nobody chose: the first of these.
STRENGTH: Final = ("city-admin", "curator", "issuer-admin", "issuer-staff", "employer", LEARNER)

HELD_SQL: Final = """
SELECT id, role, issuer_id FROM membership WHERE tenant_id = $1 AND person_id = $2 ORDER BY created_at, id
"""
ADD_SQL: Final = """
INSERT INTO membership (tenant_id, id, person_id, role, issuer_id, name, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, person_id, role, issuer_id) DO NOTHING
"""
FOUND_SQL: Final = """
SELECT id FROM membership
WHERE tenant_id = $1 AND person_id = $2 AND role = $3 AND issuer_id IS NOT DISTINCT FROM $4
"""
INDEX_SQL: Final = "INSERT INTO person_tenant (person_id, tenant_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
TENANTS_SQL: Final = "SELECT tenant_id FROM person_tenant WHERE person_id = $1 ORDER BY tenant_id"


@dataclass(frozen=True)
class Held:
    """A role that somebody has in a tenant."""

    role: str
    issuer_id: UUID | None = None
    id: UUID | None = None


@dataclass(frozen=True)
class Wish:
    """Which of several roles is to speak."""

    role: str
    issuer_id: UUID | None = None

    def meets(self, held: Held) -> bool:
        """Whether a membership is the one that is meant."""
        return held.role == self.role and self.issuer_id in {None, held.issuer_id}


def speaking(held: Sequence[Held], wish: Wish | None = None) -> Held | None:
    """Choose the membership that speaks: the one that is wished for, else the strongest, the oldest of equals.

    Whoever has signed in is a learner everywhere. None where somebody wishes for what they are not.
    """
    known = [each for each in held if each.role in STRENGTH and (wish is None or wish.meets(each))]
    if not known and wish in {None, Wish(LEARNER)}:
        return Held(LEARNER)
    return min(known, key=lambda each: STRENGTH.index(each.role), default=None)


async def add_membership(
    tenant: UUID, person: UUID, role: str, issuer: UUID | None, now: datetime, name: str | None = None
) -> UUID:
    """Give somebody a role in the current City transaction; answers the membership, also one that was there."""
    await execute(ADD_SQL, tenant, new_id(), person, role, issuer, name, now)
    await execute(INDEX_SQL, person, tenant)
    found: UUID = await fetchval(FOUND_SQL, tenant, person, role, issuer)
    return found


async def held_here(tenant: UUID, person: UUID) -> list[Held]:
    """List what somebody is in a tenant, the oldest first, in its current City transaction."""
    return [Held(row["role"], row["issuer_id"], row["id"]) for row in await fetch(HELD_SQL, tenant, person)]


async def held_in(database: Database, tenant: UUID, person: UUID) -> list[Held]:
    """List what somebody is in a tenant, in a transaction of its own."""
    rows = await database.reads.rows(City(tenant), HELD_SQL, [tenant, person])
    return [Held(row["role"], row["issuer_id"], row["id"]) for row in rows]


async def tenants_of(database: Database, person: UUID) -> list[UUID]:
    """List the tenants in which somebody may have memberships, in a transaction of its own."""
    rows = await database.reads.rows(System("sign-in"), TENANTS_SQL, [person])
    return [row["tenant_id"] for row in rows]

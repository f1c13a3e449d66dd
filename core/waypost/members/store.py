"""Rows of members, invitations and tokens, in a city's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from waypost.db import execute, fetch, fetchrow, fetchval, new_id, one_at_a_time

if TYPE_CHECKING:
    from waypost.members.commands import InvitationWords

COUNTED_FOR: Final = timedelta(days=1)  # letters of invitations

ISSUER_SQL: Final = "SELECT EXISTS (SELECT FROM issuer WHERE tenant_id = $1 AND id = $2 AND state = 'open')"
LETTERS_SQL: Final = """
SELECT count(*) FILTER (WHERE invited_by = $2) AS by_person, count(*) FILTER (WHERE address = $3) AS to_address
FROM invitation, unnest(letters_at) AS sent
WHERE tenant_id = $1 AND (invited_by = $2 OR address = $3) AND created_at > $4 AND sent > $4
"""
AGAIN_SQL: Final = """
UPDATE invitation SET expires_at = $5, created_at = $6::timestamptz, invited_by = $7, name = coalesce($8, name),
                      language = coalesce($9, language),
                      letters_at = ARRAY(SELECT sent FROM unnest(letters_at) sent WHERE sent > $10) || $6::timestamptz
WHERE tenant_id = $1 AND address = $2 AND role = $3 AND issuer_id IS NOT DISTINCT FROM $4 AND state = 'open'
RETURNING id
"""
INVITE_SQL: Final = """
INSERT INTO invitation (tenant_id, id, address, role, issuer_id, expires_at, created_at, invited_by, name, language,
                        letters_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::timestamptz, $8, $9, $10, ARRAY[$7::timestamptz])
"""
INVITATION_SQL: Final = """
SELECT state, role, issuer_id, name, code_digest, expires_at FROM invitation
WHERE tenant_id = $1 AND id = $2 FOR UPDATE
"""
END_SQL: Final = """
UPDATE invitation SET state = $3, member_id = $4, address = NULL, name = NULL WHERE tenant_id = $1 AND id = $2
"""
WITHDRAW_SQL: Final = """
UPDATE invitation SET state = 'withdrawn', address = NULL, name = NULL
WHERE tenant_id = $1 AND invited_by = $2 AND state = 'open'
"""
MEMBER_SQL: Final = """
SELECT person_id, role, issuer_id, name FROM membership WHERE tenant_id = $1 AND id = $2 FOR UPDATE
"""
HAS_SQL: Final = """
SELECT EXISTS (SELECT FROM membership WHERE tenant_id = $1 AND person_id = $2 AND role = $3
               AND issuer_id IS NOT DISTINCT FROM $4)
"""
ADMINS_SQL: Final = """
SELECT id FROM membership WHERE tenant_id = $1 AND role = 'city-admin' ORDER BY id FOR UPDATE
"""
CHANGE_SQL: Final = """
UPDATE membership SET role = $3, issuer_id = $4, name = $5 WHERE tenant_id = $1 AND id = $2
"""
DELETE_SQL: Final = "DELETE FROM membership WHERE tenant_id = $1 AND id = $2"
TOKENS_SQL: Final = """
SELECT count(*) FROM access_token
WHERE tenant_id = $1 AND person_id = $2 AND revoked_at IS NULL AND expires_at > $3
"""
OWNER_SQL: Final = "SELECT person_id FROM access_token WHERE tenant_id = $1 AND id = $2 FOR UPDATE"
MAKER_SQL: Final = """
SELECT expires_at FROM access_token WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL FOR UPDATE
"""
# What a token made acts for the same person: its index finds all of it.
REVOKE_SQL: Final = """
WITH RECURSIVE made AS (
    SELECT id, person_id FROM access_token WHERE tenant_id = $1 AND id = $2
    UNION
    SELECT t.id, t.person_id FROM access_token t JOIN made m ON t.person_id = m.person_id AND t.maker_id = m.id
    WHERE t.tenant_id = $1
)
UPDATE access_token SET revoked_at = $3
WHERE tenant_id = $1 AND id IN (SELECT id FROM made) AND revoked_at IS NULL RETURNING id
"""
REVOKE_ALL_SQL: Final = """
UPDATE access_token SET revoked_at = $5
WHERE tenant_id = $1 AND person_id = $2 AND role = $3 AND issuer_id IS NOT DISTINCT FROM $4 AND revoked_at IS NULL
"""


@dataclass(frozen=True)
class Invitation:
    """An invitation as it stands."""

    state: str
    role: str
    issuer_id: UUID | None
    name: str | None
    code_digest: str | None
    expires_at: datetime


@dataclass(frozen=True)
class Member:
    """A role that somebody has."""

    person_id: UUID
    role: str
    issuer_id: UUID | None
    name: str | None


async def is_issuer(tenant: UUID, issuer: UUID) -> bool:
    """Whether there is such an issuer here, and it is open."""
    return bool(await fetchval(ISSUER_SQL, tenant, issuer))


async def count_letters(tenant: UUID, person: UUID | None, address: str, now: datetime) -> tuple[int, int]:
    """How many letters of invitations somebody had sent within a day, and how many went to an address.

    Nobody else counts for either until the transaction ends.
    """
    await one_at_a_time("invitations by", tenant, person)
    await one_at_a_time("invitations to", tenant, address)
    row = await fetchrow(LETTERS_SQL, tenant, person, address, now - COUNTED_FOR)
    return (row["by_person"], row["to_address"]) if row else (0, 0)


async def write_invitation(
    tenant: UUID, words: InvitationWords, address: str, person: UUID | None, now: datetime, ends: datetime
) -> UUID:
    """Write an invitation, or renew the open one to the same address and role; answers its id."""
    said = (address, words.role, words.issuer_id, ends, now, person, words.name, words.language)
    again: UUID | None = await fetchval(AGAIN_SQL, tenant, *said, now - COUNTED_FOR)
    if again is not None:
        return again
    id = new_id()
    await execute(INVITE_SQL, tenant, id, *said)
    return id


async def load_invitation(tenant: UUID, invitation: UUID) -> Invitation | None:
    """Read an invitation, and lock it."""
    row = await fetchrow(INVITATION_SQL, tenant, invitation)
    return None if row is None else Invitation(**dict(row))


async def end_invitation(tenant: UUID, invitation: UUID, state: str, member: UUID | None = None) -> None:
    """Let an invitation be over, and forget whom it was for."""
    await execute(END_SQL, tenant, invitation, state, member)


async def withdraw_all_of(tenant: UUID, person: UUID) -> None:
    """Withdraw the open invitations that somebody made: nobody gives what they have not any more."""
    await execute(WITHDRAW_SQL, tenant, person)


async def load_member(tenant: UUID, member: UUID) -> Member | None:
    """Read a membership, and lock it."""
    row = await fetchrow(MEMBER_SQL, tenant, member)
    return None if row is None else Member(**dict(row))


async def is_member(tenant: UUID, person: UUID, role: str, issuer: UUID | None) -> bool:
    """Whether somebody has exactly that role."""
    return bool(await fetchval(HAS_SQL, tenant, person, role, issuer))


async def lock_admins(tenant: UUID) -> int:
    """Count those who administer the city, and keep others from changing that meanwhile."""
    return len(await fetch(ADMINS_SQL, tenant))


async def change_member(tenant: UUID, member: UUID, role: str, issuer: UUID | None, name: str | None) -> None:
    """Write what somebody is."""
    await execute(CHANGE_SQL, tenant, member, role, issuer, name)


async def delete_member(tenant: UUID, member: UUID) -> None:
    """Take a role away."""
    await execute(DELETE_SQL, tenant, member)


async def count_tokens(tenant: UUID, person: UUID, now: datetime) -> int:
    """How many tokens of somebody hold."""
    return int(await fetchval(TOKENS_SQL, tenant, person, now))


async def maker_ends(tenant: UUID, token: UUID) -> datetime | None:
    """Until when the token holds that makes another, None where it was taken back; locks it."""
    ends: datetime | None = await fetchval(MAKER_SQL, tenant, token)
    return ends


async def owner_of_token(tenant: UUID, token: UUID) -> UUID | None:
    """Whose a token is; locks it."""
    owner: UUID | None = await fetchval(OWNER_SQL, tenant, token)
    return owner


async def revoke(tenant: UUID, token: UUID, now: datetime) -> bool:
    """Take a token back, and those that were made with it; answers whether it was in force itself."""
    return any(row["id"] == token for row in await fetch(REVOKE_SQL, tenant, token, now))


async def revoke_all_of(tenant: UUID, person: UUID, role: str, issuer: UUID | None, now: datetime) -> None:
    """Take back the tokens that speak for a role of somebody."""
    await execute(REVOKE_ALL_SQL, tenant, person, role, issuer, now)

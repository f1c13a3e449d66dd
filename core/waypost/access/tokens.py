"""Bearer tokens: random, kept as a hash, worth no more than the membership they name."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from waypost.db import City, Database, System, execute, new_id
from waypost.refusal import Refusal

PREFIX: Final = "wp_"
RANDOM_BYTES: Final = 32
SIGN_IN: Final = System("sign-in")

FIND_SQL: Final = """
SELECT id, person_id, tenant_id, role, issuer_id, expires_at, revoked_at,
       last_used_at IS NULL OR last_used_at < $2::timestamptz - interval '1 minute' AS worth_noting
FROM token WHERE digest = $1
"""
USED_SQL: Final = "UPDATE token SET last_used_at = $2 WHERE id = $1"
MAKE_SQL: Final = """
INSERT INTO token (id, digest, person_id, tenant_id, role, issuer_id, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
REVOKE_SQL: Final = "UPDATE token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL"
MEMBER_SQL: Final = """
SELECT EXISTS (SELECT FROM membership WHERE tenant_id = $1 AND person_id = $2 AND role = $3
               AND issuer_id IS NOT DISTINCT FROM $4)
"""


@dataclass(frozen=True, kw_only=True)
class TokenUnknown(Refusal):
    """No token of this platform reads like that, or its membership has ended."""


@dataclass(frozen=True, kw_only=True)
class TokenExpired(Refusal):
    """The token's time is over."""


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(Refusal):
    """The token was taken back."""


@dataclass(frozen=True)
class Grant:
    """What a token is to allow: a role of a person in a tenant (None = the whole platform)."""

    person_id: UUID
    tenant_id: UUID | None
    role: str
    issuer_id: UUID | None = None


@dataclass(frozen=True)
class Bearer(Grant):
    """Who came with a token, and what as."""

    token_id: UUID | None = None


def make_token() -> str:
    """Make a new token: `wp_` and 43 random characters."""
    return PREFIX + secrets.token_urlsafe(RANDOM_BYTES)


def digest_of(token: str) -> str:
    """Hash a token for keeping. A plain hash is enough, since a token has 256 random bits."""
    return sha256(token.encode()).hexdigest()


async def store_token(token: str, grant: Grant, now: datetime, expires_at: datetime) -> UUID:
    """Keep a token's hash with what it allows, in a System transaction; answers its id."""
    id = new_id()
    facts = (grant.person_id, grant.tenant_id, grant.role, grant.issuer_id)
    await execute(MAKE_SQL, id, digest_of(token), *facts, now, expires_at)
    return id


async def find_bearer(database: Database, token: str, now: datetime) -> Bearer | Refusal:
    """Find who bears a token, in transactions of its own.

    Refused with TokenUnknown (also when the membership behind it is gone), TokenExpired, TokenRevoked.
    Notes the use, at most once a minute.
    """
    unknown = TokenUnknown(message="This bearer token is not known here.")
    if not token.startswith(PREFIX):
        return unknown
    found = await database.reads.rows(SIGN_IN, FIND_SQL, [digest_of(token), now])
    if not found:
        return unknown
    row = found[0]
    wrong = _problem(row, now)
    if wrong:
        return wrong
    if row["worth_noting"]:
        async with database.transaction(SIGN_IN):
            await execute(USED_SQL, row["id"], now)
    bearer = Bearer(row["person_id"], row["tenant_id"], row["role"], row["issuer_id"], row["id"])
    return bearer if await _is_member(database, bearer) else unknown


async def revoke_token(id: UUID, now: datetime) -> bool:
    """Take a token back, in a System transaction; answers whether it was in force."""
    return (await execute(REVOKE_SQL, id, now)).endswith(" 1")


async def _is_member(database: Database, grant: Grant) -> bool:
    if grant.tenant_id is None:
        return True
    facts = [grant.tenant_id, grant.person_id, grant.role, grant.issuer_id]
    rows = await database.reads.rows(City(grant.tenant_id), MEMBER_SQL, facts)
    return bool(rows[0][0])


def _problem(row: Any, now: datetime) -> Refusal | None:
    if row["revoked_at"] is not None:
        return TokenRevoked(message="This bearer token was revoked; ask for a new one.")
    if row["expires_at"] <= now:
        ended = f"{row['expires_at']:%Y-%m-%d}"
        return TokenExpired(message=f"This bearer token expired on {ended}; ask for a new one.")
    return None

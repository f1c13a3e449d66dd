"""Bearer tokens: random, kept as a hash, worth no more than the membership they name."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.access.keys import plain_digest
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
LISTED_SQL: Final = """
INSERT INTO access_token (tenant_id, id, person_id, name, role, issuer_id, permissions, created_at, expires_at,
                          maker_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
REVOKE_SQL: Final = "UPDATE token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL"
# A token holds while its membership does, and while its city has not taken it back.
HOLDS_SQL: Final = """
SELECT t.permissions, t.revoked_at IS NOT NULL AS revoked
FROM membership m LEFT JOIN access_token t ON t.tenant_id = m.tenant_id AND t.id = $5
WHERE m.tenant_id = $1 AND m.person_id = $2 AND m.role = $3 AND m.issuer_id IS NOT DISTINCT FROM $4
"""
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
    """Who came with a token, and what as; `permissions` are those that it is kept to, None for all of its role."""

    token_id: UUID | None = None
    permissions: frozenset[str] | None = None


def make_token() -> str:
    """Make a new token: `wp_` and 43 random characters."""
    return PREFIX + secrets.token_urlsafe(RANDOM_BYTES)


def digest_of(token: str) -> str:
    """Hash a token for keeping. A plain hash is enough, since a token has 256 random bits."""
    return plain_digest(token)


async def store_token(token: str, grant: Grant, now: datetime, expires_at: datetime, id: UUID | None = None) -> UUID:
    """Keep a token's hash with what it allows, in a System or City transaction; answers its id."""
    id = id or new_id()
    facts = (grant.person_id, grant.tenant_id, grant.role, grant.issuer_id)
    await execute(MAKE_SQL, id, digest_of(token), *facts, now, expires_at)
    return id


async def list_token(
    id: UUID,
    grant: Grant,
    name: str,
    now: datetime,
    expires_at: datetime,
    permissions: frozenset[str] | None = None,
    maker: UUID | None = None,
) -> None:
    """Let the city know of a token that speaks for one of its members, in its City transaction.

    `maker` is the token that made it, with which it ends.
    """
    kept = None if permissions is None else sorted(permissions)
    facts = (grant.person_id, name, grant.role, grant.issuer_id, kept)
    await execute(LISTED_SQL, grant.tenant_id, id, *facts, now, expires_at, maker)


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
    bearer = Bearer(row["person_id"], row["tenant_id"], row["role"], row["issuer_id"], row["id"])
    held = await _held(database, bearer)
    if held is None:
        return unknown
    if not isinstance(held, Refusal) and row["worth_noting"]:
        async with database.transaction(SIGN_IN):
            await execute(USED_SQL, row["id"], now)
    return held


async def revoke_token(id: UUID, now: datetime) -> bool:
    """Take a token back, in a System transaction; answers whether it was in force."""
    return (await execute(REVOKE_SQL, id, now)).endswith(" 1")


async def _held(database: Database, bearer: Bearer) -> Bearer | TokenRevoked | None:
    """What a token is worth in its city now; None where its membership has ended."""
    if bearer.tenant_id is None:
        return bearer
    facts = [bearer.tenant_id, bearer.person_id, bearer.role, bearer.issuer_id, bearer.token_id]
    rows = await database.reads.rows(City(bearer.tenant_id), HOLDS_SQL, facts)
    if not rows:
        return None
    if rows[0]["revoked"]:
        return _REVOKED
    permissions = rows[0]["permissions"]
    return bearer if permissions is None else replace(bearer, permissions=frozenset(permissions))


_REVOKED: Final = TokenRevoked(message="This bearer token was revoked; ask for a new one.")


def _problem(row: Any, now: datetime) -> Refusal | None:
    if row["revoked_at"] is not None:
        return _REVOKED
    if row["expires_at"] <= now:
        ended = f"{row['expires_at']:%Y-%m-%d}"
        return TokenExpired(message=f"This bearer token expired on {ended}; ask for a new one.")
    return None

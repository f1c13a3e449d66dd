"""Finds people by their addresses without keeping those in the open, and gives them roles and tokens."""

from __future__ import annotations

import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from waypost.access.permissions import ISSUER_ROLES, NATIONAL_ROLE, ROLES
from waypost.access.tokens import SIGN_IN, Grant, make_token, store_token
from waypost.db import City, Database, Learner, execute, fetchval, new_id
from waypost.refusal import Invalid, Refusal

MAX_DAYS: Final = 3_650
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

# Two sign-ins with one new address at the same time make one person: the identity is taken first.
IDENTITY_SQL: Final = """
INSERT INTO identity (digest, person_id) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING
"""
PERSON_SQL: Final = "INSERT INTO person (id, created_at) VALUES ($1, $2)"
FIND_SQL: Final = "SELECT person_id FROM identity WHERE digest = $1"
ADDRESS_SQL: Final = """
INSERT INTO person_address (person_id, id, address)
SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM person_address WHERE person_id = $1 AND address = $3)
"""
MEMBER_SQL: Final = """
INSERT INTO membership (tenant_id, id, person_id, role, issuer_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, person_id, role, issuer_id) DO NOTHING
"""


@dataclass(frozen=True)
class NewToken:
    """A token as it is shown once; only its hash is kept."""

    token: str
    id: UUID
    person_id: UUID
    expires_at: datetime


def normal_address(email: str) -> str | Invalid:
    """Bring an e-mail address into one form: NFKC, lower case, no spaces around."""
    address = unicodedata.normalize("NFKC", email).strip().lower()
    if len(address) > 254 or not _ADDRESS.fullmatch(address):
        return Invalid(message="That is not an e-mail address.", path=("email",))
    return address


def address_digest(address: str, secret_key: str) -> str:
    """Digest a normal address under the platform's key, so that a stolen table is no list of addresses."""
    return hmac.digest(secret_key.encode(), f"address:{address}".encode(), "sha256").hex()


async def find_person(database: Database, email: str, *, secret_key: str, now: datetime) -> UUID | Invalid:
    """Find the person behind an e-mail address, or make one, in transactions of its own."""
    address = normal_address(email)
    if isinstance(address, Invalid):
        return address
    digest = address_digest(address, secret_key)
    async with database.transaction(SIGN_IN):
        person = new_id()
        if (await execute(IDENTITY_SQL, digest, person)).endswith(" 1"):
            await execute(PERSON_SQL, person, now)
        else:
            person = await fetchval(FIND_SQL, digest)
    async with database.transaction(Learner(person)):
        await execute(ADDRESS_SQL, person, new_id(), address)
    return person


async def create_token(
    database: Database,
    *,
    tenant: UUID | None,
    role: str,
    email: str,
    secret_key: str,
    now: datetime,
    issuer: UUID | None = None,
    days: int = 90,
) -> NewToken | Refusal:
    """Give somebody a role and a bearer token for it, for so many days.

    `tenant` None means the whole platform, which is for operators alone. The person and the membership are
    made where they do not exist yet. Refused with Invalid when role, issuer and tenant do not go together.
    """
    wrong = _problem(tenant, role, issuer, days)
    if wrong:
        return wrong
    person = await find_person(database, email, secret_key=secret_key, now=now)
    if isinstance(person, Refusal):
        return person
    if tenant is not None:
        async with database.transaction(City(tenant)):
            await execute(MEMBER_SQL, tenant, new_id(), person, role, issuer, now)
    token, expires_at = make_token(), now + timedelta(days=days)
    async with database.transaction(SIGN_IN):
        id = await store_token(token, Grant(person, tenant, role, issuer), now, expires_at)
    return NewToken(token, id, person, expires_at)


def _problem(tenant: UUID | None, role: str, issuer: UUID | None, days: int) -> Invalid | None:
    if role not in ROLES:
        return Invalid(message=f'"{role}" is none of {", ".join(ROLES)}.', path=("role",))
    if (tenant is None) != (role == NATIONAL_ROLE):
        return Invalid(message="An operator belongs to no tenant, everybody else to one.", path=("role",))
    if (issuer is not None) != (role in ISSUER_ROLES):
        only = ", ".join(sorted(ISSUER_ROLES))
        return Invalid(message=f"Name an issuer for {only}, and for no other role.", path=("issuer",))
    if not 1 <= days <= MAX_DAYS:
        return Invalid(message=f"A token lives from 1 to {MAX_DAYS} days.", path=("days",))
    return None

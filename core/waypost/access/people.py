"""Finds people by their addresses without keeping those in the open, and gives them roles and tokens."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from waypost.access.keys import keyed_digest
from waypost.access.memberships import add_membership
from waypost.access.permissions import ISSUER_ROLES, NATIONAL_ROLE, ROLES
from waypost.access.tokens import SIGN_IN, Grant, list_token, make_token, store_token
from waypost.db import City, Database, Learner, execute, fetchval, new_id
from waypost.refusal import Invalid, Refusal

MAX_DAYS: Final = 3_650
MADE_BY: Final = "waypost token create"
LONGEST_ADDRESS: Final = 254
# No spaces, no separators of headers and lists, no control character: such an address names one mailbox.
_PART: Final = r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]+"
MAILBOX: Final = re.compile(f"{_PART}@{_PART}")

# Two sign-ins with one new address at the same time make one person: the identity is taken first. Also one that is
# there is held until the transaction ends, so that nobody forgets it meanwhile.
IDENTITY_SQL: Final = """
INSERT INTO identity (digest, person_id) VALUES ($1, $2)
ON CONFLICT (digest) DO UPDATE SET person_id = identity.person_id RETURNING person_id
"""
# Who was only typed is typed anew, and so kept for another day.
PERSON_SQL: Final = """
INSERT INTO person (id, created_at) VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at WHERE person.known_at IS NULL
"""
# Waits where they are being forgotten, and finds them no more then.
KNOWN_SQL: Final = """
UPDATE person SET known_at = coalesce(known_at, $2) WHERE id = $1 AND erased_at IS NULL RETURNING true
"""
STAYS_SQL: Final = "SELECT erased_at IS NULL FROM person WHERE id = $1"
FIND_SQL: Final = "SELECT person_id FROM identity WHERE digest = $1"
ADDRESS_SQL: Final = """
INSERT INTO person_address (person_id, id, address)
SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM person_address WHERE person_id = $1 AND address = $3)
"""
ADDRESS_ID_SQL: Final = "SELECT id FROM person_address WHERE person_id = $1 AND address = $2"
VERIFIED_SQL: Final = """
UPDATE person_address SET verified_at = coalesce(verified_at, $3), asked_at = NULL WHERE person_id = $1 AND id = $2
"""


@dataclass(frozen=True)
class NewToken:
    """A token as it is shown once; only its hash is kept."""

    token: str
    id: UUID
    person_id: UUID
    expires_at: datetime


def one_form(email: str) -> str:
    """Bring an e-mail address into the form in which addresses are kept: NFKC, lower case, no spaces around."""
    return unicodedata.normalize("NFKC", email).strip().lower()


def normal_address(email: str) -> str | Invalid:
    """Bring an e-mail address into one form, or say that it is none."""
    address = one_form(email)
    # What people sign in by is reached from everywhere: its domain has a dot inside.
    domain = address.rpartition("@")[2]
    if len(address) > LONGEST_ADDRESS or not MAILBOX.fullmatch(address) or "." not in domain[1:-1]:
        return Invalid(message="That is not an e-mail address.", path=("email",))
    return address


def address_digest(address: str, secret_key: str) -> str:
    """Digest a normal address under the platform's key, so that a stolen table is no list of addresses."""
    return keyed_digest(secret_key, f"address:{address}")


def subject_digest(issuer: str, subject: str, secret_key: str) -> str:
    """Digest what a provider of sign-in calls somebody; two providers' subjects are never the same."""
    return keyed_digest(secret_key, f"subject:{issuer}\n{subject}")


async def find_person(database: Database, email: str, *, secret_key: str, now: datetime) -> UUID | Invalid:
    """Find the person behind an e-mail address, or make one, in transactions of its own."""
    address = normal_address(email)
    if isinstance(address, Invalid):
        return address
    async with database.transaction(SIGN_IN):
        person = await person_of(address_digest(address, secret_key), now)
        if person is None or not await fetchval(KNOWN_SQL, person, now):
            return Invalid(message="Whoever has that address is being forgotten: try again later.", path=("email",))
    await keep_address(database, person, address)
    return person


async def person_of(digest: str, now: datetime, person: UUID | None = None) -> UUID | None:
    """Find the person of an identity, in a System transaction; None while they are being forgotten.

    An identity that is not known becomes that of `person`, or of a new one; however that goes, it takes the same
    statements.
    """
    found: UUID = await fetchval(IDENTITY_SQL, digest, person or new_id())
    await execute(PERSON_SQL, found, now)
    return found if await fetchval(STAYS_SQL, found) else None


async def keep_address(database: Database, person: UUID, address: str, verified: datetime | None = None) -> UUID:
    """Keep an address of a person, in a transaction of its own; answers its id. `verified` is when they proved it."""
    async with database.transaction(Learner(person)):
        await execute(ADDRESS_SQL, person, new_id(), address)
        id: UUID = await fetchval(ADDRESS_ID_SQL, person, address)
        if verified is not None:
            await execute(VERIFIED_SQL, person, id, verified)
    return id


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
    id, grant = new_id(), Grant(person, tenant, role, issuer)
    token, expires_at = make_token(), now + timedelta(days=days)
    if tenant is not None:
        async with database.transaction(City(tenant)):
            await add_membership(tenant, person, role, issuer, now)
            await list_token(id, grant, MADE_BY, now, expires_at)
    async with database.transaction(SIGN_IN):
        await store_token(token, grant, now, expires_at, id)
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

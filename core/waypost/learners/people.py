"""Finds the people behind addresses of recipients, before anybody has signed in, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.access.people import address_digest
from waypost.db import Database, Learner, System, execute, fetch, new_id
from waypost.learners.rules import is_guarded

RECIPIENTS: Final = System("recipients")

# In the order of digests, so that two who bring the same addresses at once do not wait for each other in a circle.
# What is there already is held until the transaction ends, so that nobody forgets whoever was only typed meanwhile.
IDENTITIES_SQL: Final = """
INSERT INTO identity (digest, person_id)
SELECT digest, person_id FROM unnest($1::text[], $2::uuid[]) AS given (digest, person_id) ORDER BY digest
ON CONFLICT (digest) DO UPDATE SET person_id = identity.person_id RETURNING digest, person_id
"""
PEOPLE_SQL: Final = "INSERT INTO person (id, created_at) SELECT id, $2 FROM unnest($1::uuid[]) AS given (id)"
FOUND_SQL: Final = "SELECT digest, person_id FROM identity WHERE digest = ANY($1::text[])"
KNOWN_SQL: Final = """
INSERT INTO known_in (person_id, tenant_id) SELECT id, $2 FROM unnest($1::uuid[]) AS given (id) ORDER BY id
ON CONFLICT (person_id, tenant_id) DO UPDATE SET noted_at = now() WHERE known_in.noted_at <= now() - interval '1 hour'
"""
NAME_SQL: Final = "SELECT name FROM person_profile WHERE person_id = $1"
# Nobody is written to where they have not proved to be.
OWN_SQL: Final = """
SELECT (SELECT address FROM person_address WHERE person_id = $1 AND asked_at IS NULL
        ORDER BY verified_at DESC NULLS LAST, id LIMIT 1) AS address,
       (SELECT language FROM person_profile WHERE person_id = $1) AS language
"""


async def find_people(
    database: Database, tenant: UUID, addresses: Sequence[str], *, secret_key: str, now: datetime
) -> dict[str, UUID]:
    """Find the person behind each normal address, or make one, and note that the tenant knows them.

    In a transaction of its own. Who signs in with the address later is that person: what they were given before
    is theirs then. Neither name nor address is kept here.
    """
    if not addresses:
        return {}
    digests = {address: address_digest(address, secret_key) for address in addresses}
    async with database.transaction(RECIPIENTS):
        given = sorted(digests.values())
        fresh = [new_id() for _ in given]
        rows = await fetch(IDENTITIES_SQL, given, fresh)
        people: Mapping[str, UUID] = {row["digest"]: row["person_id"] for row in rows}
        made = set(fresh) & set(people.values())
        if made:
            await execute(PEOPLE_SQL, sorted(made), now)
        await execute(KNOWN_SQL, list(set(people.values())), tenant)
    return {address: people[digest] for address, digest in digests.items()}


async def known_people(database: Database, addresses: Sequence[str], *, secret_key: str) -> dict[str, UUID]:
    """Find the people behind normal addresses, as far as there are any, and write nothing."""
    digests = {address: address_digest(address, secret_key) for address in addresses}
    rows = await database.reads.rows(RECIPIENTS, FOUND_SQL, [list(digests.values())]) if addresses else []
    people = {row["digest"]: row["person_id"] for row in rows}
    return {address: people[digest] for address, digest in digests.items() if digest in people}


async def note_known(database: Database, tenant: UUID, person: UUID) -> None:
    """Note that a tenant knows a person as a recipient, in a transaction of its own. Idempotent."""
    async with database.transaction(RECIPIENTS):
        await execute(KNOWN_SQL, [person], tenant)


async def name_of(database: Database, person: UUID) -> str | None:
    """Read what somebody calls themselves; None where they never said."""
    return await database.reads.read(Learner(person), NAME_SQL, [person])


async def own_address(database: Database, person: UUID) -> tuple[str | None, str | None]:
    """Find where somebody with an account is written to, and their language: None where they never said one."""
    ((address, language),) = await database.reads.rows(Learner(person), OWN_SQL, [person])
    return address, language


async def written_to(
    database: Database, recipient: Mapping[str, Any], person: UUID | None, year: int
) -> tuple[str | None, str | None]:
    """Find where letters about a recipient go, and their language: None where nobody can be written to, or said one.

    `recipient` has `address`, `birth_year`, `guardian_address` and `guardian_id`; `person` is who answers for them. Of
    a child under 13 that is the guardian's alone; else the recipient's, or that of their account.
    """
    guarded = is_guarded(recipient["birth_year"], year)
    address = recipient["guardian_address"] if guarded else recipient["address"]
    if person is None:
        return address, None
    own, language = await own_address(database, person)
    theirs = own if not guarded or person == recipient["guardian_id"] else None
    return address or theirs, language

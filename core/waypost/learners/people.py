"""Finds the people behind addresses of recipients, before anybody has signed in, and where they are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from waypost.access.people import address_digest
from waypost.db import Database, System, execute, fetch, new_id

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
ON CONFLICT (person_id, tenant_id) DO NOTHING
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

"""Finds the recipients that issuers name, or makes them, many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from waypost.db import execute, fetch, fetchrow, new_id
from waypost.learners.rules import Who, derived_id
from waypost.tenancy.entries import Here

SAME_PERSON_SQL: Final = """
SELECT DISTINCT ON (person_id) person_id, id FROM recipient
WHERE tenant_id = $1 AND kind = 'person' AND person_id = ANY($2::uuid[]) ORDER BY person_id, created_at, id
"""
SAME_REFERENCE_SQL: Final = """
SELECT reference, id FROM recipient
WHERE tenant_id = $1 AND reference_issuer_id = $2 AND reference = ANY($3::text[]) ORDER BY created_at, id
"""
MAKE_SQL: Final = """
INSERT INTO recipient (tenant_id, id, kind, display_name, address, person_id, birth_year, guardian_address,
                       guardian_id, issuer_id, reference, reference_issuer_id, created_at)
SELECT $1, id, kind, display_name, address, person_id, birth_year, guardian_address, guardian_id, issuer_id,
       reference, CASE WHEN reference IS NULL THEN NULL ELSE $2::uuid END, $3
FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::int[], $10::text[], $11::uuid[],
            $12::uuid[], $13::text[])
     AS made (id, kind, display_name, address, person_id, birth_year, guardian_address, guardian_id, issuer_id,
              reference)
ORDER BY id
ON CONFLICT (tenant_id, id) DO NOTHING
"""
# Whoever gives two badges at once to one recipient, or to two that are one person, waits here for the other.
LOCK_SQL: Final = """
SELECT id, kind, person_id, guardian_id FROM recipient
WHERE tenant_id = $1 AND id IN (
    SELECT unnest($2::uuid[])
    UNION
    SELECT same.id FROM recipient r
    JOIN recipient same ON same.tenant_id = r.tenant_id AND same.person_id = r.person_id
    WHERE r.tenant_id = $1 AND same.tenant_id = $1 AND r.id = ANY($2::uuid[])
      AND r.kind = 'person' AND same.kind = 'person')
ORDER BY id FOR UPDATE
"""
EARNERS_SQL: Final = "SELECT id, kind, person_id FROM recipient WHERE tenant_id = $1 AND id = ANY($2::uuid[])"
OF_PERSON_SQL: Final = """
SELECT id FROM recipient WHERE tenant_id = $1 AND person_id = $2 AND kind = 'person' ORDER BY created_at, id LIMIT 1
"""
READ_SQL: Final = """
SELECT kind, display_name, address, person_id, birth_year, guardian_address, guardian_id, issuer_id
FROM recipient WHERE tenant_id = $1 AND id = $2
"""


@dataclass(frozen=True)
class Known:
    """A recipient as awards need them: `person_id` is whose the award is to accept, `earner_id` who earns it."""

    id: UUID
    person_id: UUID | None
    earner_id: UUID | None = None


async def find_recipients(
    here: Here, named: Sequence[Who], people: Mapping[str, UUID], issuer: UUID, now: datetime
) -> list[UUID]:
    """Find the recipients that an issuer names, or make them; answers an id for each, in order.

    `named` have their addresses in normal form, and `people` are those behind them (`find_people`). The issuer's
    reference finds first, then the person behind the address; a child is found by guardian, name and year of birth;
    who has none of these is new each time. What is known of somebody is not changed.
    """
    found: list[UUID] = []
    made: dict[UUID, Who] = {}
    for who, known in zip(named, await _found(here, named, people, issuer), strict=True):
        id = known or _id_of(here, who, people, issuer) or new_id()
        if known is None:
            made[id] = who
        found.append(id)
    await _make(here, made, people, issuer, now)
    return found


async def known_recipients(
    here: Here, named: Sequence[Who], people: Mapping[str, UUID], issuer: UUID
) -> list[UUID | None]:
    """Say under which ids the recipients that an issuer names are kept, if they are; None for who is new for sure."""
    found = await _found(here, named, people, issuer)
    return [known or _id_of(here, who, people, issuer) for who, known in zip(named, found, strict=True)]


async def _found(here: Here, named: Sequence[Who], people: Mapping[str, UUID], issuer: UUID) -> list[UUID | None]:
    by_reference = await _by_reference(here, issuer, named)
    persons = [people.get(who.address or "") if who.kind == "person" else None for who in named]
    by_person = await _by_person(here, (person for person in persons if person))
    return [
        by_reference.get(who.reference or "") or (by_person.get(person) if person else None)
        for who, person in zip(named, persons, strict=True)
    ]


def _id_of(here: Here, who: Who, people: Mapping[str, UUID], issuer: UUID) -> UUID | None:
    """The one id of who can be told from others; None for who cannot."""
    tenant = here.tenant_id
    if who.reference:
        return derived_id(tenant, "reference", issuer, who.reference)
    if who.kind == "organisation" and who.issuer_id:
        return derived_id(tenant, "issuer", who.issuer_id)
    if who.address:
        return derived_id(tenant, who.kind, people[who.address]) if who.address in people else None
    if who.guardian_address and who.guardian_address in people:
        guardian = people[who.guardian_address]
        return derived_id(tenant, "child", guardian, who.name.casefold(), who.birth_year)
    return None


async def _make(here: Here, made: Mapping[UUID, Who], people: Mapping[str, UUID], issuer: UUID, now: datetime) -> None:
    if not made:
        return
    columns: Iterable[list[Any]] = (
        list(made),
        [who.kind for who in made.values()],
        [who.name for who in made.values()],
        [who.address for who in made.values()],
        [people.get(who.address or "") for who in made.values()],
        [who.birth_year for who in made.values()],
        [who.guardian_address for who in made.values()],
        [people.get(who.guardian_address or "") for who in made.values()],
        [who.issuer_id for who in made.values()],
        [who.reference for who in made.values()],
    )
    await execute(MAKE_SQL, here.tenant_id, issuer, now, *columns)


async def _by_reference(here: Here, issuer: UUID, named: Sequence[Who]) -> dict[str, UUID]:
    references = sorted({who.reference for who in named if who.reference})
    if not references:
        return {}
    rows = await fetch(SAME_REFERENCE_SQL, here.tenant_id, issuer, references)
    return {row["reference"]: row["id"] for row in reversed(rows)}


async def _by_person(here: Here, people: Iterable[UUID]) -> dict[UUID, UUID]:
    wanted = sorted(set(people))
    if not wanted:
        return {}
    return {row["person_id"]: row["id"] for row in await fetch(SAME_PERSON_SQL, here.tenant_id, wanted)}


async def lock_recipients(here: Here, ids: Iterable[UUID]) -> dict[UUID, Known]:
    """Read recipients, and others that are the same people, by id.

    Nobody else gives them anything until the transaction ends.
    """
    rows = await fetch(LOCK_SQL, here.tenant_id, sorted(set(ids)))
    return {row["id"]: Known(row["id"], row["guardian_id"] or row["person_id"], _earner(row)) for row in rows}


async def earners_of(here: Here, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Say who the recipients are that are people with an account, by id."""
    rows = await fetch(EARNERS_SQL, here.tenant_id, sorted(set(ids)))
    return {row["id"]: earner for row in rows if (earner := _earner(row))}


def _earner(row: Record) -> UUID | None:
    person: UUID | None = row["person_id"]
    return person if row["kind"] == "person" else None


async def recipient_of(here: Here, person: UUID, name: str, now: datetime) -> UUID:
    """Find the recipient that a signed-in person is in this tenant, or make one of that name.

    Who makes one tells `award.created` or sees to `note_known` themselves.
    """
    row = await fetchrow(OF_PERSON_SQL, here.tenant_id, person)
    if row is not None:
        id: UUID = row["id"]
        return id
    id = derived_id(here.tenant_id, "person", person)
    facts = ([id], ["person"], [name], [None], [person], [None], [None], [None], [None], [None])
    await execute(MAKE_SQL, here.tenant_id, None, now, *facts)
    return id


async def read_recipient(here: Here, id: UUID) -> Mapping[str, Any] | None:
    """Read what is known of a recipient, for letters."""
    row = await fetchrow(READ_SQL, here.tenant_id, id)
    return None if row is None else dict(row)

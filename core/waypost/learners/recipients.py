"""Finds the recipients that issuers name, or makes them, many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from waypost.db import execute, fetch, fetchval, new_id
from waypost.learners.rules import Reached, Who, derived_id, other_address, reached
from waypost.refusal import Invalid
from waypost.tenancy.entries import Here

SAME_PERSON_SQL: Final = """
SELECT DISTINCT ON (person_id) person_id, id FROM recipient
WHERE tenant_id = $1 AND kind = 'person' AND person_id = ANY($2::uuid[]) ORDER BY person_id, created_at, id
"""
SAME_CHILD_SQL: Final = """
SELECT guardian_id, display_name, birth_year, id FROM recipient
WHERE tenant_id = $1 AND kind = 'person' AND guardian_id = ANY($2::uuid[]) ORDER BY created_at, id
"""
SAME_REFERENCE_SQL: Final = """
SELECT reference, id FROM recipient
WHERE tenant_id = $1 AND reference_issuer_id = $2 AND reference = ANY($3::text[]) ORDER BY created_at, id
"""
FORGOTTEN_SQL: Final = """
SELECT id FROM recipient WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND display_name = ''
"""
MAKE_SQL: Final = """
INSERT INTO recipient (tenant_id, id, kind, display_name, address, person_id, birth_year, guardian_address,
                       guardian_id, issuer_id, reference, reference_issuer_id, first_issuer_id, created_at)
SELECT $1, id, kind, display_name, address, person_id, birth_year, guardian_address, guardian_id, issuer_id,
       reference, CASE WHEN reference IS NULL THEN NULL ELSE $2::uuid END, $2, $3
FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::int[], $10::text[], $11::uuid[],
            $12::uuid[], $13::text[])
     AS made (id, kind, display_name, address, person_id, birth_year, guardian_address, guardian_id, issuer_id,
              reference)
ORDER BY id
ON CONFLICT (tenant_id, id) DO NOTHING
"""
# Nobody learns from another issuer's name whose address it is.
NAME_SQL: Final = """
INSERT INTO recipient_name (tenant_id, recipient_id, issuer_id, name)
SELECT $1, r.id, $2, said.name
FROM (SELECT * FROM unnest($3::uuid[], $4::text[]) WITH ORDINALITY AS given (id, name, n)) said
JOIN recipient r ON r.tenant_id = $1 AND r.id = said.id
WHERE r.display_name <> said.name AND r.display_name <> '' AND r.first_issuer_id IS DISTINCT FROM $2
ORDER BY r.id, said.n
ON CONFLICT (tenant_id, recipient_id, issuer_id) DO NOTHING
"""
# Who could not be written to, and for whom nobody has an account yet, can from now on.
FILL_SQL: Final = """
UPDATE recipient r SET address = g.address, person_id = g.person_id, guardian_address = g.guardian_address,
       guardian_id = g.guardian_id, birth_year = coalesce(r.birth_year, g.birth_year)
FROM (SELECT * FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::uuid[], $7::int[])
      AS given (id, address, person_id, guardian_address, guardian_id, birth_year)) g
WHERE r.tenant_id = $1 AND r.id = g.id AND r.address IS NULL AND r.person_id IS NULL
  AND r.guardian_address IS NULL AND r.guardian_id IS NULL
"""
REACHED_SQL: Final = """
SELECT DISTINCT ON (reference) reference, address, person_id, guardian_address, guardian_id FROM recipient
WHERE tenant_id = $1 AND reference_issuer_id = $2 AND reference = ANY($3::text[]) ORDER BY reference, created_at, id
"""
# Whoever gives two badges at once to one recipient, or to two that are one person, waits here for the other. Nothing is
# given to who was forgotten.
LOCK_SQL: Final = """
SELECT id, kind, person_id, guardian_id FROM recipient
WHERE tenant_id = $1 AND id IN (
    SELECT unnest($2::uuid[])
    UNION
    SELECT same.id FROM recipient r
    JOIN recipient same ON same.tenant_id = r.tenant_id AND same.person_id = r.person_id
    WHERE r.tenant_id = $1 AND same.tenant_id = $1 AND r.id = ANY($2::uuid[])
      AND r.kind = 'person' AND same.kind = 'person')
  AND display_name <> ''
ORDER BY id FOR UPDATE
"""
EARNERS_SQL: Final = "SELECT id, kind, person_id FROM recipient WHERE tenant_id = $1 AND id = ANY($2::uuid[])"
OF_PERSON_SQL: Final = """
SELECT id FROM recipient WHERE tenant_id = $1 AND person_id = $2 AND kind = 'person' ORDER BY created_at, id LIMIT 1
"""
KNOWN_SQL: Final = """
SELECT EXISTS (SELECT FROM recipient WHERE tenant_id = $1 AND id = $2 AND display_name <> '')
"""

Child = tuple[UUID, str, int | None]  # the guardian, the name in small letters, the year of birth


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
    who has none of these is new each time, and so is who was forgotten. What is known of somebody is not changed; but
    who could not be written to has the address that is said now, and each issuer keeps the name that it said itself.
    `contradictions` are for the caller to refuse.
    """
    found: list[UUID] = []
    made: dict[UUID, Who] = {}
    told: dict[UUID, Who] = {}
    for who, (known, is_known) in zip(named, await _ids(here, named, people, issuer), strict=True):
        id = known or new_id()
        found.append(id)
        if not is_known:
            made[id] = made[id] if id in made and made[id].is_addressed else who
        elif who.is_addressed:
            told[id] = who
    await _make(here, made, people, issuer, now)
    await _tell(here, told, found, people)
    await execute(NAME_SQL, here.tenant_id, issuer, found, [who.name for who in named])
    return found


async def contradictions(
    here: Here, named: Sequence[Who], people: Mapping[str, UUID], issuer: UUID
) -> list[Invalid | None]:
    """Say of each recipient that an issuer names whether its reference is somebody with another address.

    `people` are those behind the addresses, as far as there are any.
    """
    rows = []
    references = sorted({who.reference for who in named if who.reference and who.is_addressed})
    if references:
        rows = await fetch(REACHED_SQL, here.tenant_id, issuer, references)
    known = {row["reference"]: Reached(*list(row)[1:]) for row in rows}
    found: list[Invalid | None] = []
    for who in named:
        if not who.reference or not who.is_addressed:
            found.append(None)
            continue
        said, before = reached(who, people), known.get(who.reference, Reached())
        found.append(other_address(said, before))
        if before.is_nobody:
            known[who.reference] = said
    return found


async def known_recipients(
    here: Here, named: Sequence[Who], people: Mapping[str, UUID], issuer: UUID
) -> list[UUID | None]:
    """Say under which ids the recipients that an issuer names are kept, if they are; None for who is new for sure."""
    return [id for id, _ in await _ids(here, named, people, issuer)]


async def _ids(
    here: Here, named: Sequence[Who], people: Mapping[str, UUID], issuer: UUID
) -> list[tuple[UUID | None, bool]]:
    """The one id of each that can be told from others, and whether they were found already."""
    found = await _found(here, named, people, issuer)
    ids = [known or _id_of(here, who, people, issuer) for who, known in zip(named, found, strict=True)]
    fresh = await _not_forgotten(here, {id for id, known in zip(ids, found, strict=True) if id and not known})
    return [(fresh.get(id, id) if id else None, known is not None) for id, known in zip(ids, found, strict=True)]


async def _not_forgotten(here: Here, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Give those a new id whose row was emptied: what they had before is nobody's, and stays so."""
    fresh = {id: id for id in ids}
    while True:
        rows = await fetch(FORGOTTEN_SQL, here.tenant_id, sorted(fresh.values())) if fresh else []
        gone = {row["id"] for row in rows}
        if not gone:
            return fresh
        fresh = {id: derived_id(here.tenant_id, "again", last) if last in gone else last for id, last in fresh.items()}


async def _found(here: Here, named: Sequence[Who], people: Mapping[str, UUID], issuer: UUID) -> list[UUID | None]:
    by_reference = await _by_reference(here, issuer, named)
    persons = [people.get(who.address or "") if who.kind == "person" else None for who in named]
    by_person = await _by_person(here, (person for person in persons if person))
    children = [_child(who, people) for who in named]
    by_child = await _by_child(here, (child for child in children if child))
    return [
        by_reference.get(who.reference or "")
        or (by_person.get(person) if person else None)
        or (by_child.get(child) if child else None)
        for who, person, child in zip(named, persons, children, strict=True)
    ]


def _child(who: Who, people: Mapping[str, UUID]) -> Child | None:
    """As whom a child is found that has no reference: two children of one guardian, name and year need one."""
    guardian = people.get(who.guardian_address or "")
    return (guardian, who.name.casefold(), who.birth_year) if guardian and not who.reference else None


def _id_of(here: Here, who: Who, people: Mapping[str, UUID], issuer: UUID) -> UUID | None:
    """The one id of who can be told from others; None for who cannot."""
    tenant = here.tenant_id
    if who.reference:
        return derived_id(tenant, "reference", issuer, who.reference)
    if who.kind == "organisation" and who.issuer_id:
        return derived_id(tenant, "issuer", who.issuer_id)
    if who.address:
        return derived_id(tenant, who.kind, people[who.address]) if who.address in people else None
    child = _child(who, people)
    return derived_id(tenant, "child", *child) if child else None


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


async def _tell(here: Here, told: Mapping[UUID, Who], found: Sequence[UUID], people: Mapping[str, UUID]) -> None:
    """Say where some of those who were found can be written to; all are locked as whoever gives them something does."""
    if not told:
        return
    await lock_recipients(here, found)
    columns: Iterable[list[Any]] = (
        list(told),
        [who.address for who in told.values()],
        [people.get(who.address or "") for who in told.values()],
        [who.guardian_address for who in told.values()],
        [people.get(who.guardian_address or "") for who in told.values()],
        [who.birth_year for who in told.values()],
    )
    await execute(FILL_SQL, here.tenant_id, *columns)


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


async def _by_child(here: Here, children: Iterable[Child]) -> dict[Child, UUID]:
    guardians = sorted({guardian for guardian, _, _ in children})
    if not guardians:
        return {}
    rows = await fetch(SAME_CHILD_SQL, here.tenant_id, guardians)
    return {
        (row["guardian_id"], row["display_name"].casefold(), row["birth_year"]): row["id"] for row in reversed(rows)
    }


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


async def recipient_of(here: Here, person: UUID, name: str, issuer: UUID, now: datetime) -> UUID:
    """Find the recipient that a signed-in person is in this tenant, or make one; the issuer is told that name.

    Who makes one tells `award.created` or sees to `note_known` themselves.
    """
    id: UUID | None = await fetchval(OF_PERSON_SQL, here.tenant_id, person)
    if id is None:
        first = derived_id(here.tenant_id, "person", person)
        id = (await _not_forgotten(here, [first]))[first]
        facts = ([id], ["person"], [name], [None], [person], [None], [None], [None], [None], [None])
        await execute(MAKE_SQL, here.tenant_id, issuer, now, *facts)
    await execute(NAME_SQL, here.tenant_id, issuer, [id], [name])
    return id


async def is_recipient(here: Here, id: UUID) -> bool:
    """Whether there is such a recipient, who was not forgotten."""
    return bool(await fetchval(KNOWN_SQL, here.tenant_id, id))

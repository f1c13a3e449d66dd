"""Forgetting a person everywhere, and telling them all that is kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from waypost.access.tables import Identity
from waypost.db import Actor, City, Database, Kind, Learner, Scope, System, execute, fetch, fetchval
from waypost.db.personal import Personal
from waypost.privacy import rules
from waypost.privacy.rules import Statement, Subject
from waypost.tenancy import Tenant, load_directory

SCOPE: Final = System("privacy")
# An address that was only typed may be anybody's: it finds nothing of others.
ADDRESSES_SQL: Final = "SELECT address FROM person_address WHERE person_id = $1 AND verified_at IS NOT NULL"
DIGESTS_SQL: Final = "SELECT digest FROM identity WHERE person_id = $1"
UNFINISHED_SQL: Final = """
SELECT p.id FROM person p
WHERE erased_at IS NOT NULL AND EXISTS (SELECT FROM identity i WHERE i.person_id = p.id) ORDER BY erased_at
"""

LATELY_SQL: Final = "SELECT id FROM person WHERE erased_at > $1 ORDER BY erased_at"


@dataclass(frozen=True)
class Known:
    """An address that an operator knows to be somebody's, and its keyed digest."""

    address: str
    digest: str


async def erase_person(
    database: Database,
    personal: Sequence[Personal],
    person: UUID | None,
    also: Known | None = None,
    actor: Actor | None = None,
) -> int:
    """Forget a person in every table that keeps something of them; answers how many rows were touched.

    `also` is an address that an operator knows to be theirs, besides those that they have verified; `actor` is who
    does it in the traces of cities, where somebody does. In transactions of its own: one a tenant, since no scope
    sees two, and outside of them one a table, since whoever signs in has locked some of them and waits for others.
    First the doors close behind the person, last goes what finds them; so whoever is interrupted does it again, until
    nothing is left to find them by. A tenant may have given them something after its turn, so that all have another
    when nobody is led to the person any more. Repeatable.
    """
    subject = await _subject(database, person, also)
    platform = sorted(rules.of_kind(personal, Kind.PLATFORM), key=lambda kept: kept.table is Identity)
    touched = await _carry_out(database, SCOPE, [kept for kept in platform if kept.door], subject)
    touched += await _forget_in_tenants(database, personal, subject, actor)
    touched += await _carry_out(database, Learner(subject.person), rules.of_kind(personal, Kind.PERSON), subject)
    touched += await _carry_out(database, SCOPE, platform, subject)
    return touched + await _forget_in_tenants(database, personal, subject, actor)


async def forget_found(personal: Sequence[Personal], found: Mapping[str, Sequence[UUID]], tenant: UUID) -> int:
    """Forget, in the tenant's own transaction, rows that were found by their ids, and what hangs on them."""
    subject = Subject(rules.NOBODY, found={name: tuple(ids) for name, ids in found.items()})
    return await _forget_here(personal, subject, tenant)


async def person_behind(database: Database, digest: str) -> UUID | None:
    """Return whom the digest of an address leads to."""
    async with database.transaction(SCOPE):
        found: UUID | None = await fetchval("SELECT person_id FROM identity WHERE digest = $1", digest)
    return found


async def unfinished(database: Database) -> list[UUID]:
    """Return the people whose erasing was begun and interrupted."""
    async with database.transaction(SCOPE):
        return [row["id"] for row in await fetch(UNFINISHED_SQL)]


async def lately_erased(database: Database, since: datetime) -> list[UUID]:
    """Return the people who were forgotten after that moment, in part or to the end."""
    async with database.transaction(SCOPE):
        return [row["id"] for row in await fetch(LATELY_SQL, since)]


async def export_person(
    database: Database, personal: Sequence[Personal], person: UUID | None, now: datetime, also: Known | None = None
) -> str:
    """Return all that is kept of a person, as JSON text: by city and table, and what belongs to no city."""
    subject = await _subject(database, person, also)
    cities = {}
    for tenant in (await load_directory(database)).tenants:
        found = await _shown_in(database, personal, subject, tenant)
        if found:
            cities[tenant.slug] = found
    own = await _shown(database, Learner(subject.person), rules.of_kind(personal, Kind.PERSON), subject)
    own |= await _shown(database, SCOPE, rules.of_kind(personal, Kind.PLATFORM), subject)
    facts = {"person": person, "exportedAt": now, "own": own, "cities": cities}
    return orjson.dumps(facts, option=orjson.OPT_INDENT_2, default=str).decode()


async def _subject(database: Database, person: UUID | None, also: Known | None) -> Subject:
    addresses, digests = ([also.address], [also.digest]) if also else ([], [])
    if person is None:
        return Subject(rules.NOBODY, rules.read_addresses(addresses), tuple(digests))
    async with database.transaction(Learner(person)):
        addresses += [row["address"] for row in await fetch(ADDRESSES_SQL, person)]
    async with database.transaction(SCOPE):
        digests += [row["digest"] for row in await fetch(DIGESTS_SQL, person)]
    return Subject(person, rules.read_addresses(addresses), tuple(digests))


async def _forget_in_tenants(
    database: Database, personal: Sequence[Personal], subject: Subject, actor: Actor | None
) -> int:
    tenants = (await load_directory(database)).tenants
    return sum([await _forget_in(database, personal, subject, each.id, actor) for each in tenants])


async def _forget_in(
    database: Database, personal: Sequence[Personal], subject: Subject, tenant: UUID, actor: Actor | None
) -> int:
    async with database.transaction(City(tenant), actor):
        return await _forget_here(personal, subject, tenant)


async def _forget_here(personal: Sequence[Personal], subject: Subject, tenant: UUID) -> int:
    # Whoever is giving them something is waited for, so that all that hangs on it is found.
    here = await _known_here(personal, subject, tenant, locked=True)
    return await _done([rules.forget(kept, here, tenant) for kept in rules.of_kind(personal, Kind.TENANT)])


async def _known_here(personal: Sequence[Personal], subject: Subject, tenant: UUID, *, locked: bool = False) -> Subject:
    """Find as whom a tenant knows the person, and what hangs on that, before any of it is forgotten."""
    for kept in personal:
        if kept.names:
            asked = rules.ids(kept, subject, tenant, locked=locked)
            rows = [row["id"] for row in await fetch(asked.sql, *asked.args)]
            more = dict.fromkeys((*subject.found.get(kept.names, ()), *rows))
            subject = replace(subject, found={**subject.found, kept.names: tuple(more)})
    return subject


async def _carry_out(database: Database, scope: Scope, personal: Sequence[Personal], subject: Subject) -> int:
    touched = 0
    for kept in personal:
        async with database.transaction(scope):
            touched += await _done([rules.forget(kept, subject)])
    return touched


async def _done(statements: Sequence[Statement | None]) -> int:
    touched = 0
    for each in statements:
        if each is not None:
            touched += int((await execute(each.sql, *each.args)).rpartition(" ")[2])
    return touched


async def _shown_in(
    database: Database, personal: Sequence[Personal], subject: Subject, tenant: Tenant
) -> dict[str, list[Any]]:
    async with database.transaction(City(tenant.id)):
        here = await _known_here(personal, subject, tenant.id)
        return await _rows([(kept, here, tenant.id) for kept in rules.of_kind(personal, Kind.TENANT)])


async def _shown(
    database: Database, scope: Scope, personal: Sequence[Personal], subject: Subject
) -> dict[str, list[Any]]:
    async with database.transaction(scope):
        return await _rows([(kept, subject, None) for kept in personal])


async def _rows(asked: Sequence[tuple[Personal, Subject, UUID | None]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for kept, subject, tenant in asked:
        if not kept.told:
            continue
        statement = rules.show(kept, subject, tenant)
        rows = [orjson.loads(row["row"]) for row in await fetch(statement.sql, *statement.args)]
        if rows:
            found.setdefault(kept.table._meta.tablename, []).extend(rows)
    return found

"""Several addresses of one person: what was given to any of them is theirs, whichever they sign in with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from waypost.awards.mine import known_in
from waypost.db import Actor, City, Database, execute, fetch
from waypost.learners.people import RECIPIENTS, known_people, note_known
from waypost.outbox.work import Effects, JobKind, Work, enqueue

ACT: Final = "addAddress"  # of which this is the end, whichever way the address was proved
AGAIN: Final = "join-people"
# Whoever had found a person before they became another has written what they were about to by then.
SETTLED_S: Final = 600

# In the order in which all lock recipients.
LOCK_SQL: Final = """
SELECT id FROM recipient WHERE tenant_id = $1 AND id IN (
    SELECT id FROM recipient WHERE tenant_id = $1 AND person_id = $2
    UNION SELECT id FROM recipient WHERE tenant_id = $1 AND guardian_id = $2)
ORDER BY id FOR UPDATE
"""
RECIPIENT_SQL: Final = "UPDATE recipient SET person_id = $3 WHERE tenant_id = $1 AND person_id = $2"
GUARDIAN_SQL: Final = "UPDATE recipient SET guardian_id = $3 WHERE tenant_id = $1 AND guardian_id = $2"
AWARD_SQL: Final = "UPDATE award SET person_id = $3 WHERE tenant_id = $1 AND person_id = $2"
IDENTITY_SQL: Final = "UPDATE identity SET person_id = $2 WHERE person_id = $1"
FORGET_SQL: Final = "DELETE FROM known_in WHERE person_id = $1"


async def join_address(database: Database, person: UUID, address: str, *, secret_key: str) -> None:
    """Let a person have what was given to a further address of theirs, which they have just proved to be theirs.

    `address` is in its normal form. Whoever was made for that address, before anybody signed in with it, becomes this
    person everywhere. To be called by what verifies addresses, outside any transaction. Idempotent.
    """
    other = (await known_people(database, [address], secret_key=secret_key)).get(address)
    if other is not None and other != person:
        await join_people(database, other, person)


async def join_people(database: Database, other: UUID, person: UUID) -> None:
    """Let one person be another everywhere, city by city; the addresses come last, so that a crash loses nothing.

    Who was found by an address before, and is given something only now, is looked for once more in a while.
    """
    await _move(database, other, person)
    async with database.transaction(RECIPIENTS):
        await execute(IDENTITY_SQL, other, person)
        await enqueue(AGAIN, {"other": other, "person": person}, after_s=SETTLED_S)


async def _move(database: Database, other: UUID, person: UUID) -> None:
    for tenant in await known_in(database, other):
        await note_known(database, tenant, person)
        async with database.transaction(City(tenant), Actor(person, ACT)):
            await fetch(LOCK_SQL, tenant, other)
            for sql in (RECIPIENT_SQL, GUARDIAN_SQL, AWARD_SQL):
                await execute(sql, tenant, other, person)


async def _join_again(work: Work, facts: Mapping[str, Any]) -> None:
    """Move what was written while the two became one; nobody is led to the first any more."""
    other, person = UUID(facts["other"]), UUID(facts["person"])
    await _move(work.database, other, person)
    async with work.database.transaction(RECIPIENTS):
        await execute(FORGET_SQL, other)


EFFECTS: Final = Effects(jobs=(JobKind(AGAIN, _join_again),))

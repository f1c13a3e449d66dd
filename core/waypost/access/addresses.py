"""Further addresses of a person: asked for, proved in the mailbox, and taken away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

from waypost.access.attempts import KEPT, Asked, Attempt, begin_with_address, find_attempt, use_attempt
from waypost.access.people import ADDRESS_ID_SQL, FIND_SQL, IDENTITY_SQL, VERIFIED_SQL, address_digest
from waypost.access.tokens import SIGN_IN
from waypost.db import Database, Learner, execute, fetch, fetchval, new_id, one_at_a_time
from waypost.refusal import Invalid, NotFound, Refusal, Refused, enough

MOST_ADDRESSES: Final = 10

OWN_SQL: Final = """
SELECT id, address, verified_at FROM person_address WHERE person_id = $1 ORDER BY id FOR UPDATE
"""
ASK_SQL: Final = """
INSERT INTO person_address (person_id, id, address, asked_at)
SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM person_address WHERE person_id = $1 AND address = $3)
"""
AGAIN_SQL: Final = """
UPDATE person_address SET asked_at = $3 WHERE person_id = $1 AND id = $2 AND asked_at IS NOT NULL
"""
MEANT_SQL: Final = "UPDATE sign_in_attempt SET address_id = $2 WHERE id = $1"
ADDRESS_SQL: Final = "SELECT address FROM person_address WHERE person_id = $1 AND id = $2"
REMOVE_SQL: Final = "DELETE FROM person_address WHERE person_id = $1 AND id = $2"
FORGET_SQL: Final = "DELETE FROM person_address WHERE person_id = $1 AND asked_at <= $2"
LOSE_SQL: Final = "DELETE FROM identity WHERE digest = $1 AND person_id = $2"
# Nobody else knows of them but the one mailbox; locked, so that they do not sign in meanwhile. Who is being forgotten
# becomes nobody else.
KNOWN_SQL: Final = "SELECT coalesce(known_at, erased_at) FROM person WHERE id = $1 FOR UPDATE"
# Whoever signs in has used an attempt before they are known.
LINKS_SQL: Final = "SELECT FROM sign_in_attempt WHERE person_id = $1 AND used_at IS NULL ORDER BY id FOR UPDATE"
CLOSE_SQL: Final = "UPDATE sign_in_attempt SET used_at = $2 WHERE person_id = $1 AND used_at IS NULL"
CLOSE_ONE_SQL: Final = """
UPDATE sign_in_attempt SET used_at = $3 WHERE person_id = $1 AND address_id = $2 AND used_at IS NULL
"""
END_SQL: Final = "DELETE FROM session WHERE person_id = $1"
ASKED_SQL: Final = "SELECT DISTINCT person_id FROM sign_in_attempt WHERE way = 'address' AND created_at <= $1"
# Addresses that were only typed: nobody proved them, nobody named the person (`known_at` tells of both), and no city
# gave them anything (`known_in`), which would be lost to them.
TYPED: Final = """
person p WHERE p.known_at IS NULL AND p.created_at <= {since}
  AND NOT EXISTS (SELECT FROM sign_in_attempt a WHERE a.person_id = p.id)
  AND NOT EXISTS (SELECT FROM known_in k WHERE k.person_id = p.id)
"""
TYPED_SQL: Final = f"SELECT p.id FROM {TYPED.format(since='$1')} ORDER BY p.id LIMIT 1000"
# Whoever finds a person by an identity holds it: this waits for them, and only then looks once more.
HOLD_SQL: Final = "SELECT FROM identity WHERE person_id = $1 FOR UPDATE"
HIDE_SQL: Final = f"""
WITH typed AS (SELECT p.id FROM {TYPED.format(since="$2")} AND p.id = $1),
     hidden AS (DELETE FROM identity i USING typed WHERE i.person_id = typed.id)
SELECT EXISTS (SELECT FROM typed)
"""
FORGET_ALL_SQL: Final = "DELETE FROM person_address WHERE person_id = $1"
FORGET_PERSON_SQL: Final = "DELETE FROM person WHERE id = $1 AND known_at IS NULL"

Join = Callable[[Database, UUID, str], Awaitable[None]]


class Proof(Enum):
    """What came of a link that was to prove an address."""

    DONE = "done"
    OVER = "over"
    TAKEN = "taken"
    NOT_YOURS = "not yours"


@dataclass(frozen=True)
class Begun:
    """An address that somebody asked for; `attempt` is None where no letter is to be sent."""

    attempt: UUID | None


async def ask_for_address(
    database: Database, asked: Asked, person: UUID, address: str, *, secret_key: str, now: datetime
) -> Begun | Refusal:
    """Begin to add a normal address to a person; nothing here looks whether anybody else has it.

    An address has so many letters an hour, whoever asks; one person asks so many times.
    """
    async with database.transaction(Learner(person)):
        rows = await fetch(OWN_SQL, person)
        known = next((row for row in rows if row["address"] == address), None)
        if known is not None and known["verified_at"] is not None:
            return Invalid(message="That address is yours already.", path=("address",))
        if known is None and len(rows) >= MOST_ADDRESSES:
            return enough(f"One person has at most {MOST_ADDRESSES} addresses: remove one first.")
    async with database.transaction(SIGN_IN):
        kept = new_id() if known is None else known["id"]
        begun = await begin_with_address(asked, person, kept, address, secret_key, now)
    if isinstance(begun, Refusal):
        return begun
    async with database.transaction(Learner(person)):
        await one_at_a_time("addresses", person)
        await execute(ASK_SQL, person, kept, address, now)
        at: UUID = await fetchval(ADDRESS_ID_SQL, person, address)
        await execute(AGAIN_SQL, person, at, now)
    if begun is not None and at != kept:  # it was asked for twice at once, or removed and asked for again meanwhile
        async with database.transaction(SIGN_IN):
            await execute(MEANT_SQL, begun, at)
    return Begun(begun)


async def address_asked(database: Database, attempt: UUID, now: datetime) -> tuple[Attempt, str] | None:
    """Return the open attempt to prove an address, and that address; None where it is over."""
    async with database.transaction(SIGN_IN):
        found = await find_attempt(attempt, "address", now)
    if found is None or found.person_id is None:
        return None
    async with database.transaction(Learner(found.person_id)):
        address: str | None = await fetchval(ADDRESS_SQL, found.person_id, found.address_id)
    return None if address is None else (found, address)


async def prove_address(
    database: Database, attempt: UUID, person: UUID, join: Join, *, secret_key: str, now: datetime
) -> Proof:
    """Use the link of a letter up: the address is its person's from now on, with all that was given to it.

    Who has never signed in, but was given something by that address, becomes this person by `join`. Somebody else's
    address stays theirs. Interrupted, it is asked for again.
    """
    found = await address_asked(database, attempt, now)
    if found is None:
        return Proof.OVER
    asked, address = found
    if asked.person_id != person:
        return Proof.NOT_YOURS
    digest = address_digest(address, secret_key)
    async with database.transaction(SIGN_IN):
        if await use_attempt(attempt, "address", now) is None:
            return Proof.OVER
        owner: UUID = await fetchval(IDENTITY_SQL, digest, person)
        if not await may_take(person, owner, now):
            return Proof.TAKEN
    if not await take(database, person, owner, address, join, secret_key=secret_key, now=now):
        return Proof.TAKEN
    async with database.transaction(Learner(person)):
        await execute(VERIFIED_SQL, person, asked.address_id, now)
    return Proof.DONE


async def may_take(person: UUID, owner: UUID, now: datetime) -> bool:
    """Whether a person who proved an address may become its owner: nobody, that is, has ever signed in with it.

    In the System transaction in which it was proved; nobody else signs in as that owner until it ends.
    """
    if owner == person:
        return True
    await fetch(LINKS_SQL, owner)
    if await fetchval(KNOWN_SQL, owner) is not None:
        return False
    await execute(CLOSE_SQL, owner, now)
    return True


async def take(
    database: Database, person: UUID, owner: UUID, address: str, join: Join, *, secret_key: str, now: datetime
) -> bool:
    """Let a person have what was given to the owner of an address that they may take; answers whether they have it."""
    if owner == person:
        return True
    await join(database, person, address)
    async with database.transaction(SIGN_IN):
        await execute(CLOSE_SQL, owner, now)
        await execute(END_SQL, owner)
        found: UUID | None = await fetchval(FIND_SQL, address_digest(address, secret_key))
    return found == person


async def remove_address(
    database: Database, person: UUID, address: str, *, secret_key: str, now: datetime
) -> Refusal | None:
    """Take a normal address from its person: nobody signs in with it any more. The last one that is proved stays."""
    digest = address_digest(address, secret_key)
    async with database.transaction(SIGN_IN):
        signs_in = await fetchval(FIND_SQL, digest) == person
    async with database.transaction(Learner(person)):
        rows = await fetch(OWN_SQL, person)
        found = next((row for row in rows if row["address"] == address), None)
        if found is None and not signs_in:
            return NotFound(message="You have no such address.", path=("address",))
        if (signs_in or (found and found["verified_at"])) and not _is_left(rows, address):
            return Refused(
                code="LAST_ADDRESS", message="This is your last verified address: add another first.", path=("address",)
            )
        if found is not None:
            await execute(REMOVE_SQL, person, found["id"])
    async with database.transaction(SIGN_IN):
        await execute(LOSE_SQL, digest, person)
        if found is not None:
            await execute(CLOSE_ONE_SQL, person, found["id"], now)
    return None


async def forget_asked(database: Database, now: datetime) -> None:
    """Forget addresses that somebody asked for a day ago and never proved; before their attempts are forgotten."""
    async with database.transaction(SIGN_IN):
        people = [row["person_id"] for row in await fetch(ASKED_SQL, now - KEPT)]
    for person in people:
        async with database.transaction(Learner(person)):
            await execute(FORGET_SQL, person, now - KEPT)


async def forget_typed(database: Database, now: datetime) -> None:
    """Forget people of whom nothing but an address is known that was typed a day ago; after their attempts.

    Nobody finds them from the first step on, so that nothing comes to be theirs meanwhile. Interrupted, it goes on the
    next time.
    """
    while await _forget_some(database, now - KEPT):
        pass


async def _forget_some(database: Database, since: datetime) -> int:
    """Forget some of them; answers how many."""
    async with database.transaction(SIGN_IN):
        people = [row["id"] for row in await fetch(TYPED_SQL, since)]
    forgotten = 0
    for person in people:
        async with database.transaction(SIGN_IN):
            await execute(HOLD_SQL, person)
            hidden = await fetchval(HIDE_SQL, person, since)
        if not hidden:
            continue
        async with database.transaction(Learner(person)):
            await execute(FORGET_ALL_SQL, person)
        async with database.transaction(SIGN_IN):
            await execute(FORGET_PERSON_SQL, person)
        forgotten += 1
    return forgotten


def _is_left(rows: Sequence[Any], address: str) -> bool:
    return any(row["verified_at"] is not None and row["address"] != address for row in rows)

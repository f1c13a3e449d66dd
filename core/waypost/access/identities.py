"""Who it is that proved something: an address by a letter, or themselves by a provider."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from waypost.access.addresses import Join, may_take, take
from waypost.access.attempts import Asked, Attempt, TooMany, begin_with_link, use_attempt
from waypost.access.oidc import Proved
from waypost.access.people import (
    FIND_SQL,
    KNOWN_SQL,
    VERIFIED_SQL,
    address_digest,
    keep_address,
    normal_address,
    person_of,
    subject_digest,
)
from waypost.access.sessions import begin_session, end_session
from waypost.access.tokens import SIGN_IN
from waypost.db import Database, Learner, execute, fetchval, new_id
from waypost.refusal import Refusal

LONGEST_NAME: Final = 200
# What a provider calls somebody is only a beginning: what they call themselves stays.
NAME_SQL: Final = """
INSERT INTO person_profile (person_id, name) VALUES ($1, $2)
ON CONFLICT (person_id) DO UPDATE SET name = coalesce(person_profile.name, excluded.name)
"""
ADDRESS_SQL: Final = "SELECT address FROM person_address WHERE person_id = $1 AND id = $2"


async def ask_for_link(
    database: Database, asked: Asked, address: str, *, secret_key: str, now: datetime
) -> UUID | TooMany | None:
    """Begin an attempt with a letter to a normal address, known or not; None where no letter is to be sent.

    Refused to a client that has tried too often. A person is made where there is none, and forgotten after a day unless
    the address is proved. Nothing is sent to who is being forgotten.
    """
    async with database.transaction(SIGN_IN):
        person = await person_of(address_digest(address, secret_key), now)
    if person is None:
        return None
    kept = await keep_address(database, person, address)
    async with database.transaction(SIGN_IN):
        return await begin_with_link(asked, person, kept, secret_key, now)


async def sign_in_by_link(database: Database, attempt: UUID, before: str | None, now: datetime) -> str | None:
    """Use a link up and begin a session; answers its secret, None where the link does not hold any more.

    `before` is the secret of the session that the browser had, which ends.
    """
    async with database.transaction(SIGN_IN):
        used = await use_attempt(attempt, "link", now)
        if used is None or used.person_id is None:
            return None
        secret = await _begin(used.person_id, before, now)
    if secret is None:
        return None
    async with database.transaction(Learner(used.person_id)):
        await execute(VERIFIED_SQL, used.person_id, used.address_id, now)
    return secret


async def sign_in_by_provider(
    database: Database, proved: Proved, join: Join, *, trusted: bool, before: str | None, secret_key: str, now: datetime
) -> str | None:
    """Begin a session for whoever a provider's token proves; answers its secret, None while they are being forgotten.

    Who came before is found by issuer and subject. Otherwise an address that the provider has verified finds the
    person who has it, if the provider is `trusted` to know whose it is; else it is somebody new. To who came before it
    is a further address: nobody who signed in with it loses it, and what else was given to it becomes theirs by `join`.
    """
    address = normal_address(proved.email) if proved.email and trusted else None
    address = None if isinstance(address, Refusal) else address
    async with database.transaction(SIGN_IN):
        subject = subject_digest(proved.issuer, proved.subject, secret_key)
        digest = None if address is None else address_digest(address, secret_key)
        person: UUID | None = await fetchval(FIND_SQL, subject)
        owner = None if digest is None else await person_of(digest, now, person or new_id())
        person = await person_of(subject, now, person or owner)
        takes = person is not None and owner is not None and await may_take(person, owner, now)
        secret = None if person is None else await _begin(person, before, now)
    if person is None or secret is None:
        return None
    if address is not None and owner is not None and takes:
        takes = await take(database, person, owner, address, join, secret_key=secret_key, now=now)
    if address is not None and takes:
        await keep_address(database, person, address, now)
    name = (proved.name or "").strip()[:LONGEST_NAME]
    if name.isprintable() and name:
        async with database.transaction(Learner(person)):
            await execute(NAME_SQL, person, name)
    return secret


async def address_of(database: Database, attempt: Attempt) -> str | None:
    """The address that a link went to."""
    if attempt.person_id is None or attempt.address_id is None:
        return None
    async with database.transaction(Learner(attempt.person_id)):
        found: str | None = await fetchval(ADDRESS_SQL, attempt.person_id, attempt.address_id)
    return found


def veiled(address: str) -> str:
    """An address by which its owner knows it, and nobody else learns it."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}…@{domain}"


async def _begin(person: UUID, before: str | None, now: datetime) -> str | None:
    """Begin a session of somebody who is known from now on, with a new secret; the browser's old session ends.

    None for somebody who was forgotten meanwhile.
    """
    if before is not None:
        await end_session(before)
    return await begin_session(person, now) if await fetchval(KNOWN_SQL, person, now) else None

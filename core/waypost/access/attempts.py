"""Attempts to sign in: begun by a browser, counted, used once, forgotten after a day.

What proves an attempt (the code of a link, the `state`, `nonce` and verifier of OpenID Connect) is derived from its id
and stands nowhere.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from waypost.access.keys import keyed_digest, plain_digest
from waypost.db import execute, fetchrow, fetchval, new_id, one_at_a_time
from waypost.refusal import Refused, enough

LINK_LASTS: Final = timedelta(minutes=15)
PROVIDER_LASTS: Final = timedelta(minutes=10)
KEPT: Final = timedelta(days=1)
# How many attempts one address, and one client, has within an hour.
WINDOW: Final = timedelta(hours=1)
MOST_LETTERS: Final = 5
MOST_OF_CLIENT: Final = 40

OF_CLIENT_SQL: Final = "SELECT count(*) FROM sign_in_attempt WHERE client_digest = $1 AND created_at > $2"
OF_PERSON_SQL: Final = """
SELECT count(*) FROM sign_in_attempt WHERE person_id = $1 AND created_at > $2 AND way = $3
"""
BEGIN_SQL: Final = """
INSERT INTO sign_in_attempt (id, way, browser_digest, client_digest, tenant_id, provider, host, return_to, language,
                             person_id, address_id, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
COLUMNS: Final = "id, browser_digest, tenant_id, provider, host, return_to, language, person_id, address_id"
FIND_SQL: Final = f"""
SELECT {COLUMNS} FROM sign_in_attempt WHERE id = $1 AND way = $2 AND used_at IS NULL AND expires_at > $3
"""
USE_SQL: Final = f"""
UPDATE sign_in_attempt SET used_at = $3
WHERE id = $1 AND way = $2 AND used_at IS NULL AND expires_at > $3 RETURNING {COLUMNS}
"""
CLEAN_SQL: Final = "DELETE FROM sign_in_attempt WHERE created_at <= $1"


@dataclass(frozen=True)
class Asked:
    """Where an attempt began: which browser and client, in which tenant's pages, on its own host or not."""

    browser: str  # the secret of the browser's cookie
    client: str  # the client's address
    tenant_id: UUID | None = None
    host: str | None = None
    return_to: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Attempt:
    """An attempt that is open."""

    id: UUID
    browser_digest: str
    tenant_id: UUID | None
    provider: str | None
    host: str | None
    return_to: str | None
    language: str | None
    person_id: UUID | None
    address_id: UUID | None

    def is_of(self, browser: str | None) -> bool:
        """Whether the browser with that cookie began it."""
        return browser is not None and hmac.compare_digest(self.browser_digest, plain_digest(browser))


@dataclass(frozen=True)
class TooMany:
    """One client has tried too often; it may come back after so many seconds."""

    retry_in_s: int


async def too_many(client: str, secret_key: str, now: datetime) -> TooMany | None:
    """Refuse a client that has tried too often within the hour; only a look, and counted again when it begins."""
    count = await fetchval(OF_CLIENT_SQL, _client_digest(client, secret_key), now - WINDOW)
    return TooMany(int(WINDOW.total_seconds())) if count >= MOST_OF_CLIENT else None


async def begin_with_provider(asked: Asked, provider: str, secret_key: str, now: datetime) -> UUID | TooMany:
    """Begin an attempt with a provider, in the current System transaction; refused to who has tried too often."""
    refused = await _too_many_alone(asked, secret_key, now)
    return refused or await _begin("provider", asked, secret_key, now, now + PROVIDER_LASTS, provider=provider)


async def begin_with_link(
    asked: Asked, person: UUID, address: UUID, secret_key: str, now: datetime
) -> UUID | TooMany | None:
    """Begin an attempt with a letter to an address, in the current System transaction.

    Refused to a client that has tried too often. None where the address has had too many letters: then none is to be
    sent, and it counts for the client all the same.
    """
    refused = await _too_many_alone(asked, secret_key, now)
    if refused:
        return refused
    await one_at_a_time("sign-in", person)
    count = await fetchval(OF_PERSON_SQL, person, now - WINDOW, "link")
    ends = now + LINK_LASTS if count < MOST_LETTERS else now
    id = await _begin("link", asked, secret_key, now, ends, person=person, address=address)
    return id if count < MOST_LETTERS else None


async def begin_with_address(
    asked: Asked, person: UUID, address_id: UUID, address: str, secret_key: str, now: datetime
) -> UUID | Refused | None:
    """Begin an attempt of somebody to add an address, in the current System transaction.

    Refused to whoever asks too often; None where that address has had too many letters, of which nobody is told.
    """
    await one_at_a_time("sign-in", person)
    if await fetchval(OF_PERSON_SQL, person, now - WINDOW, "address") >= MOST_LETTERS:
        return enough(f"At most {MOST_LETTERS} addresses are asked for within an hour.")
    asked = replace(asked, client=f"address:{address}")
    target = _client_digest(asked.client, secret_key)
    await one_at_a_time("sign-in", target)
    full = await fetchval(OF_CLIENT_SQL, target, now - WINDOW) >= MOST_LETTERS
    ends = now if full else now + LINK_LASTS
    id = await _begin("address", asked, secret_key, now, ends, person=person, address=address_id)
    return None if full else id


async def find_attempt(id: UUID, way: str, now: datetime) -> Attempt | None:
    """Find an attempt that is open, without using it up."""
    row = await fetchrow(FIND_SQL, id, way, now)
    return None if row is None else Attempt(**dict(row))


async def use_attempt(id: UUID, way: str, now: datetime) -> Attempt | None:
    """Use an attempt up: of several at once only one gets it."""
    row = await fetchrow(USE_SQL, id, way, now)
    return None if row is None else Attempt(**dict(row))


async def clean_attempts(now: datetime) -> None:
    """Forget attempts of yesterday."""
    await execute(CLEAN_SQL, now - KEPT)


async def _too_many_alone(asked: Asked, secret_key: str, now: datetime) -> TooMany | None:
    """Refuse like `too_many`, and let nobody else begin for that client until the transaction ends."""
    await one_at_a_time("sign-in", _client_digest(asked.client, secret_key))
    return await too_many(asked.client, secret_key, now)


def _client_digest(client: str, secret_key: str) -> str:
    return keyed_digest(secret_key, f"client:{client}")


async def _begin(
    way: str,
    asked: Asked,
    secret_key: str,
    now: datetime,
    ends: datetime,
    *,
    provider: str | None = None,
    person: UUID | None = None,
    address: UUID | None = None,
) -> UUID:
    id = new_id()
    who = (plain_digest(asked.browser), _client_digest(asked.client, secret_key))
    where = (asked.tenant_id, provider, asked.host, asked.return_to, asked.language)
    await execute(BEGIN_SQL, id, way, *who, *where, person, address, now, ends)
    return id

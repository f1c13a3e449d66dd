"""Holds accounts while they are used, and says in which order rows are held, so that nobody waits in a circle.

Whoever holds more than one row of this room takes them in this order, and rows of one kind by their ids:

- with the owner of an account: the account, its shares, its entries, its templates, its differences;
- with an award's tenant: the recipient, the award, the leave, the link, the consent, the record.

Keys lead from them to such as stand before, so that to write a row is to hold those too. An entry that is just being
made is held before any other: nobody else sees it, and nobody can wait for it but who makes the same. Rows of two
tenants are never held at once.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from waypost.connectors.registry import Opened
from waypost.connectors.rules import place_of
from waypost.db import City, fetchrow
from waypost.outbox.work import Later, Work

# Many send at once, and while somebody compares; only who changes the account waits for them, or they for them.
SEND_SQL: Final = """
SELECT settings::text AS settings, state FROM issuing_account WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE
"""
# One compares at a time: what two of them write about what is at the platform meets in no order.
COMPARE_SQL: Final = """
SELECT settings::text AS settings, state FROM issuing_account WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE
"""
# Whoever changes an account is alone with it. Nothing less than this waits for those who send.
CHANGE_SQL: Final = """
SELECT name, connector, settings::text AS settings, state FROM issuing_account
WHERE tenant_id = $1 AND id = $2 FOR UPDATE
"""


class AccountChanged(Later):
    """An account was moved or switched off after it was opened: to be opened anew before anything is done by it."""

    def __init__(self) -> None:
        super().__init__("the account was changed meanwhile", 0, counted=False)


async def hold_to_send(opened: Opened) -> None:
    """Keep an account as it was opened until the owner's transaction ends; raises `AccountChanged` if it is not."""
    await _hold(opened, SEND_SQL)


@asynccontextmanager
async def hold_to_compare(work: Work, opened: Opened) -> AsyncIterator[None]:
    """Open a transaction of the owner in which nobody else compares the account or changes it.

    Raises `AccountChanged` where it is not as it was opened: what its platform said was said of another place.
    """
    async with work.database.transaction(City(opened.tenant, quiet=True)):
        await _hold(opened, COMPARE_SQL)
        yield


async def _hold(opened: Opened, sql: str) -> None:
    row = await fetchrow(sql, opened.tenant, opened.id)
    if row is None or row["state"] == "off":
        raise AccountChanged
    if place_of(json.loads(row["settings"]), opened.connector.settings) != opened.place:
        raise AccountChanged

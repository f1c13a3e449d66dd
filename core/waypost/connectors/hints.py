"""Calls from platforms: hints that something happened, of which nothing is believed before it was read there."""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

import orjson

from waypost.db import City, fetch, storable
from waypost.outbox.connecting import Connector, Hint, Hinted
from waypost.outbox.incoming import Forged, Incoming, IncomingHook
from waypost.outbox.work import Work, enqueue

log: Final = logging.getLogger("waypost.worker")

HINT: Final = "issuing.hint"
LONGEST: Final = 200
# How many calls that are about nothing are followed of one account within an hour: anybody can send them.
MOST_FRUITLESS: Final = 60
WINDOW: Final = timedelta(hours=1)
ACCOUNTS_SQL: Final = """
SELECT id FROM issuing_account
WHERE tenant_id = $1 AND connector = $2 AND state <> 'off' AND settings ->> $3 = $4 ORDER BY id
"""


class HintingConnector(Connector, Hinted, Protocol):
    """A connector whose platform calls."""


@dataclass
class Fruitless:
    """When each account was last asked about hints at nothing, by this process; the comparison finds what is missed."""

    _asked: defaultdict[UUID, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))

    def too_many(self, account: UUID, now: datetime) -> bool:
        """Whether no hint at this account is followed now."""
        asked = self._asked[account]
        while asked and now - asked[0] >= WINDOW:
            asked.popleft()
        return len(asked) >= MOST_FRUITLESS

    def note(self, account: UUID, now: datetime) -> None:
        """Count one, and say so where it was the last that is followed for a while."""
        self._asked[account].append(now)
        if self.too_many(account, now):
            words = "%d calls within the hour were about nothing at the account %s; no more are followed for a while"
            log.warning(words, MOST_FRUITLESS, account)


def hints_for(connector: HintingConnector) -> IncomingHook:
    """What takes the calls of a connector's platform, to be registered with `waypost_routes`.

    A call that names no account of this tenant is not believed. One that does is kept under the platform's own id, so
    that it is done once; then the platform is asked what happened.
    """

    async def check(work: Work, call: Incoming) -> str:
        hint, accounts = await _read(work, connector, call)
        if not accounts:
            raise Forged("it names no account of this tenant")
        return f"{hint.account}:{hint.id}"

    async def handle(work: Work, call: Incoming) -> None:
        hint, accounts = await _read(work, connector, call)
        async with work.database.transaction(City(call.tenant_id, quiet=True)):
            for account in accounts:
                await enqueue(HINT, _facts(call.tenant_id, account, hint))

    return IncomingHook(check=check, handle=handle)


async def _read(work: Work, connector: HintingConnector, call: Incoming) -> tuple[Hint, list[UUID]]:
    try:
        hint = connector.hint(call.body)
    except (ValueError, KeyError, TypeError) as error:
        raise Forged(f"it has not the form of {connector.title}'s calls") from error
    if not all(0 < len(each) <= LONGEST and storable(each) == each for each in (hint.id, hint.account)):
        raise Forged("its ids are too long, or hold what no id does")
    async with work.database.transaction(City(call.tenant_id, quiet=True)):
        rows = await fetch(ACCOUNTS_SQL, call.tenant_id, connector.name, connector.identity, hint.account)
    return hint, [row["id"] for row in rows]


def _facts(tenant: UUID, account: UUID, hint: Hint) -> Mapping[str, Any]:
    return {"tenant": tenant, "account": account, "hint": orjson.dumps([hint.id, hint.account]).decode()}

"""What keeps the platform's own books short."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from waypost.db import City, execute
from waypost.outbox.queue import SCOPE
from waypost.outbox.work import Effects, Schedule, Work

log: Final = logging.getLogger("waypost.worker")

HOUR_S: Final = 3_600
TENANTS_SQL: Final = "SELECT id FROM tenant ORDER BY id"
# An event is handed on within a day or is dead; a month is enough to know it again. Events themselves are history.
OLD_SQL: Final = (
    "DELETE FROM handled WHERE tenant_id = $1 AND handled_at < now() - interval '30 days' AND NOT lasting",
    "DELETE FROM incoming_call WHERE tenant_id = $1 AND received_at < now() - interval '30 days'",
    "DELETE FROM kept_answer WHERE tenant_id = $1 AND made_at < now() - interval '24 hours'",
)
OLD_OF_ALL_SQL: Final = (
    "DELETE FROM work WHERE state = 'dead' AND due_at < now() - interval '90 days'",
    "DELETE FROM own_answer WHERE made_at < now() - interval '24 hours'",
)


async def sweep_tenants(work: Work, statements: Sequence[str]) -> int:
    """Run statements that delete, with each tenant as `$1`; answers how many rows went."""
    gone = 0
    for row in await work.database.reads.rows(SCOPE, TENANTS_SQL):
        async with work.database.transaction(City(row["id"], quiet=True)):
            for sql in statements:
                gone += int((await execute(sql, row["id"])).split()[-1])
    return gone


async def sweep(work: Work) -> None:
    """Delete what nobody needs any more."""
    gone = await sweep_tenants(work, OLD_SQL)
    async with work.database.transaction(SCOPE):
        for sql in OLD_OF_ALL_SQL:
            gone += int((await execute(sql)).split()[-1])
    if gone:
        log.info("%s old rows were swept away", gone)


EFFECTS: Final = Effects(schedules=(Schedule("sweep", HOUR_S, sweep),))

"""The background work of webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from waypost.outbox.effects import HOUR_S, sweep_tenants
from waypost.outbox.work import Bundle, Effects, Schedule, Spread, Work
from waypost.webhooks.delivering import DELIVER, deliver, make_deliveries
from waypost.webhooks.sending import Sender

OLD_SQL: Final = (
    "DELETE FROM delivery WHERE tenant_id = $1 AND state = 'delivered' AND made_at < now() - interval '30 days'",
    "DELETE FROM delivery WHERE tenant_id = $1 AND state = 'dead' AND made_at < now() - interval '90 days'",
    """
    DELETE FROM webhook WHERE tenant_id = $1 AND state = 'removed'
      AND NOT EXISTS (SELECT FROM delivery d WHERE d.tenant_id = $1 AND d.webhook_id = webhook.id)
    """,
)


@asynccontextmanager
async def _sender(work: Work) -> AsyncIterator[Sender]:
    async with Sender(work.settings.allow_private_targets) as sender:
        yield sender


async def _sweep(work: Work) -> None:
    """Forget deliveries: those that came through after a month, dead ones when nobody has looked for three."""
    await sweep_tenants(work, OLD_SQL)


EFFECTS: Final = Effects(
    spreads=(Spread("webhooks", make_deliveries),),
    bundles=(Bundle(DELIVER, deliver, _sender),),
    schedules=(Schedule("sweep-deliveries", HOUR_S, _sweep),),
)

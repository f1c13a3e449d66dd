"""The background work of webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from waypost.outbox.work import Bundle, Effects, Spread, Work
from waypost.webhooks.delivering import DELIVER, deliver, make_deliveries
from waypost.webhooks.sending import Sender


@asynccontextmanager
async def _sender(work: Work) -> AsyncIterator[Sender]:
    async with Sender(work.settings.allow_private_targets) as sender:
        yield sender


EFFECTS: Final = Effects(
    spreads=(Spread("webhooks", make_deliveries),), bundles=(Bundle(DELIVER, "webhook", deliver, _sender),)
)

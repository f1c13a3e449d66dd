"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

import orjson
from starlette.types import Receive, Scope, Send

from waypost.http.platform import Platform
from waypost.http.replies import Reply, send_reply

log = logging.getLogger(__name__)

READY_TIMEOUT_S: Final = 2.0
NEVER_KEPT: Final = {"Cache-Control": "no-store"}


async def healthz(scope: Scope, _receive: Receive, send: Send) -> None:
    """Say that the process lives; nothing else is asked, so that a database at rest restarts nobody."""
    body = orjson.dumps({"status": "ok"})
    await send_reply(Reply(200, body, "application/json", NEVER_KEPT), scope, send)


@dataclass(frozen=True)
class Readyz:
    """Says whether requests can be answered now, by really asking the database, and why not."""

    platform: Platform

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer 200, or 503 within two seconds."""
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                reasons = await self.platform.unreadiness()
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is no, and the log says why
            log.warning("Not ready: the database does not answer (%s: %s)", type(error).__name__, error)
            reasons = ["the database does not answer"]
        status = 503 if reasons else 200
        body = {"status": "unavailable" if reasons else "ready", "reasons": reasons}
        await send_reply(Reply(status, orjson.dumps(body), "application/json", NEVER_KEPT), scope, send)

"""The figures of background work, in the text format of Prometheus: of the queue, and of one worker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from waypost.db import Database
from waypost.outbox.doing import Counts
from waypost.outbox.queue import Depth, depths

log = logging.getLogger(__name__)

WITHIN_S: Final = 2.0
HEAD: Final = (
    "HTTP/1.1 {}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n"
)


def queue_figures(found: Sequence[Depth]) -> list[str]:
    """How much is in the queue, and how late the oldest is."""
    lines = ["# TYPE waypost_work_pieces gauge"]
    lines += [f'waypost_work_pieces{{kind="{_label(d.kind)}",state="{d.state}"}} {d.pieces}' for d in found]
    lines.append("# TYPE waypost_work_late_seconds gauge")
    lines += [
        f'waypost_work_late_seconds{{kind="{_label(d.kind)}"}} {max(d.late_s, 0):.3f}'
        for d in found
        if d.state == "due"
    ]
    return lines


def worker_figures(counts: Counts) -> list[str]:
    """What a worker has done since it began."""
    lines = ["# TYPE waypost_events_relayed_total counter", f"waypost_events_relayed_total {counts.events}"]
    for name, counter in (("handled", counts.handled), ("failed", counts.failed), ("dead", counts.dead)):
        lines.append(f"# TYPE waypost_work_{name}_total counter")
        lines += [f'waypost_work_{name}_total{{kind="{_label(kind)}"}} {n}' for kind, n in sorted(counter.items())]
    lines.append("# TYPE waypost_work_seconds_total counter")
    lines += [
        f'waypost_work_seconds_total{{kind="{_label(kind)}"}} {n / 1e6:.6f}'
        for kind, n in sorted(counts.micros.items())
    ]
    return lines


async def figures(database: Database, counts: Counts | None) -> str:
    """All figures; those of the queue are left out while the database does not answer."""
    lines = [] if counts is None else worker_figures(counts)
    try:
        async with asyncio.timeout(WITHIN_S):
            lines += queue_figures(await depths(database))
    except Exception as error:  # noqa: BLE001 - figures are shown also when the database is away
        log.warning("the queue was not counted: %s", type(error).__name__)
    return "\n".join(lines) + "\n"


@asynccontextmanager
async def serving_figures(address: str, database: Database, counts: Counts) -> AsyncIterator[int | None]:
    """Answer /metrics at `host:port` until the end, and nothing else; an empty address answers nothing.

    Yields the port.
    """
    host, _, port = address.rpartition(":")
    if not address:
        yield None
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(WITHIN_S):
                asked = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[:2]
            found = asked == [b"GET", b"/metrics"]
            body = (await figures(database, counts)).encode() if found else b""
            writer.write(HEAD.format("200 OK" if found else "404 Not Found", len(body)).encode() + body)
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            log.debug("somebody asked for figures and went away")
        finally:
            writer.close()

    server = await asyncio.start_server(answer, host or "127.0.0.1", int(port))
    async with server:
        yield server.sockets[0].getsockname()[1]


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")

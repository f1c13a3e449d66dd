"""Signed deliveries a second, from events that are written to a local receiver that has them all."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from benchmarks.table import Figure
from waypost.apps import core_app
from waypost.db import City, Database, Embedded, System, execute, fetchval, new_id
from waypost.db.migrate import migrate
from waypost.outbox import Act
from waypost.tenancy.entries import Here
from waypost.tenancy.telling import Told, tell_all
from waypost.webhooks.commands import Keys, WithSecret, create_webhook

DELIVERIES: Final = 10_000
LEAST: Final = 500.0
PATIENCE_S: Final = 300.0
SECRET_KEY: Final = "a key for the benchmark alone"
TENANT_SQL: Final = """
INSERT INTO tenant (id, slug, name, kind, languages, timezone, standard_code, primary_colour, accent_colour)
VALUES ($1, 'town', 'Town', 'city', '{en}', 'Europe/London', 'rsa-2019', '#0b5d6b', '#ffd166')
"""
DONE_SQL: Final = "SELECT count(*) FROM delivery WHERE state = 'delivered'"


def measure() -> list[Figure]:
    """Write the events, then let one worker of a process of its own tell a receiver of them."""
    with tempfile.TemporaryDirectory(prefix="waypost-") as folder, Embedded(Path(folder)) as embedded:
        return asyncio.run(_measure(embedded, folder))


async def _measure(embedded: Embedded, folder: str) -> list[Figure]:
    await migrate(embedded.admin_url(), [core_app()])
    server, seen, port = await _receiver()
    async with server, await Database.open(embedded.app_url(), pool_size=2) as database:
        here = await _told(database, port)
        environment = {
            **os.environ,
            "WAYPOST_DATA_DIR": folder,
            "WAYPOST_SECRET_KEY": SECRET_KEY,
            "WAYPOST_ALLOW_PRIVATE_TARGETS": f"127.0.0.1:{port}",
            "WAYPOST_PLUGINS": "",
        }
        command = [sys.executable, "-m", "waypost.cli", "worker"]
        worker = await asyncio.create_subprocess_exec(*command, env=environment, stderr=subprocess.DEVNULL)
        try:
            seconds = await _until_all(database, here, seen)
            spent = psutil.Process(worker.pid).cpu_times()
        finally:
            worker.terminate()
            await worker.wait()
    note = f"{DELIVERIES} events, one worker, receiver on the same machine"
    more = {"of the worker's processor, ms each": 1e3 * (spent.user + spent.system) / DELIVERIES}
    return [Figure("deliveries", "signed deliveries", DELIVERIES / seconds, "/s", least=LEAST, note=note, more=more)]


async def _receiver() -> tuple[asyncio.Server, set[bytes], int]:
    seen: set[bytes] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                seen.add(head.partition(b"webhook-id: ")[2].partition(b"\r\n")[0])
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, seen, server.sockets[0].getsockname()[1]


async def _told(database: Database, port: int) -> Here:
    here = Here(new_id(), "town", ("en",), "Europe/London", "rsa-2019")
    now = datetime.now(UTC)
    async with database.transaction(System("benchmark")):
        await execute(TENANT_SQL, here.tenant_id)
    async with database.transaction(City(here.tenant_id)):
        keys = Keys(SECRET_KEY, (f"127.0.0.1:{port}",))
        act = Act(here, None, "city-admin", None, now)
        made = await create_webhook(act, f"http://127.0.0.1:{port}/", ["kite.flown"], keys)
        assert isinstance(made, WithSecret), made
        await tell_all(here.tenant_id, [Told("kite.flown", "Kite", new_id()) for _ in range(DELIVERIES)], now)
    return here


async def _until_all(database: Database, here: Here, seen: set[bytes]) -> float:
    """The seconds from the first message until all are delivered, and written down as that."""
    async with asyncio.timeout(PATIENCE_S):
        while not seen:  # noqa: ASYNC110 - the receiver is told by nobody
            await asyncio.sleep(0.001)
        begun = time.perf_counter()
        while len(seen) < DELIVERIES:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)
        while True:
            async with database.transaction(City(here.tenant_id)):
                if await fetchval(DONE_SQL) == DELIVERIES:
                    return time.perf_counter() - begun
            await asyncio.sleep(0.05)

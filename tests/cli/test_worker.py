"""`waypost worker` as its operator runs it, and what it shows of itself."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from pathlib import Path

import httpx

from waypost.cli.logs import JsonLines
from waypost.db import Database, System, execute, fetchval
from waypost.http.figures import figures, serving_figures
from waypost.outbox import enqueue
from waypost.outbox.doing import Counts

PATIENCE_S = 60.0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


async def test_a_worker_works_shows_its_figures_and_stops_when_it_is_told(
    database: Database, app_url: str, tmp_path: Path
) -> None:
    async with database.transaction(System("tests")):
        await enqueue("mail", {"letter": "no-such-letter"})
    port = free_port()
    environment = {
        **os.environ,
        "WAYPOST_DATABASE_URL": app_url,
        "WAYPOST_DATA_DIR": str(tmp_path),
        "WAYPOST_SECRET_KEY": "a key for tests alone",
        "WAYPOST_LOG": "json",
        "WAYPOST_PLUGINS": "",
    }
    command = [sys.executable, "-m", "waypost.cli", "worker", "--metrics", f"127.0.0.1:{port}", "--lease", "5"]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient(trust_env=False) as client:
            text = ""
            while 'waypost_work_failed_total{kind="mail"} 1' not in text:
                assert process.returncode is None
                try:
                    text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
            assert 'waypost_work_pieces{kind="mail",state="due"} 1' in text
            assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 404
            process.send_signal(signal.SIGTERM)
            _, said = await process.communicate()
    except BaseException:
        process.kill()
        raise
    assert process.returncode == 128 + signal.SIGTERM
    lines = [json.loads(line) for line in said.splitlines()]
    (failed,) = [line for line in lines if "mail failed" in line["message"]]
    async with database.transaction(System("tests")):
        assert failed["work"] == str(await fetchval("SELECT id FROM work"))
        await execute("DELETE FROM work")
    assert "The worker has stopped" in [line["message"] for line in lines]


async def test_figures_count_the_queue_and_what_was_done(database: Database) -> None:
    async with database.transaction(System("tests")):
        await enqueue("mail", {})
        await enqueue("later", {}, after_s=3600)
    counts = Counts(events=3)
    counts.handled["mail"] = 2
    counts.micros["mail"] = 1_500_000
    text = await figures(database, counts)
    for line in (
        'waypost_work_pieces{kind="mail",state="due"} 1',
        'waypost_work_late_seconds{kind="later"} 0.000',
        "waypost_events_relayed_total 3",
        'waypost_work_handled_total{kind="mail"} 2',
        'waypost_work_seconds_total{kind="mail"} 1.500000',
    ):
        assert line in text.splitlines()
    async with database.transaction(System("tests")):
        await execute("DELETE FROM work")


async def test_without_an_address_nothing_is_shown(database: Database) -> None:
    async with serving_figures("", database, Counts()) as port:
        assert port is None


def test_a_line_of_the_log_names_what_it_is_about_by_ids() -> None:
    record = logging.LogRecord("waypost", logging.INFO, "here", 1, "done", (), None)
    record.__dict__ |= {"tenant": "t", "event": "e", "work": "w", "request": "", "name_of_somebody": "n"}
    written = json.loads(JsonLines().format(record))
    assert {name: written.get(name) for name in ("tenant", "event", "work")} == {
        "tenant": "t",
        "event": "e",
        "work": "w",
    }
    assert "request" not in written
    assert "name_of_somebody" not in written

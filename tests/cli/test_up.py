"""`waypost up` as its user runs it: processes, sockets, signals. Few tests, since each start costs a second."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

TENANT = """\
name = "Little Town"
kind = "city"
nation = "GB-ENG"
languages = ["en"]
timezone = "Europe/London"
area = "area.geojson"
standard = "rsa-2019"
contact_url = "https://example.org/little-town"
origins = ["https://little-town.example.org"]
example = true

[look]
primary_colour = "#0b5d6b"
accent_colour = "#ffd166"
"""
AREA = """\
{"type": "Polygon", "coordinates": [[[-0.3, 50.7], [0.0, 50.7], [0.0, 50.9], [-0.3, 50.9], [-0.3, 50.7]]]}
"""
MOST_BYTES = 200_000_000
PATIENCE_S = 90.0


class House:
    """A data directory, a folder of tenants, and the processes that use them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[str]] = []
        tenant = folder / "tenants" / "little-town"
        tenant.mkdir(parents=True)
        (tenant / "tenant.toml").write_text(TENANT, encoding="utf-8")
        (tenant / "area.geojson").write_text(AREA, encoding="utf-8")

    def start(self, *arguments: str, port: int | None = None) -> tuple[subprocess.Popen[str], int]:
        port = port or free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "waypost.cli", *(arguments or ("up",)), "--port", str(port)],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Whoever runs the tests in the background of a script has told all below to pass over Ctrl+C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - before any thread
        )
        self.processes.append(process)
        return process, port

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "waypost.cli", *arguments]
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True, timeout=120, check=False)

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
        return {
            **kept,
            "WAYPOST_DATA_DIR": str(self.folder / "data"),
            "WAYPOST_TENANTS_DIR": str(self.folder / "tenants"),
        }

    def postgres(self) -> psutil.Process | None:
        """The embedded server of this house, if it runs."""
        file = self.folder / "data" / "postgres" / "postmaster.pid"
        if not file.exists():
            return None
        try:
            return psutil.Process(int(file.read_text().split()[0]))
        except psutil.NoSuchProcess:
            return None

    def close(self) -> None:
        for process in self.processes:
            stop(process)


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def stop(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> str:
    """End a process, and give what it said."""
    if process.poll() is None:
        process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    return said


def ask(port: int, query: str, tenant: str = "little-town") -> Any:
    response = httpx.post(f"http://127.0.0.1:{port}/{tenant}/graphql", json={"query": query}, timeout=10)
    response.raise_for_status()
    return response.json()


def first_answer(process: subprocess.Popen[str], port: int) -> None:
    """Wait until the graph answers; how soon that is, is measured by `make bench`."""
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE_S:
        assert process.poll() is None, stop(process)
        try:
            answer = ask(port, "{ city { name } }")
        except httpx.HTTPError:
            time.sleep(0.05)
            continue
        assert answer["data"] == {"city": {"name": "Little Town"}}
        return
    pytest.fail(f"no answer within {PATIENCE_S} s: {stop(process)}")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


def test_a_newcomer_gets_everything_from_one_command(house: House) -> None:
    process, port = house.start()
    first_answer(process, port)
    page = httpx.get(f"http://127.0.0.1:{port}/")
    assert "Little Town" in page.text
    assert psutil.Process(process.pid).memory_info().rss < MOST_BYTES
    # Everybody else finds the door shut: `--host` was not asked for.
    assert {c.laddr.ip for c in psutil.Process(process.pid).net_connections("tcp") if c.status == "LISTEN"} == {
        "127.0.0.1"
    }

    # Other commands work beside it, on the same embedded server.
    token = house.run("token", "create", "--tenant", "little-town", "--role", "curator", "--email", "a@example.org")
    assert token.returncode == 0, token.stderr
    bearer = {"authorization": f"Bearer {token.stdout.strip()}"}
    welcome = httpx.post(
        f"http://127.0.0.1:{port}/little-town/graphql", json={"query": "{ __typename }"}, headers=bearer
    )
    assert welcome.status_code == 200
    taken = house.run("up", "--port", str(port))
    assert taken.returncode == 1
    assert f"port {port} of 127.0.0.1 is in use" in taken.stderr
    assert "Traceback" not in taken.stderr

    # SIGTERM ends it cleanly, with its database.
    said = stop(process)
    assert process.returncode == 0, said
    assert f"http://127.0.0.1:{port}/little-town/graphql" in said
    assert house.postgres() is None
    key = house.folder / "data" / "secret_key"
    assert key.stat().st_mode & 0o777 == 0o600

    # The second start is quick and finds what the first has left, the token too.
    process, port = house.start()
    first_answer(process, port)
    again = httpx.post(f"http://127.0.0.1:{port}/little-town/graphql", json={"query": "{ __typename }"}, headers=bearer)
    assert again.status_code == 200
    said = stop(process, signal.SIGINT)
    assert process.returncode == 0, said
    assert "Migrated" not in said
    assert "Traceback" not in said


def test_two_servers_share_the_database_and_the_last_one_stops_it(house: House) -> None:
    one, port = house.start()
    first_answer(one, port)
    other, other_port = house.start("serve")
    first_answer(other, other_port)
    stop(one)
    assert ask(other_port, "{ city { slug } }")["data"] == {"city": {"slug": "little-town"}}
    assert house.postgres() is not None
    stop(other)
    assert house.postgres() is None


def test_after_a_kill_everything_is_there_again(house: House) -> None:
    process, port = house.start()
    first_answer(process, port)
    server = house.postgres()
    assert server is not None
    stop(process, signal.SIGKILL)
    for one in (server, *server.children(recursive=True)):
        one.kill()
    server.wait(30)
    process, port = house.start()
    first_answer(process, port)
    said = stop(process)
    assert process.returncode == 0, said
    assert house.postgres() is None


def test_files_that_are_faulty_stop_the_start_and_are_named(house: House) -> None:
    file = house.folder / "tenants" / "little-town" / "tenant.toml"
    file.write_text(TENANT.replace('"city"', '"village"'), encoding="utf-8")
    process, _ = house.start()
    said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert "Traceback" not in said
    assert f'{file}:2: kind: unknown kind "village"' in said

"""The ground that everything is measured on: an embedded PostgreSQL, tenants, made-up rows, the server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

import httpx
import psutil

from waypost.db import City, Database, Embedded, fetch, fetchval
from waypost.pathways.store import Edges, PathwayWords, Rule, StepWords, write_pathway
from waypost.refusal import Refusal
from waypost.tenancy import Tenant, load_directory
from waypost.tenancy.entries import Here, Ref

ROOT: Final = Path(__file__).resolve().parent.parent
CITY: Final = "brighton"
PATHWAY: Final = "bench-depth-four"
BRANCHES: Final = (2, 3, 2, 2)  # steps below each one, by depth: 2 + 6 + 12 + 24 steps
PATIENCE_S: Final = 120.0
EVERY_S: Final = 0.01

BADGES_SQL: Final = """
SELECT id FROM badge WHERE tenant_id = $1 AND managed_by = 'files' AND state = 'published' ORDER BY id
"""
ISSUER_SQL: Final = "SELECT id FROM issuer WHERE tenant_id = $1 AND managed_by = 'files' AND public ORDER BY id LIMIT 1"


@dataclass
class Ground:
    """A data directory, the folder of tenants applied to it, and commands that run there.

    `database` names another database of the embedded server than its first.
    """

    folder: Path
    tenants: Path = ROOT / "tenants"
    database: str | None = None
    embedded: Embedded | None = field(default=None, repr=False)

    def environment(self) -> dict[str, str]:
        """The environment of a command; whatever the caller has set of WAYPOST_… stays outside."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
        here = {
            "WAYPOST_DATA_DIR": str(self.folder),
            "WAYPOST_TENANTS_DIR": str(self.tenants),
            "WAYPOST_GRAPH_POINTS": "0",  # one client asks for all that the server can give
        }
        if self.database is not None:
            here |= {"WAYPOST_DATABASE_URL": self.app_url, "WAYPOST_DATABASE_ADMIN_URL": self.admin_url}
        return kept | here

    @property
    def app_url(self) -> str:
        """The login with which the platform enters."""
        return self._joined.app_url(*self._name)

    @property
    def admin_url(self) -> str:
        """The superuser."""
        return self._joined.admin_url(*self._name)

    @property
    def _name(self) -> tuple[str, ...]:
        return () if self.database is None else (self.database,)

    @property
    def _joined(self) -> Embedded:
        if self.embedded is None:
            raise LookupError("the embedded PostgreSQL is not running: `with ground.running():`")
        return self.embedded

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the embedded PostgreSQL running meanwhile, so that commands join it."""
        with Embedded(self.folder) as self.embedded:
            yield
        self.embedded = None

    def run(self, *arguments: str) -> float:
        """Run a `waypost` command to its end; its seconds. Raises RuntimeError with what it said."""
        begun = time.perf_counter()
        self.say(*arguments)
        return time.perf_counter() - begun

    def say(self, *arguments: str) -> str:
        """Run a `waypost` command to its end; what it printed. Raises RuntimeError with what it said."""
        command = [sys.executable, "-m", "waypost.cli", *arguments]
        done = subprocess.run(command, env=self.environment(), cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"waypost {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def prepare(self, scale: int) -> float:
        """Migrate, apply the tenants, load made-up rows; the seconds that loading took."""
        self.run("migrate")
        self.run("tenants", "apply")
        return self.run("demo", "load", "--scale", str(scale))

    def postmaster(self) -> psutil.Process:
        """The embedded PostgreSQL's first process."""
        return psutil.Process(int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0]))


@dataclass(frozen=True)
class Server:
    """A server that runs in a process of its own and has answered once, after `seconds`."""

    process: psutil.Process
    port: int
    seconds: float

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


@contextmanager
def started(command: list[str], environment: Mapping[str, str], port: int, path: str, body: str) -> Iterator[Server]:
    """Start a server and wait until it answers POST `body` to `path` with 200; stop it at the end."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as log:  # a pipe that nobody reads would stop the server when it is full
        process = subprocess.Popen(command, env=dict(environment), cwd=ROOT, stdout=log, stderr=log)
        try:
            seconds = _answered(process, f"http://127.0.0.1:{port}{path}", body, begun)
            if seconds is None:
                log.seek(0)
                raise RuntimeError(f"{' '.join(command)} does not answer:\n{log.read()}")
            yield Server(psutil.Process(process.pid), port, seconds)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_S)


def _answered(process: subprocess.Popen[bytes], url: str, body: str, begun: float) -> float | None:
    """Seconds from `begun` to the first answer; None when the process ends before, or takes too long."""
    headers = {"content-type": "application/json"}
    with httpx.Client(trust_env=False) as client:
        while time.perf_counter() - begun < PATIENCE_S and process.poll() is None:
            with suppress(httpx.TransportError):
                if client.post(url, content=body, headers=headers).status_code == httpx.codes.OK:
                    return time.perf_counter() - begun
            time.sleep(EVERY_S)
    return None


@contextmanager
def own_server(ground: Ground, command: str = "serve") -> Iterator[Server]:
    """Run our own server in one process; `command` may be `up`, too."""
    port = free_port()
    arguments = [sys.executable, "-m", "waypost.cli", command, "--port", str(port)]
    question = '{"query": "{ badges(first: 1) { nodes { name } } }"}'
    with started(arguments, ground.environment(), port, "/graphql", question) as server:
        yield server


async def tenant_of(database: Database, slug: str) -> Tenant:
    """A tenant of the directory."""
    found = (await load_directory(database)).by_slug(slug)
    if found is None:
        raise LookupError(f"there is no tenant {slug}")
    return found


async def lay_pathway(database: Database, slug: str = CITY) -> None:
    """Write a pathway of depth four through the city's own badges, for want of one in the files."""
    tenant = await tenant_of(database, slug)
    here = Here.of(tenant, managed_by="bench")
    async with database.transaction(City(tenant.id)):
        if await fetchval("SELECT EXISTS (SELECT FROM pathway WHERE tenant_id = $1 AND slug = $2)", tenant.id, PATHWAY):
            return
        badges = [Ref(row["id"], tenant.id) for row in await fetch(BADGES_SQL, tenant.id)]
        issuer: UUID = await fetchval(ISSUER_SQL, tenant.id)
        words = PathwayWords(
            PATHWAY, "Depth Four", "Four levels of steps.", issuer, steps=tuple(steps(badges)), state="published"
        )
        match await write_pathway(here, words, None, Edges()):
            case Refusal() as refusal:
                raise LookupError(refusal.message)


def steps(badges: list[Ref]) -> Iterator[StepWords]:
    """A tree of steps with a badge each, parents first."""
    above: list[str | None] = [None]
    count = 0
    for depth, branches in enumerate(BRANCHES, start=1):
        keys: list[str | None] = []
        for parent in above:
            for branch in range(1, branches + 1):
                key = f"{parent}-{branch}" if parent else f"step-{branch}"
                badge = badges[count % len(badges)]
                yield StepWords(key, f"Step {key[5:]} of depth {depth}", parent, Rule(), badges=(badge,))
                keys.append(key)
                count += 1
        above = keys

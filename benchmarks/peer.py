"""PostGraphile, installed for one run and started on the same database."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
import orjson

from benchmarks.ground import Ground, Server, free_port, started

SOURCE: Final = Path(__file__).parent / "peers" / "postgraphile"
OLDEST_NODE: Final = 22  # PostGraphile asks for it


class PeerMissing(Exception):
    """The peer cannot be installed or run here."""


@dataclass(frozen=True)
class Peer:
    """An installed PostGraphile and the Node that runs it."""

    folder: Path
    node: str
    versions: str


@contextmanager
def installed() -> Iterator[Peer]:
    """Install the peer from its lock file into a folder of its own; raises PeerMissing."""
    npm = shutil.which("npm")
    if npm is None:
        raise PeerMissing("npm is needed to install PostGraphile")
    with tempfile.TemporaryDirectory(prefix="waypost-peer-") as name:
        folder = Path(name)
        for file in ("package.json", "package-lock.json", "server.mjs"):
            shutil.copy(SOURCE / file, folder / file)
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PeerMissing(f"npm ci: {done.stderr[-2000:]}")
        node = _node(folder)
        version = orjson.loads((folder / "node_modules/postgraphile/package.json").read_bytes())["version"]
        yield Peer(folder, node, f"PostGraphile {version}, Node {_version(node)}")


def _node(folder: Path) -> str:
    """The Node that came with the peer, else the machine's."""
    came = next(folder.glob("node_modules/node-*/bin/node"), None)
    node = str(came) if came else shutil.which("node")
    if node is None or int(_version(node).partition(".")[0]) < OLDEST_NODE:
        raise PeerMissing(f"PostGraphile needs Node {OLDEST_NODE} or newer, and npm had none for this machine")
    return node


def _version(node: str) -> str:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return said.strip().removeprefix("v")


@contextmanager
def peer_server(peer: Peer, ground: Ground, processes: int) -> Iterator[Server]:
    """Run the peer in so many processes, as a superuser, whom row security does not bind."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not re.match("WAYPOST_|DEBUG|NODE_|PG", name)}
    environment = kept | {"NODE_ENV": "production", "DATABASE_URL": ground.admin_url}
    command = [peer.node, str(peer.folder / "server.mjs"), str(port), str(processes)]
    with started(command, environment, port, "/graphql", '{"query": "{ __typename }"}') as server:
        yield server


async def lay_functions(ground: Ground) -> None:
    """Write the peer's own functions into its schema `peer`, anew."""
    connection = await asyncpg.connect(ground.admin_url)
    try:
        await connection.execute((SOURCE / "functions.sql").read_text(encoding="utf-8"))
    finally:
        await connection.close()

"""The tools of front-end teams, and Waypost as they find it: a server with the demonstration tenants."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import pytest

from tests.clients.tools import Ariadne, Npm
from tests.project.documents import ROOT
from waypost.testing.databases import Server

WAYPOST: Final = (sys.executable, "-m", "waypost.cli")
READY: Final = "Serving on "


@pytest.fixture(scope="session")
def npm() -> Npm:
    return Npm.install()


@pytest.fixture(scope="session")
def ariadne() -> Ariadne:
    return Ariadne.install()


@pytest.fixture(scope="session")
async def address(server: Server, template: str) -> AsyncIterator[str]:
    """Where Waypost serves the tenants of this repository."""
    async with server.database(template) as name:
        settings = {
            "WAYPOST_DATABASE_URL": await server.app_url(name),
            "WAYPOST_DATABASE_ADMIN_URL": server.admin_url(name),
            "WAYPOST_SECRET_KEY": "a key for tests alone",
            "WAYPOST_TENANTS_DIR": str(ROOT / "tenants"),
        }
        with serving(settings) as found:
            yield found


@contextmanager
def serving(settings: Mapping[str, str]) -> Iterator[str]:
    """Migrate, apply and serve, as an operator does; the address of the server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
    environment = {**kept, **settings}
    for words in (("migrate",), ("tenants", "apply")):
        done = subprocess.run([*WAYPOST, *words], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    with subprocess.Popen(
        [*WAYPOST, "serve", "--port", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if READY in line:
                break
        assert READY in "".join(said[-1:]), "".join(said)
        try:
            yield said[-1].partition(READY)[2].strip()
        finally:
            process.terminate()
            process.communicate()

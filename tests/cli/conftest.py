"""Runs `waypost` in this process over a database of the module's own, or as processes of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from waypost.cli.main import waypost

SECRET_KEY = "a key for tests alone"

Waypost = Callable[..., Result]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Waypost:
    """Runs a command with no settings but a data directory of its own and those that are given."""

    def run(*arguments: str, stdin: str | None = None, **settings: str) -> Result:
        environment = {"WAYPOST_DATA_DIR": str(tmp_path / "data"), **settings}
        return CliRunner().invoke(waypost, list(arguments), env=environment, input=stdin, prog_name="waypost")

    monkeypatch.chdir(tmp_path)
    return run


@pytest.fixture
def command(bare: Waypost, app_url: str, admin_url: str) -> Waypost:
    """Runs a command over this module's database, with both logins."""
    settings = {
        "WAYPOST_DATABASE_URL": app_url,
        "WAYPOST_DATABASE_ADMIN_URL": admin_url,
        "WAYPOST_SECRET_KEY": SECRET_KEY,
    }

    def run(*arguments: str, stdin: str | None = None, **more: str) -> Result:
        return bare(*arguments, stdin=stdin, **{**settings, **more})

    return run

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.conftest import Waypost


def test_help_names_every_command_and_imports_no_graph() -> None:
    """`waypost --help` answers at once."""
    script = (
        "import sys; from waypost.cli.main import waypost; waypost.main(['--help'], standalone_mode=False); "
        "heavy = {'strawberry', 'shapely', 'asyncpg', 'piccolo', 'uvicorn', 'starlette'}; "
        "sys.exit(sorted(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("up", "serve", "migrate", "tenants", "plugins", "schema", "token", "import", "demo"):
        assert f"\n  {name} " in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("serve", "--port", "70000"), ("migrate", "--back", "0"), ("token", "create"), ("import", "x")],
)
def test_wrong_usage_is_a_2(bare: Waypost, arguments: tuple[str, ...]) -> None:
    assert bare(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"WAYPOST_LOG": "yaml"}, "WAYPOST_LOG"),
        ({"WAYPOST_DATABASE_URL": "mysql://x"}, "WAYPOST_DATABASE_URL"),
        ({"WAYPOST_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, "does not answer"),
    ],
)
def test_a_fault_that_may_be_expected_is_one_line(bare: Waypost, settings: dict[str, str], words: str) -> None:
    done = bare("token", "create", "--national", "--email", "a@example.org", **settings)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith("waypost: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1

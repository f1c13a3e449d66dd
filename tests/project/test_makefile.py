"""`make` works for a newcomer: it finds a Python, says when there is none, and is quick the second time."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.project.documents import ROOT

RECORD = '#!/bin/sh\necho "$WAYPOST_DATA_DIR $*"\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What the Makefile looks at, and nothing else."""
    for name in (
        "Makefile",
        "pyproject.toml",
        "requirements.txt",
        "requirements-test.txt",
        "constraints.txt",
    ):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def make(tree: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    environment |= {"PATH": path} if path else {}
    return subprocess.run(
        [shutil.which("make") or "make", *arguments],
        cwd=tree, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def installed(tree: Path) -> None:
    """An environment as `make run` leaves it, with a `waypost` that repeats what it was given."""
    script(tree / ".venv/bin/python", "#!/bin/sh\nexit 0\n")
    script(tree / ".venv/bin/waypost", RECORD)
    (tree / ".venv/installed").touch()


def tools(tree: Path, **pythons: str) -> str:
    """A PATH with the usual tools and these interpreters only."""
    folder = tree / "tools"
    folder.mkdir()
    for name in ("sh", "grep", "sed", "rm", "touch", "mkdir", "expand", "test", "echo"):
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    for name, text in pythons.items():
        script(folder / name.replace("_", "."), text)
    return str(folder)


def test_a_machine_with_an_old_python_is_told_so(tree: Path) -> None:
    old = '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2"\n[ "$1" = --version ]\n'
    answer = make(tree, "run", path=tools(tree, python3=old))
    assert answer.returncode != 0
    assert "Waypost needs Python 3.11 or newer; found: python3 (Python 3.9.2)." in answer.stderr
    assert not (tree / ".venv").exists()


def test_a_machine_without_python_is_told_so(tree: Path) -> None:
    answer = make(tree, "run", path=tools(tree))
    assert answer.returncode != 0
    assert "Waypost needs Python 3.11 or newer; found: none." in answer.stderr


def test_the_newest_python_that_fits_makes_the_environment(tree: Path) -> None:
    too_old = "#!/bin/sh\nexit 1\n"
    fitting = '#!/bin/sh\n[ "$1" = -c ] && exit 0\necho "$0 $*" >&2\nexit 1\n'
    answer = make(tree, "run", path=tools(tree, python3=too_old, python3_12=fitting))
    assert "python3.12 -m venv --clear .venv" in answer.stderr
    assert "install python3-venv" in answer.stderr


def test_a_second_run_installs_nothing_and_passes_port_and_data_on(tree: Path) -> None:
    installed(tree)
    answer = make(tree, "run", "PORT=8123", "DATA=some where")
    assert answer.stdout == "some where up --port 8123\n"


def test_a_run_without_wishes_leaves_the_defaults_to_the_command(tree: Path) -> None:
    installed(tree)
    assert make(tree, "run").stdout.split() == ["up"]


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.txt", "constraints.txt"])
def test_a_changed_ingredient_asks_for_an_installation(tree: Path, name: str) -> None:
    installed(tree)
    assert "pip install" not in make(tree, "run", "--dry-run").stdout
    later = (tree / ".venv/installed").stat().st_mtime + 10
    os.utime(tree / name, (later, later))
    assert "pip install" in make(tree, "run", "--dry-run").stdout


def test_an_environment_whose_interpreter_has_gone_is_made_anew(tree: Path) -> None:
    installed(tree)
    (tree / ".venv/bin/python").unlink()
    assert "-m venv --clear" in make(tree, "run", "--dry-run").stdout


def test_help_lists_every_target_for_people(tree: Path) -> None:
    listed = make(tree).stdout
    for target in ("run", "test", "check", "bench", "docs"):
        assert f"make {target} " in listed


def test_continuous_integration_checks_first_and_then_tests() -> None:
    script_path = ROOT / ".ci" / "run"
    lines = script_path.read_text(encoding="utf-8").splitlines()
    assert os.access(script_path, os.X_OK)
    assert "set -euo pipefail" in lines
    assert [line.partition(" #")[0] for line in lines[-2:]] == [
        "make check",  # which runs tests/project
        "make test ARGS=--ignore=tests/project",
    ]

"""A partner's machine: an environment and a folder of its own, with Waypost as pip would have installed it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Final

from tests.project.documents import ROOT, blocks

TIMEOUT_S: Final = 300


class Partner:
    """Somebody who writes a plugin, in `folder`."""

    def __init__(self, home: Path, plugin: str) -> None:
        self.folder = home / f"waypost-{plugin.replace('_', '-')}"
        self.python = home / "venv" / "bin" / "python"
        venv.create(home / "venv", with_pip=False)
        (self.packages,) = (home / "venv" / "lib").glob("python*/site-packages")
        # What pip would load: Waypost and what it needs, as they are installed here.
        (self.packages / "installed.pth").write_text(
            f"{ROOT / 'core'}\nimport site; site.addsitedir({sysconfig.get_path('purelib')!r})\n", encoding="utf-8"
        )

    def new(self, name: str, *options: str) -> None:
        """Have `waypost plugins new` write a plugin into the folder."""
        self.waypost("plugins", "new", name, *options, "--to", str(self.folder))

    def install(self, *, editable: bool) -> None:
        """Install the plugin; as a wheel, which holds only what its pyproject.toml names, or as it is."""
        how = ["install", "--no-deps", "--no-build-isolation", *(["-e"] if editable else []), str(self.folder)]
        run(sys.executable, "-m", "pip", "--python", str(self.python), *how)

    def waypost(self, *words: str, **variables: str) -> str:
        """What the command says, asked outside of the plugin's folder; `variables` are of the environment."""
        return run(str(self.python), "-m", "waypost.cli", *words, folder=self.packages, **variables)

    def test(self) -> str:
        """What pytest says of the plugin's own tests."""
        return run(str(self.python), "-W", "ignore", "-m", "pytest", "-q", folder=self.folder)

    def write(self, path: str, text: str) -> None:
        """Write a file of the plugin."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def run(*command: str, folder: Path | None = None, **variables: str) -> str:
    """What a command says; raises `AssertionError` with all of it where it fails."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WAYPOST_", "PYTEST_", "PYTHON"))}
    tested = os.environ.get("WAYPOST_TEST_DATABASE_URL")
    environment = kept | ({"WAYPOST_TEST_DATABASE_URL": tested} if tested else {}) | variables
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, f"$ {' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def shown(document: Path, path: str) -> list[str]:
    """What a document shows of a file."""
    return [block.text for block in blocks(document) if block.marker == f"part of: {path}"]


def lines(text: str) -> list[str]:
    """The lines of a text that are not empty."""
    return [line for line in text.splitlines() if line.strip()]

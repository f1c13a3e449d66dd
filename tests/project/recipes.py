"""Carries out a recipe of CONTRIBUTING.md on a copy of the tree, line by line.

The comment above each fenced block says what is done with it:

* `recipe: NAME; create: PATH` – the block is a new file;
* `recipe: NAME; append: PATH` – the block is added at the end of a file;
* `recipe: NAME; insert: PATH; after: LINE` – the block follows the one line of the file that reads LINE;
* `recipe: NAME; run` – what follows `$ ` is run, and every other line must appear in its output.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.project.documents import ROOT, Block, blocks

RECIPES: Final = ROOT / "CONTRIBUTING.md"
TIMEOUT_S: Final = 300
NOT_COPIED: Final = shutil.ignore_patterns(
    ".git",
    ".venv",
    ".waypost",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    "*.egg-info",
    "build",
    "dist",
    "secrets",
)


@dataclass(frozen=True)
class Step:
    """One block of a recipe and what is done with it."""

    block: Block
    action: str
    path: str
    after: str


def recipe(name: str) -> list[Step]:
    """The steps of a recipe, in order."""
    named = filter(None, map(_step, blocks(RECIPES)))
    return [step for owner, step in named if owner == name]


def names() -> list[str]:
    """The recipes that there are, in order."""
    named = filter(None, map(_step, blocks(RECIPES)))
    return list(dict.fromkeys(owner for owner, _ in named))


def _step(block: Block) -> tuple[str, Step] | None:
    if not block.marker.startswith("recipe: "):
        return None
    parts = [part.partition(":") for part in block.marker.split("; ")]
    (_, _, name), (action, _, path), *rest = parts
    after = rest[0][2].strip() if rest else ""
    return name.strip(), Step(block, action.strip(), path.strip(), after)


class Kitchen:
    """A copy of the tree in which recipes are tried; nothing of it reaches the original."""

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        self.data = folder / "data"
        shutil.copytree(ROOT, self.tree, ignore=NOT_COPIED)

    def follow(self, step: Step) -> None:
        """Do what the step says; raises `AssertionError` with the whole output where a command fails."""
        path = self.tree / step.path
        match step.action:
            case "create":
                assert not path.exists(), f"{step.block}: {step.path} is there already"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(step.block.text, encoding="utf-8")
            case "append":
                with path.open("a", encoding="utf-8") as file:
                    file.write(step.block.text)
            case "insert":
                self._insert(path, step)
            case "run":
                for command, expected in _session(step.block):
                    self._run(command, expected, step.block)
            case _:
                raise AssertionError(f"{step.block}: nobody knows how to {step.action}")

    def _insert(self, path: Path, step: Step) -> None:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        places = [number for number, line in enumerate(lines) if line.strip() == step.after]
        assert len(places) == 1, f"{step.block}: {step.path} has {len(places)} lines that read {step.after!r}"
        lines.insert(places[0] + 1, step.block.text)
        path.write_text("".join(lines), encoding="utf-8")

    def _run(self, command: str, expected: list[str], block: Block) -> None:
        self._install_plugins()
        done = subprocess.run(
            _words(command),
            cwd=self.tree,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, f"{block}: $ {command}\n{output}"
        for line in expected:
            assert line in output, f"{block}: $ {command}\nshould say {line!r} and says\n{output}"

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("WAYPOST_", "PYTEST_"))}
        sources = [self.tree / "core", *sorted(self.tree.glob("plugins/*"))]
        return {
            **kept,
            "PYTHONPATH": os.pathsep.join(map(str, sources)),
            "WAYPOST_DATA_DIR": str(self.data),
            "COLUMNS": "200",
        }

    def _install_plugins(self) -> None:
        """Give each plugin of the copy the metadata that `pip install -e` would give it.

        Without pip, which would change the environment that the tests themselves run in.
        """
        for file in self.tree.glob("plugins/*/pyproject.toml"):
            project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
            folder = file.parent / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
            folder.mkdir(exist_ok=True)
            (folder / "METADATA").write_text(
                f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n",
                encoding="utf-8",
            )
            points = "".join(
                f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in members.items())
                for group, members in project.get("entry-points", {}).items()
            )
            (folder / "entry_points.txt").write_text(points, encoding="utf-8")


def _words(command: str) -> list[str]:
    program, *arguments = shlex.split(command)
    match program:
        case "waypost":
            return [sys.executable, "-c", "from waypost.cli import main; main()", *arguments]
        case "pytest":
            return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        case _:
            raise AssertionError(f"recipes call waypost and pytest, not {program}")


def _session(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Each command of a console block with the lines that must appear in its output."""
    command, expected = "", list[str]()
    for line in block.text.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, expected
            command, expected = line.removeprefix("$ "), []
        elif line.strip():
            expected.append(line.strip())
    if command:
        yield command, expected

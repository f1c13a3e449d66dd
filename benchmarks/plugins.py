"""What a hundred installed plugins cost at start: to find, import, register and compose them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.table import Figure
from waypost.cli.scaffold import plugin_files, write_plugin

MANY: Final = 100
MOST_S: Final = 2.0
ROUNDS: Final = 3
# Each as `waypost plugins new` writes it: a table, a type, a field, a handler and a job.
STARTED: Final = """
import sys, time
from waypost.cli.parts import load_plugins
from waypost.composition import schema_of
from waypost.settings import Settings
names = tuple(f"many_{number:03}" for number in range(int(sys.argv[1])))
begun = time.perf_counter()
plugins = load_plugins(Settings(plugins=names))
taken = time.perf_counter() - begun
assert len(plugins.ready) == len(names)
print(taken)
"""


def measure() -> list[Figure]:
    """Start with none and with a hundred, in turn, each time in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="waypost-") as folder:
        for number in range(MANY):
            _install(Path(folder), f"many_{number:03}")
        seconds: dict[int, list[float]] = {0: [], MANY: []}
        for _ in range(ROUNDS):
            for count, taken in seconds.items():
                taken.append(_started(Path(folder), count))
    none, many = (median(taken) for taken in seconds.values())
    return [
        Figure(
            "plugins",
            f"{MANY} plugins found, imported and composed",
            many,
            "s",
            most=MOST_S,
            more={"with none, s": none},
        )
    ]


def _install(folder: Path, name: str) -> None:
    """Write a plugin with the metadata that pip would give it."""
    files = plugin_files(name, name, name.replace("_", ""))
    package = f"waypost_{name}"
    write_plugin(folder / package, {path.removeprefix(f"{package}/"): text for path, text in files.items()})
    metadata = f"Metadata-Version: 2.1\nName: waypost-{name}\nVersion: 0.1.0\n"
    points = f"[waypost]\n{name} = {package}.plugin\n"
    write_plugin(folder / f"{package}-0.1.0.dist-info", {"METADATA": metadata, "entry_points.txt": points})


def _started(folder: Path, count: int) -> float:
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-c", STARTED, str(count)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])

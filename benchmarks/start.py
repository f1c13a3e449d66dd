"""Seconds from `waypost up` to the first answer, on an empty data directory and on a filled one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.ground import Ground, own_server
from benchmarks.table import Figure

EMPTY_S: Final = 10.0
FILLED_S: Final = 3.0
FIRST_STARTS: Final = 2
AGAIN: Final = 3


def measure() -> list[Figure]:
    """Start with nothing, twice, and each time again on what is there by then."""
    first: list[float] = []
    again: list[float] = []
    for _ in range(FIRST_STARTS):
        with tempfile.TemporaryDirectory(prefix="waypost-") as folder:
            ground = Ground(Path(folder))
            with own_server(ground, "up") as server:
                first.append(server.seconds)
            for _ in range(AGAIN):
                with own_server(ground, "up") as server:
                    again.append(server.seconds)
    return [
        Figure("start", "`waypost up`, empty data directory", median(first), "s to the first answer", most=EMPTY_S),
        Figure("start", "`waypost up` again", median(again), "s to the first answer", most=FILLED_S),
    ]

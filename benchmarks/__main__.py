"""What `make bench` runs: `python -m benchmarks [SUBJECT …] [--json FILE]`.

start   seconds from `waypost up` to the first answer, on an empty data directory and on a filled one
plugins what a hundred installed plugins cost at start
memory  resident memory of the server with five tenants
awards  a file of 50,000 awards, from the mutation to the last row, event and DONE
feeds   a directory of 100,000 services into an empty city, and once more unchanged
reviews the statements of a curator's queue and its counts, 10,000 waiting
frameworks a framework of 13,000 items, read and written, and what a city lacks against it
sql     nearest-20 among 200,000 opportunities: the statement alone, as the engine plans it; `demo load` of them;
        and what a plugin's batch field costs
http    requests a second, times and CPU of five questions: this server, PostGraphile, and a bare application
deliveries  signed webhooks a second, from one worker to a receiver on this machine
growth  the statement at 10,000 and 1,000,000 rows, with 1 and 400 tenants; a quarter of an hour or more

Without a name everything but growth. Each subject stands on databases of its own; `--data FOLDER` keeps the one of
sql and http for the next run. The machine should have nothing else to do: the ratios bear some noise, since rounds
are interleaved, the absolute figures none. README.md says what is measured and how the peer is set up.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console

from benchmarks import awards, deliveries, feeds, fields, frameworks, growth, http, memory, plugins, reviews, sql, start
from benchmarks.ground import Ground
from benchmarks.http import Effort, tell
from benchmarks.table import Figure, table
from benchmarks.wrk import WrkMissing
from waypost.cli.main import COLLECTED_AFTER

USUAL: Final = (
    *("start", "plugins", "memory", "awards", "reviews", "frameworks", "feeds", "sql", "http", "deliveries"),
)
SUBJECTS: Final = (*USUAL, "growth")
FILLED: Final = {"sql", "http"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for and print one table; a missed target is shown there, and is no error."""
    gc.set_threshold(*COLLECTED_AFTER)  # as every command does
    options = _options(arguments)
    figures: list[Figure] = []
    subjects = options.subjects or list(USUAL)
    if "start" in subjects:
        tell("start")
        figures += start.measure()
    if "plugins" in subjects:
        tell("plugins")
        figures += plugins.measure()
    if "memory" in subjects:
        tell("memory")
        figures += memory.measure()
    if "awards" in subjects:
        tell("awards")
        figures += awards.measure()
    if "reviews" in subjects:
        tell("reviews")
        figures += reviews.measure()
    if "frameworks" in subjects:
        tell("frameworks")
        figures += frameworks.measure()
    if "feeds" in subjects:
        tell("feeds")
        figures += feeds.measure()
    if FILLED & set(subjects):
        figures += _on_filled_ground(options, subjects)
    if "deliveries" in subjects:
        tell("deliveries")
        figures += deliveries.measure()
    if "growth" in subjects:
        tell("growth: this takes a quarter of an hour or more")
        figures += asyncio.run(growth.measure())
    Console(width=None if sys.stdout.isatty() else 150).print(table(figures, title()))
    if options.json:
        facts = {"machine": machine(), "figures": [figure.facts() for figure in figures]}
        options.json.write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"any of {', '.join(SUBJECTS)}")
    parser.add_argument("--data", type=Path, help="a folder for the filled database, kept for the next run")
    parser.add_argument("--scale", type=int, default=sql.SCALE, help="opportunities in it (%(default)s)")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--warm", type=float, default=Effort.warm_s, help="seconds to warm each server (%(default)s)")
    parser.add_argument("--seconds", type=float, default=Effort.seconds, help="of each measurement (%(default)s)")
    parser.add_argument("--rounds", type=int, default=Effort.rounds, help="of measurements (%(default)s)")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.subjects) - set(SUBJECTS))
    if unknown:
        parser.error(f"{', '.join(unknown)}: choose among {', '.join(SUBJECTS)}")
    return options


def _on_filled_ground(options: argparse.Namespace, subjects: Sequence[str]) -> list[Figure]:
    figures: list[Figure] = []
    with _folder(options.data) as folder, (ground := Ground(folder)).running():
        tell(f"filling a database with {options.scale:,} opportunities")
        new = not (folder / "filled").exists()
        seconds = ground.prepare(options.scale)
        (folder / "filled").touch()
        if "sql" in subjects:
            tell("sql")
            if new:
                most = sql.MOST_LOAD_S if options.scale == sql.SCALE else None
                figures.append(Figure("sql", f"`demo load` of {options.scale:,}", seconds, "s", most=most))
            figures += asyncio.run(sql.measure(ground))
            figures += asyncio.run(fields.measure(ground))
        if "http" in subjects:
            tell("http")
            effort = Effort(options.warm, options.seconds, options.rounds)
            try:
                figures += asyncio.run(http.measure(ground, effort))
            except WrkMissing as missing:
                figures.append(Figure("http", "not measured", 0, "", note=str(missing)))
    return figures


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="waypost-") as name:
        yield Path(name)


def machine() -> dict[str, Any]:
    """What must be known of the machine to read its figures."""
    return {
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "load": [round(each, 2) for each in os.getloadavg()],
    }


def title() -> str:
    """The machine in a line."""
    here = machine()
    load = ", ".join(map(str, here["load"]))
    return f"Waypost on {here['cores']} cores, {here['system']}, Python {here['python']}; load average {load}"


if __name__ == "__main__":
    sys.exit(main())

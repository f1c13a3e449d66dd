"""The table of postcodes: a small built-in set, and the import of the ONS Postcode Directory."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Final

from asyncpg import Connection

from waypost.places.rules import in_degrees, normal_postcode
from waypost.refusal import Refusal

BUILT_IN: Final = "built-in"
BATCH_ROWS: Final = 5_000
PROBLEMS_KEPT: Final = 100
COLUMNS: Final = (
    "code",
    "latitude",
    "longitude",
    "nation",
    "district",
    "ward",
    "lsoa",
    "deprivation_rank",
    "ended",
    "source",
)

# Editions name the same column with the year it was drawn up: oslaua, laua, lad24cd …; the newest wins.
ONSPD_NAMES: Final[Mapping[str, re.Pattern[str]]] = {
    "code": re.compile(r"pcds"),
    "latitude": re.compile(r"lat"),
    "longitude": re.compile(r"long"),
    "nation": re.compile(r"ctry(\d\d)?(cd)?"),
    "district": re.compile(r"(?:oslaua|laua|lad)(\d\d)?(cd)?"),
    "ward": re.compile(r"(?:osward|ward|wd)(\d\d)?(cd)?"),
    "lsoa": re.compile(r"lsoa(\d\d)?(cd)?"),
    "deprivation_rank": re.compile(r"imd(\d\d)?(ind|rank)?"),
    "ended": re.compile(r"doterm"),
}
REQUIRED: Final = ("code", "latitude", "longitude")
NATIONS: Final = {"E92": "GB-ENG", "W92": "GB-WLS", "S92": "GB-SCT", "N92": "GB-NIR"}
NO_LATITUDE: Final = "99.999"  # the directory writes 99.999999 for "no coordinates"

CREATE_SQL: Final = f"""
CREATE TEMPORARY TABLE arriving_postcode ON COMMIT DROP AS
SELECT 0 AS line, {", ".join(COLUMNS)} FROM postcode WITH NO DATA
"""

# What comes from a directory is never put back to the approximate built-in value.
UPSERT_SQL: Final = f"""
INSERT INTO postcode AS now_there ({", ".join(COLUMNS)})
SELECT DISTINCT ON (code) {", ".join(COLUMNS)} FROM arriving_postcode ORDER BY code, line DESC
ON CONFLICT (code) DO UPDATE
SET ({", ".join(COLUMNS[1:])}) = ({", ".join(f"excluded.{name}" for name in COLUMNS[1:])})
WHERE (excluded.source <> '{BUILT_IN}' OR now_there.source = '{BUILT_IN}')
  AND ({", ".join(f"now_there.{name}" for name in COLUMNS[1:])})
      IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in COLUMNS[1:])})
"""

Row = tuple[str, float, float, str | None, str | None, str | None, str | None, int | None, str | None, str]


@dataclass(frozen=True)
class LineProblem:
    """A line of the file that was left out; lines count from 1, the header included."""

    line: int
    code: str
    message: str


@dataclass
class Imported:
    """What an import did: lines read, postcodes written or changed, lines without coordinates, faults."""

    read: int = 0
    written: int = 0
    without_coordinates: int = 0
    faulty: int = 0
    problems: list[LineProblem] = field(default_factory=list)

    def fault(self, line: int, refusal: Refusal) -> None:
        """Count a faulty line, and keep the first hundred to show."""
        self.faulty += 1
        if len(self.problems) < PROBLEMS_KEPT:
            self.problems.append(LineProblem(line, refusal.code, refusal.message))


class NotADirectory(ValueError):
    """The file has not the columns of an ONS Postcode Directory."""


async def load_built_in(connection: Connection) -> None:
    """Write the built-in postcodes (approximate centroids, enough for the demonstration). Idempotent."""
    text = (files("waypost.places") / "data" / "postcodes.csv").read_text(encoding="utf-8")
    rows = [(line, *_built_in_row(entry)) for line, entry in enumerate(csv.DictReader(text.splitlines()), start=2)]
    async with connection.transaction():
        await connection.execute(CREATE_SQL)
        await _copy(connection, rows)
        await connection.execute(UPSERT_SQL)


async def import_postcodes(
    file: Path, connection: Connection, progress: Callable[[int], None] | None = None
) -> Imported:
    """Import an ONS Postcode Directory (CSV, about 2.7 million lines), in one transaction.

    `connection` is the owner's. `progress` is told after each batch how many lines have been read. Lines
    without coordinates are counted and skipped; faulty ones are counted, the first hundred described. The
    newest edition wins over the built-in set. Northern Irish postcodes have a licence of their own, which
    whoever imports must hold. Raises NotADirectory when columns are missing, UnicodeDecodeError or
    csv.Error when the file is not CSV in UTF-8, OSError when it cannot be read.
    """
    done = Imported()
    async with connection.transaction():
        await connection.execute(CREATE_SQL)
        async for batch in _batches(file, done):
            await _copy(connection, batch)
            if progress is not None:
                progress(done.read)
        done.written = int((await connection.execute(UPSERT_SQL)).split()[-1])
    return done


async def _copy(connection: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    await connection.copy_records_to_table("arriving_postcode", records=rows, columns=["line", *COLUMNS])


async def _batches(file: Path, done: Imported) -> AsyncIterator[list[tuple[object, ...]]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        names = onspd_columns(reader.fieldnames or ())
        batch: list[tuple[object, ...]] = []
        for entry in reader:
            done.read += 1
            row = onspd_row(entry, names, file.name)
            if isinstance(row, Refusal):
                done.fault(reader.line_num, row)
            elif row is None:
                done.without_coordinates += 1
            else:
                batch.append((reader.line_num, *row))
            if len(batch) == BATCH_ROWS:
                yield batch
                batch = []
        yield batch


def onspd_columns(header: Iterable[str]) -> dict[str, str]:
    """Map our columns to those of the file, whatever edition it is. Raises NotADirectory."""
    found: dict[str, str] = {}
    for name in sorted(header):
        for column, pattern in ONSPD_NAMES.items():
            if pattern.fullmatch(name.strip().lower()):
                found[column] = name
    missing = [column for column in REQUIRED if column not in found]
    if missing:
        wanted = ", ".join(ONSPD_NAMES[column].pattern for column in missing)
        raise NotADirectory(f"no column {wanted}: the first line must be the ONS Postcode Directory's")
    return found


def onspd_row(entry: Mapping[str, str | None], names: Mapping[str, str], source: str) -> Row | Refusal | None:
    """Read one line; None where the directory has no coordinates for it (latitude 99.999999)."""
    values = {column: (entry.get(name) or "").strip() for column, name in names.items()}
    code = normal_postcode(values["code"])
    if isinstance(code, Refusal):
        return code
    if values["latitude"].startswith(NO_LATITUDE):
        return None
    point = in_degrees(values["latitude"], values["longitude"])
    if isinstance(point, Refusal):
        return point
    rank = values.get("deprivation_rank", "")
    return (
        code,
        *point,
        NATIONS.get(values.get("nation", "")[:3]),
        values.get("district") or None,
        values.get("ward") or None,
        values.get("lsoa") or None,
        int(rank) if rank.isdecimal() and int(rank) > 0 else None,
        values.get("ended") or None,
        source,
    )


def _built_in_row(entry: Mapping[str, str]) -> Row:
    point = (float(entry["latitude"]), float(entry["longitude"]))
    return (entry["code"], *point, entry["nation"], None, None, None, None, None, BUILT_IN)

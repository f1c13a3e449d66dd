"""`waypost audit`: the trace as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from uuid import UUID

import pytest

from tests.cli.conftest import Waypost
from tests.http.stage import insert_tenant
from waypost.audit.exporting import COLUMNS
from waypost.db import Actor, City, Database, System, execute, new_id

SECRET = "=HYPERLINK(Ethelburga)"
CURATOR = Actor(UUID(int=11), "createPlace", "curator", UUID(int=12))
PLACE_SQL = """
INSERT INTO place (tenant_id, id, slug, name, kind, latitude, longitude, inside_area)
VALUES ($1, $2, $3, $4, 'library', 50.8, -0.1, true)
"""
EXPORT = ("audit", "export", "--tenant", "alpha")


@pytest.fixture(scope="module", autouse=True)
async def hall(database: Database) -> UUID:
    """A hall that somebody made in one city, one that a file made, and a city that has left with one of its own."""
    id = new_id()
    async with database.transaction(System("tenants")):
        alpha = await insert_tenant("alpha", "Alpha")
        gone = await insert_tenant("gone", "Gone", state="closed")
        await insert_tenant("empty", "Empty")
    async with database.transaction(City(alpha), CURATOR):
        await execute(PLACE_SQL, alpha, id, "hall", SECRET)
    async with database.transaction(City(alpha)):
        await execute(PLACE_SQL, alpha, new_id(), "filed", SECRET)
    async with database.transaction(City(gone), CURATOR):
        await execute(PLACE_SQL, gone, new_id(), "hall", SECRET)
    return id


def test_who_changed_what_is_written_as_csv_without_any_value(command: Waypost, hall: UUID) -> None:
    done = command(*EXPORT)
    assert done.exit_code == 0, done.output
    (line,) = csv.DictReader(io.StringIO(done.stdout))
    assert tuple(line) == COLUMNS
    assert (line["person"], line["role"], line["token"]) == (str(UUID(int=11)), "curator", str(UUID(int=12)))
    assert (line["act"], line["table"], line["row"], line["verb"]) == ("createPlace", "place", str(hall), "insert")
    assert {"id", "name", "slug", "latitude"} <= set(line["changed"].split())
    assert "Ethelburga" not in done.output


def test_it_goes_into_a_file(command: Waypost, tmp_path: Path) -> None:
    path = tmp_path / "audit.csv"
    done = command(*EXPORT, "--to", str(path))
    assert (done.exit_code, done.output) == (0, "")
    lines = path.read_bytes().split(b"\r\n")
    assert (len(lines), lines[0].decode(), lines[-1]) == (3, ",".join(COLUMNS), b"")
    assert command(*EXPORT, "--to", str(tmp_path / "no" / "audit.csv")).exit_code != 0


@pytest.mark.parametrize("arguments", [("--tenant", "empty"), ("--tenant", "alpha", "--since", "2999-01-01")])
def test_without_entries_there_is_only_the_heading(command: Waypost, arguments: tuple[str, ...]) -> None:
    done = command("audit", "export", *arguments)
    assert (done.exit_code, done.stdout) == (0, ",".join(COLUMNS) + "\n")  # the runner's newlines


def test_a_moment_before_lets_everything_through(command: Waypost) -> None:
    assert command(*EXPORT, "--since", "2001-01-01T12:00:00").stdout == command(*EXPORT).stdout


def test_a_city_that_has_left_still_answers_for_its_past(command: Waypost) -> None:
    done = command("audit", "export", "--tenant", "gone")
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 2


def test_what_is_not_said_clearly_is_refused(command: Waypost) -> None:
    nowhere = command("audit", "export", "--tenant", "nowhere")
    assert (nowhere.exit_code, nowhere.stdout) == (1, "")
    assert "there is no tenant nowhere; there are alpha" in nowhere.stderr
    assert command("audit", "export").exit_code == 2
    assert command(*EXPORT, "--since", "yesterday").exit_code == 2

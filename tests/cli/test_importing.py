from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Waypost

HEADER = "pcds,lat,long,doterm\n"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A small postcode directory, with one line that has no coordinates and one that is no postcode."""
    file = tmp_path / "onspd.csv"
    file.write_text(
        f"{HEADER}BN1 1GE,50.8251,-0.1385,\nPL4 8AA,50.3750,-4.1390,\nZZ1 1ZZ,99.999999,0.0,\n!,50.0,0.0,\n",
        encoding="utf-8",
    )
    return file


def test_a_postcode_directory_is_loaded_and_counted(command: Waypost, directory: Path) -> None:
    done = command("import", "postcodes", str(directory), "--json")
    assert done.exit_code == 0, done.output
    counts = json.loads(done.stdout)
    assert counts["read"] == 4
    assert counts["written"] == 2
    again = command("import", "postcodes", str(directory))
    assert "4 lines read, 0 postcodes new or changed" in again.stdout
    assert f"{directory}:5:" in again.stderr


def test_a_file_of_another_kind_is_refused(command: Waypost, tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    done = command("import", "postcodes", str(file))
    assert done.exit_code == 1
    assert "is no postcode directory" in done.stderr


def test_a_file_that_is_not_there_is_wrong_usage(command: Waypost, tmp_path: Path) -> None:
    assert command("import", "postcodes", str(tmp_path / "none.csv")).exit_code == 2

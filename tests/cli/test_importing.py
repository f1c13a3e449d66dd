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


@pytest.fixture
def wording(tmp_path: Path) -> Path:
    """A framework in a format of an installed plugin: made-up wording of one step."""
    file = tmp_path / "wording.csv"
    file.write_text("framework,skill,step,statement\n2.0,teamwork,7,Made up for this test\n", encoding="utf-8")
    return file


def test_a_framework_is_loaded_and_loaded_again(command: Waypost, wording: Path) -> None:
    done = command("import", "frameworks", str(wording), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["items"], told["problems"]) == (136, [])
    again = command("import", "frameworks", str(wording))
    assert again.stdout.startswith("Skills Builder Universal Framework 2.0: 136 items, 0 new, 1 changed, 0 retired;")


def test_a_framework_with_faults_is_refused_with_all_of_them(command: Waypost, wording: Path) -> None:
    wording.write_text("framework,skill,step,statement\n2.0,teamwork,99,x\n2.0,nothing,1,x\n", encoding="utf-8")
    done = command("import", "frameworks", str(wording))
    assert done.exit_code == 1
    assert f"{wording}: line 2, step: steps go from 0 to 15 (INVALID)" in done.stderr
    assert "line 3, skill" in done.stderr
    asked = command("import", "frameworks", str(wording), "--json")
    assert asked.exit_code == 1
    assert [each["place"] for each in json.loads(asked.stdout)["problems"]] == ["line 2, step", "line 3, skill"]


def test_what_cannot_be_fetched_or_read_is_named(command: Waypost, tmp_path: Path) -> None:
    file = tmp_path / "other.txt"
    file.write_text("nothing that anybody reads", encoding="utf-8")
    assert "FORMAT_UNKNOWN" in command("import", "frameworks", str(file)).stderr
    assert "TARGET_REFUSED" in command("import", "frameworks", "http://127.0.0.1:9/x").stderr
    assert command("import", "frameworks", str(tmp_path / "none.json")).exit_code == 2

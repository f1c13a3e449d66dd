"""`waypost tenants` as people and scripts use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.tenancy.country import BADGE, CLUB, Folders
from waypost.cli.main import waypost


class Command:
    """Runs `waypost tenants …` over folders, and a database where one is needed."""

    def __init__(self, folders: Folders, url: str = "") -> None:
        self.folders = folders
        self.settings = {
            "WAYPOST_TENANTS_DIR": str(folders.directory),
            "WAYPOST_DATA_DIR": str(folders.directory.parent / "data"),
            "WAYPOST_DATABASE_URL": url,
            "WAYPOST_SECRET_KEY": "a key for tests alone",
            "WAYPOST_PLUGINS": "",
        }

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(waypost, ["tenants", *arguments], env=self.settings, prog_name="waypost")


@pytest.fixture
def command(folders: Folders) -> Command:
    """Without a database."""
    return Command(folders)


@pytest.fixture
def on_database(folders: Folders, app_url: str) -> Command:
    """Over this module's database."""
    return Command(folders, app_url)


def test_check_names_every_fault_and_ends_with_one(command: Command) -> None:
    command.folders.city("brighton", "colour = 1\n")
    command.folders.city("plymouth", catalogue=CLUB + BADGE.format(slug="smart").replace('"engage"', '"engaged"'))
    done = command("check")
    assert done.exit_code == 1
    assert [line.partition("/tenants/")[2] for line in done.stdout.splitlines()] == [
        (
            'brighton/tenant.toml:7: colour: unknown key "colour"; known here: area, contact_url, example, files, '
            "formerly, graph, groups, hosts, kind, languages, licence, look, name, nation, origins, plugins, "
            "retention_days, review, sign_in, standard, timezone"
        ),
        (
            'plymouth/catalogue/all.toml:15: badges[0].layer: unknown layer "engaged"; the standard rsa-2019 has '
            "engage, participate, demonstrate, lead"
        ),
    ]
    assert done.stderr == "2 tenants: 2 faults\n"
    told = json.loads(command("check", "--json").stdout)
    assert told["notices"] == []
    assert told["faults"][1] | {"file": ""} == {
        "file": "",
        "line": 15,
        "column": None,
        "key": "badges[0].layer",
        "words": 'unknown layer "engaged"; the standard rsa-2019 has engage, participate, demonstrate, lead',
        "notice": False,
    }


def test_check_is_content_with_good_files(command: Command) -> None:
    command.folders.city("brighton")
    done = command("check")
    assert (done.exit_code, done.stdout) == (0, "1 tenant: no fault\n")


def test_new_makes_a_folder_that_check_accepts(command: Command) -> None:
    assert command("new", "hull").exit_code == 2, "a city has a place"
    done = command("new", "hull", "--latitude", "53.74", "--longitude", "-0.33", "--language", "en")
    assert done.exit_code == 0, done.output
    assert command("new", "tuc", "--kind", "network", "--name", "TUC").exit_code == 0
    assert command("check").exit_code == 0
    again = command("new", "tuc", "--kind", "network")
    assert again.exit_code == 1
    assert "is there already" in again.stderr
    assert "reserved" in command("new", "graphql", "--kind", "network").stderr
    assert command("new", "hull", "--kind", "town").exit_code == 2


def test_apply_list_and_export_tell_one_story(on_database: Command, tmp_path: Path) -> None:
    folders = on_database.folders
    folders.city("brighton", catalogue=CLUB + BADGE.format(slug="smart"))
    foreseen = on_database("apply", "--dry-run")
    assert foreseen.exit_code == 0, foreseen.output
    assert foreseen.stdout.splitlines()[-1] == "Would be: 4 created. Nothing was changed (--dry-run)."
    assert "There are no tenants yet" in on_database("list").stdout
    done = on_database("apply")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "organisations/club created",
        "brighton badges/smart created",
        "brighton issuers/club created",
        "brighton tenant/brighton created",
        "Applied: 4 created.",
    ]
    assert on_database("apply").stdout == "No change: the database says what the files say.\n"
    assert json.loads(on_database("apply", "--json").stdout)["changes"] == []
    assert on_database("list").stdout == "brighton  Brighton  city  open\n"
    assert json.loads(on_database("list", "--json").stdout)[0]["slug"] == "brighton"

    refused = on_database("export", "brighton")
    assert refused.exit_code == 1
    assert "is there already" in refused.stderr
    assert on_database("export", "nowhere").exit_code == 1
    out = on_database("export", "brighton", "--to", str(tmp_path / "out"))
    assert out.exit_code == 0, out.output
    assert (tmp_path / "out/brighton/catalogue/all.toml").is_file()
    folders.write("brighton/catalogue/stale.toml", BADGE.format(slug="smart"))
    assert on_database("export", "brighton", "--force").exit_code == 0
    assert on_database("check").exit_code == 0
    assert on_database("apply").stdout == "No change: the database says what the files say.\n"


def test_apply_refuses_wrong_files_before_it_asks_for_a_database(command: Command) -> None:
    command.folders.city("brighton", "colour = 1\n")
    done = command("apply")
    assert done.exit_code == 1
    assert "tenant.toml:7: colour" in done.stderr
    assert done.stderr.endswith("Nothing was changed.\n")
    assert len(json.loads(command("apply", "--json").stdout)["faults"]) == 1
    assert not (command.folders.directory.parent / "data").exists()


def test_apply_asks_the_database_whether_a_plugin_was_here(on_database: Command) -> None:
    on_database.folders.city("bude", "[plugins.tides]\n")
    done = on_database("apply")
    assert done.exit_code == 1
    assert 'no plugin "tides" is installed' in done.stderr
    told = json.loads(on_database("apply", "--json").stdout)
    assert [fault["key"] for fault in told["faults"]] == ["plugins.tides"]

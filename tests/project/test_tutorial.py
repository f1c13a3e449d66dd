"""The tutorial says what `waypost plugins new` writes, and that works as a partner would try it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.project.documents import ROOT
from tests.project.partner import Partner, lines, shown
from waypost.cli.faults import Refused
from waypost.cli.scaffold import plugin_files, prefix_of, write_plugin
from waypost.graph.pages import camel

TUTORIAL = ROOT / "docs" / "tutorial.md"
WRITTEN = plugin_files("tally", "Tally", "tally")
PLUGIN = ("waypost_tally/waypost-plugin.toml", "waypost_tally/migrations/0001_counts.sql", "waypost_tally/plugin.py")


@pytest.mark.parametrize("path", [*PLUGIN, "tests/test_tally.py"])
def test_the_tutorial_shows_the_files_as_they_are_written(path: str) -> None:
    assert shown(TUTORIAL, path)
    assert [part for part in shown(TUTORIAL, path) if part not in WRITTEN[path]] == []


@pytest.mark.parametrize("path", PLUGIN)
def test_the_tutorial_leaves_no_line_out(path: str) -> None:
    assert lines("".join(shown(TUTORIAL, path))) == lines(WRITTEN[path])


def test_the_plugin_has_fewer_than_a_hundred_lines() -> None:
    assert sum(len(lines(WRITTEN[path])) for path in PLUGIN) < 100


def test_a_partner_s_plugin_works_in_a_folder_of_its_own(tmp_path: Path) -> None:
    partner = Partner(tmp_path, "high_tides")
    partner.new("high_tides", "--title", "Tides & more")
    partner.install(editable=True)
    assert "Tides & more" in partner.waypost("plugins", "check")
    assert "9 passed" in partner.test()


@pytest.mark.parametrize(
    ("name", "title", "prefix"),
    [
        ("Tides", "Tides", "tides"),
        ("tides; rm", "Tides", "tides"),
        ("t" * 41, "Tides", "tides"),
        ("tides", "Tides", "Tides"),
        ("tides", "Tides", "ti_des"),
        ("tides", "", "tides"),
        ("tides", 'The "Tides"', "tides"),
        ("tides", "Two\nlines", "tides"),
        ("tides", "Rubbed\x7fout", "tides"),
    ],
)
def test_what_no_plugin_may_be_called_is_refused(name: str, title: str, prefix: str) -> None:
    with pytest.raises(Refused):
        plugin_files(name, title, prefix)


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        write_plugin(tmp_path, {"README.md": "mine"})
    assert list(tmp_path.iterdir()) == []


def test_a_prefix_is_made_of_the_name() -> None:
    assert [prefix_of(name) for name in ("tides", "badge_nation", "open_referral_uk")] == [
        "tides",
        "badgeNation",
        "openReferralUk",
    ]


@pytest.mark.parametrize("prefix", ["tides", "badgeNation", "badgeUK", "lMI", "tide2Go", "tide2go"])
def test_the_field_that_is_announced_is_the_one_that_is_declared(prefix: str) -> None:
    written = plugin_files("tides", "Tides", prefix)
    (declared,) = re.findall(r"    (\w+_count): ", written["waypost_tides/plugin.py"])
    assert f'"field:Badge.{camel(declared)}"' in written["waypost_tides/waypost-plugin.toml"]

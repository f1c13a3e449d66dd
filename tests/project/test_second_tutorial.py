"""The second tutorial's plugin works as a partner would try it: its files are those of the page, and nothing else."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Final

import pytest

from tests.project.documents import ROOT, blocks
from tests.project.partner import Partner, run, shown

TUTORIAL: Final = ROOT / "docs" / "tutorial-2.md"
NAME: Final = "prize_day"
MOST_LINES: Final = 160
WRITTEN_ANEW: Final = "waypost_prize_day/migrations/0001_counts.sql"
# Puts the letter together as the worker would, without a mail server: all of its templates are there and fit.
COMPOSED: Final = """
from datetime import UTC, datetime
from uuid import UUID
from waypost.outbox import Addressed, Letter
from waypost.outbox.composing import Envelope, compose_letter
from waypost_prize_day import telling

to = Addressed("ada@example.org", "cy", {"badge": "Film", "hall": "Town Hall", "day": "07/12/2026"})
envelope = Envelope("no-reply@example.org", UUID(int=1), "example.org", datetime.now(UTC))
message = compose_letter(Letter(telling.LETTER, telling.invitation), to, envelope)
print(message["Subject"], *[part.get_content() for part in message.iter_parts()])
"""


def paths() -> list[str]:
    """The files that the page shows, in order."""
    parts = [block.marker.removeprefix("part of: ") for block in blocks(TUTORIAL) if block.marker.startswith("part of")]
    return list(dict.fromkeys(parts))


def whole(path: str) -> str:
    return "\n\n".join(shown(TUTORIAL, path))


@pytest.fixture(scope="module")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Partner:
    """Somebody who did what the page says, and has the plugin installed as a wheel."""
    partner = Partner(tmp_path_factory.mktemp("partner"), NAME)
    partner.new(NAME)
    (partner.folder / WRITTEN_ANEW).unlink()
    for path in paths():
        partner.write(path, whole(path))
    partner.install(editable=False)
    return partner


def test_the_plugin_is_installed_with_all_that_it_needs(partner: Partner) -> None:
    assert "Prize days" in partner.waypost("plugins", "check")
    assert [path for path in paths() if path.startswith("waypost_") and not (partner.packages / path).is_file()] == []


def test_the_plugin_s_own_tests_pass(partner: Partner) -> None:
    assert "11 passed" in partner.test()


def test_it_can_be_tried_in_a_tenant_of_one_s_own(partner: Partner, tmp_path: Path) -> None:
    """As partners.md says, without the demonstration tenants and what they need."""
    mine = {"WAYPOST_TENANTS_DIR": str(tmp_path)}
    partner.waypost("tenants", "new", "littleton", "--latitude", "50.8", "--longitude", "-1.3", **mine)
    with (tmp_path / "littleton" / "tenant.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[plugins.{NAME}]\ndays_before = 14\n")
    assert "no fault" in partner.waypost("tenants", "check", **mine)


def test_the_letter_can_be_written(partner: Partner) -> None:
    said = run(str(partner.python), "-c", COMPOSED, folder=partner.packages)
    assert "Film is celebrated on 07/12/2026" in said
    assert said.count("Celebrate it with the others on 07/12/2026: Town Hall.") == 2


def test_the_manifest_is_the_plugin_s_own() -> None:
    assert tomllib.loads(whole("waypost_prize_day/waypost-plugin.toml"))["name"] == NAME


def test_it_is_not_long() -> None:
    modules = [path for path in paths() if path.startswith("waypost_") and path.endswith(".py")]
    assert sum(_count(whole(path)) for path in modules) < MOST_LINES


def _count(source: str) -> int:
    """How many lines of code there are, imports and descriptions left out."""
    left_out = set[int]()
    for each in ast.walk(ast.parse(source)):
        text = isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
        if isinstance(each, ast.Import | ast.ImportFrom) or text:
            assert isinstance(each, ast.stmt)
            left_out |= set(range(each.lineno, (each.end_lineno or each.lineno) + 1))
    return sum(bool(line.strip()) for number, line in enumerate(source.splitlines(), 1) if number not in left_out)

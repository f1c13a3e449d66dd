"""Placements in a city's files: checked with file and line, applied once, exported as they stand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from waypost.badges.lending import BORROWINGS
from waypost.db import City as CityScope
from waypost.db import Database, fetch
from waypost.issuers.files import ISSUERS
from waypost.issuers.organisation_files import ORGANISATIONS
from waypost.opportunities.files import OPPORTUNITIES
from waypost.plugins import Plugins
from waypost.standards.reference import built_in
from waypost.tenancy import load_directory
from waypost.tenancy.applying import apply
from waypost.tenancy.checks import survey
from waypost.tenancy.country import Known, Survey
from waypost.tenancy.exporting import export_tenant

TENANT = """
name = "Bath"
kind = "network"
languages = ["en"]
timezone = "Europe/London"
standard = "rsa-2019"
[plugins.kickstart]
"""
JOB = """
[[organisations]]
slug = "spa"
name = "Spa"
kind = "charity"
[[issuers]]
slug = "spa"
organisation = "spa"
name = "Spa"
roles = ["provides"]
[[opportunities]]
slug = "attendant"
title = "Attendant"
summary = "Six months at the spa."
kind = "JOB"
provider = "spa"
online = true
starts_at = 2021-11-01T09:00:00
[opportunities.kickstart]
work_nation = "england"
hours_per_week = 25
pays_minimum_wage = true
new_job = true
"""
PLACED = """
SELECT p.hours_per_week, p.public, s.starts_on::text AS starts_on, s.facts ->> 'months' AS months
FROM plugin_kickstart.kickstart_placement p JOIN opportunity_scheme s
    ON s.tenant_id = p.tenant_id AND s.opportunity_id = p.opportunity_id AND s.scheme = 'kickstart'
"""


@pytest.fixture
def known(plugins: Plugins) -> Known:
    """What files may speak of."""
    standards, _ = built_in()
    layers = {one.code: tuple(layer.code for layer in one.layers) for one in standards}
    return Known((ISSUERS, OPPORTUNITIES), (ORGANISATIONS,), layers, plugins.catalogue_plugins())


def written(folder: Path, known: Known, catalogue: str) -> Survey:
    (folder / "tenants/bath/catalogue").mkdir(parents=True, exist_ok=True)
    (folder / "tenants/bath/tenant.toml").write_text(TENANT, encoding="utf-8")
    (folder / "tenants/bath/catalogue/jobs.toml").write_text(catalogue, encoding="utf-8")
    return survey(folder / "tenants", known)


async def test_a_placement_of_a_file_is_applied_once_and_goes_when_it_leaves(
    tmp_path: Path, known: Known, database: Database
) -> None:
    async def changes(catalogue: str) -> list[str]:
        read = written(tmp_path, known, catalogue)
        assert read.faults == ()
        return [str(one) for one in (await apply(database, read, BORROWINGS, now=datetime.now(UTC))).changes]

    async def stored() -> list[dict[str, object]]:
        bath = (await load_directory(database)).by_slug("bath")
        assert bath is not None
        async with database.transaction(CityScope(bath.id)):
            return [dict(row) for row in await fetch(PLACED)]

    assert await changes(JOB)
    assert await changes(JOB) == []
    assert await stored() == [{"hours_per_week": 25, "public": True, "starts_on": "2021-11-01", "months": "6"}]
    exported = await export_tenant(database, known, "bath")
    assert exported is not None
    assert "[opportunities.kickstart]" in exported["catalogue/jobs.toml"]
    assert await changes(JOB.replace("hours_per_week = 25", "hours_per_week = 30.5"))
    assert [row["hours_per_week"] for row in await stored()] == [30.5]
    without = JOB.partition("[opportunities.kickstart]")[0]
    assert await changes(without)
    assert await stored() == []
    assert await changes(without) == []


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"england"', '"france"', "kickstart.work_nation"),
        ("hours_per_week = 25", "hours_per_week = 25.3", "kickstart.hours_per_week"),
        ("hours_per_week = 25", "hours = 25", 'unknown key "hours"'),
        ("new_job = true", 'new_job = "yes"', "must be true or false"),
        ("new_job = true", "", "kickstart.new_job: is missing"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(
    tmp_path: Path, known: Known, before: str, after: str, words: str
) -> None:
    faults = [str(fault) for fault in written(tmp_path, known, JOB.replace(before, after)).faults]
    found = [fault for fault in faults if words in fault]
    assert found, faults
    assert "bath/catalogue/jobs.toml:" in found[0]

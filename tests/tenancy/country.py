"""A country of tenants' folders to tell stories with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import RootModel, StrictInt

from waypost.badges.files import BADGES
from waypost.badges.lending import BORROWINGS
from waypost.db import City, Database, System, fetch
from waypost.issuers.files import ISSUERS
from waypost.issuers.organisation_files import ORGANISATIONS
from waypost.opportunities.files import OPPORTUNITIES
from waypost.pathways.files import PATHWAYS
from waypost.places.files import PLACES
from waypost.schemes.files import SCHEMES
from waypost.standards.reference import built_in
from waypost.tenancy import CatalogueSection, Directory, InstalledPlugin, Problem, Tenant, load_directory
from waypost.tenancy.applying import apply
from waypost.tenancy.checks import survey
from waypost.tenancy.country import Known, Survey
from waypost.tenancy.exporting import export_tenant
from waypost.tenancy.report import Report

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)

TENANT = """\
name = "{name}"
kind = "{kind}"
languages = ["en", "cy"]
timezone = "Europe/London"
standard = "rsa-2019"
"""
AREA = 'area = "area.geojson"\n'
SQUARE = """\
{"type": "Polygon",
 "coordinates": [[[-1, 50], [0, 50],
                  [0, 51], [-1, 51], [-1, 50]]]}
"""
CLUB = """\
[[organisations]]
slug = "club"
name = "Club"
kind = "club"

[[issuers]]
slug = "club"
organisation = "club"
name = "Club"
roles = ["issues", "provides"]
"""
BADGE = """\
[[badges]]
slug = "{slug}"
name = "{slug}"
description = "Earners of this badge have come along."
layer = "engage"
issuer = "club"
[[badges.criteria]]
text = "Came along."
[[badges.criteria]]
text = "Stayed."
"""
WORKSHOP = """\
[[opportunities]]
slug = "{slug}"
title = "{slug}"
summary = "Make something."
kind = "WORKSHOP"
provider = "club"
latitude = 50.5
longitude = -0.5
"""
PATHWAY = """\
[[pathways]]
slug = "{slug}"
name = "{slug}"
description = "Somewhere."
issuer = "club"
[[pathways.steps]]
key = "first"
title = "First"
"""


class Steps(RootModel[dict[str, StrictInt]]):
    """What the section of the plugin in these tests holds."""


@dataclass
class Shelf:
    """A plugin's store that forgets at the end of the test: `[badges.essential]`."""

    values: dict[tuple[UUID, UUID], Steps] = field(default_factory=dict)

    async def write(self, tenant: UUID, badge: UUID, value: Steps | None) -> bool:
        before = self.values.get((tenant, badge))
        if value is None:
            self.values.pop((tenant, badge), None)
        else:
            self.values[tenant, badge] = value
        return before != value

    async def read(self, tenant: UUID) -> Mapping[UUID, Steps]:
        return {badge: value for (owner, badge), value in self.values.items() if owner == tenant}

    def plugin(self) -> InstalledPlugin:
        section = CatalogueSection("badges", "essential", Steps, self.write, self.read, _check_steps)
        return InstalledPlugin("skills_builder", (section,), _check_settings)


def _check_steps(value: Steps, settings: Mapping[str, Any]) -> Iterable[Problem]:
    most = settings.get("steps", 15)
    return [Problem((skill,), f"at most {most}") for skill, step in value.root.items() if step > most]


def _check_settings(settings: Mapping[str, Any]) -> Iterable[Problem]:
    known = {"framework", "steps"}
    return [Problem((key,), "unknown setting") for key in settings if key not in known]


def known(plugins: Sequence[InstalledPlugin] = (), hosts: Iterable[str] = ()) -> Known:
    """What the files of a test may speak of."""
    standards, _ = built_in()
    return Known(
        kinds=(PLACES, ISSUERS, BADGES, SCHEMES, OPPORTUNITIES, PATHWAYS),
        shared=(ORGANISATIONS,),
        standards={one.code: tuple(layer.code for layer in one.layers) for one in standards},
        plugins=tuple(plugins),
        hosts=frozenset(hosts),
    )


class Folders:
    """Tenants' folders under a directory called `tenants`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "tenants"
        self.directory.mkdir()
        self.known = known()

    def write(self, path: str, text: str) -> None:
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.directory / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {path}"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def city(self, slug: str, more: str = "", *, catalogue: str | None = CLUB) -> None:
        self.write(f"{slug}/tenant.toml", TENANT.format(name=slug.title(), kind="city") + AREA + more)
        self.write(f"{slug}/area.geojson", SQUARE)
        if catalogue is not None:
            self.write(f"{slug}/catalogue/all.toml", catalogue)

    def network(self, slug: str, more: str = "", *, catalogue: str | None = None) -> None:
        self.write(f"{slug}/tenant.toml", TENANT.format(name=slug.title(), kind="network") + more)
        if catalogue is not None:
            self.write(f"{slug}/catalogue/all.toml", catalogue)

    def plug(self, *plugins: InstalledPlugin, hosts: Iterable[str] = ()) -> None:
        self.known = known(plugins, hosts)

    def survey(self) -> Survey:
        return survey(self.directory, self.known)

    def faults(self) -> list[str]:
        """The faults as people see them, from `tenants/` on."""
        return [self._short(str(fault)) for fault in self.survey().faults]

    def notices(self) -> list[str]:
        return [self._short(str(notice)) for notice in self.survey().notices]

    def _short(self, text: str) -> str:
        return re.sub(rf"{re.escape(str(self.directory.parent))}/", "", text)


class World(Folders):
    """Folders beside a database that they are applied to."""

    def __init__(self, directory: Path, database: Database) -> None:
        super().__init__(directory)
        self.database = database
        self.now = NOW

    async def apply(self, *, dry_run: bool = False) -> Report:
        return await apply(self.database, self.survey(), BORROWINGS, now=self.now, dry_run=dry_run)

    async def changes(self, *, dry_run: bool = False) -> list[str]:
        return [str(change) for change in (await self.apply(dry_run=dry_run)).changes]

    async def directory_now(self) -> Directory:
        return await load_directory(self.database)

    async def tenant(self, slug: str) -> Tenant:
        tenant = (await self.directory_now()).by_slug(slug)
        assert tenant is not None, slug
        return tenant

    async def rows(self, slug: str, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Rows of one city; `$1` is its id."""
        tenant = await self.tenant(slug)
        async with self.database.transaction(City(tenant.id)):
            return [dict(row) for row in await fetch(sql, tenant.id, *args)]

    async def row(self, slug: str, table: str, entry: str) -> dict[str, Any]:
        """The row of one entry."""
        rows = await self.rows(slug, f"SELECT * FROM {table} WHERE tenant_id = $1 AND slug = $2", entry)
        assert len(rows) == 1, f"{table} {entry}: {len(rows)} rows"
        return rows[0]

    async def platform(self, sql: str, *args: Any) -> list[dict[str, Any]]:
        """Rows of the directories."""
        async with self.database.transaction(System("tests")):
            return [dict(row) for row in await fetch(sql, *args)]

    async def export(self, slug: str) -> dict[str, str]:
        files = await export_tenant(self.database, self.known, slug)
        assert files is not None
        return files

    def replace(self, slug: str, files: Mapping[str, str]) -> None:
        """Put other files in the place of a tenant's."""
        for old in sorted((self.directory / slug).rglob("*"), reverse=True):
            if old.is_file():
                old.unlink()
        for name, text in files.items():
            self.write(f"{slug}/{name}", text)


def with_problem(plugin: InstalledPlugin, problem: str) -> InstalledPlugin:
    """The same plugin, left out."""
    return replace(plugin, sections=(), problem=problem)


WITH_PLUGIN = '[plugins.skills_builder]\nframework = "2.0"\n'
WITH_SECTION = CLUB + BADGE.format(slug="smart") + "[badges.essential]\ncreativity = 5\n"
START = CLUB.count("\n") + 1  # the line on which a test's own entries begin


def told(folders: Folders, entries: str) -> list[str]:
    """The faults of a catalogue with the club and these entries, from the line number of the entries on."""
    folders.city("brighton", catalogue=CLUB + entries)
    prefix = "tenants/brighton/catalogue/all.toml:"
    faults = []
    for fault in folders.faults():
        assert fault.startswith(prefix), fault
        line, _, rest = fault.removeprefix(prefix).partition(": ")
        faults.append(f"{int(line) - START + 1}: {rest}")
    return faults


def badge(more: str) -> str:
    """A badge whose sixth line is `more`."""
    head, _, tail = BADGE.format(slug="smart").partition("[[badges.criteria]]")
    return f"{head}{more}\n[[badges.criteria]]{tail}"


def workshop(more: str) -> str:
    """An opportunity whose ninth line is `more`."""
    return WORKSHOP.format(slug="lab") + more + "\n"

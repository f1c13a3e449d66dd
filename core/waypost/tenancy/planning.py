"""What applying one tenant's files would change: the files compared with the rows that are there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel

from waypost.db import fetch
from waypost.tenancy.catalogue import CatalogueKind, Placed, Stored
from waypost.tenancy.country import Country, Folder, Known
from waypost.tenancy.entries import FILES
from waypost.tenancy.faults import Fault
from waypost.tenancy.report import Act, Change
from waypost.tenancy.sections import CatalogueSection, Problem

SETTINGS_SQL: Final = "SELECT plugin, settings::text AS settings FROM plugin_setting WHERE tenant_id = $1"
FORMER_SQL: Final = """
SELECT slug, object_id FROM former_slug WHERE tenant_id = $1 AND object_type = $2 AND slug = ANY($3)
"""


@dataclass(frozen=True)
class Taken:
    """A row that has a slug, whoever keeps it."""

    id: UUID
    managed_by: str
    source_id: str | None


@dataclass(frozen=True)
class Rows:
    """A tenant's rows as far as its files are concerned; empty for a tenant that is still to come.

    `stored` are rows of files by kind and slug, `taken` rows of any keeper that have a slug of the files,
    `former` slugs that something else had, `sections` plugins' values by kind, section and row.
    """

    stored: Mapping[str, Mapping[str, Stored[Any]]] = field(default_factory=dict)
    taken: Mapping[str, Mapping[str, Taken]] = field(default_factory=dict)
    former: Mapping[str, Mapping[str, UUID]] = field(default_factory=dict)
    sections: Mapping[tuple[str, str], Mapping[UUID, BaseModel]] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class EntryPlan:
    """What becomes of one entry: `placed` is written, or the row `id` is closed.

    `lent` is what borrowers will see of it.
    """

    kind: CatalogueKind[Any]
    slug: str
    act: Act
    keys: tuple[str, ...] = ()
    placed: Placed[Any] | None = None
    id: UUID | None = None
    lent: Mapping[str, object] = field(default_factory=dict)

    def change(self, tenant: str) -> Change:
        """The plan as a line of the report."""
        return Change(tenant, self.kind.name, self.slug, self.act, self.keys)


@dataclass(frozen=True)
class FolderPlan:
    """What becomes of one tenant's own rows, and why some of it cannot be."""

    folder: Folder
    settings: tuple[Change, ...]
    entries: tuple[EntryPlan, ...]
    faults: tuple[Fault, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """Everything that becomes different."""
        return (*self.settings, *(entry.change(self.folder.slug) for entry in self.entries))


async def read_rows(folder: Folder, known: Known, tenant_id: UUID, names: Mapping[UUID, str]) -> Rows:
    """Read what the files are compared with, in the tenant's City transaction.

    `names` are those of other tenants' objects, by id.
    """
    stored = {kind.name: await kind.read(tenant_id, (FILES,), names) for kind in known.kinds}
    sections = {}
    for plugin, section in folder.sections(known):
        with section.blamed(plugin.name, folder.slug):
            sections[plugin.name, section.name] = await section.read(tenant_id)
    settings = await fetch(SETTINGS_SQL, tenant_id)
    return Rows(
        stored=stored,
        taken={kind.name: await _taken(kind, folder, tenant_id) for kind in known.kinds},
        former={kind.name: await _former(kind, folder, tenant_id) for kind in known.kinds},
        sections=sections,
        settings={row["plugin"]: json.loads(row["settings"]) for row in settings},
    )


async def _taken(kind: CatalogueKind[Any], folder: Folder, tenant_id: UUID) -> dict[str, Taken]:
    table = kind.table._meta.get_formatted_tablename()
    sql = f"SELECT slug, id, managed_by, source_id FROM {table} WHERE tenant_id = $1 AND slug = ANY($2)"
    rows = await fetch(sql, tenant_id, [placed.slug for placed in folder.placed(kind.name)])
    return {row["slug"]: Taken(row["id"], row["managed_by"], row["source_id"]) for row in rows}


async def _former(kind: CatalogueKind[Any], folder: Folder, tenant_id: UUID) -> dict[str, UUID]:
    slugs = [placed.slug for placed in folder.placed(kind.name)]
    rows = await fetch(FORMER_SQL, tenant_id, kind.table.__name__, slugs)
    return {row["slug"]: row["object_id"] for row in rows}


def plan_folder(folder: Folder, country: Country, known: Known, rows: Rows) -> FolderPlan:
    """Compare a tenant's files with its rows. Decides only: nothing is read or written."""
    settings = tuple(_plan_settings(folder, known, rows))
    renewed = {change.slug for change in settings}
    entries: list[EntryPlan] = []
    faults: list[Fault] = []
    for kind in known.kinds:
        for placed in folder.placed(kind.name):
            plan = _plan_entry(kind, placed, folder, country, rows)
            if isinstance(plan, Fault):
                faults.append(plan)
                continue
            keys = tuple(_section_keys(kind, placed, folder, known, rows, renewed))
            entries += _with_sections(plan, keys, kind, placed, folder)
        if not folder.settings.seeds:
            entries += _plan_removals(kind, folder, rows)
    return FolderPlan(folder, settings, tuple(entries), tuple(faults))


def _plan_settings(folder: Folder, known: Known, rows: Rows) -> Iterator[Change]:
    for plugin, settings in folder.settings.plugins.items():
        if known.plugin(plugin) is None:
            continue  # uninstalled: nobody can check them, and what it keeps stays
        there = rows.settings.get(plugin)
        if there is None:
            yield Change(folder.slug, "settings", plugin, "created")
        elif there != settings and not folder.settings.seeds:
            keys = sorted(key for key in {**there, **settings} if there.get(key) != settings.get(key))
            yield Change(folder.slug, "settings", plugin, "changed", tuple(keys))


def _plan_entry(
    kind: CatalogueKind[Any], placed: Placed[Any], folder: Folder, country: Country, rows: Rows
) -> EntryPlan | Fault | None:
    """What becomes of an entry without its sections; None where nothing does."""
    stored = rows.stored.get(kind.name, {}).get(placed.slug)
    if stored is None:
        taken = rows.taken.get(kind.name, {}).get(placed.slug)
        if taken is not None:
            return None if folder.settings.seeds else _taken_fault(kind, placed, taken)
        if placed.slug in rows.former.get(kind.name, {}):
            words = f'"{placed.slug}" was the slug of another {kind.word} here, and old addresses lead to it'
            return placed.fault(Problem(("slug",), words))
        return EntryPlan(kind, placed.slug, "created", (), placed)
    if folder.settings.seeds:
        return None
    keys = kind.differences(placed.entry, stored, folder, country)
    if stored.source != placed.source:
        keys.append("file")
    if not keys:
        return None
    reopened = stored.closed and not kind.closed(placed.entry)
    shown = tuple(key for key in keys if not (reopened and key == "state"))
    return EntryPlan(kind, placed.slug, "reopened" if reopened else "changed", shown, placed)


def _taken_fault(kind: CatalogueKind[Any], placed: Placed[Any], taken: Taken) -> Fault:
    source = f" ({taken.source_id})" if taken.source_id else ""
    words = (
        f'"{placed.slug}" is already a {kind.word} here that is kept by {taken.managed_by}{source}: choose another slug'
    )
    return placed.fault(Problem(("slug",), words))


def _section_keys(
    kind: CatalogueKind[Any],
    placed: Placed[Any],
    folder: Folder,
    known: Known,
    rows: Rows,
    renewed: Iterable[str],
) -> Iterator[str]:
    """The sections of an entry that differ; all of a plugin's where its settings do, which they may follow."""
    stored = rows.stored.get(kind.name, {}).get(placed.slug)
    if stored is None or folder.settings.seeds:
        return
    for plugin, section in sections_of(kind, folder, known):
        value = placed.sections.get((plugin, section.name))
        there = rows.sections.get((plugin, section.name), {}).get(stored.id)
        if value != there or (plugin in renewed and value is not None):
            yield section.name


def sections_of(kind: CatalogueKind[Any], folder: Folder, known: Known) -> Iterator[tuple[str, CatalogueSection]]:
    """The sections that entries of a kind may have here, each with its plugin's name."""
    for plugin, section in folder.sections(known):
        if section.kind == kind.name:
            yield plugin.name, section


def _with_sections(
    plan: EntryPlan | None, keys: tuple[str, ...], kind: CatalogueKind[Any], placed: Placed[Any], folder: Folder
) -> Iterator[EntryPlan]:
    """The plan of an entry together with its sections'."""
    if plan is None and not keys:
        return
    lent = kind.lent(placed.entry, folder)
    if plan is None:
        yield EntryPlan(kind, placed.slug, "changed", keys, placed, lent=lent)
    else:
        yield replace(plan, keys=(*plan.keys, *keys), lent=lent)


def _plan_removals(kind: CatalogueKind[Any], folder: Folder, rows: Rows) -> Iterator[EntryPlan]:
    mine = {placed.slug for placed in folder.placed(kind.name)}
    for slug, stored in rows.stored.get(kind.name, {}).items():
        if slug not in mine and not stored.closed:
            yield EntryPlan(kind, slug, "closed", (), None, stored.id)

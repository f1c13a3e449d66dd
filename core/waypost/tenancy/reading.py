"""Reads the tenants' folders, and says of every file and entry what keeps it from being read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from waypost.tenancy.area import read_area
from waypost.tenancy.catalogue import Placed
from waypost.tenancy.country import AnyKind, Country, Folder, Known
from waypost.tenancy.documents import Document, Unreadable, read_toml
from waypost.tenancy.faults import Fault, listed, perhaps
from waypost.tenancy.models import TenantFile
from waypost.tenancy.outline import Area
from waypost.tenancy.sections import CatalogueSection, InstalledPlugin, Keys, Problem
from waypost.tenancy.words import described, read_as

TENANT_FILE: Final = "tenant.toml"
USUAL_AREA: Final = "area.geojson"
CATALOGUE: Final = "catalogue"
_HIDDEN: Final = (".", "_", "~")


@dataclass
class _Reader:
    """One reading of all folders: what the files may speak of, and the faults found so far."""

    known: Known
    faults: list[Fault] = field(default_factory=list)


def read_country(directory: Path, known: Known) -> tuple[Country, tuple[Fault, ...]]:
    """Read every folder of the tenants' directory; answers the country and what is wrong (notices too)."""
    reader = _Reader(known)
    if not directory.is_dir():
        return Country(), (Fault(str(directory), 1, None, "", "there is no such folder of tenants"),)
    try:
        paths = sorted(path for path in directory.iterdir() if _is_read(path) and path.is_dir())
    except OSError as error:
        return Country(), (Fault(str(directory), 1, None, "", f"cannot be read: {error.strerror}"),)
    folders = {path.name: _read_folder(reader, path) for path in paths}
    if not folders:
        words = "there is no tenant in this folder; `waypost tenants new` makes one"
        reader.faults.append(Fault(str(directory), 1, None, "", words))
    return Country(folders, known.standards), tuple(reader.faults)


def _is_read(path: Path) -> bool:
    return not path.name.startswith(_HIDDEN)


def _read_folder(reader: _Reader, path: Path) -> Folder:
    file = str(path / TENANT_FILE)
    whole, document, tenant = True, None, None
    try:
        document = read_toml(path / TENANT_FILE, file)
    except Unreadable as error:
        reader.faults.append(error.fault)
    if document is not None:
        tenant = _read_tenant(reader, document)
    area, area_faults = _read_area(path, document, tenant)
    reader.faults.extend(area_faults)
    entries: dict[str, dict[str, Placed[Any]]] = {}
    for source in _catalogue_files(reader, path / CATALOGUE):
        try:
            catalogue = read_toml(source, str(source))
        except Unreadable as error:
            reader.faults.append(error.fault)
            whole = False
        else:
            here = _Here(path.name, source.name, tenant, catalogue)
            _read_catalogue(reader, here, entries)
    return Folder(path.name, file, document, tenant, area, entries, whole)


def _read_tenant(reader: _Reader, document: Document) -> TenantFile | None:
    tenant = read_as(TenantFile, document.data)
    if isinstance(tenant, TenantFile):
        return tenant
    reader.faults.extend(document.fault(problem.keys, problem.words) for problem in tenant)
    return None


def _read_area(
    path: Path, document: Document | None, tenant: TenantFile | None
) -> tuple[Area | None, tuple[Fault, ...]]:
    """Read the outline that `tenant.toml` names, or say that it names none or must not.

    Where `tenant.toml` is wrong the outline beside it is read all the same, for its own faults.
    """
    if document is None or tenant is None:
        usual = path / USUAL_AREA
        return read_area(usual, str(usual)) if usual.is_file() else (None, ())
    if tenant.kind == "network":
        words = "a network has no area: it is a community without a place"
        return None, () if tenant.area is None else (document.fault(("area",), words),)
    if tenant.area is None:
        words = f'is missing: a {tenant.kind} has an outline, like area = "{USUAL_AREA}"'
        return None, (document.fault(("area",), words),)
    source = path / tenant.area
    if not source.is_file():
        return None, (document.fault(("area",), f'there is no file "{tenant.area}" beside tenant.toml'),)
    return read_area(source, str(source))


def _catalogue_files(reader: _Reader, folder: Path) -> Iterator[Path]:
    if not folder.exists():
        return
    try:
        paths = sorted(path for path in folder.iterdir() if _is_read(path))
    except OSError as error:
        reader.faults.append(Fault(str(folder), 1, None, "", f"cannot be read: {error.strerror}"))
        return
    for path in paths:
        if path.suffix == ".toml":
            yield path
        elif path.suffix != ".md":
            words = "this is not read: a catalogue is made of .toml files"
            reader.faults.append(Fault(str(path), 1, None, "", words, notice=True))


@dataclass(frozen=True)
class _Here:
    """The catalogue file that is being read."""

    slug: str
    file_name: str
    tenant: TenantFile | None
    document: Document


def _read_catalogue(reader: _Reader, here: _Here, entries: dict[str, dict[str, Placed[Any]]]) -> None:
    kinds = reader.known.arrays
    for name, tables in here.document.data.items():
        if name not in kinds:
            reader.faults.append(here.document.fault((name,), _unknown(name, kinds)))
        elif not isinstance(tables, list):
            words = f"must be an array of tables: begin each {kinds[name].word} with [[{name}]]"
            reader.faults.append(here.document.fault((name,), words))
        else:
            for index, table in enumerate(tables):
                _read_entry(reader, here, kinds[name], (name, index), table, entries.setdefault(name, {}))


def _read_entry(
    reader: _Reader,
    here: _Here,
    kind: AnyKind,
    keys: Keys,
    table: object,
    entries: dict[str, Placed[Any]],
) -> None:
    """Read one entry into `entries`, or say what keeps it from being read."""
    if not isinstance(table, dict):
        words = f"must be a table: begin each {kind.word} with [[{kind.name}]]"
        reader.faults.append(here.document.fault(keys, words))
        return
    own = {key: value for key, value in table.items() if key in kind.model.model_fields}
    rest = {key: value for key, value in table.items() if key not in own}
    entry = read_as(kind.model, own)
    if isinstance(entry, tuple):
        _add(reader, here, keys, entry)
        slug, entry = own.get("slug"), None
    else:
        slug = entry.slug
    sections = _read_sections(reader, here, kind, keys, rest)
    if not isinstance(slug, str):
        return
    source = f"tenants/{here.slug}/{CATALOGUE}/{here.file_name}:{slug}"
    placed = Placed(kind.name, here.slug, slug, here.document, keys, source, entry, sections)
    if (first := entries.setdefault(slug, placed)) is not placed:
        words = f'"{slug}" names two {kind.name}: the other one is at {first.place}'
        reader.faults.append(here.document.fault((*keys, "slug"), words))


def _add(reader: _Reader, here: _Here, keys: Keys, problems: tuple[Problem, ...]) -> None:
    reader.faults.extend(
        here.document.fault((*keys, *problem.keys), problem.words, notice=problem.notice) for problem in problems
    )


def _read_sections(
    reader: _Reader, here: _Here, kind: AnyKind, keys: Keys, tables: Mapping[str, object]
) -> dict[tuple[str, str], BaseModel]:
    """Read the tables of an entry that the core does not know: those of plugins, or mistakes."""
    found: dict[tuple[str, str], BaseModel] = {}
    for name, value in tables.items():
        claims = [
            (plugin, section)
            for plugin in reader.known.plugins
            for section in plugin.sections
            if (section.kind, section.name) == (kind.name, name)
        ]
        active = here.tenant.plugins if here.tenant else {plugin.name: {} for plugin, _ in claims}
        usable = [(plugin, section) for plugin, section in claims if plugin.name in active]
        if usable:
            _read_section(reader, here, (*keys, name), value, usable[0], found)
        else:
            notice, words = _nobodys(reader.known, kind, name, [plugin.name for plugin, _ in claims], active)
            reader.faults.append(here.document.fault((*keys, name), words, notice=notice))
    return found


def _read_section(
    reader: _Reader,
    here: _Here,
    keys: Keys,
    value: object,
    reader_of_it: tuple[InstalledPlugin, CatalogueSection],
    found: dict[tuple[str, str], BaseModel],
) -> None:
    plugin, section = reader_of_it
    if not isinstance(value, dict):
        reader.faults.append(here.document.fault(keys, f"must be a table, not {described(value)}"))
        return
    if not value:
        reader.faults.append(here.document.fault(keys, "says nothing and counts as left out", notice=True))
        return
    read = read_as(section.model, value)
    if isinstance(read, tuple):
        _add(reader, here, keys, read)
        return
    settings = here.tenant.plugins.get(plugin.name, {}) if here.tenant else {}
    with section.blamed(plugin.name, here.document.place(keys)):
        _add(reader, here, keys, tuple(section.check(read, settings)))
    found[plugin.name, section.name] = read


def _nobodys(
    known: Known, kind: AnyKind, name: str, claimed_by: list[str], active: Mapping[str, object]
) -> tuple[bool, str]:
    """Say of a table that nothing understands here whether it is only a notice, and who would understand it."""
    if claimed_by:
        plugin = claimed_by[0]
        words = f'"{name}" belongs to the plugin {plugin}, which is not switched on: add [plugins.{plugin}]'
        return False, f"{words} to tenant.toml"
    absent = sorted(one for one in active if not _is_usable(known.plugin(one)))
    if absent:
        return True, f'"{name}" is not read: it may belong to {listed(absent)}, which cannot be used'
    return False, _unknown(name, [*kind.model.model_fields, *_section_names(known, kind)])


def _is_usable(plugin: InstalledPlugin | None) -> bool:
    return plugin is not None and plugin.problem is None


def _section_names(known: Known, kind: AnyKind) -> Iterator[str]:
    sections = (section for plugin in known.plugins for section in plugin.sections)
    return (section.name for section in sections if section.kind == kind.name)


def _unknown(name: str, names: Iterable[str]) -> str:
    known = sorted(names)
    return f'unknown key "{name}"{perhaps(name, known) or f"; known here: {listed(known)}"}'

"""`waypost tenants export`: a tenant's rows as the files that `apply` takes back unchanged."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel

from waypost.db import City, Database, National, System, fetch
from waypost.tenancy.catalogue import CatalogueKind, Stored
from waypost.tenancy.country import Known
from waypost.tenancy.directory import Tenant
from waypost.tenancy.entries import FILES
from waypost.tenancy.geojson_text import geojson_text
from waypost.tenancy.models import TenantFile
from waypost.tenancy.planning import SETTINGS_SQL
from waypost.tenancy.reading import USUAL_AREA
from waypost.tenancy.tenant_facts import TenantRows, read_tenant_rows, stored_facts
from waypost.tenancy.toml_text import toml_text

# A tenant whose files are only a seed keeps in the graph what it made there; its export is the whole of it.
KEEPERS: Final = {"managed": (FILES,), "seed": (FILES, "graph")}

_SOURCE: Final = re.compile(r"tenants/[^/]+/catalogue/([^/:]+\.toml):[^/:]+")


@dataclass(frozen=True)
class _Catalogue:
    """A tenant's rows: by kind, then slug; plugins' values by kind, section and row."""

    stored: Mapping[str, Mapping[str, Stored[Any]]]
    shared: Mapping[str, Sequence[BaseModel]]
    sections: Mapping[tuple[str, str], Mapping[UUID, BaseModel]]
    settings: Mapping[str, Any]


async def export_tenant(database: Database, known: Known, slug: str) -> dict[str, str] | None:
    """Write a tenant as files: text by path inside its folder, such as `catalogue/badges.toml`.

    None when there is no tenant of that slug. Closed entries are left out, as they would be from files that
    are applied; each other one stands in the file that it came from.
    """
    async with database.transaction(System("tenants.export")):
        rows = await read_tenant_rows()
    tenant = next((one for one in rows.directory.tenants if one.slug == slug), None)
    if tenant is None:
        return None
    plugins = _plugins_of(tenant, rows)
    catalogue = await _read(database, known, tenant, plugins)
    said = _tenant_file(tenant, rows, {name: catalogue.settings.get(name, {}) for name in plugins})
    files = {"tenant.toml": toml_text(said)}
    if tenant.id in rows.areas:
        files[USUAL_AREA] = geojson_text(rows.areas[tenant.id])
    # Unchecked: what the graph wrote into a seeded tenant may be more than a file may say.
    return files | _catalogue_files(known, catalogue, TenantFile.model_construct(None, **said))


def _plugins_of(tenant: Tenant, rows: TenantRows) -> Sequence[str]:
    """The active plugins that the files keep; one that the graph keeps is in no file, nor are its sections."""
    known = rows.plugins.get(tenant.id, {})
    return [name for name, row in sorted(known.items()) if row.active and row.managed_by in KEEPERS[tenant.files]]


async def _read(database: Database, known: Known, tenant: Tenant, plugins: Collection[str]) -> _Catalogue:
    keepers = KEEPERS[tenant.files]
    async with database.transaction(City(tenant.id)):
        foreign = {kind.name: await kind.foreign(tenant.id) for kind in known.kinds}
    names: dict[UUID, str] = {}
    async with database.transaction(National()):
        for kind in known.kinds:
            names |= await kind.names(foreign[kind.name])
    async with database.transaction(City(tenant.id)):
        settings = {row["plugin"]: json.loads(row["settings"]) for row in await fetch(SETTINGS_SQL, tenant.id)}
        return _Catalogue(
            stored={kind.name: await kind.read(tenant.id, keepers, names) for kind in known.kinds},
            shared={kind.name: await kind.of_tenant(tenant.id, keepers) for kind in known.shared},
            sections={
                (section.kind, section.name): await section.read(tenant.id)
                for plugin in known.plugins
                for section in plugin.sections
                if plugin.name in plugins
            },
            settings=settings,
        )


def _tenant_file(tenant: Tenant, rows: TenantRows, plugins: Mapping[str, Any]) -> dict[str, Any]:
    """What `tenant.toml` says: the facts that it is compared by, those of tables in their tables."""
    facts = stored_facts(tenant, rows)
    said = {key: _plain(value) for key, value in facts.items() if key not in {"slug", "state", "area"}}
    said = {key: value for key, value in said.items() if key != "sign_in" or value}
    tables = {name: _taken_out(said, f"{name}.") for name in ("look", "graph")}
    area = {"area": USUAL_AREA} if tenant.id in rows.areas else {}
    former = {"formerly": list(tenant.former_slugs)} if tenant.former_slugs else {}
    whole = said | area | former | tables | {"plugins": plugins}
    return {key: value for key, value in whole.items() if value is not None}


def _taken_out(said: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Take the facts of one table out of those of the whole file."""
    return {key.removeprefix(prefix): said.pop(key) for key in list(said) if key.startswith(prefix)}


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else list(value) if isinstance(value, tuple) else value


def _catalogue_files(known: Known, catalogue: _Catalogue, tenant: TenantFile) -> dict[str, str]:
    """The entries in the files that they came from, kinds in their order, entries in that of their making."""
    files: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for shared in known.shared:
        for entry in catalogue.shared[shared.name]:
            said = entry.model_dump(exclude_defaults=True)
            files.setdefault(f"{shared.name}.toml", {}).setdefault(shared.name, []).append(said)
    kept = _kept(known, catalogue)
    for kind in known.kinds:
        for stored in kept[kind.name].values():
            said = kind.said(stored.entry, tenant) | _sections(kind, stored.id, catalogue)
            files.setdefault(_file_of(kind, stored), {}).setdefault(kind.name, []).append(said)
    return {f"catalogue/{name}": toml_text(tables) for name, tables in sorted(files.items())}


def _file_of(kind: CatalogueKind[Any], stored: Stored[Any]) -> str:
    found = _SOURCE.fullmatch(stored.source or "")
    return found[1] if found else f"{kind.name}.toml"


def _sections(kind: CatalogueKind[Any], id: UUID, catalogue: _Catalogue) -> dict[str, Any]:
    return {
        name: values[id].model_dump(mode="json", exclude_defaults=True)
        for (of_kind, name), values in catalogue.sections.items()
        if of_kind == kind.name and id in values
    }


def _kept(known: Known, catalogue: _Catalogue) -> dict[str, dict[str, Stored[Any]]]:
    """Entries that are open, and retired ones as long as everything that they name is there, too."""
    kept = {
        kind.name: {
            slug: stored
            for slug, stored in catalogue.stored[kind.name].items()
            if not stored.closed or kind.closed(stored.entry)
        }
        for kind in known.kinds
    }
    while lost := list(_orphans(known, kept)):
        for kind_name, slug in lost:
            del kept[kind_name][slug]
    return kept


def _orphans(known: Known, kept: Mapping[str, Mapping[str, Stored[Any]]]) -> Iterator[tuple[str, str]]:
    """Retired entries that name something which is not exported."""
    for kind in known.kinds:
        for slug, stored in kept[kind.name].items():
            if not stored.closed:
                continue
            own = (r for r in kind.references(stored.entry) if r.kind in kept and "/" not in r.value)
            if any(reference.value not in kept[reference.kind] for reference in own):
                yield kind.name, slug

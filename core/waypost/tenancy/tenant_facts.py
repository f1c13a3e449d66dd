"""What a tenant is, compared: as its folder says it and as the directory has it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from waypost.db import fetch
from waypost.tenancy.country import Country, Folder
from waypost.tenancy.directory import Directory, Tenant, read_directory
from waypost.tenancy.entries import FILES
from waypost.tenancy.faults import Fault
from waypost.tenancy.providers import said_providers
from waypost.tenancy.report import Act, Change

AREAS_SQL: Final = "SELECT id, area::text AS area FROM tenant WHERE area IS NOT NULL"
PLUGINS_SQL: Final = "SELECT tenant_id, plugin, active, managed_by FROM tenant_plugin"


@dataclass(frozen=True)
class PluginRow:
    """A plugin that a tenant switched on or off, and who did."""

    active: bool
    managed_by: str


@dataclass(frozen=True)
class TenantRows:
    """The directory with what `Directory` leaves out."""

    directory: Directory
    areas: Mapping[UUID, Any]
    plugins: Mapping[UUID, Mapping[str, PluginRow]]


@dataclass(frozen=True)
class TenantPlan:
    """What becomes of one tenant's own row; `keys` are empty where nothing does.

    `folder` is None for a tenant whose folder is gone; `row` is None for a new one.
    """

    folder: Folder | None
    row: Tenant | None
    keys: tuple[str, ...]

    @property
    def slug(self) -> str:
        """The slug that the tenant will have."""
        if self.folder is not None:
            return self.folder.slug
        return self.row.slug if self.row is not None else ""

    def changes(self) -> Iterator[Change]:
        """The change, if there is one."""
        if self.folder is None:
            yield Change(self.slug, "tenant", self.slug, "closed")
        elif self.row is None:
            yield Change(self.slug, "tenant", self.slug, "created")
        elif self.keys:
            act: Act = "reopened" if "state" in self.keys else "changed"
            yield Change(self.slug, "tenant", self.slug, act, tuple(key for key in self.keys if key != "state"))


async def read_tenant_rows() -> TenantRows:
    """Read the directory, outlines and plugins, in the current System transaction."""
    plugins: dict[UUID, dict[str, PluginRow]] = {}
    for row in await fetch(PLUGINS_SQL):
        plugins.setdefault(row["tenant_id"], {})[row["plugin"]] = PluginRow(row["active"], row["managed_by"])
    areas = {row["id"]: json.loads(row["area"]) for row in await fetch(AREAS_SQL)}
    return TenantRows(await read_directory(), areas, plugins)


def row_of(folder: Folder, directory: Directory, country: Country) -> Tenant | None:
    """Find the row that a folder means: by its slug, or by one that it had before.

    A row found by a former slug counts only when no other folder has its present one.
    """
    for slug in (folder.slug, *folder.settings.formerly):
        tenant = directory.by_slug(slug)
        if tenant is not None and (tenant.slug == folder.slug or tenant.slug not in country.folders):
            return tenant
    return None


def plan_tenants(country: Country, rows: TenantRows) -> tuple[tuple[TenantPlan, ...], tuple[Fault, ...]]:
    """Decide what becomes of each tenant's row; answers the plans and why some cannot be carried out."""
    plans: list[TenantPlan] = []
    faults: list[Fault] = []
    kept: set[UUID] = set()
    for folder in country.folders.values():
        row = row_of(folder, rows.directory, country)
        faults += _faults(folder, row, rows)
        if row is not None:
            kept.add(row.id)
        plans.append(TenantPlan(folder, row, () if row is None else _keys(folder, row, rows)))
    gone = [
        tenant
        for tenant in rows.directory.tenants
        if tenant.id not in kept and tenant.is_open and tenant.managed_by == FILES and tenant.files != "seed"
    ]
    return (*plans, *(TenantPlan(None, tenant, ("state",)) for tenant in gone)), tuple(faults)


def switched_on(folder: Folder, row: Tenant | None, rows: TenantRows) -> frozenset[str]:
    """The plugins that will be active in a tenant after its files were applied."""
    known = rows.plugins.get(row.id, {}) if row is not None else {}
    mine = frozenset(folder.settings.plugins)
    if folder.settings.seeds and row is not None:
        return frozenset(p for p, one in known.items() if one.active) | (mine - known.keys())
    return mine | frozenset(p for p, one in known.items() if one.active and one.managed_by != FILES)


def _keys(folder: Folder, row: Tenant, rows: TenantRows) -> tuple[str, ...]:
    known = rows.plugins.get(row.id, {})
    if folder.settings.seeds:
        mode = () if row.files == folder.settings.files else ("files",)
        return (*mode, *(f"plugins.{plugin}" for plugin in folder.settings.plugins if plugin not in known))
    wanted, there = said(folder), stored_facts(row, rows)
    keys = [key for key, value in wanted.items() if value != there[key]]
    slugs = {row.slug, *row.former_slugs}
    keys += ["formerly"] if not slugs.issuperset(folder.settings.formerly) else []
    active = switched_on(folder, row, rows)
    names = sorted(active | known.keys())
    return (*keys, *(f"plugins.{name}" for name in names if (name in active) != _is_active(known, name)))


def _is_active(known: Mapping[str, PluginRow], name: str) -> bool:
    return name in known and known[name].active


def said(folder: Folder) -> dict[str, object]:
    """What the folder says of the tenant, by the keys of `tenant.toml`; groups and reviewer by slug."""
    tenant = folder.settings
    return {
        "slug": folder.slug,
        "name": tenant.name,
        "kind": tenant.kind,
        "state": "open",
        "nation": tenant.nation,
        "languages": tenant.languages,
        "timezone": tenant.timezone,
        "area": folder.area.geojson if folder.area else None,
        "groups": frozenset(tenant.groups),
        "review": tenant.review,
        "standard": tenant.standard,
        "contact_url": tenant.contact_url,
        "licence": tenant.licence,
        "hosts": frozenset(tenant.hosts),
        "origins": tenant.origins,
        "files": tenant.files,
        "example": tenant.example,
        "look.primary_colour": tenant.look.primary_colour,
        "look.accent_colour": tenant.look.accent_colour,
        "look.logo_url": tenant.look.logo_url,
        "graph.documents": tenant.graph.documents,
        "graph.share": tenant.graph.share,
        "retention_days": tenant.retention_days,
        "sign_in": said_providers(tenant.sign_in),
    }


def stored_facts(row: Tenant, rows: TenantRows) -> dict[str, object]:
    """What the directory says of a tenant, by the same keys as `said`."""
    review = rows.directory.by_id(row.review_tenant_id) if row.review_tenant_id else None
    groups = (rows.directory.by_id(group) for group in row.groups)
    return {
        "slug": row.slug,
        "name": row.name,
        "kind": row.kind,
        "state": row.state,
        "nation": row.nation,
        "languages": row.languages,
        "timezone": row.timezone,
        "area": rows.areas.get(row.id),
        "groups": frozenset(group.slug for group in groups if group is not None),
        "review": review.slug if review else None,
        "standard": row.standard_code,
        "contact_url": row.contact_url,
        "licence": row.licence,
        "hosts": frozenset(row.hosts),
        "origins": row.origins,
        "files": row.files,
        "example": row.example,
        "look.primary_colour": row.primary_colour,
        "look.accent_colour": row.accent_colour,
        "look.logo_url": row.logo_url,
        "graph.documents": row.documents,
        "graph.share": row.graph_share,
        "retention_days": row.retention_days,
        "sign_in": {each.name: each.said() for each in row.providers},
    }


def _faults(folder: Folder, row: Tenant | None, rows: TenantRows) -> Iterator[Fault]:
    """What the directory has against a folder."""
    if folder.document is None:
        return
    if row is not None and row.managed_by != FILES and not folder.settings.seeds:
        words = f'the slug "{folder.slug}" is taken by the tenant "{row.name}", which is kept by {row.managed_by}'
        yield folder.document.fault((), words)
    for keys, slug in [
        ((), folder.slug),
        *((("formerly", i), s) for i, s in enumerate(folder.settings.formerly)),
    ]:
        owner = rows.directory.by_slug(slug)
        if owner is not None and owner != row:
            words = f'"{slug}" was a slug of the tenant "{owner.slug}", and old addresses still lead there'
            yield folder.document.fault(keys, words)
    for index, host in enumerate(folder.settings.hosts):
        owner = rows.directory.by_host(host)
        if owner is not None and owner != row and not _gives_up(owner):
            words = f'"{host}" is claimed by two tenants, {folder.slug} and {owner.slug} (kept by {owner.managed_by})'
            yield folder.document.fault(("hosts", index), words)
    known = rows.plugins.get(row.id, {}) if row is not None else {}
    for plugin in folder.settings.plugins:
        if plugin in known and known[plugin].managed_by != FILES and not folder.settings.seeds:
            words = f'"{plugin}" is kept by {known[plugin].managed_by} in {folder.slug}: leave it out of the file'
            yield folder.document.fault(("plugins", plugin), words)


def _gives_up(owner: Tenant) -> bool:
    """Whether a tenant lets go of a host that another one's file claims.

    What open tenants of files claim was compared among the files already; closed ones need none.
    """
    return owner.managed_by == FILES and (owner.files != "seed" or not owner.is_open)

"""Writes the directory's rows of tenants from their folders, in a System transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from waypost.db import execute, executemany, fetch, new_id
from waypost.tenancy.country import Folder
from waypost.tenancy.entries import FILES
from waypost.tenancy.providers import said_providers
from waypost.tenancy.tenant_facts import TenantPlan

COLUMNS: Final = (
    "slug",
    "name",
    "kind",
    "state",
    "nation",
    "languages",
    "timezone",
    "standard_code",
    "review_tenant_id",
    "area",
    "south",
    "west",
    "north",
    "east",
    "latitude",
    "longitude",
    "primary_colour",
    "accent_colour",
    "logo_url",
    "contact_url",
    "licence",
    "origins",
    "documents",
    "graph_share",
    "retention_days",
    "sign_in",
    "files",
    "example",
    "managed_by",
)
INSERT_SQL: Final = (
    f"INSERT INTO tenant (id, {', '.join(COLUMNS)}) "
    f"VALUES ($1, {', '.join(f'${number}' for number in range(2, len(COLUMNS) + 2))})"
)
UPDATE_SQL: Final = (
    f"UPDATE tenant SET {', '.join(f'{name} = ${number}' for number, name in enumerate(COLUMNS, start=2))}, "
    "updated_at = now() WHERE id = $1"
)
CLOSE_SQL: Final = "UPDATE tenant SET state = 'closed', updated_at = now() WHERE id = $1"
MODE_SQL: Final = "UPDATE tenant SET files = $2, updated_at = now() WHERE id = $1"
SLUG_SQL: Final = "INSERT INTO tenant_slug (slug, tenant_id) VALUES ($1, $2) ON CONFLICT (slug) DO NOTHING"
DROP_HOSTS_SQL: Final = "DELETE FROM tenant_host WHERE tenant_id = $1 OR host = ANY($2)"
HOST_SQL: Final = "INSERT INTO tenant_host (host, tenant_id) VALUES ($1, $2)"
DROP_GROUPS_SQL: Final = "DELETE FROM tenant_group WHERE tenant_id = $1"
GROUP_SQL: Final = "INSERT INTO tenant_group (tenant_id, group_id) VALUES ($1, $2)"
SWITCH_ON_SQL: Final = """
INSERT INTO tenant_plugin (tenant_id, plugin, active, managed_by) VALUES ($1, $2, true, 'files')
ON CONFLICT (tenant_id, plugin) DO UPDATE SET active = true
"""
SEED_PLUGIN_SQL: Final = """
INSERT INTO tenant_plugin (tenant_id, plugin, active, managed_by) VALUES ($1, $2, true, 'files')
ON CONFLICT (tenant_id, plugin) DO NOTHING
"""
SWITCH_OFF_SQL: Final = """
UPDATE tenant_plugin SET active = false
WHERE tenant_id = $1 AND managed_by = 'files' AND active AND plugin <> ALL($2)
"""
IDS_SQL: Final = "SELECT slug, id FROM tenant"


async def write_tenants(plans: Collection[TenantPlan]) -> None:
    """Carry out the plans: rows first, then hosts, groups and plugins, which name other tenants.

    Runs in a System transaction; what a plan leaves alone is not touched.
    """
    due = [plan for plan in plans if plan.row is None or plan.keys]
    for plan in due:
        await _write_row(plan)
    ids: Mapping[str, UUID] = {row["slug"]: row["id"] for row in await fetch(IDS_SQL)}
    for plan in due:
        if plan.folder is not None and _overwrites(plan, plan.folder):
            await _write_links(plan.folder, ids)
    for plan in due:
        if plan.folder is not None:
            await _write_plugins(plan, plan.folder, ids[plan.slug])


def _overwrites(plan: TenantPlan, folder: Folder) -> bool:
    return plan.row is None or not folder.settings.seeds


async def _write_row(plan: TenantPlan) -> None:
    if plan.folder is None:
        if plan.row is not None:
            await execute(CLOSE_SQL, plan.row.id)
        return
    id = new_id() if plan.row is None else plan.row.id
    if plan.row is not None and plan.folder.settings.seeds:
        if "files" in plan.keys:
            await execute(MODE_SQL, id, plan.folder.settings.files)
        return
    columns = _columns(plan.folder)
    if plan.row is not None:
        columns["managed_by"] = plan.row.managed_by
    sql = INSERT_SQL if plan.row is None else UPDATE_SQL
    await execute(sql, id, *(columns[name] for name in COLUMNS))
    for slug in (plan.folder.slug, *plan.folder.settings.formerly):
        await execute(SLUG_SQL, slug, id)


def _columns(folder: Folder) -> dict[str, Any]:
    """The row that the folder says; the reviewer is filled in when all tenants have their ids."""
    tenant, area = folder.settings, folder.area
    return {
        "slug": folder.slug,
        "name": tenant.name,
        "kind": tenant.kind,
        "state": "open",
        "nation": tenant.nation,
        "languages": list(tenant.languages),
        "timezone": tenant.timezone,
        "standard_code": tenant.standard,
        "review_tenant_id": None,
        "area": json.dumps(area.geojson) if area else None,
        "south": area.south if area else None,
        "west": area.west if area else None,
        "north": area.north if area else None,
        "east": area.east if area else None,
        "latitude": area.latitude if area else None,
        "longitude": area.longitude if area else None,
        "primary_colour": tenant.look.primary_colour,
        "accent_colour": tenant.look.accent_colour,
        "logo_url": tenant.look.logo_url,
        "contact_url": tenant.contact_url,
        "licence": tenant.licence,
        "origins": list(tenant.origins),
        "documents": tenant.graph.documents,
        "graph_share": tenant.graph.share,
        "retention_days": tenant.retention_days,
        "sign_in": json.dumps(said_providers(tenant.sign_in)),
        "files": tenant.files,
        "example": tenant.example,
        "managed_by": FILES,
    }


async def _write_links(folder: Folder, ids: Mapping[str, UUID]) -> None:
    """Reviewer, hosts and groups. A host that another tenant no longer has is taken from it."""
    tenant, id = folder.settings, ids[folder.slug]
    if tenant.review is not None:
        await execute("UPDATE tenant SET review_tenant_id = $2 WHERE id = $1", id, ids[tenant.review])
    await execute(DROP_HOSTS_SQL, id, list(tenant.hosts))
    await executemany(HOST_SQL, [(host, id) for host in tenant.hosts])
    await execute(DROP_GROUPS_SQL, id)
    await executemany(GROUP_SQL, [(id, ids[group]) for group in tenant.groups])


async def _write_plugins(plan: TenantPlan, folder: Folder, id: UUID) -> None:
    """Switch plugins on and off; settings are rows of the tenant's own and written with its catalogue."""
    names = list(folder.settings.plugins)
    seeded = plan.row is not None and folder.settings.seeds
    await executemany(SEED_PLUGIN_SQL if seeded else SWITCH_ON_SQL, [(id, name) for name in names])
    if not seeded:
        await execute(SWITCH_OFF_SQL, id, names)

"""A city's row of the directory and what it keeps of its plugins, read and written in its City transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.cities.rules import Standing
from waypost.db import execute, fetch, fetchrow, fetchval, move_shared
from waypost.tenancy.tables import OF_THE_CITY
from waypost.tenancy.tenant_facts import PluginRow

CITY_SQL: Final = f"SELECT {', '.join(OF_THE_CITY)}, managed_by, files FROM tenant WHERE id = $1 FOR UPDATE"
PLUGINS_SQL: Final = "SELECT plugin, active, managed_by FROM tenant_plugin WHERE tenant_id = $1"
SWITCH_SQL: Final = """
INSERT INTO tenant_plugin (tenant_id, plugin, active, managed_by) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, plugin) DO UPDATE SET active = excluded.active, managed_by = excluded.managed_by
"""
SETTINGS_SQL: Final = "SELECT settings::text FROM plugin_setting WHERE tenant_id = $1 AND plugin = $2"
SET_SQL: Final = """
INSERT INTO plugin_setting (tenant_id, plugin, settings, switched_at) VALUES ($1, $2, $3::jsonb, $4)
ON CONFLICT (tenant_id, plugin) DO UPDATE
SET settings = excluded.settings, switched_at = coalesce(excluded.switched_at, plugin_setting.switched_at)
"""
SECRETS_SQL: Final = "SELECT count(*) FROM plugin_secret WHERE tenant_id = $1"


async def read_city(tenant: UUID) -> Mapping[str, Any]:
    """The city's row, locked for the transaction: what it may change, who keeps it, and its rule for files.

    Raises LookupError where the tenant is missing.
    """
    row = await fetchrow(CITY_SQL, tenant)
    if row is None:
        raise LookupError(f"no tenant {tenant}")
    return dict(row)


async def write_city(tenant: UUID, changes: Mapping[str, Any], now: datetime) -> None:
    """Change columns of the city's row, and leave the trace of it; every process hears of it."""
    names = list(changes)
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(names, start=3))
    sql = f"UPDATE tenant SET {sets}, updated_at = $2 WHERE id = $1"
    values = [list(each) if isinstance(each, tuple) else each for each in changes.values()]
    await execute(sql, tenant, now, *values)
    columns, stamps = ", ".join(names), ", ".join("$2" for _ in names)
    again = ", ".join(f"{name} = excluded.{name}" for name in names)
    await execute(
        f"INSERT INTO city_change (tenant_id, city_id, {columns}) VALUES ($1, $1, {stamps}) "
        f"ON CONFLICT (tenant_id, city_id) DO UPDATE SET {again}",
        tenant,
        now,
    )
    move_shared()


async def read_plugins(tenant: UUID) -> dict[str, PluginRow]:
    """The plugins that were ever switched on or off in a city, by name."""
    rows = await fetch(PLUGINS_SQL, tenant)
    return {row["plugin"]: PluginRow(row["active"], row["managed_by"]) for row in rows}


async def read_standing(tenant: UUID, plugin: str) -> Standing:
    """How a plugin stands in a city as of now; the directory that a process knows may be a moment old."""
    stored: str | None = await fetchval(SETTINGS_SQL, tenant, plugin)
    files: str = (await read_city(tenant))["files"]
    return Standing(await read_plugins(tenant), files, None if stored is None else json.loads(stored))


async def switch(tenant: UUID, plugin: str, keeper: str, *, active: bool) -> None:
    """Switch a plugin on or off, kept by `keeper` from then on; every process hears of it."""
    await execute(SWITCH_SQL, tenant, plugin, active, keeper)
    move_shared()


async def write_settings(tenant: UUID, plugin: str, settings: Mapping[str, Any], switched_at: datetime | None) -> None:
    """Keep what a city sets for a plugin, and when it was switched, where it was."""
    await execute(SET_SQL, tenant, plugin, json.dumps(settings), switched_at)


async def count_secrets(tenant: UUID) -> int:
    """How many secrets a city has."""
    count: int = await fetchval(SECRETS_SQL, tenant)
    return count

"""Removing what a plugin keeps in the core's tables: only when somebody says so, never by switching it off."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from waypost.db import City, Database, System, fetch

SCOPE: Final = System("tenants", shared=True)
ACTIVE_SQL: Final = """
SELECT t.slug, p.managed_by FROM tenant_plugin p JOIN tenant t ON t.id = p.tenant_id
WHERE p.plugin = $1 AND p.active AND t.state <> 'closed' ORDER BY t.slug
"""
NAMES_SQL: Final = """
SELECT plugin AS name FROM tenant_plugin
UNION SELECT app FROM migration WHERE app <> 'waypost'
UNION SELECT substr(nspname, 8) FROM pg_namespace WHERE starts_with(nspname::text, 'plugin_')
"""
OWN_NAMES_SQL: Final = "SELECT plugin FROM plugin_setting UNION SELECT plugin FROM incoming_call"
TENANTS_SQL: Final = "SELECT id FROM tenant"
FORGET_SQL: Final = "DELETE FROM tenant_plugin WHERE plugin = $1 RETURNING tenant_id"
OWN_SQL: Final = (
    "DELETE FROM plugin_setting WHERE tenant_id = $1 AND plugin = $2 RETURNING true",
    "DELETE FROM incoming_call WHERE tenant_id = $1 AND plugin = $2 RETURNING true",
)


async def known_plugins(database: Database) -> set[str]:
    """The names of all plugins of which something is kept here: tables, migrations, switches, settings, calls."""
    names = {row["name"] for row in await database.reads.rows(SCOPE, NAMES_SQL)}
    for tenant in await database.reads.rows(SCOPE, TENANTS_SQL):
        names |= {row["plugin"] for row in await database.reads.rows(City(tenant["id"]), OWN_NAMES_SQL)}
    return names


async def active_in(database: Database, plugin: str) -> dict[str, str]:
    """The slugs of the open tenants that have a plugin switched on, each with who keeps the switch: `files` or `graph`.

    In a closed one nobody can switch it off any more.
    """
    return {row["slug"]: row["managed_by"] for row in await database.reads.rows(SCOPE, ACTIVE_SQL, [plugin])}


async def forget_plugin(database: Database, plugin: str) -> int:
    """Forget a plugin's switches, settings and waiting calls in every tenant; answers how many tenants that were.

    A tenant may have set something without ever having switched it on.
    """
    async with database.transaction(SCOPE):
        tenants: list[UUID] = [row["id"] for row in await fetch(TENANTS_SQL)]
    concerned = set[UUID]()
    for tenant in tenants:
        async with database.transaction(City(tenant)):
            for sql in OWN_SQL:
                if await fetch(sql, tenant, plugin):
                    concerned.add(tenant)
    async with database.transaction(SCOPE):
        concerned |= {row["tenant_id"] for row in await fetch(FORGET_SQL, plugin)}
    return len(concerned)

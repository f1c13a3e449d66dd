"""Where a plugin is active, and what a tenant set for it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from waypost.db import City, Database, fetchval
from waypost.outbox.work import Effects, Handler, Happened, Work
from waypost.plugins.manifest import Manifest
from waypost.plugins.settings import with_defaults

ACTIVE_SQL: Final = """
SELECT EXISTS (SELECT FROM tenant_plugin WHERE tenant_id = $1 AND plugin = $2 AND active) AS active
"""


async def is_active(database: Database, tenant: UUID, plugin: str) -> bool:
    """Whether a tenant has switched the plugin on, in a transaction of its own."""
    rows = await database.reads.rows(City(tenant), ACTIVE_SQL, [tenant, plugin])
    return bool(rows[0]["active"])


def where_active(plugin: str, effects: Effects) -> Effects:
    """The same effects; events of tenants without the plugin pass its handlers by."""

    def bounded(handler: Handler) -> Handler:
        async def run(work: Work, event: Happened) -> None:
            if await is_active(work.database, event.tenant_id, plugin):
                await handler.run(work, event)

        return replace(handler, run=run)

    return replace(effects, handlers=tuple(bounded(each) for each in effects.handlers))


async def settings_of(plugin: Manifest) -> dict[str, Any]:
    """The current tenant's settings for a plugin, with the manifest's defaults where it says nothing.

    Runs in the current City transaction, whose row security leaves exactly one tenant's row visible.
    """
    stored = await fetchval("SELECT settings FROM plugin_setting WHERE plugin = $1", plugin.name)
    return with_defaults(json.loads(stored) if stored else {}, plugin.settings)

"""Where a plugin is active, and what a tenant set for it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from waypost.calling import Call, Calls, PluginPaused
from waypost.db import City, Database, fetchval
from waypost.outbox.work import Effects, GivenUp, Handler, Happened, JobKind, Later, Work
from waypost.plugins.manifest import Manifest
from waypost.plugins.settings import with_defaults

MEANT: Final = (Later, GivenUp)
ACTIVE_SQL: Final = """
SELECT EXISTS (SELECT FROM tenant_plugin WHERE tenant_id = $1 AND plugin = $2 AND active) AS active
"""


async def is_active(database: Database, tenant: UUID, plugin: str) -> bool:
    """Whether a tenant has switched the plugin on, in a transaction of its own."""
    rows = await database.reads.rows(City(tenant), ACTIVE_SQL, [tenant, plugin])
    return bool(rows[0]["active"])


def where_active(plugin: str, effects: Effects, calls: Calls) -> Effects:
    """The same effects; events of tenants without the plugin pass its handlers by.

    What keeps failing for a tenant waits until its pause is over, and that is not counted as an attempt.
    """

    def handling(handler: Handler) -> Handler:
        async def run(work: Work, event: Happened) -> None:
            if await is_active(work.database, event.tenant_id, plugin):
                await _waiting(
                    calls, Call(plugin, handler.name, event.tenant_id, meant=MEANT), handler.run, work, event
                )

        return replace(handler, run=run)

    def doing(job: JobKind) -> JobKind:
        async def run(work: Work, facts: Mapping[str, Any]) -> None:
            await _waiting(calls, Call(plugin, job.name, _tenant_of(facts), meant=MEANT), job.run, work, facts)

        return replace(job, run=run)

    return replace(effects, handlers=tuple(map(handling, effects.handlers)), jobs=tuple(map(doing, effects.jobs)))


async def _waiting(calls: Calls, call: Call, run: Callable[..., Awaitable[None]], *args: Any) -> None:
    try:
        await calls.make(call, run, *args)
    except PluginPaused as error:
        raise Later(str(error), error.for_s, counted=False) from None


def _tenant_of(facts: Mapping[str, Any]) -> UUID | None:
    """The tenant that a job is for, where its facts name one."""
    try:
        return UUID(str(facts.get("tenant")))
    except ValueError:
        return None


async def settings_of(plugin: Manifest) -> dict[str, Any]:
    """The current tenant's settings for a plugin, with the manifest's defaults where it says nothing.

    Runs in the current City transaction, whose row security leaves exactly one tenant's row visible.
    """
    stored = await fetchval("SELECT settings FROM plugin_setting WHERE plugin = $1", plugin.name)
    return with_defaults(json.loads(stored) if stored else {}, plugin.settings)

"""Where a plugin is active, and what a tenant set for it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Final
from uuid import UUID

from waypost.calling import Call, Calls, PluginPaused
from waypost.db import City, Database, fetchval
from waypost.outbox.work import (
    Effects,
    GivenUp,
    Handler,
    Happened,
    JobKind,
    Later,
    Letter,
    Schedule,
    Work,
)
from waypost.plugins.manifest import Manifest
from waypost.plugins.settings import with_defaults

MEANT: Final = (Later, GivenUp)
WORK_S: Final = 3_600.0  # a handler, a job, a letter: what hangs longer will hang for ever
SCHEDULE_S: Final = 600.0  # less than the lease of a schedule
ACTIVE_SQL: Final = """
SELECT count(*) = cardinality($2::text[]) AS active FROM tenant_plugin
WHERE tenant_id = $1 AND plugin = ANY($2::text[]) AND active
"""


async def is_active(database: Database, tenant: UUID, needs: frozenset[str]) -> bool:
    """Whether a tenant has switched a plugin on, and all that it requires; in a transaction of its own.

    `needs` are the names of these, the plugin's own among them.
    """
    rows = await database.reads.rows(City(tenant), ACTIVE_SQL, [tenant, list(needs)])
    return bool(rows[0]["active"])


async def works_here(tenant: UUID, needs: frozenset[str]) -> bool:
    """The same as `is_active`, in the current transaction."""
    return bool(await fetchval(ACTIVE_SQL, tenant, list(needs)))


def where_active(plugin: str, effects: Effects, calls: Calls, needs: frozenset[str]) -> Effects:
    """The same effects; events of tenants in which the plugin does not work pass its handlers by.

    `needs` are its own name and those of all plugins that it requires.

    What keeps failing for a tenant waits until its pause is over, and that is not counted as an attempt. Schedules are
    nobody's: each rests alone.
    """
    inside = _Inside(plugin, calls, needs)
    return replace(
        effects,
        handlers=tuple(map(inside.handling, effects.handlers)),
        jobs=tuple(map(inside.doing, effects.jobs)),
        schedules=tuple(map(inside.running, effects.schedules)),
        letters=tuple(map(inside.writing, effects.letters)),
    )


@dataclass(frozen=True)
class _Inside:
    """Lets a plugin's work run inside of what it may cost."""

    plugin: str
    calls: Calls
    needs: frozenset[str]

    def handling(self, handler: Handler) -> Handler:
        async def run(work: Work, event: Happened) -> None:
            if await is_active(work.database, event.tenant_id, self.needs):
                await self._waiting(self._call(handler.name, event.tenant_id), handler.run, work, event)

        return replace(handler, run=run)

    def doing(self, job: JobKind) -> JobKind:
        async def run(work: Work, facts: Mapping[str, Any]) -> None:
            await self._waiting(self._call(job.name, _tenant_of(facts)), job.run, work, facts)

        if (told := job.dead) is None:
            return replace(job, run=run)

        async def dead(work: Work, facts: Mapping[str, Any]) -> None:
            await self.calls.bounded(self._call(f"the end of {job.name}", _tenant_of(facts)), told, work, facts)

        return replace(job, run=run, dead=dead)

    def running(self, schedule: Schedule) -> Schedule:
        async def run(work: Work) -> None:
            call = Call(self.plugin, schedule.name, None, SCHEDULE_S, entry=f"schedule {schedule.name}")
            await self.calls.make(call, schedule.run, work)

        return replace(schedule, run=run)

    def writing(self, letter: Letter) -> Letter:
        @wraps(letter.facts)  # beside its module lie the templates
        async def facts(work: Work, given: Mapping[str, Any]) -> Any:
            return await self._waiting(self._call(letter.name, _tenant_of(given)), letter.facts, work, given)

        return replace(letter, facts=facts)

    def _call(self, what: str, tenant: UUID | None) -> Call:
        return Call(self.plugin, what, tenant, WORK_S, meant=MEANT)

    async def _waiting(self, call: Call, run: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        try:
            return await self.calls.make(call, run, *args)
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

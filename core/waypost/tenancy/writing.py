"""Writes one tenant's rows as planned, in its City transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from waypost.db import execute, one_at_a_time
from waypost.refusal import Refusal
from waypost.tenancy.catalogue import CatalogueKind, Placed, Writing
from waypost.tenancy.country import Known
from waypost.tenancy.entries import Entry, Written, find_entry
from waypost.tenancy.planning import EntryPlan, FolderPlan, sections_of
from waypost.tenancy.sections import Problem
from waypost.tenancy.telling import Told, tell_all

SETTINGS_SQL: Final = """
INSERT INTO plugin_setting (tenant_id, plugin, settings) VALUES ($1, $2, $3::jsonb)
ON CONFLICT (tenant_id, plugin) DO UPDATE SET settings = excluded.settings
WHERE plugin_setting.settings IS DISTINCT FROM excluded.settings
"""
KindAndSlug = tuple[str, str]
# What happened to entries, by the name of their kind and their id: told once each.
Happened = dict[tuple[str, UUID], Told]


class Pending:
    """Entries that are not wholly written: something that they name is still to come, or a rule says no.

    A refusal may end when the rest is written, since the rows of before may contradict the files of now.
    """

    def __init__(self, plans: Iterable[EntryPlan]) -> None:
        self.plans = tuple(plans)
        self.refusals: dict[KindAndSlug, Refusal] = {}


async def lock(what: str) -> None:
    """Keep others from applying files to the directory, or to the tenant of this id, until the transaction ends.

    The same files applied by two processes at once wait for each other, tenant by tenant.
    """
    await one_at_a_time("tenants apply", what, patient=True)


async def write_settings(plan: FolderPlan, at: Writing) -> None:
    """Write the settings of plugins, which their sections may need while they are written."""
    for change in plan.settings:
        settings = json.dumps(plan.folder.settings.plugins[change.slug])
        await execute(SETTINGS_SQL, at.here.tenant_id, change.slug, settings)


async def write_entries(plans: Collection[EntryPlan], at: Writing, known: Known) -> Pending:
    """Write entries in the order of their kinds, and once more those that named what came after them.

    Answers what is still not whole. Ids of what was written are put into `at.ids`.
    """
    happened: Happened = {}
    pending = await _write_all([plan for plan in plans if plan.placed is not None], at, known, happened)
    for plan in plans:
        if plan.placed is None and plan.id is not None and await plan.kind.close(plan.id, at):
            happened[plan.kind.name, plan.id] = _told(plan.kind, plan.id, plan.kind.closed_state)
    pending = await _write_all(pending.plans, at, known, happened)
    changed: dict[str, set[UUID]] = {}
    for kind_name, id in happened:
        changed.setdefault(kind_name, set()).add(id)
    for kind in known.kinds:
        await kind.follow(changed, at)
    await tell_all(at.here.tenant_id, happened.values(), at.now)
    return pending


def types_told(kind: CatalogueKind[Any]) -> Iterator[str]:
    """The types of all that is told of entries of a kind."""
    for what in ("created", "updated", kind.closed_state):
        yield _told(kind, UUID(int=0), what).type


def _told(kind: CatalogueKind[Any], id: UUID, what: str) -> Told:
    """What is told of an entry, named as acts name it."""
    thing = kind.table.__name__
    return Told(f"{thing.lower()}.{what}", thing, id)


async def _write_all(plans: Iterable[EntryPlan], at: Writing, known: Known, happened: Happened) -> Pending:
    left: list[EntryPlan] = []
    refusals: dict[KindAndSlug, Refusal] = {}
    for plan in plans:
        if plan.placed is None:
            continue
        at.incomplete = False
        answer = await _write(plan.kind, plan.placed, at, known)
        if at.incomplete or not isinstance(answer, Written):
            left.append(plan)
        if isinstance(answer, Refusal):
            refusals[plan.kind.name, plan.slug] = answer
        if isinstance(answer, Written):
            at.ids[plan.kind.name, plan.slug] = answer.id
            if answer.changed:
                what = _told(plan.kind, answer.id, "created" if answer.created else "updated")
                happened.setdefault((plan.kind.name, answer.id), what)
    pending = Pending(left)
    pending.refusals = refusals
    return pending


async def _write(kind: CatalogueKind[Any], placed: Placed[Any], at: Writing, known: Known) -> Written | Refusal | None:
    row: Entry | None = await find_entry(kind.table, at.here, slug=placed.slug)
    answer = await kind.write(placed.entry, placed.source, at, row)
    if isinstance(answer, Written):
        for plugin, section in sections_of(kind, at.folder, known):
            value = placed.sections.get((plugin, section.name))
            if value is not None or not answer.created:
                with section.blamed(plugin, f"{at.here.slug} {kind.name}/{placed.slug}"):
                    changed = await section.write(at.here.tenant_id, answer.id, value)
                answer = replace(answer, changed=answer.changed or changed)
    return answer


def refused(refusal: Refusal | None) -> Problem:
    """Why an entry could not be written in the end, as a problem of the entry."""
    if refusal is None:
        return Problem((), "something that this names could not be found while it was written")
    keys = tuple(int(step) if step.isdecimal() else step for step in refusal.path)
    return Problem(keys, refusal.message)


def ids_of(taken: Mapping[str, Mapping[str, Any]]) -> dict[KindAndSlug, UUID]:
    """The ids of rows that are there, by kind and slug."""
    return {(kind, slug): row.id for kind, rows in taken.items() for slug, row in rows.items()}

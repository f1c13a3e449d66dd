"""Plugins that files name and that are not installed: uninstalled since, or never here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from waypost.db import Database, System
from waypost.tenancy.country import Absent, Country, Known, Survey
from waypost.tenancy.faults import in_order, listed, perhaps
from waypost.tenancy.tenant_facts import read_tenant_rows, row_of

SCOPE: Final = System("tenants.apply", shared=True)


def absent_plugins(country: Country, known: Known) -> Iterator[Absent]:
    """Every plugin that is named and not installed."""
    names = sorted(one.name for one in known.plugins)
    for folder in country.folders.values():
        if folder.document is None or folder.tenant is None:
            continue
        for name in folder.tenant.plugins:
            if known.plugin(name) is None:
                keys = ("plugins", name)
                ways = f"install it or take [plugins.{name}] out; what it keeps stays"
                hint = perhaps(name, names) or f"; installed: {listed(names)}"
                fault = folder.document.fault(keys, f'no plugin "{name}" is installed: {ways}{hint}')
                notice = folder.document.fault(keys, f'"{name}" is not installed any more: {ways}', notice=True)
                yield Absent(folder, name, fault, notice)


async def settled(database: Database, survey: Survey) -> Survey:
    """The same survey, in which a plugin that its tenant's rows know is a notice and no fault."""
    if not survey.absent:
        return survey
    async with database.transaction(SCOPE):
        rows = await read_tenant_rows()
    had = []
    for each in survey.absent:
        row = row_of(each.folder, rows.directory, survey.country)
        if row is not None and each.plugin in rows.plugins.get(row.id, {}):
            had.append(each)
    gone = {each.fault for each in had}
    return replace(
        survey,
        faults=tuple(fault for fault in survey.faults if fault not in gone),
        notices=in_order([*survey.notices, *(each.notice for each in had)]),
        absent=tuple(each for each in survey.absent if each not in had),
    )

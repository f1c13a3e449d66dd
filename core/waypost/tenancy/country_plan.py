"""What applying all files would change, decided before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from waypost.db import City, Database, National, System
from waypost.tenancy.borrowing_plan import Shown, foreign_references, plan_borrowings
from waypost.tenancy.country import Survey
from waypost.tenancy.faults import Fault, in_order
from waypost.tenancy.lending import Borrowed, Lending
from waypost.tenancy.planning import FolderPlan, Rows, plan_folder, read_rows
from waypost.tenancy.progress import Progress
from waypost.tenancy.report import Change
from waypost.tenancy.shared_plan import SharedPlan, plan_shared
from waypost.tenancy.tenant_facts import TenantPlan, TenantRows, plan_tenants, read_tenant_rows

SCOPE: Final = System("tenants.apply", shared=True)


@dataclass(frozen=True)
class CountryPlan:
    """Everything that becomes different, and why some of it cannot be."""

    tenants: tuple[TenantPlan, ...]
    shared: tuple[SharedPlan, ...]
    folders: tuple[FolderPlan, ...]
    borrowings: tuple[Change, ...]
    shown: Shown
    faults: tuple[Fault, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes, in no order."""
        return (
            *(change for plan in self.tenants for change in plan.changes()),
            *(plan.change() for plan in self.shared),
            *(change for plan in self.folders for change in plan.changes),
            *self.borrowings,
        )


async def plan_country(database: Database, survey: Survey, lending: Lending, progress: Progress) -> CountryPlan:
    """Read what is there, in short transactions one after the other, and compare it with the files."""
    country, known = survey.country, survey.known
    async with database.transaction(SCOPE):
        rows: TenantRows = await read_tenant_rows()
        tenants, tenant_faults = plan_tenants(country, rows)
        shared, shared_faults = await plan_shared(country, known)
    shown = await _read_shown(database, survey, lending, tenants)
    names = {id: name for (_, id), name in shown.names.items()}
    folders: list[FolderPlan] = []
    for plan in tenants:
        if plan.folder is not None:
            progress(plan.slug)
            there = await _read_rows(database, survey, plan, names)
            folders.append(plan_folder(plan.folder, country, known, there))
    borrowings, borrowing_faults = plan_borrowings(folders, known, shown)
    found = (
        *tenant_faults,
        *shared_faults,
        *(fault for folder in folders for fault in folder.faults),
        *borrowing_faults,
    )
    return CountryPlan(tenants, shared, tuple(folders), borrowings, shown, in_order(found))


async def _read_rows(database: Database, survey: Survey, plan: TenantPlan, names: Mapping[UUID, str]) -> Rows:
    if plan.row is None or plan.folder is None:
        return Rows()
    async with database.transaction(City(plan.row.id)):
        return await read_rows(plan.folder, survey.known, plan.row.id, names)


async def _read_shown(database: Database, survey: Survey, lending: Lending, plans: Sequence[TenantPlan]) -> Shown:
    """Read what tenants borrow and name of each other, then what the homes show of it."""
    known = survey.known
    foreign: dict[str, set[UUID]] = {kind.name: set() for kind in known.kinds}
    borrowed: dict[str, Mapping[tuple[str, UUID], Borrowed]] = {}
    for plan in plans:
        if plan.folder is None or plan.row is None:
            continue
        async with database.transaction(City(plan.row.id)):
            borrowed[plan.slug] = await lending.borrowed(plan.row.id)
            for kind in known.kinds:
                foreign[kind.name].update(await kind.foreign(plan.row.id))
    wanted = {
        (reference.kind, reference.value)
        for plan in plans
        if plan.folder is not None
        for _, reference in foreign_references(plan.folder, known)
    }
    async with database.transaction(National()):
        names = {
            (kind.name, id): name for kind in known.kinds for id, name in (await kind.names(foreign[kind.name])).items()
        }
        offers = await lending.offers(wanted | {(kind, name) for (kind, _), name in names.items()})
    return Shown(offers, names, borrowed)

"""`waypost tenants apply`: brings the database to what the files say, or says what would change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from waypost.db import City, Database, National
from waypost.tenancy.absent import settled
from waypost.tenancy.borrowing_plan import Shown, foreign_references
from waypost.tenancy.catalogue import Writing
from waypost.tenancy.country import Survey
from waypost.tenancy.country_plan import SCOPE, CountryPlan, plan_country
from waypost.tenancy.directory import Tenant, read_directory
from waypost.tenancy.entries import FILES, Here
from waypost.tenancy.faults import Fault, in_order
from waypost.tenancy.lending import KindAndName, Lending
from waypost.tenancy.planning import EntryPlan, FolderPlan, plan_folder, read_rows
from waypost.tenancy.progress import Progress, silent
from waypost.tenancy.report import Change, FilesRefused, Report, report_of
from waypost.tenancy.shared_plan import write_changed_shared, write_new_shared
from waypost.tenancy.tenant_facts import plan_tenants, read_tenant_rows
from waypost.tenancy.tenant_rows import write_tenants
from waypost.tenancy.writing import Pending, ids_of, lock, refused, write_entries, write_settings


@dataclass
class _Run:
    """One application of all files, while it writes."""

    database: Database
    survey: Survey
    lending: Lending
    plan: CountryPlan
    now: datetime
    progress: Progress
    tenants: Mapping[str, Tenant] = field(default_factory=dict)
    pending: dict[str, Pending] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)


async def apply(
    database: Database,
    survey: Survey,
    lending: Lending,
    *,
    now: datetime,
    dry_run: bool = False,
    progress: Progress = silent,
) -> Report:
    """Bring the database to what the files say; answers what changed.

    Decides everything first; then writes the directory, each tenant's own rows in one transaction each, and
    last what tenants show of each other. With `dry_run` it stops after deciding, so that both say the same.
    Applying the same files again changes nothing. A plugin that a tenant had and that was uninstalled since is
    named among the notices. Raises `FilesRefused` before anything is written when the files are wrong or claim
    what others keep; and after the rest was written for an entry that a rule refuses beside rows of the graph (a
    circle through a pathway made there).
    """
    survey = survey if survey.certain else await settled(database, survey)
    if survey.faults:
        raise FilesRefused(survey.faults)
    plan = await plan_country(database, survey, lending, progress)
    if plan.faults:
        raise FilesRefused(plan.faults)
    if dry_run or not plan.changes:
        return report_of(plan.changes, survey.notices, dry_run=dry_run)
    run = _Run(database, survey, lending, plan, now, progress)
    await _write_directory(run)
    for folder in plan.folders:
        await _write_own(run, folder)
    await _write_borrowings(run)
    return report_of(run.changes, survey.notices, dry_run=False)


async def _write_directory(run: _Run) -> None:
    """Write tenants, and what is shared; behind a lock, since somebody may have done so since all was decided."""
    async with run.database.transaction(SCOPE):
        await lock("directory")
        plans, faults = plan_tenants(run.survey.country, await read_tenant_rows())
        if faults:
            raise FilesRefused(faults)
        await write_tenants(plans)
        await write_changed_shared(run.plan.shared)
        directory = await read_directory()
    run.tenants = {tenant.slug: tenant for tenant in directory.tenants}
    run.changes += [change for plan in plans for change in plan.changes()]
    run.changes += [plan.change() for plan in run.plan.shared]


async def _write_own(run: _Run, plan: FolderPlan) -> None:
    """Write a tenant's own rows, in one transaction; what it names of others may have to wait."""
    slug = plan.folder.slug
    founds = any(one.keys is None and one.placed.tenant == slug for one in run.plan.shared)
    if not plan.changes and not founds:
        return
    run.progress(slug)
    tenant = run.tenants[slug]
    prepared = await _prepare(run, tenant, plan.entries)
    async with run.database.transaction(City(tenant.id)):
        await lock(str(tenant.id))
        # Read again behind the lock: somebody may have written since all was decided.
        rows = await read_rows(plan.folder, run.survey.known, tenant.id, _names(run.plan.shown))
        plan = plan_folder(plan.folder, run.survey.country, run.survey.known, rows)
        if plan.faults:
            raise FilesRefused(plan.faults)
        at = _writing(run, plan, tenant, prepared)
        at.ids.update(ids_of(rows.taken))
        at.loans.update(_loans(run.plan.shown, slug))
        await write_new_shared(run.plan.shared, slug)
        await write_settings(plan, at)
        run.pending[slug] = await write_entries(plan.entries, at, run.survey.known)
    run.changes += plan.changes


async def _prepare(run: _Run, tenant: Tenant, plans: Collection[EntryPlan]) -> Mapping[str, Any]:
    """What kinds that will be written want to know of other tenants."""
    kinds = {plan.kind.name: plan.kind for plan in plans}
    async with run.database.transaction(National()):
        return {name: await kind.prepare(tenant.id) for name, kind in kinds.items()}


def _writing(run: _Run, plan: FolderPlan, tenant: Tenant, prepared: Mapping[str, Any]) -> Writing:
    origins = {name: (one.home_tenant_id, one.object_id) for name, one in run.plan.shown.offers.items()}
    here = Here.of(tenant, managed_by=FILES)
    return Writing(here, plan.folder, run.survey.country, run.now, prepared, origins=origins)


def _names(shown: Shown) -> Mapping[UUID, str]:
    return {id: name for (_, id), name in shown.names.items()}


def _loans(shown: Shown, slug: str) -> dict[KindAndName, Any]:
    """What a tenant has borrowed already, by name."""
    return {
        (kind, shown.names[kind, id]): borrowed.ref
        for (kind, id), borrowed in shown.borrowed.get(slug, {}).items()
        if (kind, id) in shown.names
    }


async def _write_borrowings(run: _Run) -> None:
    """Show what is borrowed, then finish what had to wait for it.

    Goes round while it helps: what a rule refuses beside the old rows of a tenant, it may allow beside the
    new ones. Raises `FilesRefused` for what is refused in the end.
    """
    for plan in run.plan.folders:
        await _write_others(run, plan)
    left = _left(run)
    while left:
        for plan in run.plan.folders:
            if plan.folder.slug in run.pending and run.pending[plan.folder.slug].plans:
                await _write_others(run, plan)
        before, left = left, _left(run)
        if left == before:
            raise FilesRefused(_final_faults(run))
    run.changes += run.plan.borrowings


def _left(run: _Run) -> int:
    return sum(len(pending.plans) for pending in run.pending.values())


async def _write_others(run: _Run, plan: FolderPlan) -> None:
    """Write what one tenant shows of others, and what of its own had to wait."""
    slug, tenant = plan.folder.slug, run.tenants[plan.folder.slug]
    wanted = _wanted(run, plan)
    pending = run.pending.get(slug, Pending(()))
    if not wanted and not pending.plans:
        return
    run.progress(slug)
    async with run.database.transaction(National()):
        offers = await run.lending.offers(wanted)
    prepared = await _prepare(run, tenant, pending.plans)
    async with run.database.transaction(City(tenant.id)):
        await lock(str(tenant.id))
        rows = await read_rows(plan.folder, run.survey.known, tenant.id, _names(run.plan.shown))
        at = _writing(run, plan, tenant, prepared)
        at.ids.update(ids_of(rows.taken))
        changed: dict[str, set[UUID]] = {}
        for name, offer in offers.items():
            at.origins[name] = (offer.home_tenant_id, offer.object_id)
            if wanted[name]:
                at.loans[name] = await run.lending.borrow(at.here, offer)
                changed.setdefault(name[0], set()).add(offer.object_id)
        for kind in run.survey.known.kinds:
            await kind.follow(changed, at)
        run.pending[slug] = await write_entries(pending.plans, at, run.survey.known)


def _wanted(run: _Run, plan: FolderPlan) -> dict[KindAndName, bool]:
    """Other tenants' things that a tenant names, and whether it shows them or only mentions them."""
    wanted = dict.fromkeys(_loans(run.plan.shown, plan.folder.slug), True)
    written = {(entry.kind.name, entry.slug) for entry in plan.entries}
    for placed, reference in foreign_references(plan.folder, run.survey.known):
        if not plan.folder.settings.seeds or (placed.kind, placed.slug) in written:
            name = (reference.kind, reference.value)
            wanted[name] = wanted.get(name, False) or reference.lent
    return wanted


def _final_faults(run: _Run) -> tuple[Fault, ...]:
    return in_order(
        plan.placed.fault(refused(pending.refusals.get((plan.kind.name, plan.slug))))
        for pending in run.pending.values()
        for plan in pending.plans
        if plan.placed is not None
    )

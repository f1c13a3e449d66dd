"""What applying files changes in what tenants show of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from waypost.tenancy.catalogue import Placed, Reference
from waypost.tenancy.country import Folder, Known
from waypost.tenancy.faults import Fault
from waypost.tenancy.lending import Borrowed, KindAndName, Offer
from waypost.tenancy.planning import EntryPlan, FolderPlan
from waypost.tenancy.report import Change
from waypost.tenancy.sections import Problem

PlansByName = Mapping[tuple[str, str, str], EntryPlan]
"""Plans of entries by tenant, kind and slug."""


@dataclass(frozen=True)
class Shown:
    """What there is before anything is written: homes' offers by name, and tenants' borrowings.

    `names` are those of other tenants' objects, by kind and id; `borrowed` is by tenant's slug.
    """

    offers: Mapping[KindAndName, Offer] = field(default_factory=dict)
    names: Mapping[tuple[str, UUID], str] = field(default_factory=dict)
    borrowed: Mapping[str, Mapping[tuple[str, UUID], Borrowed]] = field(default_factory=dict)


def foreign_references(folder: Folder, known: Known) -> Iterator[tuple[Placed[Any], Reference]]:
    """Everything of other tenants that a tenant's entries name, by the very names that are written."""
    for kind in known.kinds:
        for placed in folder.placed(kind.name):
            if placed.entry is None:
                continue
            for reference in kind.references(placed.entry):
                tenant, slash, _ = reference.value.rpartition("/")
                if slash and tenant != folder.slug:
                    yield placed, reference


def plans_by_name(plans: Sequence[FolderPlan]) -> PlansByName:
    """The plans of all tenants' entries."""
    return {(plan.folder.slug, entry.kind.name, entry.slug): entry for plan in plans for entry in plan.entries}


def plan_borrowings(
    plans: Sequence[FolderPlan], known: Known, shown: Shown
) -> tuple[tuple[Change, ...], tuple[Fault, ...]]:
    """Decide what tenants will newly show or show differently; answers changes, and names that lead nowhere."""
    changes: list[Change] = []
    faults: list[Fault] = []
    planned = plans_by_name(plans)
    for plan in plans:
        wanted: dict[KindAndName, None] = {}
        for placed, reference in foreign_references(plan.folder, known):
            if plan.folder.settings.seeds and (plan.folder.slug, placed.kind, placed.slug) not in planned:
                continue
            name = (reference.kind, reference.value)
            if name in shown.offers or _will_be_public(_home_plan(name, planned)):
                wanted |= {name: None} if reference.lent else {}
            else:
                faults.append(placed.fault(Problem(reference.keys, _not_offered(reference, known))))
        there = shown.borrowed.get(plan.folder.slug, {})
        wanted |= {(kind, shown.names[kind, id]): None for kind, id in there if (kind, id) in shown.names}
        for name in wanted:
            changes += _change(plan.folder.slug, name, planned, shown)
    return tuple(changes), tuple(faults)


def _will_be_public(plan: EntryPlan | None) -> bool:
    """Whether a home will show it once its files are applied."""
    return plan is not None and plan.placed is not None and plan.kind.is_public(plan.placed.entry)


def _not_offered(reference: Reference, known: Known) -> str:
    word = known.arrays[reference.kind].word
    return f'the {word} "{reference.value}" is not published in the database, and its home only seeds by files'


def _home_plan(name: KindAndName, planned: PlansByName) -> EntryPlan | None:
    kind, value = name
    tenant, _, slug = value.rpartition("/")
    return planned.get((tenant, kind, slug))


def _change(borrower: str, name: KindAndName, planned: PlansByName, shown: Shown) -> Iterator[Change]:
    kind, value = name
    offer = shown.offers.get(name)
    there = None if offer is None else shown.borrowed.get(borrower, {}).get((kind, offer.object_id))
    if offer is None or there is None:
        yield Change(borrower, "borrowings", value, "created")
        return
    wanted = {**offer.facts, **_planned_facts(_home_plan(name, planned))}
    keys = tuple(key for key, fact in wanted.items() if there.facts.get(key) != fact)
    if keys:
        yield Change(borrower, "borrowings", value, "changed", keys)


def _planned_facts(plan: EntryPlan | None) -> Mapping[str, object]:
    """What borrowers will see differently once the home's own row was written."""
    if plan is None:
        return {}
    if plan.placed is None:
        return {"state": plan.kind.closed_state}
    return plan.lent if plan.kind.is_public(plan.placed.entry) else {}

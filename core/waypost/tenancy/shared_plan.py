"""What applying files changes in what belongs to the whole platform, such as organisations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from waypost.refusal import Refusal
from waypost.tenancy.catalogue import CatalogueEntry, Placed, SharedKind
from waypost.tenancy.country import Country, Known
from waypost.tenancy.faults import Fault
from waypost.tenancy.report import Change, FilesRefused
from waypost.tenancy.sections import Problem


@dataclass(frozen=True)
class SharedPlan:
    """What becomes of one shared entry: all files' words on it together with what the platform has.

    `placed` is the first place that names it; `keys` are None for a new one.
    """

    kind: SharedKind[Any]
    placed: Placed[Any]
    entry: CatalogueEntry
    keys: tuple[str, ...] | None

    def change(self) -> Change:
        """The plan as a line of the report."""
        if self.keys is None:
            return Change("", self.kind.name, self.entry.slug, "created")
        return Change("", self.kind.name, self.entry.slug, "changed", self.keys)


async def plan_shared(country: Country, known: Known) -> tuple[tuple[SharedPlan, ...], tuple[Fault, ...]]:
    """Compare the shared entries of all files with what the platform has; answers plans and faults.

    Reads in the current transaction, of any scope.
    """
    plans: list[SharedPlan] = []
    faults: list[Fault] = []
    for kind in known.shared:
        merged = _merged(kind, country)
        there = await kind.known([entry for _, entry, _ in merged.values()])
        for slug, (placed, entry, seeded) in merged.items():
            if (problem := kind.conflict(entry, there)) is not None:
                faults.append(placed.fault(problem))
                continue
            before = there.get(slug)
            keys = None if before is None else tuple(_differences(before, entry))
            if keys is None or (keys and not seeded):
                plans.append(SharedPlan(kind, placed, _together(kind, before, entry), keys))
    return tuple(plans), tuple(faults)


async def write_new_shared(plans: tuple[SharedPlan, ...], tenant: str) -> None:
    """Create the new entries that this tenant's files are the first to name, in its City transaction.

    Raises `FilesRefused`.
    """
    for plan in plans:
        if plan.keys is None and plan.placed.tenant == tenant:
            answer = await plan.kind.found(plan.entry)
            if isinstance(answer, Refusal):
                raise FilesRefused([plan.placed.fault(Problem(answer.path, answer.message))])


async def write_changed_shared(plans: tuple[SharedPlan, ...]) -> None:
    """Change what the platform has already, in a System transaction."""
    for plan in plans:
        if plan.keys is not None:
            await plan.kind.change(plan.entry)


def _merged(kind: SharedKind[Any], country: Country) -> Mapping[str, tuple[Placed[Any], CatalogueEntry, bool]]:
    """All files' words on each slug as one entry, where it stands first, and whether only seeds name it."""
    merged: dict[str, tuple[Placed[Any], CatalogueEntry, bool]] = {}
    for placed in country.all(kind.name):
        if placed.entry is None:
            continue
        seeded = country.folders[placed.tenant].settings.seeds
        if (before := merged.get(placed.slug)) is None:
            merged[placed.slug] = (placed, placed.entry, seeded)
        else:
            first, entry, only_seeds = before
            merged[placed.slug] = (first, _together(kind, placed.entry, entry), only_seeds and seeded)
    return merged


def _said(entry: CatalogueEntry) -> Mapping[str, object]:
    return {key: value for key, value in entry.model_dump().items() if value is not None}


def _together(kind: SharedKind[Any], before: CatalogueEntry | None, entry: CatalogueEntry) -> CatalogueEntry:
    """The entry, with what it leaves out as it was before."""
    known = {} if before is None else _said(before)
    whole: CatalogueEntry = kind.model.model_construct(None, **{**known, **_said(entry)})
    return whole


def _differences(before: CatalogueEntry, entry: CatalogueEntry) -> Iterator[str]:
    there = before.model_dump()
    return (key for key, value in _said(entry).items() if there[key] != value)

"""What applying files changes, entry by entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from waypost.tenancy.faults import Fault

Act = Literal["created", "changed", "closed", "reopened"]


@dataclass(frozen=True, order=True)
class Change:
    """One thing that becomes different, and under which keys.

    `tenant` is empty for what belongs to the whole platform; `kind` is "tenant", "settings", "borrowings" or
    the name of an array of the catalogue; `keys` are empty for what is created or closed.
    """

    tenant: str
    kind: str
    slug: str
    act: Act
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As a line for people: `brighton badges/film-maker changed: price, criteria`."""
        where = f"{self.tenant} {self.kind}/{self.slug}".strip()
        return f"{where} {self.act}: {', '.join(self.keys)}" if self.keys else f"{where} {self.act}"


@dataclass(frozen=True)
class Report:
    """All changes of one run, tenants in order; with `dry_run` none of them was made."""

    changes: tuple[Change, ...]
    notices: tuple[Fault, ...] = ()
    dry_run: bool = False

    @property
    def unchanged(self) -> bool:
        """Whether the database says already what the files say."""
        return not self.changes

    def counts(self) -> dict[str, int]:
        """How many things were created, changed, closed and reopened."""
        counted = Counter(change.act for change in self.changes)
        return {act: counted[act] for act in ("created", "changed", "closed", "reopened")}

    def as_json(self) -> dict[str, Any]:
        """The report for scripts."""
        return {
            "dry_run": self.dry_run,
            **self.counts(),
            "changes": [asdict(change) for change in self.changes],
            "notices": [str(notice) for notice in self.notices],
        }


def report_of(changes: Iterable[Change], notices: tuple[Fault, ...], *, dry_run: bool) -> Report:
    """A report with its changes in order, the platform's own first."""
    return Report(tuple(sorted(set(changes))), notices, dry_run)


class FilesRefused(Exception):
    """Files that cannot be applied; `faults` has every reason, and nothing was written."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))

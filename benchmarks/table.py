"""What was measured, and the table that shows it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from rich.table import Table

SMALL: Final = 100  # below it a figure is shown with three significant digits


@dataclass(frozen=True)
class Figure:
    """One thing measured; `most` or `least` is the target, where there is one.

    `name` says what it is, `unit` what it is counted in, `note` what must be known to read it; `more` are other
    numbers of the same measurement, each under its name and unit: `p50, ms`.
    """

    subject: str
    name: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None
    note: str = ""
    more: Mapping[str, float] = field(default_factory=dict)

    @property
    def kept(self) -> bool | None:
        """Whether the target was met; None without one."""
        if self.most is not None:
            return self.value <= self.most
        return self.value >= self.least if self.least is not None else None

    def row(self) -> tuple[str, str, str, str, str]:
        """The figure as a row of the table."""
        bound = f"≤ {shown(self.most)}" if self.most is not None else ""
        bound = f"≥ {shown(self.least)}" if self.least is not None else bound
        verdict = {True: "met", False: "missed", None: ""}[self.kept]
        notes = [_said(*one) for one in self.more.items()] + ([self.note] if self.note else [])
        return (self.name, f"{shown(self.value)} {self.unit}".rstrip(), bound, verdict, ", ".join(notes))

    def facts(self) -> dict[str, Any]:
        """The figure for a file of JSON."""
        target = self.most if self.most is not None else self.least
        return {
            "subject": self.subject,
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": target,
            "met": self.kept,
            "note": self.note,
            "more": dict(self.more),
        }


def _said(name: str, value: float) -> str:
    what, _, unit = name.partition(", ")
    return f"{what} {shown(value)} {unit}"


def shown(value: float) -> str:
    """A number as a reader wants it: 1,234 or 12.3 or 0.0456."""
    if value == int(value) or abs(value) >= SMALL:
        return f"{value:,.0f}"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{value:.{digits}f}"


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least `share` (above 0, up to 1) of all values do not exceed.

    Raises ValueError without values, or for another share.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("there are no values")
    if not 0 < share <= 1:
        raise ValueError(f"{share} is no share: above 0, up to 1")
    return ordered[math.ceil(share * len(ordered)) - 1]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of rounds that were measured in turn, so that a slow minute strikes both sides.

    Raises ValueError when the rounds do not match.
    """
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def table(figures: Iterable[Figure], title: str) -> Table:
    """All figures, a section a subject."""
    drawn = Table("What", "Measured", "Target", "", "Note", title=title, title_justify="left")
    drawn.columns[1].justify = drawn.columns[2].justify = "right"
    before: str | None = None
    for figure in figures:
        if figure.subject != before:
            drawn.add_section()
            drawn.add_row(f"[bold]{figure.subject}[/bold]")
            before = figure.subject
        drawn.add_row(*figure.row())
    return drawn

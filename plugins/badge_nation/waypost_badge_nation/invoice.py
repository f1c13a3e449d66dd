"""Invoice lines as a table for spreadsheets: CSV of RFC 4180, in which no cell is a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any, Final

COLUMNS: Final = ("date", "organisation", "city", "badge", "for", "net", "vat", "gross")
# What spreadsheets take for the beginning of a formula.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(text: str) -> str:
    """A text as a cell that shows it; an apostrophe keeps it from being a formula, also behind spaces."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def csv_of(lines: Iterable[Mapping[str, Any] | Sequence[Any]]) -> str:
    """Lines, each with the values of COLUMNS in their order, as CSV with a head."""
    written = StringIO()
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow(COLUMNS)
    table.writerows([cell("" if each is None else str(each)) for each in line] for line in lines)
    return written.getvalue()

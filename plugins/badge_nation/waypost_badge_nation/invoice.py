"""Invoice lines as a table for spreadsheets: CSV of RFC 4180, in which no cell is a formula."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from waypost.spreadsheets import csv_text

COLUMNS: Final = ("date", "organisation", "city", "badge", "for", "net", "vat", "gross")


def csv_of(lines: Iterable[Mapping[str, Any] | Sequence[Any]]) -> str:
    """Lines, each with the values of COLUMNS in their order, as CSV with a head."""
    return csv_text([COLUMNS, *(tuple(line) for line in lines)])

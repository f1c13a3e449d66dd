"""Tables for spreadsheets: CSV of RFC 4180, in which no cell is a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from io import StringIO
from typing import Final

# What a spreadsheet takes for the beginning of a formula, in some countries also in full width, and also behind
# what it passes over. See OWASP on CSV injection.
_FORMULA: Final = re.compile("[\\s\ufeff\u200b]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\\t\\r\\n]")


def cell(value: object) -> str:
    """Write a value as text that no spreadsheet takes for a formula: an apostrophe stands before what looks so.

    Nothing for None, a list's words one after another, moments as in RFC 3339.
    """
    if value is None:
        return ""
    if isinstance(value, list):
        text = " ".join(map(str, value))
    else:
        text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    return f"'{text}" if _FORMULA.match(text) else text


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Write rows as CSV, each value as its `cell`."""
    written = StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)
    return written.getvalue()

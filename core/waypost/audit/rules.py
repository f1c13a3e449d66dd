"""Between which ids the entries of a time are found; ids are indexed, times are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from waypost.db import first_id

# An id is of the moment of the change, `at` of that at which its transaction began; and clocks are put right.
APART: Final = timedelta(days=1)
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC) + APART
_LATEST: Final = datetime.max.replace(tzinfo=UTC) - APART


def first_id_since(moment: datetime) -> UUID:
    """Return an id that no entry comes before whose `at` is that moment or later."""
    return first_id(max(moment, _EARLIEST) - APART)


def last_id_until(moment: datetime) -> UUID:
    """Return an id that no entry comes after whose `at` is before that moment."""
    return first_id(min(moment, _LATEST) + APART)

"""Rows of other tenants: the statement keeps their places, and they are read nationally afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .marks import AWAY, PLACE_MARK
from .sql import joined, literal

if TYPE_CHECKING:
    from .query import Query, Selected


def away_marker(query: Query, field: Selected, tenant: str, key: str) -> str:
    """Return SQL that names another tenant's row, and remember to read it nationally afterwards."""
    return place_of(query.patch(field, AWAY), tenant, key)


def place_of(number: int, tenant: str, key: str) -> str:
    """Return SQL that keeps the place of a row of another tenant: the number of the patch, and which row."""
    return joined([literal(f'{PLACE_MARK}{number},"row":"'), tenant, literal(":"), key, literal('"}')])

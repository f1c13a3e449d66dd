"""Cursors: where a page ended, as the values that the list is ordered by.

A cursor carries a fingerprint of its query (field, order, filter, tenant), so that one from another query is refused
instead of answering nonsense. Values are only bounds: a cursor opens nothing that the query itself would not show.
"""

from __future__ import annotations

import math
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from .errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FOREIGN = "The cursor is not one that this query, with this filter and order, has given out."
LONGEST = 2_000  # characters of a cursor; ours are far shorter


def fingerprint(*parts: object) -> str:
    """Return a short digest of everything that makes a query this query."""
    return blake2b(repr(parts).encode(), digest_size=8).hexdigest()


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(value)
    return float(value)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**31:
        raise ValueError(value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError(value)
    value.encode()  # a lone surrogate is no text
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(value)
    return moment.astimezone(UTC)  # fails beyond the calendar, as the database would


READERS: Mapping[str, Callable[[Any], Any]] = {
    "text": _text,
    "uuid": lambda value: UUID(_text(value)),
    "timestamptz": _moment,
    "float8": _number,
    "int": _whole,
}


def read_cursor(cursor: str, expected: str, casts: Sequence[str]) -> list[Any]:
    """Return the values of a cursor; raise `GraphError` INVALID_CURSOR unless it belongs to the query."""
    try:
        mark, *values = _unpacked(cursor)
        read = [READERS[cast](value) for cast, value in zip(casts, values, strict=True)]
    except (ValueError, TypeError, OverflowError) as error:
        raise GraphError(
            "INVALID_CURSOR",
            "The cursor is not one that this query, with this filter and order, has given out.",
        ) from error
    if mark != expected:
        raise GraphError("INVALID_CURSOR", FOREIGN)
    return read


def _unpacked(cursor: str) -> list[Any]:
    if len(cursor) > LONGEST:
        raise ValueError(cursor)
    found = orjson.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    if not isinstance(found, list) or not found:
        raise ValueError(found)
    return found


def cursor_sql(mark: str, keys: Sequence[str]) -> str:
    """Return SQL for the cursor of a row, URL-safe and without line breaks.

    `mark` is SQL for the fingerprint, `keys` are SQL expressions of the values.
    """
    values = ", ".join(f"',', to_json({key})::text" for key in keys)
    text = f"concat('[\"', {mark}, '\"', {values}, ']')"
    return f"translate(encode(convert_to({text}, 'UTF8'), 'base64'), E'+/=\\n', '-_')"

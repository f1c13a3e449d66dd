"""Identifiers that sort by the time they were made."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

_NS_PER_MS = 1_000_000
_US_PER_MS = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id() -> UUID:
    """Make a time-ordered identifier (uuid version 7, RFC 9562).

    The first 48 bits are Unix milliseconds and the next 12 the fraction of
    the millisecond (about 244 ns a step), so that rows made one after the other lie together
    in an index; 62 bits are random.
    """
    ms, ns = divmod(time.time_ns(), _NS_PER_MS)
    fraction = (ns << 12) // _NS_PER_MS
    value = (ms << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | secrets.randbits(62)
    return UUID(int=value)


def first_id(moment: datetime) -> UUID:
    """Give the least identifier that `new_id` or the audit could have made at that moment."""
    since_epoch = max(moment - _EPOCH, timedelta())
    ms, us = divmod(since_epoch // timedelta(microseconds=1), _US_PER_MS)
    return UUID(int=(ms << 80) | (0x7 << 76) | ((us << 12) // _US_PER_MS << 64) | (0b10 << 62))

"""Identifiers that sort by the time they were made."""

from __future__ import annotations

import secrets
import time
from uuid import UUID

_NS_PER_MS = 1_000_000


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

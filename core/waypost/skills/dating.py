"""When a framework says that it was changed: a date that is still to come would keep every true one out for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from waypost.outbox.frameworks import Association, Document, Fault, Item, Package

AHEAD: Final = timedelta(days=1)  # zones are forgotten, and clocks differ


def in_utc(changed_at: datetime) -> datetime:
    """The date with a zone; without one it is UTC."""
    return changed_at if changed_at.tzinfo else changed_at.replace(tzinfo=UTC)


def is_ahead(changed_at: datetime, now: datetime) -> bool:
    """Whether a date lies more than a day ahead of now."""
    return in_utc(changed_at) > now + AHEAD


def dated_ahead(package: Package, now: datetime) -> Iterator[Fault]:
    """Find all that says of itself that it was changed more than a day ahead of now, each as a `DATED_AHEAD`."""
    entries: list[Document | Item | Association] = [package.document, *package.items, *package.associations]
    for each in entries:
        if is_ahead(each.changed_at, now):
            said = f"it says that it was changed on {each.changed_at.isoformat()}, more than a day ahead of now"
            place = "CFDocument" if isinstance(each, Document) else each.place
            yield Fault("DATED_AHEAD", f"{said}: correct the date, or nothing true could ever take its place", place)

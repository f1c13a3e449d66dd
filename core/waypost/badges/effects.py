"""Keeps borrowings true: when a badge or an opportunity changes at home, it changes where it is shown."""

from __future__ import annotations

from typing import Final

from waypost.badges.borrowing import borrowers_of, refresh_one
from waypost.outbox.work import Effects, Handler, Happened, Work

CHANGES: Final = frozenset(
    {
        *("badge.created", "badge.updated", "badge.published", "badge.retired"),
        *("opportunity.created", "opportunity.updated", "opportunity.closed"),
    }
)


async def follow(work: Work, event: Happened) -> None:
    """Bring the rows of all tenants that borrow it up to date; what is true already is not touched."""
    object_type = event.object_type.lower()
    for tenant in await borrowers_of(work.database, event.tenant_id, object_type, event.object_id):
        await refresh_one(work.database, tenant, object_type, event.object_id)


EFFECTS: Final = Effects(handlers=(Handler("borrowings", CHANGES, follow),))

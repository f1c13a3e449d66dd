"""Acts upon badges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from waypost.badges import tables
from waypost.outbox import Act, Event, command
from waypost.refusal import Invalid, Refusal, missing
from waypost.tenancy.entries import Ref, find_entry
from waypost.tenancy.loans import Loans


@dataclass(frozen=True)
class BadgeAdopted(Event):
    """Another tenant's badge is shown here."""

    badge: UUID
    home: UUID


@command(may="badge.adopt")
async def adopt_badge(act: Act, badge: Ref, loans: Loans) -> BadgeAdopted | Refusal:
    """Show another tenant's badge here: the same badge of the same issuer, kept true to its home."""
    if badge.home_tenant_id == act.here.tenant_id:
        own = await find_entry(tables.Badge, act.here, id=badge.id)
        return Invalid(message="This badge is the city's own.", path=("badge",)) if own else missing().under("badge")
    lent = await loans.lend(act.here, "badge", (badge,))
    if isinstance(lent, Refusal):
        return replace(lent, path=("badge",))
    return await act.tell(BadgeAdopted(badge.id, badge.home_tenant_id))

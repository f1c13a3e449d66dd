"""Acts upon opportunities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from waypost.opportunities import store, tables
from waypost.opportunities.store import OpportunityWords, read_opportunity, write_opportunity
from waypost.outbox import Act, Event, command
from waypost.refusal import Refusal
from waypost.tenancy.changing import load, unchangeable, write_new
from waypost.tenancy.entries import Written, managed_by_files, tenant_area
from waypost.tenancy.loans import Loans


@dataclass(frozen=True)
class OpportunityCreated(Event):
    """Something to take part in was offered."""

    opportunity: UUID
    provider: UUID


@dataclass(frozen=True)
class OpportunityUpdated(Event):
    """What is said of an opportunity changed."""

    opportunity: UUID
    provider: UUID


@dataclass(frozen=True)
class OpportunityClosed(Event):
    """An opportunity was taken off the lists."""

    opportunity: UUID
    provider: UUID


@command(may="opportunity.create")
async def create_opportunity(act: Act, words: OpportunityWords, loans: Loans) -> OpportunityCreated | Refusal:
    """Offer something; without a slug it gets one made from its title.

    Badges of other tenants are borrowed; `loans` has what their homes show of them.
    """
    forbidden = act.may("opportunity.create", words.provider_id)
    if forbidden:
        return forbidden
    lent = await loans.lend(act.here, "badge", words.badges)
    if isinstance(lent, Refusal):
        return lent.under("badges")
    area = await tenant_area(act.here.tenant_id)

    async def write(slug: str) -> Written | Refusal:
        return await write_opportunity(act.here, replace(words, slug=slug, badges=lent), None, area, act.now)

    written = await write_new(words.slug, words.title, write)
    if isinstance(written, Refusal):
        return written
    return await act.tell(OpportunityCreated(written.id, words.provider_id))


@command(may="opportunity.update")
async def update_opportunity(
    act: Act, opportunity: UUID, changes: Mapping[str, Any], loans: Loans
) -> OpportunityUpdated | Refusal:
    """Change what is said of an opportunity; `changes` are by the names of `OpportunityWords`.

    Who speaks for one issuer can neither change nor become what another offers.
    """
    loaded = await load(tables.Opportunity, act.here, opportunity, read_opportunity)
    if isinstance(loaded, Refusal):
        return loaded
    at, before = loaded
    words = replace(before, **changes)
    wrong = (
        act.may("opportunity.update", before.provider_id)
        or act.may("opportunity.update", words.provider_id)
        or unchangeable(at, act.here)
    )
    if wrong:
        return wrong
    lent = await loans.lend(act.here, "badge", words.badges)
    if isinstance(lent, Refusal):
        return lent.under("badges")
    area = await tenant_area(act.here.tenant_id)
    written = await write_opportunity(act.here, replace(words, badges=lent), at, area, act.now)
    if isinstance(written, Refusal):
        return written
    updated = OpportunityUpdated(opportunity, words.provider_id)
    return await act.tell(updated) if written.changed else updated


@command(may="opportunity.close")
async def close_opportunity(act: Act, opportunity: UUID) -> OpportunityClosed | Refusal:
    """Take an opportunity off the lists; nothing happens to one that was closed before."""
    loaded = await load(tables.Opportunity, act.here, opportunity, read_opportunity)
    if isinstance(loaded, Refusal):
        return loaded
    at, words = loaded
    wrong = act.may("opportunity.close", words.provider_id) or managed_by_files(at, act.here)
    if wrong:
        return wrong
    closed = OpportunityClosed(opportunity, words.provider_id)
    return await act.tell(closed) if await store.close_opportunity(act.here, opportunity) else closed

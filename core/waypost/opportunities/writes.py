"""Mutations of opportunities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import strawberry

from waypost.graph import ID, URL, LanguageTag, Row, act, column, mutation, payload, value
from waypost.graph.inputs import Given, cleared, maybe, needed, pointed, ref_of, row_of
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid, ManagedByFiles, SlugTaken
from waypost.outbox import Act
from waypost.places.graph import GeoPointInput
from waypost.refusal import Refusal
from waypost.tenancy.entries import Cost
from waypost.tenancy.loans import Lender, Loans

from . import commands
from .graph import Opportunity
from .store import OpportunityText, OpportunityWords

# Where the words' fields stand in the input.
MOVED: Final = {
    "latitude": ("location", "latitude"),
    "longitude": ("location", "longitude"),
    "price": ("cost", "price", "amount"),
    "currency": ("cost", "price", "currency"),
    "ageMin": ("ages", "min"),
    "ageMax": ("ages", "max"),
}
SAME: Final = (
    *("title", "summary", "kind", "online", "starts_at", "ends_at", "recurrence", "apply_by", "capacity"),
    *("url", "contact_url"),
)


@strawberry.input(description="An amount in a currency.")
class MoneyInput:
    """Money."""

    amount: Decimal = needed("A decimal number as a string, with at most two decimals.")
    currency: str = needed("ISO 4217, such as GBP.")


@strawberry.input(description="What it costs to take part.")
class OpportunityCostInput:
    """A cost."""

    free: bool | None = maybe("Whether it is free.")
    price: MoneyInput | None = maybe("Where it is not free.")
    note: str | None = maybe("What else to know of the cost.")


@strawberry.input(description="For whom it is, in years, both ends included.")
class AgeRangeInput:
    """Ages."""

    min: int | None = maybe("The youngest, in years; absent: no lower end.")
    max: int | None = maybe("The oldest, in years; absent: no upper end.")


@strawberry.input(description="An opportunity's words in another of the city's languages.")
class OpportunityTranslationInput:
    """A translation."""

    language: LanguageTag = needed("One of the city's languages, such as cy, and not its first.")
    title: str = needed("Its title in that language.")
    summary: str = needed("Its summary in that language.")


@strawberry.input(description="Something to take part in, to be offered.")
class CreateOpportunityInput:
    """Everything that is said of an opportunity."""

    title: str = needed("In the city's first language.")
    summary: str = needed("What one does there, in the city's first language.")
    kind: str = needed("The code of one of `kinds`, such as WORKSHOP.")
    provider: ID = needed("The issuer that offers it.")
    slug: str | None = maybe("For addresses, such as first-make; left out, it is made from the title.")
    place: ID | None = maybe("Where it happens.")
    location: GeoPointInput | None = maybe("Where it happens, if not at the place's own point.")
    online: bool | None = maybe("Whether one can take part from anywhere; absent: no.")
    starts_at: datetime | None = maybe("The first time, with zone.")
    ends_at: datetime | None = maybe("When the first time ends, with zone.")
    recurrence: str | None = maybe(
        "How it repeats: an RRULE of RFC 5545, such as FREQ=WEEKLY;BYDAY=SA, on the city's clocks."
    )
    apply_by: datetime | None = maybe("The deadline, with zone.")
    capacity: int | None = maybe("For how many people.")
    cost: OpportunityCostInput | None = maybe("Absent: nobody said.")
    ages: AgeRangeInput | None = maybe("Absent: for everybody.")
    accessibility: list[str] | None = maybe("Codes, such as step-free or bsl.")
    url: URL | None = maybe("Its own page.")
    contact_url: URL | None = maybe("Where to ask.")
    badges: list[ID] | None = maybe("What one can earn, in order; other cities' badges are borrowed.")
    translations: list[OpportunityTranslationInput] | None = maybe("Its words in the city's other languages.")


@strawberry.input(description="Changes to an opportunity: what is left out stays, null clears.")
class UpdateOpportunityInput:
    """What changes."""

    opportunity: ID = needed("The id of an opportunity of this city.")
    title: str | None = maybe("In the city's first language.")
    summary: str | None = maybe("What one does there, in the city's first language.")
    kind: str | None = maybe("The code of one of `kinds`, such as WORKSHOP.")
    provider: ID | None = maybe("The issuer that offers it.")
    slug: str | None = maybe("For addresses; the old one leads here for ever.")
    place: ID | None = maybe("Where it happens.")
    location: GeoPointInput | None = maybe("Where it happens; null: at the place's own point.")
    online: bool | None = maybe("Whether one can take part from anywhere.")
    starts_at: datetime | None = maybe("The first time, with zone.")
    ends_at: datetime | None = maybe("When the first time ends, with zone.")
    recurrence: str | None = maybe(
        "How it repeats: an RRULE of RFC 5545, such as FREQ=WEEKLY;BYDAY=SA, on the city's clocks."
    )
    apply_by: datetime | None = maybe("The deadline, with zone.")
    capacity: int | None = maybe("For how many people.")
    cost: OpportunityCostInput | None = maybe("The whole cost; null: nobody said.")
    ages: AgeRangeInput | None = maybe("Both ends; null: for everybody.")
    accessibility: list[str] | None = maybe("All codes, such as step-free or bsl.")
    url: URL | None = maybe("Its own page.")
    contact_url: URL | None = maybe("Where to ask.")
    badges: list[ID] | None = maybe("All of them, in order; other cities' badges are borrowed.")
    translations: list[OpportunityTranslationInput] | None = maybe(
        "All of them: those that are left out are taken away."
    )


@strawberry.input(description="An opportunity to be taken off the lists.")
class CloseOpportunityInput:
    """Which opportunity."""

    opportunity: ID = needed("The id of an opportunity of this city.")


@value
class CreateOpportunitySuccess:
    """The opportunity is offered."""

    opportunity: Opportunity = column(doc="The opportunity as it is now.")


@value
class UpdateOpportunitySuccess:
    """The opportunity is as the input says."""

    opportunity: Opportunity = column(doc="The opportunity as it is now.")


@value
class CloseOpportunitySuccess:
    """The opportunity is off the lists; its words stay readable."""

    opportunity: Opportunity = column(doc="The closed opportunity, still readable by its id.")


CreateOpportunityPayload: Any = payload("CreateOpportunityPayload", CreateOpportunitySuccess, SlugTaken, Invalid)
UpdateOpportunityPayload: Any = payload(
    "UpdateOpportunityPayload", UpdateOpportunitySuccess, SlugTaken, Invalid, ManagedByFiles
)
CloseOpportunityPayload: Any = payload("CloseOpportunityPayload", CloseOpportunitySuccess, ManagedByFiles)


async def _prepare(abroad: Lender, tenant: UUID, given: Given) -> Mapping[str, Any]:
    """Read what other tenants show of the badges that the input names."""
    badges = [ref_of("Badge", each, tenant) for each in given.get("badges") or ()]
    return {"loans": await Loans.find(abroad, tenant, {"badge": badges})}


async def _create(act: Act, given: Given) -> Outcome:
    words = OpportunityWords(**{"slug": "", **_said(act, given)})
    done = await commands.create_opportunity(act, words, given["loans"])
    return pointed(done, given, MOVED) if isinstance(done, Refusal) else _shown(done.opportunity)


async def _update(act: Act, given: Given) -> Outcome:
    wrong = cleared(given, "title", "summary", "kind", "provider", "slug", "online")
    if wrong:
        return wrong
    opportunity = row_of("Opportunity", given["opportunity"], act.here.tenant_id)
    done = await commands.update_opportunity(act, opportunity, _said(act, given), given["loans"])
    return pointed(done, given, MOVED) if isinstance(done, Refusal) else _shown(done.opportunity)


async def _close(act: Act, given: Given) -> Outcome:
    opportunity = row_of("Opportunity", given["opportunity"], act.here.tenant_id)
    done = await commands.close_opportunity(act, opportunity)
    return done if isinstance(done, Refusal) else _shown(done.opportunity)


def _shown(opportunity: UUID) -> Outcome:
    return {"opportunity": Row("Opportunity", opportunity)}


def _said(act: Act, given: Given) -> dict[str, Any]:
    """Return what the input says by the names of `OpportunityWords`."""
    tenant = act.here.tenant_id
    said = {name: given[name] for name in SAME if name in given}
    if said.get("online", False) is None:
        del said["online"]
    if given.get("slug") is not None:
        said["slug"] = given["slug"]
    if "provider" in given:
        said["provider_id"] = row_of("Issuer", given["provider"], tenant)
    if "place" in given:
        said["place_id"] = None if given["place"] is None else row_of("Place", given["place"], tenant)
    if "location" in given:
        said |= given["location"] or {"latitude": None, "longitude": None}
    if "cost" in given:
        said["cost"] = _cost(given["cost"] or {})
    if "ages" in given:
        ages = given["ages"] or {}
        said |= {"age_min": ages.get("min"), "age_max": ages.get("max")}
    if "accessibility" in given:
        said["accessibility"] = tuple(given["accessibility"] or ())
    if "badges" in given:
        said["badges"] = tuple(ref_of("Badge", each, tenant) for each in given["badges"] or ())
    if "translations" in given:
        texts = given["translations"] or ()
        said["text"] = {each["language"]: OpportunityText(each["title"], each["summary"]) for each in texts}
    return said


def _cost(given: Given) -> Cost:
    price, free = given.get("price") or {}, given.get("free")
    # What has a price is not free, also where nobody says so.
    free = False if free is None and price else free
    return Cost(free, price.get("amount"), price.get("currency"), given.get("note"))


@mutation
class OpportunityMutation:
    """What is done to opportunities."""

    create_opportunity: CreateOpportunityPayload = act(
        _create, CreateOpportunityInput, prepare=_prepare, doc="Offer something; it is shown at once."
    )
    update_opportunity: UpdateOpportunityPayload = act(
        _update, UpdateOpportunityInput, by="opportunity", prepare=_prepare, doc="Change an opportunity."
    )
    close_opportunity: CloseOpportunityPayload = act(
        _close, CloseOpportunityInput, by="opportunity", doc="Take an opportunity off the lists."
    )


TYPES = (
    MoneyInput,
    OpportunityCostInput,
    AgeRangeInput,
    OpportunityTranslationInput,
    CreateOpportunityInput,
    UpdateOpportunityInput,
    CloseOpportunityInput,
    CreateOpportunitySuccess,
    UpdateOpportunitySuccess,
    CloseOpportunitySuccess,
    OpportunityMutation,
)

"""What issuers say in mutations of awards: recipients and words, and how they become the domain's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import strawberry

from waypost.awards.rules import AwardWords
from waypost.graph import ID, URL, Markdown
from waypost.graph.acting import may_in
from waypost.graph.inputs import NOWHERE, Given, maybe, ref_of, row_of
from waypost.graph.mutations import Found
from waypost.learners.people import find_people
from waypost.learners.rules import Who, addressed, addresses_of
from waypost.refusal import Invalid, Refusal
from waypost.tenancy.entries import Ref
from waypost.tenancy.loans import Lender, Loans

from .graph import RecipientKind

if TYPE_CHECKING:
    from waypost.db import Database
    from waypost.graph.request import Request


@strawberry.input(description="Who is given a badge: a recipient already known by id, or as the issuer names them.")
class RecipientInput:
    """A recipient."""

    id: ID | None = maybe("Of a recipient whom this issuer has given something before; then nothing else is said.")
    name: str | None = maybe("How they are called; it stands on their badge.")
    kind: RecipientKind | None = maybe("A person, unless said otherwise.")
    email: str | None = maybe("Where they are told. Left out, they claim by a code that the issuer hands over.")
    birth_year: int | None = maybe("Such as 2012. Under 13 only a guardian is written to.")
    guardian_email: str | None = maybe("Of a guardian, for somebody under 13.")
    reference: str | None = maybe("The issuer's own, such as a pupil's number: it finds them again.")
    issuer: ID | None = maybe("Of an organisation that is an issuer of this city too: its people accept.")


@strawberry.input(description="One award of several.")
class AwardInput:
    """An award in a list."""

    recipient: RecipientInput = strawberry.field(description="Who is given the badge.")
    narrative: Markdown | None = maybe("What they did, in a few words.")
    evidence: list[URL] | None = maybe("Addresses where it can be seen; at most 10.")
    awarded_at: datetime | None = maybe("When it was earned, if not now.")
    expires_at: datetime | None = maybe("Until when it holds; left out: for ever.")
    opportunity: ID | None = maybe("What they took part in, also in another city.")


WORDS: Final = ("narrative", "awarded_at", "expires_at")
NAMED: Final = ("name", "birth_year", "reference")


def words_of(given: Given, tenant: UUID, loans: Loans | None = None) -> AwardWords:
    """Return what an input says of an award; `loans` are the opportunities of other cities that are shown there."""
    said: dict[str, Any] = {name: given.get(name) or None for name in WORDS}
    opportunity = None if loans is None else opportunity_of(given, tenant, loans)
    return AwardWords(**said, evidence=tuple(given.get("evidence") or ()), opportunity=opportunity)


def opportunity_of(given: Given, tenant: UUID, loans: Loans) -> Ref | None:
    """Return the opportunity that an input names, of any city; `NOWHERE` for what its city does not show."""
    if not given.get("opportunity"):
        return None
    ref = ref_of("Opportunity", given["opportunity"], tenant)
    shown = ref.home_tenant_id == tenant or ("opportunity", ref.id) in loans.found
    return ref if shown else Ref(NOWHERE, tenant)


async def prepare_opportunities(abroad: Lender, tenant: UUID, given: Given) -> Mapping[str, Any]:
    """Read what other cities show of the opportunities that an input or its awards name."""
    named = [each for each in (given, *(given.get("awards") or ())) if isinstance(each, Mapping)]
    refs = [ref_of("Opportunity", each["opportunity"], tenant) for each in named if each.get("opportunity")]
    return {"loans": await Loans.find(abroad, tenant, {"opportunity": refs})}


def who_of(given: Given, request: Request, tenant: UUID) -> Who | UUID | Invalid:
    """Return the recipient that an input names, addresses in their normal form; paths begin at the recipient."""
    if given.get("id"):
        others = [name for name, value in given.items() if name != "id" and value is not None]
        if others:
            return Invalid(message="Who is known by id is not described anew.", path=("id",))
        return row_of("Recipient", given["id"], tenant)
    kind = given.get("kind")
    issuer = given.get("issuer")
    said: dict[str, Any] = {name: given[name] for name in NAMED if given.get(name) is not None}
    who = Who(
        **said,
        kind=str(getattr(kind, "value", kind) or "person"),
        address=given.get("email") or None,
        guardian_address=given.get("guardian_email") or None,
        issuer_id=(row_of("Issuer", issuer, tenant) if issuer else None),
    )
    if who.issuer_id == NOWHERE:
        return Invalid(message="That is no issuer of this city.", path=("issuer",))
    return addressed(who, request.now.year)


async def find_named(
    database: Database, request: Request, tenant: UUID, recipients: Mapping[tuple[str, ...], Given]
) -> Found | Refusal:
    """Find the people behind the addresses of recipients, by their places in the input, before an act.

    Nobody is looked for on behalf of who may not give badges: the act refuses them.
    """
    found: list[Who | UUID] = []
    for path, given in recipients.items():
        who = who_of(given, request, tenant)
        if isinstance(who, Invalid):
            return replace(who, path=(*path, *who.path))
        found.append(who)
    people: dict[str, UUID] = {}
    if await may_in(database, request, tenant, "award.create"):
        secret = request.services.settings.load_secret_key()
        addresses = addresses_of([who for who in found if isinstance(who, Who)])
        people = await find_people(database, tenant, addresses, secret_key=secret, now=request.now)
    return Found(given={"named": found, "people": people})

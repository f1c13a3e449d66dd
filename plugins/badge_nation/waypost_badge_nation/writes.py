"""Mutations of networks, and the one by which an issuer's admin accepts a price."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import strawberry

from waypost.db import fetchval
from waypost.graph import ID, Row, act, column, mutation, payload, value
from waypost.graph.inputs import Given, maybe, needed, row_of
from waypost.graph.pages import camel
from waypost.graph.payloads import Outcome
from waypost.issuers.rules import NUMBERS, normal_number
from waypost.outbox import Act
from waypost.refusal import Invalid, Refusal, missing
from waypost_badge_nation import charging, memberships
from waypost_badge_nation.graph import BadgeNationCharge, BadgeNationMembership

WAYS: Final = ("issuer", "organisation", *NUMBERS)


@strawberry.input(description="An organisation that becomes a member; exactly one way to name it is given.")
class BadgeNationJoinInput:
    """Who joins, and from when."""

    issuer: ID | None = maybe("The organisation behind this issuer of the network.")
    organisation: str | None = maybe("The organisation's slug, the same in all cities.")
    charity_number: str | None = maybe("Its number in the register of charities.")
    company_number: str | None = maybe("Its number in the register of companies.")
    ukprn: str | None = maybe("Its UK Provider Reference Number.")
    urn: str | None = maybe("The Unique Reference Number of a school.")
    starts_on: date | None = maybe("The first day; absent: today.")


@strawberry.input(description="A membership that goes on.")
class BadgeNationRenewInput:
    """Which one."""

    membership: ID = needed("The membership; the new one follows on its last day.")


@strawberry.input(description="A membership that ends before its time.")
class BadgeNationEndInput:
    """Which one."""

    membership: ID = needed("The membership; today is its last day.")


@strawberry.input(description="A price that is accepted, so that a draft can be submitted.")
class BadgeNationAcceptChargeInput:
    """For which badge, and how much."""

    badge: ID = needed("The badge whose draft will be submitted.")
    gross: Decimal = needed("What is accepted, with VAT, such as 30.00; it must be what it costs now.")


@value
class BadgeNationJoinSuccess:
    """The organisation is a member."""

    membership: BadgeNationMembership = column(doc="The membership as it is now.")


@value
class BadgeNationRenewSuccess:
    """The organisation stays a member."""

    membership: BadgeNationMembership = column(doc="The new membership, which follows on the one before.")


@value
class BadgeNationEndSuccess:
    """The membership ends."""

    membership: BadgeNationMembership = column(doc="The membership with its last day.")


@value
class BadgeNationAcceptChargeSuccess:
    """The price is accepted; nothing is paid before the draft is submitted."""

    charge: BadgeNationCharge = column(doc="What was accepted.")


BadgeNationJoinPayload: Any = payload("BadgeNationJoinPayload", BadgeNationJoinSuccess)
BadgeNationRenewPayload: Any = payload("BadgeNationRenewPayload", BadgeNationRenewSuccess)
BadgeNationEndPayload: Any = payload("BadgeNationEndPayload", BadgeNationEndSuccess)
BadgeNationAcceptChargePayload: Any = payload("BadgeNationAcceptChargePayload", BadgeNationAcceptChargeSuccess)


async def _organisation(act: Act, given: Given) -> UUID | Refusal:
    """Find the organisation that is named, in exactly one way."""
    named = [name for name in WAYS if given.get(name) is not None]
    if len(named) != 1:
        return Invalid(message=f"Name the organisation in exactly one way: {', '.join(map(camel, WAYS))}.")
    (name,) = named
    said: Any = given[name]
    if name == "issuer":
        sql = "SELECT organisation_id FROM issuer WHERE tenant_id = $1 AND id = $2"
        found = await fetchval(sql, act.here.tenant_id, row_of("Issuer", said, act.here.tenant_id))
    else:
        number = normal_number(name, said) if name in NUMBERS else said
        if isinstance(number, Invalid):
            return replace(number, path=(camel(name),))
        register = name if name in NUMBERS else "slug"
        found = await fetchval(f"SELECT id FROM organisation WHERE {register} = $1", number)
    return missing().under(camel(name)) if found is None else UUID(str(found))


async def _join(act: Act, given: Given) -> Outcome:
    wrong = act.may(memberships.MAY)
    if wrong:
        return wrong
    organisation = await _organisation(act, given)
    if isinstance(organisation, Refusal):
        return organisation
    return _membership(await memberships.join(act, organisation, given.get("starts_on")))


async def _renew(act: Act, given: Given) -> Outcome:
    return _membership(await memberships.renew(act, _meant(act, given)))


async def _end(act: Act, given: Given) -> Outcome:
    return _membership(await memberships.end(act, _meant(act, given)))


async def _accept(act: Act, given: Given) -> Outcome:
    badge = row_of("Badge", given["badge"], act.here.tenant_id)
    done = await charging.accept_charge(act, badge, given["gross"])
    return done if isinstance(done, Refusal) else {"charge": Row("BadgeNationCharge", done.draft)}


def _meant(act: Act, given: Given) -> UUID:
    return row_of("BadgeNationMembership", given["membership"], act.here.tenant_id)


def _membership(done: memberships.MembershipJoined | memberships.MembershipEnded | Refusal) -> Outcome:
    return done if isinstance(done, Refusal) else {"membership": Row("BadgeNationMembership", done.membership)}


@mutation
class BadgeNationMutation:
    """What is done about memberships and charges."""

    badge_nation_join: BadgeNationJoinPayload | None = act(
        _join, BadgeNationJoinInput, doc="Make an organisation a member of this network, for twelve months."
    )
    badge_nation_renew: BadgeNationRenewPayload | None = act(
        _renew, BadgeNationRenewInput, by="membership", doc="Let a membership go on for another twelve months."
    )
    badge_nation_end: BadgeNationEndPayload | None = act(
        _end, BadgeNationEndInput, by="membership", doc="Let a membership end today; what was invoiced stays."
    )
    badge_nation_accept_charge: BadgeNationAcceptChargePayload | None = act(
        _accept,
        BadgeNationAcceptChargeInput,
        by="badge",
        doc="Accept what submitting a draft costs; only an admin of its issuer can.",
    )


INPUTS = (BadgeNationJoinInput, BadgeNationRenewInput, BadgeNationEndInput, BadgeNationAcceptChargeInput)
NODES = (
    BadgeNationJoinSuccess,
    BadgeNationRenewSuccess,
    BadgeNationEndSuccess,
    BadgeNationAcceptChargeSuccess,
)

"""Endorsements as front ends see them, and the mutations by which they come about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import strawberry

from waypost.graph import (
    ID,
    Connection,
    Key,
    Node,
    Order,
    Row,
    act,
    among,
    column,
    extend,
    filtering,
    guarded,
    many,
    mutation,
    node,
    one,
    pages,
    payload,
    query,
    value,
)
from waypost.graph.inputs import Given, maybe, needed, ref_of, row_of
from waypost.graph.payloads import Outcome
from waypost.graph.permitted import permitted
from waypost.graph.refusals import Invalid
from waypost.outbox import Act, CityClosed
from waypost.refusal import Refusal
from waypost.tenancy.directory import read_directory

from . import endorsing, tables
from .endorsing import Endorsed, find_endorsed

if TYPE_CHECKING:
    from uuid import UUID

    from waypost.badges.graph import Badge
    from waypost.graph.query import Here, Query
    from waypost.issuers.graph import Issuer


@strawberry.enum(description="Where an endorsement stands between the two organisations.")
class EndorsementState(Enum):
    """States of an endorsement."""

    OFFERED = strawberry.enum_value("offered", description="Given, and not decided yet; only the two see it.")
    ACCEPTED = strawberry.enum_value("accepted", description="Shown to everybody.")
    REFUSED = strawberry.enum_value("refused", description="The endorsed does not want it.")
    WITHDRAWN = strawberry.enum_value("withdrawn", description="The endorser took it back.")


@strawberry.enum(description="What is decided about an endorsement.")
class EndorsementDecision(Enum):
    """Decisions."""

    ACCEPT = strawberry.enum_value("accept", description="By the endorsed: show it to everybody.")
    REFUSE = strawberry.enum_value("refuse", description="By the endorsed: not, or not any more.")
    WITHDRAW = strawberry.enum_value("withdraw", description="By the endorser: it does not hold any more.")


def _seen(query: Query, row: Here) -> Sequence[str]:
    """Show what is not public to the two organisations alone."""
    if not query.drafts:
        return ()
    endorsed = permitted(query, row, "endorsement.decide", issuer="endorsed_id")
    endorser = permitted(query, row, "endorsement.give", issuer="endorser_id")
    return (f"({row}.public or {endorsed} or {endorser})",)


@node(tables.Endorsement, seen=_seen)
class Endorsement(Node):
    """Another organisation's word for a badge or an issuer."""

    endorser: Issuer = one(away="endorser_tenant_id", doc="Who endorses it; it may be of another city.")
    badge: Badge | None = one(away="home_tenant_id", doc="The badge that is endorsed; null where it is an issuer.")
    issuer: Issuer | None = one(away="home_tenant_id", doc="The issuer that is endorsed; null where it is a badge.")
    comment: str | None
    state: EndorsementState
    reason: str | None
    valid_from: datetime
    offered_at: datetime
    decided_at: datetime | None


KINDS: Final = {"badge": "Badge", "issuer": "Issuer"}
NEWEST: Final = Order((Key("{0}.offered_at", "timestamptz"), Key("{0}.id", "uuid")), descending=True)


@filtering
class EndorsementFilter:
    """Which endorsements to list."""

    states: list[EndorsementState] | None = among(
        "state", lambda state: str(getattr(state, "value", state)), doc="In one of these states."
    )


@query
class EndorsementQuery:
    """Root fields for endorsements."""

    endorsements: Connection[Endorsement] = guarded(
        "endorsement.decide",
        pages(
            filter=EndorsementFilter,
            order=NEWEST,
            doc="What one's own organisation gave and got, the latest first; in one city's graph.",
        ),
    )


@extend("Issuer")
class IssuerEndorsements:
    """Who stands behind an issuer."""

    endorsements: list[Endorsement] = many(
        there_key="issuer_id",
        where="{there}.state = 'accepted'",
        order_by=("valid_from", "id"),
        doc="Who stands behind it, as it has accepted.",
    )


@strawberry.input(description="An organisation's word for a badge or an issuer of any city.")
class EndorseInput:
    """What is endorsed, by whom."""

    endorser: ID = needed("The issuer that gives its word: another organisation than the one endorsed.")
    badge: ID | None = maybe("The badge, also of another city; either this or `issuer`.")
    issuer: ID | None = maybe("The issuer, also of another city; either this or `badge`.")
    comment: str | None = maybe("Why, for everybody to read; at most 2,000 characters.")


@strawberry.input(description="A decision about an endorsement.")
class DecideEndorsementInput:
    """What is decided."""

    endorsement: ID = needed("The id of an endorsement that one's own organisation gave or got.")
    decision: EndorsementDecision = needed("Accept or refuse as the endorsed, withdraw as the endorser.")
    reason: str | None = maybe("Why not, for the other organisation.")


@value
class EndorseSuccess:
    """The endorsed is asked whether it accepts."""

    endorsement: Endorsement = column(doc="The endorsement, which only the two organisations see yet.")


@value
class DecideEndorsementSuccess:
    """It is decided."""

    endorsement: Endorsement = column(doc="The endorsement as it is now.")


EndorsePayload: Any = payload("EndorsePayload", EndorseSuccess, Invalid)
DecideEndorsementPayload: Any = payload("DecideEndorsementPayload", DecideEndorsementSuccess, Invalid)


async def _abroad(_lender: Any, tenant: UUID, given: Given) -> Mapping[str, Any]:
    """Read what another city shows of what is endorsed."""
    named = {field: ref_of(kind, given[field], tenant) for field, kind in KINDS.items() if given.get(field) is not None}
    found: Endorsed | Refusal | None = None
    for field, ref in named.items():
        if ref.home_tenant_id == tenant:
            continue
        home = (await read_directory()).by_id(ref.home_tenant_id)
        found = await find_endorsed(ref.home_tenant_id, **{field: ref.id})
        if home is not None and not home.is_open and not isinstance(found, Refusal):
            found = CityClosed(message=f'"{home.slug}" is closed: it can be read, not changed.')
    return {"abroad": found, "named": {field: ref.id for field, ref in named.items()}}


async def _endorse(act: Act, given: Given) -> Outcome:
    endorser = row_of("Issuer", given["endorser"], act.here.tenant_id)
    comment = given.get("comment") or None
    done = await endorsing.endorse(act, endorser, comment, abroad=given["abroad"], **given["named"])
    return done if isinstance(done, Refusal) else {"endorsement": Row("Endorsement", done.endorsement)}


async def _decide(act: Act, given: Given) -> Outcome:
    id = row_of("Endorsement", given["endorsement"], act.here.tenant_id)
    done = await endorsing.decide_endorsement(act, id, given["decision"].value, given.get("reason") or None)
    return done if isinstance(done, Refusal) else {"endorsement": Row("Endorsement", id)}


@mutation
class EndorsementMutation:
    """What organisations say of each other."""

    endorse: EndorsePayload = act(
        _endorse,
        EndorseInput,
        by="endorser",
        prepare=_abroad,
        doc="Give one's organisation's word for a badge or an issuer, also of another city.",
    )
    decide_endorsement: DecideEndorsementPayload = act(
        _decide, DecideEndorsementInput, by="endorsement", doc="Accept, refuse or withdraw an endorsement."
    )


TYPES = (
    Endorsement,
    EndorsementFilter,
    EndorsementQuery,
    IssuerEndorsements,
    EndorseInput,
    DecideEndorsementInput,
    EndorseSuccess,
    DecideEndorsementSuccess,
    EndorsementMutation,
)

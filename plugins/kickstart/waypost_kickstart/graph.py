"""Placements, gateways and applications as front ends see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

import strawberry

from waypost.graph import (
    Connection,
    Key,
    Node,
    Order,
    among,
    column,
    extend,
    filtering,
    guarded,
    node,
    one,
    pages,
    query,
)
from waypost.graph.permitted import permitted
from waypost_kickstart import tables
from waypost_kickstart.scheme import APPLY

if TYPE_CHECKING:
    from waypost.graph.query import Here, Query
    from waypost.issuers.graph import Issuer

NEWEST = Order((Key("{0}.applied_on", "date"), Key("{0}.id", "uuid")), descending=True)


@strawberry.enum(description="Where an application for placements stands.")
class KickstartApplicationState(Enum):
    """States."""

    OPEN = strawberry.enum_value("open", description="Nobody has decided it yet.")
    ACCEPTED = strawberry.enum_value("accepted", description="The placements may be offered.")
    REFUSED = strawberry.enum_value("refused", description="They may not; `reason` says why.")


@node(tables.Placement)
class KickstartPlacement:
    """An opportunity as a Kickstart placement; `Opportunity.schemes` has the rules beside it."""

    work_nation: str
    hours_per_week: Decimal
    months: int
    pays_minimum_wage: bool
    new_job: bool
    extensive_training: bool
    places: int


@node(tables.Gateway)
class KickstartGateway:
    """An issuer that applied for several employers together."""

    issuer: Issuer | None = one("issuer_id", doc="The issuer that is the gateway.")
    since: date
    until: date | None


def _parties(query: Query, row: Here) -> Sequence[str]:
    return (permitted(query, row, APPLY, issuer="employer_id"),)


@node(tables.Application, seen=_parties)
class KickstartApplication(Node):
    """An employer's application for placements; the city's team and the employer read it."""

    employer: Issuer | None = one("employer_id", doc="The issuer that would offer the placements.")
    gateway: KickstartGateway | None = one(
        "gateway_id", to="issuer_id", doc="Through whom; null where the employer applied directly."
    )
    placements: int
    applied_on: date
    state: KickstartApplicationState = column(doc="Whether it was decided.")
    reason: str | None
    decided_at: datetime | None


@extend("Opportunity")
class KickstartOpportunity:
    """What Kickstart adds to an opportunity."""

    kickstart_placement: KickstartPlacement | None = one(
        "id", to="opportunity_id", doc="What it is like as a Kickstart placement; null where it is none."
    )


@extend("Issuer")
class KickstartIssuer:
    """What Kickstart adds to an issuer."""

    kickstart_gateway: KickstartGateway | None = one(
        "id", to="issuer_id", doc="Since when it is a gateway, or until when it was one; null where it never was."
    )


@filtering
class KickstartApplicationFilter:
    """Which applications to list."""

    states: list[KickstartApplicationState] | None = among(
        "state", lambda state: str(getattr(state, "value", state)), doc="In one of these states."
    )


@query
class KickstartQuery:
    """What Kickstart adds to the root."""

    kickstart_applications: Connection[KickstartApplication] | None = guarded(
        APPLY,
        pages(
            filter=KickstartApplicationFilter,
            order=NEWEST,
            doc="Applications for placements, the latest first: the city's team reads all, an employer its own.",
        ),
    )


NODES = (KickstartPlacement, KickstartGateway, KickstartApplication)
INPUTS = (KickstartApplicationFilter,)
EXTENSIONS = (KickstartOpportunity, KickstartIssuer)
QUERIES = (KickstartQuery,)

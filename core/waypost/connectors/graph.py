"""Issuing platforms as those see them who keep accounts, link badges, or were given something there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

import strawberry

from waypost.awards.tables import Award as Awards
from waypost.graph import (
    URL,
    Connection,
    GraphError,
    Key,
    Node,
    Order,
    asks,
    column,
    expression,
    extend,
    filtering,
    guarded,
    many,
    node,
    one,
    pages,
    query,
)
from waypost.graph.ids import digits_sql
from waypost.graph.permitted import own, permitted
from waypost.graph.sql import every, joined, literal

from . import tables

if TYPE_CHECKING:
    from waypost.awards.graph import Award
    from waypost.badges.graph import Badge
    from waypost.cities.graph import City
    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Getter
    from waypost.issuers.graph import Issuer

MANAGE: Final = "issuing.manage"
LINK: Final = "issuing.link"
NEWEST: Final = Order((Key("{0}.id", "uuid"),), descending=True)
LATEST: Final = Order((Key("{0}.created_at", "timestamptz"), Key("{0}.id", "uuid")), descending=True)
ISSUER, DOT, END = literal('"Issuer.'), literal("."), literal('"')


@strawberry.enum(description="Whether an account with an issuing platform works.")
class IssuingAccountState(Enum):
    """States of an account."""

    ON = strawberry.enum_value("on", description="It is used.")
    FAILING = strawberry.enum_value("failing", description="The platform does not take its secret; `problem` says why.")
    OFF = strawberry.enum_value("off", description="Nothing is sent.")


@strawberry.enum(description="Whether something is in use.")
class IssuingLeave(Enum):
    """On or off."""

    ON = strawberry.enum_value("on", description="It is in use.")
    OFF = strawberry.enum_value("off", description="Not any more.")


@strawberry.enum(description="Whether the template that a badge was linked to was found.")
class IssuingLinkState(Enum):
    """States of a link."""

    ASKED = strawberry.enum_value("asked", description="It is being looked for.")
    LINKED = strawberry.enum_value("linked", description="Awards are given by it, to who agrees.")
    REFUSED = strawberry.enum_value("refused", description="There is none that can be given; `problem` says why.")
    OFF = strawberry.enum_value("off", description="Nothing is given any more.")


@strawberry.enum(description="What became of an award at an issuing platform.")
class IssuingState(Enum):
    """States of a record."""

    NEEDS_CONSENT = strawberry.enum_value("needs-consent", description="Nothing is sent before its earner agrees.")
    NOT_SENT = strawberry.enum_value("not-sent", description="Nothing is sent; `problem` says why.")
    DUE = strawberry.enum_value("due", description="It will be sent.")
    SENDING = strawberry.enum_value("sending", description="It is being sent.")
    DOUBTFUL = strawberry.enum_value("doubtful", description="Whether it came through is being found out.")
    FAILED = strawberry.enum_value("failed", description="The platform refused it; `problem` says why.")
    WITHDRAWN = strawberry.enum_value("withdrawn", description="It was never sent, and is not wanted any more.")
    MISSING = strawberry.enum_value("missing", description="It was given, and is not there any more.")
    PENDING = strawberry.enum_value("pending", description="Given; the earner has not answered there.")
    ACCEPTED = strawberry.enum_value("accepted", description="The earner accepted it there.")
    REJECTED = strawberry.enum_value("rejected", description="The earner rejected it there.")
    REVOKED = strawberry.enum_value("revoked", description="It was taken back there.")
    REPLACED = strawberry.enum_value("replaced", description="Another stands in its place there.")


@strawberry.enum(description="How what is here and what is at a platform differ.")
class IssuingDriftKind(Enum):
    """Kinds of drift."""

    UNKNOWN_HERE = strawberry.enum_value("unknown-here", description="It is there, and nothing here knew of it.")
    MISSING_THERE = strawberry.enum_value("missing-there", description="It was given, and is not there any more.")
    OTHER_STATE = strawberry.enum_value("other-state", description="It stands otherwise there.")


@strawberry.enum(description="Whether a difference was seen to.")
class IssuingDriftState(Enum):
    """States of a drift."""

    OPEN = strawberry.enum_value("open", description="Somebody should look at it.")
    MENDED = strawberry.enum_value("mended", description="It was mended by itself.")
    SETTLED = strawberry.enum_value("settled", description="It is no more, or somebody has seen to it.")


def _managed(query: Query, row: Here) -> Sequence[str]:
    return (permitted(query, row, MANAGE, issuer=None),)


def _linked(query: Query, row: Here) -> Sequence[str]:
    return (permitted(query, row, LINK),)


def _link_seen(query: Query, row: Here) -> Sequence[str]:
    leave = query.row(tables.IssuingGrant)
    ours = every([f"{leave}.tenant_id = {query.tenant}", f"{leave}.id = {row}.grant_id", permitted(query, leave, LINK)])
    return (f"exists (select from issuing_grant {leave} where {ours})",)


def _record_seen(query: Query, row: Here) -> Sequence[str]:
    return (f"({permitted(query, row, LINK)} or {_of_own_award(query, row)})",)


def _of_own_award(query: Query, row: Here) -> str:
    """The award's own person may change, when somebody proves an address; nothing here says it a second time."""
    award = query.row(Awards)
    mine = every([f"{award}.tenant_id = {query.tenant}", own(query, award)])
    return f"{row}.award_id in (select {award}.id from award {award} where {mine})"


def _own(query: Query, row: Here) -> Sequence[str]:
    return (own(query, row),)


def _issuer_id(query: Query, here: Here, field: Selected) -> str:
    """Print the graph's id of another tenant's issuer, of which nothing else is known here."""
    tenant, row = digits_sql(f"{here}.member_tenant_id"), digits_sql(f"{here}.issuer_id")
    return joined([ISSUER, tenant, DOT, row, END])


@node(tables.IssuingShare, seen=_managed)
class IssuingShare(Node):
    """An issuer that may give badges by an account."""

    city: City = one("member_tenant_id", doc="Whose issuer it is.")
    issuer_id: strawberry.ID = expression(_issuer_id, doc="The issuer, in that city's graph.")
    state: IssuingLeave = column(doc="Whether it still may.")
    created_at: datetime


@node(tables.IssuingTemplate, seen=_managed)
class IssuingTemplate:
    """A template as the platform last told it, with its figures."""

    template_id: str
    name: str
    state: str
    duplicates: bool
    url: URL | None
    read_at: datetime
    counted_at: datetime | None
    issued: int | None = column(doc="How many were given, whoever gave them; null before the figures were pulled.")
    accepted: int | None = column(doc="How many of them were accepted.")
    pending: int | None = column(doc="How many of them wait for their earner.")
    rejected: int | None = column(doc="How many of them were rejected.")
    revoked: int | None = column(doc="How many of them were taken back.")


@node(tables.IssuingAccount, seen=_managed)
class IssuingAccount(Node):
    """An account with an issuing platform; its settings and secrets are shown to nobody."""

    connector: str
    name: str
    state: IssuingAccountState = column(doc="Whether it works.")
    problem: str | None
    created_at: datetime
    checked_at: datetime | None
    reconciled_at: datetime | None
    elsewhere: int
    shares: list[IssuingShare] = many(
        there_key="account_id", order_by=("id",), size=20, doc="Who may use it, and who could."
    )
    templates: list[IssuingTemplate] = many(
        there_key="account_id", order_by=("name", "template_id"), size=50, doc="What can be given by it."
    )


@node(tables.IssuingDrift, seen=_managed)
class IssuingDrift(Node):
    """A difference between here and a platform."""

    account: IssuingAccount = one("account_id", doc="The account in which it was found.")
    kind: IssuingDriftKind = column(doc="How they differ.")
    external_id: str = column(doc="The platform's id of what differs.")
    difference: str
    state: IssuingDriftState = column(doc="Whether it was seen to.")
    found_at: datetime
    mended_at: datetime | None


@node(tables.IssuingGrant, seen=_linked)
class IssuingGrant(Node):
    """Leave for an issuer to give its badges by somebody's account."""

    issuer: Issuer = one(doc="Who may use it.")
    owner: City = one("home_tenant_id", doc="Whose account it is.")
    platform: str
    name: str
    state: IssuingLeave = column(doc="Whether it still may.")
    granted_at: datetime


@node(tables.IssuingLink, seen=_link_seen)
class IssuingLink(Node):
    """A badge, and the template by which a platform gives it."""

    badge: Badge = one(doc="What is awarded here.")
    grant: IssuingGrant = one("grant_id", doc="By which account it is given.")
    template_id: str | None
    template_name: str | None
    template_url: URL | None
    state: IssuingLinkState = column(doc="Whether the template was found.")
    problem: str | None
    created_at: datetime


@node(tables.IssuingRecord, seen=_record_seen)
class IssuingRecord(Node):
    """What became of an award at an issuing platform; seen by its earner and its issuer's people."""

    award: Award = one(doc="What was earned here.")
    platform: str
    owner: City = one("home_tenant_id", doc="Whose account it is: who sends what is sent.")
    state: IssuingState = column(doc="What became of it.")
    external_id: str | None
    url: URL | None
    problem: str | None
    created_at: datetime
    changed_at: datetime


@node(tables.IssuingConsent, seen=_own)
class IssuingConsent(Node):
    """That somebody agreed that their name and address go to a platform; seen by themselves alone."""

    platform: str
    given_at: datetime
    withdrawn_at: datetime | None


def _of_states(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    states = query.param(lambda request: [each.value for each in value(request)], "text[]")
    return (f"{row}.state = any({states})",)


@filtering
class IssuingRecordFilter:
    """Which records to list."""

    states: list[IssuingState] | None = asks(_of_states, doc="Only those in one of these states.")


@filtering
class IssuingDriftFilter:
    """Which differences to list."""

    states: list[IssuingDriftState] | None = asks(_of_states, doc="Only those in one of these states.")


@query
class IssuingQuery:
    """Root fields of issuing platforms."""

    issuing_accounts: Connection[IssuingAccount] = guarded(
        MANAGE, pages(order=NEWEST, doc="One's own accounts with issuing platforms, the newest first.")
    )
    issuing_drifts: Connection[IssuingDrift] = guarded(
        MANAGE,
        pages(order=NEWEST, filter=IssuingDriftFilter, doc="Where platforms differ, the newest first."),
    )
    issuing_grants: Connection[IssuingGrant] = guarded(
        LINK, pages(order=NEWEST, doc="Which accounts one's issuers may use, the newest first.")
    )
    issuing_links: Connection[IssuingLink] = guarded(
        LINK, pages(order=NEWEST, doc="Which badges platforms give, the newest first.")
    )
    issuing_records: Connection[IssuingRecord] = guarded(
        LINK,
        pages(order=LATEST, filter=IssuingRecordFilter, doc="What became of awards at platforms, the newest first."),
    )


def _here(query: Query) -> None:
    if query.national:
        raise GraphError("CITY_NEEDED", "This is read in one city's own graph.")


def _mine(query: Query, here: Here, there: Here) -> Sequence[str]:
    _here(query)
    return (own(query, there),)


def _of_mine(query: Query, here: Here, there: Here) -> Sequence[str]:
    _here(query)
    return (_of_own_award(query, there),)


@extend("Viewer")
class ViewerIssuing:
    """What platforms have of who asks."""

    issuing: Connection[IssuingRecord] = pages(
        link=_of_mine,
        order=LATEST,
        doc="What became of their awards at issuing platforms, in this city.",
    )
    issuing_consents: Connection[IssuingConsent] = pages(
        link=_mine, order=NEWEST, doc="To what they agreed, in this city, also where they withdrew it."
    )


TYPES = (
    IssuingShare,
    IssuingTemplate,
    IssuingAccount,
    IssuingDrift,
    IssuingGrant,
    IssuingLink,
    IssuingRecord,
    IssuingConsent,
    IssuingRecordFilter,
    IssuingDriftFilter,
    IssuingQuery,
    ViewerIssuing,
)

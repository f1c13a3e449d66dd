"""Requests as who asks and who decides see them, and the mutations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import strawberry

from waypost.db import Database, National
from waypost.graph import (
    ID,
    URL,
    Connection,
    Key,
    Markdown,
    Node,
    Order,
    Row,
    act,
    among,
    column,
    expression,
    extend,
    filtering,
    guarded,
    mutation,
    node,
    one,
    pages,
    parse_id,
    payload,
    query,
    refers,
    value,
)
from waypost.graph.inputs import Given, maybe, needed, row_of
from waypost.graph.mutations import Found
from waypost.graph.payloads import Outcome
from waypost.graph.permitted import of_asker, own, permitted
from waypost.graph.refusals import Invalid
from waypost.graph.sql import every, text_list
from waypost.learners.people import name_of, note_known
from waypost.outbox import Act
from waypost.refusal import Refusal

from . import claim_tables as tables
from . import naming, requesting
from .mine import OwnRequest
from .requesting import Shown
from .writes import AlreadyAwarded, NotAwardable

if TYPE_CHECKING:
    from waypost.awards.graph import Award
    from waypost.badges.graph import Badge
    from waypost.graph import Request
    from waypost.graph.query import Here, Query, Selected
    from waypost.issuers.graph import Issuer

MAY: Final = "request.decide"
SHOWN_SQL: Final = "SELECT EXISTS (SELECT FROM badge WHERE tenant_id = $1 AND id = $2 AND public)"
NEWEST: Final = Order((Key("{0}.requested_at", "timestamptz"), Key("{0}.id", "uuid")), descending=True)


@strawberry.enum(description="Where a request for a badge stands.")
class RequestState(Enum):
    """States of a request."""

    OPEN = strawberry.enum_value("open", description="It waits for the issuer.")
    MORE_WANTED = strawberry.enum_value("more-wanted", description="It waits for who asked; `reason` says for what.")
    APPROVED = strawberry.enum_value("approved", description="The badge was awarded.")
    REFUSED = strawberry.enum_value("refused", description="The badge was not awarded; `reason` says why.")
    WITHDRAWN = strawberry.enum_value("withdrawn", description="Who asked does not want it any more.")


@strawberry.enum(description="What is decided about a request.")
class RequestDecision(Enum):
    """Decisions."""

    APPROVE = strawberry.enum_value("approve", description="Award the badge, with the evidence that was shown.")
    REFUSE = strawberry.enum_value("refuse", description="Do not; say why.")
    ASK = strawberry.enum_value("ask", description="Ask for more; say for what.")


def _seen(query: Query, row: Here) -> Sequence[str]:
    return (f"({permitted(query, row, MAY)} or {own(query, row)})",)


def _recipient_name(query: Query, here: Here, field: Selected) -> str:
    del field
    if query.national:
        return f"to_json({here}.recipient_name)::text"
    return naming.recipient_name(query, here)


def _evidence(query: Query, here: Here, field: Selected) -> str:
    del field
    if query.national:
        return f"{here}.evidence::text"
    side = query.row(tables.BadgeRequestEvidence)
    where = every([f"{side}.request_id = {here}.id", *query.inside(side, here)])
    urls = text_list(f"to_json({side}.url)::text", f"{side}.position")
    return f"(select {urls} from badge_request_evidence {side} where {where})"


@node(tables.BadgeRequest, national=OwnRequest, looked_up="requests", seen=_seen)
class BadgeRequest(Node):
    """Somebody asks for a badge and shows what they did; seen by them and by the issuer's people."""

    badge: Badge = one(doc="What is asked for.")
    issuer: Issuer = one(doc="Whose people decide about it.")
    recipient_name: str = expression(_recipient_name, doc="Who asks, as the issuer knows them.")
    statement: Markdown | None
    evidence: list[URL] = expression(_evidence, doc="Addresses where what they did can be seen.")
    state: RequestState
    reason: str | None
    requested_at: datetime
    decided_at: datetime | None
    award: Award | None = one(doc="What came of it.")


@filtering
class BadgeRequestFilter:
    """Which requests to list."""

    states: list[RequestState] | None = among(
        "state", lambda state: str(getattr(state, "value", state)), doc="In one of these states."
    )
    badge: strawberry.ID | None = refers("Badge", "badge_id", doc="For this badge.")


@query
class BadgeRequestQuery:
    """Root fields for requests."""

    badge_requests: Connection[BadgeRequest] = guarded(
        MAY,
        pages(
            filter=BadgeRequestFilter, order=NEWEST, doc="For one's own badges, the latest first; in one city's graph."
        ),
    )


@extend("Viewer")
class ViewerRequests:
    """What the asker asks for."""

    requests: Connection[BadgeRequest] = pages(
        link=of_asker,
        order=NEWEST,
        anywhere=True,
        doc="The asker's own requests, the latest first: in this city, or nationally everywhere.",
    )


# Mutations


@strawberry.input(description="A request for a badge, with what was done for it.")
class RequestBadgeInput:
    """What is asked for, and what is shown."""

    badge: ID = needed("The id of a published badge, of any city.")
    statement: str | None = maybe("What was done, in one's own words; at most 5,000 characters of CommonMark.")
    evidence: list[URL] | None = maybe("Addresses where it can be seen; at most 10.")
    name: str | None = maybe("How the issuer is to know the asker; left out: as the asker is called here.")


@strawberry.input(description="A request that is not wanted any more.")
class WithdrawRequestInput:
    """Which request."""

    request: ID = needed("The id of one's own request.")


@strawberry.input(description="A decision about a request.")
class DecideRequestInput:
    """What is decided, and why."""

    request: ID = needed("The id of a request for one's own badge.")
    decision: RequestDecision = needed("Approve, refuse, or ask for more.")
    reason: str | None = maybe("Why not, or what more is wanted; needed unless it is approved, and read by who asked.")
    narrative: str | None = maybe("What they did, in the issuer's words; it stands on the award.")


@value
class RequestBadgeSuccess:
    """The issuer is asked."""

    request: BadgeRequest = column(doc="The request, as who asks sees it.")


@value
class WithdrawRequestSuccess:
    """It is not asked for any more."""

    request: BadgeRequest = column(doc="The request as it is now.")


@value
class DecideRequestSuccess:
    """It is decided."""

    request: BadgeRequest = column(doc="The request as it is now, with the award where there is one.")


RequestBadgePayload: Any = payload("RequestBadgePayload", RequestBadgeSuccess, AlreadyAwarded, NotAwardable, Invalid)
WithdrawRequestPayload: Any = payload("WithdrawRequestPayload", WithdrawRequestSuccess)
DecideRequestPayload: Any = payload("DecideRequestPayload", DecideRequestSuccess, AlreadyAwarded, NotAwardable, Invalid)


async def _with_name(database: Database, request: Request, given: Mapping[str, Any]) -> Found:
    """Find the badge's city, which knows the asker from now on, and add how the asker is called."""
    person, named = request.asker.person, parse_id(given["badge"])
    if person is None or named is None or named.type != "Badge" or named.tenant is None:
        return Found()
    if (await database.reads.rows(National(), SHOWN_SQL, [named.tenant, named.row]))[0][0]:
        await note_known(database, named.tenant, person)
    known = given.get("name") or await name_of(database, person)
    return Found(named.tenant, {"name": known})


async def _request(act: Act, given: Given) -> Outcome:
    shown = Shown(given.get("statement") or None, tuple(given.get("evidence") or ()))
    badge = row_of("Badge", given["badge"], act.here.tenant_id)
    done = await requesting.request_badge(act, badge, shown, given.get("name"))
    return done if isinstance(done, Refusal) else {"request": Row("BadgeRequest", done)}


async def _withdraw(act: Act, given: Given) -> Outcome:
    done = await requesting.withdraw_request(act, row_of("BadgeRequest", given["request"], act.here.tenant_id))
    return done if isinstance(done, Refusal) else {"request": Row("BadgeRequest", done)}


async def _decide(act: Act, given: Given) -> Outcome:
    id = row_of("BadgeRequest", given["request"], act.here.tenant_id)
    words = (given.get("reason") or None, given.get("narrative") or None)
    done = await requesting.decide_request(act, id, given["decision"].value, *words)
    return done if isinstance(done, Refusal) else {"request": Row("BadgeRequest", done)}


@mutation
class BadgeRequestMutation:
    """What is done with requests."""

    request_badge: RequestBadgePayload = act(
        _request,
        RequestBadgeInput,
        by="badge",
        before=_with_name,
        own=True,
        doc="Ask for a badge and show what one did; asked again, it replaces what was said before.",
    )
    withdraw_request: WithdrawRequestPayload = act(
        _withdraw, WithdrawRequestInput, by="request", own=True, doc="Ask no more."
    )
    decide_request: DecideRequestPayload = act(
        _decide, DecideRequestInput, by="request", doc="Award the badge, refuse with a reason, or ask for more."
    )


TYPES = (
    BadgeRequest,
    BadgeRequestFilter,
    BadgeRequestQuery,
    ViewerRequests,
    RequestBadgeInput,
    WithdrawRequestInput,
    DecideRequestInput,
    RequestBadgeSuccess,
    WithdrawRequestSuccess,
    DecideRequestSuccess,
    BadgeRequestMutation,
)

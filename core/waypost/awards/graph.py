"""Awards as their earners and issuers see them; nobody else does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

import strawberry
from typing_extensions import override

from waypost.graph import (
    URL,
    Connection,
    Key,
    Markdown,
    Node,
    Order,
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
    refers,
)
from waypost.graph.filters import Among
from waypost.graph.ids import digits_sql
from waypost.graph.permitted import of_asker, own, permitted
from waypost.graph.render import ENUM, printed
from waypost.graph.sql import every, joined, literal, text_list
from waypost.learners.tables import Recipient as Recipients

from . import mine, naming, tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waypost.badges.graph import Badge, BadgeVersion
    from waypost.cities.graph import City
    from waypost.graph import Request
    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Getter
    from waypost.issuers.graph import Issuer
    from waypost.opportunities.graph import Opportunity

NEWEST: Final = Order((Key("{0}.awarded_at", "timestamptz"), Key("{0}.id", "uuid")), descending=True)
MAY: Final = "award.read"
JOB, DOT, END = literal('"Job.'), literal("."), literal('"')


@strawberry.enum(description="Where an award is between the issuer and the earner.")
class AwardState(Enum):
    """States of an award."""

    OFFERED = strawberry.enum_value("offered", description="Given; the earner has not answered yet.")
    ACCEPTED = strawberry.enum_value("accepted", description="The earner has it.")
    DECLINED = strawberry.enum_value("declined", description="The earner does not want it.")
    REVOKED = strawberry.enum_value("revoked", description="The issuer took it back, and said why.")
    EXPIRED = strawberry.enum_value("expired", description="Its time is over.")
    REPLACED = strawberry.enum_value("replaced", description="Another award took its place.")


@strawberry.enum(description="How often one recipient is given a badge.")
class AwardRepeats(Enum):
    """Policies of duplicates."""

    ONCE = strawberry.enum_value("once", description="Once; not after it has expired either.")
    ONCE_A_VERSION = strawberry.enum_value("once-a-version", description="Again when its wording has changed.")
    AFTER_EXPIRY = strawberry.enum_value("after-expiry", description="Again when the last one has expired.")
    ALWAYS = strawberry.enum_value("always", description="As often as it is earned.")


@strawberry.enum(description="Who a recipient is.")
class RecipientKind(Enum):
    """Kinds of recipient."""

    PERSON = strawberry.enum_value("person", description="Somebody who learns.")
    ORGANISATION = strawberry.enum_value("organisation", description="A school, club or company.")


def _their_own(query: Query, row: Here) -> str:
    """The earner's own, or their child's; also of the organisation that the asker speaks for."""
    return f"({own(query, row)} or {own(query, row, person='guardian_id')})"


def _recipient_seen(query: Query, row: Here) -> Sequence[str]:
    award = query.row(tables.Award)
    given = every(
        [
            f"{award}.tenant_id = {query.tenant}",
            f"{award}.recipient_id = {row}.id",
            permitted(query, award, MAY),
        ]
    )
    ours = permitted(query, row, "award.accept")
    return [f"({_their_own(query, row)} or {ours} or exists (select from award {award} where {given}))"]


def _award_seen(query: Query, row: Here) -> Sequence[str]:
    to = query.row(Recipients)
    ours = every(
        [f"{to}.tenant_id = {query.tenant}", f"{to}.id = {row}.recipient_id", permitted(query, to, "award.accept")]
    )
    spoken_for = f"exists (select from recipient {to} where {to}.issuer_id is not null and {ours})"
    return [f"({permitted(query, row, MAY)} or {own(query, row)} or {spoken_for})"]


@node(Recipients, national=mine.OwnRecipient, looked_up="recipients", seen=_recipient_seen)
class Recipient(Node):
    """Somebody, or an organisation, who was given a badge; seen by themselves and by who gave it."""

    kind: RecipientKind = column(doc="A person or an organisation.")
    name: str = expression(
        naming.name, doc="As the issuer that the asker speaks for calls them; else as who first gave them a badge does."
    )


def _evidence(query: Query, here: Here, field: Selected) -> str:
    del field
    if query.national:
        return f"{here}.evidence::text"
    side = query.row(tables.AwardEvidence)
    where = every([f"{side}.award_id = {here}.id", *query.inside(side, here)])
    urls = text_list(f"to_json({side}.url)::text", f"{side}.position")
    return f"(select {urls} from award_evidence {side} where {where})"


def _batch(query: Query, here: Here, field: Selected) -> str:
    del field
    tenant, job = digits_sql(f"{here}.tenant_id"), digits_sql(f"{here}.batch_id")
    return f"case when {here}.batch_id is null then 'null' else {joined([JOB, tenant, DOT, job, END])} end"


def _base_url(request: Request) -> str:
    return str(request.services.settings.base_url).rstrip("/")


def _credential(query: Query, here: Here, field: Selected) -> str:
    """Print the address for ever: without tenant, slug or host of a tenant."""
    del field
    address = f"concat({query.param(_base_url, 'text')}, '/credentials/', {here}.id)"
    absent = f"{here}.decided_at is null or {here}.state = 'declined'"
    return f"case when {absent} then 'null' else to_json({address})::text end"


def _nothing(query: Query, here: Here, field: Selected) -> str:
    del query, here, field
    return "'null'"


@node(tables.Award, national=mine.OwnAward, looked_up="awards", seen=_award_seen)
class Award(Node):
    """A badge given to somebody, in the wording that they earned; seen by its earner and by its issuer's people."""

    badge: Badge = one(doc="What was earned.")
    version: BadgeVersion = one(doc="The wording that was in force then; the earner keeps it.")
    issuer: Issuer = one(doc="Who gave it.")
    recipient: Recipient = one(doc="Who was given it.")
    state: AwardState = column(doc="Where it is between the issuer and the earner.")
    awarded_at: datetime
    expires_at: datetime | None
    narrative: Markdown | None
    evidence: list[URL] = expression(_evidence, doc="Addresses where what the earner did can be seen.")
    opportunity: Opportunity | None = one(
        away="earned_in_tenant_id", doc="What they took part in, where the issuer said so; it may be another city's."
    )
    decided_at: datetime | None
    revoked_at: datetime | None
    revoked_reason: str | None
    replaced_by: Award | None = one("replaced_by_id", doc="The award that took its place.")
    origin: str
    batch: strawberry.ID | None = expression(_batch, doc="The job that gave it together with others.")
    city: City = one("tenant_id", doc="The city whose issuer gave it.")
    credential_url: URL | None = expression(
        _credential, doc="The address of its credential, for ever the same; null until it was accepted."
    )
    share_url: URL | None = expression(
        _nothing, doc="Null: awards cannot be shared with everybody yet, and those of children never can."
    )


@dataclass(frozen=True, kw_only=True)
class _States(Among):
    """One of the states, which reach SQL as text."""

    @override
    def where(self, query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
        def read(request: Request) -> list[str] | None:
            found = value(request)
            return None if found is None else [str(getattr(each, "value", each)) for each in found]

        return super().where(query, row, field, read)


@filtering
class AwardFilter:
    """Which awards to list."""

    badge: strawberry.ID | None = refers("Badge", "badge_id", doc="Of this badge.")
    issuer: strawberry.ID | None = refers("Issuer", "issuer_id", doc="Given by this issuer.")
    recipient: strawberry.ID | None = refers("Recipient", "recipient_id", doc="Given to this recipient.")
    batch: strawberry.ID | None = refers("Job", "batch_id", doc="Given by this job.")
    states: list[AwardState] | None = _States(column="state", doc="In one of these states.")  # type: ignore[assignment]


@query
class AwardQuery:
    """Root fields for awards."""

    awards: Connection[Award] = guarded(
        MAY,
        pages(
            filter=AwardFilter,
            order=NEWEST,
            doc="What was awarded in the city, the newest first; to people of one issuer what that issuer gave.",
        ),
    )


@extend("Viewer")
class ViewerAwards:
    """What who asks has earned."""

    awards: Connection[Award] = pages(
        link=of_asker,
        order=NEWEST,
        anywhere=True,
        doc="What they, or their children under 13, were given here; nationally in all cities. The newest first.",
    )


def _mine_of_badge(query: Query, here: Here, there: Here) -> Sequence[str]:
    return (f"{there}.badge_id = {here}.id", own(query, there))


def _repeats(query: Query, here: Here, field: Selected) -> str:
    del field
    policy = query.row(tables.AwardPolicy)
    where = every([f"{policy}.badge_id = {here}.id", *query.inside(policy, here)])
    said = f"(select {policy}.repeats from award_policy {policy} where {where})"
    return printed(ENUM, f"coalesce({said}, 'once')", nullable=False)


@extend("Badge")
class BadgeAwards:
    """What who asks has of a badge, and how often it is given."""

    repeats: AwardRepeats = expression(_repeats, doc="How often one recipient is given it.")
    viewer_awards: list[Award] = many(
        link=_mine_of_badge, order_by=("awarded_at", "id"), size=1, doc="Those of who asks; none for strangers."
    )


TYPES = (
    Recipient,
    Award,
    AwardFilter,
    AwardQuery,
    ViewerAwards,
    BadgeAwards,
)

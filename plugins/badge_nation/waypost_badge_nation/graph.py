"""Memberships, charges and invoice lines as front ends see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import strawberry
from typing_extensions import override

from waypost.db import City as CityScope
from waypost.graph import (
    ID,
    Argument,
    Connection,
    Key,
    Node,
    Order,
    asks,
    column,
    computed,
    contains,
    expression,
    extend,
    filtering,
    guarded,
    identity,
    many,
    node,
    one,
    pages,
    query,
    struct,
    value,
)
from waypost.graph.pages import BY_ID
from waypost.graph.permitted import permitted
from waypost.graph.query import named
from waypost.graph.relations import Relation
from waypost_badge_nation import invoice, tables
from waypost_badge_nation.memberships import MAY
from waypost_badge_nation.prices import FIRST_DAY, prices

if TYPE_CHECKING:
    from waypost.cities.graph import City
    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Getter, Request

# Who may draft an issuer's badges may know what those cost.
MAY_KNOW = "badge.propose"
BY_ORGANISATION = Order((Key("{0}.organisation_name", "text"), Key("{0}.id", "uuid")))
LINES_SQL = """
SELECT to_char(dated_on, 'YYYY-MM-DD'), organisation_name, city_name, badge_name, kind, net, vat, gross
FROM plugin_badge_nation.nation_invoice_line
WHERE tenant_id = $1 AND dated_on >= coalesce($2, '-infinity'::date) AND dated_on <= coalesce($3, 'infinity'::date)
ORDER BY dated_on, id
"""


@strawberry.enum(description="What became of a template that was submitted, or is about to be.")
class BadgeNationSettled(Enum):
    """States of a charge."""

    ACCEPTED = strawberry.enum_value("accepted", description="The price was accepted; the network has not counted it.")
    ALLOWANCE = strawberry.enum_value("allowance", description="A membership covers it.")
    CHARGED = strawberry.enum_value("charged", description="It is invoiced, at a price that was accepted.")
    WAIVED = strawberry.enum_value(
        "waived", description="Nobody had accepted a price, so nothing is paid: another one was counted just before it."
    )


@value
class BadgeNationAmount:
    """An amount of money."""

    net: Decimal = column(doc="The price without VAT.")
    vat: Decimal = column(doc="Value added tax on it.")
    gross: Decimal = column(doc="Both together: what is paid.")
    currency: str = expression(lambda _query, _here, _field: "'\"GBP\"'", doc="ISO 4217: GBP.")


@node(tables.Template)
class BadgeNationTemplate:
    """A template that a member's issuer in some city submitted."""

    badge_name: str
    city: City | None = one("home_tenant_id", doc="Whose badge it is.")
    submitted_on: date
    settled: BadgeNationSettled = column(doc="Whether the membership covered it.")
    amount: BadgeNationAmount | None = struct("gross", doc="What it costs; null where nothing.")


def _of_the_network(query: Query, row: Here) -> Sequence[str]:
    return (permitted(query, row, MAY, issuer=None),)


@node(tables.Membership, seen=_of_the_network)
class BadgeNationMembership(Node):
    """An organisation's membership in this network; a renewal is a membership of its own."""

    organisation_name: str
    organisation_slug: str
    starts_on: date
    ends_on: date
    allowance: int
    amount: BadgeNationAmount = struct(doc="What it costs.")
    templates: list[BadgeNationTemplate] = many(
        there_key="membership_id", order_by=("submitted_on", "id"), doc="What was submitted within it, oldest first."
    )
    reminded_days: int | None


@node(tables.InvoiceLine, seen=_of_the_network)
class BadgeNationInvoiceLine(Node):
    """One thing to be paid by an organisation."""

    dated_on: date
    organisation_name: str
    kind: str
    city: City | None = one("home_tenant_id", doc="Whose badge it is; null for memberships.")
    city_name: str | None
    badge_name: str | None
    amount: BadgeNationAmount = struct(doc="What is paid.")


def _day(request: Request) -> date:
    home = request.services.directory.by_id(request.tenant) if request.tenant else None
    return request.now.astimezone(ZoneInfo(home.timezone) if home else UTC).date()


async def _next(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    price = prices(_day(request)).template.plain()
    return [None if parent["used"] < parent["allowance"] else price for parent in parents]


@node(tables.Standing)
class BadgeNationStanding:
    """What an organisation has left of its membership in the network that reviews this city's badges."""

    network: City | None = one("network_id", doc="The network that it is a member of.")
    starts_on: date
    ends_on: date
    allowance: int
    used: int
    left: int = expression(
        lambda _query, here, _field: f"greatest({here}.allowance - {here}.used, 0)::text",
        doc="How many templates are left in it.",
    )
    next_template: BadgeNationAmount | None = computed(
        _next, columns=("used", "allowance"), doc="What submitting one more costs; null where nothing."
    )


@node(tables.Charge)
class BadgeNationCharge:
    """What submitting a draft costs its issuer, or that it costs nothing."""

    badge: ID = identity("badge_id", "Badge", doc="The badge whose draft it is.")
    network: City | None = one("network_id", doc="Who reviews it.")
    settled: BadgeNationSettled
    amount: BadgeNationAmount | None = struct("gross", doc="What was accepted, or is paid; null where nothing.")
    accepted_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class InReviewer(Relation):
    """The membership in force of an issuer's organisation, in the tenant that reviews this city's badges."""

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        query.personal = True
        if here is None or query.national:
            return "'null'"
        row, home, reviewer = (query.row(tables.Standing) for _ in range(3))
        today = f"({query.param(lambda request: request.now, 'timestamptz')} at time zone {home}.timezone)::date"
        where = (
            permitted(query, here, MAY_KNOW, issuer="id"),
            f"{home}.id = {query.tenant}",
            f"{row}.network_id = coalesce({reviewer}.id, {home}.id)",
            f"{row}.organisation_id = {here}.organisation_id",
            f"{today} between {row}.starts_on and {row}.ends_on",
        )
        named_one = f"{reviewer}.id = {home}.review_tenant_id and {reviewer}.state = 'open'"
        tenants = f"tenant {home} left join tenant {reviewer} on {named_one}"
        found = f"{tenants} cross join plugin_badge_nation.nation_standing {row} where {' and '.join(where)}"
        body = query.object(named(field), row, field)
        return f"coalesce((select {body} from {found} order by {row}.starts_on desc limit 1), 'null')"

    @override
    def needs(self, name: str) -> Sequence[str]:
        return ("id", "organisation_id")


def _in_reviewer(doc: str) -> Any:
    return InReviewer(doc=doc)


@extend("Issuer")
class BadgeNationIssuer:
    """What Badge Nation adds to an issuer."""

    badge_nation_standing: BadgeNationStanding | None = _in_reviewer(
        "The membership of its organisation, for its own members and the city's team; null without one."
    )


@extend("BadgeDraft")
class BadgeNationDraft:
    """What Badge Nation adds to a draft."""

    badge_nation_charge: BadgeNationCharge | None = one(
        "id", doc="What its template costs, once that was accepted or counted."
    )


@value
class BadgeNationPrices:
    """What Badge Nation costs from a day on."""

    since: date = column(doc="From this day on.")
    membership: BadgeNationAmount = column(doc="A membership of an organisation, for all its cities.")
    months: int = column(doc="How long a membership lasts.")
    allowance: int = column(doc="How many quality-assured templates are within a membership.")
    template: BadgeNationAmount = column(doc="Each further template, and each one without a membership.")


async def _prices(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    on = field.argument("on")(request) or _day(request)
    if on < FIRST_DAY:
        return [None for _ in parents]
    tariff = prices(on)
    found = {
        "since": tariff.since,
        "membership": tariff.membership.plain(),
        "months": tariff.months,
        "allowance": tariff.allowance,
        "template": tariff.template.plain(),
    }
    return [found for _ in parents]


def _in_force_on(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    return (f"{query.param(value, 'date')} between {row}.starts_on and {row}.ends_on",)


def _since(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    return (f"{row}.dated_on >= {query.param(value, 'date')}",)


def _until(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    return (f"{row}.dated_on <= {query.param(value, 'date')}",)


@filtering
class BadgeNationMembershipFilter:
    """Which memberships to list."""

    text: str | None = contains("organisation_name", doc="Part of the organisation's name, in whatever case.")
    in_force_on: date | None = asks(_in_force_on, doc="Only those that hold on this day.")


@filtering
class BadgeNationInvoiceFilter:
    """Which invoice lines to list."""

    since: date | None = asks(_since, doc="Only of this day and later ones.")
    until: date | None = asks(_until, doc="Only of this day and earlier ones.")
    text: str | None = contains("organisation_name", doc="Part of the organisation's name, in whatever case.")


async def _invoice(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    days = [field.argument(name)(request) for name in ("since", "until")]
    if request.tenant is None:  # a guarded field is read in one city
        return [None for _ in parents]
    scope, values = CityScope(request.tenant), [request.tenant, *days]
    rows = await request.services.database.reads.rows(scope, LINES_SQL, values)
    return [invoice.csv_of([tuple(row) for row in rows]) for _ in parents]


@query
class BadgeNationQuery:
    """What Badge Nation adds to the root."""

    badge_nation_memberships: Connection[BadgeNationMembership] | None = guarded(
        MAY,
        pages(
            filter=BadgeNationMembershipFilter,
            order=BY_ORGANISATION,
            doc="The memberships in this network, by organisation, those that are over too.",
        ),
    )
    badge_nation_invoice_lines: Connection[BadgeNationInvoiceLine] | None = guarded(
        MAY, pages(filter=BadgeNationInvoiceFilter, order=BY_ID, doc="What organisations pay, oldest first.")
    )
    badge_nation_invoice: str | None = guarded(
        MAY,
        computed(
            _invoice,
            arguments=(
                Argument("since", date, doc="Only of this day and later ones."),
                Argument("until", date, doc="Only of this day and earlier ones."),
            ),
            doc="The invoice lines as CSV with a head, for accounting; no cell is a formula.",
        ),
    )
    badge_nation_prices: BadgeNationPrices | None = computed(
        _prices,
        arguments=(Argument("on", date, doc="The day that is meant; absent: today."),),
        doc="What Badge Nation costs; null before there were any prices.",
    )


NODES = (
    BadgeNationAmount,
    BadgeNationTemplate,
    BadgeNationMembership,
    BadgeNationInvoiceLine,
    BadgeNationStanding,
    BadgeNationCharge,
    BadgeNationPrices,
)
INPUTS = (BadgeNationMembershipFilter, BadgeNationInvoiceFilter)
EXTENSIONS = (BadgeNationIssuer, BadgeNationDraft)
QUERIES = (BadgeNationQuery,)

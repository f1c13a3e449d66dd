"""Acts of a network: an organisation joins, renews, or leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final
from uuid import UUID

from typing_extensions import override

from waypost.db import execute, fetchrow, fetchval, new_id
from waypost.outbox import Act, Event, command
from waypost.refusal import Invalid, Refusal, Refused, missing
from waypost_badge_nation.directory import (
    decide_alone,
    says_that_it_charges,
    show_network,
    show_standing,
    standings,
)
from waypost_badge_nation.prices import FIRST_DAY, Amount, prices
from waypost_badge_nation.rules import DAY, Standing, last_day, overlaps, renewed_from

if TYPE_CHECKING:
    from asyncpg import Record

# What curators and city admins may, and nobody who speaks for one issuer.
MAY: Final = "issuer.create"
MOST_DAYS_AHEAD: Final = 366

NOT_CHARGING: Final = Refused(
    code="NOT_CHARGING",
    message="This tenant keeps no memberships: write `charges = true` under [plugins.badge_nation] of its tenant.toml.",
)
WHO_SQL: Final = "SELECT slug, name FROM organisation WHERE id = $1"
JOIN_SQL: Final = """
INSERT INTO plugin_badge_nation.nation_membership
    (tenant_id, id, organisation_id, organisation_slug, organisation_name, starts_on, ends_on, allowance,
     net, vat, gross, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
LINE_SQL: Final = """
INSERT INTO plugin_badge_nation.nation_invoice_line
    (tenant_id, id, dated_on, organisation_id, organisation_name, kind, home_tenant_id, city_name, badge_name,
     net, vat, gross)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
WHOSE_SQL: Final = """
SELECT organisation_id FROM plugin_badge_nation.nation_membership WHERE tenant_id = $1 AND id = $2
"""
FIND_SQL: Final = """
SELECT organisation_id, starts_on, ends_on FROM plugin_badge_nation.nation_membership
WHERE tenant_id = $1 AND id = $2 FOR UPDATE
"""
END_SQL: Final = """
UPDATE plugin_badge_nation.nation_membership SET ends_on = $3 WHERE tenant_id = $1 AND id = $2
"""


@dataclass(frozen=True)
class _MembershipEvent(Event):
    membership: UUID
    organisation: UUID

    @property
    @override
    def object_type(self) -> str:
        return "BadgeNationMembership"


@dataclass(frozen=True)
class MembershipJoined(_MembershipEvent):
    """An organisation joined the network, or renewed its membership."""

    ends_on: date

    @property
    @override
    def type(self) -> str:
        return "badge-nation-membership.joined"


@dataclass(frozen=True)
class MembershipEnded(_MembershipEvent):
    """A membership was ended before its time."""

    ends_on: date

    @property
    @override
    def type(self) -> str:
        return "badge-nation-membership.ended"


@command(may=MAY)
async def join(act: Act, organisation: UUID, starts_on: date | None = None) -> MembershipJoined | Refusal:
    """Make an organisation a member for twelve months, from today or another day on.

    Refused with NOT_CHARGING where the tenant keeps no memberships, and with ALREADY_MEMBER for some of the days.
    """
    if not await says_that_it_charges():
        return NOT_CHARGING
    first = starts_on or act.today
    if (first - act.today).days > MOST_DAYS_AHEAD:
        words = f"A membership begins at most {MOST_DAYS_AHEAD} days ahead."
        return Invalid(message=words, path=("startsOn",))
    if first < FIRST_DAY:
        words = f"There are no prices before {FIRST_DAY:%Y-%m-%d}, and no memberships."
        return Invalid(message=words, path=("startsOn",))
    return await _join(act, organisation, first)


@command(may=MAY)
async def renew(act: Act, membership: UUID) -> MembershipJoined | Refusal:
    """Let a membership go on for another twelve months: after its last day, or from today on where that is over."""
    if not await says_that_it_charges():
        return NOT_CHARGING
    row = await _locked(act.here.tenant_id, membership)
    if row is None:
        return missing()
    return await _join(act, row["organisation_id"], renewed_from(row["ends_on"], act.today))


@command(may=MAY)
async def end(act: Act, membership: UUID) -> MembershipEnded | Refusal:
    """Let a membership end today, or never begin. What was invoiced stays; a refund is the network's own letter."""
    row = await _locked(act.here.tenant_id, membership)
    if row is None:
        return missing()
    if row["ends_on"] < act.today:
        return Refused(code="MEMBERSHIP_OVER", message=f"The membership was over on {row['ends_on']:%Y-%m-%d}.")
    last = act.today if row["starts_on"] <= act.today else row["starts_on"] - DAY
    await execute(END_SQL, act.here.tenant_id, membership, last)
    await show_standing(act.here.tenant_id, membership)
    return await act.tell(MembershipEnded(membership, row["organisation_id"], last))


async def write_line(
    network: UUID,
    day: date,
    organisation: tuple[UUID, str],
    amount: Amount,
    home: tuple[UUID, str] | None = None,
    badge_name: str | None = None,
) -> None:
    """Write what an organisation pays: for a membership, or for the template of a badge of a city."""
    kind = "membership" if badge_name is None else "template"
    facts = (*organisation, kind, *(home or (None, None)), badge_name, amount.net, amount.vat, amount.gross)
    await execute(LINE_SQL, network, new_id(), day, *facts)


async def _locked(network: UUID, membership: UUID) -> Record | None:
    """Find a membership, which stays as it is until the transaction ends.

    The organisation is waited for before the row is: whoever counts a template for it comes in that order too.
    """
    organisation = await fetchval(WHOSE_SQL, network, membership)
    if organisation is None:
        return None
    await decide_alone(network, organisation)
    return await fetchrow(FIND_SQL, network, membership)


async def _join(act: Act, organisation: UUID, first: date) -> MembershipJoined | Refusal:
    network = act.here.tenant_id
    who = await fetchrow(WHO_SQL, organisation)
    if who is None:
        return missing()
    tariff = prices(first)
    last = last_day(first, tariff.months)
    if last < act.today:
        words = f"Such a membership would have been over on {last:%Y-%m-%d}."
        return Invalid(message=words, path=("startsOn",))
    await decide_alone(network, organisation)
    before = overlaps(await standings(network, organisation), first, last)
    if before is not None:
        return _already(who["name"], before)
    id, amount = new_id(), tariff.membership
    money = (amount.net, amount.vat, amount.gross)
    facts = (organisation, who["slug"], who["name"], first, last, tariff.allowance, *money, act.now)
    await execute(JOIN_SQL, network, id, *facts)
    await write_line(network, act.today, (organisation, who["name"]), amount)
    await show_network(network, charging=True)
    await show_standing(network, id)
    return await act.tell(MembershipJoined(id, organisation, last))


def _already(name: str, before: Standing) -> Refused:
    days = f"{before.starts_on:%Y-%m-%d} to {before.ends_on:%Y-%m-%d}"
    return Refused(code="ALREADY_MEMBER", message=f"{name} has a membership from {days}: renew that one.")

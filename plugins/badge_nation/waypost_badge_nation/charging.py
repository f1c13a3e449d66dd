"""Before a template is submitted: what it costs, and who accepts that. Runs in the submitting city's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from typing_extensions import override

from waypost.access.permissions import issuer_scoped
from waypost.db import execute, fetchrow, fetchval
from waypost.outbox import Act, Event, Submission, command
from waypost.outbox.act import Forbidden
from waypost.refusal import Refusal, Refused, missing
from waypost_badge_nation.directory import charges, decide_alone, standings
from waypost_badge_nation.prices import Amount, Tariff, prices
from waypost_badge_nation.rules import Standing, cost_of_next, covers, in_force

# What an issuer's admin may, and its staff may not.
MAY: Final = "issuer.update"

ACCEPTED_SQL: Final = """
SELECT net, vat, gross FROM plugin_badge_nation.nation_charge
WHERE tenant_id = $1 AND id = $2 AND network_id = $3 AND settled = 'accepted'
"""
ACCEPT_SQL: Final = """
INSERT INTO plugin_badge_nation.nation_charge
    (tenant_id, id, badge_id, network_id, settled, net, vat, gross, accepted_by, accepted_at)
VALUES ($1, $2, $3, $4, 'accepted', $5, $6, $7, $8, $9)
ON CONFLICT (tenant_id, id) DO UPDATE
SET (network_id, settled, net, vat, gross, accepted_by, accepted_at, settled_at)
    = (excluded.network_id, 'accepted', excluded.net, excluded.vat, excluded.gross, excluded.accepted_by,
       excluded.accepted_at, NULL)
"""
# Submitted here a moment ago, and not counted by the network yet. Between the network's count and this city's note of
# it a template counts twice for a blink: then a price is named too early, and nobody pays unasked.
WAITING_SQL: Final = """
SELECT count(*) FROM badge_draft d JOIN issuer i ON i.tenant_id = d.tenant_id AND i.id = d.creator_id
WHERE d.tenant_id = $1 AND i.organisation_id = $2 AND d.review_tenant_id = $3 AND d.round = 1
    AND d.submitted_at > $4::timestamptz - interval '1 day'
    AND NOT EXISTS (SELECT FROM plugin_badge_nation.nation_charge c
                    WHERE c.tenant_id = d.tenant_id AND c.id = d.id AND c.settled <> 'accepted')
"""
DRAFT_SQL: Final = """
SELECT d.id, d.creator_id, d.round, i.organisation_id,
       (SELECT coalesce(r.id, t.id) FROM tenant t LEFT JOIN tenant r ON r.id = t.review_tenant_id AND r.state = 'open'
        WHERE t.id = d.tenant_id) AS reviewer
FROM badge_draft d JOIN issuer i ON i.tenant_id = d.tenant_id AND i.id = d.creator_id
WHERE d.tenant_id = $1 AND d.badge_id = $2 AND d.state <> 'published'
"""
NAME_SQL: Final = "SELECT name FROM tenant WHERE id = $1"


@dataclass(frozen=True)
class BadgeChargeAccepted(Event):
    """An admin of the issuer accepted what a draft's template costs."""

    badge: UUID
    draft: UUID
    network: UUID
    gross: Decimal

    @property
    @override
    def type(self) -> str:
        return "badge.nation-charge-accepted"


@dataclass(frozen=True)
class Cost:
    """What the next template of an organisation costs, and why."""

    amount: Amount
    standing: Standing | None
    tariff: Tariff

    def words(self, network: str) -> str:
        """What people are told."""
        if self.standing is None:
            price = f"without a membership in {network} this template costs {self.amount}"
            more = f"A membership of {self.tariff.months} months costs {self.tariff.membership}, with"
            return f"{price[0].upper()}{price[1:]}. {more} {self.tariff.allowance} templates in it."
        until = f"until {self.standing.ends_on:%Y-%m-%d}"
        used = f"All {self.standing.allowance} templates of the membership {until} are used"
        return f"{used}: this one costs {self.amount}."


async def cost_here(
    city: UUID, network: UUID, organisation: UUID, submission: Submission | Act, today: date
) -> Cost | None:
    """What the next template costs an organisation in this city, those included that nobody counted yet."""
    standing = in_force(await standings(network, organisation), today)
    waiting = await fetchval(WAITING_SQL, city, organisation, network, submission.now)
    tariff = prices(today)
    amount = cost_of_next(standing, tariff, waiting)
    return None if amount is None else Cost(amount, standing, tariff)


async def accepted_price(city: UUID, draft: UUID, network: UUID) -> Amount | None:
    """What was accepted for a draft and is not settled yet."""
    row = await fetchrow(ACCEPTED_SQL, city, draft, network)
    return None if row is None else Amount(**dict(row))


async def unpaid_template(submission: Submission) -> Refusal | None:
    """The veto: a template that costs something is submitted once an admin of its issuer has accepted that.

    What was submitted before, and what a network submits to itself, costs nothing.
    """
    city, network = submission.here.tenant_id, submission.reviewer
    if submission.round > 1 or network == city or not await charges(network):
        return None
    await decide_alone(network, submission.organisation)
    cost = await cost_here(city, network, submission.organisation, submission, submission.today)
    if cost is None or covers(await accepted_price(city, submission.draft, network), cost.amount):
        return None
    words = f"{cost.words(await fetchval(NAME_SQL, network))} {HOW}"
    return Refused(code="CHARGE_NOT_ACCEPTED", message=words, path=("badge",))


HOW: Final = "An admin of the issuer accepts the price (badgeNationAcceptCharge), then the badge can be submitted."


@command(may=MAY)
async def accept_charge(act: Act, badge: UUID, gross: Decimal) -> BadgeChargeAccepted | Refusal:
    """Accept what submitting a badge's draft costs now, which is `gross` pounds.

    Refused with CHARGE_NOT_ACCEPTED where it costs something else, and with NOTHING_TO_ACCEPT where it costs nothing.
    """
    city = act.here.tenant_id
    draft = await fetchrow(DRAFT_SQL, city, badge)
    if draft is None:
        return missing()
    wrong = act.may(MAY, draft["creator_id"])
    if wrong:
        return wrong
    if not issuer_scoped(act.role):
        words = "Only an admin of the issuer accepts what the issuer pays, in that role."
        return Forbidden(message=words, permission=MAY)
    network = draft["reviewer"]
    cost = None
    if draft["round"] == 0 and network != city and await charges(network):
        await decide_alone(network, draft["organisation_id"])
        cost = await cost_here(city, network, draft["organisation_id"], act, act.today)
    if cost is None:
        return Refused(code="NOTHING_TO_ACCEPT", message="Submitting this badge costs nothing.", path=("badge",))
    if gross != cost.amount.gross:
        words = cost.words(await fetchval(NAME_SQL, network))
        return Refused(code="CHARGE_NOT_ACCEPTED", message=words, path=("gross",))
    money = (cost.amount.net, cost.amount.vat, cost.amount.gross)
    await execute(ACCEPT_SQL, city, draft["id"], badge, network, *money, act.person, act.now)
    return await act.tell(BadgeChargeAccepted(badge, draft["id"], network, gross))

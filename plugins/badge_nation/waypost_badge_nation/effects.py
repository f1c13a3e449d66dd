"""In the background: templates are counted, networks show that they charge, memberships' ends are told of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from waypost.db import City, National, execute, fetch, fetchrow, fetchval
from waypost.learners.people import own_address
from waypost.outbox import Addressed, Handler, Happened, Letter, Schedule, Work, enqueue_all
from waypost.tenancy import Tenant, load_directory
from waypost_badge_nation.charging import accepted_price
from waypost_badge_nation.directory import (
    MANIFEST,
    decide_alone,
    says_that_it_charges,
    show_network,
    show_standing,
    standings,
)
from waypost_badge_nation.memberships import write_line
from waypost_badge_nation.prices import Amount, prices
from waypost_badge_nation.rules import in_force, reminder_due, renewed_from, settle

COUNT: Final = "badgeNation.count"
RENEWAL: Final = "badgeNation.renewal"
NETWORKS_EVERY_S: Final = 60
REMINDERS_EVERY_S: Final = 3_600

SHOWN_SQL: Final = "SELECT network_id FROM plugin_badge_nation.nation_network"
SENT_SQL: Final = """
SELECT d.badge_id, d.name AS badge_name, i.organisation_id
FROM badge_draft d JOIN issuer i ON i.tenant_id = d.tenant_id AND i.id = d.creator_id
WHERE d.tenant_id = $1 AND d.id = $2
"""
COUNTED_SQL: Final = """
SELECT settled, net, vat, gross FROM plugin_badge_nation.nation_template WHERE tenant_id = $1 AND id = $2
"""
COUNT_SQL: Final = """
INSERT INTO plugin_badge_nation.nation_template
    (tenant_id, id, organisation_id, membership_id, home_tenant_id, badge_id, badge_name, settled,
     net, vat, gross, submitted_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
NOTE_SQL: Final = """
WITH known AS (
    UPDATE plugin_badge_nation.nation_charge
    SET network_id = $4, settled = $5, net = $6, vat = $7, gross = $8, settled_at = $9
    WHERE tenant_id = $1 AND id = $2 RETURNING id)
INSERT INTO plugin_badge_nation.nation_charge
    (tenant_id, id, badge_id, network_id, settled, net, vat, gross, settled_at)
SELECT $1, $2, b.id, $4, $5, $6, $7, $8, $9 FROM badge b
WHERE b.tenant_id = $1 AND b.id = $3 AND NOT EXISTS (SELECT FROM known)
ON CONFLICT (tenant_id, id) DO NOTHING
"""
ENDING_SQL: Final = """
SELECT m.id, m.organisation_id, m.ends_on, m.reminded_days FROM plugin_badge_nation.nation_membership m
WHERE m.tenant_id = $1 AND m.ends_on BETWEEN $2::date AND $2::date + 30 AND m.ends_on >= m.starts_on
    AND NOT EXISTS (SELECT FROM plugin_badge_nation.nation_membership n
                    WHERE n.tenant_id = m.tenant_id AND n.organisation_id = m.organisation_id
                        AND n.ends_on > m.ends_on)
ORDER BY m.ends_on, m.id
"""
REMINDED_SQL: Final = """
UPDATE plugin_badge_nation.nation_membership SET reminded_days = $3
WHERE tenant_id = $1 AND id = $2 AND (reminded_days IS NULL OR reminded_days > $3) RETURNING true
"""
PRESENCE_SQL: Final = "SELECT tenant_id, id FROM issuer WHERE organisation_id = $1 AND public AND state = 'open'"
ADMINS_SQL: Final = """
SELECT DISTINCT person_id FROM membership
WHERE tenant_id = $1 AND issuer_id = ANY($2::uuid[]) AND role = 'issuer-admin'
"""
MEMBERSHIP_SQL: Final = """
SELECT organisation_id, organisation_name, ends_on FROM plugin_badge_nation.nation_membership
WHERE tenant_id = $1 AND id = $2
"""


async def count_template(work: Work, happened: Happened) -> None:
    """Count a template where it is reviewed, once, and note at home what became of it.

    What nobody had accepted is never charged: of two submissions at once for the last template of a membership, the
    one that is counted later is waived.
    """
    network, home, draft = UUID(happened.data["reviewer"]), happened.tenant_id, UUID(happened.data["draft"])
    if happened.data["round"] > 1 or happened.data.get("before") is not None or network == home:
        return
    tenants = await load_directory(work.database)
    there, here = tenants.by_id(network), tenants.by_id(home)
    if there is None or here is None or MANIFEST.name not in there.plugins:
        return
    async with work.database.transaction(City(home)):
        sent = await fetchrow(SENT_SQL, home, draft)
        accepted = await accepted_price(home, draft, network)
    if sent is None:
        return
    async with work.once(network, COUNT, happened.id, quiet=True) as first:
        if first and await says_that_it_charges():
            await _count(there, here, draft, sent, accepted, happened.happened_at)
        counted = await fetchrow(COUNTED_SQL, network, draft)
    if counted is None:
        return
    async with work.database.transaction(City(home, quiet=True)):
        await execute(NOTE_SQL, home, draft, sent["badge_id"], network, *counted.values(), work.now())


async def _count(
    network: Tenant, home: Tenant, draft: UUID, sent: Any, accepted: Amount | None, submitted_at: datetime
) -> None:
    organisation = sent["organisation_id"]
    await decide_alone(network.id, organisation)
    if await fetchrow(COUNTED_SQL, network.id, draft) is not None:
        return
    day = submitted_at.astimezone(ZoneInfo(network.timezone)).date()
    standing = in_force(await standings(network.id, organisation), day)
    settled, amount = settle(standing, prices(day), accepted)
    money = (None, None, None) if amount is None else (amount.net, amount.vat, amount.gross)
    membership = None if standing is None else standing.id
    badge = (sent["badge_id"], sent["badge_name"])
    await execute(COUNT_SQL, network.id, draft, organisation, membership, home.id, *badge, settled.value, *money, day)
    if amount is not None:
        name = await fetchval("SELECT name FROM organisation WHERE id = $1", organisation)
        await write_line(network.id, day, (organisation, name), amount, (home.id, home.name), sent["badge_name"])
    if standing is not None:
        await show_standing(network.id, standing.id)


async def show_networks(work: Work) -> None:
    """Let cities know which tenants charge, as their settings say now."""
    tenants = (await load_directory(work.database)).tenants
    active = {each.id for each in tenants if MANIFEST.name in each.plugins}
    if not active:
        return
    async with work.database.transaction(City(min(active), quiet=True)):
        shown = {row["network_id"] for row in await fetch(SHOWN_SQL)}
    for tenant in tenants:
        if tenant.id not in active | shown:
            continue
        async with work.database.transaction(City(tenant.id, quiet=True)):
            charging = tenant.is_open and tenant.id in active and await says_that_it_charges()
            await show_network(tenant.id, charging=charging)


async def remind(work: Work) -> None:
    """Have the admins of organisations written to whose memberships end in thirty days, and in seven."""
    for tenant in (await load_directory(work.database)).tenants:
        if not tenant.is_open or MANIFEST.name not in tenant.plugins:
            continue
        today = work.now().astimezone(ZoneInfo(tenant.timezone)).date()
        async with work.database.transaction(City(tenant.id, quiet=True)):
            ending = await fetch(ENDING_SQL, tenant.id, today) if await says_that_it_charges() else []
        for row in ending:
            due = reminder_due(row["ends_on"], today, row["reminded_days"])
            if due is not None:
                await _remind(work, tenant.id, row["id"], due, await _admins(work, row["organisation_id"]))


async def _remind(work: Work, network: UUID, membership: UUID, days: int, people: Sequence[UUID]) -> None:
    facts = {"letter": RENEWAL, "tenant": network, "membership": membership}
    async with work.database.transaction(City(network, quiet=True)):
        if await fetchval(REMINDED_SQL, network, membership, days):
            await enqueue_all([("mail", {**facts, "person": person}) for person in people])


async def _admins(work: Work, organisation: UUID) -> Sequence[UUID]:
    """Who speaks for an organisation, in whatever city."""
    issuers: dict[UUID, list[UUID]] = {}
    async with work.database.transaction(National()):
        for row in await fetch(PRESENCE_SQL, organisation):
            issuers.setdefault(row["tenant_id"], []).append(row["id"])
    people: set[UUID] = set()
    for tenant, ids in issuers.items():
        async with work.database.transaction(City(tenant, quiet=True)):
            people |= {row["person_id"] for row in await fetch(ADMINS_SQL, tenant, ids)}
    return sorted(people)


async def renewal_letter(work: Work, facts: Mapping[str, Any]) -> Addressed | None:
    """Find whom to remind of what; nobody of a membership that was renewed or is over."""
    network, membership, person = (UUID(str(facts[name])) for name in ("tenant", "membership", "person"))
    home = (await load_directory(work.database)).by_id(network)
    if home is None:
        return None
    today = work.now().astimezone(ZoneInfo(home.timezone)).date()
    async with work.database.transaction(City(network, quiet=True)):
        row = await fetchrow(MEMBERSHIP_SQL, network, membership)
        later = () if row is None else await standings(network, row["organisation_id"])
    if row is None or row["ends_on"] < today or any(each.ends_on > row["ends_on"] for each in later):
        return None
    address, language = await own_address(work.database, person)
    if address is None:
        return None
    tariff = prices(renewed_from(row["ends_on"], today))
    values = {
        "network": home.name,
        "organisation": row["organisation_name"],
        "ends_on": f"{row['ends_on'].day} {row['ends_on']:%B %Y}",
        "ends_on_in_figures": f"{row['ends_on']:%d/%m/%Y}",
        "days": (row["ends_on"] - today).days,
        "price": str(tariff.membership),
        "allowance": tariff.allowance,
    }
    return Addressed(address, language or home.language, values)


HANDLER: Final = Handler(COUNT, frozenset({"badge.submitted"}), count_template)
SCHEDULES: Final = (
    Schedule("badgeNation.networks", NETWORKS_EVERY_S, show_networks),
    Schedule("badgeNation.reminders", REMINDERS_EVERY_S, remind),
)
LETTER: Final = Letter(RENEWAL, renewal_letter)

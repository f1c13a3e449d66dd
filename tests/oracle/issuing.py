"""Issuing platforms, by the naive executor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final
from uuid import UUID, uuid5

from tests.graph.world import World
from tests.oracle.calls import Call, Resolver, Table, columns, global_id, told
from tests.oracle.lists import Listing, listing
from tests.oracle.rows import Row, Thing
from tests.oracle.shared import below, must, one
from waypost.access.permissions import issuer_scoped
from waypost.db.connections import Connection

ROWS_SQL: Final = (
    """
    INSERT INTO issuing_account (tenant_id, id, connector, plugin, name, settings, created_at)
    VALUES ($1, $2, 'credly', 'credly', 'Ours', '{}', $3)
    """,
    """
    INSERT INTO issuing_share (tenant_id, id, account_id, member_tenant_id, issuer_id, created_at)
    SELECT $1, i.id, $2, $1, i.id, $3 FROM issuer i WHERE i.tenant_id = $1
    """,
    """
    INSERT INTO issuing_template (tenant_id, account_id, template_id, name, state, duplicates, read_at, issued)
    SELECT $1, $2, 't' || n, 'Same name', 'active', n = 1, $3, n FROM generate_series(1, 3) n
    """,
    """
    INSERT INTO issuing_drift (tenant_id, id, account_id, kind, external_id, difference, state, found_at)
    SELECT $1, i.id, $2, 'missing-there', i.slug, 'It is gone.', 'open', $3 FROM issuer i WHERE i.tenant_id = $1
    """,
    """
    INSERT INTO issuing_grant (tenant_id, id, account_id, home_tenant_id, issuer_id, connector, platform, name, state,
                               granted_at)
    SELECT $1, i.id, $2, $1, i.id, 'credly', 'Credly', 'Ours', 'on', $3 FROM issuer i WHERE i.tenant_id = $1
    """,
    """
    INSERT INTO issuing_link (tenant_id, id, badge_id, grant_id, account_id, home_tenant_id, template_id, by_hand,
                              state, created_at, changed_at)
    SELECT $1, b.id, b.id, b.issuer_id, $2, $1, 't1', true, 'linked', $3, $3
    FROM badge b WHERE b.tenant_id = $1 AND b.public
    """,
    """
    INSERT INTO issuing_record (tenant_id, id, award_id, issuer_id, link_id, account_id, home_tenant_id,
                                platform, state, created_at, changed_at)
    SELECT $1, a.id, a.id, a.issuer_id, a.badge_id, $2, $1, 'Credly', 'needs-consent', $3, $3
    FROM award a JOIN issuing_link l ON l.tenant_id = $1 AND l.id = a.badge_id WHERE a.tenant_id = $1
    """,
    """
    INSERT INTO issuing_consent (tenant_id, id, person_id, account_id, platform, given_at)
    SELECT DISTINCT ON (person_id) $1, id, person_id, $2, 'Credly', $3
    FROM award WHERE tenant_id = $1 AND person_id IS NOT NULL ORDER BY person_id, id
    """,
)


async def found_issuing(connection: Connection, world: World) -> None:
    """An account that all issuers of a town use, and what became of all awards there."""
    here = world.towns["plymouth"].id
    for sql in ROWS_SQL:
        await connection.execute(sql, here, uuid5(here, "account"), world.now)


def newest(thing: Thing) -> tuple[Any, ...]:
    """Records by their time, all else by ids, which have it in them."""
    since = (thing["created_at"],) if thing.kind == "IssuingRecord" else ()
    return (*since, thing["id"].bytes)


def issuers_own(call: Call, issuer: UUID) -> bool:
    """Whether the asker may see what is an issuer's; that they may at all was asked before."""
    asker = call.asked.asker
    return not issuer_scoped(asker.role) or asker.issuer == issuer


def rows_of(kind: str, table: str, seen: Callable[[Call, Row], bool] = lambda _call, _row: True) -> Resolver:
    """The rows of a table that the asker sees, in the states asked for, the newest first."""

    def resolve(call: Call) -> Listing:
        states = call.args.get("filter", {}).get("states")
        wanted = None if states is None else {each.value for each in states}
        rows = [row for row in call.view.all(table) if seen(call, row)]
        view = replace(call.view, drafts=True)  # below a field that asks for a permission
        found = [Thing(kind, row, view) for row in rows if wanted is None or row["state"] in wanted]
        return listing(call, found, newest, descending=True)

    return resolve


def whose(call: Call, row: Row) -> UUID | None:
    """Whose a row is: its own person's, or that of its award."""
    if "award_id" in row:
        row = next(iter(call.view.rows.where("award", "id", row["award_id"])))
    person: UUID | None = row["person_id"]
    return person


def mine(kind: str, table: str) -> Resolver:
    """The rows of a table that are the asker's own, in this city."""

    def resolve(call: Call) -> Listing:
        if call.view.national:
            raise told("CITY_NEEDED")
        person = call.asked.asker.person
        rows = [row for row in call.view.all(table) if person is not None and whose(call, row) == person]
        return listing(call, [Thing(kind, row, call.view) for row in rows], newest, descending=True)

    return resolve


def _linked(call: Call, row: Row) -> bool:
    grant = call.view.one("issuing_grant", "id", row["grant_id"], row["tenant_id"])
    return grant is not None and issuers_own(call, grant["issuer_id"])


def tenant(column: str) -> Resolver:
    """The tenant that a column names."""
    return lambda call: call.must("City", call.view.one("tenant", "id", call.thing[column]))


def award(call: Call) -> Thing:
    """What was earned: seen by who sees the record."""
    rows = call.view.rows.where("award", "id", call.thing["award_id"])
    return call.must("Award", next(iter(rows), None))


KINDS: Final = ("Account", "Share", "Drift", "Grant", "Link", "Record", "Consent")

ISSUING: Table = {
    ("Query", "issuingAccounts"): rows_of("IssuingAccount", "issuing_account"),
    ("Query", "issuingDrifts"): rows_of("IssuingDrift", "issuing_drift"),
    ("Query", "issuingGrants"): rows_of(
        "IssuingGrant", "issuing_grant", lambda call, row: issuers_own(call, row["issuer_id"])
    ),
    ("Query", "issuingLinks"): rows_of("IssuingLink", "issuing_link", _linked),
    ("Query", "issuingRecords"): rows_of(
        "IssuingRecord", "issuing_record", lambda call, row: issuers_own(call, row["issuer_id"])
    ),
    ("Viewer", "issuing"): mine("IssuingRecord", "issuing_record"),
    ("Viewer", "issuingConsents"): mine("IssuingConsent", "issuing_consent"),
    **{
        (f"Issuing{kind}", "id"): lambda call: global_id(call.thing.kind, call.thing["id"], call.thing["tenant_id"])
        for kind in KINDS
    },
    **columns("IssuingAccount", "connector name state problem createdAt checkedAt reconciledAt elsewhere"),
    ("IssuingAccount", "shares"): below("IssuingShare", "issuing_share", "account_id", "id"),
    ("IssuingAccount", "templates"): below("IssuingTemplate", "issuing_template", "account_id", "name", "template_id"),
    **columns("IssuingShare", "state createdAt"),
    ("IssuingShare", "city"): tenant("member_tenant_id"),
    ("IssuingShare", "issuerId"): lambda call: global_id(
        "Issuer", call.thing["issuer_id"], call.thing["member_tenant_id"]
    ),
    **columns("IssuingTemplate", "templateId name state duplicates url readAt countedAt issued accepted pending"),
    **columns("IssuingTemplate", "rejected revoked"),
    **columns("IssuingDrift", "kind externalId difference state foundAt mendedAt"),
    ("IssuingDrift", "account"): must("IssuingAccount", "issuing_account", "account_id"),
    **columns("IssuingGrant", "platform name state grantedAt"),
    ("IssuingGrant", "issuer"): must("Issuer", "issuer", "issuer_id"),
    ("IssuingGrant", "owner"): tenant("home_tenant_id"),
    **columns("IssuingLink", "templateId templateName templateUrl state problem createdAt"),
    ("IssuingLink", "badge"): one("Badge", "badge", "badge_id"),
    ("IssuingLink", "grant"): must("IssuingGrant", "issuing_grant", "grant_id"),
    **columns("IssuingRecord", "platform state externalId url problem createdAt changedAt"),
    ("IssuingRecord", "award"): award,
    ("IssuingRecord", "owner"): tenant("home_tenant_id"),
    **columns("IssuingConsent", "platform givenAt withdrawnAt"),
}

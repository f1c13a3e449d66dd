"""What goes between an award's tenant and the owner of an account, on its way from one scope to the other.

Two tenants are never in one transaction. A name and an address are read where they are known, just before each call,
and are kept nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.connectors.rules import Want, earner_of, never_sent, split_name, wanted
from waypost.db import City, Learner, execute, fetchrow, fetchval
from waypost.outbox.connecting import Order
from waypost.outbox.work import Work

PARCEL_SQL: Final = """
SELECT r.id, r.account_id, r.home_tenant_id, r.award_id, r.platform, r.state, a.state AS award, a.awarded_at,
       a.expires_at,
       a.issuer_id, a.revoked_reason, a.person_id, t.id AS recipient_id, t.kind,
       coalesce(n.name, t.display_name) AS display_name, t.address,
       t.birth_year, t.guardian_address, t.guardian_id, t.person_id AS earner_id, l.template_id,
       l.state = 'linked' AND g.state = 'on' AS linked,
       c.id IS NOT NULL AS answered, c.given_at IS NOT NULL AND c.withdrawn_at IS NULL AS consents,
       (SELECT old.id FROM award w
        JOIN issuing_record old ON old.tenant_id = w.tenant_id AND old.award_id = w.id
        WHERE w.tenant_id = $1 AND old.tenant_id = $1 AND w.replaced_by_id = a.id AND old.account_id = r.account_id
        LIMIT 1) AS replaces_id,
       ARRAY(SELECT e.url FROM award_evidence e
             WHERE e.tenant_id = $1 AND e.award_id = a.id ORDER BY e.position) AS evidence
FROM issuing_record r
JOIN award a ON a.tenant_id = $1 AND a.id = r.award_id
JOIN recipient t ON t.tenant_id = $1 AND t.id = a.recipient_id
LEFT JOIN recipient_name n ON n.tenant_id = $1 AND n.recipient_id = t.id AND n.issuer_id = a.issuer_id
JOIN issuing_link l ON l.tenant_id = $1 AND l.id = r.link_id
JOIN issuing_grant g ON g.tenant_id = $1 AND g.id = l.grant_id
LEFT JOIN issuing_consent c ON c.tenant_id = $1 AND c.person_id = a.person_id AND c.account_id = r.account_id
WHERE r.tenant_id = $1 AND r.id = $2
"""
# An address of their own, where the tenant knows none: as letters go.
OWN_SQL: Final = """
SELECT address FROM person_address WHERE person_id = $1 AND asked_at IS NULL
ORDER BY verified_at DESC NULLS LAST, id LIMIT 1
"""
RECORD_SQL: Final = """
UPDATE issuing_record SET state = $4, external_id = $5, url = $6, problem = $7, changed_at = $8
WHERE tenant_id = $1 AND id = $2 AND account_id = $3
  AND (state, external_id, url, problem) IS DISTINCT FROM ($4, $5, $6, $7)
"""
# Whoever is being forgotten is waited for: nothing that leads to them is written behind their back.
KNOWN_SQL: Final = """
SELECT t.display_name <> '' FROM issuing_record r
JOIN award a ON a.tenant_id = $1 AND a.id = r.award_id
JOIN recipient t ON t.tenant_id = $1 AND t.id = a.recipient_id
WHERE r.tenant_id = $1 AND r.id = $2 FOR SHARE OF t
"""
ENTRY_SQL: Final = """
SELECT account_id, member_tenant_id, state, external_id, url, problem FROM issuing_entry
WHERE tenant_id = $1 AND id = $2
"""


@dataclass(frozen=True)
class Parcel:
    """All that giving an award at a platform needs to know, as it stands now in the award's tenant.

    `row` is of PARCEL_SQL; `address` is the recipient's, or their account's.
    """

    tenant: UUID
    language: str
    row: Mapping[str, Any] = field(repr=False)
    address: str | None = field(repr=False)
    year: int

    @property
    def never(self) -> str | None:
        """Why nothing is ever sent about the recipient."""
        return never_sent(self.row["kind"], self.row["birth_year"], self.address, self.year)

    @property
    def want(self) -> Want:
        """What should be at the platform."""
        want = wanted(self.row["award"], consents=self.row["consents"], linked=self.row["linked"])
        return Want.LEFT if want is Want.THERE and self.never else want

    @property
    def asks(self) -> bool:
        """Whether all that is missing for it to be given is consent."""
        row = self.row
        return row["award"] == "accepted" and row["linked"] and not row["consents"] and self.never is None

    @property
    def unsent(self) -> str:
        """Why nothing was asked of the platform, where that is not for want of consent."""
        if self.never:
            return self.never
        if self.row["award"] != "accepted":
            return f"The award is {self.row['award']} here."
        if not self.row["linked"]:
            return "The badge is not given there now."
        return "Its issuer may not use the account now: ask the account's owner."

    @property
    def earner(self) -> str:
        """How the platform knows the earner."""
        return earner_of(self.tenant, self.row["account_id"], self.row["earner_id"] or self.row["recipient_id"])

    @property
    def reason(self) -> str:
        """Why it was revoked, in the issuer's words only for who still lets us say more than that it was."""
        said = self.row["revoked_reason"] if self.row["consents"] else None
        return said or "Revoked by its issuer."

    def order(self) -> Order:
        """What the platform is asked to give."""
        row = self.row
        first, last = split_name(row["display_name"])
        return Order(
            template=row["template_id"],
            reference=str(row["id"]),
            earner=self.earner,
            address=self.address or "",
            first_name=first,
            last_name=last,
            issued_at=row["awarded_at"],
            expires_at=row["expires_at"],
            language=self.language,
            evidence=tuple(row["evidence"]),
        )


async def read_parcel(work: Work, tenant: UUID, language: str, record: UUID) -> Parcel | None:
    """Read what is to be given, in the award's tenant; None where it is forgotten."""
    async with work.database.transaction(City(tenant, quiet=True)):
        row = await fetchrow(PARCEL_SQL, tenant, record)
    if row is None:
        return None
    address: str | None = row["address"]
    if address is None and row["earner_id"] is not None:
        rows = await work.database.reads.rows(Learner(row["earner_id"]), OWN_SQL, [row["earner_id"]])
        address = rows[0]["address"] if rows else None
    return Parcel(tenant, language, dict(row), address, work.now().year)


async def note_unsent(work: Work, parcel: Parcel) -> None:
    """Write, in the award's tenant, why nothing was asked of the platform."""
    row = parcel.row
    state, problem = ("needs-consent", None) if parcel.asks else ("not-sent", parcel.unsent)
    facts = (state, None, None, problem, work.now())
    async with work.database.transaction(City(parcel.tenant, quiet=True)):
        await execute(RECORD_SQL, parcel.tenant, row["id"], row["account_id"], *facts)


async def carry_entry(work: Work, facts: Mapping[str, Any]) -> None:
    """Tell the award's tenant how its entry stands. Only what that tenant itself has a record of is written there.

    Of who was forgotten it is told the state alone: what is at the platform would lead to them again.
    """
    home, id = UUID(str(facts["tenant"])), UUID(str(facts["entry"]))
    async with work.database.transaction(City(home, quiet=True)):
        entry = await fetchrow(ENTRY_SQL, home, id)
    if entry is None:
        return
    now: datetime = work.now()
    async with work.database.transaction(City(entry["member_tenant_id"], quiet=True)):
        known = await fetchval(KNOWN_SQL, entry["member_tenant_id"], id)
        leads = (entry["external_id"], entry["url"], entry["problem"]) if known else (None, None, None)
        told = (entry["state"], *leads, now)
        await execute(RECORD_SQL, entry["member_tenant_id"], id, entry["account_id"], *told)

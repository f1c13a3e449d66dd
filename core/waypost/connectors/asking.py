"""Asks earners by letter whether what they earned may be given at a platform too: nothing is sent before they agree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from waypost.connectors.carrying import Parcel, read_parcel
from waypost.db import City
from waypost.learners.people import written_to
from waypost.learners.rules import derived_id
from waypost.outbox.work import Addressed, Letter, Work, enqueue
from waypost.tenancy.directory import load_directory

CONSENT: Final = "issuing-consent"
ASKED: Final = "issuing-asked"
# Whoever is asked by a front end as soon as they accept, and answers, gets no letter.
ASK_AFTER: Final = timedelta(hours=1)

WORDS_SQL: Final = """
SELECT b.name AS badge, i.name AS issuer FROM award a
JOIN badge b ON b.tenant_id = $1 AND b.id = a.badge_id
JOIN issuer i ON i.tenant_id = $1 AND i.id = a.issuer_id
WHERE a.tenant_id = $1 AND a.id = $2
"""


async def ask_consent(work: Work, parcel: Parcel) -> None:
    """Have who answers for an award asked by letter for their consent, once for each account; idempotent.

    One letter asks for all that the account gives them in this city. Who has said yes or no already is not asked.
    """
    if not may_be_asked(parcel):
        return
    key = derived_id(parcel.tenant, ASKED, parcel.row["account_id"], parcel.row["person_id"])
    async with work.once(parcel.tenant, ASKED, key, quiet=True, lasting=True) as first:
        if first:
            facts = {"letter": CONSENT, "tenant": parcel.tenant, "record": parcel.row["id"]}
            await enqueue("mail", facts, after_s=ASK_AFTER.total_seconds())


def may_be_asked(parcel: Parcel) -> bool:
    """Whether somebody can answer for an award, and has not yet."""
    return parcel.asks and not parcel.row["answered"] and parcel.row["person_id"] is not None


async def _consent(work: Work, facts: Mapping[str, Any]) -> Addressed | None:
    """Ask whether an award may be given at a platform too, as things stand now; None where nobody is asked any more."""
    tenant, record = UUID(str(facts["tenant"])), UUID(str(facts["record"]))
    tenants = await load_directory(work.database)
    home = tenants.by_id(tenant)
    if home is None or not home.is_open:
        return None
    parcel = await read_parcel(work, tenant, home.language, record)
    owner = None if parcel is None else tenants.by_id(parcel.row["home_tenant_id"])
    if parcel is None or owner is None or not may_be_asked(parcel):
        return None
    row = parcel.row
    address, language = await written_to(work.database, row, row["person_id"], parcel.year)
    if address is None:
        return None
    (words,) = await work.database.reads.rows(City(tenant), WORDS_SQL, [tenant, row["award_id"]])
    base = str(work.settings.base_url).rstrip("/")
    values = {"name": row["display_name"], "badge": words["badge"], "issuer": words["issuer"], "owner": owner.name}
    values |= {"platform": row["platform"], "city": home.name, "url": f"{base}/{home.slug}/"}
    return Addressed(address, language or home.language, values, unsubscribe=True)


LETTER: Final = Letter(CONSENT, _consent)

"""Endorsements between two tenants: each has a row of its own, and hears from the other what is the other's to say.

The endorser says that it gives its word, with which words, or withdraws it, and counts that in `given`; the endorsed
decides, and counts that in `decided`. What is newer is written over what is older, and a decision about words that
were changed or withdrawn meanwhile is none: so both rows say the same in the end, in whatever order they hear.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from waypost.badges.endorsing import TOLD, EndorsementOffered, find_endorsed
from waypost.db import City, execute, fetchrow, new_id
from waypost.outbox import Act, Effects, Handler, Happened, Work
from waypost.refusal import Refusal
from waypost.tenancy.directory import load_directory
from waypost.tenancy.entries import ADDRESS_SQL, Here

EVENTS: Final = frozenset(f"endorsement.{state}" for state in ("offered", "accepted", "refused", "withdrawn"))

# Words and times, but nobody of those who gave or decided it.
PARCEL_SQL: Final = """
SELECT badge_id, issuer_id, endorser_id, home_tenant_id, endorser_tenant_id, comment, state, reason, valid_from,
       offered_at, decided_at, given, decided
FROM endorsement WHERE tenant_id = $1 AND id = $2
"""
# Nothing has been heard of it yet; of two at the same time the second finds the first.
BEGIN_SQL: Final = """
INSERT INTO endorsement (tenant_id, id, badge_id, issuer_id, endorser_id, endorsed_id, home_tenant_id,
                         endorser_tenant_id, state, valid_from, offered_at, given, public)
VALUES ($1, $2, $3, $4, $5, $6, $1, $7, 'withdrawn', $8, $8, 0, false) ON CONFLICT DO NOTHING
"""
KNOWN_SQL: Final = """
SELECT id, endorsed_id, given, decided FROM endorsement
WHERE tenant_id = $1 AND endorser_id = $2 AND (badge_id = $3 OR issuer_id = $4) FOR UPDATE
"""
GIVEN_SQL: Final = """
UPDATE endorsement SET comment = $3, state = $4, reason = $5, valid_from = $6, offered_at = $7, decided_at = $8,
       given = $9, decided_by = NULL, public = false
WHERE tenant_id = $1 AND id = $2
"""
DECIDED_SQL: Final = """
UPDATE endorsement SET state = $3, reason = $4, valid_from = $5, decided_at = $6, decided = $7, decided_by = NULL
WHERE tenant_id = $1 AND id = $2
"""


async def carry(work: Work, happened: Happened) -> None:
    """Tell the other tenant how an endorsement stands, where there is another."""
    async with work.database.transaction(City(happened.tenant_id, quiet=True)):
        parcel = await fetchrow(PARCEL_SQL, happened.tenant_id, happened.object_id)
    if parcel is None or parcel["home_tenant_id"] == parcel["endorser_tenant_id"]:
        return
    by_endorser = happened.tenant_id == parcel["endorser_tenant_id"]
    to = (await load_directory(work.database)).by_id(parcel["home_tenant_id" if by_endorser else "endorser_tenant_id"])
    if to is None or not to.is_open:
        return
    act = Act(Here.of(to), None, None, None, work.now())
    async with work.database.transaction(City(to.id)):
        await (hear_given if by_endorser else hear_decided)(act, dict(parcel))


async def hear_given(act: Act, parcel: Mapping[str, Any]) -> None:
    """Write down in the endorsed's tenant what the endorser says now, unless that is known. Idempotent."""
    here, thing = act.here.tenant_id, (parcel["badge_id"], parcel["issuer_id"])
    found = await find_endorsed(here, badge=thing[0], issuer=thing[1])
    if isinstance(found, Refusal):
        return
    begun = (new_id(), *thing, parcel["endorser_id"], found.issuer_id, parcel["endorser_tenant_id"])
    await execute(BEGIN_SQL, here, *begun, parcel["offered_at"])
    known = await fetchrow(KNOWN_SQL, here, parcel["endorser_id"], *thing)
    if known is None or known["given"] >= parcel["given"]:
        return
    state = "withdrawn" if parcel["state"] == "withdrawn" else "offered"
    reason, decided_at = (parcel["reason"], parcel["decided_at"]) if state == "withdrawn" else (None, None)
    facts = (state, reason, parcel["valid_from"], parcel["offered_at"], decided_at, parcel["given"])
    await execute(GIVEN_SQL, here, known["id"], parcel["comment"], *facts)
    await execute(ADDRESS_SQL, known["id"], here, "Endorsement")
    await _tell(act, state, known["id"], parcel["endorser_id"], known["endorsed_id"])


async def hear_decided(act: Act, parcel: Mapping[str, Any]) -> None:
    """Write down in the endorser's tenant what the endorsed has decided, unless that is known. Idempotent."""
    here = act.here.tenant_id
    if parcel["state"] not in {"accepted", "refused"}:
        return
    known = await fetchrow(KNOWN_SQL, here, parcel["endorser_id"], parcel["badge_id"], parcel["issuer_id"])
    if known is None or known["given"] != parcel["given"] or known["decided"] >= parcel["decided"]:
        return
    facts = (parcel["state"], parcel["reason"], parcel["valid_from"], parcel["decided_at"], parcel["decided"])
    await execute(DECIDED_SQL, here, known["id"], *facts)
    await _tell(act, parcel["state"], known["id"], parcel["endorser_id"], known["endorsed_id"])


async def _tell(act: Act, state: str, id: UUID, endorser: UUID, endorsed: UUID) -> None:
    await act.tell({"offered": EndorsementOffered, **TOLD}[state](id, endorser, endorsed))


EFFECTS: Final = Effects(handlers=(Handler("endorsements-abroad", EVENTS, carry),))

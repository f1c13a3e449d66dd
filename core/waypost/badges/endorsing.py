"""Endorsements: an organisation gives its word for a badge or an issuer, and the endorsed decides. Acts and rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from waypost.db import execute, fetchrow, new_id
from waypost.outbox import Act, Event, Forbidden, command
from waypost.refusal import Invalid, Refusal, Refused, missing
from waypost.tenancy.entries import ADDRESS_SQL
from waypost.tenancy.texts import said_problem

LONGEST_COMMENT: Final = 2_000
# By decision: from which states, to which, and who decides: the endorsed or the endorser.
DECISIONS: Final[Mapping[str, tuple[frozenset[str], str, str]]] = {
    "accept": (frozenset({"offered", "refused"}), "accepted", "endorsed"),
    "refuse": (frozenset({"offered", "accepted"}), "refused", "endorsed"),
    "withdraw": (frozenset({"offered", "accepted"}), "withdrawn", "endorser"),
}

# What a tenant shows that may be endorsed, and which organisations it is of; also read nationally.
SHOWN_SQL: Final = {
    "badge": """
SELECT b.tenant_id, b.id AS badge_id, b.issuer_id, b.state = 'published' AS open, ARRAY(
    SELECT i.organisation_id FROM issuer i WHERE i.tenant_id = $1 AND i.id IN (b.issuer_id, b.creator_id)
) AS organisations
FROM badge b WHERE b.tenant_id = $1 AND b.id = $2 AND b.public
""",
    "issuer": """
SELECT i.tenant_id, NULL::uuid AS badge_id, i.id AS issuer_id, i.state = 'open' AS open,
       ARRAY[i.organisation_id] AS organisations
FROM issuer i WHERE i.tenant_id = $1 AND i.id = $2 AND i.public
""",
}
ENDORSER_SQL: Final = "SELECT organisation_id, state, public FROM issuer WHERE tenant_id = $1 AND id = $2"
KNOWN_SQL: Final = """
SELECT id, state FROM endorsement WHERE tenant_id = $1 AND endorser_id = $2
  AND (badge_id = $3 OR issuer_id = $4) FOR UPDATE
"""
# A second at the same time does nothing, and finds the first.
OFFER_SQL: Final = """
INSERT INTO endorsement (tenant_id, id, badge_id, issuer_id, endorser_id, endorsed_id, home_tenant_id,
                         endorser_tenant_id, comment, state, valid_from, offered_by, offered_at, public)
VALUES ($1, $2, $3, $4, $5, $6, $7, $1, $8, 'offered', $9, $10, $9, false) ON CONFLICT DO NOTHING
"""
AGAIN_SQL: Final = """
UPDATE endorsement SET endorsed_id = $3, comment = $4, state = 'offered', reason = NULL, valid_from = $5,
       offered_by = $6, offered_at = $5, decided_by = NULL, decided_at = NULL, given = given + 1
WHERE tenant_id = $1 AND id = $2
"""
LOAD_SQL: Final = """
SELECT state, endorser_id, endorsed_id, endorser_tenant_id AS endorser, home_tenant_id AS endorsed
FROM endorsement WHERE tenant_id = $1 AND id = $2 FOR UPDATE
"""
DECIDE_SQL: Final = """
UPDATE endorsement SET state = $3, public = ($3 = 'accepted'), reason = $4, decided_by = $5, decided_at = $6,
       given = given + ($3 = 'withdrawn')::integer, decided = decided + ($3 <> 'withdrawn')::integer,
       valid_from = CASE WHEN $3 = 'accepted' THEN $6 ELSE valid_from END
WHERE tenant_id = $1 AND id = $2
"""


@dataclass(frozen=True)
class EndorsementOffered(Event):
    """An organisation gave its word; nobody else sees it before it is accepted."""

    endorsement: UUID
    endorser: UUID
    endorsed: UUID


@dataclass(frozen=True)
class EndorsementAccepted(Event):
    """The endorsed accepted it: everybody sees it."""

    endorsement: UUID
    endorser: UUID
    endorsed: UUID


@dataclass(frozen=True)
class EndorsementRefused(Event):
    """The endorsed does not want it."""

    endorsement: UUID
    endorser: UUID
    endorsed: UUID


@dataclass(frozen=True)
class EndorsementWithdrawn(Event):
    """The endorser took its word back."""

    endorsement: UUID
    endorser: UUID
    endorsed: UUID


TOLD: Final = {"accepted": EndorsementAccepted, "refused": EndorsementRefused, "withdrawn": EndorsementWithdrawn}


@dataclass(frozen=True)
class Endorsed:
    """What is endorsed: a badge, or else the issuer itself; `issuer_id` decides about it.

    `organisations` are those that it is of; `open` is false of what is retired or closed.
    """

    tenant_id: UUID
    badge_id: UUID | None
    issuer_id: UUID
    open: bool
    organisations: Sequence[UUID]


def decided(decision: str, state: str) -> str | Refused:
    """Return the state that an endorsement gets by a decision; refused with WRONG_STATE."""
    sources, target, _ = DECISIONS[decision]
    if state in sources:
        return target
    allowed = " or ".join(sorted(sources))
    words = f"The endorsement is {state}; to {decision} it, it must be {allowed}."
    return Refused(code="WRONG_STATE", message=words, path=("decision",))


@command(may="endorsement.give")
async def endorse(
    act: Act,
    endorser: UUID,
    comment: str | None,
    *,
    badge: UUID | None = None,
    issuer: UUID | None = None,
    abroad: Endorsed | Refusal | None = None,
) -> EndorsementOffered | Refusal:
    """Give an organisation's word for a published badge, or an open issuer, of this tenant or of another.

    `abroad` is what another tenant shows of it, read beforehand. Given again before it is decided, or after it was
    withdrawn, it takes the new words. Refused with ALREADY_ENDORSED after a decision, with Invalid for one's own
    things.
    """
    if (badge is None) == (issuer is None):
        return Invalid(message="Name a badge or an issuer, one of both.", path=("badge",))
    here, id, field = act.here.tenant_id, new_id(), "badge" if badge else "issuer"
    found = abroad or await find_endorsed(here, badge=badge, issuer=issuer)
    if isinstance(found, Refusal):
        return found.under(field)
    if not found.open:
        return _closed(field)
    wrong = act.may("endorsement.give", endorser) or await _stranger_problem(act, endorser, found) or _said(comment)
    if wrong:
        return wrong
    facts = (found.badge_id, None if found.badge_id else found.issuer_id, endorser, found.issuer_id, found.tenant_id)
    if not (await execute(OFFER_SQL, here, id, *facts, comment, act.now, act.person)).endswith(" 1"):
        known = await fetchrow(KNOWN_SQL, here, endorser, badge, issuer)
        if known is None or known["state"] not in {"offered", "withdrawn"}:
            words = "This organisation has endorsed it already, or was refused."
            return Refused(code="ALREADY_ENDORSED", message=words, path=(field,))
        id = known["id"]
        await execute(AGAIN_SQL, here, id, found.issuer_id, comment, act.now, act.person)
    await execute(ADDRESS_SQL, id, here, "Endorsement")
    return await act.tell(EndorsementOffered(id, endorser, found.issuer_id))


@command(may="endorsement.decide")
async def decide_endorsement(act: Act, endorsement: UUID, decision: str, reason: str | None = None) -> Event | Refusal:
    """Accept or refuse for the endorsed, or withdraw for the endorser; `decision` is one of DECISIONS.

    Each decides in its own tenant.
    """
    row = await fetchrow(LOAD_SQL, act.here.tenant_id, endorsement)
    if row is None:
        return missing()
    endorser, endorsed = row["endorser_id"], row["endorsed_id"]
    side = DECISIONS[decision][2]
    if act.issuer_id not in {None, endorser, endorsed}:
        return missing()  # of two others, and perhaps not public
    wrong = act.may("endorsement.decide", endorser if side == "endorser" else endorsed)
    if wrong is None and row[side] != act.here.tenant_id:
        words = "The other organisation decides that, in its own city."
        wrong = Forbidden(message=words, permission="endorsement.decide")
    if wrong:
        return wrong
    state = decided(decision, row["state"])
    if isinstance(state, Refused):
        return state
    why = None if state == "accepted" else reason
    await execute(DECIDE_SQL, act.here.tenant_id, endorsement, state, why, act.person, act.now)
    return await act.tell(TOLD[state](endorsement, endorser, endorsed))


async def find_endorsed(tenant: UUID, *, badge: UUID | None = None, issuer: UUID | None = None) -> Endorsed | Refusal:
    """Read what a tenant shows of a badge, or else of an issuer, in its City transaction or a National one."""
    row = await fetchrow(SHOWN_SQL["badge" if badge else "issuer"], tenant, badge or issuer)
    return missing() if row is None else Endorsed(**dict(row))


async def _stranger_problem(act: Act, endorser: UUID, found: Endorsed) -> Refusal | None:
    """Refuse an endorser that is not here, has closed, or speaks of what is its own organisation's."""
    mine = await fetchrow(ENDORSER_SQL, act.here.tenant_id, endorser)
    if mine is None or not (mine["public"] or found.tenant_id == act.here.tenant_id):
        return missing().under("endorser")
    if mine["state"] != "open":
        return _closed("endorser")
    if mine["organisation_id"] in found.organisations:
        return Invalid(message="Nobody endorses what is their own.", path=("endorser",))
    return None


def _closed(field: str) -> Refused:
    thing = "badge is retired" if field == "badge" else "organisation is not active any more"
    return Refused(code="CLOSED", message=f"This {thing}.", path=(field,))


def _said(comment: str | None) -> Invalid | None:
    if comment is not None and len(comment) > LONGEST_COMMENT:
        return Invalid(message=f"At most {LONGEST_COMMENT} characters fit here.", path=("comment",))
    return said_problem(names={}, texts={"comment": comment})

"""Writes awards: the one place where they are made, and where their state changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.awards import events
from waypost.awards.rules import AwardWords, Held, again, award_problem, not_awardable
from waypost.db import execute, fetch, fetchrow, fetchval, new_id
from waypost.learners.recipients import Known, lock_recipients
from waypost.learners.rules import Who
from waypost.outbox import Act
from waypost.refusal import Invalid, NotFound, Refusal, missing
from waypost.tenancy.entries import ADDRESS_SQL, Here, Ref

# Shared, so that a badge is not retired between the look and the award.
BADGE_SQL: Final = """
SELECT b.id, b.version_id, b.issuer_id, b.state, coalesce(p.repeats, 'once') AS repeats
FROM badge b LEFT JOIN award_policy p ON p.tenant_id = b.tenant_id AND p.badge_id = b.id
WHERE b.tenant_id = $1 AND b.id = $2 FOR SHARE OF b
"""
# All recipients that are the same person count as one; so do those that are the same child of one guardian.
HELD_SQL: Final = """
SELECT s.named, a.version_id, a.state, a.expires_at
FROM (SELECT id AS named, id FROM unnest($2::uuid[]) AS given (id)
      UNION
      SELECT r.id, same.id FROM recipient r
      JOIN recipient same ON same.tenant_id = r.tenant_id AND same.person_id = r.person_id
      WHERE r.tenant_id = $1 AND same.tenant_id = $1 AND r.id = ANY($2::uuid[])
        AND r.kind = 'person' AND same.kind = 'person'
      UNION
      SELECT r.id, same.id FROM recipient r
      JOIN recipient same ON same.tenant_id = r.tenant_id AND same.guardian_id = r.guardian_id
       AND lower(same.display_name) = lower(r.display_name) AND same.birth_year = r.birth_year
      WHERE r.tenant_id = $1 AND same.tenant_id = $1 AND r.id = ANY($2::uuid[])
        AND r.reference IS NULL AND same.reference IS NULL) s
JOIN award a ON a.tenant_id = $1 AND a.recipient_id = s.id
WHERE a.tenant_id = $1 AND a.badge_id = $3
"""
AWARDS_SQL: Final = """
INSERT INTO award (tenant_id, id, badge_id, version_id, recipient_id, person_id, issuer_id, state, awarded_at,
                   expires_at, earned_in_tenant_id, opportunity_id, narrative, awarded_by, origin, origin_id, batch_id,
                   decided_at, created_at)
SELECT $1, id, badge_id, version_id, recipient_id, person_id, issuer_id, $2, awarded_at, expires_at,
       earned_in_tenant_id, opportunity_id, narrative, $3, $4, $5, $6, $7, $8
FROM unnest($9::uuid[], $10::uuid[], $11::uuid[], $12::uuid[], $13::uuid[], $14::uuid[], $15::timestamptz[],
            $16::timestamptz[], $17::uuid[], $18::uuid[], $19::text[])
     AS made (id, badge_id, version_id, recipient_id, person_id, issuer_id, awarded_at, expires_at,
              earned_in_tenant_id, opportunity_id, narrative)
"""
# What waits for somebody of whom nobody knew who they are.
THEIRS_SQL: Final = """
UPDATE award a SET person_id = known.person_id FROM unnest($2::uuid[], $3::uuid[]) AS known (id, person_id)
WHERE a.tenant_id = $1 AND a.recipient_id = known.id AND a.person_id IS NULL AND known.person_id IS NOT NULL
"""
EVIDENCE_SQL: Final = """
INSERT INTO award_evidence (tenant_id, award_id, position, url)
SELECT $1, award_id, position, url FROM unnest($2::uuid[], $3::int[], $4::text[]) AS made (award_id, position, url)
"""
OPPORTUNITIES_SQL: Final = "SELECT id FROM opportunity WHERE tenant_id = $1 AND id = ANY($2::uuid[])"
ISSUERS_SQL: Final = "SELECT id FROM issuer WHERE tenant_id = $1 AND id = ANY($2::uuid[])"
# Whose rows those are stays the same.
WHOSE_SQL: Final = {
    name: f"SELECT recipient_id FROM {name} WHERE tenant_id = $1 AND id = $2"
    for name in ("award", "badge_request", "claim_code")
}


@dataclass(frozen=True)
class Awardable:
    """A badge as giving it needs it."""

    id: UUID
    version_id: UUID
    issuer_id: UUID
    repeats: str


@dataclass(frozen=True)
class Draft:
    """An award that is about to be written."""

    id: UUID
    badge: Awardable
    to: Known
    words: AwardWords


@dataclass(frozen=True)
class Origin:
    """How awards come about: `issuer`, `batch`, `claim`, `request` or `pathway`, and the row that says more.

    `by` is the person who gives it, None where a rule or a code does.
    """

    kind: str = "issuer"
    id: UUID | None = None
    by: UUID | None = None
    batch: UUID | None = None


async def find_awardable(here: Here, badge: UUID) -> Awardable | Refusal:
    """Read a badge of this tenant that can be given; refused with NotFound, or NotAwardable by its state."""
    row = await fetchrow(BADGE_SQL, here.tenant_id, badge)
    if row is None:
        return missing().under("badge")
    wrong = not_awardable(row["state"])
    return wrong or Awardable(row["id"], row["version_id"], row["issuer_id"], row["repeats"])


async def held_by(here: Here, badge: UUID, recipients: Collection[UUID]) -> dict[UUID, list[Held]]:
    """Read which awards of a badge recipients have."""
    found: dict[UUID, list[Held]] = {}
    for row in await fetch(HELD_SQL, here.tenant_id, list(recipients), badge):
        held = Held(row["version_id"], row["state"], row["expires_at"])
        found.setdefault(row["named"], []).append(held)
    return found


async def hold_recipient(here: Here, table: str, id: UUID) -> None:
    """Lock the recipient of an award, a request or a code, if there is one, before that row itself is locked.

    Whoever is forgotten is locked first too, and then what hangs on them; so nobody waits for another in a circle.
    """
    recipient: UUID | None = await fetchval(WHOSE_SQL[table], here.tenant_id, id)
    if recipient is not None:
        await lock_recipients(here, [recipient])


async def write_award(
    act: Act,
    badge: UUID,
    recipient: UUID,
    words: AwardWords | None = None,
    *,
    origin: Origin | None = None,
    accepted: bool = False,
) -> events.AwardCreated | Refusal:
    """Give a published badge of this tenant to a recipient, in the wording that is in force, and tell it.

    `accepted`: the earner asked for it themselves (a code, a request, a pathway), so nothing is left to accept.
    Whether the asker may is for the caller to ask. Refused with NotFound, NotAwardable, AlreadyAwarded by the badge's
    policy, and Invalid for words that do not hold.
    """
    here, words, origin = act.here, words or AwardWords(), origin or Origin(by=act.person)
    found = await find_awardable(here, badge)
    if isinstance(found, Refusal):
        return found
    wrong = award_problem(words, act.now) or await opportunity_problem(here, words.opportunity)
    if wrong:
        return wrong
    to = (await lock_recipients(here, [recipient])).get(recipient)
    if to is None:
        return missing().under("recipient")
    held = (await held_by(here, badge, [recipient])).get(recipient, ())
    twice = again(found.repeats, held, found.version_id, act.now)
    if twice:
        return twice.under("recipient")
    draft = Draft(new_id(), found, to, words)
    await insert_awards(here, [draft], origin, act.now, accepted=accepted)
    created = await act.tell(events.AwardCreated(draft.id, badge, found.issuer_id))
    if accepted:
        await keep_address(here, draft.id)
        await act.tell(events.AwardAccepted(draft.id, badge))
    return created


async def insert_awards(
    here: Here, drafts: Sequence[Draft], origin: Origin, now: datetime, *, accepted: bool = False
) -> None:
    """Write awards whose recipients are locked and may have them; whoever calls tells it."""
    state, decided = ("accepted", now) if accepted else ("offered", None)
    columns: list[list[Any]] = [
        [each.id for each in drafts],
        [each.badge.id for each in drafts],
        [each.badge.version_id for each in drafts],
        [each.to.id for each in drafts],
        [each.to.person_id for each in drafts],
        [each.badge.issuer_id for each in drafts],
        [each.words.awarded_at or now for each in drafts],
        [each.words.expires_at for each in drafts],
        [each.words.opportunity.home_tenant_id if each.words.opportunity else here.tenant_id for each in drafts],
        [each.words.opportunity.id if each.words.opportunity else None for each in drafts],
        [each.words.narrative for each in drafts],
    ]
    facts = (state, origin.by, origin.kind, origin.id, origin.batch, decided, now)
    await execute(THEIRS_SQL, here.tenant_id, columns[3], columns[4])
    await execute(AWARDS_SQL, here.tenant_id, *facts, *columns)
    evidence = [(each.id, n, url) for each in drafts for n, url in enumerate(each.words.evidence, start=1)]
    if evidence:
        await execute(EVIDENCE_SQL, here.tenant_id, *(list(column) for column in zip(*evidence, strict=True)))


async def keep_address(here: Here, award: UUID) -> None:
    """Let an accepted award be found by its id alone, as credentials are."""
    await execute(ADDRESS_SQL, award, here.tenant_id, "Award")


async def opportunity_problem(here: Here, opportunity: Ref | None) -> NotFound | None:
    """Refuse an opportunity of the tenant's own that is not there; another's has been looked for beforehand."""
    if opportunity is None or not await absent_opportunities(here, [opportunity]):
        return None
    return missing().under("opportunity")


async def absent_opportunities(here: Here, named: Iterable[Ref]) -> frozenset[UUID]:
    """Say which opportunities of the tenant's own are not there."""
    own = {ref.id for ref in named if ref.home_tenant_id == here.tenant_id}
    found = await fetch(OPPORTUNITIES_SQL, here.tenant_id, list(own)) if own else []
    return frozenset(own - {row["id"] for row in found})


async def issuer_missing(here: Here, named: Mapping[tuple[str, ...], Who]) -> Invalid | None:
    """Refuse the first recipient, by their places in the input, that is said to be an issuer which is none here."""
    wanted = {who.issuer_id for who in named.values() if who.issuer_id}
    there = {row["id"] for row in await fetch(ISSUERS_SQL, here.tenant_id, list(wanted))} if wanted else set()
    for place, who in named.items():
        if who.issuer_id and who.issuer_id not in there:
            return Invalid(message="That is no issuer of this city.", path=(*place, "issuer"))
    return None


# What becomes of an award


@dataclass(frozen=True)
class Standing:
    """An award as it stands, locked for the transaction."""

    id: UUID
    badge_id: UUID
    recipient_id: UUID
    person_id: UUID | None
    issuer_id: UUID
    state: str
    expires_at: datetime | None
    opportunity: Ref | None


STANDING_SQL: Final = """
SELECT id, badge_id, recipient_id, person_id, issuer_id, state, expires_at, earned_in_tenant_id, opportunity_id
FROM award WHERE tenant_id = $1 AND id = $2 FOR UPDATE
"""
DECIDE_SQL: Final = "UPDATE award SET state = $3, decided_at = $4 WHERE tenant_id = $1 AND id = $2"
REVOKE_SQL: Final = """
UPDATE award SET state = 'revoked', revoked_at = $3, revoked_reason = $4 WHERE tenant_id = $1 AND id = $2
"""
REPLACED_SQL: Final = "UPDATE award SET state = 'replaced' WHERE tenant_id = $1 AND id = $2"
SUCCESSOR_SQL: Final = "UPDATE award SET replaced_by_id = $3 WHERE tenant_id = $1 AND id = $2"
POLICY_SQL: Final = """
INSERT INTO award_policy (tenant_id, badge_id, repeats) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, badge_id) DO UPDATE SET repeats = excluded.repeats
"""


async def find_award(here: Here, id: UUID) -> Standing | None:
    """Read an award of this tenant and keep others from changing it until the transaction ends."""
    row = await fetchrow(STANDING_SQL, here.tenant_id, id)
    if row is None:
        return None
    facts = dict(row)
    earned_in, opportunity = facts.pop("earned_in_tenant_id"), facts.pop("opportunity_id")
    return Standing(**facts, opportunity=None if opportunity is None else Ref(opportunity, earned_in))


async def decide(here: Here, id: UUID, state: str, now: datetime) -> None:
    """Write that its earner accepted or declined it."""
    await execute(DECIDE_SQL, here.tenant_id, id, state, now)
    if state == "accepted":
        await keep_address(here, id)


async def take_back(here: Here, id: UUID, reason: str, now: datetime) -> None:
    """Write that it was revoked, and why."""
    await execute(REVOKE_SQL, here.tenant_id, id, now, reason)


async def set_policy(here: Here, badge: UUID, repeats: str) -> None:
    """Write how often one recipient is given a badge."""
    await execute(POLICY_SQL, here.tenant_id, badge, repeats)

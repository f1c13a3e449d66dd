"""Acts upon what goes to platforms: which template a badge has there, and who agreed."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from waypost.connectors import events
from waypost.connectors.linking import LINK
from waypost.connectors.rules import LONGEST_TEMPLATE
from waypost.db import execute, fetchrow, fetchval, new_id
from waypost.outbox import OWN, Act, command
from waypost.outbox.work import enqueue
from waypost.refusal import Invalid, Refusal, Refused, missing

BADGE_SQL: Final = "SELECT issuer_id FROM badge WHERE tenant_id = $1 AND id = $2"
GRANT_SQL: Final = """
SELECT account_id, home_tenant_id, issuer_id, state FROM issuing_grant WHERE tenant_id = $1 AND id = $2
"""
LINK_SQL: Final = """
INSERT INTO issuing_link AS known (tenant_id, id, badge_id, grant_id, account_id, home_tenant_id, template_id, by_hand,
                                   state, created_at, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'asked', $9, $9)
ON CONFLICT (tenant_id, badge_id, account_id) DO UPDATE
SET (grant_id, template_id, template_name, template_url, by_hand, state, problem, changed_at)
    = (excluded.grant_id, excluded.template_id, NULL, NULL, excluded.by_hand, 'asked', NULL, excluded.changed_at)
RETURNING id
"""
FIND_LINK_SQL: Final = """
SELECT l.badge_id, b.issuer_id FROM issuing_link l JOIN badge b ON b.tenant_id = $1 AND b.id = l.badge_id
WHERE l.tenant_id = $1 AND l.id = $2 FOR UPDATE OF l
"""
UNLINK_SQL: Final = """
UPDATE issuing_link SET state = 'off', changed_at = $3 WHERE tenant_id = $1 AND id = $2
"""
RECORD_SQL: Final = """
SELECT r.id, r.account_id, r.home_tenant_id, r.issuer_id, r.platform, r.state, a.person_id
FROM issuing_record r JOIN award a ON a.tenant_id = $1 AND a.id = r.award_id
WHERE r.tenant_id = $1 AND r.id = $2
"""
CONSENT_SQL: Final = """
INSERT INTO issuing_consent AS known (tenant_id, id, person_id, account_id, platform, given_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, person_id, account_id) DO UPDATE
SET platform = excluded.platform, withdrawn_at = NULL,
    given_at = CASE WHEN known.withdrawn_at IS NULL THEN known.given_at ELSE excluded.given_at END
RETURNING id
"""
WITHDRAW_SQL: Final = """
UPDATE issuing_consent SET withdrawn_at = coalesce(withdrawn_at, $4)
WHERE tenant_id = $1 AND id = $2 AND person_id = $3 RETURNING true
"""


@command(may="issuing.link")
async def link_badge_template(
    act: Act, badge: UUID, grant: UUID, template: str | None
) -> events.BadgeTemplateAsked | Refusal:
    """Have a badge given by a template of a platform too: of this id there, or of the badge's name."""
    issuer = await fetchval(BADGE_SQL, act.here.tenant_id, badge)
    if issuer is None:
        return missing().under("badge")
    wrong = act.may("issuing.link", issuer)
    if wrong:
        return wrong
    leave = await fetchrow(GRANT_SQL, act.here.tenant_id, grant)
    if leave is None or leave["issuer_id"] != issuer or leave["state"] != "on":
        return Invalid(message="The badge's issuer may not use this account.", path=("grant",))
    if template is not None and not 1 <= len(template) <= LONGEST_TEMPLATE:
        return Invalid(message=f"An id has 1 to {LONGEST_TEMPLATE} characters.", path=("template",))
    facts = (leave["account_id"], leave["home_tenant_id"], template, template is not None, act.now)
    id = await fetchval(LINK_SQL, act.here.tenant_id, new_id(), badge, grant, *facts)
    await enqueue(LINK, {"tenant": act.here.tenant_id, "link": id})
    return await act.tell(events.BadgeTemplateAsked(badge, id))


@command(may="issuing.link")
async def unlink_badge_template(act: Act, link: UUID) -> events.BadgeTemplateUnlinked | Refusal:
    """Have nothing more given by a platform for a badge; what was given stays."""
    row = await fetchrow(FIND_LINK_SQL, act.here.tenant_id, link)
    if row is None:
        return missing()
    wrong = act.may("issuing.link", row["issuer_id"])
    if wrong:
        return wrong
    await execute(UNLINK_SQL, act.here.tenant_id, link, act.now)
    return await act.tell(events.BadgeTemplateUnlinked(row["badge_id"], link))


@command(may="issuing.link")
async def retry_issuing(act: Act, record: UUID) -> events.IssuingRecordRetried | Refusal:
    """Send once more what a platform refused, or has not any more."""
    row = await fetchrow(RECORD_SQL, act.here.tenant_id, record)
    if row is None:
        return missing()
    wrong = act.may("issuing.link", row["issuer_id"])
    if wrong:
        return wrong
    if row["state"] not in {"failed", "missing"}:
        words = f"It is {row['state']}; only what failed, or is missing there, is sent again."
        return Refused(code="WRONG_STATE", message=words, path=("record",))
    return await act.tell(events.IssuingRecordRetried(record, row["account_id"], row["home_tenant_id"]))


@command(may=OWN)
async def agree_to_issuing(act: Act, record: UUID) -> events.IssuingConsentGiven | Refusal:
    """Agree that one's name and address go to a platform, for all that the record's account gives one in this city."""
    row = await fetchrow(RECORD_SQL, act.here.tenant_id, record)
    if row is None or act.person is None or row["person_id"] != act.person:
        return missing()
    facts = (act.person, row["account_id"], row["platform"], act.now)
    id = await fetchval(CONSENT_SQL, act.here.tenant_id, new_id(), *facts)
    return await act.tell(events.IssuingConsentGiven(id))


@command(may=OWN)
async def withdraw_from_issuing(act: Act, consent: UUID) -> events.IssuingConsentWithdrawn | Refusal:
    """Withdraw one's consent: nothing more of one's own is sent there."""
    if act.person is None or not await fetchval(WITHDRAW_SQL, act.here.tenant_id, consent, act.person, act.now):
        return missing()
    return await act.tell(events.IssuingConsentWithdrawn(consent))

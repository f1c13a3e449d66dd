"""Asks for the steps that follow from awards, links, leave and consent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from waypost.connectors.ledger import again
from waypost.db import City, fetch
from waypost.outbox.work import Happened, Work, enqueue_all

STEP: Final = "issuing.step"
MOVED: Final = frozenset({"award.accepted", "award.revoked", "award.replaced"})
# Nothing is sent for a child, or without consent; a record says so, and asks. In one order, see `holding`: two who make
# records of the same awards at once wait for each other in no circle.
MAKE_SQL: Final = """
INSERT INTO issuing_record (tenant_id, id, award_id, issuer_id, link_id, account_id, home_tenant_id,
                            platform, state, created_at, changed_at)
SELECT $1, gen_random_uuid(), a.id, a.issuer_id, l.id, l.account_id, l.home_tenant_id, g.platform,
       'needs-consent', now(), now()
FROM award a
JOIN issuing_link l ON l.tenant_id = $1 AND l.badge_id = a.badge_id AND l.state = 'linked'
JOIN issuing_grant g ON g.tenant_id = $1 AND g.id = l.grant_id AND g.state = 'on'
WHERE a.tenant_id = $1 AND a.state = 'accepted' AND {which}
ORDER BY a.id, l.id
ON CONFLICT (tenant_id, award_id, account_id) DO NOTHING
"""
OF_AWARDS_SQL: Final = """
SELECT id FROM issuing_record WHERE tenant_id = $1 AND award_id = ANY($2::uuid[]) ORDER BY id
"""
OF_LINK_SQL: Final = "SELECT id FROM issuing_record WHERE tenant_id = $1 AND link_id = $2 ORDER BY id"
OF_CONSENT_SQL: Final = """
SELECT r.id FROM issuing_consent c
JOIN award a ON a.tenant_id = $1 AND a.person_id = c.person_id
JOIN issuing_record r ON r.tenant_id = $1 AND r.award_id = a.id AND r.account_id = c.account_id
WHERE c.tenant_id = $1 AND c.id = $2 ORDER BY r.id
"""
MAKE_OF_AWARDS: Final = MAKE_SQL.format(which="a.id = ANY($2::uuid[])")
MAKE_OF_LINK: Final = MAKE_SQL.format(which="l.id = $2")
MAKE_OF_GRANT: Final = MAKE_SQL.format(which="g.id = $2")
# One that the platform refused to take back is left alone, as its problem says.
OF_REVOKED_SQL: Final = """
SELECT r.id FROM award a JOIN issuing_record r ON r.tenant_id = $1 AND r.award_id = a.id
WHERE a.tenant_id = $1 AND a.state = 'revoked' AND r.account_id = $2 AND r.state IN ('pending', 'accepted')
  AND r.problem IS NULL
ORDER BY r.id
"""
OF_GRANT_SQL: Final = """
SELECT r.id FROM issuing_record r JOIN issuing_link l ON l.tenant_id = $1 AND l.id = r.link_id
WHERE r.tenant_id = $1 AND l.grant_id = $2 ORDER BY r.id
"""


async def follow(tenant: UUID, events: Sequence[Happened]) -> None:
    """Have done, at platforms, what follows from awards; in the transaction that hands events on."""
    awards = list({each.object_id for each in events if each.type in MOVED})
    if awards:
        await fetch(MAKE_OF_AWARDS, tenant, awards)
        await _step(tenant, await fetch(OF_AWARDS_SQL, tenant, awards))


async def _step(tenant: UUID, rows: Sequence[Any]) -> None:
    await enqueue_all([(STEP, {"tenant": tenant, "record": row["id"]}) for row in rows])


async def follow_link(work: Work, happened: Happened) -> None:
    """Give what was awarded before a badge was linked, to who agrees."""
    tenant, id = happened.tenant_id, UUID(str(happened.data["link"]))
    async with work.database.transaction(City(tenant, quiet=True)):
        await fetch(MAKE_OF_LINK, tenant, id)
        await _step(tenant, await fetch(OF_LINK_SQL, tenant, id))


async def follow_consent(work: Work, happened: Happened) -> None:
    """Give what waited for somebody's consent, or leave it."""
    async with work.database.transaction(City(happened.tenant_id, quiet=True)):
        rows = await fetch(OF_CONSENT_SQL, happened.tenant_id, happened.object_id)
        await _step(happened.tenant_id, rows)


async def follow_retry(work: Work, happened: Happened) -> None:
    """Try what was refused, or is missing there, once more: in the owner's scope it is due again."""
    home = UUID(str(happened.data["home"]))
    async with work.database.transaction(City(home, quiet=True)):
        await again(home, happened.object_id, happened.tenant_id, work.now())
    async with work.database.transaction(City(happened.tenant_id, quiet=True)):
        await _step(happened.tenant_id, [{"id": happened.object_id}])


async def follow_grant(tenant: UUID, grant: UUID) -> None:
    """Give what was held back while an account could not be used; in the transaction that says that it can."""
    await fetch(MAKE_OF_GRANT, tenant, grant)
    await _step(tenant, await fetch(OF_GRANT_SQL, tenant, grant))


async def follow_revoked(tenant: UUID, account: UUID) -> None:
    """Take back what was revoked while an account could not be used, and still stands there."""
    await _step(tenant, await fetch(OF_REVOKED_SQL, tenant, account))

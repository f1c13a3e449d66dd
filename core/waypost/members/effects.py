"""The letters to sign in by, to prove an address and to invite with, and what is forgotten in the course of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from waypost.access.addresses import address_asked, forget_asked, forget_typed
from waypost.access.attempts import LINK_LASTS, clean_attempts, find_attempt
from waypost.access.identities import address_of
from waypost.access.keys import code_of, derived, plain_digest
from waypost.access.sessions import clean_sessions
from waypost.access.tokens import SIGN_IN
from waypost.db import City, Database, execute, fetchrow
from waypost.graph import GlobalId
from waypost.members.rules import INVITED_FOR
from waypost.outbox.work import Addressed, Effects, Letter, Schedule, Work
from waypost.tenancy import Tenant, load_directory

CLEAN_EVERY_S: Final = 3_600
ENGLISH: Final = "en"

INVITED_SQL: Final = """
SELECT i.address, i.name, i.language, i.role, s.name AS issuer FROM invitation i
LEFT JOIN issuer s ON s.tenant_id = i.tenant_id AND s.id = i.issuer_id
WHERE i.tenant_id = $1 AND i.id = $2 AND i.state = 'open' AND i.expires_at > $3
"""
CODE_SQL: Final = "UPDATE invitation SET code_digest = $3 WHERE tenant_id = $1 AND id = $2"
OVER_SQL: Final = """
UPDATE invitation SET state = 'withdrawn', address = NULL, name = NULL
WHERE tenant_id = $1 AND state = 'open' AND expires_at <= $2
"""


def home_of(base_url: str, tenant: Tenant | None, host: str | None = None) -> str:
    """The address before the paths of a tenant's pages: its own host where it began there, else its prefix."""
    if tenant is None:
        return base_url
    if host is not None and host.partition(":")[0] in tenant.hosts:
        return f"{urlsplit(base_url).scheme}://{host}"
    return f"{base_url}/{tenant.slug}"


async def sign_in_letter(work: Work, facts: Mapping[str, Any]) -> Addressed | None:
    """The letter with a link to sign in by; nobody gets one whose link does not work any more."""
    id = UUID(str(facts["attempt"]))
    async with work.database.transaction(SIGN_IN):
        attempt = await find_attempt(id, "link", work.now())
    address = None if attempt is None else await address_of(work.database, attempt)
    if attempt is None or address is None:
        return None
    tenant = await _tenant(work.database, attempt.tenant_id)
    code = code_of(work.settings.load_secret_key(), "link", id)
    link = f"{home_of(work.settings.base_url, tenant, attempt.host)}/sign-in/link?{urlencode({'code': code})}"
    values = {
        "city": tenant.name if tenant else "Waypost",
        "link": link,
        "minutes": int(LINK_LASTS.total_seconds() // 60),
    }
    return Addressed(address, _language(attempt.language, tenant), values)


async def address_letter(work: Work, facts: Mapping[str, Any]) -> Addressed | None:
    """The letter by which somebody proves a further address; whoever had it before is told nothing more by it."""
    id = UUID(str(facts["attempt"]))
    found = await address_asked(work.database, id, work.now())
    if found is None:
        return None
    attempt, address = found
    tenant = await _tenant(work.database, attempt.tenant_id)
    code = code_of(work.settings.load_secret_key(), "address", id)
    values = {
        "city": tenant.name if tenant else "Waypost",
        "link": f"{home_of(work.settings.base_url, tenant, attempt.host)}/sign-in/address?{urlencode({'code': code})}",
        "minutes": int(LINK_LASTS.total_seconds() // 60),
    }
    return Addressed(address, _language(attempt.language, tenant), values)


async def invitation_letter(work: Work, facts: Mapping[str, Any]) -> Addressed | None:
    """The letter that invites somebody; its code is known from now on, by its hash."""
    id, here = UUID(str(facts["invitation"])), UUID(str(facts["tenant"]))
    tenant = await _tenant(work.database, here)
    if tenant is None or not tenant.is_open:
        return None
    code = derived(work.settings.load_secret_key(), "invitation", id)
    async with work.database.transaction(City(here)):
        row = await fetchrow(INVITED_SQL, here, id, work.now())
        if row is None:
            return None
        await execute(CODE_SQL, here, id, plain_digest(code))
    asked = urlencode({"invitation": str(GlobalId("Invitation", here, id)), "code": code})
    values = {
        "city": tenant.name,
        "name": row["name"],
        "role": row["role"],
        "issuer": row["issuer"],
        "link": f"{home_of(work.settings.base_url, tenant)}/sign-in/invitation?{asked}",
        "days": INVITED_FOR.days,
    }
    return Addressed(row["address"], _language(row["language"], tenant), values)


async def clean(work: Work) -> None:
    """Forget sessions and attempts that are over, addresses that nobody proved, whom old invitations were for."""
    now = work.now()
    await forget_asked(work.database, now)
    async with work.database.transaction(SIGN_IN):
        await clean_sessions(now)
        await clean_attempts(now)
    await forget_typed(work.database, now)
    for tenant in (await load_directory(work.database)).tenants:
        async with work.database.transaction(City(tenant.id, quiet=True)):
            await execute(OVER_SQL, tenant.id, now)


async def _tenant(database: Database, id: UUID | None) -> Tenant | None:
    return None if id is None else (await load_directory(database)).by_id(id)


def _language(asked: str | None, tenant: Tenant | None) -> str:
    return asked or (tenant.language if tenant else ENGLISH)


EFFECTS: Final = Effects(
    schedules=(Schedule("members.clean", CLEAN_EVERY_S, clean),),
    letters=(
        Letter("sign-in", sign_in_letter),
        Letter("address", address_letter),
        Letter("invitation", invitation_letter),
    ),
)

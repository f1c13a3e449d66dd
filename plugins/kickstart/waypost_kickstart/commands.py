"""Acts: an employer applies, a city decides, names gateways, and says what placements are like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Final
from uuid import UUID

from waypost.db import execute, fetchrow, fetchval, new_id
from waypost.opportunities import tables as opportunities
from waypost.opportunities.store import read_opportunity
from waypost.outbox import Act, Event, command
from waypost.refusal import Invalid, Refusal, Refused, missing
from waypost.tenancy.changing import load, unchangeable
from waypost_kickstart import placements, scheme
from waypost_kickstart.scheme import APPLY, DECIDE

ISSUER_SQL: Final = "SELECT EXISTS (SELECT FROM issuer WHERE tenant_id = $1 AND id = $2)"
GATEWAY_SQL: Final = """
SELECT EXISTS (SELECT FROM plugin_kickstart.kickstart_gateway
               WHERE tenant_id = $1 AND issuer_id = $2 AND $3 >= since AND $3 <= coalesce(until, $3))
"""
NAME_SQL: Final = """
INSERT INTO plugin_kickstart.kickstart_gateway (tenant_id, issuer_id, since, until) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, issuer_id) DO UPDATE SET since = excluded.since, until = excluded.until
"""
APPLY_SQL: Final = """
INSERT INTO plugin_kickstart.kickstart_application
    (tenant_id, id, employer_id, gateway_id, placements, applied_on) VALUES ($1, $2, $3, $4, $5, $6)
"""
FIND_SQL: Final = """
SELECT state, employer_id FROM plugin_kickstart.kickstart_application WHERE tenant_id = $1 AND id = $2 FOR UPDATE
"""
DECIDE_SQL: Final = """
UPDATE plugin_kickstart.kickstart_application SET state = $3, reason = $4, decided_by = $5, decided_at = $6
WHERE tenant_id = $1 AND id = $2
"""


@dataclass(frozen=True)
class KickstartApplicationMade(Event):
    """An employer applied for placements."""

    about: ClassVar[str] = "KickstartApplication"
    application: UUID
    employer: UUID


@dataclass(frozen=True)
class KickstartApplicationDecided(Event):
    """An application was accepted or refused."""

    about: ClassVar[str] = "KickstartApplication"
    application: UUID
    employer: UUID
    accepted: bool


@dataclass(frozen=True)
class KickstartGatewayNamed(Event):
    """An issuer is a gateway, from one day until another or for good."""

    about: ClassVar[str] = "KickstartGateway"
    issuer: UUID


@dataclass(frozen=True)
class KickstartPlacementDescribed(Event):
    """An opportunity is a placement, or is one no longer."""

    about: ClassVar[str] = "KickstartPlacement"
    opportunity: UUID


@command(may=APPLY)
async def apply(
    act: Act, employer: UUID, gateway: UUID | None, places: int, on: date | None = None
) -> KickstartApplicationMade | Refusal:
    """Apply for placements, directly or through a gateway, by the rules of a day: today, or one that is past.

    Refused with KICKSTART_NOT_ELIGIBLE and every reason, and with KICKSTART_NO_GATEWAY where the issuer named is none
    on that day.
    """
    day = on or act.today
    if day > act.today:
        return Invalid(message="An application is of today or of a day that is past.", path=("appliedOn",))
    forbidden = act.may(APPLY, employer)
    if forbidden:
        return forbidden
    if not await fetchval(ISSUER_SQL, act.here.tenant_id, employer):
        return missing().under("employer")
    wrong = scheme.not_eligible(scheme.application(places, day, through_gateway=gateway is not None))
    if wrong:
        return wrong
    if gateway is not None:
        known = gateway != employer and await fetchval(GATEWAY_SQL, act.here.tenant_id, gateway, day)
        if not known:
            return Refused(code="KICKSTART_NO_GATEWAY", message=f"No gateway here on {day}.", path=("gateway",))
    id = new_id()
    await execute(APPLY_SQL, act.here.tenant_id, id, employer, gateway, places, day)
    return await act.tell(KickstartApplicationMade(id, employer))


@command(may=DECIDE)
async def decide(
    act: Act, application: UUID, reason: str | None, *, accept: bool
) -> KickstartApplicationDecided | Refusal:
    """Accept or refuse an application, once; a refusal says why."""
    row = await fetchrow(FIND_SQL, act.here.tenant_id, application)
    if row is None:
        return missing()
    if row["state"] != "open":
        return Refused(code="WRONG_STATE", message=f"It was {row['state']} already.")
    if not accept and not reason:
        return Invalid(message="Say why it is refused: the employer reads it.", path=("reason",))
    state = "accepted" if accept else "refused"
    await execute(DECIDE_SQL, act.here.tenant_id, application, state, reason, act.person, act.now)
    return await act.tell(KickstartApplicationDecided(application, row["employer_id"], accept))


@command(may=DECIDE)
async def name_gateway(act: Act, issuer: UUID, since: date, until: date | None) -> KickstartGatewayNamed | Refusal:
    """Say that an issuer is a gateway, which the Department for Work and Pensions has checked; or until when it was."""
    if not await fetchval(ISSUER_SQL, act.here.tenant_id, issuer):
        return missing().under("issuer")
    if until is not None and until < since:
        return Invalid(message="It ends before it begins.", path=("until",))
    wrong = scheme.not_eligible(scheme.gateway(since, checked=True))
    if wrong:
        return wrong.under("since")
    await execute(NAME_SQL, act.here.tenant_id, issuer, since, until)
    return await act.tell(KickstartGatewayNamed(issuer))


@command(may="opportunity.update")
async def describe(
    act: Act, opportunity: UUID, said: placements.Placement | None
) -> KickstartPlacementDescribed | Refusal:
    """Say what an opportunity is like as a placement, or (None) that it is none. Nobody is let in or kept out by it."""
    loaded = await load(opportunities.Opportunity, act.here, opportunity, read_opportunity)
    if isinstance(loaded, Refusal):
        return loaded
    at, words = loaded
    wrong = act.may("opportunity.update", words.provider_id) or unchangeable(at, act.here)
    if wrong:
        return wrong
    described = KickstartPlacementDescribed(opportunity)
    return await act.tell(described) if await placements.write(act.here.tenant_id, opportunity, said) else described

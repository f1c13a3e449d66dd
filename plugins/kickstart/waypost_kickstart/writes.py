"""Mutations of employers and of a city's team."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import strawberry

from waypost.graph import ID, Row, act, column, mutation, payload, value
from waypost.graph.inputs import Given, maybe, needed, row_of
from waypost.graph.pages import camel
from waypost.refusal import Invalid, Refusal
from waypost.tenancy.words import read_as
from waypost_kickstart import commands
from waypost_kickstart.graph import KickstartApplication
from waypost_kickstart.placements import FACTS, Placement

if TYPE_CHECKING:
    from waypost.graph.payloads import Outcome
    from waypost.issuers.graph import Issuer
    from waypost.opportunities.graph import Opportunity
    from waypost.outbox import Act

DETAILS: Final = (*FACTS, "places")


@strawberry.input(description="An application for placements, directly or through a gateway.")
class KickstartApplyInput:
    """Who applies, and for how many."""

    employer: ID = needed("The issuer that would offer the placements.")
    gateway: ID | None = maybe("The issuer through which it applies; absent: directly.")
    placements: int = needed("For how many placements, at most 100,000.")
    applied_on: date | None = maybe("The day whose rules count, for records of the past; absent: today.")


@strawberry.input(description="A decision about an application.")
class KickstartDecideInput:
    """Which, and how."""

    application: ID = needed("The application; it is decided once.")
    accept: bool = needed("Whether the placements may be offered.")
    reason: str | None = maybe("What the employer is told; a refusal needs one.")


@strawberry.input(description="An issuer that is a gateway, from a day on.")
class KickstartNameGatewayInput:
    """Who, and when."""

    issuer: ID = needed("The issuer that is a gateway.")
    since: date = needed("The day on which it applied, by whose rules it is a gateway.")
    until: date | None = maybe("Its last day as one; absent or null: it still is one.")


@strawberry.input(description="What an opportunity is like as a placement.")
class KickstartDescribeInput:
    """The facts that the scheme's rules look at."""

    opportunity: ID = needed("The opportunity, of the same provider.")
    work_nation: str = needed("Where the work is: england, scotland, wales or northern-ireland.")
    hours_per_week: Decimal = needed("Hours of work a week, in halves, such as 25.0.")
    months: int = needed("How long the job lasts, at most 24 months.")
    pays_minimum_wage: bool = needed("Whether it pays at least the minimum wage for the age.")
    new_job: bool = needed("Whether it replaces nobody and cuts nobody's hours.")
    extensive_training: bool = needed("Whether it asks for extensive training before it begins.")
    places: int = needed("For how many young people.")


@strawberry.input(description="An opportunity that is no placement any more.")
class KickstartRemoveInput:
    """Which one."""

    opportunity: ID = needed("The opportunity, which stays as it is otherwise.")


@value
class KickstartApplySuccess:
    """The application is made."""

    application: KickstartApplication = column(doc="It waits to be decided.")


@value
class KickstartDecideSuccess:
    """The application is decided."""

    application: KickstartApplication = column(doc="With the decision.")


@value
class KickstartNameGatewaySuccess:
    """The issuer is a gateway."""

    issuer: Issuer = column(doc="With `kickstartGateway` as it is now.")


@value
class KickstartDescribeSuccess:
    """The opportunity is a placement."""

    opportunity: Opportunity = column(doc="With `kickstartPlacement` and `schemes` as they are now.")


@value
class KickstartRemoveSuccess:
    """The opportunity is no placement."""

    opportunity: Opportunity = column(doc="As it is now.")


KickstartApplyPayload: Any = payload("KickstartApplyPayload", KickstartApplySuccess)
KickstartDecidePayload: Any = payload("KickstartDecidePayload", KickstartDecideSuccess)
KickstartNameGatewayPayload: Any = payload("KickstartNameGatewayPayload", KickstartNameGatewaySuccess)
KickstartDescribePayload: Any = payload("KickstartDescribePayload", KickstartDescribeSuccess)
KickstartRemovePayload: Any = payload("KickstartRemovePayload", KickstartRemoveSuccess)


async def _apply(act: Act, given: Given) -> Outcome:
    employer = row_of("Issuer", given["employer"], act.here.tenant_id)
    said = given.get("gateway")
    gateway = None if said is None else row_of("Issuer", said, act.here.tenant_id)
    if not 1 <= given["placements"] <= 100_000:
        return Invalid(message="An application is for 1 to 100,000 placements.", path=("placements",))
    done = await commands.apply(act, employer, gateway, given["placements"], given.get("applied_on"))
    return done if isinstance(done, Refusal) else {"application": Row("KickstartApplication", done.application)}


async def _decide(act: Act, given: Given) -> Outcome:
    application = row_of("KickstartApplication", given["application"], act.here.tenant_id)
    done = await commands.decide(act, application, given.get("reason"), accept=given["accept"])
    return done if isinstance(done, Refusal) else {"application": Row("KickstartApplication", done.application)}


async def _name_gateway(act: Act, given: Given) -> Outcome:
    issuer = row_of("Issuer", given["issuer"], act.here.tenant_id)
    done = await commands.name_gateway(act, issuer, given["since"], given.get("until"))
    return done if isinstance(done, Refusal) else {"issuer": Row("Issuer", done.issuer)}


async def _describe(act: Act, given: Given) -> Outcome:
    said = {name: given[name] for name in DETAILS}
    read = read_as(Placement, {**said, "hours_per_week": float(said["hours_per_week"])})
    if not isinstance(read, Placement):
        first = read[0]
        return Invalid(message=f"It {first.words}.", path=tuple(camel(str(key)) for key in first.keys))
    return _described(await commands.describe(act, _opportunity(act, given), read))


async def _remove(act: Act, given: Given) -> Outcome:
    return _described(await commands.describe(act, _opportunity(act, given), None))


def _opportunity(act: Act, given: Given) -> Any:
    return row_of("Opportunity", given["opportunity"], act.here.tenant_id)


def _described(done: commands.KickstartPlacementDescribed | Refusal) -> Outcome:
    return done if isinstance(done, Refusal) else {"opportunity": Row("Opportunity", done.opportunity)}


@mutation
class KickstartMutation:
    """What is done about Kickstart."""

    kickstart_apply: KickstartApplyPayload | None = act(
        _apply, KickstartApplyInput, by="employer", doc="Apply for placements by the rules of the day."
    )
    kickstart_decide: KickstartDecidePayload | None = act(
        _decide, KickstartDecideInput, by="application", doc="Accept or refuse an application, once."
    )
    kickstart_name_gateway: KickstartNameGatewayPayload | None = act(
        _name_gateway, KickstartNameGatewayInput, by="issuer", doc="Say from when to when an issuer is a gateway."
    )
    kickstart_describe: KickstartDescribePayload | None = act(
        _describe, KickstartDescribeInput, by="opportunity", doc="Say what an opportunity is like as a placement."
    )
    kickstart_remove: KickstartRemovePayload | None = act(
        _remove, KickstartRemoveInput, by="opportunity", doc="Say that an opportunity is no placement."
    )


INPUTS = (
    KickstartApplyInput,
    KickstartDecideInput,
    KickstartNameGatewayInput,
    KickstartDescribeInput,
    KickstartRemoveInput,
)
NODES = (
    KickstartApplySuccess,
    KickstartDecideSuccess,
    KickstartNameGatewaySuccess,
    KickstartDescribeSuccess,
    KickstartRemoveSuccess,
)

"""Mutations of awards, one at a time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import strawberry

from waypost.awards import commands
from waypost.awards.inputs import AwardInput, RecipientInput, find_named, prepare_opportunities, words_of
from waypost.badges.graph import Badge
from waypost.graph import ID, URL, Error, Markdown, Row, act, column, mutation, payload, value
from waypost.graph.ids import parse_id
from waypost.graph.inputs import NOWHERE, Given, maybe, needed, row_of
from waypost.graph.mutations import Found
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid
from waypost.outbox import Act
from waypost.refusal import Refusal

from .graph import Award, AwardRepeats, AwardState

if TYPE_CHECKING:
    from uuid import UUID

    from waypost.db import Database
    from waypost.graph.request import Request


@strawberry.type(description="The recipient has the badge already, and by its policy is not given it again.")
class AlreadyAwarded(Error):
    """See the badge's policy."""


@strawberry.type(description="The badge is not published, or retired: nobody can be given it.")
class NotAwardable(Error):
    """Publish it, or choose its successor."""


@strawberry.type(description="This cannot be done to an award in its state.")
class WrongState(Error):
    """Look at the award again."""

    state: AwardState | None = strawberry.field(default=None, description="In which it is.")


@strawberry.input(description="A badge, and who is given it.")
class AwardBadgeInput:
    """One award."""

    badge: ID = needed("A published badge of this city.")
    recipient: RecipientInput = needed("Who is given it.")
    narrative: Markdown | None = maybe("What they did, in a few words.")
    evidence: list[URL] | None = maybe("Addresses where it can be seen; at most 10.")
    awarded_at: datetime | None = maybe("When it was earned, if not now.")
    expires_at: datetime | None = maybe("Until when it holds; left out: for ever.")
    opportunity: ID | None = maybe("What they took part in, also in another city.")


@strawberry.input(description="An award to be taken back.")
class RevokeAwardInput:
    """Which award, and why."""

    award: ID = needed("The award that is taken back.")
    reason: str = needed("Why, for the earner to read.")


@strawberry.input(description="An award in whose place another is given.")
class ReplaceAwardInput:
    """Which award, and what is said of the new one."""

    award: ID = needed("The award; it must not have been declined, revoked or replaced.")
    narrative: Markdown | None = maybe("What they did, in a few words.")
    evidence: list[URL] | None = maybe("Addresses where it can be seen; at most 10.")
    awarded_at: datetime | None = maybe("When it was earned, if not now.")
    expires_at: datetime | None = maybe("Until when it holds; left out: for ever.")


@strawberry.input(description="An award to be accepted.")
class AcceptAwardInput:
    """Which award."""

    award: ID = needed("An award of the asker's own, of a child of theirs, or of the organisation they speak for.")


@strawberry.input(description="An award that is not wanted.")
class DeclineAwardInput:
    """Which award."""

    award: ID = needed("An award of the asker's own, of a child of theirs, or of the organisation they speak for.")


@strawberry.input(description="How often one recipient is given a badge.")
class SetAwardPolicyInput:
    """A badge and its policy."""

    badge: ID = needed("A badge of this city.")
    repeats: AwardRepeats = needed("How often; what was given already stays.")


@value
class AwardBadgeSuccess:
    """The badge was given; its recipient is told."""

    award: Award = column(doc="The award, which waits for its recipient.")


@value
class RevokeAwardSuccess:
    """The award was taken back; its recipient is told."""

    award: Award = column(doc="The award as it is now.")


@value
class ReplaceAwardSuccess:
    """A new award stands in the place of the old one."""

    award: Award = column(doc="The new award.")
    replaced: Award = column(doc="The old one.")


@value
class AcceptAwardSuccess:
    """The award is the earner's."""

    award: Award = column(doc="The award as it is now.")


@value
class DeclineAwardSuccess:
    """The award was declined."""

    award: Award = column(doc="The award as it is now.")


@value
class SetAwardPolicySuccess:
    """From now on it is given so often."""

    badge: Badge = column(doc="The badge with its policy.")
    repeats: AwardRepeats = column(doc="How often one recipient is given it.")


AwardBadgePayload: Any = payload("AwardBadgePayload", AwardBadgeSuccess, AlreadyAwarded, NotAwardable, Invalid)
RevokeAwardPayload: Any = payload("RevokeAwardPayload", RevokeAwardSuccess, WrongState, Invalid)
ReplaceAwardPayload: Any = payload(
    "ReplaceAwardPayload", ReplaceAwardSuccess, WrongState, AlreadyAwarded, NotAwardable, Invalid
)
AcceptAwardPayload: Any = payload("AcceptAwardPayload", AcceptAwardSuccess, WrongState)
DeclineAwardPayload: Any = payload("DeclineAwardPayload", DeclineAwardSuccess, WrongState)
SetAwardPolicyPayload: Any = payload("SetAwardPolicyPayload", SetAwardPolicySuccess, Invalid)


def tenant_of(request: Request, *ids: str | None) -> UUID:
    """Return the tenant asked, on the national graph that of the first id given."""
    if request.tenant is not None:
        return request.tenant
    named = next((parse_id(each) for each in ids if each), None)
    return NOWHERE if named is None or named.tenant is None else named.tenant


async def _recipient(database: Database, request: Request, given: Given) -> Found | Refusal:
    tenant = tenant_of(request, given["badge"])
    return await find_named(database, request, tenant, {("recipient",): given["recipient"]})


async def _award(act: Act, given: Given) -> Outcome:
    tenant = act.here.tenant_id
    [to] = given["named"]
    badge, words = row_of("Badge", given["badge"], tenant), words_of(given, tenant, given["loans"])
    done = await commands.award_badge(act, badge, to, words, given["people"])
    return done if isinstance(done, Refusal) else {"award": Row("Award", done.award)}


def _id(act: Act, given: Given) -> UUID:
    return row_of("Award", given["award"], act.here.tenant_id)


async def _revoke(act: Act, given: Given) -> Outcome:
    done = await commands.revoke_award(act, _id(act, given), given["reason"])
    return done if isinstance(done, Refusal) else {"award": Row("Award", done.award)}


async def _replace(act: Act, given: Given) -> Outcome:
    done = await commands.replace_award(act, _id(act, given), words_of(given, act.here.tenant_id))
    if isinstance(done, Refusal):
        return done
    return {"award": Row("Award", done.by), "replaced": Row("Award", done.award)}


async def _accept(act: Act, given: Given) -> Outcome:
    done = await commands.accept_award(act, _id(act, given))
    return done if isinstance(done, Refusal) else {"award": Row("Award", done.award)}


async def _decline(act: Act, given: Given) -> Outcome:
    done = await commands.decline_award(act, _id(act, given))
    return done if isinstance(done, Refusal) else {"award": Row("Award", done.award)}


async def _policy(act: Act, given: Given) -> Outcome:
    repeats = given["repeats"]
    done = await commands.set_award_policy(
        act, row_of("Badge", given["badge"], act.here.tenant_id), str(getattr(repeats, "value", repeats))
    )
    return done if isinstance(done, Refusal) else {"badge": Row("Badge", done.badge), "repeats": repeats}


@mutation
class AwardMutation:
    """What is done to awards."""

    award_badge: AwardBadgePayload = act(
        _award,
        AwardBadgeInput,
        by="badge",
        before=_recipient,
        prepare=prepare_opportunities,
        doc="Give a badge to a person or an organisation.",
    )
    revoke_award: RevokeAwardPayload = act(
        _revoke, RevokeAwardInput, by="award", doc="Take an award back, and say why."
    )
    replace_award: ReplaceAwardPayload = act(
        _replace, ReplaceAwardInput, by="award", doc="Give a badge anew in the place of an award, in today's wording."
    )
    accept_award: AcceptAwardPayload = act(
        _accept, AcceptAwardInput, by="award", own=True, doc="Take what one was given."
    )
    decline_award: DeclineAwardPayload = act(
        _decline, DeclineAwardInput, by="award", own=True, doc="Say no to what one was given."
    )
    set_award_policy: SetAwardPolicyPayload = act(
        _policy, SetAwardPolicyInput, by="badge", doc="Decide how often one recipient is given a badge."
    )


TYPES = (
    RecipientInput,
    AwardInput,
    AwardBadgeInput,
    RevokeAwardInput,
    ReplaceAwardInput,
    AcceptAwardInput,
    DeclineAwardInput,
    SetAwardPolicyInput,
    AwardBadgeSuccess,
    RevokeAwardSuccess,
    ReplaceAwardSuccess,
    AcceptAwardSuccess,
    DeclineAwardSuccess,
    SetAwardPolicySuccess,
    AwardMutation,
)

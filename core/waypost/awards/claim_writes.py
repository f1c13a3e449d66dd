"""Mutations of claim codes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import strawberry

from waypost.graph import ID, Row, act, column, mutation, payload, value
from waypost.graph.inputs import Given, maybe, needed, row_of
from waypost.graph.payloads import Outcome, Rows
from waypost.graph.refusals import Invalid
from waypost.learners.rules import Who, addressed
from waypost.outbox import Act
from waypost.refusal import Invalid as NotValid
from waypost.refusal import Refusal

from . import claiming
from .claim_codes import ClaimCode, find_code, with_key
from .claim_rules import Terms
from .claiming import Waiting
from .inputs import opportunity_of, prepare_opportunities
from .writes import AlreadyAwarded, NotAwardable

if TYPE_CHECKING:
    from waypost.awards.graph import Award


@strawberry.input(description="Somebody of a class, who is handed their code on paper.")
class ClaimRecipientInput:
    """One of a class."""

    name: str = needed("How they are called.")
    birth_year: int | None = maybe("Under 13 their code is used by a guardian, with an account of their own.")
    reference: str | None = maybe(
        "The issuer's own, such as a pupil's number: with it, it is the same recipient again."
    )


@strawberry.input(description="Codes to be made: one for everybody, or one for each recipient.")
class CreateClaimCodeInput:
    """What the codes give, and under which terms."""

    badge: ID = needed("A published badge of this city.")
    label: str | None = maybe("Where they are handed out; only the issuer sees it.")
    opportunity: ID | None = maybe(
        "What those who use them took part in, also in another city; it stands on their awards."
    )
    opens_at: datetime | None = maybe("From when they can be used; left out: at once.")
    closes_at: datetime | None = maybe("Until when they can be used; left out: for ever.")
    limit: int | None = maybe("How many people can use the code; left out: any number. Not with `recipients`.")
    recipients: list[ClaimRecipientInput] | None = maybe("A class: each gets a code of their own; at most 500.")
    awards: list[ID] | None = maybe("Instead: awards of this badge that wait for recipients without an address.")


@strawberry.input(description="A code that nobody is to use any more.")
class CancelClaimCodeInput:
    """Which code."""

    code: ID = needed("The id of a code, not the code itself.")


@strawberry.input(description="A code that was handed out, seen or scanned.")
class ClaimBadgeInput:
    """What was handed out, and to whom."""

    code: str = needed("As it was typed or scanned; case, spaces and dashes do not matter.")
    name: str | None = maybe("How the issuer is to know the asker; left out: as the asker is called here.")


@value
class CreateClaimCodeSuccess:
    """The codes can be handed out."""

    codes: list[ClaimCode] = column(doc="In the order of `recipients`; one, where there are none.")


@value
class CancelClaimCodeSuccess:
    """Nobody can use it any more; what was claimed stays."""

    claim_code: ClaimCode = column(doc="The code as it is now.")


@value
class ClaimBadgeSuccess:
    """The asker has the badge."""

    award: Award = column(doc="The award, which is accepted already.")


CreateClaimCodePayload: Any = payload("CreateClaimCodePayload", CreateClaimCodeSuccess, NotAwardable, Invalid)
CancelClaimCodePayload: Any = payload("CancelClaimCodePayload", CancelClaimCodeSuccess)
ClaimBadgePayload: Any = payload("ClaimBadgePayload", ClaimBadgeSuccess, AlreadyAwarded, NotAwardable, Invalid)


async def _create(act: Act, given: Given) -> Outcome:
    here = act.here.tenant_id
    recipients = _recipients(act, given)
    if isinstance(recipients, Refusal):
        return recipients
    terms = Terms(
        opens_at=given.get("opens_at"),
        closes_at=given.get("closes_at"),
        most=given.get("limit"),
        label=given.get("label") or None,
        opportunity=opportunity_of(given, here, given["loans"]),
    )
    badge = row_of("Badge", given["badge"], here)
    done = await claiming.create_codes(act, badge, terms, recipients, given["secret_key"])
    return done if isinstance(done, Refusal) else {"codes": Rows("ClaimCode", done)}


def _recipients(act: Act, given: Given) -> list[Who] | Waiting | Refusal | None:
    named, waiting = given.get("recipients"), given.get("awards")
    if named is not None and waiting is not None:
        return NotValid(message="Name recipients, or awards that wait for theirs.", path=("awards",))
    if waiting is not None:
        return Waiting(tuple(row_of("Award", each, act.here.tenant_id) for each in waiting))
    if named is None:
        return None
    found: list[Who] = []
    for index, each in enumerate(named):
        said = Who(each["name"], birth_year=each.get("birth_year"), reference=each.get("reference"))
        who = addressed(said, act.today.year)
        if isinstance(who, Refusal):
            return who.under("recipients", str(index))
        found.append(who)
    return found


async def _cancel(act: Act, given: Given) -> Outcome:
    done = await claiming.cancel_code(act, row_of("ClaimCode", given["code"], act.here.tenant_id))
    return done if isinstance(done, Refusal) else {"claim_code": Row("ClaimCode", done)}


async def _claim(act: Act, given: Given) -> Outcome:
    done = await claiming.claim_badge(act, given["code_id"], given["name"])
    return done if isinstance(done, Refusal) else {"award": Row("Award", done)}


@mutation
class ClaimMutation:
    """What is done with claim codes."""

    create_claim_code: CreateClaimCodePayload = act(
        _create,
        CreateClaimCodeInput,
        by="badge",
        before=with_key,
        prepare=prepare_opportunities,
        doc="Make a code by which people claim a badge, or one for each of a class.",
    )
    cancel_claim_code: CancelClaimCodePayload = act(
        _cancel, CancelClaimCodeInput, by="code", doc="Let nobody use a code any more."
    )
    claim_badge: ClaimBadgePayload = act(
        _claim,
        ClaimBadgeInput,
        before=find_code,
        own=True,
        doc="Take the badge that a code gives, in whatever city; after ten wrong codes one waits for an hour.",
    )


TYPES = (
    ClaimRecipientInput,
    CreateClaimCodeInput,
    CancelClaimCodeInput,
    ClaimBadgeInput,
    CreateClaimCodeSuccess,
    CancelClaimCodeSuccess,
    ClaimBadgeSuccess,
    ClaimMutation,
)

"""Mutations of issuing platforms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import strawberry

from waypost.connectors import commands, link_commands
from waypost.connectors.registry import Connectors
from waypost.graph import ID, Row, act, column, mutation, payload, value
from waypost.graph.ids import parse_id
from waypost.graph.inputs import NOWHERE, Given, maybe, needed, row_of
from waypost.graph.mutations import Found
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid
from waypost.outbox import Act
from waypost.refusal import Invalid as Refuses
from waypost.refusal import Refusal

from .graph import IssuingAccount, IssuingConsent, IssuingDrift, IssuingLink, IssuingRecord, IssuingShare

if TYPE_CHECKING:
    from waypost.db import Database
    from waypost.graph.request import Request


@strawberry.input(description="One setting of an account.")
class IssuingSettingInput:
    """A key and its value."""

    name: str = needed("The key, as the connector's plugin documents it.")
    value: str = needed("Its value as text; of a secret its name, never the secret.")


@strawberry.input(description="An account with an issuing platform.")
class CreateIssuingAccountInput:
    """Where, and what it is called."""

    connector: str = needed("The platform's connector, such as credly.")
    name: str = needed("How those who may use it call it.")
    settings: list[IssuingSettingInput] = needed("All settings that the connector asks for.")


@strawberry.input(description="Changes of an account; what is left out stays as it is.")
class UpdateIssuingAccountInput:
    """Which account, and what is changed."""

    account: ID = needed("An account of this tenant.")
    name: str | None = maybe("How those who may use it call it.")
    settings: list[IssuingSettingInput] | None = maybe(
        "All settings anew; those that say where at the platform it is stay as they are once something was given by it."
    )
    on: bool | None = maybe("Whether it is used; false: nothing is sent.")


@strawberry.input(description="An issuer that may use an account.")
class ShareIssuingAccountInput:
    """Which account, and who."""

    account: ID = needed("An account of this tenant.")
    issuer: ID = needed("An issuer of this tenant, or of one that belongs to it.")


@strawberry.input(description="An issuer that may not use an account any more.")
class UnshareIssuingAccountInput:
    """Which."""

    share: ID = needed("One of the account's shares.")


@strawberry.input(description="A difference that was seen to.")
class SettleIssuingDriftInput:
    """Which."""

    drift: ID = needed("An open one.")


@strawberry.input(description="A badge that a platform is to give too.")
class LinkBadgeTemplateInput:
    """Which badge, and by what."""

    badge: ID = needed("A badge of this city.")
    grant: ID = needed("By which account; its issuer must be the badge's.")
    template: str | None = maybe("The template's id at the platform; left out: the active one of the badge's name.")


@strawberry.input(description="A badge that a platform is not to give any more.")
class UnlinkBadgeTemplateInput:
    """Which."""

    link: ID = needed("The link that is to end.")


@strawberry.input(description="What is to be sent to a platform once more.")
class RetryIssuingInput:
    """Which."""

    record: ID = needed("A record that failed, or is missing there.")


@strawberry.input(description="What one agrees to.")
class AgreeToIssuingInput:
    """Which account's platform."""

    record: ID = needed("A record of an award of one's own, or of a child of one's own.")


@strawberry.input(description="What one agrees to no more.")
class WithdrawFromIssuingInput:
    """Which."""

    consent: ID = needed("A consent of one's own.")


@value
class CreateIssuingAccountSuccess:
    """The account is kept; set its secret if it has none yet."""

    account: IssuingAccount = column(doc="The account that is kept.")


@value
class UpdateIssuingAccountSuccess:
    """The account was changed."""

    account: IssuingAccount = column(doc="The account as it is now.")


@value
class ShareIssuingAccountSuccess:
    """The issuer may use it; its city hears of it in a moment."""

    share: IssuingShare = column(doc="The share that was made.")


@value
class UnshareIssuingAccountSuccess:
    """The issuer may not use it any more."""

    share: IssuingShare = column(doc="The share as it is now.")


@value
class SettleIssuingDriftSuccess:
    """It needs nobody's attention any more."""

    drift: IssuingDrift = column(doc="The difference as it is now.")


@value
class LinkBadgeTemplateSuccess:
    """The template is being looked for."""

    link: IssuingLink = column(doc="The link; look again in a moment.")


@value
class UnlinkBadgeTemplateSuccess:
    """Nothing more of it is given there."""

    link: IssuingLink = column(doc="The link as it is now.")


@value
class RetryIssuingSuccess:
    """It is sent once more in a moment."""

    record: IssuingRecord = column(doc="The record of it.")


@value
class AgreeToIssuingSuccess:
    """What was earned is given there in a moment."""

    consent: IssuingConsent = column(doc="To what one agreed.")


@value
class WithdrawFromIssuingSuccess:
    """Nothing more is sent there; what is there can be removed there."""

    consent: IssuingConsent = column(doc="The consent as it is now.")


CreateIssuingAccountPayload: Any = payload("CreateIssuingAccountPayload", CreateIssuingAccountSuccess, Invalid)
UpdateIssuingAccountPayload: Any = payload("UpdateIssuingAccountPayload", UpdateIssuingAccountSuccess, Invalid)
ShareIssuingAccountPayload: Any = payload("ShareIssuingAccountPayload", ShareIssuingAccountSuccess, Invalid)
UnshareIssuingAccountPayload: Any = payload("UnshareIssuingAccountPayload", UnshareIssuingAccountSuccess)
SettleIssuingDriftPayload: Any = payload("SettleIssuingDriftPayload", SettleIssuingDriftSuccess)
LinkBadgeTemplatePayload: Any = payload("LinkBadgeTemplatePayload", LinkBadgeTemplateSuccess, Invalid)
UnlinkBadgeTemplatePayload: Any = payload("UnlinkBadgeTemplatePayload", UnlinkBadgeTemplateSuccess)
RetryIssuingPayload: Any = payload("RetryIssuingPayload", RetryIssuingSuccess)
AgreeToIssuingPayload: Any = payload("AgreeToIssuingPayload", AgreeToIssuingSuccess)
WithdrawFromIssuingPayload: Any = payload("WithdrawFromIssuingPayload", WithdrawFromIssuingSuccess)


async def _connectors(_database: Database, request: Request, _given: Mapping[str, Any]) -> Found:
    """Find which platforms this process connects to."""
    return Found(given={"connectors": Connectors.of(request.services.plugins)})


async def _create(act: Act, given: Given) -> Outcome:
    offered = given["connectors"].find(given["connector"])
    if offered is None:
        return Refuses(message="No plugin here connects to that platform.", path=("connector",))
    pairs = [(each["name"], each["value"]) for each in given["settings"]]
    done = await commands.create_issuing_account(act, offered, given["name"], pairs)
    return done if isinstance(done, Refusal) else {"account": Row("IssuingAccount", done.account)}


async def _update(act: Act, given: Given) -> Outcome:
    pairs = given.get("settings")
    said = commands.Given(
        given.get("name"),
        None if pairs is None else [(each["name"], each["value"]) for each in pairs],
        given.get("on"),
    )
    done = await commands.update_issuing_account(
        act, _row(act, "IssuingAccount", given["account"]), said, given["connectors"]
    )
    return done if isinstance(done, Refusal) else {"account": Row("IssuingAccount", done.account)}


async def _share(act: Act, given: Given) -> Outcome:
    account, named = row_of("IssuingAccount", given["account"], act.here.tenant_id), parse_id(given["issuer"])
    known = named is not None and named.type == "Issuer" and named.tenant is not None
    member, issuer = (named.tenant, named.row) if known and named is not None else (act.here.tenant_id, NOWHERE)
    done = await commands.share_issuing_account(
        act, account, member or act.here.tenant_id, issuer, given["connectors"].titles
    )
    return done if isinstance(done, Refusal) else {"share": Row("IssuingShare", done.share)}


async def _unshare(act: Act, given: Given) -> Outcome:
    share = row_of("IssuingShare", given["share"], act.here.tenant_id)
    done = await commands.unshare_issuing_account(act, share, given["connectors"].titles)
    return done if isinstance(done, Refusal) else {"share": Row("IssuingShare", done.share)}


async def _settle(act: Act, given: Given) -> Outcome:
    done = await commands.settle_issuing_drift(act, row_of("IssuingDrift", given["drift"], act.here.tenant_id))
    return done if isinstance(done, Refusal) else {"drift": Row("IssuingDrift", done.drift)}


async def _link(act: Act, given: Given) -> Outcome:
    badge, grant = _row(act, "Badge", given["badge"]), _row(act, "IssuingGrant", given["grant"])
    done = await link_commands.link_badge_template(act, badge, grant, given.get("template"))
    return done if isinstance(done, Refusal) else {"link": Row("IssuingLink", done.link)}


async def _unlink(act: Act, given: Given) -> Outcome:
    done = await link_commands.unlink_badge_template(act, _row(act, "IssuingLink", given["link"]))
    return done if isinstance(done, Refusal) else {"link": Row("IssuingLink", done.link)}


async def _retry(act: Act, given: Given) -> Outcome:
    done = await link_commands.retry_issuing(act, _row(act, "IssuingRecord", given["record"]))
    return done if isinstance(done, Refusal) else {"record": Row("IssuingRecord", done.record)}


async def _agree(act: Act, given: Given) -> Outcome:
    done = await link_commands.agree_to_issuing(act, _row(act, "IssuingRecord", given["record"]))
    return done if isinstance(done, Refusal) else {"consent": Row("IssuingConsent", done.consent)}


async def _withdraw(act: Act, given: Given) -> Outcome:
    done = await link_commands.withdraw_from_issuing(act, _row(act, "IssuingConsent", given["consent"]))
    return done if isinstance(done, Refusal) else {"consent": Row("IssuingConsent", done.consent)}


def _row(act: Act, kind: str, id: str) -> UUID:
    return row_of(kind, id, act.here.tenant_id)


@mutation
class IssuingMutation:
    """What is done about issuing platforms."""

    create_issuing_account: CreateIssuingAccountPayload = act(
        _create, CreateIssuingAccountInput, before=_connectors, doc="Keep an account with an issuing platform."
    )
    update_issuing_account: UpdateIssuingAccountPayload = act(
        _update,
        UpdateIssuingAccountInput,
        by="account",
        before=_connectors,
        doc="Change an account, switch it on or off, or have it tried again.",
    )
    share_issuing_account: ShareIssuingAccountPayload = act(
        _share,
        ShareIssuingAccountInput,
        by="account",
        before=_connectors,
        doc="Let an issuer of this tenant, or of one that belongs to it, use an account.",
    )
    unshare_issuing_account: UnshareIssuingAccountPayload = act(
        _unshare, UnshareIssuingAccountInput, by="share", before=_connectors, doc="Let an issuer use it no more."
    )
    settle_issuing_drift: SettleIssuingDriftPayload = act(
        _settle, SettleIssuingDriftInput, by="drift", doc="Say that a difference was seen to."
    )
    link_badge_template: LinkBadgeTemplatePayload = act(
        _link, LinkBadgeTemplateInput, by="badge", doc="Have a badge given by a platform too, to who agrees."
    )
    unlink_badge_template: UnlinkBadgeTemplatePayload = act(
        _unlink, UnlinkBadgeTemplateInput, by="link", doc="Have nothing more given there for a badge."
    )
    retry_issuing: RetryIssuingPayload = act(
        _retry, RetryIssuingInput, by="record", doc="Send once more what a platform refused, or has not any more."
    )
    agree_to_issuing: AgreeToIssuingPayload = act(
        _agree,
        AgreeToIssuingInput,
        by="record",
        own=True,
        doc="Agree that one's name and address go to a platform, for all that its account gives one in this city.",
    )
    withdraw_from_issuing: WithdrawFromIssuingPayload = act(
        _withdraw, WithdrawFromIssuingInput, by="consent", own=True, doc="Withdraw that: nothing more is sent there."
    )


TYPES = (
    IssuingSettingInput,
    CreateIssuingAccountInput,
    UpdateIssuingAccountInput,
    ShareIssuingAccountInput,
    UnshareIssuingAccountInput,
    SettleIssuingDriftInput,
    LinkBadgeTemplateInput,
    UnlinkBadgeTemplateInput,
    RetryIssuingInput,
    AgreeToIssuingInput,
    WithdrawFromIssuingInput,
    CreateIssuingAccountSuccess,
    UpdateIssuingAccountSuccess,
    ShareIssuingAccountSuccess,
    UnshareIssuingAccountSuccess,
    SettleIssuingDriftSuccess,
    LinkBadgeTemplateSuccess,
    UnlinkBadgeTemplateSuccess,
    RetryIssuingSuccess,
    AgreeToIssuingSuccess,
    WithdrawFromIssuingSuccess,
    IssuingMutation,
)

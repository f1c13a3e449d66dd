"""Mutations of members, invitations and tokens."""

from __future__ import annotations

from typing import Any

import strawberry

from waypost.graph import ID, GlobalId, LanguageTag, Row, act, column, mutation, payload, value
from waypost.graph.inputs import Given, cleared, maybe, needed, row_of
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid
from waypost.outbox import Act
from waypost.refusal import Refusal

from . import commands
from .commands import InvitationWords
from .graph import Invitation, Member, Token
from .rules import USUAL_DAYS


@strawberry.input(description="Somebody who is to have a role here.")
class InviteMemberInput:
    """Whom, and to what."""

    address: str = needed("The e-mail address that the letter goes to; forgotten when the invitation is over.")
    role: str = needed("One of city-admin, curator, issuer-admin, issuer-staff and employer.")
    issuer: ID | None = maybe("The issuer for whose objects the role holds; needed for the last three of those.")
    name: str | None = maybe("What the city calls them; it stands among `members` when they have accepted.")
    language: LanguageTag | None = maybe("The language of the letter; left out, it is the city's first.")


@strawberry.input(description="An invitation that is taken back.")
class WithdrawInvitationInput:
    """Which invitation."""

    invitation: ID = needed("The id of an open invitation of this city.")


@strawberry.input(description="An invitation that is accepted.")
class AcceptInvitationInput:
    """Which invitation, and the proof that one was invited."""

    invitation: ID = needed("The id that stands in the letter.")
    code: str = needed("The code that stands in the letter.")


@strawberry.input(description="Changes to a member: what is left out stays.")
class UpdateMemberInput:
    """What changes."""

    member: ID = needed("The id of a member of this city.")
    role: str | None = maybe("Their new role.")
    issuer: ID | None = maybe("The issuer for whose objects it holds; null for roles of the whole city.")
    name: str | None = maybe("What the city calls them; null clears.")


@strawberry.input(description="Somebody whose role ends.")
class RemoveMemberInput:
    """Who."""

    member: ID = needed("The id of a member of this city.")


@strawberry.input(description="A token for a program that acts in one's own role.")
class CreateTokenInput:
    """What it is for, and what it may."""

    name: str = needed("What it is for, such as the library's events.")
    permissions: list[str] | None = maybe("It may do these only, such as opportunity.create; left out, all of yours.")
    days: int | None = maybe("How many days it holds, from 1 to 366; 90 unless you say.")


@strawberry.input(description="A token that is taken back.")
class RevokeTokenInput:
    """Which token."""

    token: ID = needed("The id of a token of this city.")


@value
class InviteMemberSuccess:
    """A letter is on its way."""

    invitation: Invitation = column(doc="The invitation, open for 14 days.")


@value
class WithdrawInvitationSuccess:
    """The letter's code opens nothing any more."""

    invitation: Invitation = column(doc="The invitation, without name and address.")


@value
class AcceptInvitationSuccess:
    """The asker has the role."""

    member: Member = column(doc="The asker as a member.")


@value
class UpdateMemberSuccess:
    """The member is as the input says."""

    member: Member = column(doc="The member as they are now.")


@value
class RemoveMemberSuccess:
    """The role has ended, and the tokens that spoke for it open nothing any more."""

    removed: ID = column(doc="The id that the member had.")


@value
class CreateTokenSuccess:
    """The token was made."""

    token: Token = column(doc="What is known of it.")
    secret: str = column(doc="The token itself, for `Authorization: Bearer …`. It is shown this once and not kept.")


@value
class RevokeTokenSuccess:
    """The token opens nothing any more."""

    token: Token = column(doc="What is known of it.")


InviteMemberPayload: Any = payload("InviteMemberPayload", InviteMemberSuccess, Invalid)
WithdrawInvitationPayload: Any = payload("WithdrawInvitationPayload", WithdrawInvitationSuccess)
AcceptInvitationPayload: Any = payload("AcceptInvitationPayload", AcceptInvitationSuccess)
UpdateMemberPayload: Any = payload("UpdateMemberPayload", UpdateMemberSuccess, Invalid)
RemoveMemberPayload: Any = payload("RemoveMemberPayload", RemoveMemberSuccess)
CreateTokenPayload: Any = payload("CreateTokenPayload", CreateTokenSuccess, Invalid)
RevokeTokenPayload: Any = payload("RevokeTokenPayload", RevokeTokenSuccess)


async def _invite(act: Act, given: Given) -> Outcome:
    issuer = given.get("issuer")
    of = None if issuer is None else row_of("Issuer", issuer, act.here.tenant_id)
    said = InvitationWords(given["address"], given["role"], of, given.get("name"), given.get("language"))
    done = await commands.invite_member(act, said)
    return done if isinstance(done, Refusal) else {"invitation": Row("Invitation", done.invitation)}


async def _withdraw(act: Act, given: Given) -> Outcome:
    done = await commands.withdraw_invitation(act, row_of("Invitation", given["invitation"], act.here.tenant_id))
    return done if isinstance(done, Refusal) else {"invitation": Row("Invitation", done.invitation)}


async def _accept(act: Act, given: Given) -> Outcome:
    invitation = row_of("Invitation", given["invitation"], act.here.tenant_id)
    done = await commands.accept_invitation(act, invitation, given["code"])
    return done if isinstance(done, Refusal) else {"member": Row("Member", done.member)}


async def _update(act: Act, given: Given) -> Outcome:
    wrong = cleared(given, "role")
    if wrong:
        return wrong
    changes = {name: given[name] for name in ("role", "name") if name in given}
    if "issuer" in given:
        issuer = given["issuer"]
        changes["issuer_id"] = None if issuer is None else row_of("Issuer", issuer, act.here.tenant_id)
    done = await commands.update_member(act, row_of("Member", given["member"], act.here.tenant_id), changes)
    return done if isinstance(done, Refusal) else {"member": Row("Member", done.member)}


async def _remove(act: Act, given: Given) -> Outcome:
    done = await commands.remove_member(act, row_of("Member", given["member"], act.here.tenant_id))
    if isinstance(done, Refusal):
        return done
    return {"removed": str(GlobalId("Member", act.here.tenant_id, done.member))}


async def _create_token(act: Act, given: Given) -> Outcome:
    days = given.get("days")
    kept = (given.get("permissions"), USUAL_DAYS if days is None else days)
    done = await commands.create_token(act, given["name"], *kept)
    if isinstance(done, Refusal):
        return done
    return {"token": Row("Token", done.event.token), "secret": done.secret}


async def _revoke_token(act: Act, given: Given) -> Outcome:
    done = await commands.revoke_token(act, row_of("Token", given["token"], act.here.tenant_id))
    return done if isinstance(done, Refusal) else {"token": Row("Token", done.token)}


@mutation
class MemberMutation:
    """What is done about who may do what."""

    invite_member: InviteMemberPayload = act(
        _invite,
        InviteMemberInput,
        doc="Invite somebody to a role by a letter; once more sends another. Nobody gives more than they have.",
    )
    withdraw_invitation: WithdrawInvitationPayload = act(
        _withdraw, WithdrawInvitationInput, by="invitation", doc="Take an invitation back."
    )
    accept_invitation: AcceptInvitationPayload = act(
        _accept,
        AcceptInvitationInput,
        by="invitation",
        own=True,
        doc="Accept an invitation with the code of its letter, by whatever address one has signed in.",
    )
    update_member: UpdateMemberPayload = act(
        _update, UpdateMemberInput, by="member", doc="Change somebody's role, or what the city calls them."
    )
    remove_member: RemoveMemberPayload = act(
        _remove, RemoveMemberInput, by="member", doc="End somebody's role; that of the last city-admin stays."
    )
    create_token: CreateTokenPayload = act(
        _create_token, CreateTokenInput, doc="Make a token for a program, with one's own role or less."
    )
    revoke_token: RevokeTokenPayload = act(
        _revoke_token, RevokeTokenInput, by="token", doc="Take back a token of one's own, or of a member."
    )


TYPES = (
    InviteMemberInput,
    WithdrawInvitationInput,
    AcceptInvitationInput,
    UpdateMemberInput,
    RemoveMemberInput,
    CreateTokenInput,
    RevokeTokenInput,
    InviteMemberSuccess,
    WithdrawInvitationSuccess,
    AcceptInvitationSuccess,
    UpdateMemberSuccess,
    RemoveMemberSuccess,
    CreateTokenSuccess,
    RevokeTokenSuccess,
    MemberMutation,
)

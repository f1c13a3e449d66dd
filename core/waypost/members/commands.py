"""Acts upon members, invitations and tokens."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from waypost.access.keys import plain_digest
from waypost.access.memberships import add_membership
from waypost.access.people import normal_address
from waypost.access.tokens import Grant, list_token, make_token, store_token
from waypost.db import new_id
from waypost.members import rules, store
from waypost.members.rules import Giver
from waypost.outbox import OWN, Act, Event, command, enqueue
from waypost.refusal import Invalid, Refusal, enough, missing

MOST_INVITED: Final = 200  # letters by one person within a day
MOST_LETTERS: Final = 5  # to one address within a day, whoever invites
MOST_TOKENS: Final = 50  # of one person in one city


@dataclass(frozen=True)
class InvitationMade(Event):
    """Somebody was invited to a role."""

    invitation: UUID
    role: str
    issuer: UUID | None


@dataclass(frozen=True)
class InvitationWithdrawn(Event):
    """An invitation was taken back."""

    invitation: UUID


@dataclass(frozen=True)
class MemberJoined(Event):
    """Somebody accepted an invitation, and has its role."""

    member: UUID
    invitation: UUID
    role: str
    issuer: UUID | None


@dataclass(frozen=True)
class MemberUpdated(Event):
    """Somebody has another role."""

    member: UUID
    role: str
    issuer: UUID | None


@dataclass(frozen=True)
class MemberRemoved(Event):
    """Somebody's role was taken away."""

    member: UUID
    person: UUID
    role: str


@dataclass(frozen=True)
class TokenCreated(Event):
    """Somebody made a token for a program."""

    token: UUID


@dataclass(frozen=True)
class TokenRevoked(Event):
    """A token was taken back."""

    token: UUID


@dataclass(frozen=True)
class InvitationWords:
    """Who is invited, and to what."""

    address: str
    role: str
    issuer_id: UUID | None = None
    name: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Made:
    """A token as it is shown once."""

    event: TokenCreated
    secret: str


def giver_of(act: Act) -> Giver:
    """Who acts, as one who gives."""
    return Giver(act.role, act.issuer_id, act.limits)


@command(may="member.invite")
async def invite_member(act: Act, words: InvitationWords) -> InvitationMade | Refusal:
    """Invite somebody to a role, by a letter; inviting them again sends another and lets it last longer."""
    address = normal_address(words.address)
    if isinstance(address, Invalid):
        return Invalid(message=address.message, path=("address",))
    here, person = act.here.tenant_id, act.person
    wrong: Refusal | None = rules.fitting(words.role, words.issuer_id)
    wrong = wrong or rules.giving(giver_of(act), words.role, words.issuer_id)
    if wrong is None and words.issuer_id is not None and not await store.is_issuer(here, words.issuer_id):
        wrong = missing().under("issuer")
    wrong = wrong or await _flooding(act, address)
    if wrong:
        return wrong
    ends = act.now + rules.INVITED_FOR
    id = await store.write_invitation(here, words, address, person, act.now, ends)
    await enqueue("mail", {"letter": "invitation", "tenant": here, "invitation": id})
    return await act.tell(InvitationMade(id, words.role, words.issuer_id))


@command(may="member.invite")
async def withdraw_invitation(act: Act, invitation: UUID) -> InvitationWithdrawn | Refusal:
    """Take an invitation back."""
    found = await store.load_invitation(act.here.tenant_id, invitation)
    if found is None:
        return missing()
    wrong = rules.giving(giver_of(act), found.role, found.issuer_id)
    wrong_time = rules.open_until(found.state, found.expires_at, act.now)
    if wrong or wrong_time:
        return wrong or wrong_time or missing()
    await store.end_invitation(act.here.tenant_id, invitation, "withdrawn")
    return await act.tell(InvitationWithdrawn(invitation))


@command(may=OWN)
async def accept_invitation(act: Act, invitation: UUID, code: str) -> MemberJoined | Refusal:
    """Accept an invitation with the code of its letter; whoever holds that may, by whatever address they signed in."""
    here, person = act.here.tenant_id, act.person
    found = await store.load_invitation(here, invitation)
    right = found is not None and hmac.compare_digest(found.code_digest or "", plain_digest(code))
    if found is None or person is None or not right:
        return missing()
    wrong = rules.open_until(found.state, found.expires_at, act.now)
    if wrong:
        return wrong
    member = await add_membership(here, person, found.role, found.issuer_id, act.now, found.name)
    await store.end_invitation(here, invitation, "accepted", member)
    return await act.tell(MemberJoined(member, invitation, found.role, found.issuer_id))


@command(may="member.update")
async def update_member(act: Act, member: UUID, changes: Mapping[str, Any]) -> MemberUpdated | Refusal:
    """Change a role, or what the city calls somebody; tokens and invitations of the role that was are over."""
    here = act.here.tenant_id
    admins, found = await store.lock_admins(here), await store.load_member(here, member)
    if found is None:
        return missing()
    role, issuer = changes.get("role", found.role), changes.get("issuer_id", found.issuer_id)
    wrong: Refusal | None = act.may("member.update", found.issuer_id)
    wrong = wrong or rules.giving(giver_of(act), found.role, found.issuer_id) or rules.fitting(role, issuer)
    wrong = wrong or rules.giving(giver_of(act), role, issuer)
    if wrong is None and issuer is not None and not await store.is_issuer(here, issuer):
        wrong = missing().under("issuer")
    wrong = wrong or rules.leaving(found.role, admins, becomes=role)
    moved = (role, issuer) != (found.role, found.issuer_id)
    if wrong is None and moved and await store.is_member(here, found.person_id, role, issuer):
        wrong = Invalid(message="They have that role already.", path=("role",))
    if wrong:
        return wrong
    await store.change_member(here, member, role, issuer, changes.get("name", found.name))
    if moved:
        await store.revoke_all_of(here, found.person_id, found.role, found.issuer_id, act.now)
        await store.withdraw_all_of(here, found.person_id)
    return await act.tell(MemberUpdated(member, role, issuer))


@command(may="member.remove")
async def remove_member(act: Act, member: UUID) -> MemberRemoved | Refusal:
    """Take somebody's role away, with the tokens that speak for it and the invitations that they made."""
    here = act.here.tenant_id
    admins, found = await store.lock_admins(here), await store.load_member(here, member)
    if found is None:
        return missing()
    wrong: Refusal | None = act.may("member.remove", found.issuer_id)
    wrong = wrong or rules.giving(giver_of(act), found.role, found.issuer_id)
    wrong = wrong or rules.leaving(found.role, admins)
    if wrong:
        return wrong
    await store.delete_member(here, member)
    await store.revoke_all_of(here, found.person_id, found.role, found.issuer_id, act.now)
    await store.withdraw_all_of(here, found.person_id)
    return await act.tell(MemberRemoved(member, found.person_id, found.role))


@command(may="token.create")
async def create_token(act: Act, name: str, permissions: Sequence[str] | None, days: int) -> Made | Refusal:
    """Make a token that acts in one's own role, or with some of its permissions; only its hash is kept.

    What a program makes holds no longer than the program's own token, and is taken back with it.
    """
    giver, here, person = giver_of(act), act.here.tenant_id, act.person
    wrong: Refusal | None = rules.lasting(giver, days)
    limits = rules.limits_of(giver, permissions, act.granted)
    if wrong or isinstance(limits, Refusal) or person is None or act.role is None:
        return wrong or (limits if isinstance(limits, Refusal) else missing())
    if await store.count_tokens(here, person, act.now) >= MOST_TOKENS:
        return enough(f"One person has at most {MOST_TOKENS} tokens here: revoke some.")
    id, secret, ends = new_id(), make_token(), act.now + timedelta(days=days)
    if act.token is not None:
        last = await store.maker_ends(here, act.token)
        if last is None:
            return missing()
        ends = min(ends, last)
    grant = Grant(person, here, act.role, act.issuer_id)
    await store_token(secret, grant, act.now, ends, id)
    await list_token(id, grant, name, act.now, ends, limits, act.token)
    return Made(await act.tell(TokenCreated(id)), secret)


@command(may="token.revoke")
async def revoke_token(act: Act, token: UUID) -> TokenRevoked | Refusal:
    """Take a token back, with those that it made; they open nothing from then on. Done twice, it is done."""
    here, person = act.here.tenant_id, act.person
    owner = await store.owner_of_token(here, token)
    giver = giver_of(act)
    if owner is None or person is None or not rules.may_revoke(giver, person, owner, giver.permissions):
        return missing()
    revoked = TokenRevoked(token)
    return await act.tell(revoked) if await store.revoke(here, token, act.now) else revoked


async def _flooding(act: Act, address: str) -> Refusal | None:
    """Refuse more letters than anybody sends, or gets, within a day; those that are sent again count too."""
    by_person, to_address = await store.count_letters(act.here.tenant_id, act.person, address, act.now)
    if by_person >= MOST_INVITED:
        return enough(f"At most {MOST_INVITED} invitations are sent by one person within a day.")
    if to_address >= MOST_LETTERS:
        return enough(f"At most {MOST_LETTERS} invitations go to one address within a day.", "address")
    return None

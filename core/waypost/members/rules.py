"""What may be given to whom. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from waypost.access.memberships import STRENGTH
from waypost.access.permissions import (
    ISSUER_ROLES,
    LEARNER,
    NATIONAL_ROLE,
    PERMISSIONS,
    Granted,
    issuer_scoped,
    permissions_of,
    permits,
)
from waypost.refusal import Invalid, Refusal

ADMIN: Final = "city-admin"
GIVEN: Final = tuple(role for role in STRENGTH if role != LEARNER)
INVITED_FOR: Final = timedelta(days=14)
MOST_DAYS: Final = 366
USUAL_DAYS: Final = 90


@dataclass(frozen=True, kw_only=True)
class MoreThanYours(Refusal):
    """Nobody gives what they have not."""


@dataclass(frozen=True, kw_only=True)
class LastAdmin(Refusal):
    """Somebody must be able to administer the city."""


@dataclass(frozen=True, kw_only=True)
class InvitationOver(Refusal):
    """It was accepted or withdrawn, or its time is over."""


@dataclass(frozen=True)
class Giver:
    """Who gives a role: with which role of their own, for which issuer, kept to which permissions."""

    role: str | None
    issuer_id: UUID | None = None
    limits: frozenset[str] | None = None

    @property
    def permissions(self) -> frozenset[str]:
        """What they may do themselves."""
        return permissions_of(self.role, self.limits)


def fitting(role: str, issuer: UUID | None) -> Invalid | None:
    """Refuse what is no role of a member, a role of an issuer without one, and one of the city with one."""
    if role not in GIVEN:
        return Invalid(message=f'"{role}" is none of {", ".join(GIVEN)}.', path=("role",))
    if (issuer is not None) != (role in ISSUER_ROLES):
        only = ", ".join(sorted(ISSUER_ROLES))
        return Invalid(message=f"Name an issuer for {only}, and for no other role.", path=("issuer",))
    return None


def giving(giver: Giver, role: str, issuer: UUID | None) -> MoreThanYours | None:
    """Refuse to give, change or take away a role that may more than the giver, or for another issuer."""
    if not permissions_of(role) <= giver.permissions:
        return MoreThanYours(message=f"A {giver.role} cannot make anybody {role}.", path=("role",))
    if issuer_scoped(giver.role) and issuer != giver.issuer_id:
        return MoreThanYours(message=f"A {giver.role} gives roles of its own issuer only.", path=("issuer",))
    return None


def leaving(role: str, admins: int, *, becomes: str | None = None) -> LastAdmin | None:
    """Refuse to take the role of the last of so many who administer a city."""
    if role != ADMIN or becomes == ADMIN or admins > 1:
        return None
    return LastAdmin(message="This is the last city-admin: make somebody else one first.", path=("member",))


def open_until(state: str, expires_at: datetime, now: datetime) -> InvitationOver | None:
    """Refuse an invitation that was used or withdrawn, or is too old."""
    if state == "open" and now < expires_at:
        return None
    return InvitationOver(message="This invitation was accepted or withdrawn, or is too old: ask for another.")


def limits_of(
    giver: Giver, wanted: Sequence[str] | None, granted: Iterable[Granted] = ()
) -> frozenset[str] | Refusal | None:
    """The permissions that a new token is kept to, None for all of the role; it may never do more than its maker.

    `granted` are the permissions of plugins that there are here beside the core's.
    """
    if wanted is None:
        return giver.limits
    known = {**dict.fromkeys(PERMISSIONS), **{str(each): each for each in granted}}
    for index, name in enumerate(wanted):
        if name not in known:
            return Invalid(message=f'There is no permission "{name}".', path=("permissions", str(index)))
        if not permits(giver.role, known[name] or name, giver.limits):
            return MoreThanYours(message=f"You may not do that yourself ({name}).", path=("permissions", str(index)))
    return frozenset(wanted)


def lasting(giver: Giver, days: int) -> Invalid | None:
    """Refuse a token that lives too long, and one of whoever has no membership behind it."""
    if giver.role == NATIONAL_ROLE:
        return Invalid(message="Tokens of operators are made by `waypost token create --national`.")
    if not 1 <= days <= MOST_DAYS:
        return Invalid(message=f"A token lives from 1 to {MOST_DAYS} days.", path=("days",))
    return None


def may_revoke(giver: Giver, person: UUID, owner: UUID, permissions: Collection[str]) -> bool:
    """Whether somebody takes back a token: everybody their own, who may remove members of the city anybody's."""
    return person == owner or ("member.remove" in permissions and not issuer_scoped(giver.role))

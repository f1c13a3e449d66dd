"""Who acts: makes the act for who asks, inside the tenant's transaction, or refuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from typing_extensions import override

from waypost.access.memberships import Held, held_here, speaking
from waypost.access.permissions import NATIONAL_ROLE, Granted, permits
from waypost.access.tokens import MEMBER_SQL
from waypost.db import City, act_as, fetchval
from waypost.outbox import Act, Event, Submission, Verdict
from waypost.outbox.linting import Rule
from waypost.outbox.submission import Ask
from waypost.refusal import Refusal, Refused, missing
from waypost.tenancy.entries import Here

if TYPE_CHECKING:
    from uuid import UUID

    from waypost.db import Database

    from .request import Asker, Request

E = TypeVar("E", bound=Event)
Follower = Callable[[Act, Event], Awaitable[None]]
# Asks the plugins of these names whether something may be submitted.
Object = Callable[[Iterable[str], Submission], Awaitable[Verdict]]
# Finds the rules, and the permissions, of the plugins of these names.
Rules = Callable[[Iterable[str]], tuple[Rule, ...]]
Grants = Callable[[Iterable[str]], tuple[Granted, ...]]

STRANGER: Final = Refused(
    code="UNAUTHENTICATED", message="Only who has signed in may write: send a token of this city."
)
FOREIGN: Final = Refused(code="FORBIDDEN", message="This token belongs to another city; write there.")
KEPT: Final = Refused(
    code="FORBIDDEN", message="This token is kept to some permissions, and does not act for the person itself."
)
ENDED: Final = Refused(code="FORBIDDEN", message="The membership behind this token has ended.")
CLOSED: Final = Refused(
    code="CITY_CLOSED", message="This city has left: it can be read, and nothing is written any more."
)


@dataclass(frozen=True)
class FollowedAct(Act):
    """An act whose events bring further rows of the tenant up to date, in the same transaction.

    `vetoes` asks the tenant's plugins whether something may be submitted.
    """

    followers: tuple[Follower, ...] = ()
    vetoes: Ask | None = None

    @override
    async def ask(self, submission: Submission) -> Verdict:
        """Ask the plugins of the tenant."""
        return await super().ask(submission) if self.vetoes is None else await self.vetoes(submission)

    @override
    async def tell(self, event: E) -> E:
        """Write the event, then what follows from it."""
        told = await super().tell(event)
        for follow in self.followers:
            await follow(self, told)
        return told


@dataclass(frozen=True)
class Begin:
    """Begins acts. `followers` are told of each event before the act is over; `vetoes` asks a tenant's plugins.

    `rules` finds what they add to the rules for the words of badges, `granted` the permissions that they bring.
    """

    followers: tuple[Follower, ...] = ()
    vetoes: Object | None = None
    rules: Rules | None = None
    granted: Grants | None = None

    async def __call__(self, request: Request, tenant: UUID, own: bool = False) -> Act | Refusal:
        """Make the asker's act in the tenant, whose City transaction has begun.

        `own` says that somebody acts for themselves: in any city, whatever city their token is of, and with no role.
        Refused with the codes UNAUTHENTICATED, FORBIDDEN (another city's token, or one whose membership has ended),
        NOT_FOUND (no such tenant) and CITY_CLOSED.
        """
        asker = request.asker
        if asker.person is None:
            return STRANGER
        if not own and asker.tenant not in {None, tenant}:
            return FOREIGN
        home = request.services.directory.by_id(tenant)
        if home is None:
            return missing()
        if not home.is_open:
            return CLOSED
        if own and asker.limits is not None:
            return KEPT
        if own:
            return FollowedAct(Here.of(home), asker.person, None, None, request.now, followers=self.followers)
        held = await _held(asker, asker.person, tenant)
        if held is None:
            return ENDED
        if held.role != asker.role:  # a session's, on the national graph
            await act_as(held.role)
        who = (asker.person, held.role, held.issuer_id, request.now)
        vetoes = None if self.vetoes is None else partial(self.vetoes, home.plugins)
        rules = () if self.rules is None else self.rules(home.plugins)
        granted = () if self.granted is None else self.granted(home.plugins)
        here, token = Here.of(home), asker.token
        return FollowedAct(here, *who, asker.limits, rules, granted, self.followers, vetoes, token=token)


async def may_in(database: Database, request: Request, tenant: UUID, permission: str) -> bool:
    """Whether the asker has a permission in a tenant, asked in a transaction of its own before an act."""
    asker = request.asker
    if asker.person is None or asker.tenant not in {None, tenant}:
        return False
    async with database.transaction(City(tenant, quiet=True)):
        held = await _held(asker, asker.person, tenant)
    return held is not None and permits(held.role, permission, asker.limits)


async def _held(asker: Asker, person: UUID, tenant: UUID) -> Held | None:
    """The role that acts here: a session's is found anew, a token is worth no more than the membership behind it."""
    if asker.session:
        return speaking(await held_here(tenant, person), asker.wish)
    if asker.tenant is None:
        return Held(NATIONAL_ROLE) if asker.role == NATIONAL_ROLE else None
    is_member = await fetchval(MEMBER_SQL, tenant, person, asker.role, asker.issuer)
    return Held(asker.role, asker.issuer) if is_member and asker.role else None

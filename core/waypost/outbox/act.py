"""Acts: who does something where and when, what happened, and whether they may."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Concatenate, Final, Generic, ParamSpec, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from waypost.access.permissions import Granted, issuer_scoped, must_exist, permits, words_of
from waypost.outbox.linting import Rule
from waypost.outbox.submission import Submission, Verdict
from waypost.refusal import Refusal
from waypost.tenancy.entries import Here
from waypost.tenancy.telling import Told, tell_all

P = ParamSpec("P")
R = TypeVar("R")
E = TypeVar("E", bound="Event")

OWN: Final = "own"  # in the place of a permission: whoever has signed in may do it for themselves

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class Forbidden(Refusal):
    """The asker has not the permission, or has it for another issuer only."""

    permission: str = ""


@dataclass(frozen=True, kw_only=True)
class CityClosed(Refusal):
    """The tenant has left: its documents are served for ever, and nothing changes any more."""


@dataclass(frozen=True)
class Event:
    """Something that happened to one object: ids and facts, never names or addresses.

    A subclass is one kind of happening and named by it: `BadgePublished(badge, number)` has the type
    `badge.published` and the object type `Badge`; its first field is the object's id, the others are data. A type of
    several words stands in `about`.
    """

    about: ClassVar[str] = ""

    @property
    def type(self) -> str:
        """The name under which the outbox tells it: the object, a dot, what happened."""
        thing = self.object_type
        happened = self.__class__.__name__.removeprefix(thing)
        return f"{'-'.join(_HUMP.split(thing))}.{'-'.join(_HUMP.split(happened))}".lower()

    @property
    def object_type(self) -> str:
        """The type of the object it happened to, as in the graph."""
        return self.about or _HUMP.split(self.__class__.__name__)[0]

    @property
    def object_id(self) -> UUID:
        """The object it happened to."""
        id: UUID = getattr(self, dataclasses.fields(self)[0].name)
        return id

    def data(self) -> dict[str, Any]:
        """The other fields, by name."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)[1:]}


@dataclass(frozen=True)
class Act:
    """Who does something, where and when. Lives as long as one City transaction.

    `person` and `role` are None where nobody signed in; `issuer_id` is set for roles that speak for one
    issuer; `now` is the one time of the act, with its zone. `limits` are the permissions that a token is kept to,
    `token` is that token, None where a person acts. `rules` are what the tenant's plugins ask of the words of badges,
    `granted` the permissions that they bring. `asked` holds the permissions that were asked for and had.
    """

    here: Here
    person: UUID | None
    role: str | None
    issuer_id: UUID | None
    now: datetime
    limits: frozenset[str] | None = None
    rules: tuple[Rule, ...] = ()
    granted: tuple[Granted, ...] = ()
    token: UUID | None = field(default=None, kw_only=True)
    asked: list[str] = field(default_factory=list, kw_only=True, compare=False, repr=False)

    @property
    def today(self) -> date:
        """The date on the tenant's calendars."""
        return self.now.astimezone(ZoneInfo(self.here.timezone)).date()

    def may(self, permission: str, issuer_id: UUID | None = None) -> Forbidden | CityClosed | None:
        """Refuse what the role does not allow, and everything in a closed tenant.

        `issuer_id` is the issuer whose object is meant: roles that speak for one issuer are refused on
        objects of others. Without it only the role is asked.
        """
        if not self.here.is_open:
            return CityClosed(message=f'"{self.here.slug}" is closed: it can be read, not changed.')
        if not permits(self.role, permission, self.limits):
            who = f"{self.role} may not" if self.role else "Only who has signed in may"
            who = "This token may not" if permits(self.role, permission) else who
            words = f"{who}: {words_of(permission)} ({permission})"
            return Forbidden(message=words, permission=permission)
        if issuer_id is not None and issuer_scoped(self.role) and issuer_id != self.issuer_id:
            words = f"{self.role} may do this for its own issuer only ({permission})."
            return Forbidden(message=words, permission=permission)
        self.asked.append(permission)
        return None

    def own(self) -> Forbidden | CityClosed | None:
        """Refuse strangers, and everything in a closed tenant: what people do for themselves asks for no more."""
        if not self.here.is_open:
            return CityClosed(message=f'"{self.here.slug}" is closed: it can be read, not changed.')
        if self.person is None:
            return Forbidden(message="Only who has signed in may do this.", permission=OWN)
        self.asked.append(OWN)
        return None

    async def ask(self, submission: Submission) -> Verdict:
        """Ask whoever may object to a submission; where nothing is plugged in, nobody does."""
        del submission
        return Verdict()

    async def tell(self, event: E) -> E:
        """Write an event in the current transaction, so that it is told if and only if the act holds."""
        data = orjson.dumps(event.data(), default=_plain).decode()
        told = Told(event.type, event.object_type, event.object_id, data)
        await tell_all(self.here.tenant_id, [told], self.now, self.person)
        return event


@dataclass(frozen=True)
class Command(Generic[P, R]):
    """An act's function together with the permission it asks for."""

    act: Callable[Concatenate[Act, P], Awaitable[R]]
    may: str

    @property
    def name(self) -> str:
        """The function's name."""
        return self.act.__name__

    async def __call__(self, act: Act, /, *args: P.args, **kwargs: P.kwargs) -> R | Forbidden | CityClosed:
        """Do it, or refuse: with Forbidden what the asker's role does not allow, with CityClosed everything there."""
        refusal = act.own() if self.may == OWN else act.may(self.may)
        if refusal:
            return refusal
        return await self.act(act, *args, **kwargs)


def command(*, may: str) -> Callable[[Callable[Concatenate[Act, P], Awaitable[R]]], Command[P, R]]:
    """Declare a command and its permission: one of PERMISSIONS, a plugin's, or OWN. Raises ValueError for any other.

    For roles that speak for one issuer the command itself asks `act.may(permission, issuer_id)` as soon as
    it knows whose object it is about.
    """
    if may != OWN:
        must_exist(may)

    def declare(act: Callable[Concatenate[Act, P], Awaitable[R]]) -> Command[P, R]:
        return Command(act, may)

    return declare


def _plain(value: object) -> str:
    """Write what JSON has no type for; orjson knows times itself, and ids unless they come from the database."""
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError(f"an event holds {type(value).__name__}, which cannot be written as JSON")

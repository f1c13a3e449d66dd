"""What the core and an issuing platform's connector say to each other: the seam of connectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from waypost.outgoing import Outgoing

T = TypeVar("T")


class IssueState(StrEnum):
    """Where what was issued stands on the platform. That it expires is told by its date, not by a state."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVOKED = "revoked"
    REPLACED = "replaced"


LIVE = frozenset({IssueState.PENDING, IssueState.ACCEPTED})


@dataclass(frozen=True)
class Template:
    """A badge as the platform keeps it: `state` is draft, active or archived; only an active one is issued.

    `duplicates`: the platform lets one earner have it more than once, and so does not refuse a second by mistake.
    """

    id: str
    name: str
    state: str
    duplicates: bool
    url: str | None = None


@dataclass(frozen=True)
class Issued:
    """What the platform says of one badge that it gave.

    `earner` and `reference` are those of the order, where the platform keeps them; `replaced_by` is the id of what
    took its place.
    """

    id: str
    template: str
    state: IssueState
    earner: str | None = None
    reference: str | None = None
    url: str | None = None
    replaced_by: str | None = None
    changed_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Order:
    """What is to be given to whom.

    `earner` is who earns it, the same for all that one account gives them; `reference` is this one giving. Both say
    nothing about the person. `expires_at` None: it holds for ever. `language` is a tag such as `en` or `cy`.
    """

    template: str
    reference: str
    earner: str
    address: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime | None = None
    language: str = "en"
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sought:
    """What to look for; None: any."""

    template: str | None = None
    earner: str | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    """A part of a long list; `next` is what asks for the following part, None at the end."""

    items: Sequence[T]
    next: str | None = None


@dataclass(frozen=True)
class Figure:
    """How often a template was given, and what became of that, as the platform counts it."""

    template: str
    issued: int
    accepted: int = 0
    pending: int = 0
    rejected: int = 0
    revoked: int = 0


@dataclass(frozen=True)
class Hint:
    """What a call from outside claims: that something happened, under the platform's `id` of it.

    `account` is the value of the connector's `identity` in the settings of the account that is meant. Nothing of it
    is believed.
    """

    id: str
    account: str


@dataclass(frozen=True)
class Access:
    """An issuing account, opened for one call: its settings, its secrets by the keys of the settings, the way out."""

    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    outgoing: Outgoing = field(repr=False)
    now: datetime


class ConnectorError(Exception):
    """Why a platform did not do what it was asked; the words name no person.

    `after_s`: after how many seconds it wants to be asked again, where it says.
    """

    after_s: float | None = None


class Unauthorised(ConnectorError):
    """The account's secret is not, or no longer, good for this."""


class NotFound(ConnectorError):
    """What the call was about is not there."""


class Invalid(ConnectorError):
    """The platform does not take it: `fields` has the words by the platform's names, as far as it names any."""

    def __init__(self, message: str, fields: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields: Mapping[str, Sequence[str]] = fields or {}


class Throttled(ConnectorError):
    """Too much was asked; nothing was done. Again after so many seconds, None: the platform does not say."""

    def __init__(self, words: str, after_s: float | None = None) -> None:
        super().__init__(words)
        self.after_s = after_s


class Unavailable(ConnectorError):
    """The platform does not work just now; nothing was done. Again after so many seconds, if it says."""

    def __init__(self, words: str, after_s: float | None = None) -> None:
        super().__init__(words)
        self.after_s = after_s


class Doubtful(ConnectorError):
    """Whether it was done is not known: the answer was lost, late or none."""


class Connector(Protocol):
    """An issuing platform, as its plugin knows it.

    It keeps nothing: everything comes with the call. Each operation raises a `ConnectorError`; whatever else it
    raises counts as `Doubtful`. It never tries again by itself.
    """

    @property
    def name(self) -> str:
        """How accounts name the platform: `credly`."""

    @property
    def title(self) -> str:
        """How people call it."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """JSON Schema of an account's settings; secrets have the format `secret`, and are named there.

        What does not say where at the platform the account is, is marked with `place: false`: it can be changed where
        something was given.
        """

    @property
    def identity(self) -> str:
        """The key of the settings that says which account of the platform's it is."""

    @property
    def idempotent(self) -> bool:
        """Whether an order that comes twice under one reference is done once."""

    async def issue(self, access: Access, order: Order) -> Issued:
        """Give a badge. `Invalid` where the template is not active, or the earner has it and may not have two."""

    async def replace(self, access: Access, id: str, order: Order) -> Issued:
        """Give a badge in the place of another; answers the new one."""

    async def revoke(self, access: Access, id: str, reason: str) -> Issued:
        """Take a badge back. `Invalid` for one that cannot be: a replaced one."""

    async def read(self, access: Access, id: str) -> Issued:
        """Read one badge that was given."""

    async def find(self, access: Access, sought: Sought, after: str | None = None) -> Page[Issued]:
        """List badges that were given, whatever has become of them; `after` is `next` of the page before."""

    async def templates(self, access: Access, after: str | None = None) -> Page[Template]:
        """List the account's templates in all states."""

    async def analytics(self, access: Access, template: str) -> Figure:
        """Count what was given of one template."""


@runtime_checkable
class Hinted(Protocol):
    """A connector whose platform calls when something happens."""

    def hint(self, body: bytes) -> Hint:
        """Read a call. Raises ValueError for what is none of the platform's."""

    async def hinted(self, access: Access, hint: Hint) -> Issued | None:
        """Read through the platform what a hint is about; None where it is about no badge that was given."""

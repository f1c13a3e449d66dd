"""What feeds from outside are made of: how a plugin brings a kind of feed, and what it makes of each item."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from waypost.tenancy.entries import Cost

__all__ = [
    "Asked",
    "BadItem",
    "Cost",
    "FeedClient",
    "FeedFault",
    "FeedItem",
    "FeedKind",
    "FeedPlace",
    "FeedProvider",
    "Page",
    "Unused",
]

# Codes of faults that end a walk, with what they mean.
FAULTS: Final[Mapping[str, str]] = {
    "FEED_ANSWERED": "The feed answered with an error's status.",
    "FEED_BACKWARDS": "The feed goes backwards in time.",
    "FEED_ELSEWHERE": "The feed leads to another host than its own.",
    "FEED_EMPTY": "The feed has nothing at all, and had something before.",
    "FEED_ENDLESS": "The feed has no end: too many pages, too many empty ones, or too many calls for one.",
    "FEED_HEADERS": "The plugin has a header that cannot be sent.",
    "FEED_HTML": "The feed answered a page for people.",
    "FEED_KEY_REFUSED": "The server does not take the feed's key.",
    "FEED_LOOPS": "The feed leads back to a page that was read already.",
    "FEED_MALFORMED": "The feed is no JSON, or JSON of another shape.",
    "FEED_REPEATS": "The feed has the same items on several pages.",
    "FEED_SETTINGS": "The city's settings of the feed cannot be used.",
    "FEED_SHORT": "The feed has fewer items than it says.",
    "FEED_SHRANK": "The feed says of fewer items than a page before.",
    "FEED_TOO_LARGE": "A page of the feed is too large, or is so with all that belongs to it.",
    "FEED_UNREACHED": "The feed could not be reached for days, or its plugin kept failing.",
}


class FeedFault(Exception):
    """The feed as a whole cannot be used: the walk ends with this problem, and what was there before stays.

    `code` is one of `FAULTS`; `where` a place such as the address of the page.
    """

    def __init__(self, code: str, words: str, where: str | None = None) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.where = where


class BadItem(ValueError):
    """An item that cannot be used: it becomes a problem of the job, and the others are none the worse.

    `where` leads into the item, such as `schedules[0].byday`.
    """

    def __init__(self, words: str, where: str | None = None, code: str = "ITEM_UNUSABLE") -> None:
        super().__init__(words)
        self.words = words
        self.where = where
        self.code = code


@dataclass(frozen=True)
class Unused:
    """A part of an item that was left out: where it stood, and why."""

    where: str
    words: str
    code: str = "PART_NOT_USED"


@dataclass(frozen=True)
class FeedPlace:
    """Where an item is. Without a point it is found by its postcode; without either it cannot be used."""

    source_id: str
    name: str
    latitude: float | None = None
    longitude: float | None = None
    postcode: str | None = None
    address: str | None = None
    kind: str = "other"
    accessibility: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeedProvider:
    """Who offers an item, as the feed names them; the city's settings say which issuer that is."""

    source_id: str
    name: str


@dataclass(frozen=True)
class FeedItem:
    """One thing to do, as a feed says it.

    `source_id` is the feed's own, and stays the same as long as the thing does. Times without a zone are on the
    city's clocks; `recurrence` is an RRULE of RFC 5545. `kinds` are the feed's own words for what it is, which the
    settings map to one of ours; `kind` is one of ours, where the feed says that. It is at a `place`, or at a point in
    degrees that is none, or online. `deleted` items need only their id.
    """

    source_id: str
    title: str = ""
    summary: str = ""
    kind: str | None = None
    kinds: tuple[str, ...] = ()
    provider: FeedProvider | None = None
    place: FeedPlace | None = None
    latitude: float | None = None
    longitude: float | None = None
    online: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    recurrence: str | None = None
    apply_by: datetime | None = None
    capacity: int | None = None
    cost: Cost = field(default_factory=Cost)
    age_min: int | None = None
    age_max: int | None = None
    accessibility: tuple[str, ...] = ()
    url: str | None = None
    contact_url: str | None = None
    licence: str | None = None
    attribution: str | None = None
    modified: datetime | None = None
    deleted: bool = False
    unused: tuple[Unused, ...] = ()


class FeedClient(Protocol):
    """The platform's own client: it calls the feed's host alone, bounded in bytes and time, and reads JSON.

    A server that asks for patience (429 and 503, `Retry-After`) gets it: the walk goes on later from this very page.
    Everything else that is no JSON raises `FeedFault`. `headers` are for keys. They go to the feed's own scheme, host
    and port alone: whatever leads elsewhere, also by a redirect, is a fault and is not called. Where a server repeats a
    secret, what it answered is given without it.
    """

    async def page(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
        """The page that is asked for: conditional (ETag), so that a page that stayed the same is not read again."""

    async def more(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
        """What belongs to the page beside it: once for each item that its lists name, and some 500 times besides."""


@dataclass(frozen=True)
class Asked:
    """What a page is pulled with: the feed's address, the city's settings of it, the client, and the cursor.

    `cursor` is JSON of the plugin's own, as the page before gave it; None is the beginning. `secrets` are those that
    the settings name, by the keys of the settings, opened for this walk.
    """

    url: str
    settings: Mapping[str, Any]
    client: FeedClient
    cursor: Any = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Page:
    """One page: its items as they came, and where it goes on.

    `next` None is the end. The next walk begins with `resume`, None being the beginning. `total` is how many items
    the whole walk has, where the feed says so. `at` is how far in time a feed has come that is in order of time.
    `place` is what its items are called in problems.
    """

    items: Sequence[Any]
    next: Any = None
    total: int | None = None
    resume: Any = None
    at: datetime | None = None
    place: str = "items"


@dataclass(frozen=True)
class FeedKind:
    """A kind of feed: how its pages are pulled, and (purely) what its items mean.

    `read` is given an item as it came and the city's settings of the feed; it answers one or more items, or raises
    `BadItem`. Several items of one thing outside have its id before an `@` in theirs. `name` carries the plugin's
    prefix. `whole` False is for feeds that tell of changes only; else what a walk from the beginning to the end does
    not name has vanished, and is closed.
    """

    name: str
    pull: Callable[[Asked], Awaitable[Page]]
    read: Callable[[Any, Mapping[str, Any]], Iterable[FeedItem]]
    whole: bool = True

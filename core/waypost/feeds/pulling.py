"""Pulls the pages of a walk, and sees whether they lead to an end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

import orjson

from waypost.feeds.rules import YEARS, digest_of
from waypost.outbox.feeding import FeedFault, Page

MOST_PAGES: Final = 100_000
MOST_ITEMS: Final = 2_000_000
MOST_ON_A_PAGE: Final = 20_000
MOST_EMPTY: Final = 100  # pages one after the other
LONGEST_CURSOR: Final = 20_000


@dataclass(frozen=True)
class Pulled:
    """A page with its cursor. `kept` is what it held when it was read last, where it has not been modified since."""

    cursor: Any
    page: Page
    etag: str | None = None
    url: str = ""
    kept: Mapping[str, Any] | None = None

    @property
    def count(self) -> int:
        """How many items it has."""
        return len(self.page.items) if self.kept is None else int(self.kept["count"])


def page_of(pulled: object) -> Page:
    """What a plugin pulled, if it is a page in all its parts. Raises `FeedFault`."""
    if not isinstance(pulled, Page):
        raise FeedFault("FEED_MALFORMED", f"the plugin made {type(pulled).__name__} of a page")
    if not isinstance(pulled.items, list | tuple):
        raise FeedFault("FEED_MALFORMED", f"{pulled.place} is no list", pulled.place)
    if len(pulled.items) > MOST_ON_A_PAGE:
        raise FeedFault("FEED_TOO_LARGE", f"more than {MOST_ON_A_PAGE} items on one page", pulled.place)
    if pulled.total is not None and (isinstance(pulled.total, bool) or not isinstance(pulled.total, int)):
        raise FeedFault("FEED_MALFORMED", "its total is no whole number")
    if pulled.total is not None and not 0 <= pulled.total <= MOST_ITEMS:
        raise FeedFault("FEED_ENDLESS", f"it says of {pulled.total} items; at most {MOST_ITEMS} are read")
    try:
        cursors = orjson.dumps([pulled.next, pulled.resume])
    except orjson.JSONEncodeError as error:
        raise FeedFault("FEED_MALFORMED", f"its cursor is no JSON: {error}") from error
    if len(cursors) > LONGEST_CURSOR:
        raise FeedFault("FEED_MALFORMED", f"its cursor is longer than {LONGEST_CURSOR} bytes")
    return pulled


def kept_of(page: Page, pulled_from: str, ids: list[str], places: list[str]) -> dict[str, Any]:
    """What is kept of a page, so that it need not be read again while it stays the same."""
    at = page.at.isoformat() if page.at else None
    return {
        "next": page.next,
        "resume": page.resume,
        "total": page.total,
        "at": at,
        "count": len(page.items),
        "ids": ids,
        "places": places,
        "url": pulled_from,
    }


def page_kept(kept: Mapping[str, Any]) -> Page:
    """A page that was not modified, without its items."""
    at = datetime.fromisoformat(kept["at"]) if kept["at"] else None
    return Page((), next=kept["next"], resume=kept["resume"], total=kept["total"], at=at)


@dataclass
class Course:
    """How a walk goes; what it has seen is forgotten with the process, and seen again soon enough where it loops.

    `pages`, `items`, `total` and `came_to` are where it stands.
    """

    pages: int = 0
    items: int = 0
    total: int | None = None
    came_to: datetime | None = None
    whole: bool = True
    empty: int = 0
    _cursors: set[str] = field(default_factory=set)
    _contents: set[bytes] = field(default_factory=set)

    def go(self, pulled: Pulled) -> None:
        """Take a page. Raises `FeedFault` where it does not lead on, or not forward."""
        page = pulled.page
        self._cursors.add(digest_of(pulled.cursor))
        if page.next is not None and digest_of(page.next) in self._cursors:
            raise FeedFault("FEED_LOOPS", "the next page is one that was read already")
        self._look_at_contents(pulled)
        self.empty = 0 if pulled.count else self.empty + 1
        self.pages, self.items = self.pages + 1, self.items + pulled.count
        if page.next is not None and (self.pages > MOST_PAGES or self.items > MOST_ITEMS or self.empty > MOST_EMPTY):
            raise FeedFault("FEED_ENDLESS", f"there is no end after {self.pages} pages with {self.items} items")
        self._look_at_total(page)
        self._look_at_time(page)

    def _look_at_contents(self, pulled: Pulled) -> None:
        if not pulled.page.items:
            return
        try:
            content = blake2b(orjson.dumps(pulled.page.items), digest_size=16).digest()
        except orjson.JSONEncodeError:
            return  # made by the plugin; cursors are looked at all the same
        if content in self._contents:
            raise FeedFault("FEED_REPEATS", f"page {self.pages + 1} has the very items of a page before")
        self._contents.add(content)

    def _look_at_total(self, page: Page) -> None:
        if page.total is None:
            return
        if self.whole and self.total is not None and page.total < self.total:
            words = f"it said of {self.total} items, and on page {self.pages} of {page.total}"
            raise FeedFault("FEED_SHRANK", words)
        self.total = page.total

    def _look_at_time(self, page: Page) -> None:
        if page.at is None or page.at.year not in YEARS:
            return
        at = page.at if page.at.tzinfo else page.at.replace(tzinfo=UTC)
        if self.came_to is not None and at < self.came_to:
            raise FeedFault("FEED_BACKWARDS", f"it had come to {self.came_to}, and goes back to {at}")
        self.came_to = at

    def end(self, had: int) -> None:
        """The last page was taken; `had` is how many rows there are from before. Raises `FeedFault`."""
        if not self.whole:
            return
        if self.total is not None and self.items < self.total:
            raise FeedFault("FEED_SHORT", f"it says of {self.total} items and has {self.items}")
        if self.items == 0 and had:
            raise FeedFault("FEED_EMPTY", f"it has nothing; {had} items that came before stay as they are")

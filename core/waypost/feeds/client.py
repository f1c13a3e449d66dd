"""The client that feeds are read with: one host, bounded in bytes and time, JSON and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import orjson

from waypost.feeds.veil import Veil
from waypost.outbox.feeding import FeedFault
from waypost.outgoing import Answered, AnswerTooLarge, CallFailed, Outgoing, TargetRefused

TIMEOUT_S: Final = 30.0
MOST_BYTES: Final = 8_000_000  # a page; a hundred services with all their parts are a tenth of that
MOST_REDIRECTS: Final = 3
MOST_CALLS: Final = 500  # for one page, and for what belongs to it besides one call for each of its items
MOST_BESIDE: Final = 20_000  # of such calls more: as many items as a page may have
MOST_TOGETHER_BYTES: Final = 80_000_000  # a page with all that belongs to it
REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
REFUSED: Final = frozenset((401, 403))
BUSY: Final = frozenset((408, 425, 429, 500, 502, 503, 504))
LONGEST_WAIT_S: Final = 86_400.0
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"  # which some servers write before their JSON
PORTS: Final = {"https": 443, "http": 80}
NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token of RFC 9110
VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?")  # printable, without space around it
# What belongs to the connection, and what the client says itself: where, how it is read, and whether it changed.
NOT_THEIRS: Final = frozenset(
    ("connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization")
) | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "accept-encoding", "if-none-match"}


class NotNow(Exception):
    """The feed cannot be had now; `after_s` is what it asked for (`Retry-After`), None where it did not say."""

    def __init__(self, words: str, after_s: float | None = None) -> None:
        super().__init__(words)
        self.after_s = after_s


class NotModified(Exception):
    """The page is as it was when it had the ETag that was sent."""


@dataclass
class Client:
    """Reads the pages of one feed; made anew for every page.

    `origin` is the feed's own address: no other host is called. `known` gives the ETag that the page asked for had
    when it was read last, if any; `etag` is the one that it has now, and `called` the address. `veil` covers the
    feed's secrets, if it has any, in all that is told and kept.

    A page may take one call for each thing that its lists name, as where a directory lists its services in short, and
    a bounded number besides. So whatever goes on for ever comes to an end, and a long page comes to its own.
    """

    outgoing: Outgoing
    origin: str
    known: Mapping[str, str] = field(default_factory=dict)
    now: datetime | None = None
    veil: Veil = field(default_factory=Veil)
    etag: str | None = None
    called: str = ""
    pages: int = 0
    beside: int = 0
    may: int = MOST_CALLS  # calls for what belongs to the page; grows with what its lists name
    bytes: int = 0

    async def page(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
        """Read the page that is asked for; raises `NotModified`, `NotNow`, `FeedFault`."""
        self.pages += 1
        _ends(self.pages, MOST_CALLS, url)
        if self.called:  # a page that is made of several calls changes with any of them
            return self._named(await self._other(url, headers))
        self.called = self.veil.text(url)
        tag = self.known.get(self.called)
        answered = await self._get(url, headers, tag)
        if answered.status == 304 and tag is not None:
            raise NotModified
        etag = answered.headers.get("etag", "")
        self.etag = etag if etag and self.veil.text(etag) == etag else None
        return self._named(self.veil.json(_json(answered, url)))

    async def more(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
        """Read what belongs to the page beside it, None where that is gone; raises `NotNow`, `FeedFault`."""
        self.beside += 1
        _ends(self.beside, self.may, url)
        return await self._other(url, headers, frozenset({404, 410}))

    def _named(self, found: Any) -> Any:
        """Allow a call for each thing that a page names."""
        self.may = min(self.may + _things_in(found), MOST_CALLS + MOST_BESIDE)
        return found

    async def _other(self, url: str, headers: Mapping[str, str] | None, gone: frozenset[int] = frozenset()) -> Any:
        # What is read beside a page may change without it.
        self.known = {}
        answered = await self._get(url, headers, gone=gone)
        self.etag = None
        return None if answered.status in gone else self.veil.json(_json(answered, url))

    async def _get(
        self, url: str, headers: Mapping[str, str] | None, tag: str | None = None, gone: frozenset[int] = frozenset()
    ) -> Answered:
        theirs = _headers(headers or {})
        self.veil = self.veil.over_credentials(theirs)
        sent = {"accept": "application/json", "user-agent": "Waypost", **theirs}
        if tag is not None:
            sent["if-none-match"] = tag
        for _ in range(MOST_REDIRECTS + 1):
            self._look_at(url)  # before each call, so that no key goes where a redirect leads
            try:
                answered = await self.outgoing.call("GET", url, sent)
            except TargetRefused as error:
                raise FeedFault("FEED_ELSEWHERE", f"{error}", _place(url)) from error
            except AnswerTooLarge as error:
                raise FeedFault("FEED_TOO_LARGE", f"{error}", _place(url)) from error
            except CallFailed as error:
                raise NotNow(str(error)) from error
            if answered.status not in REDIRECTS:
                return self._good(answered, url, gone)
            url = urljoin(url, answered.headers.get("location", ""))
        raise FeedFault("FEED_ANSWERED", f"it was sent on more than {MOST_REDIRECTS} times", _place(url))

    def _look_at(self, url: str) -> None:
        if origin_of(url) != origin_of(self.origin):
            words = f"it leads to {_place(url) or 'nowhere'}, and {_place(self.origin)} alone is called"
            raise FeedFault("FEED_ELSEWHERE", words, _place(url))

    def _good(self, answered: Answered, url: str, gone: frozenset[int]) -> Answered:
        if answered.status in BUSY:
            words = f"{_place(url)} answered {answered.status}"
            raise NotNow(words, wait_s(answered.headers.get("retry-after"), self.now))
        if answered.status in REFUSED and self.veil.hidden:
            words = f"the server does not take the key: it answered {answered.status}; `waypost secrets set` mends it"
            raise FeedFault("FEED_KEY_REFUSED", words, _place(url))
        if answered.status not in {200, 304, *gone}:
            raise FeedFault("FEED_ANSWERED", f"it answered {answered.status}", _place(url))
        self.bytes += len(answered.body)
        if self.bytes > MOST_TOGETHER_BYTES:
            words = f"a page has more than {MOST_TOGETHER_BYTES:,} bytes, with all that belongs to it"
            raise FeedFault("FEED_TOO_LARGE", words, _place(url))
        return answered


def _headers(headers: Mapping[Any, Any]) -> dict[str, str]:
    """A plugin's headers, which nobody has looked at, as they are sent. Raises `FeedFault`, which repeats no value."""
    for name, value in headers.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise FeedFault("FEED_HEADERS", "the plugin has a header whose name is none")
        if name.lower() in NOT_THEIRS:
            raise FeedFault("FEED_HEADERS", f"the header {name} is not the plugin's to send")
        if not isinstance(value, str) or not VALUE.fullmatch(value):
            words = "printable ASCII without line breaks or space around it; is the secret set as it was given?"
            raise FeedFault("FEED_HEADERS", f"what the header {name} would hold must be {words}")
    return {name.lower(): value for name, value in headers.items()}


def _ends(calls: int, most: int, url: str) -> None:
    if calls > most:
        raise FeedFault("FEED_ENDLESS", f"one page took more than {most} calls", _place(url))


def _things_in(found: Any, deep: int = 2) -> int:
    """How many things a page names: the length of its longest list, which may stand in an object or two."""
    if isinstance(found, list):
        return len(found)
    inside = found.values() if deep and isinstance(found, dict) else ()
    return max((_things_in(each, deep - 1) for each in inside), default=0)


def origin_of(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port of an address; None where it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname.lower(), port


def wait_s(said: str | None, now: datetime | None) -> float | None:
    """What `Retry-After` asks for, in seconds and at most a day; None where it says nothing that makes sense."""
    if said is None:
        return None
    if said.strip().isdecimal():
        return min(float(said.strip()[:9]), LONGEST_WAIT_S)
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    if now is None or until.tzinfo is None:
        return None
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT_S)


def _json(answered: Answered, url: str) -> Any:
    body = answered.body.removeprefix(BYTE_ORDER_MARK)
    if answered.headers.get("content-type", "").lower().startswith(("text/html", "application/xhtml")) or (
        body.lstrip()[:1] == b"<"
    ):
        raise FeedFault("FEED_HTML", "it answered a page for people, where JSON was asked for", _place(url))
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise FeedFault("FEED_MALFORMED", f"it answered no JSON: {error}", _place(url)) from error


def _place(url: str) -> str:
    """An address as problems show it: without what follows `?`, where keys may stand.

    It is cut where it is kept, and not here: half a secret would not be covered any more.
    """
    return url.partition("?")[0]

"""Answers that are kept and given again, found by the request's own bytes before anything is parsed.

Only what everybody may see is kept, and only while it is true (see `waypost.graph.keeping`). A request with a token,
a cookie or anything else unusual goes the long way.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from time import monotonic
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waypost.graph import Keep
from waypost.http.replies import Reply

MOST_BYTES: Final = 64_000_000
LARGEST_ANSWER: Final = 1_000_000
LARGEST_REQUEST: Final = 16_000
PATIENCE_S: Final = 0.5
ENTRY_BYTES: Final = 1_500  # what an entry takes beside its bodies, roughly
# What can change the answer, and so is part of the key; and what makes a request go the long way.
TELLING: Final = frozenset((b"host", b"accept", b"accept-language", b"content-type", b"x-forwarded-host"))
UNUSUAL: Final = frozenset((b"authorization", b"cookie", b"content-encoding", b"idempotency-key", b"expect"))
METHODS: Final = frozenset(("GET", "POST"))

Key = tuple[Any, ...]


def key_of(scope: Scope) -> list[Any] | None:
    """What an answer is found by, the body apart; None for what is never kept."""
    if scope["method"] not in METHODS or not scope["path"].endswith("/graphql"):
        return None
    parts = [scope["method"], scope["path"], scope["query_string"]]
    for name, value in scope["headers"]:
        if name in TELLING:
            parts += (name, value)
            if name == b"x-forwarded-host":  # believed from some peers only
                parts.append(scope.get("client"))
        elif name in UNUSUAL or (name == b"content-length" and int(value) > LARGEST_REQUEST):
            return None
    return parts


def etag_of(body: bytes) -> str:
    """The entity tag of a body."""
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer ready to be sent, for as long as it holds."""

    keep: Keep
    start: Message
    body: Message
    etag: bytes
    unchanged: Message
    size: int


class KeptAnswers:
    """The answers that this process keeps, at most so many bytes of them; the longest unused go first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._answers: OrderedDict[Key, Kept] = OrderedDict()
        self.bytes = 0
        self.hits = 0

    def get(self, key: Key, holds: Callable[[Keep], bool]) -> Kept | None:
        """Return the answer to a request if it still holds; one that does not is forgotten."""
        found = self._answers.get(key)
        if found is None:
            return None
        if not holds(found.keep):
            self._forget(key)
            return None
        self._answers.move_to_end(key)
        self.hits += 1
        return found

    def put(self, key: Key, kept: Kept) -> None:
        """Keep an answer."""
        if key in self._answers:
            self._forget(key)
        self._answers[key] = kept
        self.bytes += kept.size
        while self.bytes > self._most_bytes:
            self._forget(next(iter(self._answers)))

    def clear(self) -> None:
        """Forget everything."""
        self._answers.clear()
        self.bytes = 0

    def _forget(self, key: Key) -> None:
        self.bytes -= self._answers.pop(key).size

    def __len__(self) -> int:
        return len(self._answers)


def kept(key: Key, keep: Keep, reply: Reply) -> Kept:
    """Make an answer ready to be sent again; the reply has its entity tag already."""
    unchanged = Reply(304, headers={name: value for name, value in reply.headers.items() if name != "Allow"})
    size = len(reply.body) + sum(len(part) for part in key if isinstance(part, bytes)) + ENTRY_BYTES
    etag = reply.headers["ETag"].encode()
    return Kept(keep, reply.start(), {"type": "http.response.body", "body": reply.body}, etag, unchanged.start(), size)


class KeptLane:
    """The outermost layer: gives kept answers again, and hands everything else on.

    The rest finds in `scope["keep"]` a function that keeps its answer.
    """

    def __init__(self, app: ASGIApp, answers: KeptAnswers, holds: Callable[[Keep, float], bool]) -> None:
        self.app = app
        self.answers = answers
        self._holds = holds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        parts = key_of(scope) if scope["type"] == "http" else None
        if parts is None:
            await self.app(scope, receive, send)
            return
        if scope["method"] == "POST":
            body, messages = await _read(receive)
            receive = _again(messages, receive)
            if body is None:
                await self.app(scope, receive, send)
                return
            parts.append(body)
        key, now = tuple(parts), monotonic()
        found = self.answers.get(key, lambda keep: self._holds(keep, now))
        if found is None:
            scope["keep"] = lambda keep, reply: self._keep(key, keep, reply)
            await self.app(scope, receive, send)
        elif _knows(scope, found.etag):
            await send(found.unchanged)
            await send(NO_BODY)
        else:
            await send(found.start)
            await send(found.body)

    def _keep(self, key: Key, keep: Keep, reply: Reply) -> None:
        if len(reply.body) <= LARGEST_ANSWER:
            self.answers.put(key, kept(key, keep, reply))


NO_BODY: Final = {"type": "http.response.body", "body": b""}


def _knows(scope: Scope, etag: bytes) -> bool:
    """Whether the client has this answer already."""
    if scope["method"] != "GET":
        return False
    return any(name == b"if-none-match" and etag in value for name, value in scope["headers"])


async def _read(receive: Receive) -> tuple[bytes | None, list[Message]]:
    """Receive a body, and all messages on the way; null for one that is large, or slow in coming.

    Nearly all come as a whole, for which a limit of time would cost more than all else here: how long one may be in
    beginning is known below (see `waypost.http.heads`).
    """
    messages = [await receive()]
    if messages[0].get("more_body"):
        try:
            async with asyncio.timeout(PATIENCE_S):
                while messages[-1].get("more_body") and _length(messages) <= LARGEST_REQUEST:
                    messages.append(await receive())
        except TimeoutError:  # the endpoint has patience, and a limit of its own
            return None, messages
    if messages[-1]["type"] != "http.request" or _length(messages) > LARGEST_REQUEST:
        return None, messages
    return b"".join(each.get("body", b"") for each in messages), messages


def _length(messages: list[Message]) -> int:
    return sum(len(each.get("body", b"")) for each in messages)


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Give messages that were received already once more, then go on receiving."""
    waiting = iter(messages)

    async def receive_again() -> Message:
        return next(waiting, None) or await receive()

    return receive_again

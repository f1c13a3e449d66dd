"""Calls receivers: to public addresses alone, on connections that are kept, with an end to everything.

HTTP/1.1 on plain streams: a general client took five times as long for each of these small messages.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, Self, SupportsIndex
from urllib.parse import quote, urlsplit

import httpcore
import httptools
from typing_extensions import override

from waypost.outgoing import Guard, TargetRefused

TIMEOUT_S: Final = 15.0
MOST_BYTES: Final = 65_536
OF_ONE: Final = 16  # at once to one receiver, and connections kept to it
KEPT_S: Final = 15.0
MOST_KEPT: Final = 256  # connections kept to all receivers
FINAL: Final = 200  # statuses below are said on the way to an answer


@dataclass(frozen=True)
class Told:
    """What a receiver answered; `status` None = it did not, and `problem` says why."""

    status: int | None
    problem: str | None = None
    retry_after: str | None = None


@dataclass(frozen=True)
class Target:
    """Where a message goes: what is connected to, and what is asked for there."""

    host: str
    port: int
    tls: bool
    authority: str
    path: str

    @classmethod
    def of(cls, url: str) -> Target:
        """Read an address that was looked at before; raises ValueError for one that is none."""
        parts = urlsplit(url)
        tls = parts.scheme == "https"
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port or (443 if tls else 80)
        named = f"[{host}]" if ":" in host else host
        authority = named if parts.port is None else f"{named}:{port}"
        path = quote(parts.path or "/", safe="/:@!$&'()*+,;=~%-._")
        query = f"?{quote(parts.query, safe='/:@!$&()*+,;=~%-._?')}" if parts.query else ""
        return cls(host, port, tls, authority, path + query)

    def request(self, headers: Mapping[str, str], body: bytes) -> bytes:
        """The whole request as it goes over the wire."""
        lines = [f"POST {self.path} HTTP/1.1", f"host: {self.authority}", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + body


class Counted(asyncio.StreamReader):
    """Counts what came, so that it is seen when more came than was read."""

    came = 0

    @override
    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        given = bytes(data)
        self.came += len(given)
        super().feed_data(given)


@dataclass(eq=False)
class Line:
    """One connection: how many of its bytes were read, and since when nothing was asked on it."""

    reader: Counted
    writer: asyncio.StreamWriter
    read: int = 0
    idle_since: float = field(default_factory=monotonic)

    @property
    def is_clean(self) -> bool:
        """Whether it is open, and nothing came on it that nobody asked for."""
        return self.read == self.reader.came and not self.reader.at_eof() and not self.writer.is_closing()

    @property
    def is_fresh(self) -> bool:
        """Whether it may still be open at the other end, too."""
        return self.is_clean and monotonic() - self.idle_since < KEPT_S

    async def some(self) -> bytes:
        """Some of what comes; nothing at its end."""
        data = await self.reader.read(MOST_BYTES)
        self.read += len(data)
        return data


class Answer:
    """Takes in one answer, as httptools tells of it, and what is said on the way to it (1xx)."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.status: int | None = None
        self.is_whole = False
        self.is_last = False
        self.retry_after: str | None = None

    def take(self, data: bytes) -> None:
        """Take in some of it; what comes behind its end is left alone, and ends the connection."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            if not self.is_whole:
                raise
            self.is_last = True

    def on_message_begin(self) -> None:
        """Something begins; nothing may behind the answer."""
        if self.is_whole:
            self.is_last = True
        else:
            self.retry_after = None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep the one header that matters."""
        if name.lower() == b"retry-after" and not self.is_whole:
            self.retry_after = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The status is known."""
        if not self.is_whole:
            status = self.parser.get_status_code()
            self.status = status if status >= FINAL else None

    def on_message_complete(self) -> None:
        """Nothing more is to come, unless that was only on the way."""
        if not self.is_whole and self.status is not None:
            self.is_whole = True
            self.is_last = self.is_last or not self.parser.should_keep_alive()


class Sender:
    """Sends over connections that are kept. What a name means is asked once a connection, and checked then."""

    def __init__(self, allowed: Collection[str], *, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._guard = Guard(allowed)
        self._tls = ssl.create_default_context()
        self._kept: dict[tuple[str, int, bool], list[Line]] = defaultdict(list)  # the longest idle first
        self._closing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._closing = asyncio.create_task(self._close_stale())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._closing is not None:
            self._closing.cancel()
            await asyncio.wait({self._closing})
        for lines in self._kept.values():
            for line in lines:
                line.writer.close()
        self._kept.clear()

    async def _close_stale(self) -> None:
        """Close what nobody will use any more, also where the same receiver is never called again."""
        while True:
            await asyncio.sleep(KEPT_S / 3)
            for key, lines in list(self._kept.items()):
                fresh = [line for line in lines if line.is_fresh]
                for line in lines:
                    if line not in fresh:
                        line.writer.close()
                self._kept[key] = fresh
                if not fresh:
                    del self._kept[key]

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        """Send one message; whatever happens is an answer. Redirects are not followed."""
        try:
            async with asyncio.timeout(self._timeout_s):
                target = Target.of(url)
                return await self._sent(target, target.request(headers, body))
        except TargetRefused:
            return Told(None, "the name leads to an address that is not public")
        except TimeoutError:
            return Told(None, f"no answer within {self._timeout_s:g} s")
        except (OSError, EOFError, httpcore.ConnectError) as error:
            return Told(None, f"the connection failed: {type(error).__name__}")
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, ValueError):
            return Told(None, "the answer was no HTTP")

    async def _sent(self, target: Target, request: bytes) -> Told:
        """Send on a kept connection; where the other end has closed it meanwhile, on a new one."""
        line = self._take(target)
        if line is not None:
            try:
                return await self._asked(target, line, request)
            except (OSError, EOFError):
                pass
        return await self._asked(target, await self._opened(target), request)

    def _take(self, target: Target) -> Line | None:
        kept = self._kept[target.host, target.port, target.tls]
        while kept:
            line = kept.pop()
            if line.is_fresh:
                return line
            line.writer.close()
        return None

    async def _opened(self, target: Target) -> Line:
        address = await self._guard.address_of(target.host, target.port)
        tls: dict[str, Any] = {"ssl": self._tls, "server_hostname": target.host} if target.tls else {}
        loop = asyncio.get_running_loop()
        reader = Counted(limit=MOST_BYTES, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport, _ = await loop.create_connection(lambda: protocol, address, target.port, **tls)
        return Line(reader, asyncio.StreamWriter(transport, protocol, reader, loop))

    async def _asked(self, target: Target, line: Line, request: bytes) -> Told:
        """Ask on one connection, which is kept only where the answer was whole and in order."""
        kept = False
        try:
            line.writer.write(request)
            await line.writer.drain()
            told, kept = await _read(line)
            return told
        finally:
            if kept:
                self._keep(target, line)
            else:
                line.writer.close()

    def _keep(self, target: Target, line: Line) -> None:
        """Keep a connection; where there are too many, one that was idle for longest is closed for it."""
        line.idle_since = monotonic()
        lines = self._kept[target.host, target.port, target.tls]
        lines.append(line)
        if len(lines) > OF_ONE:
            lines.pop(0).writer.close()
        elif sum(map(len, self._kept.values())) > MOST_KEPT:
            oldest = min((each for each in self._kept.values() if each), key=lambda each: each[0].idle_since)
            oldest.pop(0).writer.close()


async def _read(line: Line) -> tuple[Told, bool]:
    """Read an answer to its end, and say whether the connection may be used again."""
    answer, size = Answer(), 0
    while not answer.is_whole:
        data = await line.some()
        if not data:
            if answer.status is not None:  # it ends with the connection
                return Told(answer.status, None, answer.retry_after), False
            raise EOFError
        size += len(data)
        answer.take(data)
        if size > MOST_BYTES:
            return Told(answer.status, f"the answer was longer than {MOST_BYTES} bytes"), False
    return Told(answer.status, None, answer.retry_after), not answer.is_last and line.is_clean

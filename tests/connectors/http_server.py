"""What the fake platforms share: a real socket, and being told to fail, to be late and to lose answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    """What is answered; `body` is JSON, or bytes as they are."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Fault:
    """What goes wrong, so many times, with requests of a method.

    `lost`: the work is done and the connection cut. `late_s`: the work is done at once and answered after so long.
    `delayed_s`: the connection is cut and the work done after so long. Else `reply` is the answer, and nothing is done.
    """

    reply: Reply | None = None
    lost: bool = False
    late_s: float = 0.0
    delayed_s: float = 0.0
    times: int = 1
    methods: frozenset[str] = frozenset({"POST", "PUT"})


THROTTLED = Reply(429, {"data": {"message": "Too many requests"}}, {"Retry-After": "7"})
UNAVAILABLE = Reply(503, b"<html>maintenance</html>", {"Content-Type": "text/html"})
UNAUTHORISED = Reply(401, {"data": {"message": "The token is not valid.", "errors": []}})
BROKEN = Reply(502, b"<html>bad gateway</html>", {"Content-Type": "text/html"})


@dataclass
class Server:
    """Answers by `work`, but for what `faults` say; remembers what was asked."""

    work: Callable[[Asked], Reply]
    faults: list[Fault] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    _later: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def allowed(self) -> tuple[str, ...]:
        return (f"127.0.0.1:{self.port}",)

    def count(self, method: str) -> int:
        return sum(each.method == method for each in self.asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while asked := await _read(reader):
                self.asked.append(asked)
                reply = await self._reply(asked)
                if reply is None:
                    return
                writer.write(_written(reply))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _reply(self, asked: Asked) -> Reply | None:
        fault = next((each for each in self.faults if asked.method in each.methods and each.times > 0), None)
        if fault is None:
            return self.work(asked)
        fault.times -= 1
        if fault.reply is not None:
            return fault.reply
        if fault.delayed_s:
            task = asyncio.create_task(self._much_later(asked, fault.delayed_s))
            self._later.add(task)
            task.add_done_callback(self._later.discard)
            return None
        reply = self.work(asked)
        if fault.late_s:
            await asyncio.sleep(fault.late_s)
        return None if fault.lost else reply

    async def _much_later(self, asked: Asked, after_s: float) -> None:
        await asyncio.sleep(after_s)
        self.work(asked)

    async def quiet(self) -> None:
        """Wait until all that was delayed is done."""
        while self._later:
            await asyncio.gather(*self._later)


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return Asked(method, parts.path, query, headers, json.loads(body) if body else None)


def _written(reply: Reply) -> bytes:
    raw = isinstance(reply.body, bytes)
    body = reply.body if raw else b"" if reply.body is None else json.dumps(reply.body).encode()
    headers = {"Content-Type": "application/json", **reply.headers, "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status} -\r\n{lines}\r\n".encode() + body


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[None]:
    """The server on a port of its own."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        await server.quiet()
        listening.close()

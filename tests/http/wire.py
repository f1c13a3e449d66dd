"""A real socket: the application behind the server that `waypost up` runs, and a client that writes what it likes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import ASGIApp

from waypost.cli.serving import bind, serve

PATIENCE_S = 30  # after which a test that waits has failed


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[int]:
    """Serve an application on a free port of this machine, whose number is given."""
    ready = asyncio.Event()
    with bind("127.0.0.1", 0) as bound:
        port: int = bound.getsockname()[1]
        serving = asyncio.create_task(serve(app, bound, ready=ready.set))
        await ready.wait()
        try:
            yield port
        finally:
            serving.cancel()
            await asyncio.wait({serving})


@dataclass(frozen=True)
class Reply:
    """What came back over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> Any:
        return orjson.loads(self.body)["errors"][0]["extensions"]["code"]


@dataclass(frozen=True)
class Wire:
    """One connection to the server, as bare as it can be."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Send, and let the server read."""
        self.writer.write(data)
        await self.writer.drain()
        await asyncio.sleep(0)

    async def send_on(self, data: bytes, most: int = 1_000_000) -> None:
        """Send again and again, however little is listened to."""
        for _ in range(most):
            await self.send(data)

    async def reply(self, *, to_head: bool = False) -> Reply:
        """Read one whole answer."""
        async with asyncio.timeout(PATIENCE_S):
            first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = (line.partition(":") for line in lines if line)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            length = 0 if to_head else int(headers.get("content-length", 0))
            return Reply(int(first.split()[1]), headers, await self.reader.readexactly(length))

    async def is_closed(self) -> bool:
        """Wait for the server to close, and say whether it did without another word."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self.reader.read() == b""
        except ConnectionResetError:
            return True

    def hang_up(self) -> None:
        """Close without waiting for anything, as a client that crashed."""
        self.writer.transport.abort()


@asynccontextmanager
async def wired(port: int) -> AsyncIterator[Wire]:
    """Open a connection, and close it in the end."""
    wire = Wire(*await asyncio.open_connection("127.0.0.1", port))
    try:
        yield wire
    finally:
        wire.hang_up()


def post(body: bytes, *headers: str, path: str = "/graphql", length: int | None = None) -> bytes:
    """The bytes of a POST of JSON; `length` is what it claims to be long."""
    size = len(body) if length is None else length
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {size}",
        *headers,
    )
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

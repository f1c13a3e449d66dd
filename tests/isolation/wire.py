"""Listening on the wire: stands between the platform and PostgreSQL, and writes down every statement that passes.

What counts is what the server is asked to run: each simple query, and each Execute of a prepared statement.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

PORT: Final = 5432
ROLE: Final = re.compile(r"SET LOCAL ROLE waypost_(\w+)")
TENANT: Final = re.compile(r"app\.tenant_id = '([0-9a-f-]{36})'")

ENDING: Final = "COMMIT; "


@dataclass
class Transaction:
    """What was asked between BEGIN and its end: as which scope, for which tenant, which statements."""

    scope: str
    tenant: str | None
    statements: list[str] = field(default_factory=list)
    ended: str = ""


@dataclass
class Wire:
    """The transactions of all connections, in the order in which they began, and what stood outside of any."""

    transactions: list[Transaction] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def clear(self) -> None:
        self.transactions.clear()
        self.outside.clear()


class _Client:
    """Reads what one client sends (PostgreSQL's protocol 3.0)."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.now: Transaction | None = None
        self._statements: dict[bytes, str] = {}
        self._portals: dict[bytes, str] = {}
        self._waiting = b""
        self._greeted = False

    def read(self, data: bytes) -> None:
        self._waiting += data
        for kind, body in self._messages():
            self._heard(kind, body)

    def _messages(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield whole messages; the first of a connection has no kind."""
        while len(self._waiting) >= 5:
            lead = 1 if self._greeted else 0
            end = lead + int.from_bytes(self._waiting[lead : lead + 4], "big")
            if len(self._waiting) < end:
                return
            kind, body = self._waiting[:lead], self._waiting[lead + 4 : end]
            self._waiting, self._greeted = self._waiting[end:], True
            yield kind, body

    def _heard(self, kind: bytes, body: bytes) -> None:
        if kind == b"Q":
            self._run(body[:-1].decode())
        elif kind == b"P":
            name, sql, _ = body.split(b"\0", 2)
            self._statements[name] = sql.decode()
        elif kind == b"B":
            portal, name, _ = body.split(b"\0", 2)
            self._portals[portal] = self._statements[name]
        elif kind == b"E":
            self._run(self._portals[body.split(b"\0", 1)[0]])

    def _run(self, sql: str) -> None:
        if sql.startswith(ENDING):  # the read before ends with the round trip that begins another
            self._run("COMMIT")
            sql = sql.removeprefix(ENDING)
        if "BEGIN" in sql:
            scope, tenant = ROLE.search(sql), TENANT.search(sql)
            assert self.now is None, "a transaction inside another"
            assert scope is not None, f"a transaction in no scope: {sql}"
            self.now = Transaction(scope[1], tenant and tenant[1])
            self.wire.transactions.append(self.now)
        elif self.now is None:
            self.wire.outside.append(sql)
        elif sql in {"COMMIT", "ROLLBACK"}:
            self.now.ended, self.now = sql, None
        else:
            self.now.statements.append(sql)


@asynccontextmanager
async def listened(url: str, folder: Path) -> AsyncIterator[tuple[Wire, str]]:
    """A wire to the server of `url`, and the URL by which it is used; the socket lies in `folder`."""
    wire, parts = Wire(), urlsplit(url)
    asked = parse_qs(parts.query)
    host = asked.get("host", [parts.hostname or "localhost"])[0]
    port = int(asked.get("port", [str(parts.port or PORT)])[0])
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if host.startswith("/"):
            back, forth = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            back, forth = await asyncio.open_connection(host, port)
        client = _Client(wire)
        for work in (_pass_on(reader, forth, client), _pass_on(back, writer, None)):
            task = asyncio.create_task(work)
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await asyncio.start_unix_server(serve, folder / f".s.PGSQL.{PORT}")
    user = parts.netloc.rpartition("@")[0]
    try:
        yield wire, f"postgresql://{user}@{parts.path}?host={quote(str(folder), safe='/')}&port={PORT}"
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_on(source: asyncio.StreamReader, to: asyncio.StreamWriter, client: _Client | None) -> None:
    try:
        while data := await source.read(65536):
            if client is not None:
                client.read(data)
            to.write(data)
            await to.drain()
    except ConnectionError:
        pass  # the other side is gone, which is its own business
    finally:
        to.close()

"""A feed on a real socket, a kind of feed of the tests' own, and a city that reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import orjson

from tests.rooms import found_issuer, found_tenant
from waypost.db import City, Database, System, execute, fetch
from waypost.feeds.beginning import JOB
from waypost.feeds.effects import begin_due, effects_of
from waypost.outbox.feeding import Asked, BadItem, Cost, FeedFault, FeedItem, FeedKind, FeedPlace, FeedProvider, Page
from waypost.outbox.work import Work
from waypost.outbox.worker import Worker
from waypost.plugins import FeedsRegistrar, Installed, Manifest, Plugin, Plugins, State
from waypost.plugins.registrars import REGISTRARS
from waypost.plugins.secrets import set_secret
from waypost.plugins.settings import NO_SETTINGS
from waypost.settings import Settings
from waypost.tenancy.entries import Here

Answer = tuple[int, Mapping[str, str], bytes]
Respond = Callable[[str, Mapping[str, str], Mapping[str, str]], Answer]

SETTING = """
INSERT INTO plugin_setting (tenant_id, plugin, settings) VALUES ($1, $2, $3::jsonb)
ON CONFLICT (tenant_id, plugin) DO UPDATE SET settings = excluded.settings
"""
SWITCH = """
INSERT INTO tenant_plugin (tenant_id, plugin, active) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, plugin) DO UPDATE SET active = excluded.active
"""
JOBS = "SELECT id, state, done, total FROM job WHERE tenant_id = $1 AND kind = 'feed' ORDER BY begun_at, id"
PROBLEMS = """
SELECT code, line, "column", message FROM job_problem WHERE tenant_id = $1 AND job_id = $2 ORDER BY line, position
"""
ROWS = """
SELECT o.*, x.summary, p.name AS place, p.postcode FROM opportunity o
LEFT JOIN place p ON p.tenant_id = o.tenant_id AND p.id = o.place_id
LEFT JOIN opportunity_text x ON x.tenant_id = o.tenant_id AND x.opportunity_id = o.id
WHERE o.tenant_id = $1 AND (o.managed_by LIKE 'feed:%' OR o.source_id IS NOT NULL) ORDER BY o.source_id, o.id
"""


def json_of(value: object, status: int = 200, **headers: str) -> Answer:
    return status, {"content-type": "application/json", **headers}, orjson.dumps(value)


@dataclass
class Outside:
    """A server of this machine; `respond` gets path, query and headers. `calls` are what was asked."""

    respond: Respond = field(default=lambda _path, _query, _headers: json_of({"items": []}))
    calls: list[tuple[str, Mapping[str, str], Mapping[str, str]]] = field(default_factory=list)
    port: int = 0
    endless: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def allowed(self) -> tuple[str, ...]:
        return (f"127.0.0.1:{self.port}",)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            target = head[0].split(" ")[1]
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            parts = urlsplit(target)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.calls.append((parts.path, query, headers))
            if self.endless:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
                while True:
                    writer.write(b'"x",' * 10_000)
                    await writer.drain()
            status, given, body = self.respond(parts.path, query, headers)
            lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Connection: close"]
            lines += [f"{name}: {value}" for name, value in given.items()]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if status == 304 else body))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def outside(respond: Respond | None = None) -> AsyncIterator[Outside]:
    """Have a server until the end."""
    made = Outside() if respond is None else Outside(respond)
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0, limit=2**20)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


# A kind of feed: pages of {"items": […], "next": n, "total": …}


async def pull(asked: Asked) -> Page:
    number = 1 if asked.cursor is None else asked.cursor
    found = await asked.client.page(f"{asked.url}/items?page={number}")
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        raise FeedFault("FEED_MALFORMED", "no list of items", "items")
    at = found.get("at")
    return Page(
        found["items"],
        next=found.get("next"),
        resume=found.get("resume"),
        total=found.get("total"),
        at=datetime.fromisoformat(at) if at else None,
    )


def read(raw: Any, settings: Mapping[str, Any]) -> Iterable[FeedItem]:
    if "explode" in raw:
        raise ZeroDivisionError("what a plugin did not think of")
    if "title" not in raw and not raw.get("deleted"):
        raise BadItem("is missing", "title")
    facts = dict(raw)
    for name in ("starts_at", "ends_at", "modified"):
        if name in facts:
            facts[name] = datetime.fromisoformat(facts[name])
    if "place" in facts:
        facts["place"] = FeedPlace(**facts["place"])
    if "who" in facts:
        facts["provider"] = FeedProvider(facts["who"], facts.pop("who"))
    if "kinds" in facts:
        facts["kinds"] = tuple(facts["kinds"])
    if "price" in facts:
        facts["cost"] = Cost(price=Decimal(facts.pop("price")), currency="GBP")
    return [FeedItem(source_id=facts.pop("id"), **{"online": "place" not in facts, **facts})]


def with_kind(kind: FeedKind, name: str = "flock", settings: Mapping[str, Any] = NO_SETTINGS) -> Plugins:
    """A process with one plugin that reads feeds; `settings` is its schema."""
    registered = {each: each(name, name) for each in REGISTRARS}
    feeds = registered[FeedsRegistrar]
    assert isinstance(feeds, FeedsRegistrar)
    feeds.feed(kind)
    assert not feeds.faults
    manifest = Manifest(name, "1.0.0", ">=1,<2", "Flock", name, contributes=frozenset(), requires=(), settings=settings)
    plugin = Plugin(manifest, registered, f"waypost_{name}")
    return Plugins([Installed(name, f"waypost-{name}", "1.0.0", State.READY, "", manifest, plugin)])


@dataclass
class Reader:
    """A city that reads one feed called `flock/birds`."""

    database: Database
    plugins: Plugins
    here: Here
    issuer: UUID
    allowed: Sequence[str] = ()
    later: timedelta = timedelta()
    name: str = "flock"

    @property
    def tenant(self) -> UUID:
        return self.here.tenant_id

    @property
    def work(self) -> Work:
        settings = Settings(secret_key="a key for tests alone", allow_private_targets=tuple(self.allowed))
        return Work(self.database, settings, clock=lambda: datetime.now(UTC) + self.later)

    async def sets(self, feeds: Mapping[str, Any]) -> None:
        async with self.database.transaction(City(self.tenant)):
            await execute(SETTING, self.tenant, self.name, orjson.dumps({"feeds": feeds}).decode())

    async def keeps(self, name: str, secret: str) -> None:
        """Set a secret of the city."""
        key = self.work.settings.load_secret_key()
        async with self.database.transaction(City(self.tenant)):
            await set_secret(self.tenant, name, secret, secret_key=key, now=datetime.now(UTC))

    async def switches(self, *, on: bool) -> None:
        async with self.database.transaction(System("tests", shared=True)):
            await execute(SWITCH, self.tenant, self.name, on)

    async def reads(self, *, raising: bool = True) -> dict[str, Any]:
        """Let a day pass, and read what is due; answers the last job with its problems."""
        self.later += timedelta(days=1, minutes=1)
        await begin_due(self.work, self.plugins)
        await self.works(raising=raising)
        return await self.job()

    async def works(self, *, raising: bool = True) -> None:
        worker = Worker(self.work, effects_of(self.plugins), at_once=1)
        while await worker.run_due():
            if raising and worker.doing.errors:
                raise worker.doing.errors[0]

    async def job(self) -> dict[str, Any]:
        async with self.database.transaction(City(self.tenant)):
            last = dict((await fetch(JOBS, self.tenant))[-1])
            problems = await fetch(PROBLEMS, self.tenant, last["id"])
        return {**last, "problems": [tuple(each) for each in problems]}

    async def rows(self, sql: str = ROWS) -> list[dict[str, Any]]:
        async with self.database.transaction(City(self.tenant)):
            return [dict(row) for row in await fetch(sql, self.tenant)]

    async def by_id(self) -> dict[str, dict[str, Any]]:
        return {row["source_id"]: row for row in await self.rows()}

    async def runs(self, sql: str, *args: Any) -> None:
        async with self.database.transaction(City(self.tenant)):
            await execute(sql, self.tenant, *args)


async def reader(
    database: Database, slug: str, plugins: Plugins, server: Outside, *, name: str = "flock", **settings: Any
) -> Reader:
    """Found a city with one issuer, which offers what the feed brings."""
    here = await found_tenant(database, slug)
    issuer = await found_issuer(database, here)
    made = Reader(database, plugins, here, issuer, server.allowed, name=name)
    await made.switches(on=True)
    await made.sets({"birds": {"url": server.url, "provider": "youth-club", **settings}})
    return made


def codes(job: Mapping[str, Any]) -> list[str]:
    return [code for code, *_ in job["problems"]]


def paged(items: Sequence[Any], size: int = 3, **more: Any) -> Respond:
    """The pages of a well-behaved feed."""

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        page = int(query.get("page", "1"))
        some = list(items[(page - 1) * size : page * size])
        following = page + 1 if page * size < len(items) else None
        return json_of({"items": some, "next": following, "total": len(items), **more})

    return respond


async def hurry(here: Reader) -> None:
    """Do now what waits for its time."""
    async with here.database.transaction(System("tests")):
        await execute("UPDATE work SET due_at = now() WHERE kind = $1", JOB)
    await here.works()

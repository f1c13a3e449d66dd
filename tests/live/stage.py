"""A server on a real port with two cities, and clients that listen to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.rooms import NOW, found_issuer, found_tenant, opportunity_words
from waypost.access.people import create_token
from waypost.badges import borrowing
from waypost.cli.parts import load_plugins, parts_of
from waypost.cli.serving import bind, serve
from waypost.db import City, Database, System, execute
from waypost.graph import parse_id
from waypost.graph.ids import GlobalId
from waypost.http import Platform, create_app
from waypost.http.connections import LiveLimits
from waypost.opportunities.commands import OpportunityCreated, create_opportunity
from waypost.outbox import Act
from waypost.refusal import Refusal
from waypost.settings import Settings
from waypost.tenancy.entries import Here
from waypost.tenancy.loans import Loans

PROTOCOL = Subprotocol("graphql-transport-ws")
SECRET_KEY = "a key for tests alone"
ORIGIN = "https://brighton.example.org"
HOST = "learn.brighton.example"
WAIT_S = 20.0  # only a broken test waits for so long
CHANGED = "opportunityChanged(filter: $filter) { id opportunity { title } }"
SUBSCRIPTION = f"subscription($filter: DiscoverFilter!) {{ {CHANGED} }}"


@dataclass(frozen=True)
class Town:
    """A city, who offers things there, and a token of its curator."""

    here: Here
    provider: UUID
    token: str


@dataclass
class Process:
    """One process: a platform that is served on a port of its own."""

    platform: Platform
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def listening(self, subscriptions: int) -> None:
        """Wait until just so many subscriptions are open."""
        async with asyncio.timeout(WAIT_S):
            while self.platform.live.subscriptions != subscriptions:  # noqa: ASYNC110 - nothing there tells of itself
                await asyncio.sleep(0)

    async def quiet(self) -> None:
        """Wait until nothing is open any more."""
        open = self.platform.connections.open
        async with asyncio.timeout(WAIT_S):
            while self.platform.live.subscriptions or any(open.values()):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0)


@asynccontextmanager
async def served(app_url: str, **limits: Any) -> AsyncIterator[Process]:
    """Serve a platform with these limits for live connections."""
    settings = Settings(plugins=(), secret_key=SECRET_KEY)
    platform = Platform(settings, parts_of(load_plugins(settings)), app_url)
    platform.connections.limits = LiveLimits(**limits)
    ready = asyncio.Event()
    with bind("127.0.0.1", 0) as bound:
        async with platform.opened():
            app = create_app(platform)
            serving = asyncio.create_task(serve(app, bound, ready=ready.set, stopping=platform.live.close))
            await ready.wait()
            try:
                yield Process(platform, bound.getsockname()[1])
            finally:
                serving.cancel()
                await asyncio.wait({serving})


@dataclass
class Socket:
    """One client over a WebSocket."""

    wire: ClientConnection
    id: int = 0

    async def send(self, **message: Any) -> None:
        await self.wire.send(orjson.dumps(message).decode())

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(WAIT_S):
            found: dict[str, Any] = orjson.loads(await self.wire.recv())
        return found

    async def subscribe(self, filter: dict[str, Any] | None = None, since: str | None = None, **payload: Any) -> str:
        """Subscribe, without waiting for anything."""
        self.id += 1
        given = {"query": SUBSCRIPTION, "variables": {"filter": filter or {}}, **payload}
        if since is not None:
            given["extensions"] = {"lastEventId": since}
        await self.send(type="subscribe", id=str(self.id), payload=given)
        return str(self.id)

    async def next(self) -> dict[str, Any]:
        """The next message's payload; fails on anything else."""
        message = await self.receive()
        assert message["type"] == "next", message
        payload: dict[str, Any] = message["payload"]
        return payload

    async def title(self) -> str | None:
        """The title of the next opportunity that changed; None for one that is gone."""
        changed = (await self.next())["data"]["opportunityChanged"]
        return None if changed["opportunity"] is None else str(changed["opportunity"]["title"])

    async def error(self) -> str:
        """The code of the error that ends a subscription."""
        message = await self.receive()
        assert message["type"] == "error", message
        (error,) = message["payload"]
        return str(error["extensions"]["code"])

    async def closed(self) -> int:
        """The code with which the server closes the connection, whatever it says before."""
        try:
            async with asyncio.timeout(WAIT_S):
                while True:
                    await self.wire.recv()
        except ConnectionClosed as error:
            return error.rcvd.code if error.rcvd else 1006


@asynccontextmanager
async def socket(process: Process, path: str, token: str | None = None, **how: Any) -> AsyncIterator[Socket]:
    """A client that has been greeted."""
    async with bare_socket(process, path, **how) as client:
        payload = {} if token is None else {"Authorization": f"Bearer {token}"}
        await client.send(type="connection_init", payload=payload)
        assert await client.receive() == {"type": "connection_ack"}
        yield client


@asynccontextmanager
async def bare_socket(
    process: Process,
    path: str,
    *,
    origin: str | None = None,
    protocol: Subprotocol | None = PROTOCOL,
    named: str = "127.0.0.1",
    max_queue: int = 16,
) -> AsyncIterator[Socket]:
    """A client that has said nothing yet; `named` is how it calls the server."""
    asked = None if protocol is None else [protocol]
    given = None if origin is None else Origin(origin)
    where: dict[str, Any] = {"host": "127.0.0.1", "port": process.port, "proxy": None}
    facts: dict[str, Any] = {"max_size": None, "max_queue": max_queue}
    async with connect(
        f"ws://{named}:{process.port}{path}", subprotocols=asked, origin=given, **where, **facts
    ) as wire:
        yield Socket(wire)


@dataclass
class Stream:
    """One client of an event stream."""

    response: httpx.Response
    lines: AsyncIterator[str]

    async def event(self) -> dict[str, str]:
        """The next event by its fields; comments are passed over."""
        while "" in (found := await self._block()):
            pass
        return found

    async def comment(self) -> None:
        """Wait for a comment; the first says that nothing is missed from now on."""
        assert await self._block() == {"": ""}

    async def _block(self) -> dict[str, str]:
        found: dict[str, str] = {}
        async with asyncio.timeout(WAIT_S):
            while line := await anext(self.lines):
                name, _, value = line.partition(":")
                found[name] = value.removeprefix(" ")
        return found

    async def title(self) -> str | None:
        """The title of the next opportunity that changed; None for one that is gone."""
        event = await self.event()
        assert event["event"] == "next", event
        changed = orjson.loads(event["data"])["data"]["opportunityChanged"]
        return None if changed["opportunity"] is None else str(changed["opportunity"]["title"])

    async def code(self) -> str:
        """The code of the error that ends the stream."""
        event = await self.event()
        (error,) = orjson.loads(event["data"])["errors"]
        assert (await self.event())["event"] == "complete"
        return str(error["extensions"]["code"])


@asynccontextmanager
async def stream(
    process: Process, path: str, filter: dict[str, Any] | None = None, *, query: str = SUBSCRIPTION, **headers: str
) -> AsyncIterator[Stream]:
    """A stream that was asked for by POST."""
    given = {"query": query, "variables": {"filter": filter or {}}}
    sent = {"accept": "text/event-stream"} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        httpx.AsyncClient(timeout=WAIT_S, trust_env=False) as client,
        client.stream("POST", process.url + path, json=given, headers=sent) as response,
    ):
        yield Stream(response, response.aiter_lines())


@dataclass
class Stage:
    """Two cities and what is done in them."""

    database: Database
    towns: dict[str, Town]

    @classmethod
    async def set_up(cls, database: Database) -> Stage:
        towns = {}
        for slug in ("brighton", "plymouth"):
            here = await found_tenant(database, slug)
            towns[slug] = Town(here, await found_issuer(database, here), await make_token(database, here.tenant_id))
        async with database.transaction(System("tests", shared=True)):
            brighton = towns["brighton"].here.tenant_id
            await execute("UPDATE tenant SET origins = $2 WHERE id = $1", brighton, [ORIGIN])
            await execute("INSERT INTO tenant_host (host, tenant_id) VALUES ($1, $2)", HOST, brighton)
        return cls(database, towns)

    async def offer(self, title: str, town: str = "brighton", **facts: Any) -> str:
        """Offer something as another process would; answers its id."""
        here, provider = self.towns[town].here, self.towns[town].provider
        facts = {"starts_at": None, "ends_at": None, **facts}
        words = opportunity_words(provider, title.lower().replace(" ", "-"), title=title, **facts)
        async with self.database.transaction(City(here.tenant_id)):
            act = Act(here, None, "curator", None, NOW)
            made = await create_opportunity(act, words, Loans(borrowing, {}))
        assert isinstance(made, OpportunityCreated), made
        return str(GlobalId("Opportunity", here.tenant_id, made.opportunity))

    async def act(self, process: Process, name: str, id: str, **changes: Any) -> None:
        """Do something to an opportunity through its city's graph."""
        named = parse_id(id)
        assert named is not None
        slug, town = next((s, t) for s, t in self.towns.items() if t.here.tenant_id == named.tenant)
        kind = name[0].upper() + name[1:]
        query = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ __typename }} }}"
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(
                f"{process.url}/{slug}/graphql",
                json={"query": query, "variables": {"input": {"opportunity": id, **changes}}},
                headers={"authorization": f"Bearer {town.token}"},
            )
        assert answer.json() == {"data": {name: {"__typename": f"{kind}Success"}}} | without_data(answer.json())


def without_data(body: dict[str, Any]) -> dict[str, Any]:
    """What an answer says beside its data, errors apart."""
    return {key: value for key, value in body.items() if key not in {"data", "errors"}}


async def make_token(database: Database, tenant: UUID | None, role: str = "curator") -> str:
    """A bearer token."""
    made = await create_token(
        database, tenant=tenant, role=role, email="someone@example.org", secret_key=SECRET_KEY, now=datetime.now(UTC)
    )
    assert not isinstance(made, Refusal)
    return made.token

"""Clients that mean harm, or are broken, on a real socket: each is told promptly, and costs the next one nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Message

from tests.http.wire import PATIENCE_S, Wire, post, served, wired
from waypost.composition import engine
from waypost.db import Database
from waypost.db.connections import Connection, connect
from waypost.http import Platform, create_app
from waypost.http.endpoint import GraphEndpoint
from waypost.http.faults import Code, Fault
from waypost.http.heads import MAX_HEAD_BYTES, BoundedRequests
from waypost.http.requests import ClientGone, read_post
from waypost.http.sites import Sites

JSON = "application/json"
ASK = b'{"query": "{ __typename }"}'
ANSWER = {"__typename": "Query"}
READ = b'{"query": "{ badges(first: 1) { totalCount } }"}'
FRESH = "Cookie: a=b"  # what is asked with one is never answered from what was kept
NOT_JSON = b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nCookie: a=b\r\n"
SHORT_S = 0.05


@pytest.fixture(scope="module")
async def port(platform: Platform, app_url: str) -> AsyncIterator[int]:
    """The server over one connection to the database: what a client leaves unclean, the next one meets."""
    async with await Database.open(app_url, pool_size=1) as one:
        platform.engine = engine(one)
        async with served(create_app(platform)) as port:
            yield port


@pytest.fixture
async def admin(admin_url: str) -> AsyncIterator[Connection]:
    connection = await connect(admin_url)
    yield connection
    await connection.close()


async def is_well(port: int) -> bool:
    """Whether the next client is answered, from the database."""
    async with wired(port) as wire:
        await wire.send(post(READ, FRESH))
        reply = await wire.reply()
    data: object = json.loads(reply.body).get("data")
    return data == {"badges": {"totalCount": 0}}


# Slow clients


async def test_a_client_that_does_not_finish_its_body_is_cut_off(platform: Platform) -> None:
    impatient = Starlette(routes=[Route("/graphql", GraphEndpoint(platform, body_within_s=SHORT_S))])
    async with served(Sites(impatient, platform)) as port, wired(port) as wire:
        await wire.send(post(b'{"query": "', length=500))
        reply = await wire.reply()
        assert (reply.status, reply.code) == (408, "REQUEST_TIMEOUT")
        assert reply.headers["connection"] == "close"
        assert await wire.is_closed()


async def test_a_body_that_comes_byte_by_byte_has_one_limit_for_all_its_bytes() -> None:
    async def trickle() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": True}

    with pytest.raises(Fault) as refused:
        await read_post(trickle, {"content-type": JSON}, within_s=SHORT_S)
    assert refused.value.code is Code.REQUEST_TIMEOUT


async def test_a_body_in_many_pieces_is_whole_in_the_end(port: int) -> None:
    async with wired(port) as wire:
        await wire.send(post(b"", length=len(ASK)))
        for byte in ASK:
            await wire.send(bytes([byte]))
        assert json.loads((await wire.reply()).body)["data"] == ANSWER


async def test_a_client_that_does_not_finish_its_head_is_cut_off(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedRequests, "head_within_s", 4 * SHORT_S)
    async with served(create_app(platform)) as port:
        async with wired(port) as silent:
            assert await silent.is_closed()
        async with wired(port) as slow:
            await slow.send(b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
            assert await slow.is_closed()
        async with wired(port) as second:
            await second.send(post(ASK))
            assert (await second.reply()).status == 200
            await second.send(b"POST /graphql HTTP/1.1\r\n")
            assert await second.is_closed()


async def test_a_client_that_goes_on_with_a_body_that_was_refused_is_cut_off(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedRequests, "request_within_s", SHORT_S)
    async with served(create_app(platform)) as port, wired(port) as wire:
        await wire.send(NOT_JSON + b"Content-Length: 1000\r\n\r\n")
        assert (await wire.reply()).status == 415
        with pytest.raises(ConnectionError):
            await wire.send_on(b"x")


async def test_a_client_whose_body_does_not_even_begin_is_told_and_cut_off(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedRequests, "request_within_s", SHORT_S)
    async with served(create_app(platform)) as port, wired(port) as wire:
        await wire.send(post(b"", length=len(ASK)))
        assert (await wire.reply()).status == 408
        assert await wire.is_closed()


# Clients that go away


async def test_a_client_that_hangs_up_in_the_middle_of_its_body_costs_nobody_anything(port: int) -> None:
    async with wired(port) as wire:
        await wire.send(post(READ[:20], length=len(READ)))
    assert await is_well(port)


async def test_a_request_that_breaks_off_reaches_no_graph() -> None:
    messages = iter(({"type": "http.request", "body": ASK, "more_body": True}, {"type": "http.disconnect"}))

    async def receive() -> Message:
        return next(messages)

    with pytest.raises(ClientGone):
        await read_post(receive, {"content-type": JSON})


async def test_a_client_that_hangs_up_in_the_middle_of_a_statement_costs_nobody_anything(
    port: int, admin: Connection
) -> None:
    async with wired(port) as wire, admin.transaction():
        await admin.execute("LOCK TABLE badge")
        await wire.send(post(READ, FRESH))
        await somebody_waits(admin)
        wire.hang_up()
    assert await is_well(port)


async def test_a_statement_that_is_broken_off_leaves_no_unclean_connection(
    platform: Platform, port: int, admin: Connection
) -> None:
    """As when the server is stopped, or whoever serves us cancels what nobody waits for."""
    transport = httpx.ASGITransport(create_app(platform))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client, admin.transaction():
        await admin.execute("LOCK TABLE badge")
        asking = asyncio.create_task(
            client.post("/graphql", content=READ, headers={"content-type": JSON, "cookie": "a=b"})
        )
        await somebody_waits(admin)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await somebody_waits(admin, no_more=True)  # the server has broken off, too
    assert await is_well(port)


async def somebody_waits(admin: Connection, *, no_more: bool = False) -> None:
    """Go on when a statement waits for the lock, or when none does any more."""
    waiting = "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'badge'::regclass"
    async with asyncio.timeout(PATIENCE_S):
        while await admin.fetchval(waiting) is no_more:
            pass


async def test_what_breaks_deep_inside_is_told_without_its_words(
    port: int, admin: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await admin.execute("ALTER TABLE badge RENAME TO somewhere_else")
    try:
        async with wired(port) as wire:
            await wire.send(post(READ, FRESH))
            reply = await wire.reply()
    finally:
        await admin.execute("ALTER TABLE somewhere_else RENAME TO badge")
    assert reply.code == "INTERNAL"
    message = json.loads(reply.body)["errors"][0]["message"]
    assert message.rpartition(" ")[2] in caplog.text
    assert 'relation "badge" does not exist' in caplog.text
    assert b"relation" not in reply.body
    assert await is_well(port)


# Floods


@pytest.mark.parametrize(
    "flood",
    [
        b"GET /graphql HTTP/1.1\r\n" + b"X-Flood: 1\r\n" * 20_000,
        b"GET /graphql HTTP/1.1\r\nX-Long: " + b"x" * 200_000,
        b"GET /graphql?query=" + b"x" * 200_000,
    ],
)
async def test_a_head_without_an_end_is_refused(port: int, flood: bytes) -> None:
    async with wired(port) as wire:
        # No byte more than the server reads, or its kernel would take the answer back.
        await wire.send(flood[: MAX_HEAD_BYTES + 1])
        reply = await wire.reply()
        assert reply.status == 431
        assert await wire.is_closed()
    assert await is_well(port)


async def test_a_long_head_is_read(port: int) -> None:
    headers = [f"X-Header-{number}: {number}" for number in range(2_000)]
    async with wired(port) as wire:
        for _ in range(3):  # on one connection: each request is counted by itself
            await wire.send(post(ASK, *headers))
            assert (await wire.reply()).status == 200


async def test_a_body_that_is_refused_is_not_read_for_ever(port: int) -> None:
    async with wired(port) as wire:
        await wire.send(NOT_JSON + b"Content-Length: 99999999\r\n\r\n")
        assert (await wire.reply()).status == 415
        with pytest.raises(ConnectionError):
            await wire.send_on(b"x" * 50_000, most=300)


async def test_a_body_that_is_too_large_ends_the_connection(port: int) -> None:
    async with wired(port) as wire:
        await wire.send(post(b"", length=1_000_001))
        reply = await wire.reply()
        assert (reply.status, reply.code) == (413, "PAYLOAD_TOO_LARGE")
        assert await wire.is_closed()


async def test_a_request_that_names_two_hosts_is_refused(port: int) -> None:
    async with wired(port) as wire:
        await wire.send(post(ASK, "Host: elsewhere.example"))
        reply = await wire.reply()
        assert (reply.status, reply.code) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",  # TLS
        b"BREW /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /graphql HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
        post(ASK, "Transfer-Encoding: chunked"),  # two lengths: one server's end is another's beginning
        post(ASK, "Content-Length: 3"),
        post(b"", length=10**30),
    ],
)
async def test_what_is_no_http_is_refused_and_ends_the_connection(port: int, bytes_sent: bytes) -> None:
    async with wired(port) as wire:
        with suppress(ConnectionError):
            await wire.send(bytes_sent)
        assert (await wire.reply()).status == 400
        assert await wire.is_closed()


# Connections


@pytest.mark.parametrize("query", ["query=%7B__typename%7D", "query=%7B", "", "query=mutation%7B__typename%7D"])
async def test_head_tells_what_get_would_and_no_more(port: int, query: str) -> None:
    async with wired(port) as wire:
        get = await fetch(wire, "GET", query)
        head = await fetch(wire, "HEAD", query)
        assert (head.status, alike(head.headers)) == (get.status, alike(get.headers))
        assert get.body
        # The next answer on this connection begins where it should: HEAD's had no body.
        assert (await fetch(wire, "GET", query)).body == get.body


async def fetch(wire: Wire, method: str, query: str) -> Any:
    await wire.send(f"{method} /graphql?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return await wire.reply(to_head=method == "HEAD")


def alike(headers: dict[str, str]) -> dict[str, str]:
    """What two answers have alike: each has its own date and its own id."""
    return {name: value for name, value in headers.items() if name not in {"date", "x-request-id"}}


async def test_a_client_that_offers_another_protocol_is_answered_in_ours(port: int) -> None:
    """As Java's does at first; the parser reads no body then, nor another request."""
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
    async with wired(port) as wire:
        await wire.send(post(ASK, *upgrade))
        reply = await wire.reply()
        assert (reply.status, reply.code) == (400, "BAD_REQUEST")
        assert b"Upgrade" in reply.body
        assert await wire.is_closed()
    async with wired(port) as wire:
        lines = ("GET /graphql?query=%7B__typename%7D HTTP/1.1", "Host: 127.0.0.1", *upgrade)
        await wire.send("\r\n".join(lines).encode() + b"\r\n\r\n")
        assert json.loads((await wire.reply()).body)["data"] == ANSWER
        with suppress(ConnectionError):
            await wire.send(post(ASK))
        assert await wire.is_closed()

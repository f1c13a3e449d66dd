"""What clients send that mean harm, or are broken: each is answered promptly, and costs the next client nothing."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Message

from tests.http.wire import Wire, post, served, wired
from waypost.composition import engine
from waypost.db import Database
from waypost.db.connections import Connection, connect
from waypost.http import Platform, create_app
from waypost.http.endpoint import GraphEndpoint
from waypost.http.faults import Code, Fault
from waypost.http.heads import MAX_HEAD_BYTES, BoundedHeads
from waypost.http.requests import ClientGone, read_post
from waypost.http.sites import Sites

NEWER = "application/graphql-response+json"
JSON = "application/json"
ASK = b'{"query": "{ __typename }"}'
ANSWER = {"data": {"__typename": "Query"}}
READ = b'{"query": "{ badges(first: 1) { totalCount } }"}'
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
        await wire.send(post(READ))
        reply = await wire.reply()
    return json.loads(reply.body) == {"data": {"badges": {"totalCount": 0}}}


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
        assert json.loads((await wire.reply()).body) == ANSWER


async def test_a_client_that_does_not_finish_its_head_is_cut_off(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedHeads, "head_within_s", SHORT_S)
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
        await wire.send(post(READ))
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
        asking = asyncio.create_task(client.post("/graphql", content=READ, headers={"content-type": JSON}))
        await somebody_waits(admin)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert await is_well(port)


async def somebody_waits(admin: Connection) -> None:
    """Go on when a statement waits for a lock."""
    while not await admin.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'badge'::regclass"):
        await asyncio.sleep(0)


async def test_what_breaks_deep_inside_is_told_without_its_words(
    port: int, admin: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await admin.execute("ALTER TABLE badge RENAME TO somewhere_else")
    try:
        async with wired(port) as wire:
            await wire.send(post(READ))
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
    head = b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: 99999999\r\n\r\n"
    async with wired(port) as wire:
        await wire.send(head)
        assert (await wire.reply()).status == 415
        with pytest.raises(ConnectionError):
            for _ in range(300):
                await wire.send(b"x" * 50_000)


async def test_a_body_that_is_too_large_ends_the_connection(port: int) -> None:
    async with wired(port) as wire:
        await wire.send(post(b"", length=1_000_001))
        reply = await wire.reply()
        assert (reply.status, reply.code) == (413, "PAYLOAD_TOO_LARGE")
        assert await wire.is_closed()


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


# Broken JSON


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": "{ __typename }"',
        b'{"query": "{ __typename }",}',
        b"{'query': '{ __typename }'}",
        b'{"query": "{ __typename }"} {}',
        b'{"query": "{ __typename }", "variables": {"n": NaN}}',
        b'{"query": "{ __typename }", "variables": {"n": -Infinity}}',
        b'{"query": "{ __typename }", "variables": {"n": 1e999}}',
        b'{"query": "{ __typename }", "variables": {"n": "\\ud83c"}}',
        b'{"query": "{ __typename }", "variables": {"\\udfc3\\ud83c": 1}}',
        b'{"query": "{ __typename }", "variables": {"n": "\xed\xa0\x80"}}',
        b'{"query": "{ __typename }", "variables": {"n": "a\nb"}}',
        b'{"query": "{ __typename }", "variables": {"n": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"\xef\xbb\xbf" + ASK,
        ASK.decode().encode("utf-16"),
    ],
)
async def test_what_is_no_json_is_a_400(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/graphql", content=body, headers={"content-type": JSON, "accept": NEWER})
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "variables", ["%7B%22n%22:NaN%7D", "[" * 30_000, "%22%ED%A0%80%22", "%7B%22n%22:%22%5Cud83c%22%7D"]
)
async def test_what_is_no_json_in_an_address_is_a_400(client: httpx.AsyncClient, variables: str) -> None:
    response = await client.get(f"/graphql?query=%7B__typename%7D&variables={variables}")
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


async def test_of_a_key_that_comes_twice_the_last_counts(client: httpx.AsyncClient) -> None:
    """As in JavaScript, whose clients and proxies are the most."""
    body = b'{"query": "{ noSuchField }", "query": "{ __typename }"}'
    response = await client.post("/graphql", content=body, headers={"content-type": JSON})
    assert response.json() == ANSWER
    response = await client.get("/graphql?query=%7BnoSuchField%7D&query=%7B__typename%7D")
    assert response.json() == ANSWER


@pytest.mark.parametrize("batch", [b"[]", b"[" + ASK + b"]", b"[" + b",".join([ASK] * 1_000) + b"]"])
async def test_a_batch_of_any_size_is_refused(client: httpx.AsyncClient, batch: bytes) -> None:
    response = await client.post("/graphql", content=batch, headers={"content-type": JSON})
    assert (response.status_code, code(response)) == (400, "BATCHING_NOT_SUPPORTED")


# Bodies of other kinds


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "application/json; charset=",
        "text/plain",
        "text/plain; charset=utf-8",
        "text/json",
        "multipart/form-data; boundary=application/json",
        "application/x-www-form-urlencoded",
    ],
)
async def test_a_body_of_another_kind_is_a_415_that_names_ours(client: httpx.AsyncClient, content_type: str) -> None:
    """A page of another site can send most of these without asking first, with whatever the browser adds."""
    response = await client.post("/graphql", content=ASK, headers={"content-type": content_type})
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert response.headers["accept-post"] == JSON


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "gzip, identity"])
async def test_a_compressed_body_is_a_415_that_says_so(client: httpx.AsyncClient, encoding: str) -> None:
    headers = {"content-type": JSON, "content-encoding": encoding}
    response = await client.post("/graphql", content=gzip.compress(ASK), headers=headers)
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert response.headers["accept-encoding"] == "identity"


# Methods


@pytest.mark.parametrize("accept", [NEWER, JSON])
@pytest.mark.parametrize(
    "parameters",
    [
        {"query": "mutation { __typename }"},
        {"query": "query Q { __typename } mutation M { __typename }", "operationName": "M"},
    ],
)
async def test_a_mutation_in_an_address_is_a_405_that_names_post(
    client: httpx.AsyncClient, accept: str, parameters: dict[str, str]
) -> None:
    for method in ("GET", "HEAD"):
        response = await client.request(method, "/graphql", params=parameters, headers={"accept": accept})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        if method == "GET":
            assert code(response) == "MUTATION_NEEDS_POST"
            assert "data" not in response.json()


async def test_beside_a_mutation_a_query_may_be_asked_by_get(client: httpx.AsyncClient) -> None:
    parameters = {"query": "query Q { __typename } mutation M { __typename }", "operationName": "Q"}
    assert (await client.get("/graphql", params=parameters)).json() == ANSWER


@pytest.mark.parametrize("query", ["query=%7B__typename%7D", "query=%7B", "", "query=mutation%7B__typename%7D"])
async def test_head_tells_what_get_would_and_no_more(port: int, query: str) -> None:
    async with wired(port) as wire:
        get = await fetch(wire, "GET", query)
        head = await fetch(wire, "HEAD", query)
        assert (head.status, without_date(head.headers)) == (get.status, without_date(get.headers))
        assert get.body
        # The next answer on this connection begins where it should: HEAD's had no body.
        assert (await fetch(wire, "GET", query)).body == get.body


async def fetch(wire: Wire, method: str, query: str) -> Any:
    await wire.send(f"{method} /graphql?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return await wire.reply(to_head=method == "HEAD")


def without_date(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "date"}


async def test_options_tells_the_methods_and_asks_nobody_for_anything(client: httpx.AsyncClient) -> None:
    response = await client.options("/graphql", headers={"authorization": "Bearer nobody's"})
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert "access-control-allow-origin" not in response.headers


async def test_a_page_is_told_beforehand_what_it_may_send(client: httpx.AsyncClient) -> None:
    headers = {
        "origin": "https://anywhere.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    response = await client.options("/alpha/graphql", headers=headers)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-methods"] == "GET, POST"
    assert "Content-Type" in response.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "QUERY", "BREW", "post"])
async def test_a_method_that_is_none_of_ours_is_a_405(client: httpx.AsyncClient, method: str) -> None:
    request = client.build_request("GET", "/graphql", params={"query": "{ __typename }"})
    request.method = method
    response = await client.send(request)
    assert (response.status_code, code(response)) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"


def code(response: httpx.Response) -> Any:
    return response.json()["errors"][0]["extensions"]["code"]

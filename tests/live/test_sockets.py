"""The protocol graphql-transport-ws, message by message."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.live.stage import HOST, ORIGIN, SUBSCRIPTION, WAIT_S, Process, Socket, Stage, bare_socket, make_token, socket


async def refused(process: Process, path: str, **how: Any) -> int:
    """The status with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as told:
        async with bare_socket(process, path, **how):
            pass
    return told.value.response.status_code


async def test_a_client_is_greeted_and_its_pings_are_answered(process: Process) -> None:
    async with bare_socket(process, "/graphql") as client:
        assert client.wire.subprotocol == "graphql-transport-ws"
        await client.send(type="ping", payload={"early": True})
        assert await client.receive() == {"type": "pong", "payload": {"early": True}}
        await client.send(type="connection_init")
        assert await client.receive() == {"type": "connection_ack"}
        await client.send(type="pong")
        await client.send(type="ping")
        assert await client.receive() == {"type": "pong"}


@pytest.mark.parametrize("protocol", [None, Subprotocol("graphql-ws")])
async def test_another_subprotocol_is_not_acceptable(process: Process, protocol: Subprotocol | None) -> None:
    async with bare_socket(process, "/graphql", protocol=protocol) as client:
        assert await client.closed() == 4406
    await process.quiet()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", 4400),
        ("[]", 4400),
        ('{"type": 1}', 4400),
        ('{"type": "shout"}', 4400),
        ('{"type": "ping", "payload": 1}', 4400),
        (b'{"type": "ping"}', 4400),
        ('{"type": "connection_init"}', 4429),
        ('{"type": "subscribe", "payload": {"query": "{a}"}}', 4400),
        ('{"type": "subscribe", "id": "", "payload": {"query": "{a}"}}', 4400),
        ('{"type": "subscribe", "id": "1"}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": []}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {}}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": 1}}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "extensions": []}}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "extensions": {"lastEventId": 7}}}', 4400),
        ('{"type": "complete"}', 4400),
    ],
)
async def test_what_is_no_message_of_the_protocol_closes_the_connection(
    process: Process, text: str | bytes, code: int
) -> None:
    async with socket(process, "/graphql") as client:
        await client.wire.send(text)
        assert await client.closed() == code
    await process.quiet()


async def test_nobody_subscribes_before_the_greeting(process: Process) -> None:
    async with bare_socket(process, "/graphql") as client:
        await client.subscribe()
        assert await client.closed() == 4401


async def test_an_id_names_one_subscription_at_a_time(process: Process) -> None:
    async with socket(process, "/brighton/graphql") as client:
        await client.subscribe()
        await process.listening(1)
        await client.send(type="complete", id="1")
        await client.send(type="complete", id="1")
        await process.listening(0)
        for _ in range(2):
            await client.send(type="subscribe", id="1", payload={"query": SUBSCRIPTION, "variables": {"filter": {}}})
        assert await client.closed() == 4409
    await process.quiet()


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{ city { name } }"}, "SUBSCRIPTION_EXPECTED"),
        ({"query": 'mutation { closeOpportunity(input: {opportunity: "x"}) { __typename } }'}, "SUBSCRIPTION_EXPECTED"),
        ({"query": "subscription {"}, "INVALID_DOCUMENT"),
        ({"query": "subscription { nothing }"}, "INVALID_DOCUMENT"),
        ({"query": "subscription { opportunityChanged(filter: {}) @skip(if: true) { id } }"}, "INVALID_DOCUMENT"),
        ({"query": SUBSCRIPTION}, "INVALID_VARIABLES"),
        ({"query": SUBSCRIPTION, "variables": {"filter": {"postcode": "nonsense"}}}, "INVALID_POSTCODE"),
        ({"query": SUBSCRIPTION, "variables": {"filter": {"age": 400}}}, "INVALID_ARGUMENT"),
        ({"query": SUBSCRIPTION, "variables": {"filter": {"cities": ["brighton"]}}}, "INVALID_ARGUMENT"),
        ({"documentId": "sha256:00"}, "UNKNOWN_DOCUMENT"),
    ],
)
async def test_what_cannot_be_subscribed_to_is_an_error_and_the_connection_stays(
    process: Process, stage: Stage, payload: dict[str, Any], code: str
) -> None:
    async with socket(process, "/brighton/graphql") as client:
        await client.send(type="subscribe", id="7", payload=payload)
        assert await client.error() == code
        await client.send(type="subscribe", id="7", payload={"query": SUBSCRIPTION, "variables": {"filter": {}}})
        await process.listening(1)
    await process.quiet()


async def test_a_document_is_as_large_as_over_http(process: Process) -> None:
    fields = " ".join(f"a{n}: title" for n in range(61))
    async with socket(process, "/brighton/graphql") as client:
        query = f"subscription {{ opportunityChanged(filter: {{}}) {{ opportunity {{ {fields} }} }} }}"
        await client.subscribe(query=query, variables=None)
        assert await client.error() == "LIMIT_EXCEEDED"


async def test_a_subscription_over_plain_http_is_told_where_to_go(process: Process, stage: Stage) -> None:
    import httpx

    async with httpx.AsyncClient(trust_env=False) as client:
        given = {"query": SUBSCRIPTION, "variables": {"filter": {}}}
        answer = await client.post(f"{process.url}/graphql", json=given)
    assert answer.json()["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_NEEDS_STREAM"


# Where, and who


async def test_an_address_that_is_none_refuses_the_handshake(process: Process) -> None:
    assert await refused(process, "/nowhere/graphql") == 404
    assert await refused(process, "/brighton") == 404


async def test_an_unknown_host_refuses_the_handshake(process: Process) -> None:
    assert await refused(process, "/graphql", named="evil.example") == 421


async def test_a_citys_own_host_is_its_graph(process: Process, stage: Stage) -> None:
    async with bare_socket(process, "/graphql", named=HOST) as client:
        await client.send(type="connection_init")
        await client.receive()
        await client.subscribe()
        await process.listening(1)
        await stage.offer("Next Door", "plymouth")
        await stage.offer("On Our Host")
        assert await client.title() == "On Our Host"
    assert await refused(process, "/plymouth/graphql", named=HOST) == 404


async def init(client: Socket, authorization: Any) -> int | None:
    """Send a `connection_init` with a token; answers the code that closes the connection, None where it is taken."""
    await client.send(type="connection_init", payload={"Authorization": authorization})
    try:
        async with asyncio.timeout(WAIT_S):
            await client.wire.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006
    return None


async def test_a_token_that_does_not_hold_is_forbidden(process: Process, stage: Stage) -> None:
    foreign = await make_token(stage.database, stage.towns["plymouth"].here.tenant_id)
    for authorization, code in (("Bearer wp_nothing", 4403), (f"Bearer {foreign}", 4403), ("Basic x", 4403), (7, 4400)):
        async with bare_socket(process, "/brighton/graphql") as client:
            assert await init(client, authorization) == code, authorization
    await process.quiet()


async def test_only_a_page_that_the_city_lists_sends_a_token(process: Process, stage: Stage) -> None:
    token = f"Bearer {stage.towns['brighton'].token}"
    for origin, code in ((ORIGIN, None), ("https://evil.example", 4403), (process.url, None), (None, None)):
        for path in ("/brighton/graphql", "/graphql"):
            async with bare_socket(process, path, origin=origin) as client:
                assert await init(client, token) == code, (origin, path)


async def test_any_page_may_listen_without_a_token(process: Process) -> None:
    async with socket(process, "/brighton/graphql", origin="https://evil.example") as client:
        await client.subscribe()
        await process.listening(1)
    await process.quiet()

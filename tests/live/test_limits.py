"""What keeps one client from taking everybody's place, and what is left of one that has gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.live.stage import WAIT_S, Process, Stage, bare_socket, served, socket, stream

MUCH = " ".join(f"a{n}: summary" for n in range(50))
HEAVY = f"subscription {{ opportunityChanged(filter: {{}}) {{ id opportunity {{ title {MUCH} }} }} }}"


@pytest.fixture(scope="module")
async def process(stage: Stage, app_url: str) -> AsyncIterator[Process]:
    """A process with little patience."""
    limits = {"connections": 4, "of_client": 3, "subscriptions": 2, "waiting": 3, "heartbeat_s": 0.02}
    async with served(app_url, **limits) as process:
        yield process


async def test_a_client_that_does_not_read_is_dropped_and_the_others_are_not(process: Process, stage: Stage) -> None:
    async with socket(process, "/brighton/graphql") as quick, socket(process, "/brighton/graphql", max_queue=1) as slow:
        await slow.subscribe(query=HEAVY, variables=None)
        await quick.subscribe()
        await process.listening(2)
        heard = 0
        async with asyncio.timeout(WAIT_S):
            while process.platform.live.subscriptions == 2:
                await stage.offer(f"Heavy {heard}", summary="word " * 2_000)
                assert await quick.title() == f"Heavy {heard}"
                heard += 1
        await stage.offer("Afterwards")
        assert await quick.title() == "Afterwards"
        assert await slow.closed() == 4429
    await process.quiet()


async def test_a_stream_that_is_not_read_is_dropped(process: Process, stage: Stage) -> None:
    async with stream(process, "/brighton/graphql", query=HEAVY) as client:
        await client.comment()
        n = 0
        async with asyncio.timeout(WAIT_S):
            while process.platform.live.subscriptions:
                await stage.offer(f"Long Stream {n}", summary="word " * 2_000)
                n += 1
    await process.quiet()


async def test_a_connection_holds_only_so_many_subscriptions(process: Process) -> None:
    async with socket(process, "/brighton/graphql") as client:
        for _ in range(3):
            await client.subscribe()
        assert await client.closed() == 4429
    await process.quiet()


async def test_a_client_holds_only_so_many_connections(process: Process) -> None:
    async with (
        socket(process, "/graphql"),
        socket(process, "/graphql"),
        stream(process, "/graphql") as third,
    ):
        await third.comment()
        async with stream(process, "/graphql") as fourth:
            assert fourth.response.status_code == 429
            assert fourth.response.headers["retry-after"] == "10"
        with pytest.raises(InvalidStatus) as told:
            async with bare_socket(process, "/graphql"):
                pass
        assert told.value.response.status_code == 429
        async with httpx.AsyncClient(trust_env=False) as client:
            metrics = (await client.get(f"{process.url}/metrics")).text
        assert 'waypost_live_connections{kind="socket"} 2' in metrics
        assert 'waypost_live_connections{kind="stream"} 1' in metrics
        assert "waypost_live_subscriptions 1" in metrics
    await process.quiet()


async def test_a_message_that_is_too_large_closes_the_connection(process: Process) -> None:
    async with socket(process, "/graphql") as client:
        await client.wire.send("x" * 300_000)
        assert await client.closed() == 1009
    await process.quiet()


async def test_a_stream_beats_while_nothing_happens(process: Process) -> None:
    async with stream(process, "/brighton/graphql") as client:
        for _ in range(3):
            await client.comment()


async def test_nothing_is_left_of_clients_that_have_gone(process: Process, stage: Stage) -> None:
    before = asyncio.all_tasks()
    async with socket(process, "/brighton/graphql") as one, stream(process, "/graphql") as two:
        await one.subscribe()
        await two.comment()
        await process.listening(2)
        await stage.offer("Before They Go")
        assert await one.title() == await two.title() == "Before They Go"
        one.wire.transport.abort()
    await process.quiet()
    live = process.platform.live
    assert (live._listeners, live._positions) == ({}, {})
    assert not process.platform.connections._clients
    await stage.offer("Nobody Hears")
    assert live._moved == set()
    while left := [each for each in asyncio.all_tasks() - before if "waypost" in str(each.get_coro())]:
        await asyncio.wait(left)


async def test_a_process_that_stops_ends_what_is_open(stage: Stage, app_url: str) -> None:
    async with AsyncExitStack() as clients:
        async with served(app_url) as process:
            client = await clients.enter_async_context(socket(process, "/brighton/graphql"))
            await client.subscribe()
            listener = await clients.enter_async_context(stream(process, "/brighton/graphql"))
            await listener.comment()
            await process.listening(2)
        assert await client.closed() == 1012
        assert [line async for line in listener.lines] == []


async def test_who_says_nothing_is_not_waited_for(stage: Stage, app_url: str) -> None:
    async with served(app_url, init_within_s=0.01) as process, bare_socket(process, "/graphql") as client:
        assert await client.closed() == 4408

"""How receivers are called: what counts as their answer, and what becomes of connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from waypost.webhooks import sending
from waypost.webhooks.sending import Sender, Told

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
FAILED = b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nRetry-After: 9\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
PAUSE = b""  # so that what follows comes by itself


class Scripted:
    """Answers each message with the next of its answers, part by part, and counts its connections."""

    def __init__(self, answers: Sequence[Sequence[bytes]]) -> None:
        self.answers = list(answers)
        self.connections = 0
        self.open = 0
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(2)
                for part in self.answers.pop(0):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0 if part else 0.05)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
        finally:
            self.open -= 1

    async def told(self, sender: Sender) -> Told:
        return await sender.send(f"http://127.0.0.1:{self.port}/", {}, b"{}")


@asynccontextmanager
async def receiving(*answers: Sequence[bytes]) -> AsyncIterator[Scripted]:
    """A receiver with these answers."""
    receiver = Scripted(answers)
    server = await asyncio.start_server(receiver.talk, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


@asynccontextmanager
async def scripted(*answers: Sequence[bytes]) -> AsyncIterator[tuple[Scripted, Sender]]:
    """A receiver with these answers, and a sender that may call it."""
    async with receiving(*answers) as receiver, Sender((f"127.0.0.1:{receiver.port}",), timeout_s=1) as sender:
        yield receiver, sender


@asynccontextmanager
async def several(count: int) -> AsyncIterator[tuple[list[Scripted], Sender]]:
    """So many receivers that take what they are told, and a sender that may call them."""
    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(receiving((OK,), (OK,))) for _ in range(count)]
        sender = await stack.enter_async_context(Sender([f"127.0.0.1:{each.port}" for each in found], timeout_s=1))
        yield found, sender


@pytest.mark.parametrize("hints", [(HINTS,), (HINTS, PAUSE), (CONTINUE, PAUSE, HINTS, PAUSE), (HINTS[:20], PAUSE)])
async def test_what_is_said_on_the_way_is_no_answer(hints: tuple[bytes, ...]) -> None:
    rest = HINTS[20:] if len(hints[0]) == 20 else b""
    async with scripted((*hints, rest, OK), (*hints, rest, FAILED), (OK,)) as (receiver, sender):
        told = [await receiver.told(sender) for _ in range(3)]
        assert [each.status for each in told] == [200, 500, 200]
        assert [each.retry_after for each in told] == [None] * 3
        assert receiver.connections == 1, "it was kept"


async def test_only_hints_are_no_answer() -> None:
    async with scripted((HINTS,)) as (receiver, sender):
        assert await receiver.told(sender) == Told(None, "no answer within 1 s")


@pytest.mark.parametrize("more", [OK, b"HTTP/1.1 200", b"\x00\x01", OK + FAILED])
@pytest.mark.parametrize("pause", [(), (PAUSE,)])
async def test_what_comes_unasked_answers_nothing(more: bytes, pause: tuple[bytes, ...]) -> None:
    """At once with the answer or while the connection lies idle: the next message goes over another."""
    async with scripted((OK, *pause, more), (FAILED,)) as (receiver, sender):
        assert (await receiver.told(sender)).status == 200
        await asyncio.sleep(0.2)
        assert (await receiver.told(sender)).status == 500
        assert receiver.connections == 2


async def test_a_connection_is_kept_after_an_answer_in_order() -> None:
    async with scripted((OK,), (FAILED,), (OK,)) as (receiver, sender):
        assert [(await receiver.told(sender)).status for _ in range(3)] == [200, 500, 200]
        assert receiver.connections == 1


async def test_a_connection_whose_receiver_ends_it_is_not_kept() -> None:
    last = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    async with scripted((last,), (OK,)) as (receiver, sender):
        assert [(await receiver.told(sender)).status for _ in range(2)] == [200, 200]
        assert receiver.connections == 2


async def test_connections_are_closed_in_time_though_nobody_calls_there_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "KEPT_S", 0.3)
    async with several(5) as (receivers, sender):
        for each in receivers:
            assert (await each.told(sender)).status == 200
        assert [each.open for each in receivers] == [1] * 5
        async with asyncio.timeout(5):
            while any(each.open for each in receivers):  # noqa: ASYNC110 - nothing there tells of itself
                await asyncio.sleep(0.02)


async def test_only_so_many_connections_are_kept_and_the_longest_idle_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MOST_KEPT", 3)
    async with several(5) as (receivers, sender):
        for each in receivers:
            assert (await each.told(sender)).status == 200
        await asyncio.sleep(0.1)
        assert [each.open for each in receivers] == [0, 0, 1, 1, 1]
        assert (await receivers[0].told(sender)).status == 200

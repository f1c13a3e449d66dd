"""Calls to the outside: what is called, and what is not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.outgoing import CallFailed, Outgoing, TargetRefused, is_public

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PUBLIC = ("1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101")
PRIVATE = (
    *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
    *("255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00::1", "ff02::1", "2001:db8::1", "fec0::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:a00:1::"),
)


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_of_the_public_internet_is_known_however_it_is_written(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_what_is_public_may_be_called(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="127.0.0.0/8"))
def test_no_private_address_is_public_inside_another(address: Any) -> None:
    assert not is_public(f"::ffff:{address}")
    assert not is_public(str(address))


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[int]:
    """A server of this machine that answers as it likes."""
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    async with server:
        yield port


def saying(answer: bytes) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    return handle


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


async def test_only_what_is_named_is_called_on_a_private_address() -> None:
    async with answering(saying(OK)) as port:
        named = Outgoing((f"127.0.0.1:{port}",))
        answered = await named.call("GET", f"http://127.0.0.1:{port}/")
        assert (answered.status, answered.body) == (200, b"hi")
        with pytest.raises(TargetRefused):
            await Outgoing().call("GET", f"http://127.0.0.1:{port}/")
        with pytest.raises(TargetRefused):
            await Outgoing().call("GET", f"https://127.0.0.1:{port}/")
        with pytest.raises(TargetRefused):
            await Outgoing((f"127.0.0.1:{port + 1}",)).call("GET", f"https://127.0.0.1:{port}/")


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"])
async def test_other_spellings_of_this_machine_are_refused_too(host: str) -> None:
    async with answering(saying(OK)) as port:
        with pytest.raises(CallFailed):
            await Outgoing().call("GET", f"https://{host}:{port}/")


async def test_a_public_name_that_leads_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lied(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("1.1.1.1", "10.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lied, raising=False)
    with pytest.raises(TargetRefused):
        await Outgoing().call("GET", "https://innocent.example/")


async def test_a_redirect_is_followed_by_nobody() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    async with answering(saying(moved)) as port:
        answered = await Outgoing((f"127.0.0.1:{port}",)).call("GET", f"http://127.0.0.1:{port}/")
        assert (answered.status, answered.headers["location"]) == (302, "http://169.254.169.254/")


async def test_an_answer_without_end_is_given_up() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 10_000)
                await writer.drain()
        except OSError:
            writer.close()

    async with answering(endless) as port:
        with pytest.raises(CallFailed, match="more than 50000 bytes"):
            await Outgoing((f"127.0.0.1:{port}",), most_bytes=50_000).call("GET", f"http://127.0.0.1:{port}/")


async def test_who_does_not_answer_in_time_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with answering(silent) as port:
        with pytest.raises(CallFailed, match="did not answer"):
            await Outgoing((f"127.0.0.1:{port}",), timeout_s=0.2).call("GET", f"http://127.0.0.1:{port}/")


async def test_who_hangs_up_or_is_not_there_is_a_failure_like_others() -> None:
    async with answering(saying(b"")) as port:
        with pytest.raises(CallFailed):
            await Outgoing((f"127.0.0.1:{port}",)).call("GET", f"http://127.0.0.1:{port}/")
    with pytest.raises(CallFailed):
        await Outgoing((f"127.0.0.1:{port}",)).call("GET", f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "url",
    [
        "https://a..example/",
        f"https://{'a' * 64}.example/",
        "https://exa\u0308mple..example/",
        "https://a.example/\u00e9",
        "https://a.example:99999/",
        "https://[::1/",
        "https:///",
    ],
)
async def test_an_address_that_is_none_is_a_failure_like_others(url: str) -> None:
    with pytest.raises(CallFailed):
        await Outgoing(timeout_s=2).call("GET", url)

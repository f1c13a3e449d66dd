"""Calls to the outside: only to public addresses, bounded in time and size, following nothing by themselves."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpcore

T = TypeVar("T")

TIMEOUT_S: Final = 10.0
MOST_BYTES: Final = 1_000_000
_NAT64: Final = IPv6Network("64:ff9b::/96")


class CallFailed(Exception):
    """A call that could not be made, or whose answer cannot be used; the message says why."""


class TargetRefused(CallFailed):
    """The target is one that must not be called from here."""


class AnswerTooLarge(CallFailed):
    """What came back has no end, or is larger than what is taken; the rest was not read."""


class NotReached(CallFailed):
    """No connection came about, so that nothing was sent."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, however it is written into another."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inside = IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
        if found.is_site_local:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


class Guard(httpcore.AsyncNetworkBackend):
    """Connects to public addresses alone, and to the `host:port` in `allowed`.

    What a name means is asked once, and that very address is connected to, so that it cannot change in between.
    """

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = frozenset(allowed)
        self._below = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore calls it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect, or raise `TargetRefused`."""
        address = await self.address_of(host, port)
        return await self._below.connect_tcp(address, port, timeout, local_address, socket_options)

    async def address_of(self, host: str, port: int) -> str:
        """Find the address to connect to, or raise `TargetRefused`; `httpcore.ConnectError` for an unknown name."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} is not known: {error}") from error
        addresses = [str(each[4][0]) for each in found]
        allowed = f"{host}:{port}" in self._allowed
        if not allowed and not all(is_public(each) or f"{each}:{port}" in self._allowed for each in addresses):
            raise TargetRefused(f"{host}:{port} is no public address; see WAYPOST_ALLOW_PRIVATE_TARGETS")
        return addresses[0]

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - as httpcore calls it
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - as httpcore calls it
    ) -> httpcore.AsyncNetworkStream:
        """Refused: nothing outside is behind a socket's file."""
        raise TargetRefused(f"{path} is no address of the internet")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True)
class Answered:
    """What came back; headers by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Outgoing:
    """Makes calls. `allowed` are `host:port` of private addresses that may be called, also without TLS."""

    allowed: Collection[str] = ()
    timeout_s: float = TIMEOUT_S
    most_bytes: int = MOST_BYTES
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    async def call(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answered:
        """Make one call; a redirect is an answer like others. Raises `CallFailed`."""
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise CallFailed(f"that is no address of the web: {error}") from error
        if parts.scheme != "https" and f"{parts.hostname}:{port}" not in self.allowed:
            raise TargetRefused(f"{parts.scheme}://{parts.netloc} is not called without TLS")
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._answer(method, url, headers or {}, body)
        except TimeoutError as error:
            raise CallFailed(f"{parts.netloc} did not answer within {self.timeout_s:g} s") from error
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise NotReached(f"{parts.netloc} could not be reached: {error}") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            raise CallFailed(f"{parts.netloc} could not be called: {error}") from error
        except (ValueError, TypeError) as error:  # a name or a path that cannot be written as they go over the wire
            raise CallFailed(f"{parts.netloc} cannot be called by that address: {error}") from error

    async def _answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answered:
        async with (
            httpcore.AsyncConnectionPool(ssl_context=self.tls, network_backend=Guard(self.allowed)) as pool,
            pool.stream(method, url, headers=[*headers.items()], content=body) as response,
        ):
            found = bytearray()
            async for chunk in response.aiter_stream():
                found += chunk
                if len(found) > self.most_bytes:
                    raise AnswerTooLarge(f"{urlsplit(url).netloc} answered more than {self.most_bytes} bytes")
            given = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return Answered(response.status, given, bytes(found))


async def together(*asked: Coroutine[Any, Any, T]) -> list[T]:
    """Ask several things at once, and answer in their order; where one fails, the others are called off.

    So nobody goes on asking one that wants to be left alone.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in asked]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]

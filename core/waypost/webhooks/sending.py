"""Calls receivers: to public addresses alone, on connections that are kept, with an end to everything."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Self

import httpcore

from waypost.outgoing import Guard, TargetRefused

TIMEOUT_S: Final = 15.0
MOST_BYTES: Final = 65_536
AT_ONCE: Final = 32
OF_ONE: Final = 16
KEPT_S: Final = 15.0


@dataclass(frozen=True)
class Told:
    """What a receiver answered; `status` None = it did not, and `problem` says why."""

    status: int | None
    problem: str | None = None
    retry_after: str | None = None


class Sender:
    """Sends over a pool of connections. What a name means is asked once a connection, and checked then."""

    def __init__(self, allowed: Collection[str], *, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            network_backend=Guard(allowed),
            max_connections=AT_ONCE,
            max_keepalive_connections=AT_ONCE,
            keepalive_expiry=KEPT_S,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.aclose()

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        """Send one message; whatever happens is an answer. Redirects are not followed."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._answer(url, headers, body)
        except TargetRefused:
            return Told(None, "the name leads to an address that is not public")
        except TimeoutError:
            return Told(None, f"no answer within {self._timeout_s:g} s")
        except (httpcore.NetworkError, httpcore.TimeoutException, OSError) as error:
            return Told(None, f"the connection failed: {type(error).__name__}")
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, httpcore.PoolTimeout, ValueError):
            return Told(None, "the answer was no HTTP")

    async def _answer(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        async with self._pool.stream("POST", url, headers=list(headers.items()), content=body) as response:
            size = 0
            async for chunk in response.aiter_stream():
                size += len(chunk)
                if size > MOST_BYTES:
                    return Told(response.status, f"the answer was longer than {MOST_BYTES} bytes")
            after = [value for name, value in response.headers if name.lower() == b"retry-after"]
            return Told(response.status, None, after[0].decode("latin-1") if after else None)

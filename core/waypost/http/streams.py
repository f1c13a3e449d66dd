"""Subscriptions as an event stream: graphql-sse, each in a connection of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import orjson
from starlette.types import Message, Receive, Scope, Send

from waypost.graph import NotSubscribed, Subscribe, TooSlow
from waypost.http import cors
from waypost.http.caller import Caller
from waypost.http.endpoint import VARY, GraphEndpoint
from waypost.http.faults import Fault, unexpected
from waypost.http.negotiation import Media
from waypost.http.replies import Reply, send_reply
from waypost.http.requests import ClientGone, read_get, read_post
from waypost.tracing import request_task

log = logging.getLogger(__name__)

EVENT_STREAM: Final = "text/event-stream"
COMMENT: Final = b":\n\n"
COMPLETE: Final = b"event: complete\ndata:\n\n"
# Proxies hold back what they may compress or keep.
HEADERS: Final = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
SLOW: Final = {
    "message": "More has happened than could be sent: read anew and subscribe again.",
    "extensions": {"code": "REPLAY_TOO_OLD"},
}


def wants_stream(scope: Scope) -> bool:
    """Whether a request asks for an event stream by name, before anything else that it takes."""
    if scope["method"] not in ("GET", "POST"):
        return False
    accept: str = scope["arrival"].headers.get("accept", "")
    return accept.partition(",")[0].partition(";")[0].strip().lower() == EVENT_STREAM


@dataclass(frozen=True)
class GraphStream:
    """Answers a subscription with a stream; hands everything that wants none to the endpoint."""

    endpoint: GraphEndpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises Fault and Moved where its address names no graph."""
        if not wants_stream(scope):
            await self.endpoint(scope, receive, send)
            return
        caller = Caller.of(self.endpoint, scope)
        tenant = caller.tenant()
        origins = self.endpoint.platform.origins if tenant is None else tenant.origins
        always = HEADERS | VARY | cors.readable_by(caller.headers, origins)
        connections = self.endpoint.platform.connections
        try:
            await caller.asker()  # before the body is read: strangers' tokens cost us nothing
            if scope["method"] == "POST":
                asked = await read_post(receive, caller.headers, within_s=self.endpoint.body_within_s)
            else:
                asked = read_get(scope, caller.headers)
            slow = asyncio.Event()
            wanted = caller.subscribe(asked, caller.headers.get("last-event-id"), slow)
            with connections.counted("stream", caller.address):
                await send(_start(always))
                await Stream(caller, connections.limits.heartbeat_s, receive, send).flow(wanted)
                async with asyncio.timeout(connections.limits.farewell_s):
                    await send({"type": "http.response.body", "body": b""})
        except Fault as fault:
            await send_reply(Reply(fault.status, fault.body(), Media.JSON, always | fault.headers), scope, send)
        except TimeoutError:
            raise ClientGone from None


class _Over(Exception):
    """The stream has come to its end."""


class Stream:
    """One stream, from its first comment to its end."""

    def __init__(self, caller: Caller, heartbeat_s: float, receive: Receive, send: Send) -> None:
        self._live = caller.platform.live
        self._heartbeat_s = heartbeat_s
        self._receive = receive
        self._send_on = send

    async def flow(self, wanted: Subscribe) -> None:
        """Send events until the subscription is over, the client has gone or is too slow."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for work in (self._beat(), self._watch(wanted.slow), self._until_gone()):
                    tasks.create_task(work, name=request_task())
                await self._tell(wanted)
        except* (_Over, OSError):
            log.debug("a stream is over")

    async def _tell(self, wanted: Subscribe) -> None:
        """Send what the subscription tells, then raise `_Over`."""
        try:
            async with aclosing(self._live.messages(wanted)) as messages:
                async for message in messages:
                    if message.event is None:
                        await self._send(COMMENT)
                    else:
                        await self._send(b"id: %s\n%s" % (str(message.event).encode(), _next(message.body)))
        except NotSubscribed as refused:
            await self._send(_next(refused.answer.body) + COMPLETE)
        except TooSlow:
            await self._send(_next(orjson.dumps({"errors": [SLOW]})) + COMPLETE)
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - masked for the client, whole in the log
            await self._send(_next(unexpected(error).body()) + COMPLETE)
        raise _Over

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat_s)
            await self._send(COMMENT)

    async def _watch(self, slow: asyncio.Event) -> None:
        """Give a client up that is too slow to be told so."""
        await slow.wait()
        await asyncio.sleep(self._heartbeat_s)
        raise _Over

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        raise _Over

    async def _send(self, text: bytes) -> None:
        await self._send_on({"type": "http.response.body", "body": text, "more_body": True})


def _start(headers: Mapping[str, str]) -> Message:
    """The message that begins a stream, whose length nobody knows."""
    all = {"Content-Type": f"{EVENT_STREAM}; charset=utf-8", "X-Content-Type-Options": "nosniff", **headers}
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in all.items()]
    return {"type": "http.response.start", "status": 200, "headers": raw}


def _next(body: bytes) -> bytes:
    """One response as an event; JSON has no line breaks of its own."""
    return b"event: next\ndata: " + body + b"\n\n"

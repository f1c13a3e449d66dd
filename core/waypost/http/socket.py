"""Subscriptions over a WebSocket, in the protocol graphql-transport-ws.

Only subscriptions are answered: queries and mutations go over HTTP, where they are kept, priced and told of by status.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.types import Message, Receive, Scope, Send

from waypost.graph import NotSubscribed, Subscribe, TooSlow
from waypost.http.caller import Caller
from waypost.http.connections import LiveLimits
from waypost.http.endpoint import GraphEndpoint
from waypost.http.faults import Fault, unexpected
from waypost.http.requests import request_of
from waypost.tracing import request_task

log = logging.getLogger(__name__)

PROTOCOL: Final = "graphql-transport-ws"
LONGEST_REASON: Final = 123  # bytes that a close frame has room for
LONGEST_ID: Final = 200
TOO_SLOW: Final = "Too slow: more has happened than could be sent. Read anew and subscribe again."


class Close(Exception):
    """The connection is to be closed with this code, which the protocol defines."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Gone(Exception):
    """The client has closed the connection."""


@dataclass(frozen=True)
class GraphSocket:
    """Accepts WebSockets to the graph of one tenant, or to the national one."""

    endpoint: GraphEndpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until either end closes it. Raises Fault and Moved while it is not accepted yet."""
        caller = Caller.of(self.endpoint, scope)
        connections = self.endpoint.platform.connections
        with connections.counted("socket", caller.address):
            await receive()  # websocket.connect
            known = PROTOCOL in scope["subprotocols"]
            await send({"type": "websocket.accept", "subprotocol": PROTOCOL if known else None})
            if known:
                await Conversation(caller, connections.limits, receive, send).held()
            else:
                words = f"Subprotocol not acceptable: ask for {PROTOCOL}."
                await send({"type": "websocket.close", "code": 4406, "reason": words})


class Conversation:
    """One accepted connection."""

    def __init__(self, caller: Caller, limits: LiveLimits, receive: Receive, send: Send) -> None:
        self._caller = caller
        self._limits = limits
        self._receive = receive
        self._send_on = send
        self._slow = asyncio.Event()
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def held(self) -> None:
        """Talk until the end; nothing of it is left then."""
        close: Close | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch(), name=request_task())
                await self._talk(tasks)
        except* Gone:
            log.debug("a socket was closed by its client")
        except* Close as found:
            close = _first(found)
        if close is not None:
            await self._close(close)

    async def _close(self, close: Close) -> None:
        """Say goodbye, for as long as a client that does not read may take to hear it."""
        reason = close.reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        try:
            async with asyncio.timeout(self._limits.farewell_s):
                await self._send_on({"type": "websocket.close", "code": close.code, "reason": reason})
        except (OSError, TimeoutError):
            log.debug("a socket was gone before it could be closed")

    async def _watch(self) -> None:
        """Close the connection of a client that is too slow, also in the middle of a message."""
        await self._slow.wait()
        raise Close(4429, TOO_SLOW)

    async def _talk(self, tasks: asyncio.TaskGroup) -> None:
        try:
            async with asyncio.timeout(self._limits.init_within_s):
                await self._begun()
        except TimeoutError:
            raise Close(4408, "Connection initialisation timeout") from None
        while True:
            message = await self._next()
            kind = message["type"]
            if kind == "subscribe":
                self._subscribe(tasks, message)
            elif kind == "complete":
                self._complete(_id(message))
            elif kind == "connection_init":
                raise Close(4429, "Too many initialisation requests")
            else:
                await self._pinged(message)

    async def _begun(self) -> None:
        """Wait for the client's `connection_init`, and find out who it is."""
        while True:
            message = await self._next()
            if message["type"] == "connection_init":
                break
            if message["type"] in ("subscribe", "complete"):
                raise Close(4401, "Unauthorized")
            await self._pinged(message)
        payload = message.get("payload") or {}
        authorization = payload.get("Authorization") or payload.get("authorization")
        if not isinstance(authorization, str | None):
            raise Close(4400, "`Authorization` in the payload must be a string.")
        self._caller = self._caller.with_token(authorization)
        try:
            await self._caller.asker()
        except Fault as fault:
            raise Close(4403, f"Forbidden: {fault.code}: {fault.message}") from fault
        await self._send(b'{"type":"connection_ack"}')

    async def _pinged(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "ping":
            given = {"payload": message["payload"]} if message.get("payload") is not None else {}
            await self._send(orjson.dumps({"type": "pong", **given}))
        elif message["type"] != "pong":
            raise Close(4400, f"Invalid message: its type {message['type']!r} is none of the protocol's.")

    # Operations

    def _subscribe(self, tasks: asyncio.TaskGroup, message: Mapping[str, Any]) -> None:
        id, payload = _id(message), message.get("payload")
        if not isinstance(payload, dict):
            raise Close(4400, "Invalid message: `subscribe` needs a `payload` that is an object.")
        if id in self._operations:
            raise Close(4409, f"Subscriber for {id} already exists")
        if len(self._operations) >= self._limits.subscriptions:
            raise Close(4429, f"Too many subscriptions: {self._limits.subscriptions} may be open on one connection.")
        try:
            asked = request_of(payload, self._caller.headers)
            since = (payload.get("extensions") or {}).get("lastEventId")
            wanted = self._caller.subscribe(asked, since, self._slow)
        except Fault as fault:
            raise Close(4400, f"Invalid message: {fault.message}") from fault
        self._operations[id] = tasks.create_task(self._operate(id, wanted), name=request_task())

    def _complete(self, id: str) -> None:
        task = self._operations.pop(id, None)
        if task is not None:
            task.cancel()

    async def _operate(self, id: str, wanted: Subscribe) -> None:
        """Send what one subscription tells, until it is over."""
        head = b'{"id":' + orjson.dumps(id)
        try:
            async with aclosing(self._caller.platform.live.messages(wanted)) as messages:
                async for message in messages:
                    if message.event is not None:
                        await self._send(head + b',"type":"next","payload":' + message.body + b"}")
        except NotSubscribed as refused:
            errors = orjson.loads(refused.answer.body)["errors"]
        except TooSlow:
            raise Close(4429, TOO_SLOW) from None
        except (Close, Gone):
            raise
        except Exception as error:  # noqa: BLE001 - masked for the client, whole in the log
            errors = orjson.loads(unexpected(error).body())["errors"]
        else:
            raise Close(1012, "The server is about to stop; come back with the id of the last event.")
        self._operations.pop(id, None)
        await self._send(head + b',"type":"error","payload":' + orjson.dumps(errors) + b"}")

    # The wire

    async def _next(self) -> dict[str, Any]:
        received: Message = await self._receive()
        if received["type"] == "websocket.disconnect":
            raise Gone
        text = received.get("text")
        if text is None:
            raise Close(4400, "Invalid message: send text, not bytes.")
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise Close(4400, "Invalid message: this is not JSON.") from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise Close(4400, "Invalid message: it must be an object with a `type`.")
        if not isinstance(message.get("payload"), dict | list | None):
            raise Close(4400, "Invalid message: `payload` must be an object.")
        return message

    async def _send(self, text: bytes) -> None:
        try:
            await self._send_on({"type": "websocket.send", "text": text.decode()})
        except OSError as error:
            raise Gone from error


def _first(group: BaseExceptionGroup[Close]) -> Close:
    """The first of several reasons to close."""
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found


def _id(message: Mapping[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= LONGEST_ID:
        raise Close(4400, f"Invalid message: `id` must be a text of 1 to {LONGEST_ID} characters.")
    return id

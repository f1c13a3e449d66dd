"""Finds out which host was meant, so that everything behind sees one shape of path."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waypost.http import cors
from waypost.http.faults import Code, Fault, unexpected
from waypost.http.hosts import without_port
from waypost.http.negotiation import Media, choose_media
from waypost.http.pages import fault_page
from waypost.http.platform import Platform
from waypost.http.replies import Reply, moved, send_reply
from waypost.http.requests import ClientGone, headers_of
from waypost.http.tenants import Moved, with_query
from waypost.tenancy import Tenant
from waypost.tracing import begin_request, new_request_id

log = logging.getLogger(__name__)

# What belongs to the process and not to a tenant: the same on every host.
OF_THE_PROCESS: Final = ("/healthz", "/readyz", "/metrics")
STATIC: Final = "/static/"
# Returned with every answer but those that caches may give to others.
REQUEST_ID: Final = b"x-request-id"
WELL_FORMED: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
STREAMED: Final = b"text/event-stream"
DENIAL: Final = "websocket.http.response"


@dataclass(frozen=True)
class Arrival:
    """How a request arrived: its headers, the believed `host[:port]`, the tenant whose own host that is."""

    headers: Mapping[str, str]
    host: str
    tenant: Tenant | None = None

    def prefix(self, tenant: Tenant | None) -> str:
        """What stands before `/graphql` here: nothing for the national graph, or on a tenant's own host."""
        return "" if self.tenant is not None or tenant is None else f"/{tenant.slug}"


class Sites:
    """The layer around everything but kept answers: knows the host, and lets no exception out.

    On a tenant's own host `/graphql` becomes `/{tenant}/graphql` before routing. So another
    tenant's prefix is found nowhere there, without a rule of its own.
    """

    def __init__(self, app: ASGIApp, platform: Platform) -> None:
        self.app = app
        self.platform = platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; an unexpected exception becomes a 500 with the request's id, found in the log."""
        id = self._request_id(scope)
        begin_request(id)
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        begun, status, live = perf_counter(), 0, False

        async def send_on(message: Message) -> None:
            nonlocal status, live
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.get("headers", ())
                live = any(value.startswith(STREAMED) for _, value in headers)
                if not any(name == b"cache-control" and value.startswith(b"public") for name, value in headers):
                    message = {**message, "headers": [*headers, (REQUEST_ID, id.encode())]}
            await send(message)

        try:
            await self._dispatch(scope, receive, send_on)
        except ClientGone:
            log.debug("The client closed the connection in the middle of its request.")
        except Exception as error:
            reply = self._instead(error, headers_of(scope))
            if status:  # too late for another answer: the server closes the connection
                raise
            await send_reply(reply, scope, send_on)
        finally:
            self.platform.metrics.note(scope["path"], status, perf_counter() - begun, live=live)

    def _request_id(self, scope: Scope) -> str:
        """The id that a trusted proxy gave the request, else a new one."""
        client = scope.get("client")
        if self.platform.hosts.is_proxy(client[0] if client else None):
            said: list[bytes] = [value for name, value in scope["headers"] if name == REQUEST_ID]
            if len(said) == 1 and WELL_FORMED.fullmatch(said[0]):
                return said[0].decode()
        return new_request_id()

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a WebSocket begin; what would refuse a request refuses its handshake, with the same status."""
        accepted = False

        async def send_on(message: Message) -> None:
            nonlocal accepted
            accepted = accepted or message["type"] == "websocket.accept"
            await send(message)

        try:
            await self._dispatch(scope, receive, send_on)
        except OSError:
            log.debug("The client closed the connection in the middle of its handshake.")
        except Exception as error:
            if accepted:
                raise
            reply = self._instead(error, headers_of(scope))
            await _deny(reply, scope, send)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path in OF_THE_PROCESS:
            await self.app(scope, receive, send)
            return
        arrival = self._arrival(scope)
        scope = {**scope, "arrival": arrival}
        if arrival.tenant is not None and not path.startswith(STATIC):
            own = f"/{arrival.tenant.slug}"
            if path == own or path.startswith(f"{own}/"):
                raise Moved(with_query(path.removeprefix(own), scope))
            scope["path"] = own + path
            scope["raw_path"] = own.encode() + scope.get("raw_path", path.encode())
        await self.app(scope, receive, send)

    def _arrival(self, scope: Scope) -> Arrival:
        headers, client = headers_of(scope), scope.get("client")
        if "," in headers.get("host", ""):  # RFC 9112, 3.2: one server's host would be another's
            raise Fault(Code.BAD_REQUEST, "A request names one host. Send one Host header.")
        host = self.platform.hosts.host_of(headers, client[0] if client else None)
        tenant = self.platform.directory.by_host(host)
        if tenant is None and not self.platform.hosts.is_own(without_port(host)):
            raise Fault(
                Code.MISDIRECTED_REQUEST,
                "This host name is not known here. Set WAYPOST_BASE_URL, or `hosts` in a tenant.toml.",
            )
        return Arrival(headers, host, tenant)

    def _instead(self, error: Exception, headers: Mapping[str, str]) -> Reply:
        """What is answered instead of what an exception prevented."""
        readable = cors.readable_by(headers, ())
        if isinstance(error, Moved):
            return moved(error.location, readable)
        fault = error if isinstance(error, Fault) else unexpected(error)
        if choose_media(headers.get("accept"), html=True) is Media.HTML:
            return fault_page(fault.status, fault.message, self.platform.assets)
        return Reply(fault.status, fault.body(), Media.JSON, readable | fault.headers)


async def _deny(reply: Reply, scope: Scope, send: Send) -> None:
    """Refuse a handshake: with an answer, where the server can send one."""
    if DENIAL not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
        return
    await send({**reply.start(), "type": f"{DENIAL}.start"})
    await send({"type": f"{DENIAL}.body", "body": reply.body})

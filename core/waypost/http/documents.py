"""What is simply fetched: the start page, a tenant's page, the schema as text."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from waypost.http import cors
from waypost.http.faults import method_not_allowed
from waypost.http.pages import start_page, tenant_page
from waypost.http.platform import Platform
from waypost.http.replies import Reply, send_reply
from waypost.http.sites import Arrival
from waypost.http.tenants import tenant_of
from waypost.outbox.work import Work
from waypost.plugins import Piece, Site, filled
from waypost.tenancy import Tenant
from waypost.tenancy.entries import Here

READ_METHODS: Final = ("GET", "HEAD")


@dataclass(frozen=True)
class OnlyRead:
    """Refuses every method but GET and HEAD."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise Fault with `METHOD_NOT_ALLOWED`."""
        if scope["method"] not in READ_METHODS:
            raise method_not_allowed(scope["method"], ", ".join(READ_METHODS))
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class Pages:
    """`/`: all tenants; `/{tenant}/`: one."""

    platform: Platform

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer with the page."""
        arrival: Arrival = scope["arrival"]
        tenant = tenant_of(scope, self.platform.directory)
        if tenant is None:
            reply = start_page(self.platform.directory.tenants, self.platform.assets)
        else:
            pieces = await self._pieces(tenant)
            reply = tenant_page(tenant, arrival.prefix(tenant), self.platform.assets, pieces)
        await send_reply(reply, scope, send)

    async def _pieces(self, tenant: Tenant) -> list[Piece]:
        """What plugins show of a tenant to everybody; whoever asks is a stranger to them."""
        plugins, database = self.platform.plugins, self.platform.database
        fills = plugins.fills(tenant.plugins)
        site = Site(Here.of(tenant), Work(database, self.platform.settings))
        return await filled(site, "city", fills, plugins.calls) if fills else []


@dataclass(frozen=True)
class Schemas:
    """`/schema.graphql` and `/{tenant}/schema.graphql`: what a graph can be asked, in SDL."""

    platform: Platform

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer with the SDL, or 304 to who has it already."""
        arrival: Arrival = scope["arrival"]
        tenant = tenant_of(scope, self.platform.directory)
        body = self.platform.sdl(tenant).encode()
        headers = {
            "ETag": f'"{sha256(body).hexdigest()[:24]}"',
            "Cache-Control": "no-cache",
            **cors.readable_by(arrival.headers, ()),
        }
        known = arrival.headers.get("if-none-match", "").replace("W/", "").split(",")
        if headers["ETag"] in (tag.strip() for tag in known):
            reply = Reply(304, headers=headers)
        else:
            reply = Reply(200, body, "text/plain", headers)
        await send_reply(reply, scope, send)

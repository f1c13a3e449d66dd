"""`/graphql` and `/{tenant}/graphql`: GraphQL over HTTP, from the request's bytes to the answer's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from waypost.graph import Answer
from waypost.http import cors
from waypost.http.asking import asker_of
from waypost.http.faults import Code, Fault, method_not_allowed, unexpected
from waypost.http.graphiql import graphiql, linked
from waypost.http.negotiation import Media, choose_media
from waypost.http.platform import Platform
from waypost.http.replies import Reply, send_reply
from waypost.http.requests import ClientGone, read_get, read_post
from waypost.http.sites import Arrival
from waypost.http.tenants import tenant_of
from waypost.tenancy import Tenant

METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST")
ALLOWED: Final = ", ".join(METHODS)
NEEDS_POST: Final = "MUTATION_NEEDS_POST"
VARY: Final = {"Vary": "Accept, Accept-Language, Authorization, Origin"}


@dataclass(frozen=True)
class GraphEndpoint:
    """Puts requests to the graph of one tenant, or to the national one."""

    platform: Platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Every refusal is a GraphQL error body with a code."""
        arrival: Arrival = scope["arrival"]
        tenant = tenant_of(scope, self.platform.directory)
        origins = self._origins(tenant)
        if scope["method"] == "OPTIONS":
            headers = {"Allow": ALLOWED} | cors.preflight(arrival.headers, origins)
            await send_reply(Reply(204, headers=headers), scope, send)
            return
        media = choose_media(arrival.headers.get("accept"), html=scope["method"] in ("GET", "HEAD"))
        try:
            reply = await self._reply(scope, receive, tenant, media)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 - masked for the client, whole in the log
            fault = error if isinstance(error, Fault) else unexpected(error)
            readable = media if media is Media.RESPONSE else Media.JSON
            reply = Reply(fault.status, fault.body(), readable, fault.headers)
        always = VARY | cors.readable_by(arrival.headers, origins) | cache_rule(arrival)
        await send_reply(Reply(reply.status, reply.body, reply.media, {**always, **reply.headers}), scope, send)

    async def _reply(self, scope: Scope, receive: Receive, tenant: Tenant | None, media: Media | None) -> Reply:
        arrival: Arrival = scope["arrival"]
        method: str = scope["method"]
        if method not in METHODS:
            raise method_not_allowed(method, ALLOWED)
        if media is None:
            offers = f"{Media.RESPONSE} and {Media.JSON}"
            raise Fault(Code.NOT_ACCEPTABLE, f"The graph answers {offers}; `Accept` takes neither.")
        if media is Media.HTML:
            given = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            return graphiql(tenant, arrival.prefix(tenant), self.platform.assets, **linked(given))
        cors.refuse_foreign_page(arrival.headers, self._origins(tenant), arrival.host)
        # Who asks is known before the body is read: strangers' tokens cost us nothing.
        asker = await asker_of(self.platform, arrival.headers.get("authorization"), tenant)
        if tenant is None and asker.tenant is not None:
            home = self.platform.directory.by_id(asker.tenant)
            cors.refuse_foreign_page(arrival.headers, home.origins if home else (), arrival.host)
        posted = method == "POST"
        request = await read_post(receive, arrival.headers) if posted else read_get(scope, arrival.headers)
        graph = self.platform.graph(tenant)
        answer = await self.platform.engine.answer(graph, request, asker, queries_only=not posted)
        if answer.code == NEEDS_POST:
            return Reply(405, answer.body, media, {"Allow": "POST"})
        return Reply(status_of(answer, media), answer.body, media)

    def _origins(self, tenant: Tenant | None) -> Collection[str]:
        return self.platform.origins if tenant is None else tenant.origins


def status_of(answer: Answer, media: Media) -> int:
    """The HTTP status of the graph's answer.

    Clients of `application/json` expect 200 for every well-formed request; with the newer type
    a document that could not be carried out at all is a 400. A database that is away is a 503 for both.
    """
    if answer.code == Code.UNAVAILABLE:
        return 503
    return 400 if media is Media.RESPONSE and not answer.accepted else 200


def cache_rule(arrival: Arrival) -> dict[str, str]:
    """Nothing that a token has shown is kept; what everybody may see is asked for again."""
    return {"Cache-Control": "no-store" if "authorization" in arrival.headers else "no-cache"}

"""`/graphql` and `/{tenant}/graphql`: GraphQL over HTTP, from the request's bytes to the answer's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from waypost.graph import Answer, Asker, GraphError, Keep
from waypost.http import cors
from waypost.http.asking import asker_of
from waypost.http.buckets import Buckets, Told, client_of
from waypost.http.faults import Code, Fault, method_not_allowed, unexpected
from waypost.http.graphiql import graphiql, linked
from waypost.http.kept import etag_of
from waypost.http.negotiation import Media, choose_media
from waypost.http.platform import Platform
from waypost.http.replies import Reply, send_reply
from waypost.http.requests import BODY_WITHIN_S, ClientGone, read_get, read_post
from waypost.http.sites import Arrival
from waypost.http.tenants import tenant_of
from waypost.tenancy import Tenant

METHODS: Final = ("GET", "HEAD", "OPTIONS", "POST")
ALLOWED: Final = ", ".join(METHODS)
NEED_POST: Final = frozenset(("MUTATION_NEEDS_POST", "CONFIDENCE_NEEDS_POST"))
THROTTLED: Final = "THROTTLED"
STATUSES: Final[Mapping[str | None, int]] = {Code.UNAVAILABLE: 503, THROTTLED: 429, **dict.fromkeys(NEED_POST, 405)}
CDN_S: Final = 60  # the longest that a cache between us and a reader gives an answer unasked
NEVER_KEPT: Final = {"Cache-Control": "private, no-store"}
OF_ONE_CLIENT: Final = frozenset({"RateLimit", "RateLimit-Policy", "Retry-After"})
VARY: Final = {"Vary": "Accept, Accept-Language, Authorization, Origin"}


@dataclass(frozen=True)
class GraphEndpoint:
    """Puts requests to the graph of one tenant, or to the national one; a body must be here within so many seconds."""

    platform: Platform
    body_within_s: float = BODY_WITHIN_S

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
        always = VARY | self._readable(arrival.headers, origins)
        try:
            reply = await self._reply(scope, receive, tenant, media, always)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 - masked for the client, whole in the log
            fault = error if isinstance(error, Fault) else unexpected(error)
            readable = media if media is Media.RESPONSE else Media.JSON
            reply = Reply(fault.status, fault.body(), readable, fault.headers)
        await send_reply(reply.under(NEVER_KEPT | always), scope, send)

    async def _reply(
        self, scope: Scope, receive: Receive, tenant: Tenant | None, media: Media | None, always: Mapping[str, str]
    ) -> Reply:
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
        asker = await asker_of(self.platform, arrival.headers, arrival.host, tenant)
        if tenant is None and asker.tenant is not None:
            home = self.platform.directory.by_id(asker.tenant)
            cors.refuse_foreign_page(arrival.headers, home.origins if home else (), arrival.host)
        posted = method == "POST"
        if posted:
            request = await read_post(receive, arrival.headers, within_s=self.body_within_s)
        else:
            request = read_get(scope, arrival.headers)
        spending = self.spending(scope, tenant, asker)
        answer = await self.platform.engine.answer(
            self.platform.graph(tenant),
            request,
            asker,
            queries_only=not posted,
            spend=spending,
            open_schema=self.platform.shows_schema(asker),
        )
        headers = spending.told.headers() if spending.told else {}
        if answer.code in NEED_POST:
            headers["Allow"] = "POST"
        reply = Reply(status_of(answer, media), with_cost(answer), media, headers)
        if answer.keep is None or self._is_personal(arrival.headers):
            return reply
        seconds = 0 if request.document_id is None or posted else answer.keep.until - monotonic()
        return self._kept(scope, answer.keep, reply.under({**always, **tags(reply.body, seconds)}))

    def _kept(self, scope: Scope, keep: Keep, reply: Reply) -> Reply:
        """Let the answer be given again, without what was this client's alone; answer 304 to who has it already."""
        if "keep" in scope:
            headers = {name: value for name, value in reply.headers.items() if name not in OF_ONE_CLIENT}
            scope["keep"](keep, Reply(reply.status, reply.body, reply.media, headers))
        known = scope["arrival"].headers.get("if-none-match", "")
        if scope["method"] != "POST" and reply.headers["ETag"] in known:
            return Reply(304, headers=reply.headers)
        return reply

    def spending(self, scope: Scope, tenant: Tenant | None, asker: Asker) -> Spending:
        """Who takes the points of a request out of its client's bucket."""
        arrival, client = scope["arrival"], scope.get("client")
        peer = client[0] if client else None
        trusted = self.platform.hosts.is_proxy(peer)
        who = client_of(arrival.headers, peer, trusted=trusted, person=asker.person)
        share = 1.0 if tenant is None else tenant.graph_share
        return Spending(self.platform.buckets, who, tenant.id if tenant else None, share)

    def _readable(self, headers: Mapping[str, str], origins: Collection[str]) -> dict[str, str]:
        """Which page may read the answer; that to a session our own alone."""
        return {} if self.platform.cookies.names_session(headers) else cors.readable_by(headers, origins)

    def _is_personal(self, headers: Mapping[str, str]) -> bool:
        """Whether an answer is for nobody but who asked, whatever it says."""
        return "authorization" in headers or self.platform.cookies.names_session(headers)

    def _origins(self, tenant: Tenant | None) -> Collection[str]:
        return self.platform.origins if tenant is None else tenant.origins


@dataclass
class Spending:
    """Takes the points of one request from its client's bucket; `told` is what the client hears of it."""

    buckets: Buckets
    client: object
    tenant: object
    share: float
    told: Told | None = None

    def __call__(self, cost: int) -> None:
        """Take the points, or raise `GraphError` THROTTLED."""
        self.told = self.buckets.spend(cost, self.client, self.tenant, self.share)
        if self.told and self.told.retry_in_s:
            wait = self.told.retry_in_s
            raise GraphError(THROTTLED, f"{cost} points are more than you have left; come back in {wait} s.")


def status_of(answer: Answer, media: Media) -> int:
    """The HTTP status of the graph's answer.

    Clients of `application/json` expect 200 for every well-formed request; with the newer type
    a document that could not be carried out at all is a 400. What HTTP has a status of its own for has it for both.
    """
    if answer.code in STATUSES:
        return STATUSES[answer.code]
    return 400 if media is Media.RESPONSE and not answer.accepted else 200


def with_cost(answer: Answer) -> bytes:
    """The body with what the operation was priced at, in `extensions`."""
    if answer.cost is None:
        return answer.body
    return answer.body[:-1] + b',"extensions":{"cost":{"requestedQueryCost":%d}}}' % answer.cost


def tags(body: bytes, seconds: float) -> dict[str, str]:
    """How caches may keep what everybody may see: asked for again each time, or for so many seconds unasked."""
    rule = f"public, max-age={min(int(seconds), CDN_S)}" if seconds >= 1 else "public, no-cache"
    return {"ETag": etag_of(body), "Cache-Control": rule}

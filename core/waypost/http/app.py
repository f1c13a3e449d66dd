"""The ASGI application: which path leads to what."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from waypost.http.charts import Charts
from waypost.http.documents import OnlyRead, Pages, Schemas
from waypost.http.endpoint import GraphEndpoint
from waypost.http.exports import AwardsFile
from waypost.http.faults import Code, Fault, method_not_allowed
from waypost.http.feeds import feed_routes
from waypost.http.health import Readyz, healthz
from waypost.http.kept import KeptLane
from waypost.http.platform import Platform
from waypost.http.plugin_paths import plugin_routes
from waypost.http.sign_in_paths import sign_in_routes
from waypost.http.sites import Sites
from waypost.http.socket import GraphSocket
from waypost.http.streams import GraphStream
from waypost.http.unsubscribing import Unsubscribe
from waypost.http.uploads import Uploads


def create_app(platform: Platform) -> ASGIApp:
    """Make the ASGI application of a platform; whoever serves it opens the platform first."""
    app = Starlette(
        routes=routes(platform),
        middleware=[Middleware(Sites, platform=platform)],
        exception_handlers={HTTPException: as_fault},
    )
    app.router.redirect_slashes = False  # its redirects would name a host
    return KeptLane(app, platform.answers, platform.holds)


def routes(platform: Platform) -> list[BaseRoute]:
    """Every path that the core answers; each endpoint refuses other methods in its own form."""
    endpoint, schemas, pages = GraphEndpoint(platform), OnlyRead(Schemas(platform)), OnlyRead(Pages(platform))
    graph, socket = GraphStream(endpoint), GraphSocket(endpoint)
    return [
        Route("/graphql", graph),
        Route("/{tenant}/graphql", graph),
        WebSocketRoute("/graphql", socket),
        WebSocketRoute("/{tenant}/graphql", socket),
        WebSocketRoute("/{path:path}", no_socket),
        Route("/schema.graphql", schemas),
        Route("/{tenant}/schema.graphql", schemas),
        Route("/{tenant}/charts/{name}", OnlyRead(Charts(platform))),
        Route("/healthz", OnlyRead(healthz)),
        Route("/readyz", OnlyRead(Readyz(platform))),
        Route("/metrics", OnlyRead(platform.metrics)),
        Mount("/static", platform.assets),
        *sign_in_routes(platform),
        Route("/unsubscribe/{token}", Unsubscribe(platform)),
        Route("/uploads/{id}", Uploads(platform)),
        Route("/{tenant}/awards.csv", AwardsFile(platform)),
        *plugin_routes(platform),
        *feed_routes(platform),
        Route("/", pages),
        Route("/{tenant}", pages),
        Route("/{tenant}/", pages),
    ]


async def no_socket(_socket: WebSocket) -> None:
    """Refuse a WebSocket to anything but a graph."""
    raise Fault(Code.NOT_FOUND, "There is no graph at this address.")


async def as_fault(_request: Request, error: Exception) -> Response:
    """Turn the refusals of Starlette's own parts into ours, so that all are answered in one form."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        raise method_not_allowed("This method", "GET, HEAD") from error
    raise Fault(Code.NOT_FOUND, "There is nothing at this address.") from error

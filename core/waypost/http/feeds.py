"""`/{tenant}/feeds/opportunities`: a city's own feed, in the form of Open Referral UK 3.0."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import orjson
from starlette.datastructures import QueryParams
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from waypost.db import City
from waypost.feeds import publishing
from waypost.feeds.publishing import Publisher
from waypost.http import cors
from waypost.http.documents import READ_METHODS
from waypost.http.faults import Code, Fault, method_not_allowed
from waypost.http.platform import Platform
from waypost.http.replies import Reply, send_reply
from waypost.http.sites import Arrival
from waypost.http.tenants import tenant_of
from waypost.opportunities.rules import search_form
from waypost.tenancy import Tenant

BASE: Final = "/{tenant}/feeds/opportunities"
PER_PAGE: Final = 50
MOST_PER_PAGE: Final = 500
MOST_PAGES: Final = 1_000_000
OLDEST: Final = 120
KEPT: Final = "public, max-age=60"
ANYBODY: Final = {"Access-Control-Allow-Origin": "*"}


def feed_routes(platform: Platform) -> list[BaseRoute]:
    """The paths of the feed."""
    paths = ("", "/", "/services", "/services/{id}", "/service_at_locations", "/taxonomies", "/taxonomy_terms")
    return [Route(f"{BASE}{path}", FeedPath(platform, path.rstrip("/"))) for path in paths]


@dataclass(frozen=True)
class FeedPath:
    """Answers at one path of the feed; nobody is asked who they are."""

    platform: Platform
    path: str

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer, or raise Fault: `NOT_FOUND` for what is not there, `BAD_REQUEST` for a page that cannot be."""
        arrival: Arrival = scope["arrival"]
        if scope["method"] == "OPTIONS":
            await send_reply(Reply(204, headers=cors.preflight(arrival.headers, ())), scope, send)
            return
        if scope["method"] not in READ_METHODS:
            raise method_not_allowed(scope["method"], ", ".join(READ_METHODS))
        tenant = tenant_of(scope, self.platform.directory)
        if tenant is None:
            raise Fault(Code.NOT_FOUND, "Cities have feeds, the nation has none.")
        body = orjson.dumps(await self._answer(tenant, scope))
        tag = f'"{sha256(body).hexdigest()[:24]}"'
        headers = {"ETag": tag, "Cache-Control": KEPT, **ANYBODY}
        known = arrival.headers.get("if-none-match", "").replace("W/", "").split(",")
        if tag in (each.strip() for each in known):
            reply = Reply(304, headers=headers)
        else:
            reply = Reply(200, body, "application/json", headers)
        await send_reply(reply, scope, send)

    async def _answer(self, tenant: Tenant, scope: Scope) -> Any:
        publisher, query = Publisher(tenant.name, tenant.licence), QueryParams(scope["query_string"])
        match self.path:
            case "":
                return publishing.start()
            case "/services/{id}":
                return await self._service(tenant, publisher, scope["path_params"]["id"])
            case "/taxonomies":
                return _all(publishing.taxonomies())
            case "/taxonomy_terms":
                return _all(publishing.terms())
            case "/services":
                total, rows = await self._rows(tenant, publishing.SERVICES_SQL, query)
                found = [publishing.service(row, publisher) for row in rows]
            case _:
                total, rows = await self._rows(tenant, publishing.SOMEWHERE_SQL, query)
                found = [_somewhere(row, publisher) for row in rows]
        return publishing.page(found, total, *_page(query), licence=tenant.licence)

    async def _rows(self, tenant: Tenant, sql: str, query: QueryParams) -> tuple[int, list[dict[str, Any]]]:
        number, size = _page(query)
        term = query.get("taxonomy_term_id")
        kind = None if term is None else publishing.kind_of_term(term) or ""
        said = query.get("search", "").replace("\0", " ")  # which no text of the database may hold
        search = search_form(said)[:200] or None
        ages = [_whole(query, name, None, 0, OLDEST) for name in ("minimum_age", "maximum_age")]
        facts = [tenant.id, size, (number - 1) * size, search, kind, *ages]
        rows = await self.platform.database.reads.rows(City(tenant.id), sql, facts)
        return rows[0]["total"], orjson.loads(rows[0]["rows"])

    async def _service(self, tenant: Tenant, publisher: Publisher, id: str) -> Any:
        try:
            meant = UUID(id)
        except ValueError:
            meant = None
        sql = publishing.SERVICE_SQL
        rows = await self.platform.database.reads.rows(City(tenant.id), sql, [tenant.id, meant]) if meant else []
        if not rows:
            raise Fault(Code.NOT_FOUND, "There is no such service here.")
        return publishing.service(orjson.loads(rows[0]["row"]), publisher)


def _somewhere(row: dict[str, Any], publisher: Publisher) -> dict[str, Any]:
    """A service at the place where it is, the service within."""
    said = publishing.service(row, publisher)
    at: dict[str, Any] = said.pop("service_at_locations")[0]
    return {**at, "service": said}


def _all(contents: list[dict[str, Any]]) -> dict[str, Any]:
    return publishing.page(contents, len(contents), 1, max(len(contents), 1))


def _page(query: QueryParams) -> tuple[int, int]:
    number = _whole(query, "page", 1, 1, MOST_PAGES) or 1
    return number, _whole(query, "per_page", PER_PAGE, 1, MOST_PER_PAGE) or PER_PAGE


def _whole(query: QueryParams, name: str, usual: int | None, least: int, most: int) -> int | None:
    text = query.get(name)
    if text is None or not text:
        return usual
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
        raise Fault(Code.BAD_REQUEST, f"`{name}` is a whole number from {least} to {most}.")
    return int(text)

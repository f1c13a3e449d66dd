"""Who is at the other end of a live connection, asked again whenever something is to be told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from starlette.types import Scope

from waypost.graph import Asker, Graph, GraphError, GraphRequest, Subscribe
from waypost.http import cors
from waypost.http.asking import asker_of
from waypost.http.buckets import client_of
from waypost.http.endpoint import GraphEndpoint
from waypost.http.faults import Code, Fault
from waypost.http.platform import Platform
from waypost.http.sites import Arrival
from waypost.http.tenants import tenant_of
from waypost.tenancy import Tenant


@dataclass(frozen=True)
class Caller:
    """One end of a connection: the graph that it speaks to, and the `Authorization` that it gave."""

    endpoint: GraphEndpoint
    scope: Scope
    tenant_id: UUID | None
    authorization: str | None

    @classmethod
    def of(cls, endpoint: GraphEndpoint, scope: Scope) -> Caller:
        """Whoever made this request. Raises Fault or Moved where its address names no graph."""
        tenant = tenant_of(scope, endpoint.platform.directory)
        arrival: Arrival = scope["arrival"]
        return cls(endpoint, scope, tenant.id if tenant else None, arrival.headers.get("authorization"))

    def with_token(self, authorization: str | None) -> Caller:
        """The same, with the token that came later."""
        return self if authorization is None else replace(self, authorization=authorization)

    @property
    def platform(self) -> Platform:
        """The platform that is spoken to."""
        return self.endpoint.platform

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the request, with the token that came later."""
        arrival: Arrival = self.scope["arrival"]
        given = {} if self.authorization is None else {"authorization": self.authorization}
        return {**arrival.headers, **given}

    @property
    def address(self) -> object:
        """What tells clients apart before anybody knows who they are."""
        peer = self.scope["client"][0] if self.scope.get("client") else None
        return client_of(self.headers, peer, trusted=self.platform.hosts.is_proxy(peer), person=None)

    def tenant(self) -> Tenant | None:
        """The tenant as it is now. Raises Fault where there is none any more."""
        if self.tenant_id is None:
            return None
        found = self.platform.directory.by_id(self.tenant_id)
        if found is None:
            raise Fault(Code.NOT_FOUND, "This city or network is not here any more.")
        return found

    async def asker(self) -> Asker:
        """Who it is now. Raises Fault for a token that does not hold, or one from a page that may not send it."""
        tenant, headers = self.tenant(), self.headers
        host: str = self.scope["arrival"].host
        cors.refuse_foreign_page(headers, self.platform.origins if tenant is None else tenant.origins, host)
        asker = await asker_of(self.platform, headers, host, tenant)
        if tenant is None and asker.tenant is not None:  # a token's city
            home = self.platform.directory.by_id(asker.tenant)
            cors.refuse_foreign_page(headers, home.origins if home else (), host)
        return asker

    def subscribe(self, asked: GraphRequest, since: object, slow: asyncio.Event) -> Subscribe:
        """What it wants to be told of. Raises Fault for an id of the last event that is none."""

        async def who() -> Asker:
            try:
                return await self.asker()
            except Fault as fault:
                raise _told(fault) from fault

        def graph() -> Graph:
            try:
                return self.platform.graph(self.tenant())
            except Fault as fault:
                raise _told(fault) from fault

        def spend(asker: Asker) -> Callable[[int], None]:
            return self.endpoint.spending(self.scope, self.tenant(), asker)

        shows = self.platform.shows_schema
        return Subscribe(graph, asked, who, event_id(since), slow, spend=spend, open_schema=shows)


def _told(fault: Fault) -> GraphError:
    return GraphError(fault.code, fault.message)


def event_id(given: Any) -> UUID | None:
    """The id of an event that a client names; None for none. Raises Fault for anything else."""
    if given is None or given == "":
        return None
    try:
        return UUID(given if isinstance(given, str) else "")
    except ValueError as error:
        raise Fault(Code.BAD_REQUEST, "The id of the last event is none that was sent from here.") from error

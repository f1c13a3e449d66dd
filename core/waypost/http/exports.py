"""`/{tenant}/awards.csv`: what was awarded, as a file, for those who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.types import Receive, Scope, Send

from waypost.access.permissions import issuer_scoped
from waypost.awards.exporting import export_awards
from waypost.graph.permitted import asker_may
from waypost.graph.request import Request
from waypost.http import cors
from waypost.http.asking import asker_of
from waypost.http.faults import Code, Fault, method_not_allowed
from waypost.http.platform import Platform
from waypost.http.sites import Arrival
from waypost.http.tenants import tenant_of

ALLOWED: Final = "GET"
MAY: Final = "award.read"
HEADERS: Final = {
    "content-type": "text/csv; charset=utf-8; header=present",
    "content-disposition": 'attachment; filename="awards.csv"',
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
    "vary": "Authorization, Origin",
}


@dataclass(frozen=True)
class AwardsFile:
    """Sends a page of rows at a time, so that no number of awards is held at once."""

    platform: Platform

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request. Raises Fault for who may not see awards here."""
        if scope["method"] != "GET":
            raise method_not_allowed(scope["method"], ALLOWED)
        tenant = tenant_of(scope, self.platform.directory)
        if tenant is None:
            raise Fault(Code.NOT_FOUND, "There is nothing at this address.")
        arrival: Arrival = scope["arrival"]
        cors.refuse_foreign_page(arrival.headers, tenant.origins, arrival.host)
        asker = await asker_of(self.platform, arrival.headers, arrival.host, tenant)
        if asker.person is None:
            raise Fault(Code.UNAUTHENTICATED, "Only who has signed in may read this: send a token of this city.")
        if not asker_may(Request(datetime.now(UTC), tenant.id, who=asker), MAY):
            raise Fault(Code.FORBIDDEN, f"The token does not allow this here ({MAY}).")
        issuer = asker.issuer if issuer_scoped(asker.role) else None
        headers = HEADERS | cors.readable_by(arrival.headers, tenant.origins)
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        async for text in export_awards(self.platform.database, tenant.id, issuer):
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b""})

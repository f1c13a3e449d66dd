"""`/{tenant}/charts/{figure}.svg` and `.csv`: a city's figures, to be shown and taken along."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from waypost.http import cors
from waypost.http.faults import Code, Fault
from waypost.http.platform import Platform
from waypost.http.replies import Reply, send_reply
from waypost.http.sites import Arrival
from waypost.http.tenants import tenant_of
from waypost.insight.charts import FIGURES, Look, chart, table
from waypost.insight.reading import read_figures
from waypost.insight.rules import is_month

MEDIA: Final = {"svg": "image/svg+xml", "csv": "text/csv"}
# Figures change once a month; a city that changes its colours sees them soon.
KEPT: Final = "public, max-age=300"
POLICY: Final = "default-src 'none'; frame-ancestors *; sandbox"


@dataclass(frozen=True)
class Charts:
    """Answers with a picture or a table of one figure."""

    platform: Platform

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer, or raise Fault: `NOT_FOUND` for what is no figure, `BAD_REQUEST` for what is no month."""
        arrival: Arrival = scope["arrival"]
        tenant = tenant_of(scope, self.platform.directory)
        figure, _, form = scope["path_params"]["name"].partition(".")
        if tenant is None or figure not in FIGURES or form not in MEDIA:
            known = ", ".join(FIGURES)
            raise Fault(Code.NOT_FOUND, f"There is no such chart. There are {known}, each as .svg and as .csv.")
        query = QueryParams(scope["query_string"])
        months = [_month(query, name) for name in ("from", "to")]
        figures = await read_figures(self.platform.database, tenant.id, *months)
        if form == "svg":
            body = chart(figure, figures, Look(tenant.name, tenant.primary_colour, tenant.accent_colour)).encode()
        else:
            body = table(figure, figures).encode()
        headers = {
            "ETag": f'"{sha256(body).hexdigest()[:24]}"',
            "Cache-Control": KEPT,
            "Content-Security-Policy": POLICY,
            **cors.readable_by(arrival.headers, ()),
        }
        if form == "csv":
            headers["Content-Disposition"] = f'attachment; filename="{tenant.slug}-{figure}.csv"'
        if _known(arrival, headers["ETag"]):
            reply = Reply(304, headers=headers)
        else:
            reply = Reply(200, body, MEDIA[form], headers)
        await send_reply(reply, scope, send)


def _month(query: QueryParams, name: str) -> str | None:
    month = query.get(name)
    if month is not None and not is_month(month):
        raise Fault(Code.BAD_REQUEST, f"`{name}` is a month, such as 2026-03.")
    return month


def _known(arrival: Arrival, tag: str) -> bool:
    known = arrival.headers.get("if-none-match", "").replace("W/", "").split(",")
    return tag in (each.strip() for each in known) or "*" in (each.strip() for each in known)

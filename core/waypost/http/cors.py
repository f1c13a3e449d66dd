"""Which browsers' pages may read an answer: everybody's without a token, only listed ones' with one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlsplit

from waypost.http.faults import Code, Fault

METHODS: Final = "GET, POST"
PUBLIC_HEADERS: Final = "Accept, Accept-Language, Content-Type, Idempotency-Key, Last-Event-ID"
PREFLIGHT_SECONDS: Final = 7_200  # browsers cap it there or lower


def preflight(headers: Mapping[str, str], origins: Collection[str]) -> dict[str, str]:
    """The headers that answer a browser's `OPTIONS` before the request itself.

    `headers` are the request's; `origins` those that may send a token. A page
    that wants to send `Authorization` and is not listed gets no permission.
    """
    answer = {"Vary": "Origin, Access-Control-Request-Headers"}
    origin = headers.get("origin")
    if origin is None:
        return answer
    wanted = {name.strip().lower() for name in headers.get("access-control-request-headers", "").split(",")}
    with_token = "authorization" in wanted
    if with_token and origin not in origins:
        return answer
    return answer | {
        "Access-Control-Allow-Origin": origin if with_token else "*",
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": f"Authorization, {PUBLIC_HEADERS}" if with_token else PUBLIC_HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }


def readable_by(headers: Mapping[str, str], origins: Collection[str]) -> dict[str, str]:
    """The header that lets a page read the answer to a request with these `headers`; empty if none may."""
    if "authorization" not in headers:
        return {"Access-Control-Allow-Origin": "*"}
    origin = headers.get("origin")
    return {"Access-Control-Allow-Origin": origin} if origin is not None and origin in origins else {}


def refuse_foreign_page(headers: Mapping[str, str], origins: Collection[str], host: str) -> None:
    """Raise Fault with `ORIGIN_NOT_ALLOWED` when a page that is not listed sends a token.

    `host` is the believed `host[:port]`: pages of our own (GraphiQL) may always send one, and
    programs, which name no origin, too.
    """
    origin = headers.get("origin")
    if "authorization" not in headers or origin is None or origin in origins or _same_host(origin, host):
        return
    raise Fault(
        Code.ORIGIN_NOT_ALLOWED,
        f"Pages of {origin} may not send a token here; list them under `origins` in tenant.toml.",
    )


def refuse_foreign_write(headers: Mapping[str, str], origins: Collection[str], host: str) -> None:
    """Raise Fault with `ORIGIN_NOT_ALLOWED` when a page of somebody else's writes, whatever cookies it is sent with."""
    origin = headers.get("origin")
    if origin is None or origin in origins or _same_host(origin, host):
        return
    raise Fault(Code.ORIGIN_NOT_ALLOWED, f"Pages of {origin} may not write here.")


def _same_host(origin: str, host: str) -> bool:
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host

"""Finds the tenant that an address names."""

from __future__ import annotations

from urllib.parse import quote

from starlette.types import Scope

from waypost.http.faults import Code, Fault
from waypost.tenancy import Directory, Tenant


class Moved(Exception):
    """The address names a slug that its tenant had once; `location` is the address of today."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


def tenant_of(scope: Scope, directory: Directory) -> Tenant | None:
    """The tenant in the path, None where the path names none (the national graph).

    Closed tenants are found too: what they published stays readable. Raises Fault with
    `NOT_FOUND` for a slug that nobody has, Moved for one that somebody had.
    """
    slug: str | None = scope.get("path_params", {}).get("tenant")
    if slug is None:
        return None
    tenant = directory.by_slug(slug)
    if tenant is None:
        raise Fault(Code.NOT_FOUND, f"There is no city or network called {slug!r} here.")
    if tenant.slug != slug:
        raise Moved(with_query(f"/{tenant.slug}" + scope["path"].removeprefix(f"/{slug}"), scope))
    return tenant


def with_query(path: str, scope: Scope) -> str:
    """A path for `Location`, with the request's query string.

    Two slashes at the front would be read as another host, so only one stays.
    """
    query = scope["query_string"].decode("latin-1")
    escaped = "/" + quote(path.lstrip("/"), safe="/:@!$&'()*+,;=~")
    return f"{escaped}?{query}" if query else escaped

"""Finds out who asks, from the bearer token."""

from __future__ import annotations

from datetime import UTC, datetime

from waypost.access.tokens import Bearer, TokenExpired, find_bearer
from waypost.graph import Asker
from waypost.http.faults import Code, Fault
from waypost.http.platform import Platform
from waypost.tenancy import Tenant

CHALLENGE = 'Bearer realm="waypost"'


async def asker_of(platform: Platform, authorization: str | None, tenant: Tenant | None) -> Asker:
    """The asker behind an `Authorization` header; a stranger without one.

    Raises Fault with `UNAUTHENTICATED` for a header that is no bearer token, or
    a token that is unknown or revoked, `TOKEN_EXPIRED` for one whose time is over,
    and `FORBIDDEN` for one of another tenant than the graph asked.
    """
    if authorization is None:
        return Asker()
    bearer = await _bearer(platform, authorization)
    if tenant is not None and bearer.tenant_id is not None and bearer.tenant_id != tenant.id:
        raise Fault(Code.FORBIDDEN, "This token belongs to another city; ask that city's graph.")
    return Asker(bearer.person_id, bearer.role, bearer.issuer_id, bearer.tenant_id, token=bearer.token_id)


async def _bearer(platform: Platform, authorization: str) -> Bearer:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthenticated(Code.UNAUTHENTICATED, "Send `Authorization: Bearer …`, or no such header.")
    found = await find_bearer(platform.database, token.strip(), datetime.now(UTC))
    if isinstance(found, TokenExpired):
        raise _unauthenticated(Code.TOKEN_EXPIRED, found.message)
    if not isinstance(found, Bearer):
        raise _unauthenticated(Code.UNAUTHENTICATED, found.message)
    return found


def _unauthenticated(code: Code, message: str) -> Fault:
    return Fault(code, message, headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})

"""Finds out who asks: from the bearer token, or from the cookie of a session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from waypost.access.memberships import Wish, held_in, speaking
from waypost.access.permissions import LEARNER, ROLES
from waypost.access.sessions import find_session
from waypost.access.tokens import Bearer, TokenExpired, find_bearer
from waypost.graph import Asker, parse_id
from waypost.http.faults import Code, Fault
from waypost.http.platform import Platform
from waypost.tenancy import Tenant

CHALLENGE = 'Bearer realm="waypost"'
ROLE: Final = "waypost-role"  # the header by which somebody with several roles chooses one


async def asker_of(platform: Platform, headers: Mapping[str, str], host: str, tenant: Tenant | None) -> Asker:
    """The asker behind a request to the graph of a tenant, or to the national one; a stranger without token or session.

    A token goes before a session. Raises Fault with `UNAUTHENTICATED` for an `Authorization` that is no bearer token,
    or a token that is unknown or revoked, `TOKEN_EXPIRED` for one whose time is over, and `FORBIDDEN` for one of
    another tenant than the graph asked, or for a role that somebody chose and has not.
    """
    if "authorization" in headers:
        return await _by_token(platform, headers["authorization"], tenant)
    secret = platform.cookies.session_of(headers, host)
    person = None if secret is None else await find_session(platform.database, secret, datetime.now(UTC))
    return Asker() if person is None else await _by_session(platform, person, tenant, _wish(headers.get(ROLE)), host)


async def _by_token(platform: Platform, authorization: str, tenant: Tenant | None) -> Asker:
    bearer = await _bearer(platform, authorization)
    if tenant is not None and bearer.tenant_id is not None and bearer.tenant_id != tenant.id:
        raise Fault(Code.FORBIDDEN, "This token belongs to another city; ask that city's graph.")
    who = (bearer.person_id, bearer.role, bearer.issuer_id, bearer.tenant_id)
    return Asker(*who, limits=bearer.permissions, token=bearer.token_id)


async def _by_session(platform: Platform, person: UUID, tenant: Tenant | None, wish: Wish | None, host: str) -> Asker:
    """Who signed in has a role wherever they are members; on the national graph the city is known with the act."""
    if tenant is None:
        return Asker(person, LEARNER, session=True, wish=wish, host=host)
    held = speaking(await held_in(platform.database, tenant.id, person), wish)
    if held is None:
        raise Fault(Code.FORBIDDEN, "You have not the role here that Waypost-Role names.")
    return Asker(person, held.role, held.issuer_id, tenant.id, session=True, wish=wish, host=host)


def _wish(header: str | None) -> Wish | None:
    """Read `Waypost-Role`: a role, and behind a space the id of the issuer where there may be several."""
    if header is None:
        return None
    role, _, issuer = header.strip().partition(" ")
    named = parse_id(issuer.strip()) if issuer else None
    if role not in ROLES or (issuer and (named is None or named.type != "Issuer")):
        raise Fault(Code.BAD_REQUEST, "Waypost-Role is a role, and behind a space the id of an issuer if need be.")
    return Wish(role, named.row if named else None)


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

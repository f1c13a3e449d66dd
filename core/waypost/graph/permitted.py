"""Who may read what is not for everybody: permissions as conditions of a statement.

Whatever looks here makes the answer the asker's own, so that it is never kept for others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from waypost.access.permissions import NATIONAL_ROLE, issuer_scoped, permits, words_of

from .errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from .query import Here, Query
    from .request import Request


def asker_may(request: Request, permission: str) -> bool:
    """Whether the asker has a permission in the tenant asked; for roles of one issuer, on its objects only."""
    asker = request.asker
    at_home = asker.role == NATIONAL_ROLE or (asker.tenant is not None and asker.tenant == request.tenant)
    return at_home and permits(asker.role, permission, asker.limits)


def refuse_reading(query: Query, permission: str) -> None:
    """Raise `GraphError` UNAUTHENTICATED, FORBIDDEN or CITY_NEEDED unless the asker has the permission here."""
    query.personal = True
    if query.national:
        raise GraphError("CITY_NEEDED", "This is read in one city's own graph.")
    if not query.decide(_is_known):
        raise GraphError("UNAUTHENTICATED", "Only who has signed in may read this: send a token of this city.")
    if not query.decide(lambda request: asker_may(request, permission)):
        raise GraphError("FORBIDDEN", f"The token does not allow this here: {words_of(permission)} ({permission})")


def permitted(query: Query, row: Here, permission: str, *, issuer: str | None = "issuer_id") -> str:
    """Return the condition that the asker has the permission for a row.

    `issuer` is the row's column by which roles of one issuer are kept to its objects; None: those see nothing.
    """
    query.personal = True
    if query.national or not query.decide(lambda request: asker_may(request, permission)):
        return "false"
    if not query.decide(_speaks_for_one):
        return "true"
    return "false" if issuer is None else f"{row}.{issuer} = {query.param(_issuer, 'uuid')}"


def spoken_for(query: Query) -> str | None:
    """Return the issuer that the asker speaks for, None where that is nobody or the whole tenant."""
    query.personal = True
    return query.param(_issuer, "uuid") if query.decide(_speaks_for_one) else None


def own(query: Query, row: Here, *, person: str = "person_id") -> str:
    """Return the condition that a row is the asker's own, by its column of persons."""
    query.personal = True
    return f"{row}.{person} = {query.param(_person, 'uuid')}"


def of_asker(query: Query, _here: Here, there: Here) -> Sequence[str]:
    """Tie rows to who asks, whose own they are: the `link` of `pages` on the viewer."""
    return (own(query, there),)


def _is_known(request: Request) -> bool:
    return request.asker.person is not None


def _speaks_for_one(request: Request) -> bool:
    return issuer_scoped(request.asker.role)


def _issuer(request: Request) -> UUID | None:
    return request.asker.issuer


def _person(request: Request) -> UUID | None:
    return request.asker.person

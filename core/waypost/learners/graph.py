"""Who asks: what a signed-in person may know of themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
import strawberry
from typing_extensions import override

from waypost.access.permissions import NATIONAL_ROLE, permissions_of
from waypost.access.tables import Membership as Memberships
from waypost.access.tables import PersonProfile
from waypost.db import City as CityScope
from waypost.db import Database, Learner
from waypost.graph import Argument, Lookup, expression, identity, node, one, query
from waypost.graph.query import named
from waypost.graph.relations import Relation
from waypost.graph.sql import text_list

if TYPE_CHECKING:
    from waypost.cities.graph import City
    from waypost.graph import Request
    from waypost.graph.query import Here, Query, Selected
    from waypost.issuers.graph import Issuer

Find = Callable[[str, "Request"], Awaitable[str | None]]

MEMBERSHIPS_SQL = """
SELECT tenant_id, role, issuer_id FROM membership WHERE tenant_id = $1 AND person_id = $2 ORDER BY role, id
"""
NAME_SQL = "SELECT name FROM person_profile WHERE person_id = $1"


# What lies in other scopes than the graph's own is looked up first.


def memberships_in(database: Database) -> Find:
    """Return the lookup "memberships": the asker's in the tenant asked, or that of their token, as JSON text."""

    async def find(_key: str, request: Request) -> str:
        tenant = request.tenant or request.asker.tenant
        if tenant is None:
            return "[]"
        rows = await database.reads.rows(CityScope(tenant), MEMBERSHIPS_SQL, [tenant, request.asker.person])
        return orjson.dumps([dict(row) for row in rows], default=str).decode()

    return find


def names_in(database: Database) -> Find:
    """Return the lookup "name": what the asker calls themselves, None where they never said."""

    async def find(_key: str, request: Request) -> str | None:
        person = request.asker.person
        return None if person is None else await database.reads.read(Learner(person), NAME_SQL, [person])

    return find


def _looked_up(kind: str) -> Callable[[Request], Lookup]:
    return lambda request: Lookup(kind, str(request.asker.person), lambda found: found)


@node(Memberships)
class Membership:
    """A role that somebody has in a city, or for one issuer of it."""

    city: City = one("tenant_id", doc="Where it holds.")
    issuer: Issuer | None = one(doc="The role holds for this issuer's objects only; null for the whole city.")
    role: str


@dataclass(frozen=True, kw_only=True)
class Held(Relation):
    """The memberships of who asks."""

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        row = query.row(Memberships)
        held = query.param(_looked_up("memberships"), "jsonb")
        source = f"jsonb_to_recordset({held}) {row}(tenant_id uuid, role text, issuer_id uuid)"
        return f"(select {text_list(query.object(named(field), row, field), f'{row}.role')} from {source})"


def _permissions(query: Query, here: Here, field: Selected) -> str:
    city = field.argument("city")
    return f"to_json({query.param(lambda request: permitted(request, city(request)), 'text[]')})::text"


def permitted(request: Request, slug: str | None) -> list[str]:
    """Return what the asker may do in the city of that slug, by default the one asked or that of their token."""
    asker = request.asker
    if asker.role != NATIONAL_ROLE:
        home = request.services.directory.by_slug(slug) if slug is not None else None
        asked = request.tenant if slug is None else home.id if home else NOWHERE
        if asked not in {None, asker.tenant}:
            return []
    return sorted(permissions_of(asker.role))


NOWHERE = "a city that is not there"


@node(PersonProfile)
class Viewer:
    """Who asks, as the token says."""

    id: strawberry.ID = identity("person_id", "Viewer", doc="Opaque; the same in every city.")
    name: str | None
    memberships: list[Membership] = Held(doc="In this city; on the national graph in the city of the token.")  # type: ignore[assignment]
    permissions: list[str] = expression(
        _permissions,
        arguments=(Argument("city", str, doc="A city's slug; absent: the city asked, or that of the token."),),
        doc="What the token may do there; for roles of one issuer, to that issuer's objects only.",
    )


@dataclass(frozen=True, kw_only=True)
class WhoAsks(Relation):
    """The person behind the token; null for a stranger."""

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        query.personal = True
        if not query.decide(lambda request: request.asker.person is not None):
            return "'null'"
        row = query.row(PersonProfile)
        person = query.param(lambda request: request.asker.person, "uuid")
        name = query.param(_looked_up("name"), "text")
        body = query.object(named(field), row, field)
        return f"(select {body} from (select {person} as person_id, {name} as name) {row})"


@query
class ViewerQuery:
    """Root fields about who asks."""

    viewer: Viewer | None = WhoAsks(doc="Who asks; null without a token.")  # type: ignore[assignment]


TYPES = (Membership, Viewer, ViewerQuery)

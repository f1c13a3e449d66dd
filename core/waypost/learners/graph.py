"""Who asks: what a signed-in person may know of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
import strawberry
from typing_extensions import override

from waypost.access.memberships import held_in, speaking
from waypost.access.permissions import NATIONAL_ROLE, Granted, permissions_of, permits
from waypost.access.tables import Membership as Memberships
from waypost.access.tables import PersonProfile
from waypost.db import Database
from waypost.graph import Argument, Lookup, expression, identity, node, one, query
from waypost.graph.query import named
from waypost.graph.relations import Relation
from waypost.graph.sql import text_list
from waypost.learners.people import name_of
from waypost.members.graph import Find, rows_of_asker

if TYPE_CHECKING:
    from waypost.cities.graph import City
    from waypost.graph import Request
    from waypost.graph.query import Here, Query, Selected
    from waypost.issuers.graph import Issuer

MEMBERSHIPS_SQL = """
SELECT tenant_id, role, issuer_id, id FROM membership WHERE tenant_id = $1 AND person_id = $2 ORDER BY role, id
"""


# What lies in other scopes than the graph's own is looked up first.


def memberships_in(database: Database) -> Find:
    """Return the lookup "memberships": the asker's, as JSON text; in the tenant asked, nationally in every one."""
    return rows_of_asker(database, MEMBERSHIPS_SQL)


def permissions_in(database: Database, granted: Callable[[Iterable[str]], Iterable[Granted]]) -> Find:
    """Return the lookup "permissions": what the asker may do in the city of a slug, as JSON text.

    The key is the slug; empty, it means the city asked. `granted` finds the permissions that plugins of these names
    bring.
    """

    async def find(slug: str, request: Request) -> str:
        asker = request.asker
        home = request.services.directory.by_slug(slug) if slug else None
        if slug and home is None and asker.role != NATIONAL_ROLE:
            return "[]"
        tenant = home.id if home else request.tenant
        role = asker.role
        if asker.session and asker.person is not None:
            held = None if tenant is None else speaking(await held_in(database, tenant, asker.person), asker.wish)
            role = held.role if held else None
        elif role != NATIONAL_ROLE and tenant not in {None, asker.tenant}:
            role = None
        here = home or (request.services.directory.by_id(tenant) if tenant else None)
        of_plugins = {str(each) for each in granted(here.plugins if here else ()) if permits(role, each, asker.limits)}
        return orjson.dumps(sorted(permissions_of(role, asker.limits) | of_plugins)).decode()

    return find


def names_in(database: Database) -> Find:
    """Return the lookup "name": what the asker calls themselves, None where they never said."""

    async def find(_key: str, request: Request) -> str | None:
        person = request.asker.person
        return None if person is None else await name_of(database, person)

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
        source = f"jsonb_to_recordset({held}) {row}(tenant_id uuid, role text, issuer_id uuid, id uuid)"
        return f"(select {text_list(query.object(named(field), row, field), f'{row}.role, {row}.id')} from {source})"


def _permissions(query: Query, here: Here, field: Selected) -> str:
    city = field.argument("city")

    def asked(request: Request) -> Lookup:
        return Lookup("permissions", city(request) or "", lambda found: found)

    return f"{query.param(asked, 'json')}::text"


@node(PersonProfile)
class Viewer:
    """Who asks, as the token or the session says."""

    id: strawberry.ID = identity("person_id", "Viewer", doc="Opaque; the same in every city.")
    name: str | None
    memberships: list[Membership] = Held(  # type: ignore[assignment]
        doc="In this city; on the national graph in that of the token, or for who signed in by a browser in every one."
    )
    permissions: list[str] = expression(
        _permissions,
        arguments=(Argument("city", str, doc="A city's slug; absent: the city asked, or that of the token."),),
        doc="What the asker may do there; for roles of one issuer, to that issuer's objects only.",
    )


@dataclass(frozen=True, kw_only=True)
class WhoAsks(Relation):
    """The person behind the token or the session; null for a stranger."""

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

    viewer: Viewer | None = WhoAsks(doc="Who asks; null for who has not signed in.")  # type: ignore[assignment]


TYPES = (Membership, Viewer, ViewerQuery)

"""Members, invitations and tokens as front ends see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from typing_extensions import override

from waypost.access import tables
from waypost.access.memberships import tenants_of
from waypost.db import City as CityScope
from waypost.db import Database, System
from waypost.graph import (
    Connection,
    Lookup,
    Node,
    among,
    column,
    computed,
    extend,
    filtering,
    guarded,
    node,
    one,
    pages,
    query,
    refers,
)
from waypost.graph.pages import BY_ID
from waypost.graph.permitted import own, permitted
from waypost.graph.query import named
from waypost.graph.relations import Relation
from waypost.graph.sql import text_list

if TYPE_CHECKING:
    from waypost.cities.graph import City
    from waypost.graph import Request
    from waypost.graph.query import Here, Query, Selected
    from waypost.issuers.graph import Issuer

Find = Callable[[str, "Request"], Awaitable[str | None]]

TOKENS_SQL = """
SELECT tenant_id, id, person_id, name, role, issuer_id, permissions, created_at, expires_at, revoked_at
FROM access_token WHERE tenant_id = $1 AND person_id = $2 ORDER BY id DESC
"""
USED_SQL = "SELECT id, last_used_at FROM token WHERE id = ANY($1)"


def _members_seen(query: Query, row: Here) -> Sequence[str]:
    return [f"({permitted(query, row, 'member.read')} or {own(query, row)})"]


def _invitations_seen(query: Query, row: Here) -> Sequence[str]:
    return [permitted(query, row, "member.read")]


async def _last_used(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[str | None]:
    """When tokens were last used, which is noted where they are found."""
    del field
    ids = [parent["id"] for parent in parents]
    rows = await request.services.database.reads.rows(System("sign-in"), USED_SQL, [ids])
    used = {str(row["id"]): row["last_used_at"] for row in rows}
    return [_as_text(used.get(str(id))) for id in ids]


def _as_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@node(tables.Membership, seen=_members_seen)
class Member(Node):
    """Somebody with a role in this city, seen by its administrators and by themselves."""

    name: str | None
    role: str
    issuer: Issuer | None = one(doc="The role holds for this issuer's objects only; null for the whole city.")
    since: datetime = column("created_at", doc="When they were given it.")


@node(tables.Invitation, seen=_invitations_seen)
class Invitation(Node):
    """A role that is held out to somebody by a letter."""

    state: str
    name: str | None
    address: str | None
    role: str
    issuer: Issuer | None = one(doc="The role holds for this issuer's objects only; null for the whole city.")
    created_at: datetime
    expires_at: datetime


@node(tables.AccessToken, seen=_members_seen)
class Token(Node):
    """A token by which a program acts for a member; the token itself is shown once, when it is made."""

    name: str
    role: str
    city: City = one("tenant_id", doc="Where it holds.")
    issuer: Issuer | None = one(doc="Its role holds for this issuer's objects only; null for the whole city.")
    permissions: list[str] | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None = computed(
        _last_used, columns=("id",), doc="When it was last used, to the minute; null where it never was."
    )


@filtering
class MemberFilter:
    """Which members to list."""

    roles: list[str] | None = among("role", doc="With one of these roles, such as curator.")
    issuer: str | None = refers("Issuer", "issuer_id", doc="Who speak for this issuer.")


@query
class MemberQuery:
    """Root fields about the members of a city."""

    members: Connection[Member] = guarded(
        "member.read",
        pages(filter=MemberFilter, order=BY_ID, doc="Who has which role here, the longest first."),
    )
    invitations: Connection[Invitation] = guarded(
        "member.read",
        pages(order=BY_ID, open="{0}.state = 'open'", doc="The open invitations, the oldest first."),
    )


# One's own tokens are read in every city's own scope, so they are looked up first.


def tokens_in(database: Database) -> Find:
    """Return the lookup "tokens": the asker's, as JSON text; in the tenant asked, nationally in every one."""
    return rows_of_asker(database, TOKENS_SQL)


def rows_of_asker(database: Database, sql: str) -> Find:
    """Return a lookup of what cities have of the asker, as JSON text: in `sql` of a tenant ($1) and a person ($2).

    In the tenant asked; on the national graph in that of the token, for a session in every one.
    """

    async def find(_key: str, request: Request) -> str:
        asker = request.asker
        tenant = request.tenant or asker.tenant
        tenants = [tenant] if tenant is not None else []
        if tenant is None and asker.session and asker.person is not None:
            tenants = await tenants_of(database, asker.person)
        found = [await database.reads.rows(CityScope(each), sql, [each, asker.person]) for each in tenants]
        return orjson.dumps([dict(row) for rows in found for row in rows], default=str).decode()

    return find


def _looked_up(request: Request) -> Lookup:
    return Lookup("tokens", str(request.asker.person), lambda found: found)


@dataclass(frozen=True, kw_only=True)
class OwnTokens(Relation):
    """The tokens of who asks."""

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        row = query.row(tables.AccessToken)
        columns = "tenant_id uuid, id uuid, person_id uuid, name text, role text, issuer_id uuid, permissions text[], "
        columns += "created_at timestamptz, expires_at timestamptz, revoked_at timestamptz"
        source = f"jsonb_to_recordset({query.param(_looked_up, 'jsonb')}) {row}({columns})"
        return f"(select {text_list(query.object(named(field), row, field), f'{row}.id desc')} from {source})"


@extend("Viewer")
class ViewerTokens:
    """The tokens that speak for who asks."""

    tokens: list[Token] = OwnTokens(  # type: ignore[assignment]
        doc="The asker's own in this city, the newest first; nationally in every city for who signed in by a browser."
    )


TYPES = (Member, Invitation, Token, MemberFilter, MemberQuery, ViewerTokens)

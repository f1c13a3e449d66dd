"""The trace of all changes, for those who answer for a city."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import strawberry

from waypost.audit.rules import first_id_since, last_id_until
from waypost.db.bookkeeping import Audit
from waypost.graph import Connection, among, asks, column, expression, filtering, guarded, identity, node, pages, query
from waypost.graph.declare import Node
from waypost.graph.facts import sql_name
from waypost.graph.filters import reference, zoned
from waypost.graph.ids import digits_sql, parse_id
from waypost.graph.pages import Key, Order
from waypost.graph.permitted import permitted
from waypost.graph.sql import joined, literal

if TYPE_CHECKING:
    from waypost.graph import Request
    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Getter

MAY: Final = "audit.read"
NEWEST_FIRST: Final = Order((Key("{0}.id", "uuid"),), descending=True)  # ids are made in the order of time


def _seen(query: Query, row: Here) -> Sequence[str]:
    return [permitted(query, row, MAY, issuer=None)]


def _uuid(name: str) -> Callable[[Query, Here, Selected], str]:
    def text(_query: Query, here: Here, _field: Selected) -> str:
        return f"coalesce(to_json({here}.{name})::text, 'null')"

    return text


def _object(query: Query, here: Here, _field: Selected) -> str:
    """Return the graph's id of a row that is an object of the graph."""
    facts = query.facts
    kinds = {
        sql_name(facts.stored[name].table): name
        for name in sorted(facts.nodes)
        if facts.is_tenant_table(facts.stored[name].table) and not facts.stored[name].shared
    }
    tenant, row = digits_sql(f"{here}.tenant_id"), digits_sql(f"{here}.row_id")
    whens = []
    for table, kind in sorted(kinds.items()):
        id = joined([literal(f'"{kind}.'), tenant, literal("."), row, literal('"')])
        whens.append(f"when {literal(table)} then {id}")
    return f"case {here}.table_name {' '.join(whens)} else 'null' end"


def _changed(_query: Query, here: Here, _field: Selected) -> str:
    return f"to_json({here}.changed)::text"


def _by(query: Query, row: Here, _field: Selected, value: Getter) -> Sequence[str]:
    person = query.param(lambda request: reference(value(request), "Viewer")[1], "uuid")
    return (f"{row}.person_id = {person}",)


def _of(query: Query, row: Here, _field: Selected, value: Getter) -> Sequence[str]:
    def named(request: Request) -> object:
        found = parse_id(value(request))
        return None if found is None or found.tenant != request.tenant else found.row

    return (f"{row}.row_id = {query.param(named, 'uuid')}",)


def _since(query: Query, row: Here, _field: Selected, value: Getter) -> Sequence[str]:
    return _timed(query, row, zoned(value), ">=", first_id_since)


def _until(query: Query, row: Here, _field: Selected, value: Getter) -> Sequence[str]:
    return _timed(query, row, zoned(value), "<", last_id_until)


def _timed(query: Query, row: Here, moment: Getter, than: str, bound: Callable[[datetime], UUID]) -> Sequence[str]:
    """Compare the time, and the id, by which pages are read."""

    def id(request: Request) -> object:
        wanted = moment(request)
        return None if wanted is None else bound(wanted)

    return (f"{row}.at {than} {query.param(moment, 'timestamptz')}", f"{row}.id {than} {query.param(id, 'uuid')}")


@node(Audit, seen=_seen)
class AuditEntry(Node):
    """That somebody changed something of the city: who, when, in which act, and which facts; never what they said."""

    at: datetime
    person: strawberry.ID = identity("person_id", "Viewer", doc="Who did it: what `Viewer.id` says to that person.")
    role: str | None
    token: str | None = expression(
        _uuid("token_id"), doc="Which bearer token or session the person came with; its number, not the token."
    )
    act: str
    table: str = column(
        "table_name", doc="What kind of thing it is kept as, such as badge_text; a plugin's after a dot."
    )
    row: str | None = expression(_uuid("row_id"), doc="Which one of them, for comparing; null where it has no id.")
    object: strawberry.ID | None = expression(
        _object, doc="The same as an object of this graph, where it is one; it may be gone."
    )
    verb: str
    changed: list[str] = expression(
        _changed, doc="Names of the facts that changed, or that something new has, such as name."
    )


@filtering
class AuditFilter:
    """Which entries are wanted."""

    person: strawberry.ID | None = asks(_by, doc="Those of one person, as `AuditEntry.person` names them.")
    object: strawberry.ID | None = asks(_of, doc="Those about one object of this city, by its `id`.")
    tables: list[str] | None = among("table_name", doc="Those about things kept as one of these, such as badge.")
    acts: list[str] | None = among("act", doc="Those of these acts, such as updatePlace.")
    since: datetime | None = asks(_since, doc="Not before this moment.")
    until: datetime | None = asks(_until, doc="Before this moment.")


@query
class AuditQuery:
    """Root fields of the audit."""

    audit_log: Connection[AuditEntry] = guarded(
        MAY,
        pages(
            filter=AuditFilter,
            order=NEWEST_FIRST,
            doc="Who changed what in this city, newest first. Files, feeds and demonstrations leave no entry.",
        ),
    )


TYPES = (AuditEntry, AuditQuery)

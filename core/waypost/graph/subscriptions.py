"""Subscriptions: fields that tell of changes to objects, each message read by one statement of the planner.

    @value
    class PlaceChanged:
        id: ID
        place: Place | None

    @subscription
    class PlaceSubscription:
        place_changed: PlaceChanged = changes("Place", filter=PlaceFilter, doc="…")

The payload's field of the node type is null where the object is not listed, or does not fulfil the filter (any more).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

from graphql import get_named_type
from typing_extensions import override

from .declare import extend
from .facts import sql_name
from .ids import GlobalId
from .pages import FILTER, conditions_of
from .plan import finished
from .query import object_type
from .relations import Argument, Relation
from .request import About
from .sql import every, text_object

if TYPE_CHECKING:
    from .engine import Graph, Prepared
    from .plan import Plan
    from .query import Here, Query, Selected
    from .request import Request

T = TypeVar("T")

NOTHING: Final = UUID(int=0)


@dataclass(frozen=True, kw_only=True)
class Changes(Relation):
    """Changes of the objects of one `kind`, which events call so too.

    `filter` is the input type of the argument `filter`; `open` keeps what is listed at all, `where` adds conditions:
    both get the query, the row and the field.
    """

    kind: str
    filter: type[Any] | None = None
    open: Callable[[Query, Here, Selected], str] | None = None
    where: Callable[[Query, Here, Selected], Sequence[str]] | None = None

    def __post_init__(self) -> None:
        if self.filter is not None:
            given = Argument("filter", self.filter, required=True, doc=FILTER)
            object.__setattr__(self, "arguments", (given, *self.arguments))

    def listed(self, query: Query, row: Here, field: Selected) -> list[str]:
        """Return what a row fulfils that the subscription lists."""
        found = query.inside(row)
        if self.open is not None:
            found.append(self.open(query, row, field))
        if self.where is not None:
            found += self.where(query, row, field)
        if self.filter is not None:
            for name, condition in conditions_of(self.filter):
                value = field.argument("filter", name)
                if query.has(value):
                    found += condition.where(query, row, field, value)
        return found

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        """Print the message about `request.about`; null where that is not listed and need not be told."""
        row = query.row(query.facts.table(self.kind, national=query.national))
        same = [f"{row}.id = {query.param(_about_row, 'uuid')}", *self.listed(query, row, field)]
        if query.national:
            same.append(f"{row}.tenant_id = {query.param(_about_tenant, 'uuid')}")
        parts = ((each.key, self._part(query, row, each)) for each in query.selected(object_type(field), field))
        message = f"case when {row}.id is null and not {query.param(_always, 'bool')} then 'null' else "
        message += f"{text_object(parts)} end"
        return f"(select {message} from (select) one left join {sql_name(row.table)} {row} on {every(same)})"

    def _part(self, query: Query, row: Here, each: Selected) -> str:
        if each.name == "__typename":
            return query.value(None, each)
        if get_named_type(each.definition.type).name != self.kind:
            return f"to_json({query.param(_about_id, 'text')})::text"
        body = query.object(query.facts.schema.type_map[self.kind], row, each)
        return f"case when {row}.id is null then 'null' else {body} end"


def changes(
    kind: str,
    *,
    filter: type[Any] | None = None,
    open: Callable[[Query, Here, Selected], str] | None = None,
    where: Callable[[Query, Here, Selected], Sequence[str]] | None = None,
    arguments: tuple[Argument, ...] = (),
    doc: str,
) -> Any:
    """Declare a subscription; see `Changes`."""
    return Changes(kind=kind, filter=filter, open=open, where=where, arguments=arguments, doc=doc)


def subscription(cls: type[T]) -> type[T]:
    """Declare subscriptions: fields made by `changes`."""
    return extend("Subscription")(cls)


@dataclass(frozen=True)
class Subscribed:
    """What one operation subscribes to: the relation, and the field as it was selected."""

    relation: Changes
    field: Selected
    query: Query

    def silence(self) -> bytes:
        """Return the answer that says nothing: its object is not listed, and need not be told."""
        return b'{"data":{"' + self.field.key.encode() + b'":null}}'

    def ids(self, most: int) -> Plan:
        """Return the plan of the ids of what the subscription lists, `most` of them."""
        query = self.query
        row = query.row(query.facts.table(self.relation.kind, national=query.national))
        where = every(self.relation.listed(query, row, self.field))
        found = f"select {row}.id from {sql_name(row.table)} {row} where {where} limit {most}"
        return finished(query, f"(select concat('[', string_agg(concat('\"', x.id, '\"'), ','), ']') from ({found}) x)")


def subscribed(graph: Graph, prepared: Prepared, query: Query) -> Subscribed | None:
    """Return what a prepared operation subscribes to; None where nothing of it is included."""
    root = graph.schema.facts.schema.subscription_type
    assert root is not None, "validation has made sure"
    for field in query.roots(root, prepared.operation.selection_set):
        relation = query.facts.relation(field)
        assert isinstance(relation, Changes), field.coordinate
        return Subscribed(relation, field, query)
    return None


def _about(request: Request) -> About:
    return request.about or About("", NOTHING, NOTHING)


def _about_row(request: Request) -> UUID:
    return _about(request).row


def _about_tenant(request: Request) -> UUID:
    return _about(request).tenant


def _about_id(request: Request) -> str:
    about = _about(request)
    return str(GlobalId(about.kind, about.tenant, about.row))


def _always(request: Request) -> bool:
    return _about(request).always

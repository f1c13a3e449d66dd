"""The planning of one operation: what was selected, which values it needs, which choices it took.

A plan is shared by all requests of the same shape. So planning never reads a value by itself: it either
*binds* it (`param`: the value is sent with each request) or *decides* by it (`decide`: the outcome becomes part
of the plan's key). Nothing else can make a plan depend on a request.
"""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import orjson
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    InlineFragmentNode,
    get_named_type,
    is_abstract_type,
)
from graphql.type import GraphQLIncludeDirective, GraphQLSkipDirective

from .errors import GraphError, Place, keys_of
from .permitted import refuse_reading
from .request import Lookup
from .sql import literal, text_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from graphql import GraphQLField, GraphQLNamedType, SelectionNode, SelectionSetNode
    from piccolo.table import Table

    from .facts import Facts
    from .keeping import Clock
    from .request import Getter, Request

# Stands in an answer, followed by a number, where a field was refused; nobody can write a row that looks like it.
REFUSED = f"\x03{secrets.token_hex(8)}."
_PLACEHOLDER = re.compile("\x02(\\d+)\x03")


@dataclass(frozen=True)
class Here:
    """A row in the statement: its alias and the table that it comes from."""

    alias: str
    table: type[Table]

    def __str__(self) -> str:
        return self.alias


@dataclass(frozen=True, eq=False)
class Selected:
    """A field as selected: all its nodes of one response key, merged.

    `place` tells it from all others of the operation: type and response key from the root on, as `Type.key`.
    """

    key: str
    nodes: tuple[FieldNode, ...]
    definition: GraphQLField
    parent: GraphQLObjectType
    place: tuple[str, ...]

    @property
    def path(self) -> tuple[str, ...]:
        """Response keys from the root."""
        return keys_of(self.place)

    @property
    def name(self) -> str:
        """The field's name in the schema."""
        return self.nodes[0].name.value

    @property
    def coordinate(self) -> str:
        """`Type.field`, as schemas write it."""
        return f"{self.parent.name}.{self.name}"

    def argument(self, *names: str) -> Getter:
        """Return a getter of an argument's value, or of a value inside it; None when absent."""
        definition, node = self.definition, self.nodes[0]

        def get(request: Request) -> Any:
            value: Any = request.arguments(definition, node)
            for name in names:
                value = None if value is None else value.get(name)
            return value

        return get


@dataclass(frozen=True)
class Patch:
    """A place in the answer that Python finishes; the statement leaves an object `{"$": number, …}` there."""

    number: int
    field: Selected
    work: Any
    shape: Any = None

    @property
    def path(self) -> tuple[str, ...]:
        """Response keys from the root; lists on the way are walked through."""
        return self.field.path


@dataclass(eq=False)
class Query:
    """The statement being planned.

    `national` says which graph; `drafts` shows what is not public yet: below a field that asks for a permission,
    and where the asker reads back what they have just written. `refused` are the places of fields whose arguments
    were refused before: a mark stands in their place, so that the null climbs as GraphQL wants, and only where a row
    is above it.
    """

    facts: Facts
    request: Request
    fragments: dict[str, Any]
    drafts: bool = False
    national: bool = False
    first_patch: int = 0
    refused: tuple[Place, ...] = ()
    planned: bool = False  # a finished plan takes no further decisions
    decisions: list[tuple[Getter, Any]] = field(default_factory=list)
    getters: list[tuple[Getter, Place]] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    personal: bool = False  # the answer depends on who asks
    by_values: bool = False  # how much is found differs so much that PostgreSQL does well to plan for the values
    clocks: set[Clock] = field(default_factory=set)
    own_rows: dict[str, str] = field(default_factory=dict)  # looked up for the asker, or gathered: name and SQL
    _names: Iterator[int] = field(default_factory=lambda: count(1))
    _place: Place = ()

    # Values

    def decide(self, getter: Getter) -> Any:
        """Return a value by which the plan branches; requests that differ in it get another plan."""
        value = getter(self.request)
        if not self.planned:
            self.decisions.append((getter, value))
        return value

    def has(self, getter: Getter) -> bool:
        """Say whether a value is given, and let the plan depend on that alone."""
        return bool(self.decide(lambda request: getter(request) is not None))

    def param(self, getter: Getter, cast: str) -> str:
        """Return SQL for a value that is sent with each request, as the PostgreSQL type `cast`."""
        known = [each for each, _ in self.getters]
        if getter not in known:
            self.getters.append((getter, self._place))
            known.append(getter)
        return f"\x02{known.index(getter)}\x03::{cast}"

    def numbered(self, sql: str) -> tuple[str, list[tuple[Getter, Place]]]:
        """Return the statement with $1, $2… in order of appearance, and just those getters with their places."""
        order: list[int] = []

        def number(match: re.Match[str]) -> str:
            index = int(match[1])
            if index not in order:
                order.append(index)
            return f"${order.index(index) + 1}"

        return _PLACEHOLDER.sub(number, sql), [self.getters[index] for index in order]

    def patch(self, chosen: Selected, work: Any, shape: Any = None) -> int:
        """Remember that Python finishes this field; return the number that marks its places."""
        number = self.first_patch + len(self.patches)
        self.patches.append(Patch(number, chosen, work, shape))
        return number

    def compares(self, clock: Clock) -> None:
        """Say that the answer depends on the time: it is kept no longer than until `clock` strikes."""
        self.clocks.add(clock)

    # Rows

    def row(self, table: type[Table]) -> Here:
        """Return a new row of that table, under an alias of its own."""
        if table in self.facts.looked_up:
            self._look_up(table, self.facts.looked_up[table])
        elif table in self.facts.gathered:
            self._gather(table, self.facts.gathered[table])
        return Here(f"t{next(self._names)}", table)

    def _look_up(self, table: type[Table], kind: str) -> None:
        """Let the rows of a table be those that a lookup finds for the asker, as a JSON list."""
        name = table._meta.tablename
        if name in self.own_rows:
            return
        self.personal = True
        columns = ", ".join(f"{each._meta.name} {each.column_type}" for each in self.facts.columns(table).values())
        found = self.param(_looked_up(kind), "jsonb")
        self.own_rows[name] = f"{name} as materialized (select * from jsonb_to_recordset({found}) found({columns}))"

    def _gather(self, table: type[Table], rows: Callable[[Query], str]) -> None:
        """Let the rows of a table be those of a SELECT, which PostgreSQL puts in the place of each use."""
        name = table._meta.tablename
        if name not in self.own_rows:
            self.own_rows[name] = f"{name} as not materialized ({rows(self)})"

    @property
    def tenant(self) -> str:
        """SQL for the tenant asked for; only inside a tenant."""
        return self.param(_tenant, "uuid")

    def inside(self, row: Here, beside: Here | None = None) -> list[str]:
        """Return the conditions that keep a row in its tenant, and out of sight until it is public.

        In a city every tenant table is compared with the city's own id, which is what PostgreSQL plans
        well and what Citus routes by. Nationally rows stay beside each other (`beside`: a row whose tenant this
        one shares).
        """
        columns = self.facts.columns(row.table)
        conditions = []
        if "tenant_id" in columns and self.facts.is_tenant_table(row.table):
            if not self.national:
                conditions.append(f"{row}.tenant_id = {self.tenant}")
            elif beside is not None and "tenant_id" in self.facts.columns(beside.table):
                conditions.append(f"{row}.tenant_id = {beside}.tenant_id")
        if "public" in columns and not self.drafts:
            conditions.append(f"{row}.public")
        if row.table in self.facts.seen:
            conditions += self.facts.seen[row.table](self, row)
        return conditions

    # Selections

    def selected(self, of: GraphQLObjectType, *fields: Selected) -> list[Selected]:
        """Return the sub-selection of the fields for one concrete type, merged, in response order."""
        found: dict[str, list[FieldNode]] = {}
        for each in fields:
            for node in each.nodes:
                if node.selection_set:
                    self._collect(of, node.selection_set, found, set())
        above = fields[0].place
        return [self._field(of, key, nodes, above) for key, nodes in found.items()]

    def roots(self, of: GraphQLObjectType, selections: SelectionSetNode) -> list[Selected]:
        """Return the root fields of an operation."""
        found: dict[str, list[FieldNode]] = {}
        self._collect(of, selections, found, set())
        return [self._field(of, key, nodes, ()) for key, nodes in found.items()]

    def _field(self, of: GraphQLObjectType, key: str, nodes: list[FieldNode], above: Place) -> Selected:
        definition = self.facts.definition(of, nodes[0].name.value)
        return Selected(key, tuple(nodes), definition, of, (*above, f"{of.name}.{key}"))

    def _collect(
        self,
        of: GraphQLObjectType,
        selections: SelectionSetNode,
        found: dict[str, list[FieldNode]],
        seen: set[str],
    ) -> None:
        for node in selections.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                found.setdefault(key, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                if condition is None or self._applies(condition.name.value, of):
                    self._collect(of, node.selection_set, found, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, of):
                    self._collect(of, fragment.selection_set, found, seen)

    def _applies(self, condition: str, of: GraphQLObjectType) -> bool:
        named = self.facts.schema.type_map[condition]
        return named is of or (is_abstract_type(named) and self.facts.schema.is_sub_type(named, of))

    def _included(self, node: SelectionNode) -> bool:
        if not node.directives:
            return True
        return bool(
            self.decide(
                lambda request: (
                    not (request.directive(GraphQLSkipDirective, node) or {}).get("if")
                    and (request.directive(GraphQLIncludeDirective, node) or {}).get("if", True)
                )
            )
        )

    # Printing

    def object(self, of: GraphQLNamedType, row: Here | None, *fields: Selected) -> str:
        """Return SQL that prints the selected fields of one object of that concrete type."""
        assert isinstance(of, GraphQLObjectType), of
        return self.shown(of, lambda each: self.value(row, each), *fields)

    def shown(self, of: GraphQLObjectType, printed: Callable[[Selected], str], *fields: Selected) -> str:
        """Return SQL for an object by its selected fields, each printed by `printed`.

        A directive that got no value refuses the object whose fields it chooses.
        """
        chosen = self.chosen(of, *fields)
        if isinstance(chosen, str):
            return _printed(chosen)
        return text_object((each.key, printed(each)) for each in chosen)

    def chosen(self, of: GraphQLObjectType, *fields: Selected) -> list[Selected] | str:
        """Return the sub-selection as `selected` does, or the mark that stands for an object without one."""
        place = (*fields[0].place, of.name)
        if place in self.refused:
            return self._mark(place)
        try:
            return self.selected(of, *fields)
        except GraphError as error:
            raise error.at(place) from error

    def value(self, row: Here | None, chosen: Selected) -> str:
        """Return SQL that prints one field."""
        if chosen.name == "__typename":
            return f"'\"{chosen.parent.name}\"'"
        return self.unless_refused(chosen, lambda: self._value(row, chosen))

    def _value(self, row: Here | None, chosen: Selected) -> str:
        relation = self.facts.relation(chosen)
        with self.at(chosen), self._opened(relation.may):
            text = relation.sql(self, row, chosen)
            return self._where_active(text, row, chosen) if self.national and row is not None else text

    def unless_refused(self, chosen: Selected, printed: Callable[[], str]) -> str:
        """Return the SQL of a field, or that of the mark which says that it was refused."""
        return _printed(self._mark(chosen.place)) if chosen.place in self.refused else printed()

    def _mark(self, place: Place) -> str:
        return f"{REFUSED}{self.refused.index(place)}"

    @contextmanager
    def at(self, chosen: Selected) -> Iterator[None]:
        """Print what belongs to a field: what it refuses is told at its place."""
        before, self._place = self._place, chosen.place
        try:
            yield
        except GraphError as error:
            raise error.at(chosen.place) from error
        finally:
            self._place = before

    @contextmanager
    def _opened(self, may: str) -> Iterator[None]:
        """Print what asks for a permission: drafts and all, to whom it is given."""
        before = self.drafts
        if may:
            refuse_reading(self, may)
            self.drafts = True
        try:
            yield
        finally:
            self.drafts = before

    def _where_active(self, text: str, row: Here, chosen: Selected) -> str:
        """Print a plugin's field nationally only for the tenants that have the plugin switched on."""
        plugin = self.facts.plugin(chosen)
        if plugin is None or "tenant_id" not in self.facts.columns(row.table):
            return text
        active = f"p.tenant_id = {row}.tenant_id and p.plugin = {literal(plugin)} and p.active"
        return f"case when exists (select from tenant_plugin p where {active}) then {text} else 'null' end"


def _looked_up(kind: str) -> Getter:
    return lambda request: Lookup(kind, str(request.asker.person), lambda found: found)


def _tenant(request: Request) -> UUID | None:
    return request.tenant


def named(chosen: Selected) -> GraphQLNamedType:
    """Return the named type of a field, without lists and non-null."""
    return get_named_type(chosen.definition.type)


def object_type(chosen: Selected) -> GraphQLObjectType:
    """Return the object type of a field, without lists and non-null."""
    kind = named(chosen)
    assert isinstance(kind, GraphQLObjectType), chosen.coordinate
    return kind


def _printed(mark: str) -> str:
    """Return SQL that prints a mark as JSON."""
    return literal(orjson.dumps(mark).decode())

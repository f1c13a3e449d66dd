"""Plans: one SQL statement for an operation, shared by every request of the same shape."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import OperationType

from .errors import GraphError, Place
from .limits import Price, priced
from .query import Query
from .request import Lookup
from .sql import text_object

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from graphql import FragmentDefinitionNode, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode

    from .facts import Facts
    from .query import Patch, Selected
    from .request import Getter, Request

    Refused = tuple[Place, ...]
    Lookups = Mapping[str, Callable[[str, Request], Awaitable[Any]]]

_SURROGATE = re.compile("[\ud800-\udfff]")
LARGEST = 16  # plans kept for one document; more shapes than that are planned anew


@dataclass(frozen=True)
class Plan:
    """A statement, what it is sent, which choices it took, and what Python finishes afterwards."""

    sql: str
    getters: Sequence[tuple[Getter, Place]]
    decisions: Sequence[tuple[Getter, Any]]
    patches: Sequence[Patch]
    query: Query
    fields: Sequence[Selected] = ()
    national: list[tuple[tuple[int, ...], Plan]] = field(default_factory=list)  # of rows of other tenants

    def fits(self, request: Request) -> bool:
        """Say whether a request takes the same choices."""
        try:
            return all(getter(request) == value for getter, value in self.decisions)
        except GraphError:  # planning anew says where it stands
            return False

    async def values(self, request: Request, lookups: Lookups) -> list[Any]:
        """Return the values that the statement is sent; raise `GraphError` with the field's place."""
        found = []
        for getter, place in self.getters:
            try:
                value = getter(request)
                if isinstance(value, Lookup):
                    value = value.then(await lookups[value.kind](value.key, request))
            except GraphError as error:
                raise error.at(place) from error
            if is_no_text(value):
                raise GraphError("INVALID_ARGUMENT", "A text holds a null byte or half a character.").at(place)
            found.append(value)
        return found


def is_no_text(value: Any) -> bool:
    """Say whether a text, or one in a list, holds a null byte or a lone surrogate: nothing that can be stored."""
    if isinstance(value, list):
        return any(is_no_text(each) for each in value)
    return isinstance(value, str) and (
        "\x00" in value or (not value.isascii() and _SURROGATE.search(value) is not None)
    )


@dataclass
class Planned:
    """An operation with the plans made for it so far."""

    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]

    def __post_init__(self) -> None:
        self._plans: dict[tuple[bool, Refused], list[Plan]] = {}
        self._price: Price | None = None

    def price(self, schema: GraphQLSchema) -> Price:
        """Return what the operation costs, as a function of its variables."""
        if self._price is None:
            root = root_of(schema, self.operation)
            self._price = priced(schema, root, self.operation.selection_set, self.fragments)
        return self._price

    def plan(self, facts: Facts, request: Request) -> Plan:
        """Return the plan for a request, with marks in place of the fields that were refused."""
        refused = tuple(sorted(request.refused))
        if len(self._plans) > LARGEST:
            self._plans.clear()
        plans = self._plans.setdefault((request.tenant is None, refused), [])
        for known in plans:
            if known.fits(request):
                return known
        try:
            made = self._made(facts, request, refused)
        except RecursionError as error:
            raise GraphError("LIMIT_EXCEEDED", "The document is nested too deeply.") from error
        plans.insert(0, made)
        del plans[LARGEST:]
        return made

    def _made(self, facts: Facts, request: Request, refused: Refused) -> Plan:
        query = Query(facts, request, dict(self.fragments), national=request.tenant is None, refused=refused)
        fields = query.roots(root_of(facts.schema, self.operation), self.operation.selection_set)
        return finished(query, root_object(query, fields), fields)


def root_of(schema: GraphQLSchema, operation: OperationDefinitionNode) -> GraphQLObjectType:
    """Return the root type of an operation that has been validated."""
    roots = {
        OperationType.QUERY: schema.query_type,
        OperationType.MUTATION: schema.mutation_type,
        OperationType.SUBSCRIPTION: schema.subscription_type,
    }
    root = roots[operation.operation]
    assert root is not None, "validation has made sure"
    return root


def root_object(query: Query, fields: Sequence[Selected]) -> str:
    """Return SQL that prints root fields."""
    return text_object((each.key, query.value(None, each)) for each in fields)


def finished(query: Query, body: str, fields: Sequence[Selected] = ()) -> Plan:
    """Return the plan of a body of SQL that prints these root fields."""
    own = f"with {', '.join(query.own_rows.values())} " if query.own_rows else ""
    sql, getters = query.numbered(f"{own}select {body}")
    query.planned = True
    return Plan(sql, getters, query.decisions, query.patches, query, fields)

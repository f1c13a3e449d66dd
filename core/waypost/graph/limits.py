"""What a document may ask for, decided before anything is planned: depth, width, and a cost by page sizes.

An object costs 1 and a leaf nothing, but for what is dear to make; a connection is as wide as its `first`, a bounded
list as wide as its relation says, and what a mutation lists as long as the longest list of its input. Fragments are
shared, never copied, so that a document that unfolds to millions of fields is priced in the time that it takes to read
it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLList,
    GraphQLObjectType,
    InlineFragmentNode,
    get_named_type,
    get_nullable_type,
)
from graphql.language import IntValueNode, ListValueNode, ObjectValueNode, VariableNode

from .errors import GraphError
from .facts import relation_of
from .pages import DEFAULT, LARGEST, Pages

if TYPE_CHECKING:
    from graphql import (
        FragmentDefinitionNode,
        GraphQLField,
        GraphQLNamedType,
        GraphQLSchema,
        SelectionNode,
        SelectionSetNode,
        ValueNode,
    )

    from .relations import Relation

    Variables = Mapping[str, Any]
    Size = Callable[[Variables], int]


@dataclass(frozen=True)
class Limits:
    """The bounds of one document. `fields` counts them with fragments unfolded; `cost` is in points."""

    depth: int = 20
    fields: int = 2_000
    aliases: int = 60
    roots: int = 30
    cost: int = 50_000


LIMITS: Final = Limits()
# The fields of a connection that show as many objects as its page holds.
PAGED: Final = frozenset({"nodes", "edges"})
# What is counted apart costs a statement over all rows, however few are shown.
COUNTED: Final = {"totalCount": 5, "facets": 20}


@dataclass(frozen=True, eq=False)
class Price:
    """What a selection costs: `own` points, and for each part its own price times its size.

    `depth`, `fields` and `aliases` count all below, fragments unfolded; `width` counts this level alone.
    """

    own: int
    parts: Sequence[tuple[Size | None, Price]]
    depth: int
    fields: int
    aliases: int
    width: int

    def of(self, variables: Variables, known: dict[int, int] | None = None) -> int:
        """Return the points for these variables."""
        known = {} if known is None else known
        found = known.get(id(self))
        if found is None:
            found = self.own
            for size, part in self.parts:
                found += part.of(variables, known) * (1 if size is None else size(variables))
            known[id(self)] = found
        return found


NOTHING: Final = Price(0, (), 0, 0, 0, 0)


class Pricing:
    """Prices the selections of one document."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments
        self._known: dict[tuple[str, int], Price] = {}

    def price(self, of: GraphQLNamedType, selections: SelectionSetNode, page: Size | None = None) -> Price:
        """Return the price of a selection on a type.

        On a connection, `page` is the number of its nodes; in what a mutation answers, of the objects that it lists.
        """
        own, depth, fields, aliases, width = 0, 0, 0, 0, 0
        parts: list[tuple[Size | None, Price]] = []
        for node in selections.selections:
            size: Size | None = None
            if isinstance(node, FieldNode):
                points, size, part = self._field(of, node, page)
                own += points
                fields += 1
                width += 1
                aliases += node.alias is not None
                depth = max(depth, part.depth + 1)
            else:
                part = self._fragment(of, node, page)
                width += part.width
                depth = max(depth, part.depth)
            fields += part.fields
            aliases += part.aliases
            if part is not NOTHING:
                parts.append((size, part))
        return Price(own, parts, depth, fields, aliases, width)

    def _fragment(self, of: GraphQLNamedType, node: SelectionNode, page: Size | None) -> Price:
        if isinstance(node, InlineFragmentNode):
            on = node.type_condition
            return self.price(self._schema.type_map[on.name.value] if on else of, node.selection_set, page)
        assert isinstance(node, FragmentSpreadNode)
        key = (node.name.value, id(page))
        known = self._known.get(key)
        if known is None:
            fragment = self._fragments[node.name.value]
            kind = self._schema.type_map[fragment.type_condition.name.value]
            known = self._known[key] = self.price(kind, fragment.selection_set, page)
        return known

    def _field(self, of: GraphQLNamedType, node: FieldNode, page: Size | None) -> tuple[int, Size | None, Price]:
        """Return the points of a field itself, how often its selection counts, and the selection's price."""
        name = node.name.value
        definition: GraphQLField | None = getattr(of, "fields", {}).get(name)
        relation = None if definition is None else relation_of(definition)
        points = COUNTED.get(name, 0) + (0 if relation is None else relation.points)
        if definition is None or node.selection_set is None:  # __typename, introspection, leaves
            return points, None, NOTHING
        kind = get_named_type(definition.type)
        if isinstance(relation, Pages):
            return 1, None, self.price(kind, node.selection_set, _given(node, "first", DEFAULT))
        inside = self.price(kind, node.selection_set, _longest(node) if "input" in definition.args else None)
        if page is not None and _is_paged(of, definition, name):
            return 0, page, replace(inside, own=inside.own + 1)
        size = _given(node, "ids", LARGEST) if "ids" in definition.args else _usual(relation)
        return points, size, replace(inside, own=inside.own + 1)


def _is_paged(of: GraphQLNamedType, definition: GraphQLField, name: str) -> bool:
    """Whether a field shows all objects of a connection's page, or those that a mutation lists."""
    if "nodes" in getattr(of, "fields", {}):
        return name in PAGED
    return isinstance(get_nullable_type(definition.type), GraphQLList)


def _usual(relation: Relation | None) -> Size | None:
    """Return how many objects a bounded list usually shows, None for one object."""
    usual = 1 if relation is None else relation.size
    return None if usual == 1 else lambda _variables: usual


def _given(node: FieldNode, name: str, default: int) -> Size:
    """Return a getter of a number, or the length of a list, in an argument; at least 1, at most a page."""
    value = _argument(node, name)
    if isinstance(value, VariableNode):
        variable = value.name.value
        return lambda variables: _bounded(variables.get(variable), default)
    known: Any = None
    if isinstance(value, IntValueNode):
        known = int(value.value)
    elif isinstance(value, ListValueNode):
        known = value.values
    size = _bounded(known, default)
    return lambda _variables: size


def _longest(node: FieldNode) -> Size:
    """Return a getter of the length of the longest list in the input of a mutation; at least 1."""
    value = _argument(node, "input")
    if isinstance(value, VariableNode):
        variable = value.name.value
        return lambda variables: max((1, *map(_length, (variables.get(variable) or {}).values())))
    parts = [each.value for each in value.fields] if isinstance(value, ObjectValueNode) else []
    written = max((1, *(len(each.values) for each in parts if isinstance(each, ListValueNode))))
    named = [each.name.value for each in parts if isinstance(each, VariableNode)]
    return lambda variables: max((written, *(_length(variables.get(each)) for each in named)))


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 1


def _argument(node: FieldNode, name: str) -> ValueNode | None:
    return next((each.value for each in node.arguments or () if each.name.value == name), None)


def _bounded(value: Any, default: int) -> int:
    """Wrong sizes are told by the field itself."""
    if value is None:
        return default
    size = value if isinstance(value, int) else len(value)
    return max(1, min(size, LARGEST))


def refuse_too_much(price: Price, limits: Limits = LIMITS) -> None:
    """Raise `GraphError` LIMIT_EXCEEDED for a document that is too deep, too wide or has too many aliases."""
    for what, found, most in (
        ("levels deep", price.depth, limits.depth),
        ("fields wide, fragments unfolded,", price.fields, limits.fields),
        ("aliases rich", price.aliases, limits.aliases),
        ("root fields wide", price.width, limits.roots),
    ):
        if found > most:
            raise GraphError("LIMIT_EXCEEDED", f"The operation is {found} {what} and may be {most}.")


def refuse_too_costly(cost: int, limits: Limits = LIMITS) -> None:
    """Raise `GraphError` LIMIT_EXCEEDED for an operation whose pages multiply to too much."""
    if cost > limits.cost:
        raise GraphError(
            "LIMIT_EXCEEDED",
            f"The operation costs {cost} points and may cost {limits.cost}; ask for smaller pages, or in parts.",
        )


def priced(
    schema: GraphQLSchema,
    root: GraphQLObjectType,
    selections: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
) -> Price:
    """Return the price of an operation's root selection."""
    return Pricing(schema, fragments).price(root, selections)

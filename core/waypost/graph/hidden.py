"""Letting a null climb: what GraphQL wants where a field that may not be null points at a hidden row.

The statement prints a mark there, and others where an id names nothing and where a field was refused. Only an answer
with such a mark comes here, so that no other pays for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, get_named_type, is_leaf_type

from .errors import GraphError
from .ids import parse_id
from .marks import HIDDEN, MISSING
from .query import REFUSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import GraphQLOutputType

    from .query import Query, Selected
    from .request import Request


class _Climb(Exception):
    """A null on its way to the nearest field that may be null."""


def settle(
    tree: dict[str, Any], query: Query, fields: Sequence[Selected], request: Request
) -> tuple[Any, list[GraphError]]:
    """Return the tree with nulls where marks stood, climbed as far as needed, and an error for each mark."""
    errors: list[GraphError] = []
    refused = [request.refused[place] for place in query.refused]
    try:
        for each in fields:
            tree[each.key] = _field(tree[each.key], each, At(query, refused, errors), (each.key,))
    except _Climb:
        return None, errors
    return tree, errors


@dataclass(frozen=True)
class At:
    """What settling one answer needs: the query, its refusals in the order of their numbers, errors found so far."""

    query: Query
    refused: Sequence[GraphError]
    errors: list[GraphError]


Way = tuple[str | int, ...]


def _field(value: Any, field: Selected, at: At, path: Way) -> Any:
    return _value(value, field.definition.type, field, at, path)


def _value(value: Any, kind: GraphQLOutputType, field: Selected, at: At, path: Way) -> Any:
    if isinstance(kind, GraphQLNonNull):
        found = _value(value, kind.of_type, field, at, path)
        if found is None:
            raise _Climb
        return found
    error = _marked(value, kind, at, path)
    if error is not None:
        at.errors.append(error)
        return None
    try:
        if isinstance(kind, GraphQLList) and value is not None:
            return [_value(each, kind.of_type, field, at, (*path, n)) for n, each in enumerate(value)]
        if isinstance(value, dict) and "$" not in value and not is_leaf_type(kind):
            for each in at.query.selected(_concrete(kind, value, field, at.query), field):
                value[each.key] = _field(value[each.key], each, at, (*path, each.key))
    except _Climb:
        return None
    return value


def _marked(value: Any, kind: GraphQLOutputType, at: At, path: Way) -> GraphError | None:
    """Return the error that a mark stands for."""
    if not isinstance(value, str):
        return None
    if value.startswith(REFUSED):
        refused = at.refused[_number(value)]
        return GraphError(refused.code, refused.message, path)
    if value == HIDDEN and not is_leaf_type(kind):
        return GraphError("NOT_VISIBLE", "What this field points at is not public any more.", path)
    if value == MISSING and not is_leaf_type(kind):
        return GraphError("NOT_FOUND", "The id names nothing that this graph shows.", path)
    return None


def _number(mark: str) -> int:
    return int(mark.removeprefix(REFUSED))


def _concrete(kind: Any, value: dict[str, Any], field: Selected, query: Query) -> GraphQLObjectType:
    """Return the type of an object; behind an interface, one whose selection looks like the object.

    Where several do, validation has made sure that they mean the same.
    """
    if isinstance(kind, GraphQLObjectType):
        return kind
    return next(of for of in query.facts.schema.get_possible_types(kind) if _looks_like(of, value, field, query))


def _looks_like(of: GraphQLObjectType, value: dict[str, Any], field: Selected, query: Query) -> bool:
    try:
        chosen = {each.key: each for each in query.selected(of, field)}
    except GraphError:  # a directive refused all of that type: a mark stands in its place, not an object
        return False
    return chosen.keys() == value.keys() and all(_may_be(value[key], each, query) for key, each in chosen.items())


def _may_be(value: Any, field: Selected, query: Query) -> bool:
    if field.name == "__typename":
        return bool(value == field.parent.name)
    if field.name == "id" and field.parent.name in query.facts.nodes:
        named = parse_id(value)
        return named is not None and named.type == field.parent.name
    kind = get_named_type(field.definition.type)
    while isinstance(value, list):
        value = next((each for each in value if each is not None), None)
    if isinstance(value, str) and value.startswith(REFUSED):
        place = query.refused[_number(value)]
        return field.place in {place, place[:-1]}
    if field.place in query.refused:
        return False
    if not isinstance(value, dict) or "$" in value or not isinstance(kind, GraphQLObjectType):
        return True
    return _looks_like(kind, value, field, query)

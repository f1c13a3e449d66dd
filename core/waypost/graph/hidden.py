"""Letting a null climb: what GraphQL wants where a field that may not be null points at a hidden row.

The statement prints a mark there, and another one where an id names nothing. Only an answer with such a mark comes
here, so that no other pays for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, is_leaf_type

from .errors import GraphError
from .ids import parse_id
from .relations import HIDDEN, MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import GraphQLOutputType

    from .query import Query, Selected


class _Climb(Exception):
    """A null on its way to the nearest field that may be null."""


def settle(tree: dict[str, Any], query: Query, fields: Sequence[Selected]) -> tuple[Any, list[GraphError]]:
    """Return the tree with nulls where marks stood, climbed as far as needed, and an error for each mark."""
    errors: list[GraphError] = []
    try:
        for each in fields:
            tree[each.key] = _field(tree[each.key], each, query, (each.key,), errors)
    except _Climb:
        return None, errors
    return tree, errors


def _field(value: Any, field: Selected, query: Query, path: tuple[str | int, ...], errors: list[GraphError]) -> Any:
    return _value(value, field.definition.type, field, query, path, errors)


def _value(
    value: Any,
    kind: GraphQLOutputType,
    field: Selected,
    query: Query,
    path: tuple[str | int, ...],
    errors: list[GraphError],
) -> Any:
    if isinstance(kind, GraphQLNonNull):
        found = _value(value, kind.of_type, field, query, path, errors)
        if found is None:
            raise _Climb
        return found
    if value == HIDDEN and not is_leaf_type(kind):
        errors.append(GraphError("NOT_VISIBLE", "What this field points at is not public any more.", path))
        return None
    if value == MISSING and not is_leaf_type(kind):
        errors.append(GraphError("NOT_FOUND", "The id names nothing that this graph shows.", path))
        return None
    try:
        if isinstance(kind, GraphQLList) and value is not None:
            return [_value(each, kind.of_type, field, query, (*path, n), errors) for n, each in enumerate(value)]
        if isinstance(value, dict) and "$" not in value and not is_leaf_type(kind):
            for each in query.selected(_concrete(kind, value, query), field):
                value[each.key] = _field(value[each.key], each, query, (*path, each.key), errors)
    except _Climb:
        return None
    return value


def _concrete(kind: Any, value: dict[str, Any], query: Query) -> GraphQLObjectType:
    if isinstance(kind, GraphQLObjectType):
        return kind
    # Behind an interface only ids tell the type; without one the keys must do.
    for each in value.values():
        named = parse_id(each) if isinstance(each, str) else None
        if named is not None and named.type in query.facts.stored:
            found = query.facts.schema.type_map[named.type]
            assert isinstance(found, GraphQLObjectType)
            return found
    raise _Climb

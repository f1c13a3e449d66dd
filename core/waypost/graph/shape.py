"""Completing values that Python computed: the selection of their fields, checked against the schema."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from .errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import GraphQLOutputType

    from .query import Query, Selected


@dataclass(frozen=True)
class Shape:
    """What is wanted of a value: for each concrete type the fields in response order; none for a leaf."""

    type: GraphQLOutputType
    fields: Mapping[str, Sequence[tuple[str, str, Shape]]]


def shape_of(query: Query, field: Selected) -> Shape:
    """Return the shape of a field's value as selected."""
    kind = get_named_type(field.definition.type)
    if is_leaf_type(kind):
        return Shape(field.definition.type, {})
    concrete = query.facts.schema.get_possible_types(kind) if is_abstract_type(kind) else [kind]
    fields: dict[str, list[tuple[str, str, Shape]]] = {}
    for each in concrete:
        assert isinstance(each, GraphQLObjectType)
        chosen = query.selected(each, field)
        fields[each.name] = [(one.key, one.name, shape_of(query, one)) for one in chosen]
    return Shape(field.definition.type, fields)


def complete(shape: Shape, value: Any) -> Any:
    """Return the value as the response shows it; raise `GraphError` where the schema forbids it."""
    return _completed(shape, shape.type, value)


def _completed(shape: Shape, kind: GraphQLOutputType, value: Any) -> Any:
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            raise GraphError("INTERNAL", f"A value of {kind} is missing.")
        return _completed(shape, kind.of_type, value)
    if value is None:
        return None
    if isinstance(kind, GraphQLList):
        return [_completed(shape, kind.of_type, each) for each in value]
    if not shape.fields:
        return plain(value)
    name = value["__typename"] if len(shape.fields) > 1 else next(iter(shape.fields))
    return {
        key: name if field == "__typename" else _completed(sub, sub.type, value.get(field))
        for key, field, sub in shape.fields[name]
    }


def plain(value: Any) -> Any:
    """Return a leaf as JSON knows it: moments in UTC with milliseconds, decimals and uuids as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    return value

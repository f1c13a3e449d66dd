"""Completing values that Python computed: the selection of their fields, checked against the schema."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLString,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_specified_scalar_type,
)

from .errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import GraphQLOutputType

    from .query import Query, Selected


# Leaves whose values are shown as they are; whole numbers, if they are not too large.
EXACT: Final[Mapping[Any, Any]] = {
    GraphQLString: str,
    GraphQLID: str,
    GraphQLBoolean: bool,
    GraphQLInt: int,
}


@dataclass(frozen=True)
class Shape:
    """What is wanted of a value: for each concrete type the fields in response order; none for a leaf.

    A text in the place of fields is the mark of a selection that was refused, and stands for the object. A value whose
    type is `exact` needs no second look: nearly all leaves are such.
    """

    type: GraphQLOutputType
    fields: Mapping[str, Sequence[tuple[str, str, Shape]] | str]
    exact: Any = None


def shape_of(query: Query, field: Selected) -> Shape:
    """Return the shape of a field's value as selected."""
    kind = get_named_type(field.definition.type)
    if is_leaf_type(kind):
        return Shape(field.definition.type, {}, EXACT.get(get_nullable_type(field.definition.type)))
    concrete = query.facts.schema.get_possible_types(kind) if is_abstract_type(kind) else [kind]
    fields: dict[str, list[tuple[str, str, Shape]] | str] = {}
    for each in concrete:
        assert isinstance(each, GraphQLObjectType)
        chosen = query.chosen(each, field)
        if isinstance(chosen, str):
            fields[each.name] = chosen
        else:
            fields[each.name] = [(one.key, one.name, shape_of(query, one)) for one in chosen]
    return Shape(field.definition.type, fields)


class Incomplete(Exception):
    """A value that its type does not allow, or one that failed by itself, with the code that it failed with.

    `path` leads to it from the field's own value; `given` names the Python type of what was given. The value itself
    stands nowhere: it may be anybody's.
    """

    def __init__(self, message: str, path: tuple[str | int, ...], code: str = "", *, given: str = "None") -> None:
        super().__init__(message)
        self.path = path
        self.code = code
        self.given = given


class _Climb(Exception):
    """A null on its way to the nearest place that may be null."""


def complete(shape: Shape, value: Any, faults: list[Incomplete]) -> Any:
    """Return the value as the response shows it; what its type forbids is null, and told in `faults`."""
    try:
        return _completed(shape, shape.type, value, (), faults)
    except _Climb:
        return None


def _completed(
    shape: Shape, kind: GraphQLOutputType, value: Any, path: tuple[str | int, ...], faults: list[Incomplete]
) -> Any:
    if isinstance(kind, GraphQLNonNull):
        before = len(faults)
        found = _completed(shape, kind.of_type, value, path, faults)
        if found is None:
            if len(faults) == before:
                faults.append(Incomplete(f"A value of {kind} is missing.", path))
            raise _Climb
        return found
    if value is None:
        return None
    if isinstance(value, GraphError):  # this part alone could not be told
        faults.append(Incomplete(value.message, path, value.code))
        return None
    try:
        if isinstance(kind, GraphQLList):
            return [_completed(shape, kind.of_type, each, (*path, index), faults) for index, each in enumerate(value)]
        return _object(shape, value, path, faults) if shape.fields else leaf(kind, value)
    except _Climb:
        return None
    except (GraphQLError, TypeError, ValueError, KeyError, AttributeError):
        faults.append(Incomplete(f"A value of {kind} was expected.", path, given=type(value).__name__))
        return None


def _object(shape: Shape, value: Any, path: tuple[str | int, ...], faults: list[Incomplete]) -> Any:
    name = value["__typename"] if len(shape.fields) > 1 else next(iter(shape.fields))
    wanted = shape.fields[name]
    if isinstance(wanted, str):
        return wanted
    found = {}
    for key, field, sub in wanted:
        if field == "__typename":
            found[key] = name
            continue
        inner = value.get(field)
        plainly = _is_exact(sub.exact, inner)
        found[key] = inner if plainly else _completed(sub, sub.type, inner, (*path, key), faults)
    return found


def _is_exact(exact: Any, value: Any) -> bool:
    return type(value) is exact and (exact is not int or GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT)


def leaf(kind: GraphQLOutputType, value: Any) -> Any:
    """Return a leaf as the response shows it; raise `GraphQLError` for a value that its type does not allow."""
    if _is_exact(EXACT.get(kind), value):
        return value
    if isinstance(kind, GraphQLEnumType):
        return kind.serialize(value)
    plainly = plain(value)
    if isinstance(kind, GraphQLScalarType) and is_specified_scalar_type(kind):
        return kind.serialize(plainly)
    return plainly


def plain(value: Any) -> Any:
    """Return a leaf as JSON knows it: moments in UTC with milliseconds, decimals and uuids as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    return value

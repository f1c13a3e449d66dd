"""How each kind of column is printed as JSON text: a white list, so that nothing is printed by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import get_named_type, get_nullable_type, is_list_type
from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    Boolean,
    Date,
    DoublePrecision,
    Integer,
    Numeric,
    Text,
    Timestamptz,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLOutputType
    from piccolo.columns import Column

# RFC 3339 in UTC with milliseconds: the form of JavaScript's toISOString.
_TIMESTAMP = "concat('\"', to_char({0} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), '\"')"

FORMS: Mapping[type[Column], str] = {
    Text: "to_json({0})::text",
    Integer: "({0})::text",
    Boolean: "({0})::text",
    DoublePrecision: "({0})::text",
    Timestamptz: _TIMESTAMP,
    Date: "concat('\"', to_char({0}, 'YYYY-MM-DD'), '\"')",
    # A decimal leaves as a string, since JSON numbers lose digits in most clients.
    Numeric: "concat('\"', ({0})::text, '\"')",
    JSONB: "({0})::text",
    Array: "array_to_json({0})::text",
    UUID: "concat('\"', {0}, '\"')",
}

# Which of the scalars that everybody knows show what such a column prints; a plugin's own scalars are its matter.
_SHOWN: Mapping[type[Column], frozenset[str]] = {
    Text: frozenset({"String", "ID", "UUID"}),
    Integer: frozenset({"Int", "Float"}),
    Boolean: frozenset({"Boolean"}),
    DoublePrecision: frozenset({"Float"}),
    Timestamptz: frozenset({"DateTime"}),
    Date: frozenset({"Date"}),
    Numeric: frozenset({"Decimal"}),
    UUID: frozenset({"String", "ID", "UUID"}),
}
_KNOWN = frozenset[str]().union(*_SHOWN.values())


def form_of(column: Column) -> str | None:
    """Return the SQL form that prints this column as JSON text, None if it may not be printed."""
    return next((FORMS[kind] for kind in type(column).__mro__ if kind in FORMS), None)


def shows(kind: GraphQLOutputType, column: Column) -> bool:
    """Say whether a field of this type says truly what is printed of the column."""
    bare = get_nullable_type(kind)
    if isinstance(column, Array) or is_list_type(bare):
        return isinstance(column, Array) and is_list_type(bare) and shows(bare.of_type, column.base_column)
    shown = next((_SHOWN[each] for each in type(column).__mro__ if each in _SHOWN), _KNOWN)
    name = get_named_type(bare).name
    return name in shown or name not in _KNOWN


def printed(form: str, expression: str, *, nullable: bool) -> str:
    """Return SQL text for the expression in that form; NULL prints as null."""
    text = form.format(expression)
    if not nullable:
        return text
    if "concat(" in form:  # concat swallows NULL
        return f"case when {expression} is null then 'null' else {text} end"
    return f"coalesce({text}, 'null')"


# An enum is stored in lower case with hyphens and shown as GraphQL writes it.
ENUM = "to_json(upper(replace({0}, '-', '_')))::text"

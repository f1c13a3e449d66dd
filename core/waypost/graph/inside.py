"""Fields that print what is kept as JSON in a column, and fields below which nothing but public rows are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, get_named_type, is_leaf_type
from typing_extensions import override

from .facts import sql_name
from .marks import HIDDEN_JSON
from .relations import Relation
from .sql import every

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import GraphQLOutputType

    from .query import Here, Query, Selected


@dataclass(frozen=True, kw_only=True)
class Inside(Relation):
    """A value object, a list of them, or a plain value that is kept as JSON in `column`, under GraphQL's names.

    A field of a node type holds that node's code.
    """

    column: str

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        assert here is not None
        return _printed(query, here, f"{here}.{self.column}", field.definition.type, field)

    @override
    def needs(self, name: str) -> Sequence[str]:
        del name
        return (self.column,)


def _printed(query: Query, here: Here, value: str, kind: GraphQLOutputType, field: Selected) -> str:
    if isinstance(kind, GraphQLNonNull):
        return _printed(query, here, value, kind.of_type, field)
    if is_leaf_type(get_named_type(kind)):
        return f"coalesce(({value})::text, 'null')"
    if isinstance(kind, GraphQLList):
        each = query.row(here.table)
        item = _printed(query, here, f"{each}.value", kind.of_type, field)
        source = f"jsonb_array_elements({value}) with ordinality {each}(value, n)"
        return f"(select concat('[', string_agg({item}, ',' order by {each}.n), ']') from {source})"
    assert isinstance(kind, GraphQLObjectType)
    if kind.name in query.facts.stored:
        return _by_code(query, value, kind, field)

    def printed(one: Selected) -> str:
        if one.name == "__typename":
            return query.value(None, one)
        return _printed(query, here, f"({value} -> '{one.name}')", one.definition.type, one)

    body = query.shown(kind, printed, field)
    return f"case when coalesce(jsonb_typeof({value}), 'null') = 'null' then 'null' else {body} end"


def _by_code(query: Query, value: str, kind: GraphQLObjectType, field: Selected) -> str:
    row = query.row(query.facts.table(kind.name, national=query.national))
    where = every([f"{row}.code = ({value} #>> '{{}}')", *query.inside(row)])
    body = query.object(kind, row, field)
    return f"coalesce((select {body} from {sql_name(row.table)} {row} where {where}), {HIDDEN_JSON})"


@dataclass(frozen=True, kw_only=True)
class Closed(Relation):
    """A relation to what everybody may see, below a field that shows drafts."""

    inner: Relation

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        before, query.drafts = query.drafts, False
        try:
            return self.inner.sql(query, here, field)
        finally:
            query.drafts = before

    @override
    def needs(self, name: str) -> Sequence[str]:
        return self.inner.needs(name)

"""What the declarations say of one composed schema, looked up by the planner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, TypeNameMetaFieldDef

from waypost.db import TenantTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLSchema
    from piccolo.columns import Column
    from piccolo.table import Table

    from .declare import Stored
    from .query import Selected
    from .relations import Relation


class Facts:
    """The schema together with the tables behind its nodes.

    `stored` maps the names of node types to their tables; `plugins` a type and a field's Python name to the
    plugin that added it.
    """

    def __init__(
        self, schema: GraphQLSchema, stored: Mapping[str, Stored], plugins: Mapping[tuple[str, str], str]
    ) -> None:
        self.schema = schema
        self.plugins = plugins
        self.stored = stored
        self.nodes = frozenset(each.name for each in schema.get_possible_types(_node(schema)))
        self.seen = {each.table: each.seen for each in stored.values() if each.seen is not None}
        self.looked_up = {
            each.national: each.looked_up for each in stored.values() if each.national is not None and each.looked_up
        }
        self.gathered = {each.table: each.gathered for each in stored.values() if each.gathered is not None}
        self._columns: dict[type[Table], Mapping[str, Column]] = {}

    def columns(self, table: type[Table]) -> Mapping[str, Column]:
        """Return a table's columns by name."""
        known = self._columns.get(table)
        if known is None:
            known = self._columns[table] = columns_of(table)
        return known

    def is_tenant_table(self, table: type[Table]) -> bool:
        """Say whether rows of the table belong to one tenant."""
        return is_tenant_table(table)

    def is_hidden(self, table: type[Table], *, national: bool) -> bool:
        """Say whether one kind of graph can see no row of the table: the nation, of what is never public.

        What is looked up for the asker is theirs to see.
        """
        never = self.is_tenant_table(table) and "public" not in self.columns(table)
        return national and never and table not in self.looked_up

    def definition(self, of: GraphQLObjectType, name: str) -> GraphQLField:
        """Return a field's definition."""
        return TypeNameMetaFieldDef if name == "__typename" else of.fields[name]

    def relation(self, chosen: Selected) -> Relation:
        """Return what a field was declared to be."""
        found = relation_of(chosen.definition)
        assert found is not None, f"{chosen.coordinate} has no relation; composition checks this"
        return found

    def plugin(self, chosen: Selected) -> str | None:
        """Return the plugin that added a field to a type of others, None for the core's."""
        declared = chosen.definition.extensions.get("strawberry-definition")
        return self.plugins.get((chosen.parent.name, declared.python_name)) if declared else None

    def table(self, name: str, *, national: bool) -> type[Table]:
        """Return the table behind a node type on one kind of graph."""
        stored = self.stored[name]
        return stored.national if national and stored.national is not None else stored.table


def _node(schema: GraphQLSchema) -> GraphQLInterfaceType:
    found = schema.type_map["Node"]
    assert isinstance(found, GraphQLInterfaceType)
    return found


def relation_of(definition: GraphQLField) -> Relation | None:
    """Return the relation that a field carries since its declaration."""
    declared: Any = definition.extensions.get("strawberry-definition")
    found: Relation | None = declared.metadata.get("waypost") if declared is not None else None
    return found


def columns_of(table: type[Table]) -> dict[str, Column]:
    """Return a table's columns by name."""
    return {column._meta.name: column for column in table._meta.columns}


def is_tenant_table(table: type[Table]) -> bool:
    """Say whether rows of the table belong to one tenant."""
    return issubclass(table, TenantTable)


def sql_name(table: type[Table]) -> str:
    """Return a table's name with its schema where that is not the default one."""
    schema = table._meta.schema
    return f"{schema}.{table._meta.tablename}" if schema else table._meta.tablename

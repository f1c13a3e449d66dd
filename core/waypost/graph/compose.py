"""Composing schemas from declarations: core types once, a schema for each set of active plugins.

Every declaration is checked against its table first, and all faults are told at once.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_object_type,
)
from piccolo.columns import Array
from strawberry.directive import DirectiveLocation
from strawberry.schema.config import StrawberryConfig

from . import federation, relations, roots
from .declare import Connection, Edge, Error, Node, PageInfo, Stored, query
from .facts import Facts, columns_of, is_tenant_table, relation_of
from .mutations import Refused
from .pages import Pages, Part
from .render import form_of, shows
from .scalars import SCALARS, LanguageTag

if TYPE_CHECKING:
    from graphql import GraphQLField, GraphQLSchema
    from strawberry.types.base import StrawberryObjectDefinition
    from strawberry.types.field import StrawberryField


CORE: Final = "core"


class BadDeclarations(Exception):
    """Declarations that do not fit the tables or each other; the message lists every fault."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("The graph cannot be composed:\n" + "\n".join(f"- {fault}" for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Contribution:
    """What one part of the platform declares: `owner` is "core" or a plugin's name."""

    owner: str
    classes: tuple[type[Any], ...]


@query
class NodeQuery:
    """The root fields that every graph has."""

    node: Node | None = roots.AnyNode(doc="Whatever an id names; null if it names nothing here.")  # type: ignore[assignment]
    nodes: list[Node | None] = roots.AnyNodes(doc="Many at once, in the order asked for; at most 100.")  # type: ignore[assignment]


@strawberry.type(description="Where every read begins. Nothing here needs a token.")
class Query:
    """Where every read begins."""


@strawberry.type(description="Every write: one `input`, and a payload that is a success or says why not; see `Error`.")
class Mutation:
    """Every payload's members include `Refused`; select `... on Error`."""


@strawberry.type(description="Every change that is told while it happens; docs/front-ends.md says how to listen.")
class Subscription:
    """Every message names the object that changed, and shows it as it is then."""


@strawberry.directive(
    locations=[DirectiveLocation.QUERY, DirectiveLocation.MUTATION, DirectiveLocation.SUBSCRIPTION],
    description=("The language in which translated text is answered; absent = Accept-Language, else the city's first."),
)
def in_context(
    language: Annotated[LanguageTag, strawberry.argument(description="A language of the city, such as cy.")],
) -> None:
    """Choose the language of the answer; the engine reads it from the document."""
    del language


class ComposedSchema(strawberry.Schema):
    """A strawberry schema with fields added to types that it leaves untouched."""

    def __init__(self, *, added: Mapping[str, Sequence[StrawberryField]], **options: Any) -> None:
        self._added = added
        self._fields: dict[int, list[StrawberryField]] = {}
        super().__init__(**options)

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """Return a type's fields with those that others added, as copies that belong to this schema."""
        known = self._fields.get(id(type_definition))
        if known is None:
            fields = (*type_definition.fields, *self._added.get(type_definition.name, ()))
            known = self._fields[id(type_definition)] = [copy.copy(field) for field in fields]
        return known


@dataclass(frozen=True)
class Schema:
    """A composed schema: strawberry's, graphql-core's inside it, and the facts for the planner."""

    strawberry: ComposedSchema
    facts: Facts

    @property
    def core(self) -> GraphQLSchema:
        """The schema as graphql-core knows it."""
        return self.facts.schema

    def sdl(self) -> str:
        """Return the schema definition as text."""
        return self.strawberry.as_str() + "\n"

    def subgraph_sdl(self) -> str:
        """Return the schema definition as a gateway of Apollo Federation composes it."""
        return federation.subgraph_sdl(self.facts)


def compose(contributions: Iterable[Contribution]) -> Schema:
    """Return one schema of all contributions; raise `BadDeclarations` with every fault."""
    contributions = [Contribution(CORE, (NodeQuery,)), *contributions]
    nodes = [each for one in contributions for each in one.classes if issubclass(each, Node)]
    if nodes:
        contributions.append(Contribution(CORE, (federation.Service, federation.federated(nodes))))
    _resolve_annotations(contributions)
    added, faults = _added_fields(contributions)
    if faults:
        raise BadDeclarations(faults)
    whole = [each for one in contributions for each in one.classes if not hasattr(each, "__extends__")]
    types = [each for each in whole if not _is_input(each)]
    schema = ComposedSchema(
        query=Query,
        mutation=Mutation if "Mutation" in added else None,
        subscription=Subscription if "Subscription" in added else None,
        types=types,
        directives=[in_context],
        added=added,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    stored = {each.__strawberry_definition__.name: each.__stored__ for each in types if hasattr(each, "__stored__")}
    facts = Facts(schema._schema, stored, _plugin_fields(contributions))  # noqa: SLF001 - strawberry shows graphql-core's schema nowhere else
    faults = [*check(facts), *_plugins_are_nullable(contributions, facts)]
    if faults:
        raise BadDeclarations(faults)
    return Schema(schema, facts)


def _is_input(cls: type[Any]) -> bool:
    return bool(cls.__strawberry_definition__.is_input)


def _resolve_annotations(contributions: Iterable[Contribution]) -> None:
    """Let annotations name any declared class, wherever it was declared and however it was imported."""
    shared: dict[str, Any] = {each.__name__: each for each in (Connection, Edge, Error, Node, PageInfo, Refused)}
    shared |= {each.__name__: each for one in contributions for each in one.classes}
    for one in contributions:
        for cls in one.classes:
            namespace = {**vars(sys.modules[cls.__module__]), **shared}
            for field in cls.__strawberry_definition__.fields:
                if field.type_annotation is not None:
                    field.type_annotation.namespace = namespace


def _added_fields(
    contributions: Iterable[Contribution],
) -> tuple[dict[str, list[StrawberryField]], list[str]]:
    added: dict[str, list[StrawberryField]] = {}
    owners: dict[tuple[str, str], str] = {}
    faults = []
    for one in contributions:
        for cls in one.classes:
            name = getattr(cls, "__extends__", None) or cls.__strawberry_definition__.name
            for field in cls.__strawberry_definition__.fields:
                if field.python_name == "id":
                    continue
                known = owners.setdefault((name, field.python_name), one.owner)
                if known != one.owner or (hasattr(cls, "__extends__") and field in added.get(name, ())):
                    faults.append(f"{name}.{field.python_name} is declared by {known} and by {one.owner}")
                if hasattr(cls, "__extends__"):
                    added.setdefault(name, []).append(field)
    return added, faults


def _plugin_fields(contributions: Iterable[Contribution]) -> dict[tuple[str, str], str]:
    """Return which plugin added which field: type and Python name to plugin."""
    return {
        (cls.__extends__, field.python_name): one.owner
        for one in contributions
        for cls in one.classes
        if one.owner != CORE and hasattr(cls, "__extends__")
        for field in cls.__strawberry_definition__.fields
    }


# Checks


def check(facts: Facts) -> list[str]:
    """Return every fault of the declarations against the tables."""
    faults = [f"{name}: its rows have no `public`, so say who sees them (`seen`)" for name in _open_to_all(facts)]
    for name, kind in facts.schema.type_map.items():
        if not isinstance(kind, GraphQLObjectType) or name.startswith("__"):
            continue
        for field_name, definition in kind.fields.items():
            relation = relation_of(definition)
            stored = facts.stored.get(name)
            if relation is not None and (stored is not None or isinstance(relation, Pages)):
                place = f"{name}.{field_name}"
                faults += [f"{place}: {fault}" for fault in _faults(facts, stored, definition, relation)]
    return faults


def _open_to_all(facts: Facts) -> Iterable[str]:
    """Return nodes that anybody with an id could read, though nothing says that they are for everybody."""
    for name in sorted(facts.nodes & facts.stored.keys()):
        stored = facts.stored[name]
        private = facts.is_tenant_table(stored.table) and "public" not in columns_of(stored.table)
        if private and stored.seen is None:
            yield name


def _faults(
    facts: Facts, stored: Stored | None, definition: GraphQLField, relation: relations.Relation
) -> Iterable[str]:
    declared = definition.extensions["strawberry-definition"].python_name
    kind = get_named_type(definition.type)
    if stored is not None:
        for table in filter(None, (stored.table, stored.national)):
            columns = columns_of(table)
            for needed in relation.needs(declared):
                if needed not in columns:
                    yield f"{table.__name__} has no column {needed!r}"
        if isinstance(relation, relations.Column):
            yield from _column_faults(stored, definition, relation.column or declared)
    if isinstance(relation, relations.One | relations.Many) and kind.name not in facts.stored:
        yield f"{kind.name} is not declared on a table"
    elif isinstance(relation, relations.One) and relation.to not in columns_of(facts.stored[kind.name].table):
        yield f"{facts.stored[kind.name].table.__name__} has no column {relation.to!r}"
    if isinstance(relation, relations.Many):
        yield from _many_faults(facts, relation, kind.name)
    if isinstance(relation, Pages):
        node = get_named_type(kind.fields["nodes"].type) if is_object_type(kind) else kind
        if node.name not in facts.stored:
            yield f"{node.name} is not declared on a table"
    if isinstance(relation, Part):
        return


def _column_faults(stored: Stored, definition: GraphQLField, name: str) -> Iterable[str]:
    column = columns_of(stored.table).get(name)
    if column is None:
        return
    kind = get_named_type(definition.type)
    if not is_leaf_type(kind):
        yield f"{name!r} is a column; {kind.name} is no scalar"
    elif not isinstance(kind, GraphQLEnumType) and form_of(column) is None:
        yield f"no way is declared to print {type(column).__name__}"
    elif not shows(definition.type, column):
        held = f"Array of {type(column.base_column).__name__}" if isinstance(column, Array) else type(column).__name__
        yield f"column {name!r} is {held}, which {get_nullable_type(definition.type)} does not show"
    if column._meta.null and isinstance(definition.type, GraphQLNonNull):
        yield f"column {name!r} may be null, the field may not"


def _many_faults(facts: Facts, relation: relations.Many, kind: str) -> Iterable[str]:
    if relation.through is not None:
        columns = columns_of(relation.through)
        wanted = [relation.here_key, relation.there_key]
        wanted += [each.removeprefix("through.") for each in relation.order_by if each.startswith("through.")]
        wanted += ["borrowed_id", "home_tenant_id"] if relation.borrowed else []
        for name in wanted:
            if name not in columns:
                yield f"{relation.through.__name__} has no column {name!r}"
        if not is_tenant_table(relation.through):
            return
    elif (
        kind in facts.stored
        and relation.link is None
        and relation.there_key not in columns_of(facts.stored[kind].table)
    ):
        yield f"{facts.stored[kind].table.__name__} has no column {relation.there_key!r}"


def _plugins_are_nullable(contributions: Iterable[Contribution], facts: Facts) -> Iterable[str]:
    """A plugin that fails or is off must leave the rest of the answer whole."""
    for one in contributions:
        for cls in one.classes:
            name = getattr(cls, "__extends__", None)
            if one.owner == CORE or name is None:
                continue
            kind = facts.schema.type_map[name]
            assert isinstance(kind, GraphQLObjectType)
            for field in cls.__strawberry_definition__.fields:
                shown = next(
                    key
                    for key, each in kind.fields.items()
                    if each.extensions["strawberry-definition"].python_name == field.python_name
                )
                if isinstance(kind.fields[shown].type, GraphQLNonNull):
                    yield f"{name}.{shown} of {one.owner} may not be non-null: it is null where the plugin fails"

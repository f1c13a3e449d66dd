"""Every graph as a subgraph of Apollo Federation 2: what a gateway asks for, and the schema that it composes from.

A thing is one entity everywhere, by the id that it has on every graph of this platform. `_entities` is answered by
the planner like `nodes`; what names nothing here is a plain null, since a gateway asks for many callers at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Optional, Union

import strawberry
from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DocumentNode,
    FieldDefinitionNode,
    ObjectTypeDefinitionNode,
    parse,
    print_ast,
    print_schema,
)
from typing_extensions import override

from .declare import column, extend, value
from .ids import parse_id
from .query import object_type
from .relations import Argument, Relation
from .roots import MOST_IDS, AnyNodes
from .scalars import Representation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .facts import Facts
    from .query import Here, Query, Selected
    from .request import Getter

SPECIFICATION: Final = "https://specs.apollo.dev/federation/v2.3"
LINK: Final = f'extend schema @link(url: "{SPECIFICATION}", import: ["@key", "@shareable"])\n\n'
# What other subgraphs may well define in the same words.
SHARED: Final = frozenset({"PageInfo"})


def _directives(text: str) -> tuple[ConstDirectiveNode, ...]:
    (definition,) = parse(f"type T {text} {{ f: Int }}", no_location=True).definitions
    assert isinstance(definition, ObjectTypeDefinitionNode)
    return tuple(definition.directives or ())


KEY: Final = _directives('@key(fields: "id")')
SHAREABLE: Final = _directives("@shareable")


@value
class Service:
    """What this graph brings to a gateway of Apollo Federation 2."""

    sdl: str = column(doc="Its schema with the directives of the federation, as a gateway composes it.")


Service.__strawberry_definition__.name = "_Service"  # type: ignore[attr-defined]  # strawberry's own


@dataclass(frozen=True, kw_only=True)
class Described(Relation):
    """The schema of the graph itself."""

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        text = subgraph_sdl(query.facts)
        shown = f"to_json({query.param(lambda _request: text, 'text')})::text"
        return query.shown(
            object_type(field), lambda each: shown if each.name == "sdl" else query.value(None, each), field
        )


@dataclass(frozen=True, kw_only=True)
class Entities(AnyNodes):
    """The objects that type and id name, in their order, null for each that is not there."""

    arguments: tuple[Argument, ...] = (
        Argument(
            "representations",
            list[Representation],
            required=True,
            doc=f'At most {MOST_IDS}, such as {{"__typename": "Badge", "id": "Badge.01a2….01a2…"}}.',
        ),
    )
    absent: str = "'null'"
    size: int = MOST_IDS

    @override
    def asked(self, field: Selected) -> Getter:
        get = field.argument("representations")
        return lambda request: [asked_id(each) for each in get(request)]


def asked_id(representation: Any) -> str:
    """Return the id of what is represented; an empty one, which names nothing, unless it is of that type."""
    asked = representation if isinstance(representation, dict) else {}
    named = parse_id(str(asked.get("id")))
    return str(named) if named is not None and named.type == asked.get("__typename") else ""


def federated(nodes: Sequence[type[Any]]) -> Any:
    """Return the root fields that a gateway asks, for these types of node."""
    declared = {
        "__annotations__": {"service": Service, "entities": _entities(tuple(nodes))},
        "__module__": __name__,
        "service": Described(doc="For a gateway: the schema of this graph as a subgraph."),
        "entities": Entities(doc="For a gateway: things by their type and id, in the order asked for."),
    }
    fields: Any = extend("Query")(type("FederationQuery", (), declared))
    for field in fields.__strawberry_definition__.fields:
        field.graphql_name = f"_{field.python_name}"
    return fields


def _entities(kinds: tuple[type[Any], ...]) -> Any:
    whatever = strawberry.union("_Entity", description="Whatever has an id of its own.")
    return list[Optional[Annotated[Union[kinds], whatever]]]  # type: ignore[valid-type]  # noqa: UP007, UP045 - built at run time


def subgraph_sdl(facts: Facts) -> str:
    """Return the schema as a gateway composes it: without what only gateways ask for, with the keys of nodes."""
    document = parse(print_schema(facts.schema), no_location=True)
    kept = [_federated(each, facts) for each in document.definitions if not _is_hidden(each)]
    return LINK + print_ast(DocumentNode(definitions=tuple(kept))) + "\n"


def _is_hidden(node: DefinitionNode | FieldDefinitionNode) -> bool:
    """Whether only a gateway's own questions need it, which it knows without being told."""
    name = getattr(node, "name", None)
    return name is not None and name.value.startswith("_")


def _federated(definition: DefinitionNode, facts: Facts) -> DefinitionNode:
    if not isinstance(definition, ObjectTypeDefinitionNode):
        return definition
    name = definition.name.value
    if name in facts.nodes:
        return replace(definition, directives=KEY)
    if name in SHARED:
        return replace(definition, directives=SHAREABLE)
    if name == "Query":
        return replace(definition, fields=tuple(each for each in definition.fields or () if not _is_hidden(each)))
    return definition

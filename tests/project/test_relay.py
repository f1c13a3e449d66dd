"""Every list and every id of the published graph is what Relay's two specifications want.

https://relay.dev/graphql/connections.htm and https://relay.dev/graphql/objectidentification.htm
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    get_nullable_type,
)

from tests.project.documents import ROOT

PREFIXES: Final = tuple(
    tomllib.loads(path.read_text(encoding="utf-8"))["prefix"] for path in ROOT.glob("plugins/*/*/waypost-plugin.toml")
)
PUBLISHED: Final = [ROOT / "schema" / "waypost.graphql", *sorted((ROOT / "schema" / "profiles").glob("*.graphql"))]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def objects(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            yield kind


def wrong(kind: GraphQLNamedType | None, name: str, type_: str) -> list[str]:
    """Whether the field of that name is missing, or of another type than that."""
    field: GraphQLField | None = getattr(kind, "fields", {}).get(name)
    if field is not None and str(field.type) in type_.split(" | "):
        return []
    return [f"{kind}.{name} is {field.type if field else 'missing'}, not {type_}"]


def identification(schema: GraphQLSchema) -> list[str]:
    """What breaks the specification of Global Object Identification."""
    node, query = schema.type_map.get("Node"), schema.query_type
    if not isinstance(node, GraphQLInterfaceType):
        return ["there is no interface Node"]
    assert query is not None
    faults = wrong(node, "id", "ID!") + wrong(query, "node", "Node")
    if set(node.fields) != {"id"}:
        faults.append(f"Node has more than an id: {set(node.fields)}")
    for name, argument in (("node", "id: ID!"), ("nodes", "ids: [ID!]!")):
        given = [f"{key}: {each.type}" for key, each in query.fields[name].args.items()] if name in query.fields else []
        if given != [argument]:
            faults.append(f"Query.{name} takes {given}, not {argument}")
    faults += wrong(query, "nodes", "[Node]!")
    return faults + [fault for kind in schema.get_possible_types(node) for fault in wrong(kind, "id", "ID!")]


def connections(schema: GraphQLSchema) -> list[str]:
    """What breaks the specification of Cursor Connections."""
    page_info, faults = schema.type_map.get("PageInfo"), []
    for name in ("hasNextPage", "hasPreviousPage"):
        faults += wrong(page_info, name, "Boolean!")
    for name in ("startCursor", "endCursor"):
        faults += wrong(page_info, name, "String | String!")
    for kind in objects(schema):
        if kind.name.endswith("Connection"):
            faults += connection(kind)
        for name, field in kind.fields.items():
            if get_named_type(field.type).name.endswith("Connection"):
                faults += forwards(f"{kind}.{name}", field)
    return faults


def connection(kind: GraphQLObjectType) -> list[str]:
    """What is wrong with one connection and its edges."""
    faults = wrong(kind, "pageInfo", "PageInfo!")
    edges = get_nullable_type(kind.fields["edges"].type) if "edges" in kind.fields else None
    if not isinstance(edges, GraphQLList):
        return [*faults, f"{kind}.edges is no list"]
    edge = get_named_type(edges)
    faults += wrong(edge, "cursor", "String | String!")
    node: GraphQLField | None = getattr(edge, "fields", {}).get("node")
    if node is None or isinstance(get_nullable_type(node.type), GraphQLList):
        return [*faults, f"{edge}.node is missing, or a list"]
    if not edge.name.endswith("Edge"):
        faults.append(f"{edge} of {kind} is not called an edge")
    named = str(get_named_type(node.type))
    return [*faults, *shortcut(kind, named)]


def shortcut(kind: GraphQLObjectType, node: str) -> list[str]:
    """What is wrong with `nodes`, which stands beside the edges for who needs no cursors."""
    return wrong(kind, "nodes", f"[{node}!]!")


def forwards(place: str, field: GraphQLField) -> list[str]:
    """What is wrong with the arguments by which one goes on."""
    wanted = {"first": "Int", "after": "String"}
    given = {name: str(argument.type) for name, argument in field.args.items() if name in wanted}
    faults = [] if given == wanted else [f"{place} takes {given}, not {wanted}"]
    # Whatever a plugin adds is null where it is off or fails.
    by_plugin = place.rpartition(".")[2].startswith(PREFIXES)
    if not isinstance(field.type, GraphQLNonNull) and not by_plugin:
        faults.append(f"{place} may be null")
    return faults


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
@pytest.mark.parametrize("rules", [identification, connections])
def test_the_published_graph_keeps_the_rules(path: Path, rules: Callable[[GraphQLSchema], list[str]]) -> None:
    assert rules(build_schema(text_of(path))) == []


def test_whatever_a_connection_lists_can_be_asked_for_by_its_id() -> None:
    schema = build_schema(text_of(PUBLISHED[0]))
    node = schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    listed = [kind.fields["nodes"].type for kind in objects(schema) if kind.name.endswith("Connection")]
    assert listed
    assert [kind for kind in map(named_object, listed) if not schema.is_sub_type(node, kind)] == []


def named_object(kind: GraphQLOutputType) -> GraphQLObjectType:
    named = get_named_type(kind)
    assert isinstance(named, GraphQLObjectType)
    return named


@pytest.mark.parametrize(
    ("before", "after", "rules", "told"),
    [
        ("interface Node", "interface Thing", identification, "no interface Node"),
        ("  node(\n", "  thing(\n", identification, "Query.node is missing"),
        ("    ids: [ID!]!\n", "    ids: [ID!]\n", identification, "Query.nodes takes"),
        ("  hasNextPage: Boolean!", "  hasNextPage: Boolean", connections, "PageInfo.hasNextPage is Boolean"),
        ("  endCursor: String", "  endCursor: Int", connections, "PageInfo.endCursor is Int"),
        ("  cursor: String!", "  cursor: [String!]!", connections, "BadgeEdge.cursor is [String!]!"),
        ("  edges: [BadgeEdge!]!", "  edges: BadgeEdge!", connections, "BadgeConnection.edges is no list"),
        ("  node: Badge!", "  node: [Badge!]!", connections, "BadgeEdge.node is missing, or a list"),
        ("  pageInfo: PageInfo!", "  pageInfo: PageInfo", connections, "BadgeConnection.pageInfo is PageInfo"),
        ("    after: String\n", "    after: Int\n", connections, "Query.badges takes {'first': 'Int', 'after': 'Int'}"),
        ("    first: Int = 20\n", "    limit: Int = 20\n", connections, "Query.badges takes {'after': 'String'}"),
        ("  ): BadgeConnection!", "  ): BadgeConnection", connections, "Query.badges may be null"),
    ],
)
def test_a_graph_that_breaks_them_is_found(
    before: str, after: str, rules: Callable[[GraphQLSchema], list[str]], told: str
) -> None:
    text = text_of(PUBLISHED[0])
    assert before in text
    spoiled = text.replace(before, after)
    if before == "interface Node":
        spoiled = spoiled.replace("implements Node", "implements Thing").replace(": Node", ": Thing")
        spoiled = spoiled.replace("[Node]", "[Thing]")
    faults = rules(build_schema(spoiled))
    assert any(told in fault for fault in faults), faults

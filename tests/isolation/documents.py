"""Documents that ask for everything: every type, every field, every filter, and those that front ends use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    is_required_argument,
)

from waypost.graph.ids import GlobalId

# Root fields that answer many things of any type, with the argument that says which.
MANY_OF_ANY: Final = {"nodes": "ids", "_entities": "representations"}
OPERATIONS: Final = Path(__file__).parents[2] / "schema" / "operations"
# Of a tenant that nobody asks, so that no parameter made of them is taken for the tenant asked.
STRANGER: Final = UUID(int=0xF0)
ROW: Final = UUID(int=0xF1)
VALUES: Final[Mapping[str, str]] = {
    "String": '"film"',
    "Int": "7",
    "Float": "50.4",
    "Boolean": "true",
    "Date": '"2027-03-06"',
    "DateTime": '"2027-03-06T10:00:00Z"',
    "OriginInput": "{ point: { latitude: 50.4, longitude: -4.1 } }",
}


@dataclass
class Document:
    """Something to ask; `only` says that one kind of graph refuses it."""

    name: str
    text: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    only: str = ""  # "city" or "national"


def front_ends() -> list[Document]:
    """The documents of front ends, with variables that let them ask for all that they can."""
    near = {"latitude": 50.37, "longitude": -4.14}
    variables: dict[str, dict[str, Any]] = {
        "badge-page": {"slug": "smart-citizen", "city": "plymouth"},
        "city-home": {},
        "issuer-page": {"slug": "real-ideas", "city": "plymouth"},
        "nearest": {"near": near, "kinds": ["WORKSHOP"], "first": 20},
        "pathway-tree": {"slug": "film-maker", "city": "plymouth"},
        "search": {"filter": {"text": "film", "layers": ["rsa-2019/engage"]}, "orderBy": "RELEVANCE"},
    }
    files = {path.stem: path.read_text(encoding="utf-8") for path in sorted(OPERATIONS.glob("*.graphql"))}
    assert files.keys() == variables.keys(), "a document of front ends without variables here"
    only = {"city-home": "city"}  # the national graph has no city of its own
    return [Document(name, text, variables[name], only.get(name, "")) for name, text in files.items()]


class Asking:
    """Writes documents for one schema, and remembers which fields they select."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.selected: set[str] = set()
        root = schema.query_type
        assert root is not None
        self.root = root
        self._ways = dict(self._found())

    def all_fields(self) -> set[str]:
        """`Type.field` of every field that a query can reach."""
        return {f"{name}.{each}" for name in self._ways for each in self._type(name).fields}

    def documents(self) -> Iterator[Document]:
        """Yield one document a type, which asks for all of its fields, and one a filter, order and cursor."""
        for name, way in self._ways.items():
            text = self._down(way, self._type(name), self._everything(self._type(name), 1))
            yield Document(name, f"{{ {text} }}")
        for name in self.root.fields:
            yield from self._lists(name)

    def _type(self, name: str) -> GraphQLObjectType:
        found = self.schema.type_map[name]
        assert isinstance(found, GraphQLObjectType)
        return found

    # Ways from the root to every type

    def _found(self) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
        """Yield each type with a shortest way to it: pairs of the type that has a field, and the field."""
        waiting: list[tuple[GraphQLObjectType, tuple[tuple[str, str], ...]]] = [(self.root, ())]
        known = {self.root.name}
        while waiting:
            kind, way = waiting.pop(0)
            yield kind.name, way
            for name, each in kind.fields.items():
                for child in self._objects(get_named_type(each.type)):
                    if child.name not in known:
                        known.add(child.name)
                        waiting.append((child, (*way, (kind.name, name))))

    def _objects(self, kind: GraphQLNamedType) -> list[GraphQLObjectType]:
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            return list(self.schema.get_possible_types(kind))
        return [kind] if isinstance(kind, GraphQLObjectType) else []

    def _down(self, way: tuple[tuple[str, str], ...], to: GraphQLObjectType, body: str) -> str:
        if not way:
            return body
        for place, (owner, name) in reversed(list(enumerate(way))):
            definition = self._type(owner).fields[name]
            below = to.name if place == len(way) - 1 else way[place + 1][0]
            if not isinstance(get_named_type(definition.type), GraphQLObjectType):
                body = f"... on {below} {{ {body} }}"
            self.selected.add(f"{owner}.{name}")
            body = f"{name}{self._arguments(definition, below)} {{ {body} }}"
        return body

    # Selections

    def _everything(self, of: GraphQLObjectType, depth: int) -> str:
        parts = [self._field(of, name, each, depth) for name, each in of.fields.items()]
        return " ".join(["__typename", *filter(None, parts)])

    def _field(self, of: GraphQLObjectType, name: str, definition: GraphQLField, depth: int) -> str:
        kind = get_named_type(definition.type)
        if is_composite_type(kind) and depth == 0:
            return ""
        self.selected.add(f"{of.name}.{name}")
        if not is_composite_type(kind):
            return f"{name}{self._arguments(definition, of.name)}"
        objects = self._objects(kind)
        if [kind] == objects:
            body = self._everything(objects[0], depth - 1)
        else:
            body = "__typename " + " ".join(f"... on {each.name} {{ id }}" for each in objects)
        return f"{name}{self._arguments(definition, objects[0].name)} {{ {body} }}"

    def _arguments(self, definition: GraphQLField, kind: str) -> str:
        """Give what must be given; of a key among several, the id."""
        needed = [name for name, each in definition.args.items() if is_required_argument(each)]
        given = {name: self.value(definition.args[name].type, name, kind) for name in needed}
        if not given and {"id", "slug", "code"} & definition.args.keys() and "id" in definition.args:
            given = {"id": self.value(definition.args["id"].type, "id", kind)}
        for name, each in definition.args.items():
            if name not in given and name in {"from", "number", "framework"}:
                given[name] = self.value(each.type, name, kind)
        return f"({', '.join(f'{name}: {text}' for name, text in given.items())})" if given else ""

    def value(self, kind: GraphQLInputType, name: str, of: str) -> str:
        """Return a made-up value as GraphQL writes it; ids are of the type that their name says."""
        named = get_named_type(kind)
        if named.name in {"ID", "_Any"}:
            type_ = of if name in {"id", *MANY_OF_ANY.values()} else name.capitalize()
            shared = type_ in {"Skill", "City"}
            text = f'"{GlobalId(type_, None if shared else STRANGER, ROW)}"'
            if named.name == "_Any":
                text = f'{{ __typename: "{type_}", id: {text} }}'
        elif isinstance(named, GraphQLEnumType):
            text = next(iter(named.values))
        elif isinstance(named, GraphQLInputObjectType) and named.name not in VALUES:
            inside = named.fields.items() if not named.name.endswith("Filter") else ()
            text = "{ " + ", ".join(f"{key}: {self.value(each.type, key, of)}" for key, each in inside) + " }"
        elif of == "CityFigures":  # its texts are months
            text = '"2027-03"'
        else:
            text = VALUES[named.name]
        return f"[{text}]" if is_list_type(get_nullable_type(kind)) else text

    # Lists: each condition alone, each order, and the page after a cursor

    def _lists(self, name: str) -> Iterator[Document]:
        definition = self.root.fields[name]
        kind = get_named_type(definition.type)
        if isinstance(kind, GraphQLObjectType) and {"slug", "code"} & definition.args.keys():
            key = "slug" if "slug" in definition.args else "code"
            home = ', city: "plymouth"' if "city" in definition.args else ""
            shown = "id" if "id" in kind.fields else key
            yield Document(f"{name} by {key}", f'{{ {name}({key}: "film"{home}) {{ {shown} }} }}')
        if name in MANY_OF_ANY:
            argument = MANY_OF_ANY[name]
            kinds = [self.value(definition.args[argument].type, argument, each)[1:-1] for each in self._nodes()]
            body = " ".join(f"... on {each} {{ id }}" for each in self._nodes())
            yield Document(f"all {name}", f"{{ {name}({argument}: [{', '.join(kinds)}]) {{ {body} }} }}")
        if "filter" not in definition.args:
            return
        assert isinstance(kind, GraphQLObjectType)
        body = self._everything(kind, 1)
        yield Document(f"{name} after", f'{{ {name}(first: 60, after: "bm90aGluZw", filter: {{}}) {{ {body} }} }}')
        inputs = get_named_type(definition.args["filter"].type)
        assert isinstance(inputs, GraphQLInputObjectType)
        for key, each in inputs.fields.items():
            beside = "near: { latitude: 50, longitude: -4 }, " if key == "withinMetres" else ""
            given = f"{{ {beside}{key}: {self.value(each.type, key, name)} }}"
            only = "national" if key == "cities" else ""
            yield Document(f"{name} by {key}", f"{{ {name}(filter: {given}) {{ {body} }} }}", only=only)
        if "orderBy" in definition.args:
            orders = get_named_type(definition.args["orderBy"].type)
            assert isinstance(orders, GraphQLEnumType)
            for order in orders.values:
                given = f'{{ text: "film", near: {{ latitude: 50, longitude: -4 }} }}, orderBy: {order}'
                yield Document(f"{name} {order}", f"{{ {name}(filter: {given}) {{ {body} }} }}")

    def _nodes(self) -> list[str]:
        node = self.schema.type_map["Node"]
        assert isinstance(node, GraphQLInterfaceType)
        return sorted(each.name for each in self.schema.get_possible_types(node))

"""Writing operations by chance: a hypothesis strategy that walks the schema and knows what stands in the country."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

from tests.oracle.asking import CITIES, Operation
from tests.oracle.pools import Pools

DEEPEST: Final = 8
MOST_FIELDS: Final = 45
LANGUAGES: Final = ((), (), (), ("cy",), ("en",), ("fr", "cy-GB"), ("en-GB", "cy"), ("de",))
# What leads on to other rows, and into other cities.
LIKED: Final = ("nodes", "edges", "node", "facets", "derivedFrom", "creator", "steps", "elsewhere", "badges")
SIZES: Final = (0, 1, 2, 3, 5, 2, 3, 4)
WRONG_SIZES: Final = (-1, 101)


@dataclass(frozen=True)
class Turn:
    """A page that can be turned: a variable of the document, and where the answer has the cursor for it."""

    variable: str
    path: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """An operation by chance, and the pages of it that can be turned."""

    asked: Operation
    turns: Sequence[Turn]


@dataclass
class Scope:
    """What one object of the answer has been asked for: keys that are taken, and the scopes below them."""

    taken: set[str] = field(default_factory=set)
    below: dict[str, Scope] = field(default_factory=dict)
    mixed: bool = False  # whether several types are behind it, which may call the same thing something else


class Enum(str):
    """The name of an enum's value, which stands in a document without quotes."""

    __slots__ = ()


class Writer:
    """Writes one operation."""

    def __init__(self, some: Random, schemas: Mapping[str | None, GraphQLSchema], pools: Pools) -> None:
        self.some, self.pools = some, pools
        self.city = self.pick(CITIES)
        self.schema = schemas[self.city]
        self.variables: dict[str, Any] = {}
        self.declared: list[str] = []
        self.fragments: list[str] = []
        self.turns: list[Turn] = []
        self.fields = 0
        self.names = 0
        self.above = 0  # connections around what is being written

    # Chance

    def pick(self, some: Sequence[Any]) -> Any:
        return self.some.choice(some)

    def chance(self, percent: int) -> bool:
        return self.some.randrange(100) < percent

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    # The document

    def written(self) -> Written:
        query = self.schema.query_type
        assert query is not None
        scope = Scope()
        roots = " ".join(self.root(query, scope) for _ in range(self.pick((1, 1, 1, 2, 3))))
        context = self.context() if self.chance(10) else ""
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        text = " ".join([f"query{declared}{context} {{ {roots} }}", *self.fragments])
        asked = Operation(text, self.variables, self.city, self.pick(LANGUAGES), self.pick(self.pools.roles))
        return Written(asked, self.turns)

    def context(self) -> str:
        """Write the directive that chooses a language."""
        language = self.pick(("cy", "en", "fr"))
        if self.chance(70):
            return f' @inContext(language: "{language}")'
        name = self.name("v")
        self.declared.append(f'${name}: LanguageTag = "{language}"')
        if self.chance(40):
            self.variables[name] = self.pick(("cy", None, "not a language"))
        return f" @inContext(language: ${name})"

    def root(self, query: GraphQLObjectType, scope: Scope) -> str:
        name = self.pick([*query.fields, *self.pools.liked_roots])
        return self.selected(query, name, scope, 0, ())

    # Selections

    def selection(self, of: Any, scope: Scope, depth: int, path: tuple[str, ...] | None) -> str:
        """Write a selection in braces."""
        if isinstance(of, GraphQLInterfaceType | GraphQLUnionType):
            return self.of_any(of, scope, depth)
        parts = [self.part(of, scope, depth, path) for _ in range(self.some.randint(1, 5 if depth < 5 else 2))]
        written = " ".join(filter(None, parts))
        return f"{{ {written or self.leaf(of, scope)} }}"

    def part(self, of: GraphQLObjectType, scope: Scope, depth: int, path: tuple[str, ...] | None) -> str:
        """Write a field, or a fragment with some."""
        if not self.chance(18):
            return self.selected(of, self.pick(self.choices(of, depth)), scope, depth, path)
        way = self.pick(("typed", "bare", "named", "interface"))
        if way == "interface" and of.interfaces:
            return f"... on {of.interfaces[0].name}{self.directive()} {{ {self.pick(('id', '__typename', 'id'))} }}"
        inside = " ".join(
            self.selected(of, self.pick(self.choices(of, depth)), scope, depth, path) for _ in range(self.pick((1, 2)))
        )
        if way == "named":
            name = self.name("F")
            self.fragments.append(f"fragment {name} on {of.name} {{ {inside} }}")
            return f"...{name}{self.directive()}"
        return f"...{f' on {of.name}' if way != 'bare' else ''}{self.directive()} {{ {inside} }}"

    def of_any(self, of: GraphQLInterfaceType | GraphQLUnionType, scope: Scope, depth: int) -> str:
        """Write a selection on an interface or union: of itself and of the types behind it."""
        parts = ["__typename"] if self.chance(50) else []
        if isinstance(of, GraphQLInterfaceType) and self.chance(60):
            parts.append(self.pick(("id", "id", "key: id", "... on Node { id }")))
        possible = self.schema.get_possible_types(of)
        for _ in range(self.pick((1, 2, 3))):
            kind = self.pick(possible)
            scope.mixed = True
            inside = self.selection(kind, scope, depth, None)
            if self.chance(30):
                name = self.name("F")
                self.fragments.append(f"fragment {name} on {kind.name} {inside}")
                parts.append(f"...{name}")
            else:
                parts.append(f"... on {kind.name}{self.directive()} {inside}")
        return f"{{ {' '.join(parts)} }}"

    def choices(self, of: GraphQLObjectType, depth: int) -> list[str]:
        """Return the fields to choose from; leaves alone when it is enough."""
        leaves = [name for name, each in of.fields.items() if is_leaf_type(get_named_type(each.type))]
        if depth >= DEEPEST or self.fields >= MOST_FIELDS:
            return [*leaves, "__typename"]
        liked = [name for name in of.fields if name in LIKED]
        return [*of.fields, *liked, *liked, "__typename"]

    def leaf(self, of: GraphQLObjectType, scope: Scope) -> str:
        return self.selected(of, "__typename", scope, DEEPEST, None)

    def selected(self, of: GraphQLObjectType, name: str, scope: Scope, depth: int, path: tuple[str, ...] | None) -> str:
        """Write one field, now and then twice: under two keys, with other arguments."""
        if name == "__typename":
            return "__typename" if self.chance(70) else f"{self.name('t')}: __typename"
        self.fields += 1
        definition = of.fields[name]
        twice = bool(definition.args) and self.chance(18)
        key = None if self.chance(60) and not twice else self.name("a")
        one = self.written_field(of, name, key, scope, depth, path)
        return f"{one} {self.written_field(of, name, self.name('b'), scope, depth, path)}" if twice else one

    def written_field(
        self,
        of: GraphQLObjectType,
        name: str,
        key: str | None,
        scope: Scope,
        depth: int,
        path: tuple[str, ...] | None,
    ) -> str:
        definition = of.fields[name]
        if key is None and (scope.mixed or (name in scope.taken and definition.args)):
            key = self.name("a")  # what takes arguments is never merged, since they may differ
        shown = key or name
        scope.taken.add(shown)
        directive = self.directive() if self.chance(12) or (self.pages(definition) and self.chance(12)) else ""
        turn = self.turn(definition, path) if path is not None and not directive else None
        args = self.arguments(of, name, definition, turn)
        below = ""
        if not is_leaf_type(get_named_type(definition.type)):
            inner = scope.below.setdefault(shown, Scope())
            deeper = (
                None if path is None or isinstance(get_nullable_type(definition.type), GraphQLList) else (*path, shown)
            )
            self.above += self.pages(definition)
            below = " " + self.selection(get_named_type(definition.type), inner, depth + 1, deeper)
            self.above -= self.pages(definition)
            if turn is not None and path is not None:
                info = self.name("p")
                below = f"{below[:-1]}{info}: pageInfo {{ end: endCursor }} }}"
                self.turns.append(Turn(turn, (*path, shown, info, "end")))
        return f"{f'{key}: ' if key else ''}{name}{args}{directive}{below}"

    def pages(self, definition: GraphQLField) -> bool:
        return get_named_type(definition.type).name.endswith("Connection")

    def turn(self, definition: GraphQLField, path: tuple[str, ...]) -> str | None:
        """Declare a variable for a page that can be turned, now and then."""
        if not self.pages(definition) or not self.chance(30):
            return None
        name = self.name("after")
        self.declared.append(f"${name}: String")
        return name

    def directive(self) -> str:
        """Write nothing, or a directive with a fixed or a sent value."""
        if not self.chance(55):
            return ""
        how, value = self.pick(("skip", "include")), self.chance(50)
        if self.chance(25):
            return f" @{how}(if: {json.dumps(value)})"
        name = self.name("v")
        if self.chance(20):  # a default lets a variable that may be null stand here
            self.declared.append(f"${name}: Boolean = {json.dumps(value)}")
            if self.chance(50):
                self.variables[name] = None if self.chance(10) else not value
        else:
            self.declared.append(f"${name}: Boolean!")
            self.variables[name] = value
        return f" @{how}(if: ${name})"

    # Arguments

    def arguments(self, of: GraphQLObjectType, name: str, definition: GraphQLField, turn: str | None) -> str:
        written = []
        by_key = {"id", "slug", "code"} & set(definition.args)
        chosen = self.pick(sorted(by_key)) if len(by_key) == 2 and self.chance(95) else None
        for each, argument in definition.args.items():
            if each == "first" and self.above >= 2 and not self.chance(3):
                written.append(f"first: {self.pick((1, 2, 3))}")  # what pages within pages cost multiplies
            elif each == "after" and turn is not None:
                written.append(f"after: ${turn}")
            elif chosen is not None and each in by_key:
                if each == chosen:
                    written.append(f"{each}: {self.given(argument, self.value_of(of.name, name, each, argument.type))}")
            elif is_required_argument(argument) or self.chance(self.likely(of.name, name, each, chosen)):
                written.append(f"{each}: {self.given(argument, self.value_of(of.name, name, each, argument.type))}")
        return f"({', '.join(written)})" if written else ""

    def likely(self, kind: str, field: str, name: str, by_key: str | None) -> int:
        """Return how likely an optional argument is, in percent."""
        if name == "first" and kind != "Query":
            return 92
        if name == "city":
            return 96 if by_key == "slug" and self.city is None else 12
        if name in {"after", "from", "filter"}:
            return 10 if name == "after" else 75
        return 4 if by_key is None and name in {"id", "slug", "code"} and field != "city" else 45

    def given(self, argument: GraphQLArgument | GraphQLInputField, value: Any) -> str:
        """Write a value into the document, or send it as a variable: given, null, or not at all."""
        if not self.chance(40):
            return literal(value)
        name, kind = self.name("v"), argument.type
        if isinstance(kind, GraphQLNonNull):
            if self.chance(20):  # a default lets a variable that may be null stand here
                self.declared.append(f"${name}: {kind.of_type} = {literal(value)}")
                if self.chance(40):
                    self.variables[name] = None if self.chance(30) else value
            else:
                self.declared.append(f"${name}: {kind}")
                self.variables[name] = value
            return f"${name}"
        default = f" = {literal(value)}" if self.chance(15) else ""
        self.declared.append(f"${name}: {kind}{default}")
        way = self.pick(("given", "given", "given", "null", "absent"))
        if way != "absent":
            self.variables[name] = None if way == "null" else value
        return f"${name}"

    def value_of(self, kind: str, field: str, name: str, type_: Any) -> Any:
        """Return a value for an argument."""
        if name == "first":
            if self.chance(2):
                return self.pick(WRONG_SIZES)
            return self.pick((7, 20, 100)) if kind == "Query" and self.chance(15) else self.pick(SIZES)
        if name == "after" and get_named_type(type_).name == "String":
            return self.pick(self.pools.cursors(self.city, kind, field))
        if name in {"id", "ids", "representations"}:
            return self.pools.ids(self, field, name)
        return self.value(type_, name, field)

    def value(self, type_: Any, name: str, field: str) -> Any:
        kind = get_nullable_type(type_)
        if isinstance(kind, GraphQLList):
            return [self.value(kind.of_type, name, field) for _ in range(self.pick((1, 1, 2, 0)))]
        if isinstance(kind, GraphQLEnumType):
            return Enum(self.pick(list(kind.values)))
        if isinstance(kind, GraphQLInputObjectType):
            return self.object(kind, field)
        return self.pools.value(self, name, field)

    def object(self, kind: GraphQLInputObjectType, field: str) -> dict[str, Any]:
        if kind.is_one_of or kind.name == "OriginInput":  # strawberry keeps that it is one in a rule of its own
            name = self.pick(list(kind.fields))
            return {name: self.value(kind.fields[name].type, name, field)}
        most = self.pick((0, 1, 1, 2, 3, 4))
        chosen = [name for name, each in kind.fields.items() if is_required_input_field(each)]
        optional = [name for name in kind.fields if name not in chosen]
        if self.city is not None and "cities" in optional and not self.chance(6):
            optional.remove("cities")  # only the nation takes it
        chosen += [self.pick([*optional, *self.pools.liked(field)]) for _ in range(most) if optional]
        value: dict[str, Any] = {}
        for name in kind.fields:
            if name in chosen:
                nullable = not isinstance(kind.fields[name].type, GraphQLNonNull)
                value[name] = None if nullable and self.chance(5) else self.value(kind.fields[name].type, name, field)
        return value


def literal(value: Any) -> str:
    """Return a value as documents write it."""
    if value is Undefined or value is None:
        return "null"
    if isinstance(value, Enum):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {literal(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


def operations(schemas: Mapping[str | None, GraphQLSchema], pools: Pools) -> st.SearchStrategy[Written]:
    """Return the strategy of operations on the schemas of all graphs."""

    chance = st.randoms(use_true_random=True)  # a seed for each: examples are not made from each other
    return chance.map(lambda some: Writer(some, schemas, pools).written())

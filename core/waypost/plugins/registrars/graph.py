"""Types, fields, root fields and mutations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

from strawberry.types import get_object_definition
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from waypost.plugins.names import carries, type_prefix
from waypost.plugins.registrars.base import Registrar

Declaration = TypeVar("Declaration", bound=type)

ROOTS: Final = frozenset(("Query", "Mutation", "Subscription"))


@dataclass(frozen=True)
class Declarations:
    """What one plugin adds to the graph; the classes are of `waypost.graph`, which composes them."""

    plugin: str
    prefix: str
    nodes: tuple[type, ...]
    extensions: tuple[type, ...]
    queries: tuple[type, ...]
    mutations: tuple[type, ...] = ()


class GraphRegistrar(Registrar):
    """Takes declarations of `waypost.graph`; every method returns what it was given, so it decorates too."""

    kinds = ("type", "field", "query", "mutation")

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self._nodes: list[type] = []
        self._extensions: list[type] = []
        self._queries: list[type] = []
        self._mutations: list[type] = []

    def node(self, declaration: Declaration) -> Declaration:
        """Register a type (`@node` or `@value`); its name begins with the prefix, capitalised."""
        if definition := self._definition(declaration, extends=None):
            name = definition.name
            if not carries(name, type_prefix(self.prefix)):
                self.faults.append(f"the type {name} must begin with {type_prefix(self.prefix)}")
            self._contributes("type", name)
            self._nodes.append(declaration)
        return declaration

    def input(self, declaration: Declaration) -> Declaration:
        """Register an input type of a mutation (`@strawberry.input`); its name begins with the prefix, capitalised."""
        definition = get_object_definition(declaration)
        if definition is None or not definition.is_input:
            self.faults.append(f"{declaration.__name__} is not declared with strawberry.input")
            return declaration
        if not carries(definition.name, type_prefix(self.prefix)):
            self.faults.append(f"the type {definition.name} must begin with {type_prefix(self.prefix)}")
        self._contributes("type", definition.name)
        self._nodes.append(declaration)
        return declaration

    def extend(self, declaration: Declaration) -> Declaration:
        """Register fields on a type of the core (`@extend`); each begins with the prefix."""
        target = str(getattr(declaration, "__extends__", ""))
        if definition := self._definition(declaration, extends="" if target in ROOTS else target):
            for field in definition.fields:
                self._add("field", f"{target}.", field)
            self._extensions.append(declaration)
        return declaration

    def query(self, declaration: Declaration) -> Declaration:
        """Register root fields (`@query`); each begins with the prefix."""
        if definition := self._definition(declaration, extends="Query"):
            for field in definition.fields:
                self._add("query", "", field)
            self._queries.append(declaration)
        return declaration

    def mutation(self, declaration: Declaration) -> Declaration:
        """Register mutations (`@mutation`); each begins with the prefix."""
        if definition := self._definition(declaration, extends="Mutation"):
            for field in definition.fields:
                self._add("mutation", "", field)
            self._mutations.append(declaration)
        return declaration

    def declarations(self) -> Declarations:
        """Everything registered, in its order."""
        return Declarations(
            self.plugin,
            self.prefix,
            tuple(self._nodes),
            tuple(self._extensions),
            tuple(self._queries),
            tuple(self._mutations),
        )

    def _definition(self, declaration: type, extends: str | None) -> StrawberryObjectDefinition | None:
        definition = get_object_definition(declaration)
        if definition is None or getattr(declaration, "__extends__", None) != extends:
            way = {None: "node or value", "Query": "query", "Mutation": "mutation"}.get(extends, "extend")
            self.faults.append(f"{declaration.__name__} is not declared with {way} of waypost.graph")
            return None
        return definition

    def _add(self, kind: str, owner: str, field: StrawberryField) -> None:
        name = field.graphql_name or to_camel_case(field.python_name)
        if not carries(name, self.prefix):
            self.faults.append(f"the field {owner}{name} must begin with {self.prefix}")
        self._contributes(kind, f"{owner}{name}")

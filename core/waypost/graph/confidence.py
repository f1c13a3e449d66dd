"""What is asked in confidence: arguments that say something of a person, and leave no trace.

Such an operation comes by POST, since addresses are written down on their way; its answer is never kept; and its
document is not remembered either, unless what it asks with stands in variables alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    VariableNode,
)
from strawberry.utils.str_converters import to_camel_case

from .errors import GraphError
from .facts import relation_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql import ArgumentNode, DocumentNode, GraphQLSchema, SelectionSetNode

NEEDS_POST: Final = "CONFIDENCE_NEEDS_POST"


@dataclass(frozen=True)
class Confidence:
    """The confidential arguments of a schema, by the names of their fields, whatever types have these."""

    arguments: Mapping[str, frozenset[str]]

    def concerns(self, text: str) -> bool:
        """Whether a document names such a field at all."""
        return any(name in text for name in self.arguments)

    def resembles(self, text: str) -> bool:
        """Whether a document that is wrong may have meant one: the field is misspelt, say, and its argument is not."""
        return self.concerns(text) or any(name in text for names in self.arguments.values() for name in names)

    def is_in(self, node: DocumentNode) -> bool:
        """Whether something is asked in confidence."""
        return any(True for _ in self._said(node))

    def in_variables_alone(self, node: DocumentNode) -> bool:
        """Whether the document itself tells nothing: no value stands in it, nor a default of a variable."""
        operations = [each for each in node.definitions if isinstance(each, OperationDefinitionNode)]
        defaults = any(each.default_value for one in operations for each in one.variable_definitions or ())
        return not defaults and all(isinstance(each.value, VariableNode) for each in self._said(node))

    def _said(self, node: DocumentNode) -> Iterator[ArgumentNode]:
        for each in node.definitions:
            if isinstance(each, OperationDefinitionNode | FragmentDefinitionNode):
                yield from self._below(each.selection_set)

    def _below(self, selections: SelectionSetNode) -> Iterator[ArgumentNode]:
        for each in selections.selections:
            if isinstance(each, FieldNode):
                names = self.arguments.get(each.name.value, frozenset())
                yield from (argument for argument in each.arguments or () if argument.name.value in names)
            if (inner := getattr(each, "selection_set", None)) is not None:
                yield from self._below(inner)


def confidence_of(schema: GraphQLSchema) -> Confidence:
    """Find the confidential arguments of a schema."""
    found: dict[str, frozenset[str]] = {}
    for kind in schema.type_map.values():
        fields = kind.fields if isinstance(kind, GraphQLObjectType) else {}
        for name, definition in fields.items():
            relation = relation_of(definition)
            arguments = relation.arguments if relation else ()
            if names := frozenset(to_camel_case(each.name) for each in arguments if each.confidential):
                found[name] = found.get(name, frozenset()) | names
    return Confidence(found)


def refuse_get() -> GraphError:
    """What is said to a GET that asks in confidence."""
    return GraphError(NEEDS_POST, "This is asked in confidence: send it by POST, and its values as variables.")

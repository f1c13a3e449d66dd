"""Documents parsed and validated once, kept with their plans."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from .confidence import confidence_of
from .plan import Planned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import DocumentNode, GraphQLSchema

MOST_TOKENS = 5_000
MOST_CHARACTERS = 100_000  # longer documents are answered, but not kept
RULES = (*specified_rules, OneOfInputValidationRule)


@dataclass
class Document:
    """A parsed document: its errors, or its operations."""

    node: DocumentNode | None
    errors: Sequence[GraphQLError]
    operations: Mapping[str, OperationDefinitionNode] = field(default_factory=dict)
    fragments: Mapping[str, FragmentDefinitionNode] = field(default_factory=dict)
    planned: dict[str, Planned] = field(default_factory=dict)
    code: str = "INVALID_DOCUMENT"  # of its errors
    confidential: bool = False  # see `confidence`

    def plans(self, operation: OperationDefinitionNode) -> Planned:
        """Return the plans of an operation."""
        name = operation.name.value if operation.name else ""
        if name not in self.planned:
            self.planned[name] = Planned(operation, self.fragments)
        return self.planned[name]


class Documents:
    """The documents of one schema, the least recently used forgotten first."""

    def __init__(self, schema: GraphQLSchema, size: int = 512, *, suggest: bool = True) -> None:
        self._schema = schema
        self._suggest = suggest
        self._size = size
        self._confidence = confidence_of(schema)
        self._known: OrderedDict[str, Document] = OrderedDict()

    def get(self, text: str) -> Document:
        """Return the document of that text."""
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
            return known
        made = self._made(text)
        if len(text) <= MOST_CHARACTERS and self._may_be_kept(text, made):
            self._known[text] = made
            if len(self._known) > self._size:
                self._known.popitem(last=False)
        return made

    def _may_be_kept(self, text: str, made: Document) -> bool:
        """Whether a document may be remembered: not with what somebody said of themselves in it."""
        if made.errors:
            return not self._confidence.resembles(text)
        return not self._confidence.concerns(text) or (
            made.node is not None and self._confidence.in_variables_alone(made.node)
        )

    def _made(self, text: str) -> Document:
        try:
            node = parse(text, max_tokens=MOST_TOKENS)
            errors = validate(self._schema, node, RULES, max_errors=20, hide_suggestions=not self._suggest)
        except GraphQLError as error:
            return Document(None, [error])
        except RecursionError:
            return Document(None, [GraphQLError("The document is nested too deeply.")], code="LIMIT_EXCEEDED")
        if any(isinstance(each, ValidationAbortedError) for each in errors):
            words = "The document has too many faults, or repeats itself too often, to be checked; send a smaller one."
            return Document(None, [GraphQLError(words)], code="LIMIT_EXCEEDED")
        if errors:
            return Document(node, errors)
        operations = {
            each.name.value if each.name else "": each
            for each in node.definitions
            if isinstance(each, OperationDefinitionNode)
        }
        fragments = {each.name.value: each for each in node.definitions if isinstance(each, FragmentDefinitionNode)}
        confidential = self._confidence.concerns(text) and self._confidence.is_in(node)
        return Document(node, [], operations, fragments, confidential=confidential)

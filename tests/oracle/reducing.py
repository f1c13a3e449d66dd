"""Making an operation that goes wrong as small as it can be while it still goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

from graphql import (
    REMOVE,
    SKIP,
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    ObjectFieldNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    VisitorAction,
    parse,
    print_ast,
    validate,
    visit,
)

from tests.oracle.asking import Operation
from waypost.graph.documents import RULES

REMOVABLE = (FieldNode, InlineFragmentNode, FragmentSpreadNode, ArgumentNode, DirectiveNode, ObjectFieldNode)
Fails = Callable[[Operation], Awaitable[bool]]


async def reduced(asked: Operation, schema: GraphQLSchema, fails: Fails, most: int = 400) -> Operation:
    """Leave out one piece after the other; stop when none can go, or after so many trials."""
    tried, changed = 0, True
    while changed:
        changed = False
        for smaller in _smaller(asked, schema):
            tried += 1
            if tried > most:
                return asked
            if await fails(smaller):
                asked, changed = smaller, True
                break
    return asked


def _smaller(asked: Operation, schema: GraphQLSchema) -> Iterator[Operation]:
    if asked.languages:
        yield replace(asked, languages=())
    document = parse(asked.document, no_location=True)
    pieces: list[Node] = []
    visit(document, _Pieces(pieces))
    for piece in pieces:
        left = _tidy(visit(document, _Without(piece)))
        if left is not None and not validate(schema, left, RULES):
            declared = {
                each.variable.name.value
                for definition in left.definitions
                if isinstance(definition, OperationDefinitionNode)
                for each in definition.variable_definitions or ()
            }
            kept = {name: value for name, value in asked.variables.items() if name in declared}
            yield replace(asked, document=print_ast(left), variables=kept)


class _Pieces(Visitor):
    def __init__(self, pieces: list[Node]) -> None:
        super().__init__()
        self.pieces = pieces

    def enter(self, node: Node, *_: object) -> None:
        if isinstance(node, REMOVABLE):
            self.pieces.append(node)


class _Without(Visitor):
    """Leaves out one piece, and every selection that it leaves empty."""

    def __init__(self, piece: Node) -> None:
        super().__init__()
        self.piece = piece

    def enter(self, node: Node, *_: object) -> VisitorAction:
        return REMOVE if node is self.piece else None

    def leave(self, node: Node, *_: object) -> VisitorAction:
        below = getattr(node, "selection_set", None)
        empty = isinstance(below, SelectionSetNode) and not below.selections
        return REMOVE if empty else None


def _tidy(document: DocumentNode) -> DocumentNode | None:
    """Leave out fragments and variables that nobody uses any more."""
    if not any(isinstance(each, OperationDefinitionNode) for each in document.definitions):
        return None
    used: set[str] = set()
    visit(document, _Used(used))
    return visit(document, _Unused(used))  # type: ignore[no-any-return]


class _Used(Visitor):
    def __init__(self, used: set[str]) -> None:
        super().__init__()
        self.used = used

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        self.used.add(node.name.value)

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: object) -> VisitorAction:
        return SKIP

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.used.add(f"${node.name.value}")


class _Unused(Visitor):
    def __init__(self, used: set[str]) -> None:
        super().__init__()
        self.used = used

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: object) -> VisitorAction:
        return None if node.name.value in self.used else REMOVE

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: object) -> VisitorAction:
        return None if f"${node.variable.name.value}" in self.used else REMOVE

"""Operations by hypothesis-graphql, which knows nothing of the country: stranger text and numbers than ours.

What only makes sense here is put in afterwards: ids that exist, searched texts, points off every symmetry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from graphql import (
    ArgumentNode,
    FloatValueNode,
    GraphQLID,
    GraphQLSchema,
    ObjectFieldNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    Visitor,
    get_named_type,
    parse,
    print_ast,
    print_schema,
    validate,
    visit,
)
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from tests.oracle.asking import CITIES, TEXTS, Operation
from tests.oracle.pools import POINTS, Pools
from tests.oracle.writing import LANGUAGES, Written
from waypost.graph.documents import RULES

SCALARS = {
    "LanguageTag": ("cy", "en-GB"),
    "DateTime": ("2027-03-06T10:00:00Z", "2026-01-01T00:00:00+01:00", "2027-03-06T10:00:00"),
    "URL": ("https://example.org/",),
    "Markdown": ("*x*",),
    "GeoJSON": ("{}",),
    "Decimal": ("12.50",),
    "_Any": ("x",),
}


def foreign_operations(schemas: Mapping[str | None, GraphQLSchema], pools: Pools) -> st.SearchStrategy[Written]:
    """Return the strategy of operations on the schemas of all graphs, one or two root fields each."""
    scalars = {name: st.sampled_from(values).map(nodes.String) for name, values in SCALARS.items()}
    texts = {id(schema): print_schema(schema) for schema in schemas.values()}

    @st.composite
    def written(draw: Any) -> Written:
        city = draw(st.sampled_from(CITIES))
        schema = schemas[city]
        assert schema.query_type is not None
        roots = draw(st.lists(st.sampled_from(sorted(schema.query_type.fields)), min_size=1, max_size=2, unique=True))
        text = draw(queries(texts[id(schema)], fields=roots, custom_scalars=scalars))
        some = draw(st.randoms(use_true_random=True))
        types = TypeInfo(schema)
        document = visit(parse(text, no_location=True), TypeInfoVisitor(types, _Homely(types, some, pools, city)))
        if validate(schema, document, RULES):
            document = parse("{ __typename }")
        asked = Operation(print_ast(document), {}, city, some.choice(LANGUAGES), some.choice(pools.roles))
        return Written(asked, ())

    return written()


class _Homely(Visitor):
    """Puts in what is at home here."""

    def __init__(self, types: TypeInfo, some: Random, pools: Pools, city: str | None) -> None:
        super().__init__()
        self.types, self.some, self.pools, self.city = types, some, pools, city

    def leave_argument(self, node: ArgumentNode, *_: Any) -> Any:
        return self._put(node)

    def leave_object_field(self, node: ObjectFieldNode, *_: Any) -> Any:
        return self._put(node)

    def _put(self, node: Any) -> Any:
        value = self._value(node.name.value, node.value)
        return None if value is None else replace(node, value=value)

    def _value(self, name: str, value: ValueNode) -> ValueNode | None:
        if name in {"latitude", "longitude"}:
            point = self.some.choice(POINTS)
            return FloatValueNode(value=str(point[name == "longitude"]))
        if name == "text" and isinstance(value, StringValueNode):
            return StringValueNode(value=self.some.choice(TEXTS))
        kind = self.types.get_input_type()
        if kind is not None and get_named_type(kind) is GraphQLID and isinstance(value, StringValueNode):
            known = self.pools.known(self.some.choice(("Badge", "Pathway", "Opportunity", "Issuer", "City")), self.city)
            return StringValueNode(value=self.some.choice(known)) if known else None
        return None

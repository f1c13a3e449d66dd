"""Which arguments a field does not take, looked for before anything is executed.

A wrong argument refuses the whole root field that it stands under, whether or not any row is above it: the house
answers one statement an operation. So the selection is walked by type, and not by what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from graphql.execution.values import get_argument_values, get_directive_values
from graphql.type import GraphQLIncludeDirective, GraphQLSkipDirective

from tests.oracle import search
from tests.oracle.calls import Asked, Call, Path, Problem, Refused, attempt
from tests.oracle.doings import check_from
from tests.oracle.lists import (
    check_box,
    check_cities,
    check_metres,
    check_moment,
    check_page,
    check_point,
    check_text,
    origin,
)
from waypost.graph.ids import parse_id

Args: TypeAlias = Mapping[str, Any]
Check: TypeAlias = Callable[[Args, Asked], None]


# What single fields take


def _by_key(key: str, *, of_tenant: bool = True) -> Check:
    def check(args: Args, asked: Asked) -> None:
        given = [name for name in ("id", key) if name in args]
        if given == [key]:
            check_text(args[key], args.get("city") if of_tenant else None)
            if of_tenant and asked.view.national and "city" not in args:
                raise Refused("INVALID_ARGUMENT")
        elif given != ["id"]:
            raise Refused("INVALID_ARGUMENT")

    return check


def _city(args: Args, asked: Asked) -> None:
    if args or asked.view.national:
        _by_key("slug", of_tenant=False)(args, asked)


def _filtered(filter: Args, asked: Asked) -> None:
    """What all filters have in common."""
    texts = (value for name, value in filter.items() if name not in {"postcode", "issuer", "badge", "pathway"})
    attempt(lambda: check_cities(asked, filter), lambda: check_box(filter.get("bounds")), lambda: check_text(*texts))


def _list(field: str, order: str = "default") -> Check:
    def check(args: Args, asked: Asked) -> None:
        attempt(
            lambda: _filtered(args.get("filter", {}), asked),
            lambda: check_page(args, asked, ("Query", field), order),
        )

    return check


def _nearest_or_name(field: str) -> Check:
    def check(args: Args, asked: Asked) -> None:
        filter = args.get("filter", {})
        near, postcode, most = (filter.get(each) for each in ("near", "postcode", "withinMetres"))
        order = "name" if near is None and postcode is None else "nearest"
        attempt(
            lambda: origin(asked, near, postcode),
            lambda: check_metres(most),
            lambda: _needs(most is None or order == "nearest"),
            lambda: _list(field, order)(args, asked),
        )

    return check


def _needs(fulfilled: bool) -> None:
    if not fulfilled:
        raise Refused("INVALID_ARGUMENT")


def _cities(args: Args, asked: Asked) -> None:
    covers = args.get("filter", {}).get("covers")
    attempt(
        lambda: covers is None or check_point(covers["latitude"], covers["longitude"]),
        lambda: _list("cities")(args, asked),
    )


def _discover(args: Args, asked: Asked) -> None:
    filter, order = args["filter"], search.order_of(args)
    near, postcode, age = (filter.get(each) for each in ("near", "postcode", "age"))
    attempt(
        lambda: _needs(not search.measures(args) or origin(asked, near, postcode) is not None),
        lambda: _needs(order != "relevance" or filter.get("text") is not None),
        lambda: _needs(age is None or 0 <= age <= 120),
        lambda: check_metres(filter.get("withinMetres")),
        lambda: check_moment(filter.get("startsAfter")),
        lambda: check_moment(filter.get("startsBefore")),
        lambda: _list("discover", order)(args, asked),
    )


def _first_of_facet(args: Args, asked: Asked) -> None:
    if not 0 <= args.get("first", 20) <= 100:
        raise Refused("LIMIT_EXCEEDED")


def _ids(args: Args, asked: Asked) -> None:
    if len(args.get("ids", args.get("representations", ()))) > 100:
        raise Refused("LIMIT_EXCEEDED")


CHECKS: Mapping[tuple[str, str], Check] = {
    **{("Query", each): _by_key("slug") for each in ("place", "issuer", "badge", "opportunity", "pathway")},
    ("Query", "skill"): _by_key("code", of_tenant=False),
    ("Query", "city"): _city,
    ("Query", "nodes"): _ids,
    ("Query", "_entities"): _ids,
    ("Query", "cities"): _cities,
    ("Query", "skills"): _list("skills"),
    ("Query", "places"): _list("places"),
    ("Query", "badges"): _list("badges"),
    ("Query", "issuers"): _nearest_or_name("issuers"),
    ("Query", "pathways"): _nearest_or_name("pathways"),
    ("Query", "discover"): _discover,
    ("Query", "essentialSkills"): lambda args, _asked: check_text(args.get("framework")),
    ("DiscoverFacets", "skills"): _first_of_facet,
    ("Opportunity", "distanceMetres"): check_from,
    ("Pathway", "distanceMetres"): check_from,
    ("Pathway", "nearest"): check_from,
}


# Walking the selection


class Walk:
    """Looks through the selections of one operation."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Any, asked: Asked
    ) -> None:
        self.schema, self.fragments, self.variables, self.asked = schema, fragments, variables, asked
        self.abroad = asked.view.national  # whether all is read nationally

    def roots(self, selections: SelectionSetNode) -> dict[str, set[Problem]]:
        """Return what is refused, by the root field's key."""
        query = self.schema.query_type
        assert query is not None
        refused = {}
        for key, nodes in self.collected(query, [selections]).items():
            self.asked.names[key] = nodes[0].name.value
            problems = set(self.field(query, key, nodes, ()))
            if problems:
                refused[key] = problems
        return refused

    def field(self, of: GraphQLObjectType, key: str, nodes: Sequence[FieldNode], above: Path) -> list[Problem]:
        """Return what is refused of one field and all that is selected below."""
        name, path = nodes[0].name.value, (*above, key)
        if name.startswith("__"):
            return []
        definition = of.fields[name]
        try:
            given = get_argument_values(definition, nodes[0], self.variables)
        except GraphQLError:
            return [("INVALID_ARGUMENT", path)]
        args = {name: value for name, value in given.items() if value is not None}
        found: list[Problem] = []
        try:
            self.check(of.name, name, args)
        except Refused as refusal:
            found += [(code, path) for code in refusal.codes]
        return found + self.below(of.name, name, get_named_type(definition.type), args, nodes, path)

    def check(self, kind: str, name: str, args: Args) -> None:
        check = CHECKS.get((kind, name))
        if check is not None:
            check(args, self.asked)
        elif "after" in self.schema.type_map[kind].fields[name].args and name != "occurrences":  # type: ignore[attr-defined]  # an object type
            check_page(args, self.asked, (kind, name))

    def below(
        self, kind: str, name: str, type_: GraphQLNamedType, args: Args, nodes: Sequence[FieldNode], path: Path
    ) -> list[Problem]:
        """Return what is refused below a field, for every type that may stand there."""
        if is_leaf_type(type_) or self.is_nobody(kind, name):
            return []
        if (kind, name) == ("Issuer", "elsewhere") and not self.abroad:
            return []  # read apart, once it is known that there is something to read
        return self.selected(self.possible(type_, args), nodes, path)

    def is_nobody(self, kind: str, name: str) -> bool:
        return (kind, name) == ("Query", "viewer") and self.asked.asker.person is None

    def selected(self, types: Sequence[GraphQLObjectType], nodes: Sequence[FieldNode], path: Path) -> list[Problem]:
        sets = [each.selection_set for each in nodes if each.selection_set]
        try:
            collected = [(of, self.collected(of, sets)) for of in types]
        except GraphQLError:  # a directive got null: told at this field, or at one above
            return [("INVALID_ARGUMENT", path[: n + 1]) for n in range(len(path))]
        return [
            problem
            for of, fields in collected
            for key, found in fields.items()
            for problem in self.field(of, key, found, path)
        ]

    def possible(self, type_: GraphQLNamedType, args: Args) -> list[GraphQLObjectType]:
        if isinstance(type_, GraphQLObjectType):
            return [type_]
        ids = args.get("ids", [args.get("id", "")])
        if "representations" in args:
            ids = [str(each.get("id")) for each in args["representations"] if isinstance(each, dict)]
        named = {found.type for each in ids if (found := parse_id(each)) is not None}
        assert is_abstract_type(type_)
        return [each for each in self.schema.get_possible_types(type_) if each.name in named]

    def collected(self, of: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """Return the fields selected of one type, by key."""
        found: dict[str, list[FieldNode]] = {}
        pending: list[SelectionNode] = [node for each in sets for node in each.selections]
        seen = set()
        while pending:
            node = pending.pop(0)
            if not self.included(node):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self.applies(node.type_condition.name.value, of):
                    pending[:0] = node.selection_set.selections
            elif node.name.value not in seen:  # type: ignore[attr-defined]  # what is left is a spread
                seen.add(node.name.value)  # type: ignore[attr-defined]
                fragment = self.fragments[node.name.value]  # type: ignore[attr-defined]
                if self.applies(fragment.type_condition.name.value, of):
                    pending[:0] = fragment.selection_set.selections
        return found

    def applies(self, condition: str, of: GraphQLObjectType) -> bool:
        named = self.schema.type_map[condition]
        return named is of or (is_abstract_type(named) and self.schema.is_sub_type(named, of))

    def included(self, node: SelectionNode) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables) or {}
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables) or {}
        return not skip.get("if", False) and bool(include.get("if", True))


def refusals_below(call: Call) -> list[Problem]:
    """Return what is refused below a field that is read nationally, and apart from the rest."""
    info = call.info
    walk = Walk(info.schema, info.fragments, call.asked.variables, call.asked)
    walk.abroad = True
    named = get_named_type(info.return_type)
    assert isinstance(named, GraphQLObjectType)
    return walk.selected([named], info.field_nodes, call.keys)

"""The published graph keeps the names and shapes that front ends were promised."""

from __future__ import annotations

from typing import Final

from graphql import GraphQLSchema, build_schema
from graphql.utilities import find_breaking_changes

from tests.project.documents import ROOT

# Promised, and not there before it is used.
TO_COME: Final[set[str]] = set()


def schema(name: str) -> GraphQLSchema:
    return build_schema((ROOT / "schema" / name).read_text(encoding="utf-8"))


def broken(promised: GraphQLSchema, built: GraphQLSchema) -> set[str]:
    """What of the promise is missing, by its name, or is of another shape, in words."""
    found = set()
    for change in find_breaking_changes(promised, built):
        words = change.description.removesuffix(" was removed.").removeprefix("Field ")
        found.add(words if change.description.endswith(" was removed.") else change.description)
    return found


def test_the_graph_has_all_that_was_promised_but_for_what_is_to_come() -> None:
    assert broken(schema("contract.graphql"), schema("waypost.graphql")) == set()


def test_a_city_without_plugins_has_it_too() -> None:
    assert broken(schema("contract.graphql"), schema("profiles/core.graphql")) == TO_COME


def test_a_promise_that_is_broken_is_found() -> None:
    text = (ROOT / "schema" / "waypost.graphql").read_text(encoding="utf-8")
    spoiled = text.replace("distanceMetres: Int", "distanceMetres: Float").replace("  NEAREST\n", "  FARTHEST\n")
    faults = " ".join(broken(schema("contract.graphql"), build_schema(spoiled)) - TO_COME)
    for name in ("OpportunityEdge.distanceMetres", "PathwayEdge.distanceMetres", "NEAREST"):
        assert name in faults

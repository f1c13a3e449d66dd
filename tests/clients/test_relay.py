"""The Relay compiler takes the published schema, with our operations and with what Relay itself generates."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest

from tests.clients.tools import Npm
from tests.project.documents import ROOT

SCHEMA: Final = ROOT / "schema" / "waypost.graphql"
OPERATIONS: Final = sorted((ROOT / "schema" / "operations").glob("*.graphql"))
CONFIG: Final = {
    "src": "./src",
    "schema": "./schema.graphql",
    "language": "typescript",
    "artifactDirectory": "./src/__generated__",
}
# Lists that grow as the reader scrolls, and things that are read again: Relay makes the queries, by `node`.
GROWING: Final = """
fragment BadgeList_issuer on Issuer
@refetchable(queryName: "BadgeListPaginationQuery")
@argumentDefinitions(count: {type: "Int", defaultValue: 10}, cursor: {type: "String"}) {
  badges(first: $count, after: $cursor) @connection(key: "BadgeList_badges") {
    edges { node { name ...BadgeList_badge } }
  }
}
fragment BadgeList_badge on Badge @refetchable(queryName: "BadgeListBadgeQuery") {
  name
  replacedBy { name }
}
query BadgeListDiscoverQuery($filter: DiscoverFilter!, $after: String) {
  discover(filter: $filter, first: 20, after: $after) @connection(key: "BadgeList_discover") {
    edges { distanceMetres node { title provider { ...BadgeList_issuer } } }
  }
}
"""


class Front:
    """A front end's folder, as the compiler reads it."""

    def __init__(self, npm: Npm, folder: Path) -> None:
        self.npm, self.folder = npm, folder
        (folder / "src" / "__generated__").mkdir(parents=True)
        (folder / "relay.config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
        self.schema(SCHEMA.read_text(encoding="utf-8"))

    def schema(self, text: str) -> None:
        (self.folder / "schema.graphql").write_text(text, encoding="utf-8")

    def component(self, name: str, document: str) -> None:
        """Write a module with a document, which Relay wants to be named after the module."""
        (self.folder / "src" / f"{name}.ts").write_text(f"graphql`{document}`;\n", encoding="utf-8")

    def compile(self) -> set[str]:
        """Compile; the names of what was generated."""
        self.npm.tool("relay-compiler/cli.js", "relay.config.json", folder=self.folder)
        return {path.name.partition(".")[0] for path in (self.folder / "src" / "__generated__").iterdir()}


@pytest.fixture
def front(npm: Npm, tmp_path: Path) -> Front:
    return Front(npm, tmp_path)


def test_relay_compiles_every_operation_of_ours(front: Front) -> None:
    names = set()
    for path in OPERATIONS:
        text = path.read_text(encoding="utf-8")
        name = re.search(r"^query (\w+)", text, re.MULTILINE)
        assert name is not None, path
        front.component(name[1], text.replace(f"query {name[1]}", f"query {name[1]}Query"))
        names.add(f"{name[1]}Query")
    assert front.compile() == names


def test_relay_finds_its_way_back_to_a_node_and_through_a_connection(front: Front) -> None:
    front.component("BadgeList", GROWING)
    queries = {"BadgeListPaginationQuery", "BadgeListBadgeQuery", "BadgeListDiscoverQuery"}
    assert front.compile() == queries | {"BadgeList_issuer", "BadgeList_badge"}
    written = (front.folder / "src/__generated__/BadgeListPaginationQuery.graphql.ts").read_text(encoding="utf-8")
    assert "node(id: $id)" in written


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("type Issuer implements Node {", "type Issuer {"),
        ("  hasNextPage: Boolean!\n", ""),
        ("  endCursor: String\n", ""),
    ],
)
def test_relay_would_refuse_a_schema_that_breaks_its_rules(front: Front, before: str, after: str) -> None:
    front.component("BadgeList", GROWING)
    text = SCHEMA.read_text(encoding="utf-8")
    assert before in text
    front.schema(text.replace(before, after))
    with pytest.raises(AssertionError, match=r"ERROR|Error"):
        front.compile()

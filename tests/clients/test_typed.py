"""Clients that are made from the published schema work, in Python and in TypeScript."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path
from typing import Any, Final

import pytest

from tests.clients.tools import HERE, Ariadne, Npm
from tests.project.documents import ROOT

SCHEMA: Final = ROOT / "schema" / "waypost.graphql"
OPERATIONS: Final = sorted((ROOT / "schema" / "operations").glob("*.graphql"))
SETTINGS: Final = f"""
[tool.ariadne-codegen]
schema_path = {json.dumps(str(SCHEMA))}
queries_path = {json.dumps(str(ROOT / "schema" / "operations"))}
target_package_name = "city_client"
target_package_path = "."

[tool.ariadne-codegen.scalars.DateTime]
type = "datetime.datetime"
"""
POSTCODE: Final = "BN1 1GE"
JUBILEE_SQUARE: Final = (50.8249, -0.1385)


@pytest.fixture(scope="module")
def python_client(ariadne: Ariadne, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The package that ariadne-codegen makes from the schema and the operations."""
    folder = tmp_path_factory.mktemp("python")
    ariadne.generate(folder, SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        return importlib.import_module("city_client")


@pytest.fixture(scope="module")
def typescript_client(npm: Npm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what graphql-codegen makes from the same, and a front end that uses it."""
    folder = tmp_path_factory.mktemp("typescript")
    npm.script("codegen.mjs", SCHEMA, folder / "graph.ts", *OPERATIONS)
    shutil.copy(HERE / "nearest.ts", folder)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    return folder


async def test_a_python_client_finds_what_is_nearest_page_by_page(address: str, python_client: Any) -> None:
    here = python_client.GeoPointInput(latitude=JUBILEE_SQUARE[0], longitude=JUBILEE_SQUARE[1])
    async with python_client.Client(f"{address}/brighton/graphql") as brighton:
        page = (await brighton.nearest(near=here, first=4)).discover
        edges = [*page.edges]
        while page.page_info.has_next_page:
            page = (await brighton.nearest(near=here, first=4, after=page.page_info.end_cursor)).discover
            edges += page.edges
    distances = [edge.distance_metres for edge in edges]
    assert distances == sorted(distances)
    assert len(edges) == len({edge.node.id for edge in edges}) > 4
    film = next(edge.node for edge in edges if edge.node.slug == "saturday-film-lab")
    assert film.recurrence == "FREQ=WEEKLY;BYDAY=SA"
    assert film.starts_at.utcoffset() is not None
    assert "Explore Digital Media" in [badge.name for badge in film.badges]


async def test_a_python_client_reads_the_same_pathway_from_the_country(address: str, python_client: Any) -> None:
    async with python_client.Client(f"{address}/brighton/graphql") as brighton:
        paths = (await brighton.city_home()).pathways.nodes
        own = (await brighton.pathway_tree(slug=paths[0].slug)).pathway
    async with python_client.Client(f"{address}/graphql") as country:
        again = (await country.pathway_tree(slug=paths[0].slug, city="brighton")).pathway
    assert own.id == again.id == paths[0].id
    assert [step.title for step in own.all_steps] == [step.title for step in again.all_steps] != []


async def test_a_python_client_is_told_in_types_what_is_missing(address: str, python_client: Any) -> None:
    async with python_client.Client(f"{address}/brighton/graphql") as brighton:
        assert (await brighton.badge_page(slug="nobody-ever-made-this")).badge is None


def test_a_typescript_client_uses_its_types_and_cannot_misuse_them(npm: Npm, typescript_client: Path) -> None:
    """`nearest.ts` holds the mistakes that must not compile; `@ts-expect-error` fails where one would."""
    strict = ("--noEmit", "--strict", "--noUncheckedIndexedAccess", "--target", "es2024", "--lib", "es2024,dom")
    modules = ("--module", "nodenext", "--moduleResolution", "nodenext", "--allowImportingTsExtensions")
    shutil.copy(HERE / "process.d.ts", typescript_client)
    npm.tool("typescript/bin/tsc", *strict, *modules, "nearest.ts", "process.d.ts", folder=typescript_client)


def test_a_typescript_client_finds_what_is_nearest(address: str, npm: Npm, typescript_client: Path) -> None:
    front_end = typescript_client / "nearest.ts"
    found = json.loads(npm.node(front_end, f"{address}/brighton/graphql", POSTCODE, folder=typescript_client))
    assert "Saturday Film Lab" in [each["title"] for each in found]
    assert [each["metres"] for each in found] == sorted(each["metres"] for each in found)

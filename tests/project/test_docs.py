"""Every example in the documents works, and every link arrives."""

from __future__ import annotations

import ast
import importlib
import shutil
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from graphql import GraphQLSchema, build_schema, parse, validate

from tests.project import commands
from tests.project.documents import ROOT, Block, anchors, blocks, codes, documents, examples, links, rows

# Set for Compose, not for us.
OF_COMPOSE = {"WAYPOST_HOST"}
SHIPPED = ("waypost.", "waypost_skills_builder", "waypost_credly")


@pytest.fixture(scope="session")
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "schema" / "waypost.graphql").read_text(encoding="utf-8"))


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_every_link_arrives(document: Path) -> None:
    for target in links(document):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        other = (document.parent / path).resolve() if path else document
        assert other.exists(), f"{document.name} links to {target}"
        assert other.is_relative_to(ROOT), f"{document.name} links out of the repository: {target}"
        assert not anchor or anchor in anchors(other), f"{document.name}: {target} has no such heading"


def test_every_document_can_be_found_from_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    known = {(index.parent / target.partition("#")[0]).resolve() for target in links(index)}
    assert {path for path in (ROOT / "docs").glob("*.md") if path != index} <= known


@pytest.mark.parametrize("block", examples("toml"), ids=str)
def test_every_example_of_toml_parses(block: Block) -> None:
    tomllib.loads(block.text)


def test_the_files_of_the_guide_for_cities_make_a_tenant_without_a_fault(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tenants", tmp_path / "tenants")
    for block in blocks(ROOT / "docs" / "cities.md"):
        if block.language == "toml":
            kind, _, name = block.marker.partition(": ")
            assert kind in {"file", "fragment"}, f"{block} must say which file it is, or that it is a fragment"
            if kind == "file":
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name).write_text(block.text, encoding="utf-8")
    shutil.copy(ROOT / "tenants/brighton/area.geojson", tmp_path / "tenants/exeter/area.geojson")
    checked = commands.run(["tenants", "check"], tenants=tmp_path / "tenants")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("block", examples("graphql"), ids=str)
def test_every_example_of_a_query_fits_the_published_schema(block: Block, schema: GraphQLSchema) -> None:
    faults = validate(schema, parse(block.text))
    assert not faults, f"{block}: {faults}"


@pytest.mark.parametrize("block", examples("python"), ids=str)
def test_every_example_of_python_compiles_and_imports_what_there_is(block: Block) -> None:
    indented = block.text.startswith(" ")  # a line for the inside of a class
    for statement in ast.walk(ast.parse(f"class Inside:\n{block.text}" if indented else block.text)):
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(SHIPPED):
            module = importlib.import_module(statement.module or "")
            for name in statement.names:
                found = hasattr(module, name.name) or find_spec(f"{statement.module}.{name.name}")
                assert found, f"{block}: {statement.module} has no {name.name}"


@pytest.mark.parametrize("block", examples("console", "sh", "bash"), ids=str)
def test_every_command_in_an_example_is_understood(block: Block) -> None:
    assert block.language == "console", f"{block}: commands stand in `console` examples, after `$ `"
    lines = list(commands.prompts(block))
    assert lines, f"{block} has no line that begins with `$ `"
    known = {name for row in rows(ROOT / "docs" / "operators.md", "environment") for name in codes(row[0])}
    for line in lines:
        variables, words = commands.words(line)
        assert set(variables) <= known | OF_COMPOSE, line
        understand(words, line)


def understand(words: list[str], line: str) -> None:
    """Whatever the example calls exists: a command of ours, a target of the Makefile, a service, a script."""
    match words:
        case ["waypost", *arguments]:
            commands.parse(arguments)
        case ["make", *targets]:
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            for target in targets:
                assert "=" in target or f".PHONY: {target}\n" in makefile, f"no target {target}: {line}"
        case ["docker", "compose", "run", "--rm", service, *arguments]:
            compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
            assert service in compose["services"], line
            commands.parse(arguments)
        case ["docker", "compose", "up", *_]:
            pass
        case ["python", "-m", "venv", _] | ["pip", "install", *_] | ["cd", _] | [".", _] | ["pytest"]:
            pass  # test_tutorial.py does these
        case [script] if "/" in script:
            assert (ROOT / script).is_file(), line
        case _:
            pytest.fail(f"nobody knows whether this works: {line}")

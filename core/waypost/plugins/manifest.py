"""`waypost-plugin.toml`: what a plugin says of itself before anybody imports it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from waypost.plugins.names import MOST_NAME, PLUGIN_NAME, PREFIX, RESERVED_NAMES, RESERVED_PREFIXES
from waypost.plugins.registrars import REGISTRARS
from waypost.plugins.settings import NO_SETTINGS, problems_in, schema_problems, sentence
from waypost.tenancy import Problem

FILE_NAME: Final = "waypost-plugin.toml"

# What a contribution may be called: the kinds that the registrars write down.
KINDS: Final = tuple(sorted(kind for registrar in REGISTRARS for kind in registrar.kinds))
CONTRIBUTION: Final = rf"^({'|'.join(KINDS)}):[A-Za-z_][A-Za-z0-9_.-]*$"

_NAMES: Final = {"type": "array", "uniqueItems": True, "items": {"type": "string", "pattern": PLUGIN_NAME}}
FORM: Final[Mapping[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "version", "api", "title", "prefix", "contributes"],
    "properties": {
        "name": {"type": "string", "pattern": PLUGIN_NAME, "maxLength": MOST_NAME},
        "version": {"type": "string"},
        "api": {"type": "string", "minLength": 1},
        "title": {"type": "string", "minLength": 1},
        "prefix": {"type": "string", "pattern": PREFIX},
        "requires": _NAMES,
        "contributes": {
            "type": "array",
            "uniqueItems": True,
            "items": {"type": "string", "pattern": CONTRIBUTION},
        },
        "settings": {"type": "object"},
    },
}


class BadManifest(Exception):
    """A manifest that is missing or cannot be used; `problems` has every reason."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(f"{FILE_NAME}: " + "; ".join(map(sentence, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Manifest:
    """A plugin's name, version and promises."""

    name: str
    version: str
    api: str  # versions of the plugin API it was written for, e.g. ">=1,<2"
    title: str
    prefix: str  # what its root fields and its fields on core types begin with, e.g. "essential"
    contributes: frozenset[str]  # e.g. "field:Badge.essentialSkills"
    requires: tuple[str, ...]  # other plugins, by name
    settings: Mapping[str, Any]  # JSON Schema of what a city may set

    def fits(self, api: str) -> bool:
        """Whether the plugin was written for a version of the plugin API."""
        return SpecifierSet(self.api).contains(api)


def manifest_of(package: str) -> Manifest:
    """The manifest of a top-level package, found without importing the package.

    Raises `BadManifest` when the package or its manifest is missing, unreadable or wrong.
    """
    try:
        return parse(_text_in(package))
    except (OSError, ImportError, ValueError, RecursionError) as error:
        raise BadManifest(Problem((), f"cannot be read: {error}")) from error


def parse(text: str) -> Manifest:
    """The manifest in a file's text.

    Raises `BadManifest` with every problem, each named by its key.
    """
    try:
        words = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadManifest(Problem((), f"not TOML: {error}")) from error
    problems = problems_in(words, FORM) or _problems_within(words)
    if problems:
        raise BadManifest(*problems)
    return Manifest(
        name=words["name"],
        version=words["version"],
        api=words["api"],
        title=words["title"],
        prefix=words["prefix"],
        contributes=frozenset(words["contributes"]),
        requires=tuple(words.get("requires", ())),
        settings=words.get("settings", NO_SETTINGS),
    )


def _text_in(package: str) -> str:
    spec = find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(f"there is no package {package}")
    for folder in spec.submodule_search_locations or ():
        file = Path(folder) / FILE_NAME
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise FileNotFoundError(f"the package {package} has no such file")


def _problems_within(words: Mapping[str, Any]) -> list[Problem]:
    reserved = {"name": RESERVED_NAMES, "prefix": RESERVED_PREFIXES}
    words_of_core = [key for key, taken in reserved.items() if words[key] in taken]
    problems = [Problem((key,), f"{words[key]!r} is the platform's own; take another") for key in words_of_core]
    try:
        Version(words["version"])
    except InvalidVersion:
        problems.append(Problem(("version",), f"{words['version']!r} is no version; write it like 1.2.0"))
    try:
        SpecifierSet(words["api"])
    except InvalidSpecifier:
        problems.append(Problem(("api",), f"{words['api']!r} is no range of versions; write it like >=1,<2"))
    if "settings" in words:
        problems += schema_problems(words["settings"], ("settings",))
    return problems

"""Writes a working plugin: what `waypost plugins new` makes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined

from waypost.cli.faults import Refused
from waypost.plugins.names import MOST_NAME, PREFIX, RESERVED_PREFIXES, is_plugin_name, type_prefix

TEMPLATES: Final = "new_plugin"
SUFFIX: Final = ".jinja"
# Folders and files that a wheel would leave out, or that have the plugin's own name.
PLACES: Final[Mapping[str, str]] = {"gitignore": ".gitignore", "github": ".github"}


def plugin_files(name: str, title: str, prefix: str) -> dict[str, str]:
    """The files of a new plugin: path below its folder → text.

    Raises Refused for a name or prefix that no plugin may have.
    """
    if not is_plugin_name(name):
        form = f"lower-case words and numbers with _ between, {MOST_NAME} characters, and not the platform's own"
        raise Refused(f"{name!r} is no name of a plugin: {form}")
    if not re.fullmatch(PREFIX, prefix) or prefix in RESERVED_PREFIXES:
        raise Refused(f"{prefix!r} is no prefix: letters and numbers, the first one in lower case")
    if not title.strip() or re.search(r"[\"\\\x00-\x1f\x7f]", title):
        raise Refused("the title is one line of text without quotation marks")
    facts = {
        "name": name,
        "dashed": name.replace("_", "-"),
        "title": title,
        "prefix": prefix,
        "Prefix": type_prefix(prefix),
        "snake": re.sub("(?=[A-Z])", "_", prefix).lower(),  # each capital alone, so that the graph spells it the same
    }
    writer = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - no HTML
    root = files("waypost.cli") / TEMPLATES
    return {_place(path, name): writer.from_string(text).render(facts) for path, text in _templates(root, "")}


def write_plugin(folder: Path, written: Mapping[str, str]) -> None:
    """Write the files. Raises Refused where the folder is there already, and leaves it alone."""
    if folder.exists():
        raise Refused(f"{folder} is there already")
    for path, text in written.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def prefix_of(name: str) -> str:
    """The prefix that a plugin has unless it says another: `badge_nation` becomes `badgeNation`."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def _templates(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for each in sorted(folder.iterdir(), key=lambda one: one.name):
        if each.is_dir():
            yield from _templates(each, f"{path}{each.name}/")
        elif each.name.endswith(SUFFIX):
            yield path + each.name.removesuffix(SUFFIX), each.read_text(encoding="utf-8")


def _place(path: str, name: str) -> str:
    first, slash, rest = path.partition("/")
    first = f"waypost_{name}" if first == "package" else PLACES.get(first, first)
    return f"{first}{slash}{rest}".replace("test_plugin.py", f"test_{name}.py")

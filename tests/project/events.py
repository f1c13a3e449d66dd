"""The list of events, from the code that tells them; `python -m tests.project.events` writes it."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import pkgutil
import re
import typing
from collections.abc import Iterator, Mapping
from datetime import date
from types import NoneType
from typing import Any, Final
from uuid import UUID

import waypost
from tests.project.documents import ROOT
from waypost.db.tables import OwnedTable
from waypost.outbox import Event
from waypost.tenancy.catalogue import CatalogueKind

PAGE: Final = ROOT / "docs" / "events.md"
BEGIN: Final = "<!-- events: written by `python -m tests.project.events` -->"
END: Final = "<!-- /events -->"
FORMS: Final[Mapping[Any, str]] = {UUID: "id", int: "number", str: "code", bool: "true or false", date: "date"}
# Told without a class of their own.
PLAINLY: Final[Mapping[str, tuple[str, str, str]]] = {
    "framework.imported": ("Framework", "`job` id", "A framework of skills was imported for the city."),
    "job.begun": ("Job", "–", "Long work was begun."),
    "job.progressed": ("Job", "`done` number", "So much of it is done."),
    "job.ended": ("Job", "`state` code, `problems` number", "It ended, well or not."),
}


def below(kind: type) -> Iterator[type]:
    """Every class of the core that is a kind of this one."""
    for module in pkgutil.walk_packages(waypost.__path__, "waypost."):
        if not module.name.endswith("__main__") and not module.name.startswith("waypost.testing"):
            importlib.import_module(module.name)
    waiting: list[type] = list(kind.__subclasses__())
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        if found.__module__.startswith("waypost."):
            yield found


def told() -> Mapping[str, tuple[str, str, str]]:
    """Every event of the core by its type: what it happened to, its data, and when it is told."""
    found = dict(PLAINLY)
    for kind in below(CatalogueKind):
        table: type[OwnedTable] = kind.table  # type: ignore[attr-defined]  # every one says its own
        thing, ended = table.__name__, kind.closed_state  # type: ignore[attr-defined]
        for what in ("created", "updated", ended):
            found[f"{thing.lower()}.{what}"] = (thing, "–", f"An entry of a file was {what}.")
    for kind in below(Event):
        if not kind.__name__.startswith("_"):
            event: Any = object.__new__(kind)  # its type is its class's, whatever its fields hold
            files = " By files: without data." if event.type in found else ""
            found[event.type] = (event.object_type, _data(kind), _words(kind) + files)
    return found


def literal() -> set[str]:
    """The types that stand as text in calls of the source: `Told("framework.imported", …)`."""
    found = set[str]()
    for path in (ROOT / "core").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if getattr(getattr(call, "func", None), "id", "") in {"Told", "_tell"}:
                words = [each.value for each in getattr(call, "args", ()) if isinstance(each, ast.Constant)]
                found |= {word for word in words if isinstance(word, str) and re.fullmatch(r"[a-z-]+\.[a-z-]+", word)}
    return found


def table() -> str:
    """The list as Markdown."""
    rows = ["| event | of | data | when |", "|---|---|---|---|"]
    rows += [f"| `{type}` | `{of}` | {data} | {when} |" for type, (of, data, when) in sorted(told().items())]
    return "\n".join(rows)


def written(page: str) -> str:
    """The page with the list as it is now."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


def _words(kind: type) -> str:
    text = (kind.__doc__ or "").split("\n\n")[0]
    return " ".join(text.split())


def _data(kind: type) -> str:
    hints = typing.get_type_hints(kind)
    return ", ".join(f"`{each.name}` {_form(hints[each.name])}" for each in dataclasses.fields(kind)[1:]) or "–"


def _form(hint: Any) -> str:
    kinds = typing.get_args(hint)
    if NoneType in kinds:
        (rest,) = [each for each in kinds if each is not NoneType]
        return f"{_form(rest)} or null"
    if typing.get_origin(hint) is tuple:
        return "list"
    return FORMS[hint]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

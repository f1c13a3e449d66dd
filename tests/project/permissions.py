"""The matrix of permissions, from roles, commands and fields; `python -m tests.project.permissions` writes it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Final

from graphql import GraphQLObjectType

import waypost
from tests.project.documents import ROOT
from waypost.access.permissions import ISSUER_ROLES, PERMISSIONS, ROLES
from waypost.composition import core
from waypost.graph import compose
from waypost.graph.alone import Alone
from waypost.graph.facts import relation_of
from waypost.outbox import OWN, Command

PAGE: Final = ROOT / "docs" / "permissions.md"
BEGIN: Final = "<!-- matrix: written by `python -m tests.project.permissions` -->"
END: Final = "<!-- /matrix -->"


def commands() -> Mapping[str, str]:
    """Every declared command of the core by its name in the graph's spelling, with the permission that it asks for."""
    found: dict[str, str] = {}
    for module in pkgutil.walk_packages(waypost.__path__, "waypost."):
        if not module.name.endswith("__main__"):
            for each in vars(importlib.import_module(module.name)).values():
                if isinstance(each, Command):
                    found[_camel(each.name)] = each.may
    return found


def fields() -> Iterator[tuple[str, str]]:
    """Every field of the core that asks for a permission, with that; and what people do about themselves alone."""
    for kind in compose([core()]).core.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, definition in kind.fields.items():
                relation = relation_of(definition)
                if isinstance(relation, Alone):
                    yield name, OWN
                elif relation is not None and relation.may:
                    yield (name if kind.name == "Query" else f"{kind.name}.{name}"), relation.may


def matrix() -> str:
    """The table as Markdown: a row for each permission, a column for each role."""
    asked: dict[str, list[str]] = {}
    for name, may in [*sorted(commands().items()), *sorted(fields())]:
        asked.setdefault(may, []).append(f"`{name}`")
    rows = [
        f"| permission | allows | {' | '.join(ROLES)} | asked by |",
        f"|---|---|{'---|' * len(ROLES)}---|",
    ]
    for name, words in PERMISSIONS.items():
        held = " | ".join(_held(role, name) for role in ROLES)
        rows.append(f"| `{name}` | {words} | {held} | {' '.join(asked.get(name, ())) or '–'} |")
    own = " | ".join("yes" for _ in ROLES)
    rows.append(f"| – | What people do for themselves. | {own} | {' '.join(asked.get(OWN, ()))} |")
    return "\n".join(rows)


def written(page: str) -> str:
    """The page with the matrix as it is now."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{matrix()}\n{END}{rest.partition(END)[2]}"


def _held(role: str, permission: str) -> str:
    if permission not in ROLES[role]:
        return ""
    return "own" if role in ISSUER_ROLES else "yes"


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(each.title() for each in rest)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

"""The tables of the documents are complete, and name nothing that does not exist."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

import click
import pytest

import waypost
from tests.project import commands
from tests.project.documents import ROOT, codes, rows
from waypost.apps import core_app
from waypost.db import OwnedTable, PlatformTable
from waypost.db.bookkeeping import BOOKKEEPING
from waypost.db.tables import ownership
from waypost.graph import CODES
from waypost.http.faults import Code
from waypost.outbox.feeding import FeedItem
from waypost.plugins.manifest import FORM
from waypost.refusal import CODES as REFUSALS
from waypost.refusal import Refusal
from waypost.tenancy import RESERVED
from waypost.tenancy.catalogue import CatalogueKind, SharedKind
from waypost.tenancy.models import TenantFile

DOCS: Final = ROOT / "docs"


def first(document: str, marker: str) -> list[str]:
    """What stands `like this` in the first column of a marked table."""
    return [name for row in rows(DOCS / document, marker) for name in codes(row[0])]


def everything_below(kind: Any) -> Iterator[Any]:
    """Every class of the core that is a kind of this one."""
    for module in pkgutil.walk_packages(waypost.__path__, "waypost."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    waiting = list(kind.__subclasses__())
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        yield found


def test_every_command_is_described_and_none_is_invented() -> None:
    assert sorted(first("operators.md", "commands")) == sorted(name for name, _ in commands.leaves())


@pytest.mark.parametrize(("name", "command"), [pytest.param(*pair, id=pair[0]) for pair in commands.leaves()])
def test_every_command_and_option_says_what_it_does(name: str, command: click.Command) -> None:
    assert command.help, f"{name} has no help"
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{name} {option.opts[0]} has no help"


def test_every_variable_that_the_code_names_is_explained_and_none_is_invented() -> None:
    named = {"WAYPOST_TEST_DATABASE_URL"}
    for folder in (ROOT / "core", *ROOT.glob("plugins/*/waypost_*")):
        for path in folder.rglob("*.py"):
            named |= set(re.findall(r"WAYPOST_[A-Z]+(?:_[A-Z]+)*", path.read_text(encoding="utf-8")))
    assert {name.removesuffix("_FILE") for name in named} == set(first("operators.md", "environment"))


def test_every_platform_table_stands_in_the_documents_with_its_reason() -> None:
    described = {codes(row[0])[0]: row[1] for row in rows(DOCS / "tenancy.md", "platform-tables")}
    every: tuple[type[OwnedTable], ...] = (*BOOKKEEPING, *core_app().tables)
    tables = [table for table in every if issubclass(table, PlatformTable)]
    assert described == {table._meta.tablename: ownership(table).reason for table in tables}


def test_every_key_of_a_manifest_is_explained() -> None:
    assert set(first("partners.md", "keys: manifest")) == set(FORM["properties"])


def test_everything_that_an_item_of_a_feed_has_is_explained() -> None:
    assert sorted(first("hooks.md", "feed-item")) == sorted(each.name for each in fields(FeedItem))


def test_every_key_of_a_tenants_file_is_explained() -> None:
    assert set(first("cities.md", "keys: tenant")) == set(TenantFile.model_fields)


def test_every_key_of_every_catalogue_entry_is_explained() -> None:
    kinds = [*everything_below(CatalogueKind), *everything_below(SharedKind)]
    assert {kind.name for kind in kinds} >= {"organisations", "issuers", "places", "badges", "opportunities"}
    for kind in kinds:
        assert set(first("cities.md", f"keys: {kind.name}")) == set(kind.model.model_fields), kind.name


def test_every_reserved_slug_is_named() -> None:
    _, _, below = (DOCS / "cities.md").read_text(encoding="utf-8").partition("<!-- reserved-slugs -->")
    assert set(codes(below)) == RESERVED


def test_every_error_code_is_explained_and_none_is_invented() -> None:
    described = first("front-ends.md", "error-codes")
    assert len(described) == len(set(described))
    assert set(described) == {*CODES, *REFUSALS, *Code, *refusals(), *codes_in_the_source()}


def refusals() -> set[str]:
    """The codes of all refusals that are types of their own: `SlugTaken` tells SLUG_TAKEN."""
    names = [kind.__name__ for kind in everything_below(Refusal)]
    # `Refused` is always given a code of its own.
    return {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper() for name in names} - {"REFUSED"}


def codes_in_the_source() -> set[str]:
    """Codes that are given in words: `code="SLUG_TAKEN"` in a call, or what a `Fault` of a framework begins with."""
    found = set[str]()
    for path in (ROOT / "core").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            given = [keyword.value for keyword in getattr(call, "keywords", ()) if keyword.arg == "code"]
            if getattr(getattr(call, "func", None), "id", "") == "Fault":
                given += getattr(call, "args", ())[:1]
            words = [str(value.value) for value in given if isinstance(value, ast.Constant)]
            found |= {word for word in words if word.isupper()}
    return found

"""What a plugin adds costs nobody but who asks for it: same statements, as many of them, one schema for all others."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from tests.isolation.documents import Asking, Document, front_ends
from tests.isolation.test_planned_sql import HERE, PLUGINS, SCHEMA, written
from tests.tenancy.test_directory import BRIGHTON
from waypost.cli.parts import parts_of
from waypost.composition import core, schema_of
from waypost.graph import Schema, compose
from waypost.http import Platform
from waypost.settings import Settings

ALONE = compose([core()])
OFF = schema_of(PLUGINS, frozenset())
DOCUMENTS = [each for each in Asking(OFF.core).documents() if each.only in {"", "city"}]


def statements(document: Document, schema: Schema) -> list[str]:
    return [each.sql for each in written(document, HERE, schema=schema)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_a_tenant_without_plugins_is_asked_the_same_whatever_is_installed(document: Document) -> None:
    assert statements(document, OFF) == statements(document, ALONE)


@pytest.mark.parametrize("document", front_ends(), ids=lambda each: each.name)
def test_a_tenant_with_plugins_is_asked_no_more_where_their_fields_are_not_wanted(document: Document) -> None:
    assert statements(document, SCHEMA) == statements(document, ALONE)


def test_tenants_of_the_same_plugins_share_one_schema_whatever_else_is_installed() -> None:
    platform = Platform(Settings(), parts_of(PLUGINS), "postgresql://nowhere")
    without = [platform.graph(replace(BRIGHTON, id=UUID(int=n), plugins=frozenset())).schema for n in range(3)]
    on = frozenset({"badge_nation"})
    with_it = [platform.graph(replace(BRIGHTON, id=UUID(int=n), plugins=on)).schema for n in range(3, 6)]
    assert without[0] is without[1] is without[2]
    assert with_it[0] is with_it[1] is with_it[2]
    assert with_it[0] is not without[0]
    assert without[0].sdl() == ALONE.sdl()

"""The matrix in the documents is the one that holds."""

from __future__ import annotations

from tests.project.permissions import PAGE, commands, fields, matrix, written
from waypost.access.permissions import PERMISSIONS
from waypost.composition import core
from waypost.graph import compose
from waypost.graph.alone import Alone
from waypost.graph.facts import relation_of
from waypost.outbox import OWN


def test_the_matrix_in_the_documents_says_what_holds() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "write it anew: python -m tests.project.permissions"


def test_every_command_asks_for_a_permission_that_there_is() -> None:
    found = commands()
    assert len(found) > 20
    assert {name: may for name, may in found.items() if may not in {*PERMISSIONS, OWN}} == {}


def test_what_people_do_about_themselves_is_in_the_matrix_too() -> None:
    mutations = compose([core()]).core.mutation_type
    assert mutations is not None
    alone = {name for name, field in mutations.fields.items() if isinstance(relation_of(field), Alone)}
    assert {"addAddress", "eraseMe"} <= alone
    row = next(line for line in matrix().splitlines() if line.startswith("| – |"))
    assert [name for name in sorted(alone) if f"`{name}`" not in row] == []


def test_every_field_that_asks_for_a_permission_asks_for_one_that_there_is() -> None:
    found = dict(fields())
    assert found["members"] == "member.read"
    assert set(found.values()) <= {*PERMISSIONS, OWN}

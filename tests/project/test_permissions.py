"""The matrix in the documents is the one that holds."""

from __future__ import annotations

from tests.project.permissions import PAGE, commands, fields, written
from waypost.access.permissions import PERMISSIONS
from waypost.outbox import OWN


def test_the_matrix_in_the_documents_says_what_holds() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "write it anew: python -m tests.project.permissions"


def test_every_command_asks_for_a_permission_that_there_is() -> None:
    found = commands()
    assert len(found) > 20
    assert {name: may for name, may in found.items() if may not in {*PERMISSIONS, OWN}} == {}


def test_every_field_that_asks_for_a_permission_asks_for_one_that_there_is() -> None:
    found = dict(fields())
    assert found["members"] == "member.read"
    assert set(found.values()) <= set(PERMISSIONS)

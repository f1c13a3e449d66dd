"""No table keeps something of a person without saying how that is forgotten."""

from __future__ import annotations

import re
from typing import Final

import pytest
from piccolo.columns import JSON, JSONB, Array, Text, Varchar

from waypost.access.people import normal_address
from waypost.apps import core_app
from waypost.cli.parts import load_plugins
from waypost.composition import personal
from waypost.db import Kind, OwnedTable, Personal, ownership
from waypost.db.bookkeeping import BOOKKEEPING
from waypost.db.personal import LEADS, Finds, undeclared
from waypost.db.security import qualified
from waypost.privacy.rules import read_addresses
from waypost.settings import Settings

PLUGINS: Final = load_plugins(Settings())
DECLARED: Final = personal(PLUGINS)
TABLES: Final[tuple[type[OwnedTable], ...]] = (
    *BOOKKEEPING,
    *(table for app in (core_app(), *PLUGINS.apps()) for table in app.tables),
)
# Names that a column has where it holds something of a person, or leads to one.
OF_PEOPLE: Final = re.compile(
    r"(.*_)?(person|recipient|learner|guardian|invited_by|member|email|phone|digest|display_name|birth_\w+)(_id|_by|_address)?"
)
# What sounds like it, and is about no person.
OF_NOBODY: Final = {
    ("invitation", "member_id"): "A membership, which goes itself.",
    ("migration", "digest"): "Of a file.",
    ("feed_row", "digest"): "Of what a feed says of a place or of something to take part in.",
}


def columns(table: type[OwnedTable]) -> list[str]:
    return [column._meta.name for column in table._meta.columns]


def words(table: type[OwnedTable]) -> set[str]:
    """The columns that could hold words."""
    kinds = (Text, Varchar, JSON, JSONB, Array)
    return {column._meta.name for column in table._meta.columns if isinstance(column, kinds)}


@pytest.mark.parametrize("table", TABLES, ids=qualified)
def test_a_column_that_leads_to_a_person_is_declared(table: type[OwnedTable]) -> None:
    """Whoever adds such a column says in the room's forgetting.py what becomes of it."""
    name = table._meta.tablename
    assert undeclared(table, DECLARED, lambda c: OF_PEOPLE.fullmatch(c) and (name, c) not in OF_NOBODY) == []


def test_what_plugins_are_held_to_is_a_part_of_that() -> None:
    assert all(OF_PEOPLE.fullmatch(name) for name in LEADS)


@pytest.mark.parametrize("table", [each for each in TABLES if ownership(each).kind is Kind.PERSON], ids=qualified)
def test_what_belongs_to_a_person_alone_goes_with_them(table: type[OwnedTable]) -> None:
    mine = [each for each in DECLARED if each.table is table]
    assert [(dict(each.by), dict(each.emptied), each.stays) for each in mine] == [({"person_id": Finds.PERSON}, {}, "")]


@pytest.mark.parametrize("kept", DECLARED, ids=lambda each: qualified(each.table))
def test_words_in_a_row_that_stays_are_emptied_or_said_to_be_none(kept: Personal) -> None:
    """A row that stays may keep codes; every other column of text is emptied."""
    assert kept.table in TABLES
    assert {*kept.by, *kept.emptied, *kept.kept, *kept.secret} <= set(columns(kept.table))
    if kept.emptied:
        assert words(kept.table) - set(kept.emptied) - kept.kept == set()
    assert not (kept.emptied and kept.stays)


@pytest.mark.parametrize("kept", DECLARED, ids=lambda each: qualified(each.table))
def test_an_address_beside_a_person_finds_rows_of_nobody_else(kept: Personal) -> None:
    """Where a row can say whose it is, that goes before its address, which may have changed hands."""
    addresses = {column for column, finds in kept.by.items() if finds == Finds.ADDRESS}
    if any(finds == Finds.PERSON for finds in kept.by.values()):
        assert set(kept.owners) == addresses
    assert {kept.by[owner] for owner in kept.owners.values()} <= {Finds.PERSON}


def test_addresses_are_compared_in_the_form_in_which_they_are_kept() -> None:
    typed = (" Ada@Example.org", "ADA@example.org", "ada@\uff25xample.org", "bob@example.org")
    assert read_addresses(typed) == ("ada@example.org", "bob@example.org")
    assert {normal_address(each) for each in typed} == set(read_addresses(typed))


@pytest.mark.parametrize("kept", [each for each in DECLARED if ownership(each.table).kind is Kind.PLATFORM])
def test_the_platform_may_forget_what_it_keeps(kept: Personal) -> None:
    needed = {"SELECT"} | (set() if kept.stays else {"UPDATE"} if kept.emptied else {"DELETE"})
    assert needed <= ownership(kept.table).grants["system"]


def test_what_finds_a_person_goes_last_and_doors_close_first() -> None:
    assert DECLARED
    assert {each.table._meta.tablename for each in DECLARED if each.door} >= {"token", "session", "person"}
    assert not [each for each in DECLARED if each.table._meta.tablename == "identity" and each.door]

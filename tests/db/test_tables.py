from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from piccolo.columns import UUID, Boolean, Text

from tests.db.conftest import Yard
from tests.db.tables import Colour, Diary, Door, Draft, Note, NoteColour, SignIn
from waypost.db import (
    App,
    City,
    Kind,
    Learner,
    PersonTable,
    PlatformTable,
    ReferenceTable,
    TenantTable,
    Unsupported,
    fetch,
    ownership,
)


def names(table: type[TenantTable]) -> set[str]:
    return {column._meta.name for column in table._meta.columns}


def test_a_table_says_by_its_base_whose_rows_it_holds() -> None:
    assert ownership(Note).key == ("tenant_id", "id")
    assert ownership(NoteColour).key == ("tenant_id", "note_id", "colour_code")
    assert ownership(Diary).key == ("person_id", "id")
    assert ownership(SignIn).key == ("person_id",)
    assert ownership(Colour).key == ("code",)
    assert [ownership(table).kind for table in (Note, Diary, Colour, Door)] == list(Kind)
    assert [ownership(table).public for table in (Note, Draft)] == [True, False]


def test_a_table_without_an_id_gets_none_from_piccolo() -> None:
    assert names(NoteColour) == {"tenant_id", "note_id", "colour_code", "weight"}
    assert names(Note) == {"tenant_id", "id", "title", "words", "public"}


def test_an_id_declared_by_hand_is_time_ordered_too() -> None:
    class Declared(TenantTable):
        id = UUID()

    assert Declared(tenant_id=uuid4()).id.version == 7


def test_nothing_is_made_up_where_no_value_was_given() -> None:
    class Loose(TenantTable):
        other_id = UUID()
        words = Text(null=True)
        link_id = UUID(null=True)

    row = Loose(tenant_id=uuid4(), other_id=uuid4())
    assert [row.to_dict()[name] for name in ("words", "link_id")] == [None, None]
    with pytest.raises(ValueError, match="other_id wasn't provided"):
        Loose(tenant_id=uuid4())
    with pytest.raises(ValueError, match="tenant_id wasn't provided"):
        Loose(other_id=uuid4())


def test_a_declaration_that_its_kind_does_not_allow_is_refused() -> None:
    with pytest.raises(TypeError, match="says why it is one"):

        class NoReason(PlatformTable, grants={"city": "SELECT"}):
            pass

    with pytest.raises(TypeError, match="follow from its kind"):

        class Granted(TenantTable, grants={"national": "SELECT"}):
            pass

    with pytest.raises(TypeError, match="follow from its kind"):

        class Written(ReferenceTable, grants={"city": "INSERT"}):
            pass

    with pytest.raises(TypeError, match="belong to platform tables"):

        class Tenanted(PersonTable, tenant_policy=True):
            pass

    with pytest.raises(TypeError, match="the scope 'town'"):

        class Town(PlatformTable, grants={"town": "SELECT"}, reason="x"):
            pass

    with pytest.raises(TypeError, match="TRUNCATE"):

        class Emptied(PlatformTable, grants={"city": "TRUNCATE"}, reason="x"):
            pass

    with pytest.raises(TypeError, match="the key names part"):

        class Keyless(TenantTable, key=("part",)):
            pass

    with pytest.raises(TypeError, match=r'^Lettered: the key is a tuple of names; of one alone: key=\("badge_id",\)$'):

        class Lettered(TenantTable, key="badge_id"):
            badge_id = UUID()


@pytest.mark.parametrize("name", ["tables", "extensions", "personal"])
def test_an_app_with_one_alone_is_told_how_to_write_a_tuple(name: str) -> None:
    with pytest.raises(TypeError, match=rf"^{name} of the app tide is a tuple; of one alone: {name}=\(…,\)$"):
        App("tide", Path(), **{name: Note})  # type: ignore[arg-type]  # as a plugin may


def test_public_is_only_for_tables_of_tenants() -> None:
    class Shown(PlatformTable, reason="x"):
        public = Boolean(default=False)

    assert not ownership(Shown).public


async def test_a_row_is_saved_read_and_removed_by_its_whole_key(yard: Yard) -> None:
    tenant = uuid4()
    async with yard.database.transaction(City(tenant)):
        note = Note(title="one")
        await note.save()
        first = NoteColour(note_id=note.id, colour_code="red")
        second = NoteColour(note_id=note.id, colour_code="blue")
        await yard.admin.execute("INSERT INTO colour VALUES ('red', 'Red'), ('blue', 'Blue')")
        await NoteColour.insert(first, second)
        first = (await NoteColour.objects().where(NoteColour.colour_code == "red"))[0]
        first.weight = 5
        await first.save()
        assert await NoteColour.select(NoteColour.weight).order_by(NoteColour.weight) == [
            {"weight": 0},
            {"weight": 5},
        ]
        await first.remove()
        assert [row["colour_code"] for row in await fetch("SELECT * FROM note_colour")] == ["blue"]
        note.title = "two"
        await note.save()
        assert (await note.refresh()).title == "two"


async def test_what_piccolo_would_do_with_a_part_of_the_key_is_refused(yard: Yard) -> None:
    async with yard.database.transaction(City(uuid4())):
        row = NoteColour(note_id=uuid4(), colour_code="red")
        for act in (row.refresh, lambda: row.update_self({NoteColour.weight: 1})):
            with pytest.raises(Unsupported, match="note_colour"):
                act()


async def test_the_tenant_of_a_new_row_is_the_current_citys(yard: Yard) -> None:
    tenant = uuid4()
    async with yard.database.transaction(City(tenant)):
        assert Note(title="x").tenant_id == tenant
    async with yard.database.transaction(Learner(uuid4())):
        with pytest.raises(ValueError, match="tenant_id wasn't provided"):
            Note(title="x")

"""Every change that somebody makes leaves a trace, which nobody changes and which holds no value."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

import asyncpg
import pytest

from tests.db.conftest import Yard
from tests.db.tables import Draft, Note, NoteColour
from waypost.db import Actor, City, National, System, ownership
from waypost.db.errors import AnotherScope
from waypost.db.sql import execute, fetch
from waypost.db.tables import PlatformTable, TenantTable
from waypost.db.transaction import act_as, current

HERE, THERE = City(UUID(int=1)), City(UUID(int=2))
SOMEBODY = Actor(UUID(int=11), "updateNote", "curator", UUID(int=12))
SECRET = "a word that nobody may find"
READ = "SELECT * FROM audit ORDER BY id"


async def act(yard: Yard, *statements: str, actor: Actor | None = SOMEBODY, city: City = HERE) -> list[asyncpg.Record]:
    """Run statements in the name of somebody; answers the whole trace of the city."""
    async with yard.database.transaction(city, actor):
        for sql in statements:
            await execute(sql)
    async with yard.database.transaction(city):
        return await fetch(READ)


INSERT = f"INSERT INTO note (tenant_id, id, title) VALUES ('{HERE.tenant}', '{UUID(int=21)}', '{SECRET}')"
CHANGE = f"UPDATE note SET words = '{SECRET}', public = true"


async def test_a_change_leaves_who_what_and_which_columns(yard: Yard) -> None:
    found = await act(yard, INSERT, CHANGE, "DELETE FROM note")
    assert [(row["verb"], row["changed"]) for row in found] == [
        ("insert", ["id", "public", "title", "title_lower"]),
        ("update", ["public", "words"]),
        ("delete", []),
    ]
    for row in found:
        assert (row["tenant_id"], row["table_name"], row["row_id"]) == (HERE.tenant, "note", UUID(int=21))
        assert (row["person_id"], row["act"]) == (SOMEBODY.person, "updateNote")
        assert (row["role"], row["token_id"]) == ("curator", UUID(int=12))
        assert SECRET not in str(dict(row))
    assert [row["id"].version for row in found] == [7, 7, 7]


async def test_what_changes_nothing_leaves_nothing(yard: Yard) -> None:
    assert len(await act(yard, INSERT, "UPDATE note SET title = title", "UPDATE note SET words = NULL")) == 1


async def test_files_and_feeds_leave_no_trace(yard: Yard) -> None:
    await act(yard, INSERT, actor=SOMEBODY)
    assert len(await act(yard, CHANGE, actor=None)) == 1  # also on the connection where somebody acted before


async def test_a_database_on_behalf_of_somebody_leaves_their_trace(yard: Yard) -> None:
    assert Actor.read(str(SOMEBODY)) == SOMEBODY
    assert Actor.read(str(Actor(UUID(int=11), "aJob"))) == Actor(UUID(int=11), "aJob")
    theirs = yard.database.on_behalf_of(SOMEBODY)
    async with theirs.transaction(HERE):
        await execute(INSERT)
    async with theirs.transaction(HERE, Actor(UUID(int=13), "another")):
        await execute(CHANGE)
    async with yard.database.transaction(HERE):
        await execute("DELETE FROM note")
        found = await fetch(READ)
    assert [(row["person_id"].int, row["act"], row["verb"]) for row in found] == [
        (11, "updateNote", "insert"),
        (13, "another", "update"),
    ]


async def test_a_side_row_is_known_by_the_first_id_of_its_key(yard: Yard) -> None:
    note = UUID(int=21)
    await yard.admin.execute("INSERT INTO colour VALUES ('red', 'Red')")
    side = f"INSERT INTO note_colour VALUES ('{HERE.tenant}', '{note}', 'red', 3)"
    _, found = await act(yard, INSERT, side)
    assert (found["table_name"], found["row_id"]) == ("note_colour", note)
    assert "red" not in str(dict(found))
    assert ownership(NoteColour).traced_by == "note_id"


async def test_what_a_foreign_key_takes_along_is_traced_too(yard: Yard) -> None:
    """The server follows foreign keys with the owner's rights."""
    await yard.admin.execute(
        "ALTER TABLE draft ADD FOREIGN KEY (tenant_id, id) REFERENCES note (tenant_id, id) ON DELETE CASCADE"
    )
    draft = INSERT.replace("note", "draft")
    found = await act(yard, INSERT, draft, "DELETE FROM note")
    assert sorted((row["table_name"], row["verb"]) for row in found[2:]) == [("draft", "delete"), ("note", "delete")]


async def test_what_was_undone_has_left_no_trace(yard: Yard) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        await act(yard, INSERT, "SELECT 1 / 0")
    assert await act(yard) == []


ENTRY = (
    "INSERT INTO audit (tenant_id, id, at, person_id, act, table_name, verb, changed) "
    f"VALUES ('{HERE.tenant}', '{UUID(int=31)}', now(), '{UUID(int=32)}', 'x', 'note', 'insert', '{{}}')"
)
ATTACKS = (
    "UPDATE audit SET person_id = id",
    "UPDATE audit SET act = 'nothing' WHERE verb = 'insert'",
    "DELETE FROM audit",
    "TRUNCATE audit",
    "TRUNCATE note CASCADE",
    "SELECT * FROM audit FOR UPDATE",
    ENTRY,
    f"{ENTRY} ON CONFLICT (tenant_id, id) DO UPDATE SET act = 'y'",
    "MERGE INTO audit USING note ON true WHEN MATCHED THEN DELETE",
    "ALTER TABLE note DISABLE TRIGGER audit",
    "DROP TRIGGER audit ON note",
    "DROP FUNCTION audit_row CASCADE",
    "DROP TABLE audit",
    "SET session_replication_role = replica",
    "SET ROLE waypost_owner",
    "CREATE TEMP TABLE t (id uuid); CREATE TRIGGER t AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION audit_row('id')",
)


@pytest.mark.parametrize("sql", ATTACKS, ids=[sql[:45] for sql in ATTACKS])
async def test_nobody_changes_or_invents_what_was_written(yard: Yard, sql: str) -> None:
    before = await act(yard, INSERT)
    for scope in (HERE, National(), System("tests")):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with yard.database.transaction(scope, SOMEBODY if scope == HERE else None):
                await execute(sql)
    assert await act(yard) == before


async def test_an_entry_is_refused_by_the_policy_alone(yard: Yard) -> None:
    """The attack above is believed because it succeeds without the policy."""
    anybody = f"(tenant_id = '{HERE.tenant}')"
    right = await yard.admin.fetchval(
        "SELECT pg_get_expr(polwithcheck, polrelid) FROM pg_policy WHERE polname = 'city_insert'"
        " AND polrelid = 'audit'::regclass"
    )
    async with yard.spoilt(
        f"ALTER POLICY city_insert ON audit WITH CHECK ({anybody})",
        f"ALTER POLICY city_insert ON audit WITH CHECK ({right})",
    ):
        assert len(await act(yard, ENTRY)) == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await act(yard, ENTRY.replace(str(UUID(int=31)), str(UUID(int=33))))


async def test_a_city_reads_its_own_trace_alone(yard: Yard) -> None:
    await act(yard, INSERT)
    assert await act(yard, actor=None, city=THERE) == []
    for scope in (National(), System("tests")):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with yard.database.transaction(scope):
                await fetch(READ)


async def test_a_transaction_has_one_actor(yard: Yard) -> None:
    other = Actor(UUID(int=13), "deleteNote")
    async with yard.database.transaction(HERE, SOMEBODY):
        async with yard.database.transaction(HERE):
            await execute(INSERT)
        with pytest.raises(AnotherScope):
            async with yard.database.transaction(HERE, other):
                pass
    assert [row["act"] for row in await act(yard)] == ["updateNote"]


async def test_who_acts_as_something_from_within_is_known_as_that_without_unless_it_was_undone(yard: Yard) -> None:
    async def roles() -> list[str | None]:
        actor = current().actor
        assert actor is not None
        (row,) = await fetch("SELECT current_setting('app.actor') AS actor")
        return [actor.role, row["actor"].split(" ")[2]]

    async with yard.database.transaction(HERE, SOMEBODY):
        with suppress(LookupError):
            async with yard.database.transaction(HERE):
                await act_as("city-admin")
                raise LookupError
        assert await roles() == ["curator", "curator"]
        async with yard.database.transaction(HERE):
            async with yard.database.transaction(HERE):
                await act_as("city-admin")
            assert await roles() == ["city-admin", "city-admin"]
        assert await roles() == ["city-admin", "city-admin"]


@pytest.mark.parametrize(
    ("act_name", "role"), [("x'; DROP TABLE note; --", None), ("", None), ("a b", None), ("ok", "o'r"), ("ok", "a b")]
)
def test_what_is_no_short_name_is_refused(act_name: str, role: str | None) -> None:
    with pytest.raises(ValueError, match="no name"):
        Actor(UUID(int=1), act_name, role)


def test_only_tables_of_tenants_are_traced_and_say_why_not() -> None:
    class Derived(TenantTable, unaudited="Follows from others."):
        pass

    assert ownership(Derived).traced_by is None
    assert ownership(Note).traced_by == ownership(Draft).traced_by == "id"
    with pytest.raises(TypeError, match="belong to tenant tables"):

        class Wrong(PlatformTable, reason="A queue.", unaudited="No."):
            pass

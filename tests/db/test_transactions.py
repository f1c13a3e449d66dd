from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import uuid4

import asyncpg
import pytest

from tests.db.conftest import Yard
from tests.db.drafts import ADD, ELSEWHERE, HERE, titles
from tests.db.tables import Colour, Draft, Note, NoteColour
from waypost.db import (
    AnotherScope,
    City,
    Learner,
    National,
    NoScope,
    TransactionAborted,
    Unsupported,
    copy,
    current_scope,
    execute,
    executemany,
    fetch,
    fetchrow,
    fetchval,
    new_id,
    one_at_a_time,
    transaction,
)
from waypost.db.connections import LOST
from waypost.db.engine import ENGINE

# --- No scope -----------------------------------------------------------------------------------


async def test_a_query_outside_a_transaction_is_an_error_and_no_empty_answer(yard: Yard) -> None:
    for query in (Draft.select(), Draft(tenant_id=HERE, title="x").save(), Draft.raw("SELECT 1"), Draft.count()):
        with pytest.raises(NoScope, match=r"database\.transaction"):
            await query
    for act in (fetch, fetchrow, fetchval, execute):
        with pytest.raises(NoScope):
            await act("SELECT 1")
    with pytest.raises(NoScope):
        await executemany("SELECT $1", [(1,)])
    with pytest.raises(NoScope):
        await copy(Draft, ["id"], [])
    with pytest.raises(NoScope):
        current_scope()


async def test_the_login_itself_may_touch_nothing(yard: Yard) -> None:
    connection = await asyncpg.connect(yard.app_url)
    try:
        for table in ("note", "draft", "colour", "diary", "door", "migration"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await connection.fetch(f"SELECT * FROM {table}")
    finally:
        await connection.close()


async def test_a_city_role_without_a_tenant_sees_nothing(yard: Yard) -> None:
    await yard.admin.execute(ADD, HERE, new_id(), "x")
    connection = await asyncpg.connect(yard.app_url)
    try:
        await connection.execute("SET ROLE waypost_city")
        assert await connection.fetch("SELECT * FROM draft") == []
    finally:
        await connection.close()


def test_every_way_around_the_transaction_is_closed() -> None:
    for way in (ENGINE.transaction, ENGINE.atomic, Draft.create_table):
        with pytest.raises(Unsupported):
            way()


async def test_no_way_of_the_engine_leads_to_a_connection_of_its_own(yard: Yard) -> None:
    async with yard.database.transaction(City(HERE)):
        with pytest.raises(Unsupported, match="batch"):
            await Draft.select().batch()
        for way in (
            ENGINE.get_new_connection,
            ENGINE.start_connection_pool,
            ENGINE.close_connection_pool,
            ENGINE.prep_database,
            ENGINE.get_version,
        ):
            with pytest.raises(Unsupported):
                await way()


# --- Commit and rollback ------------------------------------------------------------------------


async def test_what_is_written_stands_after_the_end_and_not_after_an_exception(yard: Yard) -> None:
    async with yard.database.transaction(City(HERE)):
        await Draft(title="kept").save()

    async def fails() -> None:
        async with yard.database.transaction(City(HERE)):
            await Draft(title="lost").save()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    assert await titles(yard.database) == {"kept"}


async def test_an_error_that_was_swallowed_is_told_at_the_end(yard: Yard) -> None:
    async def swallows() -> None:
        async with yard.database.transaction(City(HERE)):
            await Draft(title="lost").save()
            with suppress(asyncpg.PostgresError):
                await execute("SELECT 1 / 0")

    with pytest.raises(TransactionAborted):
        await swallows()
    assert await titles(yard.database) == set()


async def test_a_fault_found_at_commit_is_raised_and_the_connection_is_not_spoilt(yard: Yard) -> None:
    await yard.admin.execute("INSERT INTO colour VALUES ('red', 'Red')")
    for _ in range(3):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            async with yard.database.transaction(City(HERE)):
                await NoteColour(note_id=new_id(), colour_code="red").save()
    assert await titles(yard.database) == set()


async def test_the_session_is_fresh_whatever_was_done_to_it_before(yard: Yard) -> None:
    for _ in range(3):
        async with yard.database.transaction(City(HERE)) as transaction:
            assert await fetchval("SHOW work_mem") != "1MB"
            assert await fetchval("SELECT to_regclass('pg_temp.left_over')") is None
            assert await fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
            await transaction.connection.execute(
                "SET work_mem = '1MB'; CREATE TEMPORARY TABLE left_over (); SELECT pg_advisory_lock(1)"
            )


async def test_one_thing_is_done_by_one_transaction_at_a_time(yard: Yard) -> None:
    """In whatever scopes they are; another thing waits for nobody."""
    order: list[str] = []
    holding, free = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with yard.database.transaction(City(HERE)):
            await one_at_a_time("thing", 1)
            holding.set()
            await free.wait()
            order.append("first")

    async def second() -> None:
        async with yard.database.transaction(National()):
            await one_at_a_time("thing", 1)
            order.append("second")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(first())
        await holding.wait()
        tasks.create_task(second())
        async with yard.database.transaction(City(HERE)):
            await one_at_a_time("thing", 2)
            order.append("another")
        free.set()
    assert order == ["another", "first", "second"]
    with pytest.raises(NoScope):
        await one_at_a_time("thing", 1)


async def test_nobody_waits_for_ever_for_what_another_holds(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """But who says that they have patience."""
    monkeypatch.setattr(transaction, "LOCK_TIMEOUT_S", 1)
    holding, free = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with yard.database.transaction(City(HERE)):
            await one_at_a_time("thing", 1)
            holding.set()
            await free.wait()

    async def patient() -> None:
        async with yard.database.transaction(National()):
            await one_at_a_time("thing", 1, patient=True)
            assert free.is_set()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(first())
        await holding.wait()
        tasks.create_task(patient())
        with pytest.raises(asyncpg.LockNotAvailableError):
            async with yard.database.transaction(City(ELSEWHERE)):
                await one_at_a_time("thing", 1)
        free.set()


async def test_who_forgot_a_transaction_holds_nothing_for_ever(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "IDLE_TIMEOUT_S", 1)

    async def forgets() -> None:
        async with yard.database.transaction(City(HERE)):
            await Draft(title="lost").save()
            await asyncio.sleep(1.2)
            await Draft(title="too").save()

    for _ in range(3):
        with pytest.raises((asyncpg.PostgresError, *LOST)):
            await forgets()
    assert await titles(yard.database) == set()


async def test_sessions_speak_utc(yard: Yard) -> None:
    async with yard.database.transaction(National()):
        assert await fetchval("SELECT '2026-07-01 12:00+01'::timestamptz::text") == "2026-07-01 11:00:00+00"


# --- Nested -------------------------------------------------------------------------------------


async def test_a_transaction_inside_one_of_the_same_scope_can_fail_alone(yard: Yard) -> None:
    async def fails() -> None:
        async with yard.database.transaction(City(HERE)):
            await Draft(title="inner").save()
            async with yard.database.transaction(City(HERE)):
                await execute("SELECT 1 / 0")

    async with yard.database.transaction(City(HERE)):
        await Draft(title="outer").save()
        with pytest.raises(asyncpg.DivisionByZeroError):
            await fails()
        async with yard.database.transaction(City(HERE)):
            await Draft(title="second").save()
    assert await titles(yard.database) == {"outer", "second"}


@pytest.mark.parametrize("scope", [City(ELSEWHERE), National(), Learner(HERE)])
async def test_a_transaction_inside_one_of_another_scope_is_refused(
    yard: Yard, scope: City | National | Learner
) -> None:
    async with yard.database.transaction(City(HERE)):
        await Draft(title="mine").save()
        with pytest.raises(AnotherScope):
            async with yard.database.transaction(scope):
                raise AssertionError
        assert current_scope() == City(HERE)
    assert await titles(yard.database) == {"mine"}


async def test_an_outer_query_waits_for_the_level_inside(yard: Yard) -> None:
    """Else it would be undone with it."""
    async with yard.database.transaction(City(HERE)):
        inside = asyncio.Event()

        async def fails() -> None:
            async with yard.database.transaction(City(HERE)):
                inside.set()
                await asyncio.sleep(0.05)
                raise ZeroDivisionError

        async def writes() -> None:
            await inside.wait()
            await Draft(title="beside").save()

        outcomes = await asyncio.gather(fails(), writes(), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ZeroDivisionError, type(None)]
    assert await titles(yard.database) == {"beside"}


# --- Many rows ----------------------------------------------------------------------------------


async def test_copied_rows_pass_the_policies(yard: Yard) -> None:
    columns = ["tenant_id", "id", "title", "words"]
    async with yard.database.transaction(City(HERE)):
        assert await copy(Note, columns, [(HERE, new_id(), f"{n}", None) for n in range(500)]) == 500
        assert await Note.count() == 500
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with yard.database.transaction(City(HERE)):
            await copy(Note, columns, [(ELSEWHERE, uuid4(), "foreign", None)])


async def test_reference_rows_are_read_by_piccolo_in_any_scope(yard: Yard) -> None:
    await yard.admin.execute("INSERT INTO colour VALUES ('red', 'Red')")
    for scope in (City(HERE), National(), Learner(HERE)):
        async with yard.database.transaction(scope):
            assert await Colour.select() == [{"code": "red", "name": "Red"}]

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from tests.db.conftest import Yard
from waypost.db import City, Database, Learner, National, System, new_id

HERE, ELSEWHERE = UUID(int=1), UUID(int=2)
PID = "SELECT pg_backend_pid()::text"


@pytest.fixture
async def one(yard: Yard) -> AsyncIterator[Database]:
    """A database with a single connection for reading, four statements and little patience."""
    async with await Database.open(yard.app_url, pool_size=1, timeout_ms=300, statements=4) as database:
        yield database


async def test_the_lane_answers_text_in_scope(yard: Yard) -> None:
    await yard.admin.execute("INSERT INTO draft VALUES ($1, $2, 'mine'), ($3, $2, 'theirs')", HERE, new_id(), ELSEWHERE)
    sql = "SELECT string_agg(title, ',') FROM draft WHERE tenant_id = ANY($1)"
    read = yard.database.reads.read
    assert await read(City(HERE), sql, [[HERE, ELSEWHERE]]) == "mine"
    assert await read(City(ELSEWHERE), sql, [[HERE, ELSEWHERE]]) == "theirs"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await read(National(), sql, [[HERE]])
    assert await read(National(), "SELECT NULL::text") is None
    assert await read(National(), "SELECT 'x' WHERE false") is None


async def test_the_lane_cannot_write(yard: Yard) -> None:
    sql = "INSERT INTO draft (tenant_id, id, title) VALUES ($1, $2, 'x') RETURNING title"
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await yard.database.reads.read(City(HERE), sql, [HERE, new_id()])


async def test_rows_are_answered_too(yard: Yard) -> None:
    await yard.admin.execute("INSERT INTO sign_in VALUES ($1, 's')", HERE)
    rows = await yard.database.reads.rows(System("sign-in"), "SELECT secret FROM sign_in WHERE person_id = $1", [HERE])
    assert [row["secret"] for row in rows] == ["s"]
    assert await yard.database.reads.rows(Learner(ELSEWHERE), "SELECT secret FROM sign_in") == []


async def test_several_statements_share_one_transaction(one: Database) -> None:
    async with one.reads.open(City(HERE)) as read:
        first = await read("SELECT pg_backend_pid() || ' ' || now()", [])
        assert await read("SELECT pg_backend_pid() || ' ' || now()", []) == first


async def test_a_connection_comes_back_with_its_plans_last_in_first_out(yard: Yard) -> None:
    database = yard.database
    pids = {await database.reads.read(National(), PID) for _ in range(10)}
    assert len(pids) == 1
    slowly = "SELECT pg_sleep(0.05)::text || pg_backend_pid()"
    both = await asyncio.gather(*(database.reads.read(National(), slowly) for _ in range(2)))
    assert len(set(both)) == 2


async def test_statements_are_given_up_least_recently_used_first(one: Database) -> None:
    count = "SELECT count(*)::text FROM pg_prepared_statements WHERE statement LIKE 'SELECT ''n%'"
    for n in range(20):
        assert await one.reads.read(City(HERE), f"SELECT 'n{n}'") == f"n{n}"
    assert int(await one.reads.read(City(HERE), count) or 0) <= 4
    assert await one.reads.read(City(HERE), count.replace("count(*)::text", "max(statement)")) == "SELECT 'n19'"


async def test_a_statement_over_its_time_is_broken_off(one: Database) -> None:
    pid = await one.reads.read(National(), PID)
    with pytest.raises(asyncpg.QueryCanceledError):
        await one.reads.read(National(), "SELECT pg_sleep(30)::text")
    assert await one.reads.read(National(), PID) == pid


async def test_an_error_leaves_no_aborted_transaction_to_the_next(one: Database) -> None:
    for _ in range(3):
        with pytest.raises(asyncpg.DivisionByZeroError):
            await one.reads.read(City(HERE), "SELECT (1 / $1)::text", [0])
        with pytest.raises(asyncpg.DataError):
            await one.reads.read(City(HERE), "SELECT (1 / $1)::text", ["no number"])
        with pytest.raises(ZeroDivisionError):
            async with one.reads.open(City(HERE)):
                raise ZeroDivisionError
        assert await one.reads.read(City(ELSEWHERE), "SELECT (1 / $1)::text", [1]) == "1"


async def test_a_cancelled_read_is_closed_and_never_returned(one: Database, yard: Yard) -> None:
    for _ in range(3):
        before = await one.reads.read(National(), PID)
        task = asyncio.create_task(one.reads.read(City(HERE), "SELECT pg_sleep(30)::text"))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await one.reads.read(City(ELSEWHERE), "SELECT current_setting('app.tenant_id')") == str(ELSEWHERE)
        assert await one.reads.read(National(), PID) != before
    async with asyncio.timeout(5):
        while await yard.open_transactions():  # noqa: ASYNC110 - the last read rests for a moment
            await asyncio.sleep(0.005)


async def test_what_rests_after_a_read_is_ended_by_the_next_or_soon_by_itself(one: Database, yard: Yard) -> None:
    """An open transaction stands in the way of migrations, so it is open for a moment only."""
    before = await one.reads.read(National(), PID)
    for n in range(20):
        scope = City(HERE) if n % 2 else National()
        assert await one.reads.read(scope, PID) == before
    async with asyncio.timeout(5):
        while await yard.open_transactions():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
    assert await one.reads.read(National(), PID) == before


async def test_more_readers_than_connections_wait_for_their_turn(one: Database) -> None:
    async with asyncio.timeout(5):
        answers = await asyncio.gather(*(one.reads.read(National(), "SELECT $1::text", [str(n)]) for n in range(50)))
    assert answers == [str(n) for n in range(50)]


async def test_after_a_lost_connection_the_next_read_works(yard: Yard, one: Database) -> None:
    for _ in range(2):
        assert await one.reads.read(National(), "SELECT 'x'") == "x"
        assert await yard.break_connections() > 0
    assert await one.reads.read(National(), "SELECT 'x'") == "x"


async def test_a_migration_under_a_prepared_statement_is_noticed_once(yard: Yard, one: Database) -> None:
    sql = "SELECT title FROM draft LIMIT 1"
    await yard.admin.execute("INSERT INTO draft VALUES ($1, $2, 'x')", HERE, new_id())
    assert await one.reads.read(City(HERE), sql) == "x"
    await yard.admin.execute("ALTER TABLE draft ALTER title TYPE varchar(200)")
    assert await one.reads.read(City(HERE), sql) == "x"


async def test_the_session_speaks_utc_without_compiling(one: Database) -> None:
    assert await one.reads.read(National(), "SELECT current_setting('timezone') || current_setting('jit')") == "UTCoff"

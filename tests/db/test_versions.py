"""Catalogues move on with every write, and every process hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.waiting import until
from waypost.db import City, Database, Learner, System, TransactionAborted, execute, fetchval, move_shared
from waypost.db.errors import AnotherScope
from waypost.db.migrate import owner
from waypost.db.scope import SHARED

EVENT = """
INSERT INTO event (tenant_id, id, type, object_type, object_id) VALUES ($1, gen_random_uuid(), 't', 'T', $1)
"""


async def write(database: Database, tenant: UUID) -> None:
    async with database.transaction(City(tenant)):
        await execute(EVENT, tenant)


async def stored(admin_url: str, tenant: UUID) -> int | None:
    connection = await asyncpg.connect(admin_url)
    try:
        version: int | None = await connection.fetchval(
            "SELECT version FROM catalogue_version WHERE tenant_id = $1", tenant
        )
    finally:
        await connection.close()
    return version


@pytest.fixture
async def other(app_url: str) -> AsyncIterator[Database]:
    """Another process's view of the same database, which follows its moves."""
    async with await Database.open(app_url, pool_size=2) as opened, opened.versions.followed():
        await until(lambda: opened.versions.known)
        yield opened


async def test_every_write_moves_its_tenant_on_by_one_and_no_other(database: Database, admin_url: str) -> None:
    here, there = uuid4(), uuid4()
    await write(database, here)
    await write(database, here)
    await write(database, there)
    assert await stored(admin_url, here) == database.versions.of(here) == 2
    assert await stored(admin_url, there) == database.versions.of(there) == 1


async def test_a_transaction_with_many_writes_and_savepoints_moves_once(database: Database) -> None:
    here = uuid4()
    async with database.transaction(City(here)):
        for _ in range(3):
            async with database.transaction(City(here)):
                await execute(EVENT, here)
    assert database.versions.of(here) == 1


async def test_who_only_reads_moves_nothing(database: Database, admin_url: str) -> None:
    here = uuid4()
    async with database.transaction(City(here)):
        assert await fetchval("SELECT count(*) FROM event WHERE tenant_id = $1", here) == 0
    assert database.versions.of(here) == 0
    assert await stored(admin_url, here) is None


async def broken_off(database: Database, here: UUID) -> None:
    async with database.transaction(City(here)):
        await execute(EVENT, here)
        raise ZeroDivisionError


async def swallowed(database: Database, here: UUID) -> None:
    async with database.transaction(City(here)):
        await execute(EVENT, here)
        with suppress(asyncpg.UndefinedTableError):
            await execute("SELECT * FROM nowhere")


async def test_what_is_rolled_back_or_refused_moves_nothing(database: Database, admin_url: str) -> None:
    here = uuid4()
    with pytest.raises(ZeroDivisionError):
        await broken_off(database, here)
    with pytest.raises(TransactionAborted):
        await swallowed(database, here)
    assert database.versions.of(here) == 0
    assert await stored(admin_url, here) is None


async def test_what_all_share_moves_with_imports_and_shared_jobs_alone(database: Database, admin_url: str) -> None:
    before = await stored(admin_url, SHARED) or 0
    async with owner(admin_url) as connection:
        await connection.execute("UPDATE standard SET name = name")
    async with database.transaction(System("tenants.apply", shared=True)):
        await execute("UPDATE tenant SET name = name")
        await execute("INSERT INTO person (id) VALUES (gen_random_uuid())")
    async with database.transaction(System("sign-in")):
        await execute("INSERT INTO person (id) VALUES (gen_random_uuid())")
    person = uuid4()
    async with database.transaction(Learner(person)):
        await execute("INSERT INTO person_profile (person_id, name) VALUES ($1, 'Ada')", person)
    assert await stored(admin_url, SHARED) == before + 2


async def test_another_process_hears_of_a_move(database: Database, other: Database) -> None:
    here, heard = uuid4(), list[UUID]()
    other.versions.hear(heard.append)
    await write(database, here)
    await until(lambda: other.versions.of(here) == 1)
    assert heard == [here]


async def test_a_process_that_hears_nothing_any_more_says_so_and_catches_up(
    database: Database, other: Database, admin_url: str
) -> None:
    here = uuid4()
    connection = await asyncpg.connect(admin_url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()
    await until(lambda: not other.versions.known)
    await write(database, here)
    await until(lambda: other.versions.known)
    assert other.versions.of(here) == 1


async def test_a_city_cannot_move_anothers_catalogue(database: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with database.transaction(City(uuid4())):
            await execute("INSERT INTO catalogue_version (tenant_id, version) VALUES (gen_random_uuid(), 9)")


async def test_old_news_does_not_turn_a_version_back(database: Database) -> None:
    here = uuid4()
    database.versions.note(here, 5)
    database.versions.note(here, 4)
    assert database.versions.of(here) == 5


async def test_a_city_moves_on_what_all_share_with_what_it_wrote_of_itself(database: Database, other: Database) -> None:
    here, before = uuid4(), database.versions.of(SHARED)
    async with database.transaction(City(here)):
        async with database.transaction(City(here)):
            move_shared()
        await execute(EVENT, here)
    assert (database.versions.of(here), database.versions.of(SHARED)) == (1, before + 1)
    await until(lambda: other.versions.of(SHARED) == before + 1)


async def test_what_does_not_hold_moves_nothing_that_all_share(database: Database, admin_url: str) -> None:
    here, before = uuid4(), await stored(admin_url, SHARED)
    async with database.transaction(City(here)):
        move_shared()  # and nothing was written
    with suppress(LookupError):
        async with database.transaction(City(here)):
            await execute(EVENT, here)
            move_shared()
            raise LookupError
    with suppress(TransactionAborted):
        async with database.transaction(City(here)):
            await execute(EVENT, here)
            move_shared()
            with suppress(asyncpg.PostgresError):
                await execute("SELECT 1 / 0")
    assert await stored(admin_url, SHARED) == before


async def test_cities_that_move_it_at_once_wait_for_each_other_and_never_for_ever(database: Database) -> None:
    before, cities = database.versions.of(SHARED), [uuid4() for _ in range(4)]

    async def both(city: UUID) -> None:
        for _ in range(5):
            async with database.transaction(City(city)):
                await execute(EVENT, city)
                move_shared()
            async with database.transaction(System("tenants", shared=True)):
                await fetchval("SELECT pg_current_xact_id()::text")

    await asyncio.gather(*(both(each) for each in cities for _ in range(2)))
    assert database.versions.of(SHARED) == before + 80


async def test_nothing_moves_on_what_all_share_where_no_catalogue_moves_on(database: Database) -> None:
    """It would be lost without a word: what all share moves on after one's own alone."""
    for scope in (City(uuid4(), quiet=True), Learner(uuid4())):
        with pytest.raises(AnotherScope, match="moves no catalogue on"):
            async with database.transaction(scope):
                move_shared()

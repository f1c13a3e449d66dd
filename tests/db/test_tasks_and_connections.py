"""Transactions while tasks outlive them, are cancelled, or lose their connection."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from tests.db.conftest import Yard
from tests.db.drafts import ELSEWHERE, HERE, titles
from tests.db.tables import Draft
from waypost.db import City, Database, NoScope, TransactionAborted, current_scope, execute, fetch, fetchval, transaction
from waypost.db.connections import LOST


async def test_gathered_queries_take_turns(yard: Yard) -> None:
    async with yard.database.transaction(City(HERE)):
        await asyncio.gather(*(Draft(title=f"{n}").save() for n in range(20)))
        counts = await asyncio.gather(*(fetchval("SELECT count(*) FROM draft") for _ in range(20)))
    assert counts == [20] * 20


async def test_a_task_that_outlives_its_transaction_has_no_scope(yard: Yard) -> None:
    ended = asyncio.Event()

    async def late() -> list[asyncpg.Record]:
        await ended.wait()
        with pytest.raises(NoScope, match="has ended"):
            current_scope()
        return await fetch("SELECT * FROM draft")

    async with yard.database.transaction(City(HERE)):
        task = asyncio.create_task(late())
    async with yard.database.transaction(City(ELSEWHERE)):  # on the same connection, most likely
        ended.set()
        with pytest.raises(NoScope, match="has ended"):
            await task


async def test_a_query_that_came_while_the_transaction_was_ending_has_no_scope(yard: Yard) -> None:
    async def late() -> list[asyncpg.Record]:
        await asyncio.sleep(0.1)
        return await fetch("SELECT * FROM draft")

    async with yard.database.transaction(City(HERE)):
        asking = asyncio.create_task(fetchval("SELECT pg_sleep(0.3)"))
        queued = asyncio.create_task(late())
        await asyncio.sleep(0.05)  # what is asked now waits for its answer, and the end waits too
    await asking
    with pytest.raises(NoScope, match="has ended"):
        await queued


async def test_a_task_that_outlives_its_transaction_may_open_another(yard: Yard) -> None:
    ended = asyncio.Event()

    async def late() -> set[str]:
        await ended.wait()
        return await titles(yard.database, ELSEWHERE)

    async with yard.database.transaction(City(HERE)):
        task = asyncio.create_task(late())
    ended.set()
    assert await task == set()


async def test_a_failure_does_not_wait_for_a_task_that_is_still_talking(yard: Yard) -> None:
    talking: list[asyncio.Task[list[asyncpg.Record]]] = []

    async def fails() -> None:
        async with asyncio.timeout(5), yard.database.transaction(City(HERE)):
            await Draft(title="lost").save()
            talking.append(asyncio.create_task(fetch("SELECT pg_sleep(30)")))
            await asyncio.sleep(0.05)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await talking[0]
    assert await titles(yard.database) == set()


@pytest.mark.parametrize("is_nested", [False, True])
async def test_a_query_that_nobody_waits_for_holds_no_end_for_ever(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, is_nested: bool
) -> None:
    monkeypatch.setattr(transaction, "ENDS_WITHIN_S", 0.1)
    talking: list[asyncio.Task[list[asyncpg.Record]]] = []

    async def leaves() -> None:
        await Draft(title="lost").save()
        talking.append(asyncio.create_task(fetch("SELECT pg_sleep(30)")))
        await asyncio.sleep(0.05)

    async def ends() -> None:
        async with asyncio.timeout(10), yard.database.transaction(City(HERE)) as outer:
            if is_nested:
                async with outer.savepoint():
                    await leaves()
            else:
                await leaves()

    for _ in range(3):  # more often than there are connections
        with pytest.raises(TransactionAborted, match="nobody waits for"):
            await ends()
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await talking.pop()
    assert await titles(yard.database) == set()


async def test_a_cancelled_request_leaves_no_transaction_to_the_next(yard: Yard) -> None:
    for _ in range(6):  # three times the connections that there are

        async def request() -> None:
            async with yard.database.transaction(City(HERE)):
                await Draft(title="lost").save()
                await execute("SELECT pg_sleep(30)")

        task = asyncio.create_task(request())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await titles(yard.database) == set()
    assert await yard.open_transactions() == 0


async def test_a_transaction_cancelled_while_waiting_for_a_connection_costs_none(yard: Yard) -> None:
    async def hold(release: asyncio.Event) -> None:
        async with yard.database.transaction(City(HERE)):
            await release.wait()

    release = asyncio.Event()
    holding = [asyncio.create_task(hold(release)) for _ in range(2)]
    await asyncio.sleep(0.05)
    waiting = [asyncio.create_task(titles(yard.database)) for _ in range(4)]
    await asyncio.sleep(0.05)
    for task in waiting:
        task.cancel()
    release.set()
    await asyncio.gather(*holding)
    async with asyncio.timeout(5):
        assert await asyncio.gather(*(titles(yard.database) for _ in range(4))) == [set()] * 4


# --- Connections --------------------------------------------------------------------------------


async def test_after_a_lost_connection_the_next_use_works(yard: Yard) -> None:
    assert await titles(yard.database) == set()
    assert await yard.break_connections() > 0
    assert await titles(yard.database) == set()


async def test_a_connection_lost_in_the_middle_is_an_error_and_leaks_nothing(yard: Yard) -> None:
    async def loses() -> None:
        async with yard.database.transaction(City(HERE)):
            await Draft(title="lost").save()
            await yard.break_connections()
            await Draft(title="too").save()

    for _ in range(3):
        with pytest.raises((asyncpg.PostgresError, *LOST)):
            await loses()
        with pytest.raises(NoScope):
            current_scope()
    assert await titles(yard.database) == set()


async def test_a_beginning_that_fails_leaks_no_connection(yard: Yard) -> None:
    async with yard.spoilt("REVOKE waypost_city FROM waypost_app", "GRANT waypost_city TO waypost_app"):
        for _ in range(6):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with yard.database.transaction(City(HERE)):
                    raise AssertionError
    async with asyncio.timeout(5):
        assert await asyncio.gather(*(titles(yard.database) for _ in range(4))) == [set()] * 4


async def test_a_database_that_is_closed_answers_nobody(yard: Yard) -> None:
    database = await Database.open(yard.app_url)
    await titles(database)
    await database.close()
    with pytest.raises(asyncpg.InterfaceError, match="closed"):
        await titles(database)

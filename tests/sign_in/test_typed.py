"""What was only typed is forgotten after a day, and nothing else, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import Context
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sign_in.stage import SECRET_KEY, Cast, Make, Post
from tests.sign_in.test_addresses import addresses, owner
from tests.sign_in.test_letters import pressed, wrote
from waypost.access.people import address_digest, person_of
from waypost.access.tokens import SIGN_IN
from waypost.db import Database, Learner, System, execute, fetchval, new_id
from waypost.learners.people import RECIPIENTS, find_people
from waypost.members.effects import clean
from waypost.outbox.work import Work
from waypost.settings import Settings

DAY_SQL = "UPDATE {} SET created_at = created_at - interval '25 hours'"


@pytest.fixture
async def typed(browser: Make, database: Database) -> str:
    """An address that somebody typed yesterday, and nobody proved."""
    address = f"{new_id().hex}@example.org"
    async with database.transaction(System("tests")):
        await execute("UPDATE person SET known_at = created_at WHERE known_at IS NULL")
    await wrote(browser(), address)
    async with database.transaction(System("tests")):
        await execute(DAY_SQL.format("sign_in_attempt"))
        await execute(DAY_SQL.format("person") + " WHERE known_at IS NULL")
    return address


class Interrupted:
    """A database whose n-th transaction begins after something else has happened."""

    def __init__(self, database: Database, moment: int, happens: Callable[[], Awaitable[Any]]) -> None:
        self._database = database
        self._left = moment
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @asynccontextmanager
    async def transaction(self, *of: Any) -> AsyncIterator[Any]:
        self._left -= 1
        if self._left == 0:
            await self._happens()
        async with self._database.transaction(*of) as transaction:
            yield transaction


@pytest.mark.parametrize("moment", range(1, 7))
async def test_who_signs_in_while_it_is_forgotten_has_their_address(
    browser: Make, post: Post, database: Database, settings: Settings, typed: str, moment: int
) -> None:
    someone = browser()

    async def signs_in() -> None:
        await wrote(someone, typed)
        assert await pressed(someone, await post.last_link(typed)) == 303

    interrupted: Any = Interrupted(database, moment, signs_in)
    await clean(Work(interrupted, settings))
    assert await addresses(someone) == {typed: True}
    assert await owner(database, typed) is not None
    again = browser()
    await wrote(again, typed)
    assert await pressed(again, await post.last_link(typed)) == 303
    assert (await again.viewer())["id"] == (await someone.viewer())["id"], "it finds the same person"


@pytest.mark.parametrize("moment", range(1, 7))
async def test_who_has_asked_while_it_is_forgotten_signs_in_afterwards(
    browser: Make, post: Post, database: Database, settings: Settings, typed: str, moment: int
) -> None:
    someone = browser()
    interrupted: Any = Interrupted(database, moment, lambda: wrote(someone, typed))
    await clean(Work(interrupted, settings))
    assert await pressed(someone, await post.last_link(typed)) == 303
    assert await addresses(someone) == {typed: True}
    assert await owner(database, typed) is not None


async def test_what_a_city_gives_while_it_is_forgotten_waits_for_its_owner(
    database: Database, settings: Settings, cast: Cast, typed: str
) -> None:
    async with asyncio.TaskGroup() as tasks, database.transaction(RECIPIENTS):
        now = datetime.now(UTC)
        found = await find_people(database, cast.beta, [typed], secret_key=SECRET_KEY, now=now)
        cleaning = tasks.create_task(clean(Work(database, settings)), context=Context())
        await asyncio.wait([cleaning], timeout=0.5)
    assert await owner(database, typed) == found[typed]


async def test_who_is_asking_just_now_is_not_forgotten(database: Database, settings: Settings, typed: str) -> None:
    digest = address_digest(typed, SECRET_KEY)
    async with asyncio.TaskGroup() as tasks, database.transaction(SIGN_IN):
        person = await person_of(digest, datetime.now(UTC))
        cleaning = tasks.create_task(clean(Work(database, settings)), context=Context())
        await asyncio.wait([cleaning], timeout=0.5)
    assert await owner(database, typed) == person
    await clean(Work(database, settings))
    assert await owner(database, typed) == person, "it was typed just now"


async def test_forgetting_that_broke_off_is_ended_the_next_time(
    database: Database, settings: Settings, typed: str
) -> None:
    class Broken(Exception):
        pass

    async def breaks() -> None:
        raise Broken

    person = await owner(database, typed)
    for moment in range(1, 7):
        interrupted: Any = Interrupted(database, moment, breaks)
        with pytest.raises(Broken):
            await clean(Work(interrupted, settings))
    await clean(Work(database, settings))
    async with database.transaction(System("tests")):
        assert not await fetchval("SELECT EXISTS (SELECT FROM person WHERE id = $1)", person)
    async with database.transaction(Learner(person)):
        assert await fetchval("SELECT count(*) FROM person_address") == 0
    assert await owner(database, typed) is None

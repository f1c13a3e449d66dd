"""Stamps: what a transaction marks with the version that it gives its tenant's catalogue."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest

from waypost.db import City, Database, Learner, National, NoScope, System, execute, fetch, new_id, stamp
from waypost.db.errors import AnotherScope
from waypost.tenancy.telling import Told, tell_all

TELL_SQL = "INSERT INTO event (tenant_id, id, type, object_type, object_id) VALUES ($1, gen_random_uuid(), $2, 'T', $1)"
STAMP_SQL = "UPDATE event SET version = coalesce(version, 0) + $2 WHERE tenant_id = $1"


async def told(database: Database, tenant: UUID) -> list[int | None]:
    async with database.transaction(City(tenant)):
        rows = await fetch("SELECT version FROM event WHERE tenant_id = $1 ORDER BY type", tenant)
    return [row["version"] for row in rows]


async def test_a_stamp_is_set_once_with_the_new_version(database: Database) -> None:
    tenant = new_id()
    async with database.transaction(City(tenant)):
        await execute(TELL_SQL, tenant, "a")
        stamp(STAMP_SQL)
        stamp(STAMP_SQL)
        await execute(TELL_SQL, tenant, "b")
    assert await told(database, tenant) == [1, 1]
    assert database.versions.of(tenant) == 1


async def test_a_stamp_from_a_savepoint_counts_for_the_whole(database: Database) -> None:
    tenant = new_id()
    async with database.transaction(City(tenant)):
        await execute(TELL_SQL, tenant, "a")
        with suppress(LookupError):
            async with database.transaction(City(tenant)):
                await execute(TELL_SQL, tenant, "b")
                stamp(STAMP_SQL)
                raise LookupError
    assert await told(database, tenant) == [1]


async def test_nothing_is_stamped_where_nothing_was_written(database: Database) -> None:
    tenant = new_id()
    async with database.transaction(City(tenant)):
        await execute(TELL_SQL, tenant, "a")
    async with database.transaction(City(tenant)):
        stamp(STAMP_SQL)
    assert await told(database, tenant) == [None]


async def test_there_is_no_stamp_where_no_catalogue_moves_on(database: Database) -> None:
    """What was told would never be handed on."""
    tenant = new_id()
    for scope in (National(), Learner(tenant), System("tests"), City(tenant, quiet=True)):
        with pytest.raises(AnotherScope, match="moves no catalogue on"):
            async with database.transaction(scope):
                stamp(STAMP_SQL)
    with pytest.raises(AnotherScope, match="moves no catalogue on"):
        async with database.transaction(City(tenant, quiet=True)):
            await tell_all(tenant, [Told("thing.done", "Thing", new_id())], datetime.now(UTC))
    assert await told(database, tenant) == []


async def test_there_is_no_stamp_outside_a_transaction() -> None:
    with pytest.raises(NoScope):
        stamp(STAMP_SQL)

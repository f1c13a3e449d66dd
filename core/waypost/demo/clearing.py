"""Takes made-up rows away again."""

from __future__ import annotations

from typing import Final

import asyncpg

from waypost.db import City, Database, execute
from waypost.demo.earning import clear_awards
from waypost.demo.town import KEEPER
from waypost.refusal import Refusal, Refused
from waypost.tenancy.directory import load_directory
from waypost.tenancy.entries import Here

# Side rows go with their rows. Tags, organisations and addresses stay: they may be anybody's by now.
TABLES: Final = ("opportunity", "badge", "issuer", "place")


async def clear(database: Database) -> int | Refusal:
    """Delete all made-up rows of every tenant, a transaction each; answers how many opportunities went.

    Refused when something that was not made up refers to a row, such as a pathway to a made-up badge.
    """
    gone = 0
    for tenant in (await load_directory(database)).tenants:
        here = Here.of(tenant, managed_by=KEEPER)
        try:
            async with database.transaction(City(tenant.id)):
                gone += await clear_town(here)
        except asyncpg.ForeignKeyViolationError as error:
            return in_use(here, error)
    return gone


async def clear_town(here: Here) -> int:
    """Delete a tenant's made-up rows in its City transaction; answers how many opportunities went.

    Raises `asyncpg.ForeignKeyViolationError` when something else refers to one.
    """
    await clear_awards(here.tenant_id)
    counts = [
        int((await execute(DELETE_SQL.format(table=table), here.tenant_id, KEEPER)).rpartition(" ")[2])
        for table in TABLES
    ]
    return counts[0]


DELETE_SQL: Final = "DELETE FROM {table} WHERE tenant_id = $1 AND managed_by = $2"


def in_use(here: Here, error: asyncpg.ForeignKeyViolationError) -> Refused:
    """Say that a made-up row cannot go, and why."""
    words = f"Something in {here.slug} refers to made-up rows, which stay as they are: {error.detail or error}"
    return Refused(code="DEMO_IN_USE", message=words)

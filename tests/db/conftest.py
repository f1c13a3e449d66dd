"""A yard: a database of throw-away tables, to be attacked and spoilt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.db.tables import YARD
from waypost.db import Database
from waypost.db.connections import Connection, connect
from waypost.db.migrate import migrate
from waypost.testing.databases import Server


@dataclass
class Yard:
    """One copy of the yard; `admin` is a superuser's connection."""

    admin_url: str
    app_url: str
    admin: Connection
    database: Database

    @asynccontextmanager
    async def spoilt(self, spoil: str, repair: str) -> AsyncIterator[None]:
        """Something taken away or added for a moment, for everybody."""
        await self.admin.execute(spoil)
        try:
            yield
        finally:
            await self.admin.execute(repair)

    async def break_connections(self) -> int:
        """Kill the server's side of everything that the login role has open here."""
        killed = await self.admin.fetchval(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
            "WHERE usename = 'waypost_app' AND datname = current_database()"
        )
        return int(killed)

    async def open_transactions(self) -> int:
        """How many sessions of the login role are inside a transaction."""
        count = await self.admin.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'waypost_app' "
            "AND datname = current_database() AND state <> 'idle'"
        )
        return int(count)


@pytest.fixture(scope="session")
async def yard_template(server: Server) -> AsyncIterator[str]:
    async with server.database() as name:
        await migrate(server.admin_url(name), [YARD])
        yield name


@pytest.fixture
async def yard(server: Server, yard_template: str) -> AsyncIterator[Yard]:
    async with server.database(yard_template) as name:
        app_url = await server.app_url(name)
        admin = await connect(server.admin_url(name))
        async with await Database.open(app_url, pool_size=2) as database:
            yield Yard(server.admin_url(name), app_url, admin, database)
        await admin.close()

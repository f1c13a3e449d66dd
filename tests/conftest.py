"""What all tests share: a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

from waypost.db import Database
from waypost.db.migrate import migrate
from waypost.testing.databases import Server

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def server(waypost_server: Server) -> Server:
    """The session's PostgreSQL, the one of the kit for plugins' tests."""
    return waypost_server


@pytest.fixture(scope="session")
async def template(server: Server) -> AsyncIterator[str]:
    """The name of a database with the tables of the core, migrated once; to be copied, not used."""
    from waypost.apps import core_app

    async with server.database() as name:
        await migrate(server.admin_url(name), [core_app()])
        yield name


@pytest.fixture(scope="module")
async def database_name(server: Server, template: str) -> AsyncIterator[str]:
    """A database of this module's own, with the tables of the core and nothing in them but reference data."""
    async with server.database(template) as name:
        yield name


@pytest.fixture(scope="module")
def admin_url(server: Server, database_name: str) -> str:
    """A superuser's URL of this module's database."""
    return server.admin_url(database_name)


@pytest.fixture(scope="module")
async def app_url(server: Server, database_name: str) -> str:
    """The login role's URL of this module's database."""
    return await server.app_url(database_name)


@pytest.fixture(scope="module")
async def database(app_url: str) -> AsyncIterator[Database]:
    """This module's database, entered as the platform enters it."""
    async with await Database.open(app_url, pool_size=4) as opened:
        yield opened

"""Databases with the tables of the platform and of every plugin that is installed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from waypost.apps import core_app
from waypost.db import App
from waypost.db.migrate import migrate
from waypost.plugins import load
from waypost.testing.databases import Server


@pytest.fixture(scope="session")
def apps() -> list[App]:
    """Whoever brings tables."""
    return [core_app(), *load().apps()]


@pytest.fixture(scope="session")
async def whole_template(server: Server, apps: list[App]) -> AsyncIterator[str]:
    """The name of a database with all their tables, to be copied."""
    async with server.database() as name:
        await migrate(server.admin_url(name), apps)
        yield name

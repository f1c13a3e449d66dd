"""The little country with a plugin in it, and everybody who may ask; written once, and never changed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.oracle.asking import Both, both_of
from tests.oracle.land import found_land
from waypost.apps import core_app
from waypost.db import Database
from waypost.db.migrate import migrate
from waypost.plugins import Plugins, load
from waypost.testing.databases import Server


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """The plugin that only Plymouth has switched on, found by its entry point as the platform finds it."""
    return load(["skills_builder"])


@pytest.fixture(scope="session")
async def both(server: Server, plugins: Plugins) -> AsyncIterator[Both]:
    """Asks the engine and the naive executor."""
    async with server.database() as name:
        url = server.admin_url(name)
        await migrate(url, [core_app(plugins.frameworks()), *plugins.apps()])
        async with await Database.open(await server.app_url(name), pool_size=2) as database:
            world, who = await found_land(database, url)
            yield await both_of(database, url, world, who, plugins)

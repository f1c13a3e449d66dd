"""Folders of tenants, and a database for each story."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tenancy.country import Folders, World
from waypost.db import Database
from waypost.testing.databases import Server


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """An empty country on disk."""
    return Folders(tmp_path)


@pytest.fixture
async def world(tmp_path: Path, server: Server, template: str) -> AsyncIterator[World]:
    """An empty country with a database of its own: applying files closes what they do not name."""
    async with (
        server.database(template) as name,
        await Database.open(await server.app_url(name), pool_size=2) as database,
    ):
        yield World(tmp_path, database)

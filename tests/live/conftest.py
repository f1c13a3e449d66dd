"""Two cities and a process, for each module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.live.stage import Process, Stage, served
from waypost.db import Database


@pytest.fixture(scope="module")
async def stage(database: Database) -> Stage:
    """The cities, written to by a process of its own."""
    return await Stage.set_up(database)


@pytest.fixture(scope="module")
async def process(stage: Stage, app_url: str) -> AsyncIterator[Process]:
    """Another process, which serves them."""
    async with served(app_url) as process:
        yield process

"""The little country of the stories, and a receiver."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.journeys.stage import Stage
from tests.webhooks.receiver import Receiver, receiving
from waypost.db import Database


@pytest.fixture(scope="module")
async def stage(database: Database) -> Stage:
    return await Stage.set_up(database)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found

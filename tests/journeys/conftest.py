"""The stage of the stories."""

from __future__ import annotations

import pytest

from tests.journeys.stage import Stage
from waypost.db import Database


@pytest.fixture(scope="module")
async def stage(database: Database) -> Stage:
    """The little country, founded once for each module."""
    return await Stage.set_up(database)

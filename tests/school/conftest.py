"""The stage of the stories about the Badge School."""

from __future__ import annotations

import pytest

from tests.journeys.stage import Stage
from tests.school.stage import set_up
from waypost.db import Database


@pytest.fixture(scope="module")
async def stage(database: Database) -> Stage:
    """A city and the network that reviews its badges, founded once for each module."""
    return await set_up(database)

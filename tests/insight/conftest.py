"""Towns to count in."""

from __future__ import annotations

from itertools import count

import pytest

from tests.insight.town import Earning, found
from waypost.db import Database

NUMBERS = count(1)


@pytest.fixture
async def town(database: Database) -> Earning:
    """A town of this test's own."""
    return await found(database, f"town-{next(NUMBERS)}")

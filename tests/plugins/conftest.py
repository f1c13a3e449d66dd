from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.workshop import Workshop, workshop_in


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """Where throw-away plugins are installed for the length of a test."""
    with workshop_in(tmp_path) as made:
        yield made

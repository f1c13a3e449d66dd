"""What holds for every plugin."""

from __future__ import annotations

import pytest

from waypost.testing import PluginContract


@pytest.fixture(scope="session")
def waypost_plugin() -> str:
    return "credly"


class TestContract(PluginContract):
    """Everything that the kit tries."""

"""What holds for every plugin."""

from __future__ import annotations

from waypost.testing import PluginContract


class TestContract(PluginContract):
    """Everything that the kit tries."""

"""Kinds of feed from outside."""

from __future__ import annotations

from inspect import iscoroutinefunction

from waypost.outbox.feeding import FeedKind
from waypost.plugins.names import carries
from waypost.plugins.registrars.base import Registrar


class FeedsRegistrar(Registrar):
    """Takes the kind of feed that a plugin reads."""

    kinds = ("feed",)

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.registered: FeedKind | None = None

    def feed(self, kind: FeedKind) -> FeedKind:
        """Register the kind of feed; the settings of a city name its feeds under `feeds`."""
        if self.registered is not None:
            self.faults.append("a second kind of feed is registered; one plugin has one")
        if not carries(kind.name, self.prefix):
            self.faults.append(f"the feed {kind.name} must begin with {self.prefix}")
        if not iscoroutinefunction(kind.pull):
            self.faults.append(f"the feed {kind.name} pulls its pages with an async function")
        self._calls(f"pull of the feed {kind.name}", kind.pull, "asked")
        self._calls(f"read of the feed {kind.name}", kind.read, "item", "settings")
        self._contributes("feed", kind.name)
        self.registered = kind
        return kind

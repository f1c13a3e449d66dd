"""What the graph shows of a plugin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from waypost.calling import Calls
    from waypost.plugins.manager import Plugin


def shown(plugin: Plugin, calls: Calls, tenant: UUID | None, *, active: bool) -> dict[str, object]:
    """The plugin by the names of the graph's type `Plugin`, as it is in a tenant (None: in the nation)."""
    paused_until = _paused_until(plugin.manifest.name, calls, tenant)
    return {**plugin.described, "active": active, "pausedUntil": paused_until}


def shown_gone(name: str) -> dict[str, object]:
    """A plugin that does not work here (any more), by the names of the graph's type `Plugin`: its name, and no more."""
    words = dict.fromkeys(("version", "api", "prefix"), "")
    lists: dict[str, list[str]] = {"requires": [], "contributes": []}
    return {
        **words,
        **lists,
        "name": name,
        "title": name,
        "settingsSchema": "{}",
        "active": False,
        "pausedUntil": None,
    }


def _paused_until(plugin: str, calls: Calls, tenant: UUID | None) -> str | None:
    rest_s = calls.rest_s(plugin, tenant)
    return (datetime.now(UTC) + timedelta(seconds=rest_s)).isoformat(timespec="seconds") if rest_s else None

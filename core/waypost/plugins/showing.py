"""What the graph shows of a plugin."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from waypost.calling import Calls
    from waypost.plugins.manager import Plugin


def shown(plugin: Plugin, calls: Calls, tenant: UUID | None, *, active: bool) -> dict[str, object]:
    """The plugin by the names of the graph's type `Plugin`, as it is in a tenant (None: in the nation)."""
    manifest = plugin.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "api": manifest.api,
        "prefix": manifest.prefix,
        "active": active,
        "pausedUntil": _paused_until(manifest.name, calls, tenant),
        "title": manifest.title,
        "requires": list(manifest.requires),
        "contributes": sorted(manifest.contributes),
        "settingsSchema": json.dumps(dict(manifest.settings), ensure_ascii=False),
    }


def _paused_until(plugin: str, calls: Calls, tenant: UUID | None) -> str | None:
    rest_s = calls.rest_s(plugin, tenant)
    return (datetime.now(UTC) + timedelta(seconds=rest_s)).isoformat(timespec="seconds") if rest_s else None

"""What a tenant set for a plugin."""

from __future__ import annotations

import json
from typing import Any

from waypost.db import fetchval
from waypost.plugins.manifest import Manifest
from waypost.plugins.settings import with_defaults


async def settings_of(plugin: Manifest) -> dict[str, Any]:
    """The current tenant's settings for a plugin, with the manifest's defaults where it says nothing.

    Runs in the current City transaction, whose row security leaves exactly one tenant's row visible.
    """
    stored = await fetchval("SELECT settings FROM plugin_setting WHERE plugin = $1", plugin.name)
    return with_defaults(json.loads(stored) if stored else {}, plugin.settings)

"""What a city set for its plugins, by the naive executor."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.oracle.calls import Call, Table, columns
from tests.oracle.rows import Thing
from tests.oracle.shared import key


def plugin_settings(call: Call) -> list[Thing]:
    """The city's, by the name of the plugin."""
    rows = sorted(call.view.all("plugin_setting"), key=lambda row: row["plugin"])
    return [Thing("PluginSettings", row, call.view) for row in rows]


def plugin_secrets(call: Call) -> list[Thing]:
    """The city's, by name."""
    rows = sorted(call.view.all("plugin_secret"), key=lambda row: row["name"])
    return [Thing("PluginSecret", row, call.view) for row in rows]


def as_text(call: Call) -> str:
    """Settings as PostgreSQL writes them: the shorter key first."""
    settings: dict[str, Any] = call.thing["settings"]
    return json.dumps({key: settings[key] for key in sorted(settings, key=lambda key: (len(key), key))})


SHOWN: Final = (
    *("name", "version", "api", "prefix", "active", "pausedUntil"),
    *("title", "requires", "contributes", "settingsSchema"),
)
PLUGGED: Table = {
    **{("Plugin", name): key(name) for name in SHOWN},
    ("Query", "pluginSettings"): plugin_settings,
    ("Query", "pluginSecrets"): plugin_secrets,
    **columns("PluginSettings", "plugin switchedAt"),
    ("PluginSettings", "settings"): as_text,
    **columns("PluginSecret", "name changedAt"),
}

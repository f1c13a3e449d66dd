"""What a city has set for its plugins, for those who look after them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from waypost.graph import everything, expression, guarded, node, query
from waypost.graph.permitted import permitted
from waypost.tenancy import tables

if TYPE_CHECKING:
    from waypost.graph.query import Here, Query, Selected

MANAGE: Final = "plugin.manage"


def _seen(query: Query, row: Here) -> Sequence[str]:
    return (permitted(query, row, MANAGE, issuer=None),)


def _text(_query: Query, here: Here, _field: Selected) -> str:
    return f"to_json({here}.settings::text)::text"


@node(tables.PluginSetting, seen=_seen)
class PluginSettings:
    """What a city set for a plugin, whether or not it is switched on."""

    plugin: str
    settings: str = expression(
        _text, doc="A JSON object as text; what is not in it takes its default of the plugin's schema."
    )
    switched_at: datetime | None


@node(tables.PluginSecret, seen=_seen)
class PluginSecret:
    """A secret that settings name. Nobody sees the secret itself again."""

    name: str
    changed_at: datetime


@query
class PluginQuery:
    """Root fields of what plugins were told."""

    plugin_settings: list[PluginSettings] = guarded(
        MANAGE, everything(order_by=("plugin",), doc="What the city set for its plugins, by the plugin's name.")
    )
    plugin_secrets: list[PluginSecret] = guarded(
        MANAGE, everything(order_by=("name",), doc="Which secrets of plugins the city keeps, by their names.")
    )


TYPES = (PluginSettings, PluginSecret, PluginQuery)

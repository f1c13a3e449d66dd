"""Puts plugins, schemas and engine together for the commands that need them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from waypost.settings import Settings

if TYPE_CHECKING:
    from waypost.db import App
    from waypost.http import Parts
    from waypost.outbox.work import Effects
    from waypost.plugins import Plugins


def load_plugins(settings: Settings) -> Plugins:
    """Load the plugins that the settings allow; those that are left out are logged, each with its reason.

    Raises `NameClash` when two claim one name.
    """
    from waypost.composition import schema_of
    from waypost.plugins import fitting, load

    loaded = load(settings.plugins)
    return fitting(loaded, partial(schema_of, loaded))


def parts_of(plugins: Plugins) -> Parts:
    """What the ASGI application is handed: the schemas of these plugins, and the engine."""
    from waypost.composition import engine, schema_of
    from waypost.http import Parts

    return Parts(plugins, partial(schema_of, plugins), partial(engine, plugins=plugins))


def apps_of(plugins: Plugins) -> tuple[App, ...]:
    """Everything that brings tables: the core first, then the plugins."""
    from waypost.apps import core_app

    return (core_app(), *plugins.apps())


def effects_of(_plugins: Plugins) -> Effects:
    """All background work."""
    from waypost.composition import effects

    return effects()

"""Puts plugins, schemas and engine together for the commands that need them."""

from __future__ import annotations

from collections.abc import Sequence
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

    expected = migrations_of(apps_of(plugins))
    return Parts(plugins, partial(schema_of, plugins), partial(engine, plugins=plugins), expected)


def migrations_of(apps: Sequence[App]) -> frozenset[tuple[str, str]]:
    """What these apps expect to be applied: pairs of an app's name and a migration's, such as 0001_tenancy."""
    from waypost.db.scripts import read_scripts

    return frozenset(
        (app.name, f"{script.number:04}_{script.name}") for app in apps for script in read_scripts(app.migrations)
    )


def apps_of(plugins: Plugins) -> tuple[App, ...]:
    """Everything that brings tables: the core first, then the plugins."""
    from waypost.apps import core_app

    return (core_app(plugins.frameworks()), *plugins.apps())


def effects_of(plugins: Plugins) -> Effects:
    """All background work, that of the plugins included."""
    from waypost.composition import effects

    return effects(plugins)

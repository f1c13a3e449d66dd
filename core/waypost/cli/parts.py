"""Puts plugins, schemas and engine together for the commands that need them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from waypost.settings import Settings

if TYPE_CHECKING:
    from waypost.db import App, Database
    from waypost.http import Parts
    from waypost.outbox.work import Effects
    from waypost.plugins import Plugins

log = logging.getLogger(__name__)


def load_plugins(settings: Settings) -> Plugins:
    """Load the plugins that the settings allow; those that are left out are logged, each with its reason.

    Raises `NameClash` when two claim one name.
    """
    from waypost.composition import events_told, schema_of
    from waypost.plugins import fitting, hearing, load

    loaded = hearing(load(settings.plugins), events_told())
    return fitting(loaded, partial(schema_of, loaded))


async def with_tables(database: Database, plugins: Plugins) -> Plugins:
    """These plugins without those whose migrations are not all applied; each is named in the log.

    All of them where the core's are not applied either: nobody has brought the database to this version yet, and
    /readyz tells until somebody does.
    """
    from waypost.apps import core_app
    from waypost.db.applied import applied_migrations

    applied = await applied_migrations(database)
    if not migrations_of([core_app()]) <= applied:
        return plugins
    for app in plugins.apps():
        missing = sorted(name for _, name in migrations_of([app]) - applied)
        if missing:
            reason = f"its migrations are not applied ({', '.join(missing)}): waypost migrate says why"
            log.warning("plugin %s is left out: %s", app.name, reason)
            plugins = plugins.without(app.name, reason)
    return plugins


def parts_of(plugins: Plugins) -> Parts:
    """What the ASGI application is handed: the schemas of these plugins, and the engine."""
    from waypost.composition import engine, schema_of
    from waypost.http import Parts

    expected = migrations_of(apps_of(plugins))
    return Parts(plugins, partial(schema_of, plugins), partial(engine, plugins=plugins), expected)


def migrations_of(apps: Sequence[App]) -> frozenset[tuple[str, str]]:
    """What these apps expect to be applied: pairs of an app's name and a migration's, such as 0001_tenancy."""
    return frozenset(digests_of(apps))


def digests_of(apps: Sequence[App]) -> dict[tuple[str, str], str]:
    """The same with the digest of each file."""
    from waypost.db.scripts import read_scripts

    return {
        (app.name, f"{script.number:04}_{script.name}"): script.digest
        for app in apps
        for script in read_scripts(app.migrations)
    }


def apps_of(plugins: Plugins) -> tuple[App, ...]:
    """Everything that brings tables: the core first, then the plugins."""
    from waypost.apps import core_app

    return (core_app(plugins.frameworks()), *plugins.apps())


def effects_of(plugins: Plugins) -> Effects:
    """All background work, that of the plugins included."""
    from waypost.composition import effects

    return effects(plugins)

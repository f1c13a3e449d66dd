"""The plugins of a process: which are installed, which work, and what a tenant gets by switching them on."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any, TypeVar, cast

from waypost.access.permissions import Granted
from waypost.calling import Calls
from waypost.db import App
from waypost.outbox.linting import Rule
from waypost.outbox.work import Effects
from waypost.plugins.activation import where_active
from waypost.plugins.incoming import handling
from waypost.plugins.manifest import Manifest
from waypost.plugins.registrars import (
    AppRegistrar,
    BroughtFramework,
    CatalogueRegistrar,
    Declarations,
    EffectsRegistrar,
    FrameworkRegistrar,
    GraphRegistrar,
    LintRegistrar,
    PagesRegistrar,
    PermissionsRegistrar,
    Registrar,
    RoutesRegistrar,
    SchemesRegistrar,
)
from waypost.plugins.settings import problems_in, with_defaults
from waypost.plugins.slots import Fill
from waypost.schemes.rules import Scheme
from waypost.tenancy import CatalogueSection, InstalledPlugin, Problem

R = TypeVar("R", bound=Registrar)

Profile = frozenset[tuple[str, str]]  # names and versions of plugins; equal profiles share one schema


class State(StrEnum):
    """What became of a plugin at start-up."""

    READY = "ready"
    LEFT_OUT = "left out"
    NOT_ALLOWED = "not allowed"  # installed, and not on the allow-list
    MISSING = "missing"  # on the allow-list, and not installed


@dataclass(frozen=True)
class Plugin:
    """A plugin that works, with everything it registered."""

    manifest: Manifest
    registered: Mapping[type[Registrar], Registrar]
    package: str  # the top-level one that is imported

    def by(self, kind: type[R]) -> R:
        """What it registered with one of the registrars."""
        return cast("R", self.registered[kind])

    @property
    def key(self) -> tuple[str, str]:
        """Name and version: its part of a profile."""
        return self.manifest.name, self.manifest.version

    @cached_property
    def described(self) -> Mapping[str, object]:
        """What is said of it everywhere, by the names of the graph's type `Plugin`."""
        return {
            "name": self.manifest.name,
            "version": self.manifest.version,
            "api": self.manifest.api,
            "prefix": self.manifest.prefix,
            "title": self.manifest.title,
            "requires": list(self.manifest.requires),
            "contributes": sorted(self.manifest.contributes),
            "settingsSchema": json.dumps(dict(self.manifest.settings), ensure_ascii=False),
        }


@dataclass(frozen=True)
class Installed:
    """One line of `waypost plugins list`."""

    name: str
    distribution: str  # empty when missing
    version: str  # of the distribution; empty when missing
    state: State
    reason: str  # empty when ready
    manifest: Manifest | None = None  # when it could be read
    plugin: Plugin | None = None  # when ready

    def __str__(self) -> str:
        """`plugin tide (waypost-tide) is left out: it cannot be imported: …`."""
        return f"plugin {self.name} ({self.distribution or '?'}) is {self.state}: {self.reason}"


class Plugins:
    """The plugins of this process; immutable once loaded, but for what `calls` counts."""

    def __init__(self, installed: Iterable[Installed], calls: Calls | None = None) -> None:
        by_name = sorted(installed, key=lambda one: (one.name, one.distribution))
        self.installed: tuple[Installed, ...] = tuple(_without_orphans(by_name))
        self.ready: tuple[Plugin, ...] = tuple(one.plugin for one in self.installed if one.plugin)
        self.calls = calls or Calls()
        self._by_name: Mapping[str, Plugin] = {plugin.manifest.name: plugin for plugin in self.ready}

    @property
    def working(self) -> Mapping[str, Plugin]:
        """The plugins that work, by name."""
        return self._by_name

    @property
    def national(self) -> Profile:
        """The profile of the national graph: every plugin that works."""
        return self.profile(self._by_name)

    def get(self, name: str) -> Plugin | None:
        """A plugin that works, by its name."""
        return self._by_name.get(name)

    def profile(self, names: Iterable[str]) -> Profile:
        """The profile of a tenant that switched these plugins on.

        A plugin that is not installed (any more), was left out, or misses one that it requires is
        simply inactive: the tenant's graph stays up without its fields.
        """
        active = {name for name in names if name in self._by_name}
        while incomplete := {n for n in active if not active.issuperset(self._by_name[n].manifest.requires)}:
            active -= incomplete
        return frozenset(self._by_name[name].key for name in active)

    def active(self, names: Iterable[str]) -> tuple[Plugin, ...]:
        """The plugins that work in a tenant that switched these on; those that others require first."""
        profile = self.profile(names)
        return tuple(plugin for plugin in self.in_order() if plugin.key in profile)

    def apps(self) -> tuple[App, ...]:
        """The apps of all working plugins, for the migration runner; those required come first."""
        registered = (plugin.by(AppRegistrar).registered for plugin in self.in_order())
        return tuple(app for app in registered if app)

    def declarations(self, profile: Profile) -> tuple[Declarations, ...]:
        """What the plugins of a profile add to the graph; those required come first."""
        return tuple(plugin.by(GraphRegistrar).declarations() for plugin in self.in_order() if plugin.key in profile)

    def lint_rules(self, names: Iterable[str]) -> tuple[Rule, ...]:
        """The rules for badges' words in a tenant that switched these plugins on; those of required ones first."""
        return tuple(rule for plugin in self.active(names) for rule in plugin.by(LintRegistrar).registered)

    def schemes(self, names: Iterable[str]) -> tuple[Scheme, ...]:
        """The schemes of plugins in a tenant that switched these plugins on; those of required ones first."""
        return tuple(scheme for plugin in self.active(names) for scheme in plugin.by(SchemesRegistrar).registered)

    def frameworks(self) -> tuple[BroughtFramework, ...]:
        """The skills frameworks that working plugins bring; those of required ones first."""
        return tuple(each for plugin in self.in_order() for each in plugin.by(FrameworkRegistrar).frameworks)

    def fills(self, names: Iterable[str]) -> tuple[tuple[str, str, Fill], ...]:
        """What fills slots of pages in a tenant that switched these plugins on: plugin, slot, function."""
        return tuple(
            (plugin.manifest.name, slot, fill)
            for plugin in self.active(names)
            for slot, fill in plugin.by(PagesRegistrar).fills
        )

    def granted(self, names: Iterable[str]) -> tuple[Granted, ...]:
        """The permissions that these plugins bring, in a tenant that switched them on."""
        return tuple(each for plugin in self.active(names) for each in plugin.by(PermissionsRegistrar).permissions)

    def effects(self) -> tuple[Effects, ...]:
        """What the working plugins do in the background, each only where it is active."""
        return tuple(map(self._effects_of, self.in_order()))

    def _effects_of(self, plugin: Plugin) -> Effects:
        name, needs = plugin.manifest.name, self.needs(plugin)
        hook, effects = plugin.by(RoutesRegistrar).hook, plugin.by(EffectsRegistrar).effects()
        if hook is not None:
            effects = Effects.joined((effects, handling(name, hook, self.calls, needs)))
        return where_active(name, effects, self.calls, needs)

    def needs(self, plugin: Plugin) -> frozenset[str]:
        """Its name and those of all that it requires, through all that these require."""
        required = (self.needs(self._by_name[name]) for name in plugin.manifest.requires)
        return frozenset({plugin.manifest.name}).union(*required)

    def catalogue_plugins(self) -> tuple[InstalledPlugin, ...]:
        """What the tenants' files need to know of each installed plugin, those left out included."""
        return tuple(
            InstalledPlugin(one.name, problem=one.reason) if one.plugin is None else _for_files(one.plugin)
            for one in self.installed
            if one.state is not State.MISSING
        )

    def without(self, name: str, reason: str) -> Plugins:
        """These plugins with one left out, and with it those that require it."""
        left = (_left_out(one, reason) if one.name == name and one.plugin else one for one in self.installed)
        return Plugins(left, self.calls)

    def in_order(self) -> tuple[Plugin, ...]:
        """The working plugins, those required before those that require them, else by name."""
        requirements = {plugin.manifest.name: plugin.manifest.requires for plugin in self.ready}
        return tuple(self._by_name[name] for name in TopologicalSorter(requirements).static_order())


def _for_files(plugin: Plugin) -> InstalledPlugin:
    schema = plugin.manifest.settings

    def check_settings(settings: Mapping[str, Any]) -> Iterable[Problem]:
        return problems_in(settings, schema)

    return InstalledPlugin(
        plugin.manifest.name,
        sections=tuple(_with_full_settings(section, schema) for section in plugin.by(CatalogueRegistrar).sections),
        check_settings=check_settings,
        requires=plugin.manifest.requires,
    )


def _with_full_settings(section: CatalogueSection, schema: Mapping[str, Any]) -> CatalogueSection:
    """A section whose check sees good settings with their defaults, so that no plugin looks again."""

    def check(value: Any, settings: Mapping[str, Any]) -> Iterable[Problem]:
        if problems_in(settings, schema):
            return ()  # they are told where the settings stand
        return section.check(value, with_defaults(settings, schema))

    return replace(section, check=check)


def _left_out(one: Installed, reason: str) -> Installed:
    return replace(one, state=State.LEFT_OUT, plugin=None, reason=reason)


def _without_orphans(outcomes: Iterable[Installed]) -> list[Installed]:
    """Leave out what requires a plugin that does not work; rings of plugins requiring each other too."""
    outcomes = list(outcomes)
    requirements = {one.name: set(one.plugin.manifest.requires) for one in outcomes if one.plugin}
    supported: set[str] = set()
    while further := {name for name, needs in requirements.items() if needs <= supported} - supported:
        supported |= further
    return [
        one
        if one.plugin is None or one.name in supported
        else _left_out(one, _unsupported(requirements[one.name] - supported))
        for one in outcomes
    ]


def _unsupported(missing: Collection[str]) -> str:
    return f"it requires {', '.join(sorted(missing))}, which cannot be used here"

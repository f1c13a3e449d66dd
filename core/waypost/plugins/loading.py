"""Imports the plugins and collects what they register; leaves out what cannot be used, and says why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from inspect import getattr_static, isfunction, signature
from logging import getLogger
from typing import Final, Protocol

from graphql import GraphQLSchema, is_scalar_type
from pluggy import PluginManager

from waypost.plugins import hookspecs
from waypost.plugins.blame import told, without_folders
from waypost.plugins.discovery import Candidate, discover
from waypost.plugins.manager import Installed, Plugin, Plugins, Profile, State
from waypost.plugins.manifest import FILE_NAME, Manifest
from waypost.plugins.names import carries, perhaps, type_prefix
from waypost.plugins.registrars import REGISTRARS, Registrar

LOG: Final = getLogger(__name__)


class LeftOut(Exception):
    """Why a plugin cannot be used."""


def load(allowed: Collection[str] | None = None) -> Plugins:
    """Find, import and register the installed plugins.

    `allowed` is the allow-list (`WAYPOST_PLUGINS`); None allows all. A plugin that cannot be used is
    left out, named in the log and in `installed`. Raises `NameClash` when two claim one name or prefix.
    """
    hooks = PluginManager(hookspecs.PROJECT)
    hooks.add_hookspecs(hookspecs)
    candidates = discover(allowed)
    outcomes = [_outcome(hooks, candidate, allowed) for candidate in candidates]
    found = {name for candidate in candidates for name in candidate.names()}
    outcomes += [_missing(name) for name in sorted(set(allowed or ()) - found)]
    plugins = Plugins(outcomes)
    for one in plugins.installed:
        if one.state in {State.LEFT_OUT, State.MISSING}:
            LOG.warning("%s", one)
    return plugins


class Composed(Protocol):
    """A composed schema, as far as this room looks into it."""

    @property
    def core(self) -> GraphQLSchema:
        """The schema with all its types."""


def fitting(plugins: Plugins, compose: Callable[[Profile], Composed]) -> Plugins:
    """These plugins, without those whose declarations cannot be composed with the core's.

    `compose` makes the schema of a profile and raises when its declarations do not fit the tables or each other. Types
    that come into the schema by the way carry the prefix too. What is raised for the core alone is raised here, since
    no plugin is to blame.
    """
    fitter = _Fitter(plugins, compose)
    fitter.fit(plugins.in_order())
    return fitter.plugins


class _Fitter:
    """Takes plugins in as many at once as fit, so that a hundred good ones cost one composition and not a hundred."""

    def __init__(self, plugins: Plugins, compose: Callable[[Profile], Composed]) -> None:
        self.plugins = plugins
        self._compose = compose
        self._fits: Profile = frozenset()
        self._known = set(compose(self._fits).core.type_map)

    def fit(self, some: Sequence[Plugin]) -> None:
        """Take these in, or leave out those that are to blame: halved, until the blame lies with one."""
        some = [each for each in some if self.plugins.get(each.manifest.name)]  # others went with one they require
        if not some:
            return
        try:
            profile = self._fits | {each.key for each in some}
            types = _types_of(some, self._compose(profile).core, self._known)
        except Exception as error:  # noqa: BLE001 - one plugin's fault costs that plugin
            if len(some) > 1:
                self.fit(some[: len(some) // 2])
                self.fit(some[len(some) // 2 :])
            else:
                self._leave_out(some[0].manifest.name, f"its declarations do not fit: {_fault(error, some[0].package)}")
        else:
            self._known |= types
            self._fits = profile

    def _leave_out(self, name: str, reason: str) -> None:
        self.plugins = self.plugins.without(name, reason)
        LOG.warning("plugin %s is left out: %s", name, reason)


def _types_of(plugins: Collection[Plugin], schema: GraphQLSchema, known: Collection[str]) -> set[str]:
    """The types that plugins brought, registered or reached from those that are; scalars are everybody's."""
    prefixes = [type_prefix(plugin.manifest.prefix) for plugin in plugins]
    types = {name for name, kind in schema.type_map.items() if name not in known and not is_scalar_type(kind)}
    if foreign := sorted(name for name in types if not any(carries(name, prefix) for prefix in prefixes)):
        raise LeftOut(f"types must begin with {' or '.join(prefixes)}: {', '.join(foreign)}")
    return types


def _outcome(hooks: PluginManager, candidate: Candidate, allowed: Collection[str] | None) -> Installed:
    def outcome(state: State, reason: str, plugin: Plugin | None = None) -> Installed:
        return Installed(
            candidate.name,
            candidate.distribution,
            candidate.version,
            state,
            reason,
            candidate.manifest,
            plugin,
        )

    if allowed is not None and candidate.name not in allowed:
        return outcome(State.NOT_ALLOWED, "it is not on the allow-list WAYPOST_PLUGINS")
    try:
        return outcome(State.READY, "", _plugin(hooks, candidate))
    except LeftOut as error:
        return outcome(State.LEFT_OUT, without_folders(str(error), candidate.package))


def _plugin(hooks: PluginManager, candidate: Candidate) -> Plugin:
    manifest = candidate.manifest
    if manifest is None or candidate.reason:
        raise LeftOut(candidate.reason)
    _register(hooks, candidate)
    registrars = {each: each(manifest.name, manifest.prefix) for each in REGISTRARS}
    for kind, registrar in registrars.items():
        _call(hooks, hookspecs.hook_of(kind), candidate, registrar)
    faults = [fault for registrar in registrars.values() for fault in registrar.faults]
    faults += _broken_promises(manifest, registrars.values())
    if faults:
        raise LeftOut("; ".join(faults))
    return Plugin(manifest, registrars, candidate.package)


def _register(hooks: PluginManager, candidate: Candidate) -> None:
    try:
        module = candidate.entry_point.load()
    except (Exception, SystemExit) as error:
        raise LeftOut(f"it cannot be imported: {told(error, candidate.package)}") from error
    try:
        faults = "; ".join(_hook_faults(hooks, module))
        if not faults:
            hooks.register(module, candidate.name)
            hooks.check_pending()
    except Exception as error:  # what a module holds may raise whatever it likes as soon as it is looked at
        if hooks.has_plugin(candidate.name):
            hooks.unregister(name=candidate.name)
        raise LeftOut(f"its hooks do not fit: {told(error, candidate.package)}") from error
    if faults:
        raise LeftOut(f"its hooks do not fit: {faults}")


def _hook_faults(hooks: PluginManager, module: object) -> Iterator[str]:
    """What pluggy passes over without a word, or says in words of its own."""
    known = {name for name in vars(hookspecs) if name.startswith(f"{hookspecs.PROJECT}_")}
    for name in sorted(dir(module)):
        function = getattr_static(module, name)
        if not name.startswith(f"{hookspecs.PROJECT}_") or not isfunction(function):
            continue
        marked = hooks.parse_hookimpl_opts(module, name)
        takes = ", ".join(signature(function).parameters)
        if marked is None and name in known:
            yield f"{name} is not marked with @hookimpl, so that nobody calls it"
        elif marked and not (marked["specname"] or marked["optionalhook"]) and name not in known:
            yield f"there is no hook {name}{perhaps(name, known)}"
        elif marked and takes not in {"", "registrar"}:
            yield f"{name} takes (registrar), and not ({takes})"


def _call(hooks: PluginManager, hook: str, candidate: Candidate, registrar: Registrar) -> None:
    # Not `hooks.hook.…()`: that ends at the first failure, and each plugin has a registrar of its own.
    for implementation in getattr(hooks.hook, hook).get_hookimpls():
        if implementation.plugin_name != candidate.name:
            continue
        if implementation.hookwrapper or implementation.wrapper:
            raise LeftOut(f"{hook} is a wrapper; declarations are not wrapped")
        try:
            implementation.function(*({"registrar": registrar}[name] for name in implementation.argnames))
        except (Exception, SystemExit) as error:
            raise LeftOut(f"{hook} failed: {told(error, candidate.package)}") from error


def _broken_promises(manifest: Manifest, registrars: Iterable[Registrar]) -> Iterable[str]:
    registered = frozenset().union(*(registrar.contributions for registrar in registrars))
    if missing := sorted(manifest.contributes - registered):
        yield f"{FILE_NAME} promises what is not registered: {', '.join(missing)}"
    if unannounced := sorted(registered - manifest.contributes):
        yield f"it registers what {FILE_NAME} does not name under contributes: {', '.join(unannounced)}"


def _missing(name: str) -> Installed:
    return Installed(name, "", "", State.MISSING, "WAYPOST_PLUGINS names it and it is not installed")


def _fault(error: Exception, package: str) -> str:
    return str(error) if isinstance(error, LeftOut) else told(error, package)

"""What a city may say of itself and of its plugins: pure rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import orjson
from pydantic import Field

from waypost.plugins.manager import Plugins, State
from waypost.plugins.manifest import Manifest
from waypost.plugins.settings import problems_in, sentence
from waypost.refusal import Invalid, ManagedByFiles, Refusal, Refused
from waypost.tenancy.entries import FILES
from waypost.tenancy.fields import EachOnce, Language, Name, Table, Url
from waypost.tenancy.models import Look
from waypost.tenancy.sections import Problem
from waypost.tenancy.tenant_facts import PluginRow
from waypost.tenancy.words import read_as

GRAPH: Final = "graph"
DEEPEST: Final = 32  # settings within settings
LONGEST_WORDS: Final = 300  # of a problem, which may hold what was given


class CityWords(Table):
    """What may be changed, with the checks of `tenant.toml`; what is not given is not checked."""

    name: Name = ""
    languages: Annotated[EachOnce[Language], Field(min_length=1)] = ()
    look: Look = Look()
    contact_url: Url | None = None


@dataclass(frozen=True, kw_only=True)
class SettingsInvalid(Invalid):
    """Settings that the plugin's schema does not allow; `problems` has all, the refusal itself points at the first."""

    problems: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Wish:
    """What is to become of a plugin; None leaves it as it is, and takes a secret away."""

    plugin: str
    active: bool | None = None
    settings: Mapping[str, Any] | None = None
    secrets: Mapping[str, str | None] = field(default_factory=dict, repr=False)

    @property
    def changes(self) -> bool:
        """Whether it is about more than secrets, which no files keep."""
        return self.active is not None or self.settings is not None


@dataclass(frozen=True)
class Standing:
    """How a plugin stands in a city: all switches, the city's rule for files, and what it set, if it ever did."""

    switches: Mapping[str, PluginRow]
    files: str
    settings: Mapping[str, Any] | None


@dataclass(frozen=True)
class Decision:
    """What becomes of a plugin: how it is afterwards, and whether its switch and its settings change.

    `keeper` is who keeps the switch from then on.
    """

    active: bool
    settings: Mapping[str, Any]
    switches: bool
    sets: bool
    keeper: str


# The city


def city_changes(given: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any] | Invalid:
    """The columns of the directory's row that become different, by name.

    `given` has the keys of `CityWords`, those left out absent; `now` is the row as it is.
    """
    words = read_as(CityWords, dict(given))
    if not isinstance(words, CityWords):
        first = words[0]
        return Invalid(message=_shortened(first.words), path=tuple(map(str, first.keys)))
    said = {key: getattr(words, key) for key in given if key != "look"}
    said |= {key: getattr(words.look, key) for key in given.get("look", {})}
    wrong = _languages_problem(said["languages"], now["languages"]) if "languages" in said else None
    if wrong:
        return wrong
    return {key: value for key, value in said.items() if _plain(value) != _plain(now[key])}


def _languages_problem(wanted: Sequence[str], known: Sequence[str]) -> Invalid | None:
    """Languages are added: all text is there in the first, and some of it in the others."""
    if wanted[0] != known[0]:
        words = f'The first language stays "{known[0]}": all text here is written in it.'
        return Invalid(message=words, path=("languages", "0"))
    if lost := [each for each in known if each not in wanted]:
        words = f"Languages are added here and not taken away, since text is written in them: {', '.join(lost)}."
        return Invalid(message=words, path=("languages",))
    return None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


# Plugins


def decide(wish: Wish, standing: Standing, plugins: Plugins, slug: str) -> Decision | Refusal:
    """Say what becomes of a plugin in the city of that slug, secrets apart.

    Settings are checked where they are given and where the plugin is on afterwards. The graph keeps what it switches,
    unless the files are a seed: then theirs stays theirs. What this platform has no more can be switched off.
    """
    name, row = wish.plugin, standing.switches.get(wish.plugin)
    was = row is not None and row.active
    active = was if wish.active is None else wish.active
    settings = (standing.settings or {}) if wish.settings is None else wish.settings
    on = {each for each, known in standing.switches.items() if known.active}
    checked = wish.changes and (active or bool(wish.settings))
    refusal = (
        (None if _lets_go(wish, row) else unavailable(plugins, name))
        or (kept_by_files(row, name, slug, standing.files) if wish.changes else None)
        or (switching_problem(plugins, name, on, active=active) if active != was else None)
        or (settings_problem(plugins, name, settings) if checked else None)
    )
    if refusal:
        return refusal
    of_files = standing.files == "seed" and row is not None and row.managed_by == FILES
    sets = wish.settings is not None and settings != standing.settings
    return Decision(active, settings, active != was, sets, FILES if of_files else GRAPH)


def _lets_go(wish: Wish, row: PluginRow | None) -> bool:
    """Whether a plugin that the city once switched is switched off, and nothing else: that needs none of its code."""
    return row is not None and wish.active is False and wish.settings is None and not any(wish.secrets.values())


def unavailable(plugins: Plugins, name: str) -> Refused | None:
    """Refuse a plugin that this platform does not have, or that does not work on it (PLUGIN_UNAVAILABLE)."""
    if plugins.get(name) is not None:
        return None
    left_out = any(one.name == name and one.state is State.LEFT_OUT for one in plugins.installed)
    why = "is installed and does not work; the operator's log says why" if left_out else "is not on this platform"
    return Refused(code="PLUGIN_UNAVAILABLE", message=f"The plugin {name} {why}.", path=("plugin",))


def kept_by_files(row: PluginRow | None, name: str, slug: str, files: str) -> ManagedByFiles | None:
    """Refuse what the files of a tenant keep: a plugin that they switched on. `files` is the tenant's rule for them."""
    if files == "seed" or row is None or row.managed_by != FILES or not row.active:
        return None
    return managed_by_files(slug, f"plugins.{name}")


def managed_by_files(slug: str, key: str) -> ManagedByFiles:
    """Refuse to change a key of `tenant.toml`."""
    source = f"tenants/{slug}/tenant.toml:{key}"
    return ManagedByFiles(
        message=f'This is kept in {source}: change it there, or set files = "seed" in tenant.toml.', source=source
    )


def switching_problem(plugins: Plugins, name: str, on: Collection[str], *, active: bool) -> Refused | None:
    """Refuse to switch on what misses another plugin, and to switch off what others here require.

    `on` are the names of plugins that are switched on, whether or not they work.
    """
    working = {each for each, _ in plugins.profile(on)}
    if active:
        missing = sorted(set(_manifest(plugins, name).requires) - working)
        words = f"{name} requires {', '.join(missing)}: switch that on first."
        return Refused(code="PLUGIN_NEEDS_OTHERS", message=words, path=("plugin",)) if missing else None
    needing = sorted(each for each in working if name in _manifest(plugins, each).requires)
    words = f"{', '.join(needing)} cannot be without {name}: switch that off first."
    return Refused(code="PLUGIN_NEEDED", message=words, path=("plugin",)) if needing else None


def settings_in(text: str) -> dict[str, Any] | Invalid:
    """Read settings: a JSON object, not deeper than can be kept."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return Invalid(message=f"This is no JSON: {error}", path=("settings",))
    if not isinstance(found, dict):
        return Invalid(message='Settings are a JSON object, such as {"framework": "2.0"}.', path=("settings",))
    wrong = _unkeepable(found)
    return Invalid(message=wrong, path=("settings",)) if wrong else found


def settings_problem(plugins: Plugins, name: str, settings: Mapping[str, Any]) -> SettingsInvalid | None:
    """Refuse settings that the plugin's schema does not allow, with every problem and its path."""
    found = problems_in(settings, _manifest(plugins, name).settings, ("settings",))
    if not found:
        return None
    problems = tuple({"path": list(map(str, each.keys)), "message": _shortened(each.words)} for each in found)
    words = "; ".join(sentence(Problem(each.keys, _shortened(each.words))) for each in found[:5])
    return SettingsInvalid(message=_shortened(words, 1_000), path=tuple(problems[0]["path"]), problems=problems)


def _manifest(plugins: Plugins, name: str) -> Manifest:
    return plugins.working[name].manifest


def _unkeepable(found: Mapping[str, Any]) -> str | None:
    """Say why PostgreSQL could not keep a value, or nobody could look into it."""
    level: list[Any] = [found]
    for _ in range(DEEPEST):
        if any("\0" in text for text in _texts(level)):
            return "A text in settings cannot hold U+0000."
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return None
    return f"Settings are at most {DEEPEST} tables and lists deep."


def _texts(values: Collection[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from value


def _inside(value: Any) -> Collection[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _shortened(words: str, longest: int = LONGEST_WORDS) -> str:
    return words if len(words) <= longest else words[:longest] + "…"

"""What a city may say of itself and of its plugins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.cities.rules import (
    CityWords,
    Decision,
    Standing,
    Wish,
    city_changes,
    decide,
    settings_in,
    settings_problem,
    switching_problem,
)
from waypost.plugins.manager import Installed, Plugin, Plugins, State
from waypost.plugins.manifest import Manifest
from waypost.refusal import Invalid, ManagedByFiles, Refusal, Refused
from waypost.tenancy.tenant_facts import PluginRow
from waypost.tenancy.words import read_as

NAMES = ("anchor", "boat", "chart", "dock", "eel")
NOW: Mapping[str, Any] = {
    "name": "Exeter",
    "languages": ["en", "cy"],
    "primary_colour": "#0b5d6b",
    "accent_colour": "#ffd166",
    "logo_url": None,
    "contact_url": None,
}


def plugins(requires: Mapping[str, tuple[str, ...]], settings: Mapping[str, Any] | None = None) -> Plugins:
    """Plugins that work, each with what it requires."""

    def one(name: str) -> Installed:
        schema = settings or {"type": "object"}
        manifest = Manifest(name, "1.0", ">=1", name, name, frozenset(), requires.get(name, ()), schema)
        return Installed(name, name, "1.0", State.READY, "", manifest, Plugin(manifest, {}, name))

    return Plugins([one(name) for name in NAMES])


# Each requires some of those before it, so that there are no rings.
towers = st.tuples(*(st.lists(st.sampled_from(NAMES[:n] or ("",)), unique=True) for n in range(len(NAMES)))).map(
    lambda lists: {name: tuple(each for each in needs if each) for name, needs in zip(NAMES, lists, strict=True)}
)
presses = st.lists(st.tuples(st.sampled_from(NAMES), st.booleans()), max_size=30)


@given(towers, presses)
def test_whatever_is_pressed_all_that_is_on_works(requires: Mapping[str, tuple[str, ...]], pressed: Any) -> None:
    known, on = plugins(requires), set[str]()
    for name, active in pressed:
        if active != (name in on) and switching_problem(known, name, on, active=active) is None:
            on ^= {name}
        assert {each for each, _ in known.profile(on)} == on


@given(towers)
def test_everything_can_be_switched_on_and_off_again(requires: Mapping[str, tuple[str, ...]]) -> None:
    known, on = plugins(requires), set[str]()
    for name in NAMES:
        assert switching_problem(known, name, on, active=True) is None
        on.add(name)
    for name in reversed(NAMES):
        assert switching_problem(known, name, on, active=False) is None
        on.remove(name)


json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json)
def test_a_table_is_read_as_it_was_written_and_everything_else_refused(value: Any) -> None:
    text = orjson.dumps(value).decode()
    found = settings_in(text)
    if isinstance(value, dict) and "\\u0000" not in text:
        assert found == value
    else:
        assert isinstance(found, Invalid)


@given(st.text())
def test_no_text_makes_it_stumble(text: str) -> None:
    assert isinstance(settings_in(text), dict | Invalid)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), json))
def test_settings_are_refused_with_as_many_problems_as_there_are_at_their_places(value: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "boolean"}}, "additionalProperties": False}
    found = settings_problem(plugins({}, schema), "anchor", value)
    wrong = ({"b", "c"} & value.keys()) | ({"a"} if "a" in value and not isinstance(value["a"], bool) else set())
    assert (found is None) == (not wrong)
    if found:
        assert {each["path"][1] for each in found.problems} == wrong
        assert found.path == tuple(found.problems[0]["path"])
        assert found.code == "SETTINGS_INVALID"


def test_a_problem_is_told_in_few_words() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "boolean"}}}
    found = settings_problem(plugins({}, schema), "anchor", {"a": "x" * 10_000})
    assert found is not None
    assert len(found.message) < 1_100


colours = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
changes = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(max_size=20),
        "languages": st.lists(st.sampled_from(["en", "cy", "fr", "gd", "EN"]), max_size=4),
        "look": st.fixed_dictionaries({}, optional={"primary_colour": colours, "accent_colour": colours}),
        "contact_url": st.none() | st.just("https://example.org/"),
    },
)


@given(changes)
def test_a_city_says_what_tenant_toml_may_say_and_loses_no_language(said: dict[str, Any]) -> None:
    found = city_changes(said, NOW)
    if isinstance(found, Invalid):
        assert found.path[0] in said
        return
    assert isinstance(read_as(CityWords, said), CityWords)
    assert all(found[key] != NOW[key] for key in found)
    after = {**NOW, **found}
    assert after["languages"][0] == "en"
    assert set(after["languages"]) >= {"en", "cy"}


def test_what_is_said_again_changes_nothing() -> None:
    same = {"name": "Exeter", "languages": ["en", "cy"], "look": {"primary_colour": "#0B5D6B"}, "contact_url": None}
    assert city_changes(same, NOW) == {}


# What the platform has no more


def left_out(name: str) -> Plugins:
    return Plugins([Installed(name, name, "1.0", State.LEFT_OUT, "it cannot be imported")])


def decided(wish: Wish, row: PluginRow | None, installed: Plugins, files: str = "manage") -> Decision | Refusal:
    return decide(wish, Standing({} if row is None else {wish.plugin: row}, files, {"sea": "calm"}), installed, "bude")


@pytest.mark.parametrize("installed", [plugins({}), left_out("tide")], ids=["missing", "left out"])
def test_what_a_city_switched_on_can_be_switched_off_when_it_does_not_work_any_more(installed: Plugins) -> None:
    off = Wish("tide", active=False)
    kept = {"sea": "calm"}
    assert decided(off, PluginRow(True, "graph"), installed) == Decision(False, kept, True, False, "graph")
    assert decided(off, PluginRow(False, "graph"), installed) == Decision(False, kept, False, False, "graph")
    forgotten = Wish("tide", active=False, secrets={"a": None})
    assert isinstance(decided(forgotten, PluginRow(True, "graph"), installed), Decision)
    assert isinstance(decided(off, PluginRow(True, "files"), installed), ManagedByFiles)


@pytest.mark.parametrize(
    "wish",
    [
        Wish("tide"),
        Wish("tide", active=True),
        Wish("tide", settings={}),
        Wish("tide", active=False, settings={}),
        Wish("tide", active=False, secrets={"a": "b"}),
    ],
)
def test_nothing_else_is_done_to_what_does_not_work_here(wish: Wish) -> None:
    refusal = decided(wish, PluginRow(True, "graph"), plugins({}))
    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.path) == ("PLUGIN_UNAVAILABLE", ("plugin",))


def test_what_a_city_never_had_is_not_switched_off_either() -> None:
    refusal = decided(Wish("tide", active=False), None, plugins({}))
    assert isinstance(refusal, Refused)
    assert refusal.code == "PLUGIN_UNAVAILABLE"

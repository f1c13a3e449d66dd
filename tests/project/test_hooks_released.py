"""Plugins written for the released hooks go on working."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from tests.project.documents import ROOT
from waypost.plugins import hook_list
from waypost.plugins.compatibility import breaks

NOW = json.loads(hook_list())


def changed(hook: str, api: str = "", was: str = "stable", **facts: Any) -> tuple[Any, Any]:
    """The hooks of today as released, and what becomes of them."""
    released, new = deepcopy(NOW), deepcopy(NOW)
    (old,) = [each for each in released["hooks"] if each["name"] == hook]
    (mine,) = [each for each in new["hooks"] if each["name"] == hook]
    old["stability"] = mine["stability"] = was
    mine |= facts
    new["api"] = api or new["api"]
    return released, new


def test_the_hooks_of_today_break_nothing_that_was_released() -> None:
    assert breaks(json.loads((ROOT / "schema" / "published-hooks.json").read_text("utf-8")), NOW) == []


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"name": "waypost_geocoding"}, "is gone"),
        ({"arguments": []}, "is not given registrar any more"),
        ({"kinds": []}, "registers no geocoder any more"),
        ({"registers": {}}, "its registrar has no geocoder any more"),
        ({"registers": {"geocoder": ["first", "geocoder"]}}, "geocoder took (geocoder) and takes (first, geocoder)"),
        ({"stability": "experimental"}, "was stable"),
        ({"since": "1.2"}, "has been there since 1.0, not 1.2"),
    ],
)
def test_what_would_break_a_plugin_is_named(facts: dict[str, Any], words: str) -> None:
    released, new = changed("waypost_geocoders", **facts)
    assert breaks(released, new) == [f"waypost_geocoders: {words}"]
    assert breaks(*changed("waypost_geocoders", api="2.0", **facts)) == []


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        (["path"], ["path", "more"], True),
        (["path"], ["path", "more="], False),
        (["path", "methods="], ["path", "methods"], True),
        (["path", "methods"], ["path", "methods="], False),
        (["path", "methods="], ["path"], True),
    ],
)
def test_what_must_be_given_from_now_on_is_a_break(old: list[str], new: list[str], broken: bool) -> None:
    released, now = changed("waypost_geocoders", registers={"geocoder": new})
    (hook,) = [each for each in released["hooks"] if each["name"] == "waypost_geocoders"]
    hook["registers"] = {"geocoder": old}
    assert bool(breaks(released, now)) is broken


def test_what_is_added_breaks_nothing() -> None:
    more: dict[str, Any] = {
        "arguments": ["registrar", "more"],
        "registers": {"geocoder": ["geocoder", "patience_s="], "new": ["x"]},
    }
    assert breaks(*changed("waypost_geocoders", **more)) == []


def test_what_is_experimental_changes_in_a_minor_version_and_not_within_one() -> None:
    assert breaks(*changed("waypost_geocoders", was="experimental", registers={})) != []
    assert breaks(*changed("waypost_geocoders", was="experimental", api="1.99", registers={})) == []


def test_the_api_does_not_go_back() -> None:
    assert breaks(*changed("waypost_geocoders", api="1.0")) == [f"the plugin API went back from {NOW['api']} to 1.0"]

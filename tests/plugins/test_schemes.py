"""Schemes of plugins are data, read by the parser that reads tenants' files."""

from __future__ import annotations

from collections.abc import Iterable
from json import dumps
from typing import Any

import pytest

from tests.plugins.workshop import Workshop
from waypost.plugins import Installed, SchemesRegistrar, State, load
from waypost.schemes.entries import SchemeData, SchemeEntry, SchemeTable

RULE: dict[str, Any] = {"code": "age", "about": "learner", "fact": "age", "at_least": 16, "words": "Sixteen."}
SCHEME: dict[str, Any] = {
    "code": "tide",
    "name": "Tide",
    "summary": "Work by the sea.",
    "facts": [{"code": "age", "about": "learner", "kind": "number", "words": "Age"}],
    "rules": [RULE],
}
FILED = """
    from importlib.resources import files
    from waypost.plugins import hookimpl

    @hookimpl
    def waypost_schemes(registrar):
        registrar.schemes(files("waypost_tide") / "scheme.toml")
"""


def faults(*schemes: Any) -> list[str]:
    registrar = SchemesRegistrar("high_tide", "highTide")
    registrar.schemes(schemes)
    return registrar.faults


def install(workshop: Workshop, schemes: Iterable[Any], contributes: Iterable[str] = ("scheme:tide",)) -> None:
    code = f"""
    from json import loads
    from waypost.plugins import hookimpl

    @hookimpl
    def waypost_schemes(registrar):
        registrar.schemes(loads({dumps(list(schemes))!r}))
"""
    workshop.install("tide", code, contributes=contributes)


def loaded() -> Installed:
    return next(one for one in load(["tide"]).installed if one.name == "tide")


def test_a_scheme_is_there_for_those_who_have_the_plugin(workshop: Workshop) -> None:
    install(workshop, [SCHEME])
    plugins = load(["tide"])
    assert [scheme.code for scheme in plugins.schemes(["tide"])] == ["tide"]
    assert plugins.schemes(["other"]) == ()


def test_what_is_wrong_in_it_leaves_the_plugin_out_and_is_told_as_a_whole(workshop: Workshop) -> None:
    install(workshop, [{**SCHEME, "rules": [{**RULE, "at_least": "16"}, {**RULE, "fact": "aeg", "code": "two"}]}])
    one = loaded()
    assert one.state is State.LEFT_OUT
    assert "the scheme tide: rules[0].at_least: must be a number" in one.reason
    assert 'the scheme tide: rules[1].fact: unknown fact "aeg"' in one.reason


def test_what_the_manifest_does_not_name_is_no_scheme(workshop: Workshop) -> None:
    install(workshop, [SCHEME], contributes=())
    one = loaded()
    assert one.state is State.LEFT_OUT
    assert "scheme:tide" in one.reason


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[schemes]]\ncode = "tide"\nname = "T"\nsummary = "S"', ""),
        ('other = 1\n[[schemes]]\ncode = "tide"', "where [[schemes]] alone are read"),
        ("schemes = 7", "where [[schemes]] alone are read"),
        ("schemes = ", ""),
    ],
)
def test_a_file_of_the_package_holds_schemes_and_nothing_else(workshop: Workshop, text: str, words: str) -> None:
    workshop.install("tide", FILED, contributes=["scheme:tide"])
    (workshop.folder / "waypost_tide" / "scheme.toml").write_text(text, encoding="utf-8")
    one = loaded()
    assert (one.state is State.READY) == (text.startswith("[[") and not words)
    assert words in one.reason


@pytest.mark.parametrize("code", ["tide", "high", "high-tides", "HIGH-TIDE", "highTide", "high/tide"])
def test_a_code_begins_with_the_prefix(code: str) -> None:
    assert any(
        f"the scheme {code} must be called high-tide or begin with high-tide-" in each
        for each in faults({**SCHEME, "code": code})
    )


def test_codes_are_the_prefix_alone_or_with_more_words_and_stand_once() -> None:
    first = {**SCHEME, "code": "high-tide"}
    assert faults(first, {**SCHEME, "code": "high-tide-pilot"}) == []
    assert faults(first, first) == ["scheme:high-tide is registered twice"]


def test_one_scheme_is_no_list_of_schemes() -> None:
    registrar = SchemesRegistrar("tide", "tide")
    registrar.schemes(SCHEME)  # type: ignore[arg-type]  # as somebody may who has one
    assert registrar.faults == ["schemes are a list of tables, and this is one table alone: put it into [ ]"]


@pytest.mark.parametrize("bad", [None, 7, [], {}, {"code": 7}, {**SCHEME, "rules": 7}, {**SCHEME, "slug": "x"}])
def test_what_is_no_scheme_at_all_is_told_and_raises_nothing(bad: Any) -> None:
    assert faults(bad)


def test_files_and_plugins_write_the_same_but_for_the_name() -> None:
    table = set(SchemeTable.model_fields)
    assert set(SchemeData.model_fields) - table == {"code"}
    assert set(SchemeEntry.model_fields) - table == {"slug"}

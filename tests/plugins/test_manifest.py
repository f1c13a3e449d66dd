from __future__ import annotations

import sys
from pathlib import Path

import pytest

from waypost.plugins.manifest import BadManifest, Manifest, manifest_of, parse
from waypost.plugins.settings import with_defaults

WHOLE = """
name = "tide_tables"
version = "1.2.0"
api = ">=1,<2"
title = "Tide tables"
prefix = "tide"
contributes = ["type:TideTable", "field:Place.tideTable"]
"""


def settings(text: str) -> Manifest:
    """A manifest with these settings."""
    return parse(f"{WHOLE}\n[settings]\n{text}")


def faults(text: str) -> str:
    """What is wrong with a manifest, in one line."""
    with pytest.raises(BadManifest) as refused:
        parse(text)
    return str(refused.value)


def test_a_manifest_says_what_a_plugin_is_and_brings() -> None:
    manifest = parse(WHOLE)
    assert (manifest.name, manifest.version, manifest.prefix) == ("tide_tables", "1.2.0", "tide")
    assert manifest.contributes == {"type:TideTable", "field:Place.tideTable"}
    assert manifest.requires == ()
    assert manifest.fits("1.0")
    assert manifest.fits("1.9")
    assert not manifest.fits("2.0")


@pytest.mark.parametrize(
    ("words", "replacement", "fault"),
    [
        ('"tide_tables"', '"Tide tables"', "name: 'Tide tables' does not match"),
        ('"1.2.0"', '"soon"', "version: 'soon' is no version; write it like 1.2.0"),
        ('">=1,<2"', '"1 and up"', "api: '1 and up' is no range of versions; write it like >=1,<2"),
        ('prefix = "tide"', "", "prefix: is missing"),
        (
            'prefix = "tide"',
            'prefix = "tide"\ncolour = "blue"',
            "colour: unknown; known here: api, contributes",
        ),
        ('"type:TideTable"', '"TideTable"', "contributes.0: 'TideTable' does not match"),
        ('title = "Tide tables"', "title = ", "not TOML: Invalid value"),
    ],
)
def test_a_fault_is_named_by_its_key(words: str, replacement: str, fault: str) -> None:
    assert fault in faults(WHOLE.replace(words, replacement))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('type = "array"', 'settings.type: must be "object"'),
        ('type = "thing"', "settings.type: 'thing' is not valid under any of the given schemas"),
        (
            'type = "object"\n[settings.properties.a]\n"$ref" = "https://example.org/"',
            "settings.properties.a.$ref",
        ),
        (
            'type = "object"\n[settings.properties.a]\nenum = ["1", "2"]\ndefault = "3"',
            "settings.properties.a.default: '3' is not one of ['1', '2']",
        ),
        (
            'type = "object"\n[settings.properties.a]\ndefault = 2027-03-06',
            "settings.properties.a.default: 2027-03-06",
        ),
        ('type = "object"\n[settings.properties.a]\nmaximum = inf', "settings.properties.a.maximum: inf"),
        (
            'type = "object"\n[settings.properties.a]\nminimun = 1',
            "settings.properties.a.minimun: JSON Schema has no such word; did you mean minimum?",
        ),
        (
            'type = "object"\nadditionalProperties = { anyOf = [{ items = { enumm = ["1"] } }] }',
            "settings.additionalProperties.anyOf.0.items.enumm: JSON Schema has no such word; did you mean enum?",
        ),
        (
            'type = "object"\n[settings.propertes.a]\ntype = "string"',
            "settings.propertes: JSON Schema has no such word; did you mean properties?",
        ),
    ],
)
def test_a_settings_schema_is_checked_itself(text: str, fault: str) -> None:
    assert fault in faults(f"{WHOLE}\n[settings]\n{text}")


def test_defaults_fill_what_a_city_does_not_say_in_tables_too() -> None:
    schema = settings("""
        type = "object"
        [settings.properties.level]
        default = "neap"
        [settings.properties.station]
        type = "string"
        [settings.properties.alarm]
        type = "object"
        [settings.properties.alarm.properties.metres]
        default = 4.5
    """).settings
    assert with_defaults({}, schema) == {"level": "neap", "alarm": {"metres": 4.5}}
    assert with_defaults({"alarm": {"metres": 3}, "level": "spring"}, schema) == {
        "level": "spring",
        "alarm": {"metres": 3},
    }


def test_names_of_settings_and_words_of_one_s_own_are_no_keywords() -> None:
    words = """
        type = "object"
        "x-order" = ["minimun"]
        [settings.properties.minimun]
        title = "The least"
        enum = ["propertes"]
        default = "propertes"
        [settings."$defs".anything]
        contentMediaType = "text/plain"
        if = { minContains = 1 }
    """
    assert settings(words).settings["properties"]["minimun"]["title"] == "The least"


def test_settings_given_are_not_changed_by_defaults() -> None:
    given = {"station": "Devonport"}
    with_defaults(given, settings('type = "object"\n[settings.properties.level]\ndefault = "neap"').settings)
    assert given == {"station": "Devonport"}


def test_a_manifest_is_read_without_importing_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "tide_tables_unimported"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "waypost-plugin.toml").write_text(WHOLE)
    monkeypatch.syspath_prepend(tmp_path)
    assert manifest_of("tide_tables_unimported").title == "Tide tables"
    assert "tide_tables_unimported" not in sys.modules


@pytest.mark.parametrize(("package", "fault"), [("no_such_package", "there is no package"), ("json", "no such file")])
def test_a_package_without_manifest_is_refused(package: str, fault: str) -> None:
    with pytest.raises(BadManifest, match=fault):
        manifest_of(package)


def test_a_manifest_that_is_not_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "tide_tables_in_latin"
    package.mkdir()
    (package / "waypost-plugin.toml").write_bytes(b'title = "Caf\xe9"')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadManifest, match="cannot be read"):
        manifest_of("tide_tables_in_latin")

from __future__ import annotations

from datetime import date
from typing import Any

from tests.plugins.test_loading import section
from tests.plugins.workshop import Workshop
from waypost.plugins import Plugins, load
from waypost.tenancy import InstalledPlugin, Problem

LEVEL = """
    [settings]
    type = "object"
    additionalProperties = false
    required = ["station"]
    [settings.properties.station]
    type = "string"
    [settings.properties.level]
    enum = ["neap", "spring"]
    default = "neap"
"""


def known(plugins: Plugins, name: str) -> InstalledPlugin:
    """What the tenants' files know of one plugin."""
    (found,) = [plugin for plugin in plugins.catalogue_plugins() if plugin.name == name]
    return found


def problems(plugins: Plugins, settings: dict[str, Any]) -> list[Problem]:
    """What is wrong with settings of the plugin `tide`."""
    return list(known(plugins, "tide").check_settings(settings))


def test_a_tenant_has_the_plugins_it_switched_on(workshop: Workshop) -> None:
    workshop.install("tide")
    workshop.install("harbour")
    plugins = load(["tide", "harbour"])
    assert plugins.profile(["tide"]) == {("tide", "1.0.0")}
    assert plugins.profile([]) == frozenset()
    assert plugins.national == {("tide", "1.0.0"), ("harbour", "1.0.0")}
    assert [each.plugin for each in plugins.declarations(plugins.profile(["tide"]))] == ["tide"]


def test_equal_choices_are_one_profile_in_whatever_order(workshop: Workshop) -> None:
    workshop.install("tide")
    workshop.install("harbour")
    plugins = load(["tide", "harbour"])
    assert plugins.profile(["tide", "harbour"]) == plugins.profile(["harbour", "tide"])


def test_a_plugin_that_is_gone_is_simply_inactive(workshop: Workshop) -> None:
    workshop.install("tide")
    workshop.install("broken", "1 / 0")
    plugins = load(["tide", "broken"])
    assert plugins.profile(["tide", "removed-last-year", "broken"]) == {("tide", "1.0.0")}


def test_a_plugin_is_inactive_where_one_that_it_requires_is_not_switched_on(workshop: Workshop) -> None:
    workshop.install("anchor", requires=["boat"])
    workshop.install("boat", requires=["tide"])
    workshop.install("tide")
    plugins = load(["anchor", "boat", "tide"])
    assert plugins.profile(["anchor", "boat"]) == frozenset()
    assert known(plugins, "anchor").requires == ("boat",)


def test_settings_are_checked_by_the_schema_of_the_manifest(workshop: Workshop) -> None:
    workshop.install("tide", settings=LEVEL)
    plugins = load(["tide"])
    assert problems(plugins, {"station": "Devonport", "level": "spring"}) == []
    assert problems(plugins, {"station": 4, "level": "high", "moon": True}) == [
        Problem(("level",), "'high' is not one of ['neap', 'spring']"),
        Problem(("moon",), "unknown; known here: level, station"),
        Problem(("station",), "4 is not of type 'string'"),
    ]
    assert problems(plugins, {}) == [Problem(("station",), "is missing")]


def test_a_date_in_the_settings_is_a_problem_and_no_crash(workshop: Workshop) -> None:
    workshop.install("tide", settings=LEVEL)
    (problem,) = problems(load(["tide"]), {"station": date(2027, 3, 6)})
    assert problem == Problem(("station",), "2027-03-06 has no form in JSON; write dates as text")


def test_a_plugin_without_settings_takes_none(workshop: Workshop) -> None:
    workshop.install("tide")
    assert problems(load(["tide"]), {}) == []
    assert problems(load(["tide"]), {"level": 1}) == [Problem(("level",), "unknown; known here: nothing")]


def test_a_section_is_checked_with_the_settings_and_their_defaults(workshop: Workshop) -> None:
    code = section("tide").replace(", read))", ", read, lambda value, settings: [settings]))")
    workshop.install("tide", code, contributes=["catalogue:places.tide"], settings=LEVEL)
    (tide,) = known(load(["tide"]), "tide").sections
    seen: list[Any] = list(tide.check(None, {"station": "Devonport"}))
    assert seen == [{"station": "Devonport", "level": "neap"}]


def test_bad_settings_are_told_once_and_not_again_for_each_section(workshop: Workshop) -> None:
    code = section("tide").replace(", read))", ", read, lambda value, settings: 1 / 0))")
    workshop.install("tide", code, contributes=["catalogue:places.tide"], settings=LEVEL)
    (tide,) = known(load(["tide"]), "tide").sections
    assert list(tide.check(None, {"station": 4})) == []


def test_files_learn_why_a_plugin_does_not_work(workshop: Workshop) -> None:
    workshop.install("broken", "1 / 0")
    workshop.install("tide")
    plugins = load(["broken"])
    place = "(waypost_broken/plugin.py, line 1)"
    assert known(plugins, "broken").problem == f"it cannot be imported: ZeroDivisionError: division by zero {place}"
    assert "WAYPOST_PLUGINS" in str(known(plugins, "tide").problem)

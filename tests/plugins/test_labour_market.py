from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.labour.almanac import ALMANAC, PAIRS
from tests.plugins.test_loading import one
from tests.plugins.workshop import Workshop
from waypost.plugins import LabourMarketRegistrar, load

BAKERS = """
    from waypost.occupations import Source
    from waypost.plugins import hookimpl

    async def figures(asking, code, area):
        return []

    @hookimpl
    def waypost_labour_market(registrar):
        registrar.source(Source(
            name="bakers", title="Bakers' Guild", licence="CC0", licence_url="https://example.org/cc0",
            attribution="The guild.", url="https://example.org/", fresh_s=3600.0, schemes=frozenset({"soc-2020"}),
            figures=figures,
        ))
        registrar.crosswalk("soc", [("soc-2010/5432", "soc-2020/5432")])
"""


def faults(**wrong: Any) -> list[str]:
    registrar = LabourMarketRegistrar("almanac", "almanac")
    registrar.source(replace(ALMANAC, **wrong))
    return registrar.faults


def not_async(*_: object) -> Any:
    return []


def test_a_plugin_brings_a_source_and_a_crosswalk(workshop: Workshop) -> None:
    workshop.install("bakers", BAKERS, contributes=["labour_source:bakers", "crosswalk:soc"])
    plugins = load(["bakers"])
    assert one(plugins, "bakers").reason == ""
    (plugin,) = plugins.ready
    assert [each.title for each in plugin.by(LabourMarketRegistrar).sources] == ["Bakers' Guild"]
    assert plugin.by(LabourMarketRegistrar).pairs == [("soc-2010/5432", "soc-2020/5432")]


def test_a_manifest_that_does_not_say_so_leaves_the_plugin_out(workshop: Workshop) -> None:
    workshop.install("bakers", BAKERS, contributes=["labour_source:bakers"])
    assert "crosswalk:soc" in one(load(["bakers"]), "bakers").reason


def test_a_source_in_order_has_no_fault() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "The Almanac"}, "its name must be"),
        ({"title": " "}, "its title is missing"),
        ({"licence": ""}, "its licence is missing"),
        ({"attribution": ""}, "its attribution is missing"),
        ({"licence_url": "ogl"}, "its licence_url must be"),
        ({"url": "javascript:alert(1)"}, "its url must be"),
        ({"fresh_s": 1.0}, "must stay fresh for a minute"),
        ({"fresh_s": 1e9}, "90 days at most"),
        ({"schemes": frozenset()}, "its schemes must name"),
        ({"schemes": frozenset({"SOC 2020"})}, "its schemes must name"),
        ({"search": None, "find": None, "figures": None}, "it answers nothing"),
        ({"figures": not_async}, "must be async"),
    ],
)
def test_a_source_that_could_not_be_asked_or_shown_is_a_fault(wrong: dict[str, Any], words: str) -> None:
    (fault,) = faults(**wrong)
    assert words in fault


def test_two_sources_of_one_name_are_a_fault() -> None:
    registrar = LabourMarketRegistrar("almanac", "almanac")
    registrar.source(ALMANAC)
    registrar.source(ALMANAC)
    assert registrar.faults == ["labour_source:almanac is registered twice"]


@pytest.mark.parametrize("pair", [("2136", "soc-2020/2134"), ("soc-2020/2136", "soc-2020/2134")])
def test_a_crosswalk_joins_codes_of_two_classifications(pair: tuple[str, str]) -> None:
    registrar = LabourMarketRegistrar("almanac", "almanac")
    registrar.crosswalk("soc", [*PAIRS, pair])
    assert registrar.faults == [f"the crosswalk soc: {pair[0]} and {pair[1]} are no codes of two classifications"]

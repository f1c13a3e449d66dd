"""What the API may answer, wherever it is not what it should be; and that the README tells the truth."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.occupations import FIGURES, Figure, Occupation, SourceFailed
from waypost.plugins import manifest_of
from waypost.plugins.settings import problems_in
from waypost_lmi_for_all import shapes
from waypost_lmi_for_all.shapes import REGIONS

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SETTINGS = manifest_of("waypost_lmi_for_all").settings
NAMES = ("series", "year", "estpay", "hours", "years", "unemprate", "breakdown", "code", "predictedEmployment")
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
anything = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from((*NAMES, "employment", "soc", "title", "description")), inner, max_size=5)
    ),
    max_leaves=25,
)
READERS: dict[str, Callable[[Any], Any]] = {
    "search": lambda answer: shapes.occupations_in(answer, "soc-2010"),
    "code": lambda answer: [shapes.occupation_in(answer, "soc-2010")],
    "pay": lambda answer: list(shapes.pay_in(answer, "S92000003")),
    "hours": lambda answer: list(shapes.hours_in(answer)),
    "forecast": lambda answer: list(shapes.forecast_in(answer)),
    "by region": lambda answer: list(shapes.forecast_by_region_in(answer, "S92000003")),
    "unemployment": lambda answer: list(shapes.unemployment_in(answer)),
}


@pytest.mark.parametrize("name", READERS)
@given(answer=anything)
def test_whatever_is_answered_is_read_or_refused(name: str, answer: Any) -> None:
    try:
        found = READERS[name](answer)
    except SourceFailed:
        return
    for each in found:
        assert isinstance(each, Figure | Occupation)
        if isinstance(each, Figure):
            assert FIGURES[each.name] == each.unit
            assert each.value >= 0


def test_a_code_comes_as_a_number_or_as_text() -> None:
    for soc in (2136, "2136"):
        assert shapes.occupation_in({"soc": soc, "title": " Programmers "}, "soc-2010").qualified == "soc-2010/2136"


def test_long_words_are_cut_and_lines_are_joined() -> None:
    found = shapes.occupation_in({"soc": 2136, "title": "P", "description": "~tests;\n~writes " * 200}, "soc-2010")
    assert found.description.startswith("~tests; ~writes ~tests;")
    assert len(found.description) == shapes.LONGEST_TEXT


def test_every_region_and_nation_is_one_number() -> None:
    assert sorted(REGIONS.values()) == list(range(1, 13))
    assert REGIONS["S92000003"] == 11
    assert all(re.fullmatch("[ENSW][0-9]{8}", code) for code in REGIONS)


@pytest.mark.parametrize("text", re.findall(r"```toml\n(.*?)```", README, re.DOTALL))
def test_every_setting_that_the_readme_shows_is_taken(text: str) -> None:
    assert problems_in(tomllib.loads(text)["plugins"]["lmi_for_all"], SETTINGS) == []


def test_the_readme_has_every_setting_with_its_default() -> None:
    for name, schema in SETTINGS["properties"].items():
        assert re.search(rf"^\| `{name}` \|.*{re.escape(str(schema['default']))}", README, re.MULTILINE)


@pytest.mark.parametrize(
    "url", ["ftp://x.org", "https://x.org/", "https://x.org/?q=", "api", "https://", "https://x y"]
)
def test_an_address_that_cannot_be_is_no_setting(url: str) -> None:
    assert problems_in({"base_url": url}, SETTINGS)

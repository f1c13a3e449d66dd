"""What the README shows is what there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from graphql import parse, validate

from waypost_kickstart.placements import Placement
from waypost_kickstart.scheme import APPLY, DECIDE, KICKSTART

if TYPE_CHECKING:
    from tests.conftest import Country

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
PACKAGE = Path(__file__).parents[1] / "waypost_kickstart"


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("text", examples("graphql"))
async def test_every_example_is_answered(country: Country, text: str) -> None:
    assert validate(country.schema.core, parse(text)) == []
    body = await country.body(text, who="curator in plymouth", facts=[])
    assert "errors" not in body
    assert None not in body["data"].values()


def test_the_example_of_a_file_is_taken() -> None:
    (opportunity,) = next(tomllib.loads(text) for text in examples("toml") if "opportunities" in text)["opportunities"]
    assert Placement.model_validate(opportunity["kickstart"]).places == 2


def test_every_permission_code_and_amount_is_told() -> None:
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))
    said = set()
    for path in PACKAGE.glob("*.py"):
        said |= set(re.findall(r'code="([A-Z_]+)"', path.read_text(encoding="utf-8")))
    assert told == said
    assert {APPLY, DECIDE} == set(re.findall(r"^\| `(kickstart\.[a-z]+)` \|", README, re.MULTILINE))
    for funding in KICKSTART.funding:
        assert funding.amount is None or f"£{funding.amount:,.0f}" in README

"""What the README shows is what there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from graphql import OperationDefinitionNode, OperationType, parse, validate

from waypost.plugins import manifest_of
from waypost.plugins.settings import problems_in
from waypost_badge_nation.prices import prices

if TYPE_CHECKING:
    from tests.conftest import Country

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
PACKAGE = Path(__file__).parents[1] / "waypost_badge_nation"


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("text", examples("graphql"))
async def test_every_example_is_answered(country: Country, text: str) -> None:
    document = parse(text)
    assert validate(country.schema.core, document) == []
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    if ("make-good-trouble", "brighton") not in country.issuers:
        await country.settles("make-good-trouble", "brighton")
    of_the_network = (operation.operation is OperationType.MUTATION and "Join" in text) or "Memberships" in text
    where = ("badge-nation", "network") if of_the_network else ("brighton", "make-good-trouble admin in brighton")
    body = await country.body(text, *where, today=str(country.now.date()))
    assert "errors" not in body
    assert None not in body["data"].values()


@pytest.mark.parametrize("text", examples("toml"))
def test_every_setting_is_taken(text: str) -> None:
    settings = tomllib.loads(text)["plugins"]["badge_nation"]
    assert problems_in(settings, manifest_of("waypost_badge_nation").settings) == []


def test_every_price_and_code_is_told() -> None:
    tariff = prices(tomllib.loads((PACKAGE / "prices.toml").read_text(encoding="utf-8"))["prices"][-1]["since"])
    for amount in (tariff.membership, tariff.template):
        assert f"£{amount.net}" in README
        assert f"£{amount.gross}" in README
    told = set(re.findall(r"^\| `([A-Z_]+)` \| (?!the price|the membership c|it is on|nobody)", README, re.MULTILINE))
    said = set()
    for path in PACKAGE.glob("*.py"):
        said |= set(re.findall(r'code="([A-Z_]+)"', path.read_text(encoding="utf-8")))
    assert told == said

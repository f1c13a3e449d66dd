"""Tenants as front ends see them; standards and layers, kinds and plugins; issuers and places."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graph.asking import Asking, nodes
from waypost.opportunities.rules import KINDS

CITY = """
query($slug: String) { city(slug: $slug) {
  slug name kind state nation languages timezone area bounds { south west north east } centre { latitude longitude }
  standard { code } look { primaryColour accentColour logoUrl } contactUrl example
  plugins { name version api prefix active } groups { slug } } }
"""


def stars(*, active: bool) -> dict[str, Any]:
    return {"name": "stars", "version": "1.0", "api": "1", "prefix": "stars", "active": active}


async def test_a_city_says_who_it_is(ask: Asking) -> None:
    town = ask.world.towns["plymouth"]
    area = town.area
    assert area is not None
    plymouth = (await ask(CITY, city="plymouth"))["city"]
    assert plymouth == {
        "slug": "plymouth",
        "name": "Plymouth",
        "kind": "CITY",
        "state": "OPEN",
        "nation": "GB-ENG",
        "languages": ["en", "cy"],
        "timezone": "Europe/London",
        "area": area.geojson,
        "bounds": {"south": 50.3, "west": -4.3, "north": 50.5, "east": -4.0},
        "centre": {"latitude": area.latitude, "longitude": area.longitude},
        "standard": {"code": "rsa-2019"},
        "look": {
            "primaryColour": "#0b5d6b",
            "accentColour": "#ffd166",
            "logoUrl": "https://example.org/plymouth.svg",
        },
        "contactUrl": "https://example.org/plymouth",
        "example": True,
        "plugins": [stars(active=True)],
        "groups": [{"slug": "badge-nation"}, {"slug": "south-west"}],
    }
    for graph in ("plymouth", "cardiff", None):
        assert (await ask(CITY, {"slug": "plymouth"}, city=graph))["city"] == plymouth


async def test_a_network_has_no_area(ask: Asking) -> None:
    found = (await ask(CITY, city="badge-nation"))["city"]
    assert (found["kind"], found["standard"]["code"], found["groups"]) == ("NETWORK", "rsa-2025", [])
    assert (found["area"], found["bounds"], found["centre"], found["nation"]) == (None, None, None, None)


async def test_a_city_that_left_stays_readable(ask: Asking) -> None:
    for graph in ("plymouth", None):
        found = (await ask(CITY, {"slug": "old-town"}, city=graph))["city"]
        assert (found["state"], found["groups"]) == ("CLOSED", [{"slug": "south-west"}])
        assert "old-town" not in nodes((await ask("{ cities { nodes { slug } } }", city=graph))["cities"])


async def test_no_city_of_that_name_is_null(ask: Asking) -> None:
    for graph in ("plymouth", None):
        assert await ask('{ city(slug: "atlantis") { name } }', city=graph) == {"city": None}


async def test_plugins_are_told_for_the_graph_asked(ask: Asking) -> None:
    for graph, active in (("plymouth", True), ("cardiff", False), (None, True)):
        assert await ask("{ plugins { name version api prefix active } }", city=graph) == {
            "plugins": [stars(active=active)]
        }
    listed = (await ask("{ cities { nodes { slug plugins { active __typename } } } }"))["cities"]["nodes"]
    assert [each["slug"] for each in listed if each["plugins"][0]["active"]] == ["plymouth"]
    assert {each["plugins"][0]["__typename"] for each in listed} == {"Plugin"}


async def test_layers_are_those_of_the_citys_standard_and_of_all_nationally(ask: Asking) -> None:
    query = "{ layers { code name order description examples standard { code } } }"
    first = ["rsa-2019/engage", "rsa-2019/participate", "rsa-2019/demonstrate", "rsa-2019/lead"]
    second = [f"rsa-2025/{name}" for name in ("explorer", "practitioner", "collaborator", "innovator", "leader")]
    for graph, codes in (("plymouth", first), ("cardiff", first), ("badge-nation", second), (None, [*first, *second])):
        layers = (await ask(query, city=graph))["layers"]
        assert [each["code"] for each in layers] == codes
        assert [each["standard"]["code"] for each in layers] == [code.split("/")[0] for code in codes]
        assert all(each["name"] and each["description"] for each in layers)
    four = (await ask(query, city="plymouth"))["layers"]
    assert [each["order"] for each in four] == [1, 2, 3, 4]
    assert four[0]["examples"] == ["Careers fair", "Exhibition", "Open day", "Assembly", "Webinar"]


async def test_every_graph_knows_every_standard(ask: Asking) -> None:
    query = "{ standards { code name version isProgression endorsedBy layers { code standard { version } } } }"
    for graph in ("plymouth", "badge-nation", None):
        standards = {each["code"]: each for each in (await ask(query, city=graph))["standards"]}
        assert list(standards) == ["rsa-2019", "rsa-2025"]
        assert standards["rsa-2019"]["endorsedBy"] == ["City & Guilds", "RSA"]
        assert standards["rsa-2019"]["isProgression"] is False
        for each in standards.values():
            assert {layer["standard"]["version"] for layer in each["layers"]} == {each["version"]}


async def test_kinds_have_names(ask: Asking) -> None:
    for graph in ("plymouth", None):
        kinds = (await ask("{ kinds { code name } }", city=graph))["kinds"]
        assert {each["code"]: each["name"] for each in kinds} == KINDS
        assert {"code": "WORK_EXPERIENCE", "name": "Work experience"} in kinds
        assert len(kinds) == 10


@pytest.mark.parametrize("graph", ["plymouth", None])
async def test_an_issuer_says_who_it_is_and_where_else(ask: Asking, graph: str | None) -> None:
    query = """query($slug: String!) { issuer(slug: $slug, city: "plymouth") {
      name description kind roles url logoUrl verified location { latitude longitude } parent { slug } city { slug }
      elsewhere { slug name city { slug } elsewhere { city { slug } } } } }"""
    ideas = (await ask(query, {"slug": "real-ideas"}, city=graph))["issuer"]
    assert ideas == {
        "name": "Real Ideas",
        "description": "Ideas made *real*.",
        "kind": "charity",
        "roles": ["issues", "provides"],
        "url": "https://example.org/ideas",
        "logoUrl": "https://example.org/ideas.svg",
        "verified": True,
        "location": {"latitude": 50.37, "longitude": -4.14},
        "parent": None,
        "city": {"slug": "plymouth"},
        "elsewhere": [
            {
                "slug": "real-ideas",
                "name": "Syniadau",
                "city": {"slug": "cardiff"},
                "elsewhere": [{"city": {"slug": "plymouth"}}],
            }
        ],
    }
    college = (await ask(query, {"slug": "city-college"}, city=graph))["issuer"]
    assert (college["parent"], college["location"], college["elsewhere"]) == ({"slug": "real-ideas"}, None, [])
    assert (college["description"], college["url"], college["verified"]) == (None, None, False)


@pytest.mark.parametrize("graph", ["plymouth", None])
async def test_a_place_says_where_it_is(ask: Asking, graph: str | None) -> None:
    query = """query($slug: String!) { place(slug: $slug, city: "plymouth") {
      name kind address postcode location { latitude longitude } insideArea accessibility city { slug } } }"""
    assert (await ask(query, {"slug": "central-library"}, city=graph))["place"] == {
        "name": "Central Library",
        "kind": "library",
        "address": "Armada Way",
        "postcode": "PL1 2HL",
        "location": {"latitude": 50.3715, "longitude": -4.1423},
        "insideArea": True,
        "accessibility": ["hearing-loop", "step-free"],
        "city": {"slug": "plymouth"},
    }
    quay = (await ask(query, {"slug": "quay"}, city=graph))["place"]
    assert (quay["insideArea"], quay["kind"], quay["address"], quay["accessibility"]) == (False, "park", None, [])

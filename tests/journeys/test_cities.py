"""Stories of a city that changes what it says of itself."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.journeys.stage import Stage
from waypost.db import City, Database, System, execute, fetch

CITY: Final = "city { slug name languages contactUrl look { primaryColour accentColour logoUrl } }"
BOSS: Final[dict[str, Any]] = {"who": "boss"}
LOOK: Final = {"primaryColour": "#1B4332", "logoUrl": "https://example.org/logo.svg"}


@pytest.fixture(scope="module")
async def country(database: Database) -> Stage:
    made = await Stage.set_up(database)
    await made.admit("boss", "brighton", "city-admin")
    return made


@pytest.fixture
async def stage(country: Stage) -> Stage:
    """The country, in which Brighton is kept by the graph."""
    async with country.database.transaction(System("tests", shared=True)):
        await execute("UPDATE tenant SET managed_by = 'graph', files = 'managed' WHERE slug = 'brighton'")
    await country.reload()
    return country


async def trace(stage: Stage) -> list[tuple[str, str, list[str]]]:
    sql = "SELECT table_name, verb, changed FROM audit WHERE act = 'updateCity' ORDER BY id"
    async with stage.database.transaction(City(stage.town("brighton").id)):
        return [tuple(row) for row in await fetch(sql)]


async def test_a_city_changes_what_it_says_and_its_graph_knows_at_once(stage: Stage) -> None:
    before = len(await trace(stage))
    given = {"name": "Brighton", "look": LOOK, "languages": ["en", "cy", "fr"], "contactUrl": "https://example.org/b"}
    done = await stage.done("updateCity", given, CITY, **BOSS)
    assert done["city"] == {
        "slug": "brighton",
        "name": "Brighton",
        "languages": ["en", "cy", "fr"],
        "contactUrl": "https://example.org/b",
        "look": {
            "primaryColour": "#1b4332",
            "accentColour": "#ffd166",
            "logoUrl": "https://example.org/logo.svg",
        },
    }
    here = stage.platform.directory.by_slug("brighton")
    assert here is not None
    assert (here.name, here.languages, here.primary_colour) == ("Brighton", ("en", "cy", "fr"), "#1b4332")
    words = {"name": "Hall", "kind": "library", "location": {"latitude": 50.82, "longitude": -0.14}}
    french = {**words, "translations": [{"language": "fr", "name": "Salle"}]}
    await stage.done("createPlace", french, "place { id }", who="boss")
    cleared = {"look": {"logoUrl": None}, "contactUrl": None}
    done = await stage.done("updateCity", cleared, CITY, **BOSS)
    assert (done["city"]["contactUrl"], done["city"]["look"]["logoUrl"]) == (None, None)
    told = [each["data"]["changed"] for each in await stage.told_in("brighton", "city.updated")]
    assert told == [["contact_url", "languages", "logo_url", "name", "primary_colour"], ["contact_url", "logo_url"]]
    first, second = (await trace(stage))[before:]
    assert first == (
        *("city_change", "insert"),
        ["city_id", "contact_url", "languages", "logo_url", "name", "primary_colour"],
    )
    assert second == ("city_change", "update", ["contact_url", "logo_url"])


async def test_what_is_so_already_moves_nothing(stage: Stage) -> None:
    here = stage.platform.directory.by_slug("brighton")
    assert here is not None
    before = await stage.counted()
    same: tuple[dict[str, Any], ...] = ({}, {"name": here.name}, {"look": {}}, {"languages": list(here.languages)})
    for given in same:
        await stage.done("updateCity", given, "", **BOSS)
    assert await stage.counted() == before


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"name": " "}, ["name"]),
        ({"name": None}, ["name"]),
        ({"look": None}, ["look"]),
        ({"look": {"primaryColour": None}}, ["look", "primaryColour"]),
        ({"look": {"primaryColour": "#ffd166"}}, ["look", "primaryColour"]),
        ({"look": {"accentColour": "#000000"}}, ["look", "accentColour"]),
        ({"look": {"accentColour": "red"}}, ["look", "accentColour"]),
        ({"look": {"logoUrl": "https://a:b@example.org/"}}, ["look", "logoUrl"]),
        ({"contactUrl": "https://a:b@example.org/"}, ["contactUrl"]),
        ({"languages": []}, ["languages"]),
        ({"languages": None}, ["languages"]),
        ({"languages": ["cy", "en"]}, ["languages", "0"]),
        ({"languages": ["en"]}, ["languages"]),
        ({"languages": ["en", "cy", "cy"]}, ["languages"]),
    ],
)
async def test_what_a_city_may_not_say_is_refused(stage: Stage, given: dict[str, Any], path: list[str]) -> None:
    assert await stage.refused("updateCity", given, **BOSS) == ("Invalid", "INVALID", path)


async def test_what_files_say_is_changed_there_unless_they_are_a_seed(stage: Stage) -> None:
    async with stage.database.transaction(System("tests", shared=True)):
        await execute("UPDATE tenant SET managed_by = 'files' WHERE slug = 'brighton'")
    given = {"look": {"accentColour": "#ffe08a"}}
    assert await stage.refused("updateCity", given, **BOSS) == ("ManagedByFiles", "MANAGED_BY_FILES", None)
    query = "mutation($input: UpdateCityInput!) { updateCity(input: $input) { ... on ManagedByFiles { source } } }"
    answer = (await stage.read(query, input=given, **BOSS))["updateCity"]
    assert answer == {"source": "tenants/brighton/tenant.toml:look.accent_colour"}
    async with stage.seeded("brighton"):
        await stage.done("updateCity", given, "", **BOSS)


async def test_only_who_administers_it_changes_it_and_nobody_another(stage: Stage) -> None:
    given = {"name": "Elsewhere"}
    for who in ("brighton curator", "plymouth curator", "issuer-admin", "learner"):
        assert await stage.refused("updateCity", given, who=who) == ("Refused", "FORBIDDEN", None)
    assert await stage.refused("updateCity", given, who="stranger") == ("Refused", "UNAUTHENTICATED", None)
    assert await stage.refused("updateCity", given, who="operator", city="old-town") == ("Refused", "CITY_CLOSED", None)
    ids = {
        each["slug"]: each["id"]
        for each in (await stage.read("{ cities(first: 9) { nodes { id slug } } }", city=None))["cities"]["nodes"]
    }
    named = {**given, "city": ids["plymouth"]}
    assert await stage.refused("updateCity", named, city=None, **BOSS) == ("Refused", "FORBIDDEN", None)
    done = await stage.done(
        "updateCity", {"name": "Brighton & Hove", "city": ids["brighton"]}, CITY, city=None, who="operator"
    )
    assert done["city"]["name"] == "Brighton & Hove"

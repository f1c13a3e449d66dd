"""Texts come in the language asked for, else in the words of the city; and skills are one for the country."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graph import expected
from tests.graph.asking import Asking
from tests.graph.expected import here

WELSH = 'query @inContext(language: "cy")'
ENGLISH = 'query @inContext(language: "en")'


async def test_a_translation_is_chosen_by_the_directive(ask: Asking) -> None:
    text = """{ badge(slug: "smart-citizen") { name description criteria { text } version { name } }
      issuer(slug: "real-ideas") { name description } place(slug: "central-library") { name }
      opportunity(slug: "film-lab") { title summary }
      pathway(slug: "film-maker") { name description steps { title } } }"""
    assert await ask(WELSH + text, city="plymouth") == {
        "badge": {
            "name": "Dinesydd Craff",
            "description": "Mae'r enillwyr wedi cymryd rhan.",
            "criteria": [{"text": "Daeth draw"}, {"text": "Stayed"}, {"text": "Told others"}],
            "version": {"name": "Dinesydd Craff"},
        },
        "issuer": {"name": "Syniadau Go Iawn", "description": "Ideas made *real*."},
        "place": {"name": "Llyfrgell Ganolog"},
        "opportunity": {"title": "Labordy Ffilm", "summary": "Gwnewch ffilm."},
        "pathway": {
            "name": "Gwneuthurwr Ffilm",
            "description": "Ffordd.",
            "steps": [{"title": "Darganfod"}, {"title": "Practise"}, {"title": "Show"}],
        },
    }


async def test_what_has_no_translation_comes_in_the_citys_first_language(ask: Asking) -> None:
    text = '{ badge(slug: "navigator") { name description } opportunity(slug: "job") { title } }'
    plain = await ask(text, city="plymouth")
    assert plain["badge"]["name"] == "Navigator"
    for asked in (WELSH, 'query @inContext(language: "fr")'):
        assert await ask(asked + text, city="plymouth") == plain
    assert await ask(text, city="plymouth", languages=("cy", "fr", "de-AT")) == plain


async def test_a_city_whose_first_language_is_welsh_is_read_in_english_by_who_asks_for_it(ask: Asking) -> None:
    text = """{ badge(slug: "bathodyn") { name criteria { text } } issuer(slug: "clwb") { name description }
      place(slug: "hyb") { name } pathway(slug: "llwybr") { name steps { title } } }"""
    own = await ask(text, city="cardiff")
    assert (own["badge"]["name"], own["issuer"]["name"], own["place"]["name"]) == ("Bathodyn", "Clwb Ieuenctid", "Hyb")
    assert await ask(ENGLISH + text, city="cardiff") == {
        "badge": {"name": "The Badge", "criteria": [{"text": "Came"}, {"text": "Stayed on"}]},
        "issuer": {"name": "Youth Club", "description": "A club for all."},
        "place": {"name": "Hub"},
        "pathway": {"name": "The Way", "steps": [{"title": "One"}]},
    }
    assert await ask(WELSH + text, city="cardiff") == own


@pytest.mark.parametrize(
    ("languages", "name"),
    [
        ((), "Smart Citizen Plus"),
        (("cy",), "Dinesydd Craff"),
        (("cy-GB",), "Dinesydd Craff"),
        (("fr", "cy"), "Dinesydd Craff"),
        (("en", "cy"), "Smart Citizen Plus"),
        (("en-GB", "cy"), "Smart Citizen Plus"),
        (("fr", "de"), "Smart Citizen Plus"),
        (("fr", "en", "cy"), "Smart Citizen Plus"),
    ],
)
async def test_accept_language_is_heeded_in_its_order(ask: Asking, languages: tuple[str, ...], name: str) -> None:
    query = '{ badge(slug: "smart-citizen", city: "plymouth") { name } }'
    for city in ("plymouth", None):
        assert await ask(query, city=city, languages=languages) == {"badge": {"name": name}}


async def test_the_directive_goes_before_accept_language(ask: Asking) -> None:
    text = 'query($language: LanguageTag!) @inContext(language: $language) { badge(slug: "smart-citizen") { name } }'
    for language, name in (("cy", "Dinesydd Craff"), ("en", "Smart Citizen Plus"), ("cy-GB", "Dinesydd Craff")):
        found = await ask(text, {"language": language}, city="plymouth", languages=("en", "cy"))
        assert found == {"badge": {"name": name}}


async def test_the_national_graph_speaks_to_each_city_in_its_turn(ask: Asking) -> None:
    text = """{ a: badge(slug: "smart-citizen", city: "plymouth") { name }
      b: badge(slug: "bathodyn", city: "cardiff") { name }
      c: badge(slug: "explorer", city: "badge-nation") { name } }"""

    def names(found: Any) -> list[str]:
        return [each["name"] for each in found.values()]

    assert names(await ask(text)) == ["Smart Citizen Plus", "Bathodyn", "Explorer"]
    assert names(await ask(WELSH + text)) == ["Dinesydd Craff", "Bathodyn", "Explorer"]
    assert names(await ask(ENGLISH + text)) == ["Smart Citizen Plus", "The Badge", "Explorer"]


async def test_borrowed_words_come_in_the_language_asked_for_too(ask: Asking) -> None:
    text = '{ pathway(slug: "film-maker") { steps { badges { name } } } }'

    async def first(asked: str) -> list[str]:
        step = (await ask(asked + text, city="plymouth"))["pathway"]["steps"][0]
        return [each["name"] for each in step["badges"]]

    assert await first("query") == ["Smart Citizen Plus", "Bathodyn"]
    assert await first(WELSH) == ["Dinesydd Craff", "Bathodyn"]


# Skills


async def test_the_country_joins_what_cities_spell_differently(ask: Asking) -> None:
    query = "{ skills(first: 100) { nodes { id code name } } }"
    national = (await ask(query))["skills"]["nodes"]
    by_id = {each["id"]: each for each in national}
    assert len(by_id) == len({each["code"] for each in national}) == len(national)
    assert [each["name"] for each in national].count("Teamwork") == 1
    spelled = set()
    for city in ("plymouth", "cardiff", "badge-nation"):
        for each in (await ask(query, city=city))["skills"]["nodes"]:
            assert by_id[each["id"]]["code"] == each["code"]
            spelled |= {each["name"]} if each["code"] == "problem-solving" else set()
    assert spelled == {"Problem-Solving", "problem solving"}
    assert len([each for each in national if each["code"] == "problem-solving"]) == 1


async def test_a_skill_of_the_country_finds_the_badges_of_every_city(ask: Asking) -> None:
    query = '{ skill(code: "problem-solving") { badges(first: 100) { totalCount nodes { city { slug } } } } }'
    listed = [each for each in here(ask.world.badges, None) if each.state == "published"]
    wanted = [each for each in listed if "problem-solving" in expected.skill_codes(each)]
    found = (await ask(query))["skill"]["badges"]
    assert found["totalCount"] == len(wanted)
    assert {each["city"]["slug"] for each in found["nodes"]} == {each.town.slug for each in wanted}
    assert len({each.town.slug for each in wanted}) > 1

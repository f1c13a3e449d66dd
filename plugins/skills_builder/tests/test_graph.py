from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Country

SHOWN = '{ badge(slug: "film"%s) { essentialSkills { step url skill { code name } } } }'
SKILLS = "{ essentialSkills%s { code name } }"


async def test_a_badge_says_which_essential_skills_it_shows_in_the_order_of_the_framework(
    country: Country,
) -> None:
    city = await country.founds("graph-badge")
    await city.shows(await city.writes_badge("film"), {"teamwork": 2, "problem-solving": 12})
    expected = [
        {
            "step": 12,
            "url": "https://www.skillsbuilder.org/universal-framework-steps/problem-solving-step-12",
            "skill": {"code": "2.0/problem-solving", "name": "Problem Solving"},
        },
        {
            "step": 2,
            "url": "https://www.skillsbuilder.org/universal-framework-steps/teamwork-step-2",
            "skill": {"code": "2.0/teamwork", "name": "Teamwork"},
        },
    ]
    assert await country.asked(SHOWN % "", city) == {"badge": {"essentialSkills": expected}}
    assert await country.asked(SHOWN % ', city: "graph-badge"') == {"badge": {"essentialSkills": expected}}


async def test_a_badge_that_shows_none_has_an_empty_list(country: Country) -> None:
    city = await country.founds("graph-none")
    await city.writes_badge("film")
    assert await country.asked(SHOWN % "", city) == {"badge": {"essentialSkills": []}}


async def test_nationally_a_badge_of_a_city_without_the_plugin_answers_null(country: Country) -> None:
    city = await country.founds("graph-off", active=False)
    await city.writes_badge("film")
    assert await country.asked(SHOWN % ', city: "graph-off"') == {"badge": {"essentialSkills": None}}


async def test_a_city_without_the_plugin_does_not_know_its_fields(country: Country) -> None:
    city = await country.founds("graph-unknown", active=False)
    (error,) = await country.asked(SHOWN % "", city, active=False)
    assert error["message"].startswith("Cannot query field 'essentialSkills' on type 'Badge'")
    (error,) = await country.asked(SKILLS % "", city, active=False)
    assert error["message"].startswith("Cannot query field 'essentialSkills' on type 'Query'")


async def test_a_city_lists_the_skills_of_its_own_version(country: Country) -> None:
    city = await country.founds("graph-own")
    assert [skill["code"] for skill in (await country.asked(SKILLS % "", city))["essentialSkills"]] == [
        "2.0/listening",
        "2.0/speaking",
        "2.0/problem-solving",
        "2.0/creativity",
        "2.0/adapting",
        "2.0/planning",
        "2.0/leadership",
        "2.0/teamwork",
    ]
    await city.chooses("1.0")
    skills = (await country.asked(SKILLS % "", city))["essentialSkills"]
    assert [skill["name"] for skill in skills][4:6] == ["Staying Positive", "Aiming High"]


async def test_any_version_can_be_asked_for_and_the_nation_lists_both(country: Country) -> None:
    city = await country.founds("graph-version")
    asked = await country.asked(SKILLS % '(framework: "1.0")', city)
    assert {skill["code"][:4] for skill in asked["essentialSkills"]} == {"1.0/"}
    assert await country.asked(SKILLS % '(framework: "3.0")', city) == {"essentialSkills": []}
    assert len((await country.asked(SKILLS % ""))["essentialSkills"]) == 16


async def test_a_skill_leads_to_the_other_version_and_has_sixteen_steps(country: Country) -> None:
    query = """{
        essentialSkills(framework: "1.0") {
            slug position steps exactMatchOf { code } isRelatedTo { code name }
        }
    }"""
    skills = (await country.asked(query))["essentialSkills"]
    assert skills[0] == {
        "slug": "listening",
        "position": 1,
        "steps": list(range(16)),
        "exactMatchOf": {"code": "2.0/listening"},
        "isRelatedTo": None,
    }
    assert skills[4]["exactMatchOf"] is None
    assert skills[4]["isRelatedTo"] == {"code": "2.0/adapting", "name": "Adapting"}


async def test_a_draft_is_not_shown_and_neither_is_what_it_shows(country: Country) -> None:
    city = await country.founds("graph-draft")
    await city.shows(await city.writes_badge("film", state="draft"), {"creativity": 3})
    assert await country.asked(SHOWN % "", city) == {"badge": None}

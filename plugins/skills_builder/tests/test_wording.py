from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from waypost.apps import core_app
from waypost.db.migrate import migrate, owner
from waypost.outbox.frameworks import Package
from waypost.skills.arranging import Placed, arrange, elsewhere
from waypost.skills.framework_store import Imported, write_package
from waypost.skills.framework_store import country as national
from waypost_skills_builder.framework import CHANGED, VERSIONS, item_id, package_of, packages
from waypost_skills_builder.wording import FORMAT, read_wording

if TYPE_CHECKING:
    from tests.conftest import Country
    from waypost.plugins import Plugins

HEAD = "framework,skill,step,statement\n"
BOTH = """{ frameworks(filter: { text: "universal" }) { nodes { title version licence creator
    items(filter: { depth: 1 }) { nodes { code exactMatches { code } related { code } items { totalCount } } } } } }"""
SAID = '{ badge(slug: "film"%s) { essentialSkills { step item { code statement framework { title } } } } }'
ALIGNED = '{ badge(slug: "film") { alignments { targetName targetCode targetUrl targetFramework source } } }'


def read(text: str) -> Package:
    found = read_wording(text.encode())
    assert isinstance(found, Package), found
    return found


def faults(data: bytes) -> list[tuple[str, str]]:
    found = read_wording(data)
    assert not isinstance(found, Package)
    return [(each.code, each.place) for each in found]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_a_whole_framework(version: str) -> None:
    package = package_of(version)
    placed = arrange(package, elsewhere(package))
    assert all(isinstance(each, Placed) for each in placed), placed
    assert len(placed) == 8 * 17


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_delivered_has_none_of_its_wording(version: str) -> None:
    """Its licence forbids changed copies; names and numbers are all that is needed."""
    for each in package_of(version).items:
        assert each.statement == each.name
        assert each.kind == "Essential skill" or each.statement.partition(", step ")[2].isdecimal()
        assert each.changed_at == CHANGED


def test_an_operators_file_gives_the_steps_their_words() -> None:
    package = read(f'{HEAD}2.0,listening,0,"Made up, for tests"\r\n2.0,teamwork,15,Also made up\r\n')
    said = {each.code: each for each in package.items}
    assert said["2.0/listening/0"].statement == "Made up, for tests"
    assert said["2.0/listening/0"].name == "Listening, step 0"
    assert said["2.0/listening/1"].statement == "Listening, step 1"
    assert said["2.0/teamwork/15"].changed_at > CHANGED
    assert package.document.changed_at > CHANGED


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("3.0,listening,0,x", "INVALID", "line 2, framework"),
        ("2.0,staying-positive,0,x", "INVALID", "line 2, skill"),
        ("1.0,adapting,0,x", "INVALID", "line 2, skill"),
        ("2.0,listening,16,x", "INVALID", "line 2, step"),
        ("2.0,listening,-1,x", "INVALID", "line 2, step"),
        ("2.0,listening,²,x", "INVALID", "line 2, step"),
        ("2.0,listening,3,", "INVALID", "line 2, statement"),
        ("2.0,listening", "INVALID", "line 2, step"),
        ("2.0,listening,3,x\n2.0,listening,3,y", "DUPLICATE_IDENTIFIER", "line 3"),
        ("2.0,listening,3,x\n1.0,listening,3,y", "INVALID", "framework"),
        ("", "INVALID", "framework"),
    ],
)
def test_a_line_that_is_wrong_is_told_with_its_place(text: str, code: str, place: str) -> None:
    assert faults((HEAD + text).encode()) == [(code, place)]


def test_only_files_with_its_first_line_are_its() -> None:
    assert FORMAT.knows(b"\xef\xbb\xbfFramework,Skill,Step,Statement\n")
    assert not FORMAT.knows(b'{"CFDocument": {}}')
    assert faults(HEAD.encode() + b"\xff")[0][0] == "NOT_CSV"


async def test_both_versions_are_frameworks_like_others_with_a_crosswalk(country: Country) -> None:
    for city in (await country.founds("wording-both"), None):
        old, new = (await country.asked(BOTH, city))["frameworks"]["nodes"]
        assert [each["version"] for each in (old, new)] == ["1.0", "2.0"]
        assert (old["licence"], old["creator"]) == ("CC BY-ND 4.0", "Skills Builder Partnership")
        assert {each["items"]["totalCount"] for each in old["items"]["nodes"]} == {16}
        walk = {each["code"]: (each["exactMatches"], each["related"]) for each in old["items"]["nodes"]}
        assert walk["1.0/listening"] == ([{"code": "2.0/listening"}], [])
        assert walk["1.0/aiming-high"] == ([], [{"code": "2.0/planning"}])


async def test_a_badge_that_shows_a_step_is_aligned_with_it(country: Country) -> None:
    city = await country.founds("wording-aligned")
    badge = await city.writes_badge("film")
    await city.shows(badge, {"creativity": 5, "adapting": 0})
    shown = (await country.asked(ALIGNED, city))["badge"]["alignments"]
    assert shown[1] == {
        "targetName": "Creativity, step 5",
        "targetCode": "2.0/creativity/5",
        "targetUrl": "https://www.skillsbuilder.org/universal-framework-steps/creativity-step-5",
        "targetFramework": "Skills Builder Universal Framework 2.0",
        "source": "skills_builder",
    }
    await city.shows(badge, {"creativity": 6})
    shown = (await country.asked(ALIGNED, city))["badge"]["alignments"]
    assert [each["targetCode"] for each in shown] == ["2.0/creativity/6"]
    await city.shows(badge, None)
    assert (await country.asked(ALIGNED, city))["badge"]["alignments"] == []


async def test_what_a_badge_shows_of_one_version_counts_in_the_other_where_skills_are_the_same(
    country: Country,
) -> None:
    city = await country.founds("wording-gaps")
    await city.shows(await city.writes_badge("film"), {"creativity": 5, "adapting": 2})
    query = "{ frameworks { nodes { version gaps(filter: { depth: 1 }) { nodes { code } } } } }"
    lacking = {
        each["version"]: {item["code"] for item in each["gaps"]["nodes"]}
        for each in (await country.asked(query, city))["frameworks"]["nodes"]
    }
    assert "2.0/creativity" not in lacking["2.0"]
    assert "2.0/adapting" not in lacking["2.0"]
    assert len(lacking["2.0"]) == 6
    assert "1.0/creativity" not in lacking["1.0"]
    assert "1.0/staying-positive" in lacking["1.0"], "related is not the same"


async def test_imported_wording_is_shown_and_outlives_the_next_migration(
    country: Country, admin_url: str, plugins: Plugins
) -> None:
    city = await country.founds("wording-shown")
    await city.shows(await city.writes_badge("film"), {"teamwork": 7})
    package = read(f"{HEAD}2.0,teamwork,7,Made up for this test\n")
    async with owner(admin_url) as connection:
        done = await write_package(national(connection), package, "wording.csv")
    assert isinstance(done, Imported)
    assert (done.created, done.changed, done.retired) == (0, 1, 0)
    await migrate(admin_url, [core_app(plugins.frameworks())])
    for where, slug in ((city, ""), (None, ', city: "wording-shown"')):
        (shown,) = (await country.asked(SAID % slug, where))["badge"]["essentialSkills"]
        assert shown["item"]["statement"] == "Made up for this test"


def test_identifiers_never_change() -> None:
    """Credentials that were signed name them."""
    assert str(item_id("2.0/teamwork/7")) == "af447847-2d7b-5562-8f1b-631776a7a76e"


def test_the_names_under_which_the_plugin_registers_them_are_in_the_manifest(plugins: Plugins) -> None:
    assert [each.name for each in plugins.frameworks()] == list(packages())

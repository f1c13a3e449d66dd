from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.plugins import manifest_of
from waypost.tenancy import Problem
from waypost_skills_builder.catalogue import SECTION, Steps, check
from waypost_skills_builder.framework import STEPS, EssentialSkill, essential_skills, misfits

SKILLS: Mapping[str, EssentialSkill] = {skill.code: skill for skill in essential_skills()}


@pytest.mark.parametrize(
    ("framework", "fifth_and_sixth"),
    [("1.0", "Staying Positive, Aiming High"), ("2.0", "Adapting, Planning")],
)
def test_each_version_has_its_eight_skills_in_order(framework: str, fifth_and_sixth: str) -> None:
    names = f"Listening, Speaking, Problem Solving, Creativity, {fifth_and_sixth}, Leadership, Teamwork"
    skills = [skill for skill in essential_skills() if skill.framework == framework]
    assert ", ".join(skill.name for skill in skills) == names
    assert [skill.position for skill in skills] == list(range(1, 9))


def test_steps_go_from_0_to_15() -> None:
    assert list(STEPS) == list(range(16))


def test_six_skills_are_the_same_in_both_versions_and_two_are_related() -> None:
    old = [skill for skill in essential_skills() if skill.framework == "1.0"]
    same = {skill.slug: skill.exact_match_of for skill in old if skill.exact_match_of}
    assert same == {slug: f"2.0/{slug}" for slug in same}
    assert len(same) == 6
    assert {skill.slug: skill.is_related_to for skill in old if skill.is_related_to} == {
        "staying-positive": "2.0/adapting",
        "aiming-high": "2.0/planning",
    }


@pytest.mark.parametrize("code", SKILLS)
def test_the_crosswalk_reads_the_same_from_both_sides(code: str) -> None:
    skill = SKILLS[code]
    other = SKILLS[skill.exact_match_of or skill.is_related_to or ""]
    assert other.framework != skill.framework
    assert (other.exact_match_of, other.is_related_to) == (
        skill.exact_match_of and code,
        skill.is_related_to and code,
    )


@given(st.dictionaries(st.sampled_from([s.slug for s in essential_skills()]), st.integers()))
def test_what_fits_is_a_step_of_a_skill_of_the_framework(steps: dict[str, int]) -> None:
    wrong = {problem.keys[0] for problem in misfits(steps, "2.0")}
    for slug, step in steps.items():
        assert (slug in wrong) is not (f"2.0/{slug}" in SKILLS and 0 <= step <= 15)


def test_an_unknown_skill_is_named_with_those_that_there_are() -> None:
    (problem,) = check(Steps({"adapting": 3, "teamwork": 15}), {"framework": "1.0"})
    assert problem.keys == ("adapting",)
    assert problem.words.startswith("no essential skill of framework 1.0, which has listening, speaking")


def test_a_step_out_of_range_is_named() -> None:
    assert list(check(Steps({"listening": 16, "speaking": -1, "planning": 0}), {"framework": "2.0"})) == [
        Problem(("listening",), "there is no step 16; steps go from 0 to 15"),
        Problem(("speaking",), "there is no step -1; steps go from 0 to 15"),
    ]


@pytest.mark.parametrize("step", ["5", 5.0, True, None])
def test_a_step_is_a_whole_number(step: object) -> None:
    with pytest.raises(ValueError, match="valid integer"):
        SECTION.model.model_validate({"listening": step})


def test_the_manifest_fits_the_distribution_and_the_data() -> None:
    manifest = manifest_of("waypost_skills_builder")
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    assert manifest.version == project["version"]
    assert project["entry-points"]["waypost"] == {manifest.name: "waypost_skills_builder.plugin"}
    assert manifest.settings["properties"]["framework"]["enum"] == sorted({s.framework for s in essential_skills()})


def test_the_wording_of_the_framework_stays_with_its_owner() -> None:
    """Its licence forbids changed copies; names and numbers are all that is needed."""
    text = (files("waypost_skills_builder") / "skills.csv").read_text("utf-8")
    assert max(map(len, text.splitlines())) < 80

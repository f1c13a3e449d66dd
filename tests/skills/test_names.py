from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.skills.rules import normal_form, skill_code, skill_id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Teamwork", "  TEAMWORK "),
        ("Problem-Solving", "problem solving"),
        ("Research & Development", "research and development"),
        ("Children's rights", "childrens rights"),
        ("Ｄｉｇｉｔａｌ literacy", "Digital Literacy"),
        ("Straße", "STRASSE"),
    ],
)
def test_spellings_of_one_skill_are_one(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)
    assert skill_id(one) == skill_id(other)
    assert skill_code(one) == skill_code(other)


@pytest.mark.parametrize(("one", "other"), [("C", "C++"), ("C#", "C++"), ("Skill", "Skills"), ("resume", "résumé")])
def test_different_skills_stay_apart(one: str, other: str) -> None:
    assert skill_id(one) != skill_id(other)
    assert skill_code(one) != skill_code(other)


def test_a_plain_name_gives_a_plain_code() -> None:
    assert skill_code("Management Of Financial Resources") == "management-of-financial-resources"


def test_the_id_of_a_skill_is_the_same_for_ever() -> None:
    assert str(skill_id("Teamwork")) == str(skill_id("teamwork")) == "8a12a620-8234-59bd-b414-a6f067acc2ae"


@pytest.mark.parametrize("name", ["", "  ", "!?", "’"])
def test_a_name_without_letters_is_no_skill(name: str) -> None:
    assert normal_form(name) == ""
    with pytest.raises(ValueError, match="no letters"):
        skill_id(name)


@given(st.text())
def test_a_normal_form_is_its_own_normal_form(name: str) -> None:
    assert normal_form(normal_form(name)) == normal_form(name)


@given(st.text(min_size=1), st.sampled_from(["{}", " {} ", "{}!", "({})"]))
def test_dressing_makes_no_difference(name: str, dress: str) -> None:
    assert normal_form(dress.format(name)) == normal_form(name)


@given(st.text(), st.text())
def test_codes_are_equal_if_and_only_if_the_skills_are(one: str, other: str) -> None:
    forms = [normal_form(one), normal_form(other)]
    if all(forms):
        assert (skill_code(one) == skill_code(other)) == (forms[0] == forms[1])


@given(st.text())
def test_codes_fit_into_addresses(name: str) -> None:
    if normal_form(name):
        assert set(skill_code(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")

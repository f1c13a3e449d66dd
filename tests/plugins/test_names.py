from __future__ import annotations

import pytest

from waypost.plugins.names import carries, type_prefix


@pytest.mark.parametrize("name", ["essential", "essentialSkills", "essential2"])
def test_a_name_carries_its_prefix_as_a_word(name: str) -> None:
    assert carries(name, "essential")


@pytest.mark.parametrize("name", ["essentials", "skills", "skillsEssential", "Essential", "essential_skills", ""])
def test_a_name_does_not_carry_a_prefix_that_is_no_word_of_it(name: str) -> None:
    assert not carries(name, "essential")


def test_types_carry_the_prefix_capitalised() -> None:
    assert carries("EssentialSkill", type_prefix("essential"))
    assert type_prefix("openBadges") == "OpenBadges"

"""What can be wrong in the sections of plugins in catalogue files."""

from __future__ import annotations

from tests.tenancy.country import CLUB, Folders, Shelf, badge, with_problem


def with_section(folders: Folders, section: str, settings: str = "") -> list[str]:
    folders.city("brighton", f"[plugins.skills_builder]\n{settings}", catalogue=CLUB + badge(section))
    return folders.faults()


def test_a_section_is_read_by_its_plugins_model_and_check(folders: Folders) -> None:
    folders.plug(Shelf().plugin())
    assert with_section(folders, "[badges.essential]\ncreativity = 15") == []
    assert with_section(folders, '[badges.essential]\ncreativity = "15"') == [
        'tenants/brighton/catalogue/all.toml:18: badges[0].essential.creativity: must be a whole number, not "15"'
    ]
    assert with_section(folders, "[badges.essential]\ncreativity = 6", "steps = 5\n") == [
        "tenants/brighton/catalogue/all.toml:18: badges[0].essential.creativity: at most 5"
    ]
    assert with_section(folders, "essential = 5") == [
        "tenants/brighton/catalogue/all.toml:17: badges[0].essential: must be a table, not 5"
    ]


def test_an_empty_section_counts_as_left_out(folders: Folders) -> None:
    folders.plug(Shelf().plugin())
    assert with_section(folders, "[badges.essential]") == []
    assert folders.notices() == [
        "tenants/brighton/catalogue/all.toml:17: badges[0].essential: says nothing and counts as left out"
    ]


def test_a_section_of_a_plugin_that_was_left_out_is_a_notice(folders: Folders) -> None:
    folders.plug(with_problem(Shelf().plugin(), "it is broken"))
    assert with_section(folders, "[badges.essential]\ncreativity = 5") == []
    assert (
        'tenants/brighton/catalogue/all.toml:17: badges[0].essential: "essential" is not read: '
        "it may belong to skills_builder, which cannot be used"
    ) in folders.notices()

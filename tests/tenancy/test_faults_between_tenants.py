"""Faults that only show between tenants: borrowings, organisations, circles of pathways."""

from __future__ import annotations

import pytest

from tests.tenancy.country import BADGE, CLUB, PATHWAY, Folders, badge, told, workshop


def two_cities(folders: Folders, meant: str, theirs: str = "") -> list[str]:
    folders.city("brighton", catalogue=CLUB + workshop(f'badges = ["{meant}"]'))
    folders.city("plymouth", catalogue=CLUB + theirs)
    return folders.faults()


def test_another_tenants_published_badge_can_be_named(folders: Folders) -> None:
    assert two_cities(folders, "plymouth/smart", badge("")) == []
    assert two_cities(folders, "plymouth/smart", badge('state = "retired"')) == []


@pytest.mark.parametrize(
    ("meant", "theirs", "words"),
    [
        ("plymuth/smart", badge(""), 'there is no tenant "plymuth"; did you mean "plymouth"?'),
        ("plymouth/smrt", badge(""), 'there is no badge "smrt" in plymouth; did you mean "smart"?'),
        (
            "plymouth/smart",
            badge('state = "draft"'),
            'the badge "smart" of plymouth is not published there, so nobody can borrow it',
        ),
    ],
)
def test_what_is_missing_or_unpublished_cannot_be_borrowed(
    folders: Folders, meant: str, theirs: str, words: str
) -> None:
    assert two_cities(folders, meant, theirs) == [
        f"tenants/brighton/catalogue/all.toml:19: opportunities[0].badges[0]: {words}"
    ]


def test_a_faulty_badge_is_a_fault_once_and_not_where_it_is_named(folders: Folders) -> None:
    assert two_cities(folders, "plymouth/smart", badge("urgent = 1")) == [
        "tenants/plymouth/catalogue/all.toml:17: badges[0].urgent: must be true or false, not 1"
    ]


def test_an_organisation_is_one_everywhere(folders: Folders) -> None:
    folders.city("brighton", catalogue=CLUB + 'url = "https://example.org/"\n')
    folders.city("plymouth", catalogue=CLUB.replace('kind = "club"', 'kind = "charity"'))
    assert folders.faults() == [
        (
            'tenants/plymouth/catalogue/all.toml:4: organisations[0].kind: "charity" contradicts "club" at '
            "tenants/brighton/catalogue/all.toml:1: an organisation is one everywhere"
        )
    ]


def test_one_official_number_has_one_slug(folders: Folders) -> None:
    number = 'kind = "club"\ncompany_number = "1234567"'
    folders.city("brighton", catalogue=CLUB.replace('kind = "club"', number))
    folders.city(
        "plymouth",
        catalogue=CLUB.replace('kind = "club"', number)
        .replace('"club"', '"klub"', 1)
        .replace('organisation = "club"', 'organisation = "klub"'),
    )
    assert folders.faults() == [
        (
            'tenants/plymouth/catalogue/all.toml:5: organisations[0].company_number: is also that of "club" at '
            "tenants/brighton/catalogue/all.toml:1: one organisation has one slug"
        )
    ]


def test_an_organisation_may_stand_in_any_tenants_files(folders: Folders) -> None:
    folders.city("brighton")
    folders.city("plymouth", catalogue=CLUB.partition("\n\n")[2])
    assert folders.faults() == []


# --- circles ---------------------------------------------------------------------------------


def awarding(slug: str, asks: str, awards: str) -> str:
    """A pathway that asks for one badge and awards another."""
    steps = f'[[pathways.steps]]\nkey = "a"\ntitle = "A"\nbadges = ["{asks}"]\n'
    head = PATHWAY.format(slug=slug).partition("[[pathways.steps]]")[0]
    return f'{head}completion_badge = "{awards}"\n{steps}'


def test_a_pathway_that_asks_for_what_it_awards_is_refused(folders: Folders) -> None:
    entries = BADGE.format(slug="x") + awarding("way", "brighton/x", "x")
    assert told(folders, entries) == [
        '16: pathways[0].completion_badge: This pathway leads back to itself: "way" needs a badge awarded by "way".'
    ]


def test_a_circle_over_borrowed_badges_is_refused_in_both_tenants(folders: Folders) -> None:
    folders.city("brighton", catalogue=CLUB + BADGE.format(slug="x") + awarding("here", "plymouth/y", "x"))
    folders.city("plymouth", catalogue=CLUB + BADGE.format(slug="y") + awarding("there", "brighton/x", "y"))
    assert folders.faults() == [
        (
            "tenants/brighton/catalogue/all.toml:26: pathways[0].completion_badge: This pathway leads back to itself: "
            '"here" needs a badge awarded by "there" needs a badge awarded by "here".'
        ),
        (
            "tenants/plymouth/catalogue/all.toml:26: pathways[0].completion_badge: This pathway leads back to itself: "
            '"there" needs a badge awarded by "here" needs a badge awarded by "there".'
        ),
    ]


def test_a_way_that_does_not_come_back_is_no_circle(folders: Folders) -> None:
    folders.city("brighton", catalogue=CLUB + BADGE.format(slug="x") + awarding("here", "plymouth/y", "x"))
    folders.city(
        "plymouth",
        catalogue=CLUB + BADGE.format(slug="y") + awarding("there", "y", "y").replace('completion_badge = "y"\n', ""),
    )
    assert folders.faults() == []

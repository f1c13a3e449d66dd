from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from tests.rooms import found_tenant, refused
from waypost.db import City, Database, fetchval, new_id
from waypost.issuers.rules import NUMBERS, OrganisationWords, normal_number, same_organisation
from waypost.issuers.store import ensure_organisation, find_organisation, read_organisation
from waypost.refusal import Refusal

COLLEGE = OrganisationWords("city-college", "City College", "college", ukprn="10000001", charity_number="1234567")


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        ("charity_number", " 1234567 ", "1234567"),
        ("charity_number", "sc012345", "SC012345"),
        ("company_number", "1234567", "01234567"),
        ("company_number", "SC 123456", "SC123456"),
        ("ukprn", "10000001", "10000001"),
        ("urn", "100001", "100001"),
    ],
)
def test_official_numbers_have_one_form(name: str, text: str, number: str) -> None:
    assert normal_number(name, text) == number


@pytest.mark.parametrize("name", NUMBERS)
def test_what_no_register_would_give_is_refused(name: str) -> None:
    refusal = normal_number(name, "12x")
    assert isinstance(refusal, Refusal)
    assert refusal.path == (name,)


def test_numbers_decide_before_slugs() -> None:
    by_number, by_slug = new_id(), new_id()
    known = {by_number: replace(COLLEGE, slug="other"), by_slug: replace(COLLEGE, ukprn=None, charity_number=None)}
    assert same_organisation(COLLEGE, known) == by_number


def test_without_numbers_the_slug_decides() -> None:
    id = new_id()
    assert same_organisation(replace(COLLEGE, ukprn=None, charity_number=None), {id: COLLEGE}) == id
    assert same_organisation(COLLEGE, {}) is None


def test_numbers_of_two_organisations_are_no_organisation() -> None:
    known = {
        new_id(): OrganisationWords("a", "A", "college", ukprn="10000001"),
        new_id(): OrganisationWords("b", "B", "college", charity_number="1234567"),
    }
    assert isinstance(same_organisation(COLLEGE, known), Refusal)


def test_a_slug_with_another_number_is_another_organisation_and_refused() -> None:
    refusal = same_organisation(replace(COLLEGE, charity_number=None), {new_id(): replace(COLLEGE, ukprn="10000002")})
    assert isinstance(refusal, Refusal)
    assert refusal.code == "ORGANISATION_CONFLICT"


async def test_two_cities_find_one_organisation(database: Database) -> None:
    found = set()
    for slug in ("brighton", "plymouth"):
        here = await found_tenant(database, slug)
        async with database.transaction(City(here.tenant_id)):
            found.add(await ensure_organisation(replace(COLLEGE, slug=f"college-{slug}", name=slug)))
            assert await fetchval("SELECT count(*) FROM organisation") == 1
    assert len(found) == 1


async def test_what_is_known_of_an_organisation_stays_as_its_founder_wrote_it(database: Database) -> None:
    here = await found_tenant(database, "southampton")
    async with database.transaction(City(here.tenant_id)):
        id = await ensure_organisation(OrganisationWords("real-ideas", "Real Ideas", "charity"))
        assert isinstance(id, UUID)
        assert await ensure_organisation(OrganisationWords("real-ideas", "Unreal Ideas", "club")) == id
        assert await find_organisation("real-ideas") == id
        assert await read_organisation(id) == OrganisationWords("real-ideas", "Real Ideas", "charity")
        assert await read_organisation(new_id()) is None


@pytest.mark.parametrize(
    "words",
    [
        OrganisationWords("Real Ideas", "Real Ideas", "charity"),
        OrganisationWords("real", " ", "charity"),
        OrganisationWords("real", "Real", "gang"),
        OrganisationWords("real", "Real", "charity", ukprn="0"),
    ],
)
async def test_faults_are_refused(database: Database, words: OrganisationWords) -> None:
    refused(await ensure_organisation(words))

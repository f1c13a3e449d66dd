from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from waypost.tenancy import Directory, Tenant

BRIGHTON = Tenant(
    id=UUID(int=1),
    slug="brighton-hove",
    name="Brighton & Hove",
    kind="city",
    state="open",
    nation="GB-ENG",
    languages=("en", "cy"),
    timezone="Europe/London",
    standard_code="rsa-2019",
    review_tenant_id=None,
    bounds=None,
    latitude=None,
    longitude=None,
    primary_colour="#000000",
    accent_colour="#ffffff",
    logo_url=None,
    contact_url=None,
    origins=(),
    documents="any",
    graph_share=0.5,
    hosts=("learn.example.org",),
    former_slugs=("brighton",),
    groups=frozenset({UUID(int=2)}),
    plugins=frozenset(),
    files="managed",
    example=True,
    managed_by="files",
)
NETWORK = replace(BRIGHTON, id=UUID(int=2), slug="net", former_slugs=(), hosts=(), groups=frozenset(), state="closed")
DIRECTORY = Directory([NETWORK, BRIGHTON])


def test_a_tenant_is_found_by_what_it_is_called_and_was_called() -> None:
    assert DIRECTORY.by_slug("brighton-hove") == DIRECTORY.by_slug("brighton") == BRIGHTON
    assert DIRECTORY.by_slug("hove") is None
    assert DIRECTORY.by_id(UUID(int=2)) == NETWORK
    assert DIRECTORY.by_id(UUID(int=3)) is None


def test_a_present_slug_wins_over_a_former_one() -> None:
    other = replace(NETWORK, slug="brighton")
    assert Directory([BRIGHTON, other]).by_slug("brighton") == other


@pytest.mark.parametrize("host", ["learn.example.org", "LEARN.Example.org", "learn.example.org:8443"])
def test_a_tenant_is_found_by_its_host_however_that_is_written(host: str) -> None:
    assert DIRECTORY.by_host(host) == BRIGHTON


@pytest.mark.parametrize("host", ["", "example.org", "[::1]:80", "learn.example.org.evil.org"])
def test_nobody_is_found_by_another_host(host: str) -> None:
    assert DIRECTORY.by_host(host) is None


def test_groups_know_their_members_and_closed_tenants_are_kept() -> None:
    assert DIRECTORY.members(NETWORK.id) == (BRIGHTON,)
    assert [tenant.slug for tenant in DIRECTORY.tenants] == ["brighton-hove", "net"]
    assert [tenant.is_open for tenant in DIRECTORY.tenants] == [True, False]
    assert BRIGHTON.language == "en"

"""Providers of sign-in in `tenant.toml`."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from pydantic import ValidationError

from tests.tenancy.country import World
from waypost.tenancy.models import SignInProvider
from waypost.tenancy.providers import Provider, read_providers, said_providers, variable_problem

GOOD: dict[str, Any] = {
    "title": "The council",
    "issuer": "https://login.example.org/tenant/v2.0",
    "client_id": "waypost",
    "secret": "WAYPOST_OIDC_BRIGHTON__COUNCIL",
    "domains": ["brighton-hove.gov.uk"],
}


def provider(**changes: Any) -> SignInProvider:
    return SignInProvider.model_validate({**GOOD, **changes})


def test_what_a_file_says_is_kept_and_read_back() -> None:
    import json

    said = said_providers({"council": provider(), "open": provider(secret=None, domains=["*"])})
    assert said["council"] == GOOD
    assert "secret" not in said["open"]
    found = read_providers(json.dumps(said))
    assert [each.name for each in found] == ["council", "open"]
    assert {each.name: each.said() for each in found} == said


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://login.example.org"},
        {"issuer": "https://login.example.org?x=y"},
        {"issuer": "https://login.example.org#x"},
        {"issuer": "https://user:secret@login.example.org"},
        {"issuer": "login.example.org"},
        {"domains": []},
        {"domains": ["@example.org"]},
        {"domains": ["Example.org"]},
        {"domains": ["*.example.org"]},
        {"secret": "hunter2"},
        {"secret": "WAYPOST_SECRET_KEY"},
        {"secret": "PATH"},
        {"client_secret": "hunter2"},
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        provider(**changes)


def test_a_provider_of_this_machine_needs_no_tls() -> None:
    assert provider(issuer="http://127.0.0.1:8080").issuer == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("slug", "variable", "right"),
    [
        ("brighton", "WAYPOST_OIDC_BRIGHTON__COUNCIL", True),
        ("brighton-hove", "WAYPOST_OIDC_BRIGHTON_HOVE__COUNCIL", True),
        ("brighton", None, True),
        ("brighton", "WAYPOST_OIDC_BRIGHTON_HOVE__COUNCIL", False),
        ("brighton-hove", "WAYPOST_OIDC_BRIGHTON__HOVE", False),
        ("plymouth", "WAYPOST_OIDC_BRIGHTON__COUNCIL", False),
    ],
)
def test_a_city_names_no_secret_of_another(slug: str, variable: str | None, right: bool) -> None:
    assert (variable_problem(slug, variable) is None) == right


def test_a_provider_knows_the_addresses_of_its_domains_and_no_others() -> None:
    council = Provider("council", "", "", "", None, ("example.org",))
    assert council.knows("a@example.org")
    assert council.knows("a@EXAMPLE.org")
    for email in ("a@evil-example.org", "a@example.org.evil.com", "a@sub.example.org", "example.org", "a@b@c"):
        assert not council.knows(email) or email == "example.org"
    assert Provider("any", "", "", "", None, ("*",)).knows("a@anything.example")


FILE = """
[sign_in.council]
title = "The council"
issuer = "https://login.example.org"
client_id = "waypost"
secret = "WAYPOST_OIDC_BRIGHTON__COUNCIL"
domains = ["brighton-hove.gov.uk"]
"""


async def test_a_citys_providers_are_applied_changed_exported_and_taken_away(world: World) -> None:
    world.city("brighton", FILE)
    world.city("plymouth")
    await world.apply()
    council = (await world.tenant("brighton")).providers[0]
    assert (council.name, council.domains) == ("council", ("brighton-hove.gov.uk",))
    assert (await world.tenant("plymouth")).providers == ()
    world.city("brighton", FILE.replace("waypost", "another"))
    await world.apply()
    assert (await world.tenant("brighton")).providers[0].client_id == "another"
    world.city("brighton")
    await world.apply()
    assert (await world.tenant("brighton")).providers == ()
    world.city("brighton", FILE)
    await world.apply()
    files = await world.export("brighton")
    assert tomllib.loads(files["tenant.toml"])["sign_in"] == tomllib.loads(FILE)["sign_in"]
    assert "sign_in" not in (await world.export("plymouth"))["tenant.toml"]
    world.replace("brighton", files)
    assert await world.changes() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("BRIGHTON__", "PLYMOUTH__"), "begin it with WAYPOST_OIDC_BRIGHTON__"),
        (("sign_in.council", "sign_in.callback"), "the platform's own"),
        (("https://login", "http://login"), "must begin with https://"),
        (('["brighton-hove.gov.uk"]', "[]"), "domains"),
        (("sign_in.council", 'sign_in."Not A Slug"'), "Not A Slug"),
    ],
)
def test_what_is_wrong_with_a_provider_is_named(world: World, change: tuple[str, str], words: str) -> None:
    world.city("brighton", FILE.replace(*change))
    faults = world.faults()
    assert len(faults) == 1
    assert words in str(faults[0])

"""Signing in by OpenID Connect, with a provider that is honest and one that is not."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwk, jwt

from tests.sign_in.provider import Person, Provider
from tests.sign_in.stage import BASE, OWN, SECRET_KEY, Cast, Make, asked_in, signed_in, went
from tests.sign_in.test_addresses import addresses, given, owner
from waypost.access.memberships import add_membership
from waypost.access.people import find_person
from waypost.db import City, Database, Learner, System, execute, fetchval
from waypost.http import Platform


async def test_who_comes_back_from_the_provider_is_signed_in(browser: Make, provider: Provider) -> None:
    someone = browser()
    url = await went(someone)
    asked = asked_in(url)
    assert url.startswith(f"{provider.issuer}/authorize?")
    assert asked["redirect_uri"] == f"{BASE}/auth/callback"
    assert {"openid", "email"} <= set(asked["scope"].split())
    back = await someone.get(provider.authorize(url), **{"sec-fetch-site": "cross-site"})
    assert (back.status_code, back.headers["location"]) == (303, "/alpha/")
    cookie = back.headers["set-cookie"]
    assert cookie.startswith("__Host-waypost-session=")
    assert all(word in cookie for word in ("Path=/;", "HttpOnly", "SameSite=Lax", "Secure"))
    assert (await someone.viewer())["name"] == "Ada"


async def test_on_a_host_of_its_own_a_city_has_its_own_callback(browser: Make, provider: Provider) -> None:
    someone = browser(OWN)
    assert asked_in(await went(someone, "/auth/council"))["redirect_uri"] == f"{OWN}/auth/callback"
    assert await signed_in(someone, provider, "/auth/council") == 303
    assert (await someone.viewer())["name"] == "Ada"
    elsewhere = browser()
    assert await elsewhere.viewer() is None


async def test_the_same_subject_is_the_same_person_whatever_their_address(browser: Make, provider: Provider) -> None:
    seen = set()
    for email in ("one@example.org", "two@example.org", None):
        provider.person = Person(sub="same", email=email)
        someone = browser()
        await signed_in(someone, provider)
        seen.add((await someone.viewer())["id"])
    assert len(seen) == 1


async def test_a_verified_address_finds_the_person_who_has_it(
    browser: Make, provider: Provider, database: Database, cast: Cast, platform: Platform
) -> None:
    provider.person = Person(sub="eve", email="Eve@Example.org")
    known = await find_person(database, "eve@example.org", secret_key=SECRET_KEY, now=platform_now())
    assert not hasattr(known, "code")
    async with database.transaction(City(cast.beta)):
        await add_membership(cast.beta, known, "curator", None, platform_now())
    someone = browser()
    await signed_in(someone, provider)
    assert [each["role"] for each in (await someone.viewer())["memberships"]] == ["curator"]
    async with database.transaction(Learner(known)):
        assert await fetchval("SELECT verified_at FROM person_address WHERE address = 'eve@example.org'")


async def test_what_was_given_to_a_verified_address_before_anybody_signed_in_with_it_comes_along(
    browser: Make, provider: Provider, database: Database, cast: Cast
) -> None:
    first, second = "joins@example.org", "joins.two@example.org"
    provider.person = Person(sub="joins", email=first)
    await signed_in(browser(), provider)
    before = await given(database, cast, second)
    provider.person = Person(sub="joins", email=second)
    someone = browser()
    await signed_in(someone, provider)
    assert await addresses(someone) == {first: True, second: True}
    assert await owner(database, second) == await owner(database, first)
    after = await owner(database, first)
    async with database.transaction(City(cast.beta)):
        counted = "SELECT count(*) FROM recipient WHERE tenant_id = $1 AND person_id = $2"
        assert await fetchval(counted, cast.beta, before) == 0
        assert await fetchval(counted, cast.beta, after) == 1


async def test_a_verified_address_of_somebody_who_signed_in_stays_theirs(
    browser: Make, provider: Provider, database: Database
) -> None:
    provider.person = Person(sub="stays", email="stays@example.org")
    await signed_in(browser(), provider)
    theirs = await find_person(database, "stays.two@example.org", secret_key=SECRET_KEY, now=platform_now())
    provider.person = Person(sub="stays", email="stays.two@example.org")
    someone = browser()
    await signed_in(someone, provider)
    assert await addresses(someone) == {"stays@example.org": True}
    assert await owner(database, "stays.two@example.org") == theirs


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_address_that_is_not_verified_finds_nobody(
    browser: Make, provider: Provider, database: Database, cast: Cast, verified: Any
) -> None:
    known = await find_person(database, "boss@example.org", secret_key=SECRET_KEY, now=platform_now())
    async with database.transaction(City(cast.alpha)):
        await add_membership(cast.alpha, known, "city-admin", None, platform_now())  # type: ignore[arg-type]  # no refusal
    provider.person = Person(sub=f"thief {verified}", email="boss@example.org", email_verified=verified)
    someone = browser()
    assert await signed_in(someone, provider) == 303
    assert (await someone.viewer())["memberships"] == []


async def test_a_provider_is_believed_for_its_own_domains_alone(
    browser: Make, provider: Provider, database: Database, cast: Cast
) -> None:
    known = await find_person(database, "boss@plymouth.example", secret_key=SECRET_KEY, now=platform_now())
    async with database.transaction(City(cast.beta)):
        await add_membership(cast.beta, known, "city-admin", None, platform_now())  # type: ignore[arg-type]  # no refusal
    provider.person = Person(sub="foreign", email="boss@plymouth.example")
    someone = browser()
    assert await signed_in(someone, provider) == 303
    assert (await someone.viewer())["memberships"] == []


async def test_two_providers_subjects_of_one_name_are_two_people(database: Database) -> None:
    del database
    from waypost.access.people import subject_digest

    assert subject_digest("https://a", "x", SECRET_KEY) != subject_digest("https://b", "x", SECRET_KEY)
    assert subject_digest("https://a", "x", SECRET_KEY) != subject_digest("https://a", "y", SECRET_KEY)


def platform_now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


# What comes back


async def test_what_came_back_once_opens_nothing_again(browser: Make, provider: Provider) -> None:
    someone = browser()
    back = provider.authorize(await went(someone))
    assert (await someone.get(back)).status_code == 303
    again = browser()
    again.client.cookies = someone.client.cookies
    assert (await again.get(back)).status_code == 400


async def test_what_one_browser_began_no_other_ends(browser: Make, provider: Provider) -> None:
    """Else somebody could be made to sign in as somebody else."""
    back = provider.authorize(await went(browser()))
    victim = browser()
    assert (await victim.get(back)).status_code == 400
    await went(victim)
    assert (await victim.get(back)).status_code == 400
    assert victim.session is None


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=x&code=x", "?state=x.y&code=x", "?error=access_denied&state=x", "?state=%00.%00"]
)
async def test_what_nobody_began_comes_back_to_nothing(browser: Make, query: str) -> None:
    assert (await browser().get(f"/auth/callback{query}")).status_code == 400


async def test_who_says_no_at_the_provider_is_not_signed_in(browser: Make) -> None:
    someone = browser()
    state = asked_in(await went(someone))["state"]
    response = await someone.get(f"/auth/callback?error=<script>&state={state}")
    assert response.status_code == 400
    assert "<script>" not in response.text


async def test_an_attempt_is_over_after_ten_minutes(browser: Make, provider: Provider, database: Database) -> None:
    someone = browser()
    back = provider.authorize(await went(someone))
    async with database.transaction(System("tests")):
        await execute("UPDATE sign_in_attempt SET expires_at = now()")
    assert (await someone.get(back)).status_code == 400


async def test_the_answer_of_one_provider_is_not_taken_for_anothers(browser: Make, provider: Provider) -> None:
    someone = browser()
    back = provider.authorize(await went(someone))
    assert (await someone.get(f"{back}&iss=https://evil.example")).status_code == 400
    back = provider.authorize(await went(someone))
    assert (await someone.get(f"{back}&iss={provider.issuer}")).status_code == 303


async def test_a_secret_that_was_not_derived_for_this_redeems_nothing(browser: Make, provider: Provider) -> None:
    """PKCE: a code that was caught on the way needs the verifier of the attempt that it belongs to."""
    thief = browser()
    caught = asked_in(provider.authorize(await went(browser())))["code"]
    state = asked_in(await went(thief))["state"]
    assert (await thief.get(f"/auth/callback?code={caught}&state={state}")).status_code == 400


# Keys and faults of providers


async def test_keys_are_remembered_and_asked_for_again_when_they_change(
    browser: Make, provider: Provider, platform: Platform
) -> None:
    await signed_in(browser(), provider)
    provider.asked.clear()
    assert await signed_in(browser(), provider) == 303
    assert provider.asked == ["/token"]
    provider.rotate()
    for known in platform.providers._keys.values():
        known.at -= 60
    assert await signed_in(browser(), provider) == 303
    assert provider.asked == ["/token", "/token", "/keys"]


async def test_unknown_keys_do_not_make_us_ask_without_end(browser: Make, provider: Provider) -> None:
    await signed_in(browser(), provider)
    provider.sign = lambda _provider, claims: jwt.encode(
        {"alg": "RS256", "kid": "made up"}, claims, jwk.RSAKey.generate_key(2048)
    )
    provider.asked.clear()
    for _ in range(3):
        assert await signed_in(browser(), provider) == 400
    assert provider.asked.count("/keys") <= 1


async def test_a_provider_that_is_another_than_it_was_said_is_not_gone_to(browser: Make, provider: Provider) -> None:
    response = await browser().get("/beta/auth/other")
    assert response.status_code == 503
    assert provider.issuer not in response.text


async def test_a_provider_that_fails_is_told_of_plainly(browser: Make, provider: Provider, platform: Platform) -> None:
    platform.providers._discoveries.clear()
    provider.status = 500
    assert (await browser().get("/alpha/auth/council")).status_code == 503
    provider.status = 200
    someone = browser()
    back = provider.authorize(await went(someone))
    provider.status = 500
    assert (await someone.get(back)).status_code == 400


@pytest.mark.parametrize("path", ["/alpha/auth/none", "/auth/council", "/beta/auth/council", "/nowhere/auth/council"])
async def test_a_provider_that_is_not_the_citys_is_not_there(browser: Make, path: str) -> None:
    assert (await browser().get(path)).status_code == 404


async def test_where_one_was_going_is_kept_if_it_is_here(browser: Make, provider: Provider) -> None:
    for to, lands in (
        ("/alpha/badges/x?y=1", "/alpha/badges/x?y=1"),
        ("//evil.example", "/alpha/"),
        ("/\\evil.example", "/alpha/"),
        ("https://evil.example", "/alpha/"),
        ("/a\r\nSet-Cookie: x=y", "/alpha/"),
    ):
        someone = browser()
        response = await someone.client.get("/alpha/auth/council", params={"to": to})
        back = await someone.get(provider.authorize(response.headers["location"]))
        assert back.headers["location"] == lands


async def test_one_client_has_so_many_attempts_within_an_hour(browser: Make, provider: Provider) -> None:
    del provider
    someone = browser()
    statuses = [(await someone.get("/alpha/auth/council")).status_code for _ in range(42)]
    assert statuses == [303] * 40 + [429] * 2
    assert (await browser().get("/alpha/auth/council")).status_code == 303


async def test_attempts_are_counted_also_while_the_provider_fails(
    browser: Make, provider: Provider, platform: Platform
) -> None:
    """Else whoever asks makes us ask the provider, as often as they like."""
    platform.providers._discoveries.clear()
    provider.status = 500
    provider.asked.clear()
    someone = browser()
    statuses = [(await someone.get("/alpha/auth/council")).status_code for _ in range(42)]
    assert statuses == [503] * 40 + [429] * 2
    assert len(provider.asked) == 40

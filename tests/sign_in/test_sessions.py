"""Sessions: what the cookie of a browser is worth, for how long, and to which pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from starlette.types import ASGIApp

from tests.sign_in.stage import BASE, OWN, SECRET_KEY, VIEWER, Browser, Cast, Make
from waypost.access.memberships import Held, Wish, add_membership, speaking
from waypost.access.people import find_person
from waypost.access.sessions import IDLE, LONGEST, begin_session, find_session
from waypost.access.tokens import SIGN_IN
from waypost.db import City, Database, System, execute, fetch, fetchval
from waypost.graph import Asker
from waypost.http import Platform
from waypost.http.caller import Caller
from waypost.http.endpoint import GraphEndpoint
from waypost.http.sessions import Cookies
from waypost.http.sites import Arrival

NAME = "__Host-waypost-session"
ADD = """mutation { createPlace(input: {name: "Hall", kind: "other", location: {latitude: 50.8, longitude: -0.14}}) {
  __typename ... on Error { code } } }"""


async def known(database: Database, email: str, *roles: tuple[UUID, str]) -> UUID:
    """Somebody with roles in cities."""
    person = await find_person(database, email, secret_key=SECRET_KEY, now=datetime.now(UTC))
    assert isinstance(person, UUID)
    for tenant, role in roles:
        async with database.transaction(City(tenant)):
            await add_membership(tenant, person, role, None, datetime.now(UTC))
    return person


async def as_somebody(browser: Browser, database: Database, person: UUID) -> Browser:
    """The browser after that person has signed in there."""
    async with database.transaction(SIGN_IN):
        secret = await begin_session(person, datetime.now(UTC))
    browser.client.cookies.set(NAME, secret, domain=browser.base.removeprefix("https://"))
    return browser


@pytest.fixture
async def ada(browser: Make, database: Database, cast: Cast) -> Browser:
    """A curator of Alpha and administrator of Beta, signed in."""
    person = await known(database, "ada@example.org", (cast.alpha, "curator"), (cast.beta, "city-admin"))
    return await as_somebody(browser(), database, person)


# What somebody is, where


async def test_who_signed_in_has_a_role_in_each_of_their_cities(ada: Browser) -> None:
    here = await ada.viewer("/alpha/graphql")
    there = await ada.viewer("/beta/graphql")
    assert [each["role"] for each in here["memberships"]] == ["curator"]
    assert [each["role"] for each in there["memberships"]] == ["city-admin"]
    assert "member.invite" in there["permissions"]
    assert "member.invite" not in here["permissions"]
    assert here["id"] == there["id"]


async def test_nationally_the_memberships_of_all_cities_are_seen(ada: Browser) -> None:
    who = await ada.viewer()
    assert [(each["city"]["slug"], each["role"]) for each in who["memberships"]] == [
        ("beta", "city-admin"),
        ("alpha", "curator"),
    ]
    asked = 'a: permissions(city: "alpha") b: permissions(city: "beta") c: permissions(city: "x") permissions'
    query = f"{{ viewer {{ {asked} }} }}"
    may = (await ada.ask(query))["data"]["viewer"]
    assert "member.invite" in may["b"]
    assert may["a"]
    assert "member.invite" not in may["a"]
    assert may["c"] == may["permissions"] == []


async def test_who_signed_in_writes_where_they_may(ada: Browser, browser: Make, database: Database) -> None:
    assert (await ada.ask(ADD, "/alpha/graphql"))["data"]["createPlace"]["__typename"] == "CreatePlaceSuccess"
    stranger = (await browser().ask(ADD, "/alpha/graphql"))["data"]["createPlace"]
    assert stranger["code"] == "UNAUTHENTICATED"
    learner = await as_somebody(browser(), database, await known(database, "learner@example.org"))
    assert (await learner.ask(ADD, "/alpha/graphql"))["data"]["createPlace"]["code"] == "FORBIDDEN"


async def test_of_several_roles_the_strongest_speaks_or_the_one_that_is_chosen(
    browser: Make, database: Database, cast: Cast
) -> None:
    person = await known(database, "both@example.org", (cast.alpha, "curator"), (cast.alpha, "city-admin"))
    both = await as_somebody(browser(), database, person)
    assert "member.invite" in (await both.viewer("/alpha/graphql"))["permissions"]
    chosen = await both.viewer("/alpha/graphql", **{"waypost-role": "curator"})
    assert "member.invite" not in chosen["permissions"]
    refused = await both.ask(VIEWER, "/alpha/graphql", **{"waypost-role": "issuer-admin"})
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    wrong = await both.ask(VIEWER, "/alpha/graphql", **{"waypost-role": "king"})
    assert wrong["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_the_strongest_is_chosen_whatever_the_order() -> None:
    roles = [Held("employer"), Held("curator"), Held("issuer-admin", UUID(int=1)), Held("issuer-admin", UUID(int=2))]
    assert speaking(roles) == speaking(roles[::-1]) == Held("curator")
    assert speaking(roles, Wish("issuer-admin")) == Held("issuer-admin", UUID(int=1))
    assert speaking(roles, Wish("issuer-admin", UUID(int=2))) == Held("issuer-admin", UUID(int=2))
    assert speaking(roles, Wish("city-admin")) is None
    assert speaking([]) == Held("learner")
    assert speaking([Held("king")]) == Held("learner")


async def test_a_role_that_ended_is_gone_at_once(ada: Browser, database: Database, cast: Cast) -> None:
    async with database.transaction(City(cast.alpha)):
        await execute("DELETE FROM membership WHERE tenant_id = $1 AND role = 'curator'", cast.alpha)
    assert (await ada.ask(ADD, "/alpha/graphql"))["data"]["createPlace"]["code"] == "FORBIDDEN"
    assert [each["city"]["slug"] for each in (await ada.viewer())["memberships"]] == ["beta"]


# Other pages


async def test_a_cookie_does_not_count_for_other_pages(ada: Browser) -> None:
    """They could make a browser act, though not read what comes of it."""
    for origin in ("https://evil.example", "null", OWN, "http://waypost.example.org", f"{BASE}:8443"):
        assert (await ada.ask(ADD, "/beta/graphql", origin=origin))["data"]["createPlace"]["code"] == "UNAUTHENTICATED"
        assert await ada.viewer(origin=origin) is None
    for site in ("cross-site", "same-site", "nonsense"):
        response = await ada.client.get("/graphql", params={"query": VIEWER}, headers={"sec-fetch-site": site})
        assert response.json()["data"]["viewer"] is None
    own = await ada.client.get("/graphql", params={"query": VIEWER}, headers={"sec-fetch-site": "same-origin"})
    assert own.json()["data"]["viewer"] is not None


async def test_a_form_cannot_write(ada: Browser) -> None:
    """A page can send forms without asking, and JSON only after a preflight that nobody grants."""
    for media in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        response = await ada.client.post(
            "/alpha/graphql", content=b'{"query": "mutation { x }"}', headers={"content-type": media, "origin": BASE}
        )
        assert response.status_code == 415
    get = await ada.client.get("/beta/graphql", params={"query": ADD})
    assert get.status_code == 405


async def test_no_other_page_can_read_what_is_answered_to_a_session(ada: Browser) -> None:
    for origin in (BASE, "https://evil.example"):
        response = await ada.client.post("/graphql", json={"query": VIEWER}, headers={"origin": origin})
        assert "access-control-allow-origin" not in response.headers
        assert "access-control-allow-credentials" not in response.headers


async def test_what_a_session_reads_is_kept_by_nobody(ada: Browser, browser: Make, platform: Platform) -> None:
    query = "{ cities { nodes { slug } } }"
    platform.answers.clear()
    response = await ada.client.get("/graphql", params={"query": query})
    assert response.headers["cache-control"] == "private, no-store"
    assert "etag" not in response.headers
    assert len(platform.answers) == 0
    open_to_all = await browser().get(f"/graphql?query={query}")
    assert "public" in open_to_all.headers["cache-control"]
    assert len(platform.answers) == 1
    again = await ada.client.get("/graphql", params={"query": query})
    assert again.headers["cache-control"] == "private, no-store"
    assert platform.answers.hits == 0


# The cookie


async def test_signing_in_gives_a_new_cookie_and_ends_the_old_session(
    browser: Make, database: Database, ada: Browser
) -> None:
    """A cookie that somebody else has put into a browser is worth nothing after signing in."""
    from waypost.access.attempts import Asked
    from waypost.access.identities import ask_for_link, sign_in_by_link

    planted = ada.session
    asked = Asked("b" * 43, "203.0.113.1")
    attempt = await ask_for_link(database, asked, "victim@example.org", secret_key=SECRET_KEY, now=datetime.now(UTC))
    assert isinstance(attempt, UUID)
    secret = await sign_in_by_link(database, attempt, planted, datetime.now(UTC))
    assert secret not in {None, planted}
    assert await ada.viewer() is None


async def test_only_a_hash_of_a_cookie_is_kept(ada: Browser, database: Database) -> None:
    async with database.transaction(System("tests")):
        rows = await fetch("SELECT * FROM session")
    assert rows
    assert str(ada.session) not in " ".join(str(value) for row in rows for value in row.values())


@pytest.mark.parametrize("cookie", ["", "x", "a" * 43, "a" * 5_000, "%00", "'; DROP TABLE session --"])
async def test_a_cookie_that_nobody_gave_is_a_strangers(app: ASGIApp, cookie: str) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        response = await client.post("/graphql", json={"query": VIEWER}, headers={"cookie": f"{NAME}={cookie}"})
    assert response.json()["data"]["viewer"] is None


async def test_a_cookie_that_comes_twice_counts_not_at_all(ada: Browser) -> None:
    cookie = f"{NAME}={'a' * 43}; {NAME}={ada.session}"
    response = await ada.client.post("/graphql", json={"query": VIEWER}, headers={"cookie": cookie})
    assert response.json()["data"]["viewer"] is None


def test_without_tls_the_cookie_bears_no_prefix_that_browsers_would_refuse() -> None:
    cookies = Cookies.of("http://127.0.0.1:8000")
    assert cookies.session == "waypost-session"
    assert "Secure" not in cookies.set_session("x")
    assert "HttpOnly; SameSite=Lax" in cookies.set_session("x")


async def test_a_token_goes_before_a_cookie(ada: Browser) -> None:
    response = await ada.client.post(
        "/graphql", json={"query": VIEWER}, headers={"authorization": "Bearer wp_made-up", "origin": BASE}
    )
    assert response.status_code == 401


# How long it lasts


async def test_a_session_lasts_while_it_is_used_and_not_for_ever(database: Database) -> None:
    person, now = await known(database, "long@example.org"), datetime.now(UTC)
    async with database.transaction(SIGN_IN):
        used, idle = await begin_session(person, now), await begin_session(person, now)
    days = LONGEST.days
    for day in range(0, days, 10):
        assert await find_session(database, used, now + timedelta(days=day)) == person
    assert await find_session(database, used, now + LONGEST) is None
    assert await find_session(database, idle, now + IDLE - timedelta(seconds=1)) == person
    async with database.transaction(SIGN_IN):
        other = await begin_session(person, now)
    assert await find_session(database, other, now + IDLE) is None


async def test_use_is_noted_at_most_every_five_minutes(database: Database) -> None:
    person, now = await known(database, "noted@example.org"), datetime.now(UTC)
    async with database.transaction(SIGN_IN):
        secret = await begin_session(person, now)

    async def seen(minutes: int) -> object:
        await find_session(database, secret, now + timedelta(minutes=minutes))
        async with database.transaction(System("tests")):
            return await fetchval("SELECT max(seen_at) FROM session WHERE person_id = $1", person)

    assert await seen(4) == now
    assert await seen(6) == now + timedelta(minutes=6)


async def test_signing_out_ends_the_session_and_takes_the_cookie_away(ada: Browser) -> None:
    page = await ada.get("/alpha/sign-out")
    assert page.text.count("<form") == 2
    assert await ada.viewer() is not None, "a link alone signs nobody out"
    kept = ada.session
    done = await ada.post("/alpha/sign-out", {"everywhere": ""})
    assert (done.status_code, done.headers["location"]) == (303, "/alpha/")
    assert "Max-Age=0" in done.headers["set-cookie"]
    ada.client.cookies.set(NAME, kept or "", domain="waypost.example.org")
    assert await ada.viewer() is None


async def test_signing_out_everywhere_ends_all_sessions_of_that_person(
    browser: Make, database: Database, ada: Browser
) -> None:
    person = await known(database, "ada@example.org")
    phone = await as_somebody(browser(), database, person)
    other = await as_somebody(browser(), database, await known(database, "other@example.org"))
    await phone.post("/sign-out", {"everywhere": "yes"})
    assert await ada.viewer() is None
    assert await phone.viewer() is None
    assert await other.viewer() is not None
    assert (await browser().post("/sign-out", {"everywhere": "yes"})).status_code == 303


async def test_a_live_connection_obeys_the_same_rules(ada: Browser, platform: Platform) -> None:
    """A page of another host can open a socket, and browsers send the cookie with it."""
    endpoint = GraphEndpoint(platform)
    host = BASE.removeprefix("https://")

    async def who(origin: str) -> Asker:
        headers = {"cookie": f"{NAME}={ada.session}", "origin": origin}
        scope = {"type": "websocket", "path": "/graphql", "query_string": b"", "arrival": Arrival(headers, host)}
        return await Caller.of(endpoint, scope).asker()

    assert (await who(BASE)).person is not None
    assert (await who(BASE)).session
    for origin in ("https://evil.example", "null", OWN):
        assert await who(origin) == Asker()

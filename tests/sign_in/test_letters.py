"""Signing in by a link in a letter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter

import pytest

from tests.sign_in.stage import BASE, NOBODYS, OWN, SECRET_KEY, Browser, Make, Post, asked_in, hidden, local
from waypost.access.keys import code_of
from waypost.access.people import find_person
from waypost.db import Database, System, execute, fetch, fetchval
from waypost.members.effects import clean
from waypost.outbox.work import Work
from waypost.settings import Settings


async def wrote(someone: Browser, email: str, path: str = "/alpha/sign-in", **form: str) -> int:
    return (await someone.post(path, {"email": email, **form})).status_code


async def pressed(someone: Browser, link: str) -> int:
    """Open a link and press its button; answers the status in the end."""
    page = await someone.get(local(link))
    if page.status_code != 200:
        return page.status_code
    return (await someone.post(local(link).partition("?")[0], hidden(page.text))).status_code


async def test_a_link_signs_in_after_its_button_was_pressed(browser: Make, post: Post) -> None:
    someone = browser()
    assert await wrote(someone, "Ada@Example.org ") == 200
    link = await post.last_link("ada@example.org")
    assert link.startswith(f"{BASE}/alpha/sign-in/link?code=")
    page = await someone.get(local(link))
    assert someone.session is None, "looking at it must not use it up"
    assert "a…@example.org" in page.text
    done = await someone.post("/alpha/sign-in/link", hidden(page.text))
    assert (done.status_code, done.headers["location"]) == (303, "/alpha/")
    assert (await someone.viewer())["memberships"] == []


async def test_a_link_works_once(browser: Make, post: Post) -> None:
    someone = browser()
    await wrote(someone, "once@example.org")
    link = await post.last_link("once@example.org")
    assert await pressed(someone, link) == 303
    assert await pressed(someone, link) == 400
    code = asked_in(link)["code"]
    assert (await someone.post("/alpha/sign-in/link", {"code": code})).status_code == 400


async def test_programs_that_read_letters_use_nothing_up(browser: Make, post: Post) -> None:
    someone = browser()
    await wrote(someone, "scanned@example.org")
    link = await post.last_link("scanned@example.org")
    scanner = browser()
    for _ in range(5):
        assert (await scanner.get(local(link))).status_code == 200
        assert (await scanner.client.head(local(link))).status_code == 200
    assert scanner.session is None
    assert await pressed(someone, link) == 303


async def test_a_link_is_over_after_a_quarter_of_an_hour(browser: Make, post: Post, database: Database) -> None:
    someone = browser()
    await wrote(someone, "late@example.org")
    link = await post.last_link("late@example.org")
    async with database.transaction(System("tests")):
        lasts = await fetchval("SELECT max(expires_at - created_at) FROM sign_in_attempt")
        assert lasts == timedelta(minutes=15)
        await execute("UPDATE sign_in_attempt SET expires_at = now()")
    assert await pressed(someone, link) == 400
    assert someone.session is None
    assert await post.letters(to="late@example.org") == [], "no letter with a link that is over"


async def test_in_another_browser_one_is_asked_first(browser: Make, post: Post) -> None:
    someone, other = browser(), browser()
    await wrote(someone, "two@example.org")
    link = await post.last_link("two@example.org")
    page = await other.get(local(link))
    assert "another browser" in page.text
    code = asked_in(link)["code"]
    again = await other.post("/alpha/sign-in/link", {"code": code})
    assert (again.status_code, other.session) == (200, None)
    assert "another browser" in again.text
    assert (await other.post("/alpha/sign-in/link", hidden(page.text))).status_code == 303
    assert (await other.viewer()) is not None


async def test_a_link_of_a_citys_own_host_leads_there(browser: Make, post: Post) -> None:
    someone = browser(OWN)
    assert await wrote(someone, "own@example.org", "/sign-in") == 200
    link = await post.last_link("own@example.org")
    assert link.startswith(f"{OWN}/sign-in/link?")
    assert await pressed(someone, link) == 303
    assert await someone.viewer() is not None


async def test_a_link_of_the_platform_leads_to_the_platform(browser: Make, post: Post) -> None:
    someone = browser()
    await wrote(someone, "nation@example.org", "/sign-in", to="/graphql")
    link = await post.last_link("nation@example.org")
    assert link.startswith(f"{BASE}/sign-in/link?")
    page = await someone.get(local(link))
    done = await someone.post("/sign-in/link", hidden(page.text))
    assert done.headers["location"] == "/graphql"


@pytest.mark.parametrize("code", ["", "x", "x.y", f"{NOBODYS.hex}.x", code_of("another key", "link", NOBODYS), "%00"])
async def test_codes_that_nobody_sent_open_nothing(browser: Make, code: str) -> None:
    someone = browser()
    assert (await someone.get(f"/alpha/sign-in/link?code={code}")).status_code == 400
    assert (await someone.post("/alpha/sign-in/link", {"code": code, "here": "yes"})).status_code == 400
    assert someone.session is None


async def test_the_code_for_one_purpose_is_none_for_another(browser: Make, post: Post) -> None:
    someone = browser()
    await wrote(someone, "purpose@example.org")
    id = asked_in(await post.last_link("purpose@example.org"))["code"].partition(".")[0]
    from uuid import UUID

    state = code_of(SECRET_KEY, "state", UUID(id))
    assert (await someone.get(f"/alpha/sign-in/link?code={state}")).status_code == 400
    assert (await someone.get(f"/auth/callback?code=x&state={state}")).status_code == 400


async def test_links_stand_nowhere(browser: Make, post: Post, database: Database) -> None:
    await wrote(browser(), "secret@example.org")
    code = asked_in(await post.last_link("secret@example.org"))["code"]
    async with database.transaction(System("tests")):
        rows = [*await fetch("SELECT * FROM sign_in_attempt"), *await fetch("SELECT facts::text FROM work")]
    everything = " ".join(str(value) for row in rows for value in row.values())
    assert code.partition(".")[2] not in everything
    assert "secret@example.org" not in everything


# Nobody learns who has an account


async def test_known_and_unknown_addresses_get_the_same_answer(browser: Make, database: Database) -> None:
    await find_person(database, "known@example.org", secret_key=SECRET_KEY, now=datetime.now(UTC))
    answers = []
    for email in ("known@example.org", "unknown@example.org"):
        response = await browser().post("/alpha/sign-in", {"email": email})
        of_each = {"set-cookie", "x-request-id"}
        headers = {name: value for name, value in response.headers.items() if name not in of_each}
        answers.append((response.status_code, headers, response.content))
    assert answers[0] == answers[1]


async def test_known_and_unknown_addresses_are_answered_after_the_same_time(browser: Make, database: Database) -> None:
    for index in range(3):
        await find_person(database, f"known{index}@example.org", secret_key=SECRET_KEY, now=datetime.now(UTC))

    async def took(name: str) -> float:
        times = []
        for index in range(3):
            begun = perf_counter()
            await wrote(browser(), f"{name}{index}@example.org")
            times.append(perf_counter() - begun)
        return median(times)

    assert abs(await took("known") - await took("unknown")) < 0.1


async def test_an_address_gets_five_letters_an_hour_and_nobody_can_tell(browser: Make, post: Post) -> None:
    answers = {(await browser().post("/alpha/sign-in", {"email": "full@example.org"})).content for _ in range(7)}
    assert len(answers) == 1
    assert len(await post.letters(to="full@example.org")) == 5


async def test_a_client_has_so_many_attempts_whatever_the_address(browser: Make, database: Database) -> None:
    someone = browser()
    await wrote(someone, "first@example.org")
    async with database.transaction(System("tests")):
        await execute(
            "INSERT INTO sign_in_attempt (id, way, provider, browser_digest, client_digest, created_at, expires_at)"
            " SELECT gen_random_uuid(), 'provider', 'x', '', client_digest, created_at, expires_at"
            " FROM sign_in_attempt, generate_series(1, 39)"
        )
    refused = await someone.post("/alpha/sign-in", {"email": "second@example.org"})
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert await wrote(browser(), "second@example.org") == 200


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a b@c.org", "a@b.org\r\nBcc: x@y.org", "x" * 250 + "@a.org"])
async def test_what_is_no_address_is_said_to_be_none(browser: Make, post: Post, email: str) -> None:
    before = len(await post.letters())
    response = await browser().post("/alpha/sign-in", {"email": email})
    assert response.status_code == 400
    assert 'role="alert"' in response.text
    assert len(await post.letters()) == before


async def test_forms_that_other_pages_send_are_refused(browser: Make, post: Post) -> None:
    someone = browser()
    before = len(await post.letters())
    for origin in ("https://evil.example", "null", "http://waypost.example.org", f"{BASE}.evil.example"):
        for path in ("/alpha/sign-in", "/alpha/sign-in/link", "/sign-out", "/alpha/sign-in/invitation"):
            response = await someone.post(path, {"email": "a@example.org"}, origin=origin)
            assert response.status_code == 403, (origin, path)
    response = await someone.client.post(
        "/alpha/sign-in", data={"email": "a@example.org"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert response.status_code == 403
    assert len(await post.letters()) == before


async def test_forms_that_are_none_are_refused(browser: Make) -> None:
    someone = browser()
    as_json = await someone.client.post("/sign-in", json={"email": "a@b.org"})
    assert as_json.status_code == 415
    long = await someone.post("/sign-in", {"email": "a" * 30_000})
    assert long.status_code == 413
    many = await someone.post("/sign-in", {f"x{index}": "y" for index in range(50)})
    assert many.status_code == 400
    assert (await someone.client.put("/sign-in")).status_code == 405


# The page


async def test_the_page_names_the_citys_providers_and_asks_for_an_address(browser: Make) -> None:
    page = await browser().get("/alpha/sign-in?to=/alpha/x")
    assert page.status_code == 200
    assert '<html lang="en">' in page.text
    assert 'href="/alpha/auth/council?to=%2Falpha%2Fx"' in page.text
    assert "The Council &amp; Co" in page.text
    assert '<label for="email">' in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "private, no-store"
    assert page.headers["referrer-policy"] == "same-origin", "else forms of ours would not be known as ours"
    assert "auth/" not in (await browser().get("/sign-in")).text
    own = await browser(OWN).get("/sign-in")
    assert 'href="/auth/council"' in own.text


async def test_the_page_is_in_the_look_of_the_city(browser: Make) -> None:
    look = await browser().get("/alpha/sign-in/look.css")
    assert look.headers["content-type"].startswith("text/css")
    assert "#0b5d6b" in look.text
    assert (await browser().get("/sign-in/look.css")).status_code == 200


# What was only typed is forgotten


async def test_an_address_that_nobody_proved_is_forgotten_after_a_day(
    browser: Make, post: Post, database: Database, settings: Settings
) -> None:
    someone = browser()
    await wrote(someone, "typed@example.org")
    await wrote(someone, "proved@example.org")
    await pressed(someone, await post.last_link("proved@example.org"))
    named = await find_person(database, "named@example.org", secret_key=SECRET_KEY, now=datetime.now(UTC))
    await wrote(browser(), "named@example.org")
    people = "SELECT count(*) FROM person"
    async with database.transaction(System("tests")):
        before = await fetchval(people)
        typed = await fetchval("SELECT count(*) FROM person WHERE known_at IS NULL")
        assert typed
    await clean(Work(database, settings))
    async with database.transaction(System("tests")):
        assert await fetchval(people) == before, "not before a day has gone"
    await clean(Work(database, settings, lambda: datetime.now(UTC) + timedelta(hours=25)))
    async with database.transaction(System("tests")):
        assert await fetchval(people) == before - typed
        assert await fetchval("SELECT count(*) FROM sign_in_attempt") == 0
        assert await fetchval("SELECT count(*) FROM identity WHERE person_id NOT IN (SELECT id FROM person)") == 0
        assert await fetchval("SELECT EXISTS (SELECT FROM person WHERE id = $1)", named)
    assert await someone.viewer() is not None

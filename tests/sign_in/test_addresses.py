"""One person with several addresses: asked for in the graph, proved by a letter, removed again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sign_in.stage import BASE, NOBODYS, OWN, SECRET_KEY, Browser, Cast, Make, Post, hidden, local
from tests.sign_in.test_letters import pressed, wrote
from waypost.access.people import address_digest, create_token
from waypost.db import City, Database, System, execute, fetchval, new_id
from waypost.learners.people import find_people
from waypost.members.effects import clean
from waypost.outbox.work import Work
from waypost.settings import Settings

WORDS = "__typename ... on Error { code message path }"
VIEWER = "{ viewer { id addresses { address verifiedAt } } }"
RECIPIENT_SQL = (
    "INSERT INTO recipient (tenant_id, id, kind, display_name, person_id) VALUES ($1, $2, 'person', 'A', $3)"
)


@pytest.fixture
def name() -> str:
    """What addresses of this test begin with."""
    return new_id().hex


async def signed_in(make: Make, post: Post, email: str, base: str = BASE, path: str = "/sign-in") -> Browser:
    someone = make(base)
    await wrote(someone, email, path)
    assert await pressed(someone, await post.last_link(email)) == 303
    return someone


async def done(someone: Browser, act: str, address: str, path: str = "/graphql", **headers: str) -> Any:
    kind = act[0].upper() + act[1:]
    fields = f"{WORDS} ... on {kind}Success {{ address {'expiresAt' if act == 'addAddress' else ''} }}"
    document = f'mutation {{ {act}(input: {{address: "{address}"}}) {{ {fields} }} }}'
    return (await someone.ask(document, path, **headers))["data"][act]


async def addresses(someone: Browser, path: str = "/graphql") -> dict[str, bool]:
    found = (await someone.ask(VIEWER, path))["data"]["viewer"]["addresses"]
    return {each["address"]: each["verifiedAt"] is not None for each in found}


async def id_of(someone: Browser) -> str:
    return str((await someone.viewer())["id"])


async def owner(database: Database, address: str) -> Any:
    async with database.transaction(System("tests")):
        return await fetchval("SELECT person_id FROM identity WHERE digest = $1", address_digest(address, SECRET_KEY))


async def given(database: Database, cast: Cast, address: str) -> Any:
    """Somebody whom a city awards something by their address; answers whose it is."""
    now = datetime.now(UTC)
    found = await find_people(database, cast.beta, [address], secret_key=SECRET_KEY, now=now)
    async with database.transaction(City(cast.beta)):
        await execute(RECIPIENT_SQL, cast.beta, new_id(), found[address])
    return found[address]


@pytest.mark.parametrize("path", ["/graphql", "/alpha/graphql"])
async def test_a_further_address_is_proved_and_brings_what_was_given_to_it(
    browser: Make, post: Post, database: Database, cast: Cast, name: str, path: str
) -> None:
    one, two = f"{name}@example.org", f"{name}.two@example.org"
    before = await given(database, cast, two)
    someone = await signed_in(browser, post, one)
    asked = await done(someone, "addAddress", f" {two.upper()} ", path)
    assert (asked["__typename"], asked["address"]) == ("AddAddressSuccess", two)
    assert await addresses(someone, path) == {one: True, two: False}
    assert await owner(database, two) == before, "asking alone changes nothing"
    link = await post.last_link(two)
    where = "" if path == "/graphql" else "/alpha"
    assert link.startswith(f"{BASE}{where}/sign-in/address?code=")
    page = await someone.get(local(link))
    assert (page.status_code, page.text.count("<button>")) == (200, 1)
    assert two not in page.text
    assert await addresses(someone) == {one: True, two: False}, "looking at it uses nothing up"
    added = await someone.post(f"{where}/sign-in/address", hidden(page.text))
    assert (added.status_code, "The address is yours" in added.text) == (200, True)
    assert await addresses(someone, path) == {one: True, two: True}
    assert await pressed(someone, link) == 400, "it works once"
    other = await signed_in(browser, post, two)
    assert await id_of(other) == await id_of(someone)
    after = await owner(database, one)
    async with database.transaction(City(cast.beta)):
        counted = "SELECT count(*) FROM recipient WHERE tenant_id = $1 AND person_id = $2"
        assert await fetchval(counted, cast.beta, before) == 0
        assert await fetchval(counted, cast.beta, after) == 1


async def test_an_address_that_is_asked_for_twice_at_once_has_no_dead_link(
    browser: Make, post: Post, name: str
) -> None:
    one, two = f"{name}@example.org", f"{name}.two@example.org"
    someone = await signed_in(browser, post, one)
    await asyncio.gather(*(done(someone, "addAddress", two) for _ in range(4)))
    assert await addresses(someone) == {one: True, two: False}
    assert len((await someone.ask(VIEWER))["data"]["viewer"]["addresses"]) == 2
    links = [str(each.values["link"]) for each in await post.letters(to=two)]
    assert len(set(links)) == 4
    for link in links:
        assert "Add this address" in (await someone.get(local(link))).text
    assert await pressed(someone, links[0]) == 200
    assert await addresses(someone) == {one: True, two: True}


async def test_an_address_of_somebody_else_is_told_to_who_has_the_letter_alone(
    browser: Make, post: Post, database: Database, name: str
) -> None:
    theirs, fresh = f"{name}.theirs@example.org", f"{name}.fresh@example.org"
    other = await signed_in(browser, post, theirs)
    someone = await signed_in(browser, post, f"{name}@example.org")
    answers = [await done(someone, "addAddress", each) for each in (theirs, fresh)]
    assert [{**each, "address": "", "expiresAt": ""} for each in answers] == [
        {"__typename": "AddAddressSuccess", "address": "", "expiresAt": ""}
    ] * 2
    before = await owner(database, theirs)
    page = await someone.get(local(await post.last_link(theirs)))
    refused = await someone.post("/sign-in/address", hidden(page.text))
    assert (refused.status_code, "another account already" in refused.text) == (400, True)
    assert await owner(database, theirs) == before
    assert (await addresses(someone))[theirs] is False
    assert await addresses(other) == {theirs: True}


async def test_whose_mailbox_it_is_must_be_who_asked(browser: Make, post: Post, database: Database, name: str) -> None:
    two = f"{name}.two@example.org"
    thief = await signed_in(browser, post, f"{name}@example.org")
    victim = await signed_in(browser, post, f"{name}.victim@example.org")
    await done(thief, "addAddress", two)
    link = await post.last_link(two)
    form = hidden((await victim.get(local(link))).text)
    refused = await victim.post("/sign-in/address", form)
    assert (refused.status_code, "Another account" in refused.text) == (400, True)
    stranger = browser()
    first = await stranger.post("/sign-in/address", form)
    assert first.status_code == 401
    assert 'href="/sign-in?to=%2Fsign-in%2Faddress"' in first.text, "the code stays in the browser"
    assert hidden((await stranger.get("/sign-in/address")).text) == form
    foreign = await thief.post("/sign-in/address", form, origin="https://evil.example")
    assert foreign.status_code == 403
    assert await owner(database, two) is None
    assert await pressed(thief, link) == 200, "nothing of that used it up"


@pytest.mark.parametrize("code", ["", "x.y", f"{NOBODYS.hex}.x"])
async def test_codes_that_nobody_sent_add_nothing(browser: Make, post: Post, name: str, code: str) -> None:
    someone = await signed_in(browser, post, f"{name}@example.org")
    assert (await someone.get(f"/sign-in/address?code={code}")).status_code == 400
    assert (await someone.post("/sign-in/address", {"code": code})).status_code == 400


async def test_a_link_to_sign_in_and_one_to_add_an_address_do_not_do_each_others_work(
    browser: Make, post: Post, name: str
) -> None:
    someone = await signed_in(browser, post, f"{name}@example.org")
    two = f"{name}.two@example.org"
    await done(someone, "addAddress", two)
    link = local(await post.last_link(two))
    assert (await someone.get(link.replace("/address", "/link"))).status_code == 400
    await wrote(someone, two, "/sign-in")
    link = local(await post.last_link(two))
    assert (await someone.get(link.replace("/link", "/address"))).status_code == 400


async def test_who_was_only_typed_signs_in_as_nobody_else_afterwards(
    browser: Make, post: Post, database: Database, name: str
) -> None:
    two = f"{name}.two@example.org"
    other = browser()
    await wrote(other, two, "/sign-in")
    open_link = await post.last_link(two)
    someone = await signed_in(browser, post, f"{name}@example.org")
    await done(someone, "addAddress", two)
    assert await pressed(someone, await post.last_link(two)) == 200
    assert await pressed(other, open_link) == 400, "that link was for a person who is gone"
    assert await owner(database, two) == await owner(database, f"{name}@example.org")


async def test_a_citys_own_host_sends_its_own_link(browser: Make, post: Post, name: str) -> None:
    someone = await signed_in(browser, post, f"{name}@example.org", OWN)
    two = f"{name}.two@example.org"
    assert (await done(someone, "addAddress", two))["__typename"] == "AddAddressSuccess"
    link = await post.last_link(two)
    assert link.startswith(f"{OWN}/sign-in/address?")
    assert await pressed(someone, link) == 200
    assert (await addresses(someone))[two] is True


async def test_one_person_asks_and_one_address_is_written_to_so_many_times_an_hour(
    browser: Make, post: Post, name: str
) -> None:
    someone = await signed_in(browser, post, f"{name}@example.org")
    for number in range(5):
        assert (await done(someone, "addAddress", f"{name}.{number}@example.org"))["address"]
    assert (await done(someone, "addAddress", f"{name}.6@example.org"))["code"] == "TOO_MANY"
    assert await wrote(browser(), f"{name}@example.org", "/sign-in") == 200
    assert await post.letters(to=f"{name}@example.org"), "signing in is not kept from anybody by that"
    target = f"{name}.target@example.org"
    for number in range(7):
        each = await signed_in(browser, post, f"{name}.of.{number}@example.org")
        assert (await done(each, "addAddress", target))["__typename"] == "AddAddressSuccess"
    assert len(await post.letters(to=target)) == 5


@pytest.mark.parametrize("act", ["addAddress", "removeAddress"])
async def test_strangers_and_wrong_addresses_are_refused(browser: Make, post: Post, name: str, act: str) -> None:
    assert (await done(browser(), act, "a@example.org"))["code"] == "UNAUTHENTICATED"
    someone = await signed_in(browser, post, f"{name}@example.org")
    for address in (
        "",
        "x",
        "a@b",
        f"{'x' * 250}@example.org",
        "a@example.org\\r\\nBcc: b@example.org",
        "a\\u0000b@example.org",
    ):
        refused = await done(someone, act, address)
        assert (refused["code"], refused["path"]) == ("INVALID", ["address"])
    own = await done(someone, "addAddress", f"{name}@example.org")
    assert (own["code"], own["path"]) == ("INVALID", ["address"])
    assert (await done(someone, "removeAddress", "nobody@example.org"))["code"] == "NOT_FOUND"


async def test_a_token_asks_too_and_one_for_some_things_does_not(
    browser: Make, post: Post, database: Database, cast: Cast, name: str
) -> None:
    made = await create_token(
        database,
        tenant=cast.alpha,
        role="curator",
        email=f"{name}@example.org",
        secret_key=SECRET_KEY,
        now=datetime.now(UTC),
    )
    assert not hasattr(made, "code")
    bearer = {"authorization": f"Bearer {made.token}"}
    assert (await done(browser(), "addAddress", f"{name}.2@example.org", "/alpha/graphql", **bearer))["address"]
    assert await post.letters(to=f"{name}.2@example.org")
    async with database.transaction(City(cast.alpha)):
        await execute(
            "UPDATE access_token SET permissions = '{place.create}' WHERE tenant_id = $1 AND id = $2",
            *(cast.alpha, made.id),
        )
    for act in ("addAddress", "removeAddress"):
        assert (await done(browser(), act, f"{name}.3@example.org", "/alpha/graphql", **bearer))["code"] == "FORBIDDEN"


async def test_an_address_is_removed_and_the_last_one_stays(
    browser: Make, post: Post, database: Database, name: str
) -> None:
    one, two, typed = (f"{name}{each}@example.org" for each in ("", ".two", ".typed"))
    someone = await signed_in(browser, post, one)
    assert (await done(someone, "removeAddress", one))["code"] == "LAST_ADDRESS"
    await done(someone, "addAddress", typed)
    link = await post.last_link(typed)
    assert (await done(someone, "removeAddress", one))["code"] == "LAST_ADDRESS", "one that is not proved is none"
    assert (await done(someone, "removeAddress", typed))["address"] == typed
    assert await pressed(someone, link) == 400
    await done(someone, "addAddress", two)
    assert await pressed(someone, await post.last_link(two)) == 200
    await wrote(someone, one, "/sign-in")
    link = await post.last_link(one)
    assert (await done(someone, "removeAddress", one))["__typename"] == "RemoveAddressSuccess"
    assert await addresses(someone) == {two: True}
    assert await owner(database, one) is None
    assert await pressed(browser(), link) == 400, "nor by a letter that is out already"
    assert (await done(someone, "removeAddress", two))["code"] == "LAST_ADDRESS"
    other = await signed_in(browser, post, one)
    assert await id_of(other) != await id_of(someone)


async def test_what_nobody_proved_is_forgotten_and_what_was_given_is_not(
    browser: Make, post: Post, database: Database, cast: Cast, settings: Settings, name: str
) -> None:
    one, two, learner = (f"{name}{each}@example.org" for each in ("", ".two", ".learner"))
    someone = await signed_in(browser, post, one)
    await done(someone, "addAddress", two)
    recipient = await given(database, cast, learner)
    await clean(Work(database, settings))
    assert await addresses(someone) == {one: True, two: False}, "not before a day has gone"
    await clean(Work(database, settings, lambda: datetime.now(UTC) + timedelta(hours=25)))
    assert await addresses(someone) == {one: True}
    assert await owner(database, learner) == recipient, "their badges wait for them"

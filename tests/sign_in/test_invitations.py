"""Accepting an invitation on the pages: sign in first, then press a button."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from tests.sign_in.provider import Provider
from tests.sign_in.stage import Cast, Make, Post, asked_in, hidden, local
from tests.sign_in.test_letters import pressed, wrote
from waypost.access.people import create_token
from waypost.db import Database, System, fetch
from waypost.refusal import Refusal

INVITE = """mutation { inviteMember(input: {address: "new@example.org", role: "curator", name: "N"}) {
  __typename ... on Error { code message } } }"""


def way_in(page: str) -> str:
    """Where a page sends whoever has to sign in first."""
    found = re.search(r'href="([^"]*/sign-in\?to=[^"]*)"', page)
    assert found, page
    return unescape(found[1])


@pytest.fixture
async def invitation(browser: Make, database: Database, cast: Cast, post: Post) -> str:
    """The link of a fresh invitation."""
    made = await create_token(
        database,
        tenant=cast.alpha,
        role="city-admin",
        email="boss@example.org",
        secret_key="a key for tests alone",
        now=datetime.now(UTC),
    )
    assert not isinstance(made, Refusal)
    headers = {"authorization": f"Bearer {made.token}"}
    response = await browser().client.post("/alpha/graphql", json={"query": INVITE}, headers=headers)
    assert response.json()["data"]["inviteMember"]["__typename"] == "InviteMemberSuccess", response.text
    return str((await post.letters(to="new@example.org"))[-1].values["link"])


async def test_who_is_invited_signs_in_and_accepts(browser: Make, post: Post, invitation: str) -> None:
    someone = browser()
    page = await someone.get(local(invitation))
    assert page.status_code == 200
    assert "Accept</button>" not in page.text
    start = await someone.get(way_in(page.text))
    await wrote(someone, "another@example.org", **hidden(start.text))
    link = await post.last_link("another@example.org")
    shown = await someone.get(local(link))
    done = await someone.post("/alpha/sign-in/link", hidden(shown.text))
    page = await someone.get(done.headers["location"])
    accepted = await someone.post("/alpha/sign-in/invitation", hidden(page.text))
    assert "You are a curator in Alpha" in accepted.text
    assert [each["role"] for each in (await someone.viewer())["memberships"]] == ["curator"]
    again = await someone.post("/alpha/sign-in/invitation", hidden(page.text))
    assert again.status_code == 400
    assert "accepted or withdrawn" in again.text


async def test_the_code_stays_in_the_browser(
    browser: Make, post: Post, provider: Provider, database: Database, invitation: str
) -> None:
    someone, code = browser(), asked_in(invitation)["code"]
    way = way_in((await someone.get(local(invitation))).text)
    start = await someone.get(way)
    await wrote(someone, "stays@example.org", **hidden(start.text))
    await someone.get(f"/alpha/auth/council?{way.partition('?')[2]}")
    async with database.transaction(System("tests")):
        rows = await fetch("SELECT * FROM sign_in_attempt")
    assert [row["way"] for row in rows] == ["link", "provider"]
    assert [row["return_to"] for row in rows] == ["/alpha/sign-in/invitation"] * 2
    assert code not in " ".join(str(value) for row in rows for value in row.values())
    # In another browser the letter's own link is needed once more.
    other = browser()
    shown = await other.get(local(await post.last_link("stays@example.org")))
    done = await other.post("/alpha/sign-in/link", hidden(shown.text))
    page = await other.get(done.headers["location"])
    assert (page.status_code, "Accept</button>" in page.text) == (400, False)
    assert "Open the link in the letter again" in page.text
    assert "Accept</button>" in (await other.get(local(invitation))).text


async def test_who_has_not_signed_in_or_guesses_accepts_nothing(browser: Make, post: Post, invitation: str) -> None:
    stranger = browser()
    form = {name: asked_in(invitation)[name] for name in ("invitation", "code")}
    assert (await stranger.post("/alpha/sign-in/invitation", form)).status_code == 400
    await wrote(stranger, "guess@example.org")
    assert await pressed(stranger, await post.last_link("guess@example.org")) == 303
    for change in ({"code": "x"}, {"invitation": "x"}, {"invitation": ""}, {"code": "\x00"}, {"code": "x" * 3_000}):
        assert (await stranger.post("/alpha/sign-in/invitation", {**form, **change})).status_code == 400
    assert (await stranger.viewer())["memberships"] == []
    assert "<script" not in (await stranger.get("/alpha/sign-in/invitation?code=%22%3E%3Cscript%3E")).text

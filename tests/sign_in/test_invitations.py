"""Accepting an invitation on the pages: sign in first, then press a button."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.sign_in.stage import Browser, Cast, Post, asked_in, hidden, local
from tests.sign_in.test_letters import pressed, wrote
from waypost.access.people import create_token
from waypost.db import Database
from waypost.refusal import Refusal

Make = Callable[..., Browser]
INVITE = """mutation { inviteMember(input: {address: "new@example.org", role: "curator", name: "N"}) {
  __typename ... on Error { code message } } }"""


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
    assert "/alpha/sign-in?to=" in page.text
    back = local(invitation)
    await wrote(someone, "another@example.org", to=back)
    link = await post.last_link("another@example.org")
    shown = await someone.get(local(link))
    done = await someone.post("/alpha/sign-in/link", hidden(shown.text))
    assert done.headers["location"] == back
    page = await someone.get(back)
    accepted = await someone.post("/alpha/sign-in/invitation", hidden(page.text))
    assert "You are a curator in Alpha" in accepted.text
    assert [each["role"] for each in (await someone.viewer())["memberships"]] == ["curator"]
    again = await someone.post("/alpha/sign-in/invitation", hidden(page.text))
    assert again.status_code == 400
    assert "accepted or withdrawn" in again.text


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

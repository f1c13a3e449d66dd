"""The stage of the stories about issuing platforms: each has its own, with a Credly of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.connectors.fake_credly import ORGANISATION, TOKEN, FakeCredly, credly_running
from tests.connectors.stage import Issuing
from tests.databases import Server
from waypost.db import Database
from waypost_credly.connector import Credly


@pytest.fixture
async def fake() -> AsyncIterator[FakeCredly]:
    async with credly_running(per=2) as running:
        yield running


@pytest.fixture
async def story_name(server: Server, template: str) -> AsyncIterator[str]:
    """A database of the story's own."""
    async with server.database(template) as name:
        yield name


@pytest.fixture
async def story_url(server: Server, story_name: str) -> str:
    return await server.app_url(story_name)


@pytest.fixture
async def stage(story_url: str, fake: FakeCredly) -> AsyncIterator[Issuing]:
    """A network with an account in Credly's sandbox that nobody uses yet."""
    async with await Database.open(story_url, pool_size=4) as database:
        stage = await Issuing.founded(database, Credly(sandbox=fake.url), fake.server.allowed)
        await stage.secret(TOKEN)
        yield stage


@pytest.fixture
async def account(stage: Issuing) -> str:
    return await stage.account(organisation=ORGANISATION, token="credly-live", sandbox="true")


@pytest.fixture
async def linked(stage: Issuing, fake: FakeCredly, account: str) -> str:
    """Brighton's Youth Club may use it, and its film makers are given by a template; answers the template."""
    template = fake.template("Film Maker")
    grant = await stage.share(account, "brighton")
    link = await stage.link("brighton", "film-maker", grant, template)
    assert link["state"] == "LINKED", link
    return template

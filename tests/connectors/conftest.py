"""The stage of the stories about issuing platforms: each has its own, with a Credly of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.connectors.fake_credly import ORGANISATION, FakeCredly, credly_running
from tests.connectors.stage import Issuing
from tests.graph.world import World
from waypost.db import Database
from waypost.graph import Asker
from waypost.testing.databases import Server
from waypost_credly.connector import Credly


@pytest.fixture
async def fake() -> AsyncIterator[FakeCredly]:
    async with credly_running(per=2) as running:
        yield running


@pytest.fixture(scope="session")
async def scene(server: Server, template: str) -> AsyncIterator[tuple[str, World, dict[str, Asker]]]:
    """The country, founded once: the database that stories copy, and what is in it."""
    async with server.database(template) as name:
        async with await Database.open(await server.app_url(name), pool_size=2) as database:
            world, who = await Issuing.founded(database)
        yield name, world, who


@pytest.fixture
async def story_url(server: Server, scene: tuple[str, World, dict[str, Asker]]) -> AsyncIterator[str]:
    """A database of the story's own."""
    async with server.database(scene[0]) as name:
        yield await server.app_url(name)


@pytest.fixture
async def stage(story_url: str, fake: FakeCredly, scene: tuple[str, World, dict[str, Asker]]) -> AsyncIterator[Issuing]:
    """A network with a secret for an account in Credly's sandbox."""
    async with await Database.open(story_url, pool_size=4) as database:
        yield await Issuing.copied(database, scene[1:], Credly(sandbox=fake.url), fake.server.allowed)


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

"""What a newcomer tries first answers as the documents say, over the demonstration tenants."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from itertools import pairwise

import httpx
import pytest

from tests.project.documents import ROOT, Block, blocks, documents
from waypost.cli.parts import apps_of, load_plugins, parts_of
from waypost.cli.tenants import apply_files
from waypost.db import Database
from waypost.db.migrate import migrate
from waypost.http import Platform, create_app
from waypost.settings import Settings
from waypost.testing.databases import Server

SETTINGS = Settings(tenants_dir=ROOT / "tenants", secret_key="a key for tests alone")


def answered() -> list[tuple[Block, Block]]:
    """Every marked query of the documents with the answer that follows it."""
    found = []
    for document in documents():
        inside = blocks(document)
        for query, answer in pairwise(inside):
            if query.marker.startswith("example: "):
                found.append((query, answer))
    return found


@pytest.fixture(scope="module")
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, with the tenants that `make run` brings."""
    plugins = load_plugins(SETTINGS)
    async with server.database() as name:
        await migrate(server.admin_url(name), apps_of(plugins))
        url = await server.app_url(name)
        async with await Database.open(url, pool_size=2) as database:
            await apply_files(database, SETTINGS, plugins)
        platform = Platform(SETTINGS, parts_of(plugins), url)
        async with platform.opened():
            transport = httpx.ASGITransport(create_app(platform))
            async with httpx.AsyncClient(transport=transport, base_url=SETTINGS.base_url) as client:
                yield client


def test_the_readme_shows_a_query_and_its_answer() -> None:
    assert [query.document.name for query, _ in answered()].count("README.md") == 1


@pytest.mark.parametrize(("query", "answer"), [pytest.param(*pair, id=str(pair[0])) for pair in answered()])
async def test_an_example_answers_as_it_is_printed(query: Block, answer: Block, client: httpx.AsyncClient) -> None:
    path = query.marker.partition("at: ")[2]
    response = await client.post(path, json={"query": query.text})
    assert response.json() == json.loads(answer.text), json.dumps(response.json(), indent=2, ensure_ascii=False)

"""What a client may ask, and how much: points, published documents, the schema."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.http.stage import BASE_URL, SECRET_KEY, Cast, GiveToken
from tests.waiting import until
from waypost.cli.parts import load_plugins, parts_of
from waypost.db import System, execute
from waypost.graph import document_id
from waypost.http import Platform, create_app
from waypost.settings import Settings

NAMES = "query Names($first: Int) { badges(first: $first) { nodes { name } } }\n"
INTROSPECT = "{ __schema { queryType { name } } }"


@dataclass
class Open:
    """A platform of one test's own settings."""

    platform: Platform
    client: httpx.AsyncClient

    async def ask(self, path: str = "/alpha/graphql", token: str = "", **body: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return await self.client.post(path, json=body, headers=headers)

    async def code(self, **body: Any) -> str:
        response = await self.ask(**body)
        return str(response.json()["errors"][0]["extensions"]["code"])


@asynccontextmanager
async def opened(app_url: str, cast: Cast, peer: str = "203.0.113.5", **choices: Any) -> AsyncIterator[Open]:
    settings = Settings(base_url=BASE_URL, plugins=(), secret_key=SECRET_KEY, **choices)
    platform = Platform(settings, parts_of(load_plugins(settings)), app_url)
    async with platform.opened():
        transport = httpx.ASGITransport(create_app(platform), client=(peer, 1234))
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            yield Open(platform, client)


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A folder with one published document."""
    (tmp_path / "names.graphql").write_text(NAMES, encoding="utf-8")
    return tmp_path


# Points


async def test_every_answer_says_what_it_cost_and_what_is_left(app_url: str, cast: Cast) -> None:
    async with opened(app_url, cast, graph_points=1_000, client_share=0.1) as here:
        response = await here.ask(query=NAMES, variables={"first": 9})
        assert response.json()["extensions"] == {"cost": {"requestedQueryCost": 10}}
        assert response.headers["ratelimit-policy"] == '"points";q=500;w=10'
        assert response.headers["ratelimit"] == '"points";r=490;t=1'


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_who_asks_for_too_much_is_told_when_to_come_back(app_url: str, cast: Cast, accept: str) -> None:
    async with opened(app_url, cast, graph_points=100, client_share=0.1) as here:
        answers = [
            await here.client.post(
                "/alpha/graphql", json={"query": NAMES, "variables": {"first": 20 + n}}, headers={"accept": accept}
            )
            for n in range(4)
        ]
        assert [response.status_code for response in answers] == [200, 200, 429, 429]
        body = answers[-1].json()
        assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
        assert int(answers[-1].headers["retry-after"]) > 0
        assert "data" not in body


async def test_what_is_kept_costs_nothing(app_url: str, cast: Cast) -> None:
    async with opened(app_url, cast, graph_points=100, client_share=0.1) as here:
        await until(lambda: here.platform.database.versions.known)
        await here.platform.refresh()
        answers = [await here.ask(query="{ layers { name } }") for _ in range(40)]
        assert {response.status_code for response in answers} == {200}


async def test_an_operation_that_is_too_dear_for_anybody_is_refused_before_it_is_paid_for(
    app_url: str, cast: Cast
) -> None:
    nested = "badges(first: 100) { nodes { issuer { " * 3 + "name" + " } } }" * 3
    async with opened(app_url, cast) as here:
        assert await here.code(query="{ " + nested + " }") == "LIMIT_EXCEEDED"


# Published documents


async def test_a_published_document_is_asked_for_by_its_id(app_url: str, cast: Cast, documents: Path) -> None:
    async with opened(app_url, cast, operations_dir=documents) as here:
        id = document_id(NAMES)
        posted = await here.ask(documentId=id, variables={"first": 1})
        got = await here.client.get(
            "/alpha/graphql",
            params={"documentId": id, "variables": '{"first": 1}'},
            headers={"accept": "application/json"},
        )
        assert posted.json()["data"] == got.json()["data"] == {"badges": {"nodes": []}}
        assert await here.code(documentId="sha256:" + "0" * 64) == "UNKNOWN_DOCUMENT"
        assert await here.code(documentId=id, query=NAMES) == "BAD_REQUEST"
        assert await here.code(documentId=7) == "BAD_REQUEST"


async def test_a_city_may_answer_published_documents_alone(app_url: str, cast: Cast, documents: Path) -> None:
    async with opened(app_url, cast, operations_dir=documents) as here:
        async with here.platform.database.transaction(System("tenants.apply", shared=True)):
            await execute("UPDATE tenant SET documents = 'trusted' WHERE slug = 'beta'")
        await here.platform.refresh()
        beta = "/beta/graphql"
        assert await here.code(path=beta, query="{ badges { nodes { slug } } }") == "DOCUMENT_NOT_TRUSTED"
        assert (await here.ask(path=beta, query=NAMES)).json()["data"] == {"badges": {"nodes": []}}
        assert (await here.ask(path=beta, documentId=document_id(NAMES))).status_code == 200
        assert (await here.ask(query="{ badges { nodes { slug } } }")).status_code == 200


# The schema


@pytest.mark.parametrize(("policy", "stranger", "member"), [("all", 1, 1), ("signed-in", 0, 1), ("none", 0, 0)])
async def test_who_may_ask_about_the_schema_is_a_policy(
    app_url: str, cast: Cast, give_token: GiveToken, policy: str, stranger: int, member: int
) -> None:
    async with opened(app_url, cast, introspection=policy) as here:
        token = await give_token(cast.alpha)
        for who, may in (("", stranger), (token, member)):
            told = (await here.ask(token=who, query=INTROSPECT)).json()
            assert ("data" in told) == bool(may)
            assert bool(may) or told["errors"][0]["extensions"]["code"] == "INTROSPECTION_CLOSED"
            wrong = (await here.ask(token=who, query="{ badgs { nodes { name } } }")).json()["errors"][0]["message"]
            assert ("Did you mean" in wrong) == bool(may)

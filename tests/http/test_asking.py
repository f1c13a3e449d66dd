from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.http.stage import ORIGIN, Cast, GiveToken
from waypost.access.tokens import digest_of
from waypost.db import Database, System, execute

ASK = {"query": "{ __typename }"}


async def ask(client: httpx.AsyncClient, path: str, token: str, **headers: str) -> tuple[int, Any]:
    response = await client.post(path, json=ASK, headers={"authorization": f"Bearer {token}", **headers})
    body = response.json()
    return response.status_code, body["errors"][0]["extensions"]["code"] if "errors" in body else None


async def test_a_token_of_the_city_is_welcome(client: httpx.AsyncClient, cast: Cast, give_token: GiveToken) -> None:
    token = await give_token(cast.alpha)
    assert await ask(client, "/alpha/graphql", token) == (200, None)
    assert await ask(client, "/graphql", token) == (200, None)


async def test_a_national_token_is_welcome_everywhere(client: httpx.AsyncClient, give_token: GiveToken) -> None:
    token = await give_token(None)
    for path in ("/graphql", "/alpha/graphql", "/beta/graphql"):
        assert await ask(client, path, token) == (200, None)


async def test_a_token_of_another_city_is_forbidden(
    client: httpx.AsyncClient, cast: Cast, give_token: GiveToken
) -> None:
    token = await give_token(cast.beta)
    assert await ask(client, "/alpha/graphql", token) == (403, "FORBIDDEN")


async def test_an_expired_token_says_so(client: httpx.AsyncClient, cast: Cast, give_token: GiveToken) -> None:
    token = await give_token(cast.alpha, now=datetime.now(UTC) - timedelta(days=8), days=7)
    assert await ask(client, "/alpha/graphql", token) == (401, "TOKEN_EXPIRED")


async def test_a_revoked_token_is_nobody_s(
    client: httpx.AsyncClient, database: Database, cast: Cast, give_token: GiveToken
) -> None:
    token = await give_token(cast.alpha)
    async with database.transaction(System("sign-in")):
        await execute("UPDATE token SET revoked_at = now() WHERE digest = $1", digest_of(token))
    assert await ask(client, "/alpha/graphql", token) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "authorization", ["Bearer wp_made-up", "Bearer", "Bearer ", "Basic d2F5OnBvc3Q=", "wp_x", "", "Bearer a, Bearer b"]
)
async def test_a_token_that_nobody_gave_is_refused_with_a_challenge(
    client: httpx.AsyncClient, authorization: str
) -> None:
    """Not answered as a stranger's: whoever sends a token means to be somebody."""
    response = await client.post("/graphql", json=ASK, headers={"authorization": authorization})
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert response.headers["www-authenticate"].startswith("Bearer ")


async def test_a_page_that_is_not_listed_may_not_use_a_token(
    client: httpx.AsyncClient, cast: Cast, give_token: GiveToken
) -> None:
    token = await give_token(cast.alpha)
    assert await ask(client, "/alpha/graphql", token, origin=ORIGIN) == (200, None)
    evil = await ask(client, "/alpha/graphql", token, origin="https://evil.example")
    assert evil == (403, "ORIGIN_NOT_ALLOWED")


async def test_on_the_national_graph_a_page_needs_a_token_of_its_own_city(
    client: httpx.AsyncClient, cast: Cast, give_token: GiveToken
) -> None:
    assert await ask(client, "/graphql", await give_token(cast.alpha), origin=ORIGIN) == (200, None)
    foreign = await ask(client, "/graphql", await give_token(cast.beta), origin=ORIGIN)
    assert foreign == (403, "ORIGIN_NOT_ALLOWED")


async def test_our_own_graphiql_may_use_a_token(client: httpx.AsyncClient, cast: Cast, give_token: GiveToken) -> None:
    token = await give_token(cast.beta)
    assert await ask(client, "/beta/graphql", token, origin="http://127.0.0.1:8000") == (200, None)


async def test_what_a_token_shows_is_kept_by_no_cache(
    client: httpx.AsyncClient, cast: Cast, give_token: GiveToken
) -> None:
    token = await give_token(cast.alpha)
    response = await client.post("/alpha/graphql", json=ASK, headers={"authorization": f"Bearer {token}"})
    assert response.headers["cache-control"] == "private, no-store"
    assert "access-control-allow-origin" not in response.headers

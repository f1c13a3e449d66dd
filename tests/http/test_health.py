from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from tests.http.stage import BASE_URL, Cast
from waypost.cli.parts import load_plugins, parts_of
from waypost.http import Parts, Platform, create_app
from waypost.settings import Settings


async def test_a_process_that_serves_is_alive_and_ready(client: httpx.AsyncClient, platform: Platform) -> None:
    await heard(platform)
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).json() == {"status": "ready", "reasons": []}
    assert (await client.head("/readyz")).content == b""


async def test_without_its_database_a_process_is_alive_and_not_ready(cast: Cast, app_url: str) -> None:
    settings = Settings(plugins=())
    platform = Platform(settings, parts_of(load_plugins(settings)), app_url)
    async with platform.opened():
        await platform.database.close()
        transport = httpx.ASGITransport(create_app(platform))
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            assert (await client.get("/healthz")).status_code == 200
            ready = await client.get("/readyz")
            assert ready.status_code == 503
            assert ready.json() == {"status": "unavailable", "reasons": ["the database does not answer"]}
            asked = await client.post("/graphql", json={"query": "{ cities { totalCount } }"})
            assert asked.status_code == 503
            assert asked.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_a_process_that_would_not_answer_rightly_says_why(cast: Cast, app_url: str) -> None:
    settings = Settings(plugins=())
    parts = parts_of(load_plugins(settings))
    ahead = replace(parts, migrations=parts.migrations | {("waypost", "9999_tomorrow")})
    platform = Platform(settings, ahead, app_url)
    async with platform.opened():
        transport = httpx.ASGITransport(create_app(platform))
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            await heard(platform)
            reasons = (await client.get("/readyz")).json()["reasons"]
            assert reasons == ["migrations of this version are not applied: waypost 9999_tomorrow"]
            platform._parts = parts
            assert (await client.get("/readyz")).status_code == 200
            platform.database.versions.known = False
            platform._read_at -= 60
            ready = await client.get("/readyz")
            assert ready.status_code == 503
            assert ready.json()["reasons"] == [
                "the directory of tenants was not read of late",
                "what other processes change is not heard",
            ]
            assert (await client.get("/healthz")).status_code == 200


async def heard(platform: Platform) -> None:
    """Wait until the process hears of others' changes, which is a moment after it began."""
    async with asyncio.timeout(10):
        while not platform.database.versions.known:  # noqa: ASYNC110 - nobody notifies of it
            await asyncio.sleep(0.01)


async def test_what_was_answered_is_counted_and_nobody_is_named(client: httpx.AsyncClient) -> None:
    for n in range(3):  # each another, so that none is a kept answer, which is counted by itself
        await client.post("/alpha/graphql", json={"query": f"{{ a{n}: __typename }}"})
    await client.get("/invented/by/a/visitor")
    text = (await client.get("/metrics")).text
    answered = re.search(r'^waypost_http_answers_total\{kind="graphql",status="200"\} (\d+)$', text, re.MULTILINE)
    assert answered
    assert int(answered[1]) >= 3
    assert f'waypost_graphql_seconds_bucket{{le="+Inf"}} {answered[1]}' in text
    assert 'kind="page",status="404"' in text
    assert "alpha" not in text
    assert "invented" not in text


@dataclass
class Breaking:
    """An engine with a fault that nobody foresaw."""

    async def answer(self, *_: Any, **__: Any) -> Any:
        await asyncio.sleep(0)
        raise RuntimeError("secret words of the inside")


async def test_what_nobody_foresaw_is_told_by_a_reference_alone(
    cast: Cast, app_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(plugins=())
    parts = parts_of(load_plugins(settings))
    breaking: Any = Breaking()
    platform = Platform(settings, Parts(parts.plugins, parts.compose, lambda _: breaking), app_url)
    async with platform.opened():
        transport = httpx.ASGITransport(create_app(platform))
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            with caplog.at_level(logging.ERROR):
                response = await client.post("/graphql", json={"query": "{ __typename }"})
    assert response.status_code == 500
    error = response.json()["errors"][0]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "secret" not in response.text
    assert re.fullmatch(r"[0-9a-f]{12}", error["extensions"]["reference"])
    assert error["extensions"]["reference"] in caplog.text
    assert "secret words of the inside" in caplog.text

"""The application with two cities, behind TLS as far as it knows, and a provider of sign-in on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import orjson
import pytest
from starlette.types import ASGIApp

from tests.http.stage import insert_tenant
from tests.http.wire import served
from tests.sign_in.provider import CLIENT_ID, SECRET, Provider
from tests.sign_in.stage import BASE, SECRET_KEY, Browser, Cast, Post
from waypost.cli.parts import load_plugins, parts_of
from waypost.db import Database, System, execute
from waypost.http import Platform, create_app
from waypost.settings import Settings

AREA = '{"type": "Polygon", "coordinates": [[[-1, 50], [1, 50], [1, 51], [-1, 51], [-1, 50]]]}'
VARIABLE = "WAYPOST_OIDC_ALPHA__COUNCIL"


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    async with served(provider) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        yield provider


@pytest.fixture(autouse=True)
def honest(provider: Provider) -> None:
    provider.reset()


@pytest.fixture(scope="module")
async def cast(database: Database, provider: Provider) -> Cast:
    council = {
        "title": "The Council & Co",
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "secret": VARIABLE,
        "domains": ["example.org"],
    }
    async with database.transaction(System("tenants")):
        towns = [await insert_tenant(slug, slug.title(), area=AREA) for slug in ("alpha", "beta")]
        cast = Cast(*towns)
        await execute("INSERT INTO tenant_host (host, tenant_id) VALUES ('learn.alpha.example', $1)", cast.alpha)
        sql = "UPDATE tenant SET sign_in = $2 WHERE id = $1"
        await execute(sql, cast.alpha, orjson.dumps({"council": council}).decode())
        other = {**council, "domains": ["*"], "issuer": f"{provider.issuer}/nobody"}
        await execute(sql, cast.beta, orjson.dumps({"other": other}).decode())
    return cast


@pytest.fixture(scope="module")
def settings(provider: Provider) -> Settings:
    target = provider.issuer.removeprefix("http://")
    return Settings(
        base_url=BASE,
        plugins=(),
        secret_key=SECRET_KEY,
        allow_private_targets=(target,),
        oidc_secrets={VARIABLE: SECRET},
    )


@pytest.fixture(scope="module")
async def platform(cast: Cast, settings: Settings, app_url: str) -> AsyncIterator[Platform]:
    platform = Platform(settings, parts_of(load_plugins(settings)), app_url)
    async with platform.opened():
        yield platform


@pytest.fixture(scope="module")
def app(platform: Platform) -> ASGIApp:
    return create_app(platform)


@pytest.fixture
def browser(app: ASGIApp) -> Callable[..., Browser]:
    """Makes a browser, each coming from an address of its own."""
    count = iter(range(1, 250))

    def make(base: str = BASE, peer: str | None = None) -> Browser:
        return Browser(app, base, peer or f"203.0.113.{next(count)}")

    return make


@pytest.fixture
def post(database: Database, settings: Settings) -> Post:
    return Post(database, settings, lambda: datetime.now(UTC))


@pytest.fixture(autouse=True)
async def fresh(database: Database) -> None:
    """Nobody has tried anything yet."""
    async with database.transaction(System("tests")):
        await execute("DELETE FROM sign_in_attempt")

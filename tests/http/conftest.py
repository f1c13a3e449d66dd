"""The ASGI application over a real database with four small tenants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.http.stage import BASE_URL, HOST, ORIGIN, PROXY, SECRET_KEY, Cast, GiveToken, Visit, insert_tenant
from waypost.access.people import create_token
from waypost.cli.parts import load_plugins, parts_of
from waypost.db import Database, System, execute
from waypost.http import Platform, create_app
from waypost.refusal import Refusal
from waypost.settings import Settings


@pytest.fixture(scope="module")
async def cast(database: Database) -> Cast:
    async with database.transaction(System("tenants")):
        cast = Cast(
            alpha=await insert_tenant("alpha", "Alpha & <Sons>", origins=[ORIGIN], example=True),
            beta=await insert_tenant("beta", "Beta"),
            net=await insert_tenant("net", "The Network", kind="network", area=None),
            gone=await insert_tenant("gone", "Gone", state="closed"),
        )
        await execute("INSERT INTO tenant_slug (slug, tenant_id) VALUES ('old-alpha', $1)", cast.alpha)
        await execute("INSERT INTO tenant_host (host, tenant_id) VALUES ($1, $2)", HOST, cast.alpha)
    return cast


@pytest.fixture(scope="module")
async def platform(cast: Cast, app_url: str) -> AsyncIterator[Platform]:
    settings = Settings(base_url=BASE_URL, plugins=(), secret_key=SECRET_KEY, trusted_proxies=(f"{PROXY}/32",))
    platform = Platform(settings, parts_of(load_plugins(settings)), app_url)
    async with platform.opened():
        yield platform


@pytest.fixture(scope="module")
def visit(platform: Platform) -> Visit:
    """Makes a client at a base URL, coming from an address."""
    app = create_app(platform)

    def make(base_url: str = BASE_URL, peer: str = "203.0.113.5") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, client=(peer, 1234))
        return httpx.AsyncClient(transport=transport, base_url=base_url)

    return make


@pytest.fixture(scope="module")
async def client(visit: Visit) -> AsyncIterator[httpx.AsyncClient]:
    async with visit() as client:
        yield client


@pytest.fixture(scope="module")
def give_token(database: Database) -> GiveToken:
    """Makes a bearer token: of a tenant (a curator's), or national."""

    async def make(tenant: UUID | None, **facts: Any) -> str:
        made = await create_token(
            database,
            tenant=tenant,
            role="operator" if tenant is None else "curator",
            email="someone@example.org",
            secret_key=SECRET_KEY,
            now=facts.pop("now", datetime.now(UTC)),
            **facts,
        )
        assert not isinstance(made, Refusal)
        return made.token

    return make

"""A city with the scheme that a demonstration tenant has in its files, and the application over it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.http.stage import BASE_URL, SECRET_KEY
from tests.tenancy.country import CLUB, PATHWAY, WORKSHOP, World
from waypost.cli.parts import load_plugins, parts_of
from waypost.db import Database
from waypost.http import Platform, create_app
from waypost.settings import Settings
from waypost.testing.databases import Server

SHIPPED = Path(__file__).parents[2] / "tenants/brighton/catalogue/schemes.toml"
PLACED = """
[opportunities.schemes.first-shift]
hours_per_week = 6
hourly_pay = 8.5
sector = "sport"
"""


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, database: Database) -> World:
    """Brighton with First Shift and two jobs, one of them without dates; and a city that borrows one."""
    world = World(tmp_path_factory.mktemp("country"), database)
    old = WORKSHOP.format(slug="old-job") + "starts_at = 2026-02-02T09:00:00\nends_at = 2030-01-01T00:00:00\n" + PLACED
    jobs = old + WORKSHOP.format(slug="job") + PLACED + WORKSHOP.format(slug="choir")
    world.city("brighton", catalogue=CLUB + SHIPPED.read_text(encoding="utf-8") + jobs)
    steps = 'opportunities = ["brighton/job"]\n'
    world.city("plymouth", catalogue=CLUB + PATHWAY.format(slug="to-work") + steps)
    await world.apply()
    return world


@pytest.fixture(scope="module")
async def platform(world: World, server: Server, database_name: str) -> AsyncIterator[Platform]:
    """The platform over them, without plugins."""
    settings = Settings(base_url=BASE_URL, plugins=(), secret_key=SECRET_KEY)
    platform = Platform(settings, parts_of(load_plugins(settings)), await server.app_url(database_name))
    async with platform.opened():
        yield platform


@pytest.fixture(scope="module")
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    """A client of it."""
    transport = httpx.ASGITransport(create_app(platform))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client

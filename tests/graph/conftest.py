"""The little country, written once for the session and cloned for each module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.graph.asking import Asking, built_schema
from tests.graph.country import found_country
from tests.graph.world import World
from waypost.composition import engine
from waypost.db import Database
from waypost.graph import Schema
from waypost.testing.databases import Server


@pytest.fixture(scope="session")
async def country(server: Server, template: str) -> AsyncIterator[tuple[str, World]]:
    """The name of a database with the country in it, to be copied; and the record of it."""
    async with server.database(template) as name:
        async with await Database.open(await server.app_url(name), pool_size=2) as opened:
            world = await found_country(opened)
        yield name, world


@pytest.fixture(scope="module")
async def database_name(server: Server, country: tuple[str, World]) -> AsyncIterator[str]:
    """This module's own copy of the country."""
    async with server.database(country[0]) as name:
        yield name


@pytest.fixture(scope="session")
def world(country: tuple[str, World]) -> World:
    """The record of the country."""
    return country[1]


@pytest.fixture(scope="session")
def schema() -> Schema:
    """The schema of the core alone."""
    return built_schema()


@pytest.fixture(scope="module")
def ask(database: Database, schema: Schema, world: World) -> Asking:
    """Asks the graphs of the country."""
    return Asking(engine(database), schema, world)

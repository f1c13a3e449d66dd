"""Databases for tests: one server for the session, one cloned database for each module that asks."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

from waypost.db.connections import connect
from waypost.db.roles import ensure_login

# Roles belong to the server: two suites on one server must agree on the password of the login role.
PASSWORD = "waypost-tests"


class Server:
    """A PostgreSQL that tests may fill with databases; `url` is a superuser's, for any of its databases."""

    def __init__(self, url: str) -> None:
        self.url = url

    def admin_url(self, name: str) -> str:
        """A superuser's URL of a database."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    async def app_url(self, name: str) -> str:
        """The URL of a database with which the platform enters."""
        return await ensure_login(self.admin_url(name), PASSWORD)

    @asynccontextmanager
    async def database(self, template: str = "template0") -> AsyncIterator[str]:
        """A database of its own, a copy of `template`; its name. Dropped afterwards, whoever is connected."""
        name = f"waypost_test_{secrets.token_hex(6)}"
        await self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield name
        finally:
            await self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _run(self, sql: str) -> None:
        connection = await connect(self.url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

"""A real PostgreSQL, cities that read feeds, and servers on real sockets that play directories."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import orjson
import pytest

from waypost import composition
from waypost.apps import core_app
from waypost.db import City, Database, Embedded, System, execute, fetch, new_id
from waypost.db.migrate import migrate
from waypost.db.roles import ensure_login
from waypost.feeds.effects import begin_due
from waypost.issuers.store import IssuerWords, OrganisationWords, ensure_organisation, write_issuer
from waypost.outbox import Work
from waypost.outbox.worker import Worker
from waypost.plugins import Plugins, load
from waypost.settings import Settings
from waypost.tenancy.entries import Here, Written

# Roles belong to the server: all suites on one server must agree on the password of the login role.
PASSWORD = "waypost-tests"
TENANT = """
INSERT INTO tenant
    (id, slug, name, kind, languages, timezone, standard_code, primary_colour, accent_colour, licence)
VALUES ($1, $2, $3, 'city', '{en}', 'Europe/London', 'rsa-2019', '#000000', '#ffffff', $4)
"""
PLUGIN = "INSERT INTO tenant_plugin (tenant_id, plugin, active) VALUES ($1, 'open_referral_uk', true)"
SETTING = """
INSERT INTO plugin_setting (tenant_id, plugin, settings) VALUES ($1, 'open_referral_uk', $2)
ON CONFLICT (tenant_id, plugin) DO UPDATE SET settings = excluded.settings
"""
JOB = "SELECT id, state, done, total FROM job WHERE tenant_id = $1 AND kind = 'feed' ORDER BY begun_at DESC LIMIT 1"
PROBLEMS = """
SELECT code, line, "column", message FROM job_problem WHERE tenant_id = $1 AND job_id = $2 ORDER BY line, position
"""
ROWS = """
SELECT o.*, x.summary, p.name AS place, p.postcode, p.address FROM opportunity o
LEFT JOIN place p ON p.tenant_id = o.tenant_id AND p.id = o.place_id
LEFT JOIN opportunity_text x ON x.tenant_id = o.tenant_id AND x.opportunity_id = o.id
WHERE o.tenant_id = $1 ORDER BY o.source_id, o.id
"""

Answer = tuple[int, Mapping[str, str], bytes]
Respond = Callable[[str, Mapping[str, str]], Awaitable[Answer]]


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A superuser's URL: WAYPOST_TEST_DATABASE_URL, or that of an embedded server."""
    given = os.environ.get("WAYPOST_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with Embedded(Path(tmp_path_factory.mktemp("open-referral"))) as embedded:
        yield embedded.admin_url()


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """This plugin, found by its entry point as the platform finds it."""
    found = load(["open_referral_uk"])
    assert [plugin.manifest.name for plugin in found.ready] == ["open_referral_uk"], found.installed
    return found


@pytest.fixture(scope="module")
async def app_url(server_url: str, plugins: Plugins) -> AsyncIterator[str]:
    """The login's URL of a database of the module's own with all tables."""
    name = f"waypost_test_{secrets.token_hex(6)}"
    await _run(server_url, f'CREATE DATABASE "{name}" TEMPLATE template0')
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    await migrate(url, [core_app(), *plugins.apps()])
    yield await ensure_login(url, PASSWORD)
    await _run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
async def database(app_url: str) -> AsyncIterator[Database]:
    """That database, entered as the platform enters it."""
    async with await Database.open(app_url, pool_size=4) as opened:
        yield opened


async def _run(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def json_of(value: object, status: int = 200) -> Answer:
    return status, {"content-type": "application/json"}, orjson.dumps(value)


@dataclass
class Directory:
    """A directory on a real socket; `calls` are the paths with their queries that were asked for."""

    respond: Respond
    calls: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split(" ", 2)[1]
        self.calls.append(target)
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        status, headers, body = await self.respond(parts.path, query)
        lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def directory(respond: Respond) -> AsyncIterator[Directory]:
    """Have a directory until the end."""
    made = Directory(respond)
    server = await asyncio.start_server(made.handle, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


@dataclass
class Town:
    """A city that reads a directory."""

    database: Database
    plugins: Plugins
    here: Here
    issuers: dict[str, UUID] = field(default_factory=dict)
    later: timedelta = timedelta()

    @property
    def tenant(self) -> UUID:
        return self.here.tenant_id

    async def issuer(self, slug: str, name: str = "", description: str | None = None) -> UUID:
        async with self.database.transaction(City(self.tenant)):
            organisation = await ensure_organisation(OrganisationWords(slug, name or slug.title(), "club"))
            assert isinstance(organisation, UUID), organisation
            words = IssuerWords(
                slug, name or slug.title(), "club", organisation, roles=("provides",), description=description
            )
            made = await write_issuer(self.here, words, None)
        assert isinstance(made, Written), made
        self.issuers[slug] = made.id
        return made.id

    async def sets(self, **feeds: Any) -> None:
        async with self.database.transaction(City(self.tenant)):
            await execute(SETTING, self.tenant, orjson.dumps({"feeds": feeds}).decode())

    async def reads(self, port: int) -> dict[str, Any]:
        """Let two days pass, and read what is due; answers the last job with its problems."""
        self.later += timedelta(days=2)
        settings = Settings(secret_key="a key for tests alone", allow_private_targets=(f"127.0.0.1:{port}",))
        work = Work(self.database, settings, clock=lambda: datetime.now(UTC) + self.later)
        await begin_due(work, self.plugins)
        worker = Worker(work, composition.effects(self.plugins), at_once=1)
        while await worker.run_due():
            assert not worker.doing.errors, worker.doing.errors
        async with self.database.transaction(City(self.tenant)):
            last = dict((await fetch(JOB, self.tenant))[0])
            problems = await fetch(PROBLEMS, self.tenant, last["id"])
        return {**last, "problems": [tuple(each) for each in problems]}

    async def rows(self, sql: str = ROWS) -> list[dict[str, Any]]:
        async with self.database.transaction(City(self.tenant)):
            return [dict(row) for row in await fetch(sql, self.tenant)]

    async def by_id(self) -> dict[str, dict[str, Any]]:
        return {row["source_id"]: row for row in await self.rows()}


async def town(database: Database, plugins: Plugins, slug: str, *, name: str = "", licence: str | None = None) -> Town:
    """Found a city with the plugin and one issuer."""
    id = new_id()
    async with database.transaction(System("found", shared=True)):
        await execute(TENANT, id, slug, name or slug.title(), licence)
        await execute("INSERT INTO tenant_slug (slug, tenant_id) VALUES ($1, $2)", slug, id)
        await execute(PLUGIN, id)
    made = Town(database, plugins, Here(id, slug, ("en",), "Europe/London", "rsa-2019"))
    await made.issuer("council")
    return made


@dataclass
class Tools:
    """What tests take from here; folders of tests are no packages."""

    town: Callable[..., Awaitable[Town]]
    directory: Callable[[Respond], Any]
    json_of: Callable[..., Answer]


@pytest.fixture(scope="module")
def tools(database: Database, plugins: Plugins) -> Tools:
    async def found(slug: str, **facts: Any) -> Town:
        return await town(database, plugins, slug, **facts)

    return Tools(found, directory, json_of)

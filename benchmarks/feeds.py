"""A directory of 100,000 services of Open Referral UK, from the first page to the last row, with row security on."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import orjson

from benchmarks.ground import CITY, Ground
from benchmarks.table import Figure
from waypost.cli.parts import effects_of, load_plugins
from waypost.db import City, Database, System, execute, fetchrow, fetchval
from waypost.feeds.effects import begin_due
from waypost.outbox.work import Work
from waypost.outbox.worker import Worker
from waypost.settings import Settings

ITEMS: Final = 100_000
PLACES: Final = 2_000
PER_PAGE: Final = 500
MOST_S: Final = 60.0
PLUGIN: Final = "open_referral_uk"
SWITCH_SQL: Final = """
INSERT INTO tenant_plugin (tenant_id, plugin, active) VALUES ($1, $2, true)
ON CONFLICT (tenant_id, plugin) DO UPDATE SET active = true
"""
SETTING_SQL: Final = """
INSERT INTO plugin_setting (tenant_id, plugin, settings) VALUES ($1, $2, $3::jsonb)
ON CONFLICT (tenant_id, plugin) DO UPDATE SET settings = excluded.settings
"""
STANDS_SQL: Final = """
SELECT j.state, j.done, (SELECT count(*) FROM job_problem p WHERE p.tenant_id = j.tenant_id AND p.job_id = j.id) AS bad,
       (SELECT count(*) FROM opportunity o WHERE o.tenant_id = j.tenant_id AND o.managed_by LIKE 'feed:%') AS rows
FROM job j WHERE j.tenant_id = $1 AND j.kind = 'feed' ORDER BY j.begun_at DESC LIMIT 1
"""


def measure(items: int = ITEMS) -> list[Figure]:
    """Read the directory into an empty city, and once more when nothing has changed."""
    with tempfile.TemporaryDirectory(prefix="waypost-") as folder:
        ground = Ground(Path(folder))
        with ground.running():
            ground.run("migrate")
            ground.run("tenants", "apply")
            return asyncio.run(_measured(ground, items))


def _ahead(by: timedelta) -> datetime:
    return datetime.now(UTC) + by


async def _measured(ground: Ground, items: int) -> list[Figure]:
    pages = [orjson.dumps(_page(number, items)) for number in range(1, -(-items // PER_PAGE) + 1)]
    plugins = load_plugins(Settings(plugins=(PLUGIN,)))
    async with _directory(pages) as port, await Database.open(ground.app_url, pool_size=4) as database:
        tenant = await _prepare(database, port)
        seconds = []
        for day in range(2):
            ahead = timedelta(days=2 * day)
            settings = Settings(plugins=(PLUGIN,), secret_key="measured", allow_private_targets=(f"127.0.0.1:{port}",))
            work = Work(database, settings, clock=partial(_ahead, ahead))
            await begin_due(work, plugins)
            worker = Worker(work, effects_of(plugins), at_once=1)
            begun = time.perf_counter()
            await worker.run_due()
            seconds.append(time.perf_counter() - begun)
            async with database.transaction(City(tenant, quiet=True)):
                stands = dict(await fetchrow(STANDS_SQL, tenant) or {})
            if (stands["state"], stands["done"], stands["bad"], stands["rows"]) != ("done", items, 0, items):
                raise RuntimeError(f"not all was read: {stands}, {worker.doing.errors}")
    return [
        Figure("feeds", f"a directory of {items:,} services, to the last row and event", seconds[0], "s", most=MOST_S),
        Figure("feeds", "the same once more, nothing changed", seconds[1], "s"),
    ]


async def _prepare(database: Database, port: int) -> UUID:
    feeds = {"directory": {"url": f"http://127.0.0.1:{port}", "kind": "EVENT", "per_page": PER_PAGE}}
    async with database.transaction(System("bench", shared=True)):
        tenant: UUID = await fetchval("SELECT id FROM tenant WHERE slug = $1", CITY)
        await execute(SWITCH_SQL, tenant, PLUGIN)
    async with database.transaction(City(tenant)):
        feeds["directory"]["provider"] = await fetchval("SELECT slug FROM issuer WHERE state = 'open' LIMIT 1")
        await execute(SETTING_SQL, tenant, PLUGIN, orjson.dumps({"feeds": feeds}).decode())
    return tenant


def _page(number: int, items: int) -> dict[str, Any]:
    first = (number - 1) * PER_PAGE
    contents = [_service(each) for each in range(first, min(first + PER_PAGE, items))]
    pages = -(-items // PER_PAGE)
    return {"total_items": items, "total_pages": pages, "page_number": number, "size": PER_PAGE, "contents": contents}


def _service(number: int) -> dict[str, Any]:
    """Half of them weekly until some day, a quarter once, a quarter always; each at one of the places."""
    start = datetime(2027, 1, 4, tzinfo=UTC) + timedelta(days=number % 300)
    schedule: dict[str, Any] = {"id": f"c-{number}", "dtstart": f"{start:%Y-%m-%d}"}
    schedule |= {"opens_at": f"{9 + number % 9:02}:00", "closes_at": f"{10 + number % 9:02}:30"}
    if number % 4 < 2:
        schedule |= {"freq": "WEEKLY", "byday": ("MO", "TU,TH", "SA")[number % 3], "valid_to": "2028-07-31"}
    place = number % PLACES
    return {
        "id": f"s-{number}",
        "name": f"Activity {number} for everybody",
        "description": "Come along and take part, whatever you have done before. Tea, and somebody to talk to. " * 3,
        "status": "active",
        "url": f"https://example.org/services/{number}",
        "minimum_age": 11,
        "last_modified": "2026-11-01T10:00:00Z",
        "organization": {"id": f"o-{number % 500}", "name": f"Organisation {number % 500}"},
        "schedules": [] if number % 4 == 3 else [schedule],
        "cost_options": [{"id": f"k-{number}", "option": "Session", "amount": number % 20}],
        "attributes": [{"link_id": f"s-{number}", "taxonomy_term": {"id": "t", "code": "SPORT", "name": "Sport"}}],
        "service_at_locations": [{"id": f"a-{number}", "location": _location(place)}],
    }


def _location(number: int) -> dict[str, Any]:
    address = {"address_type": "physical", "address_1": f"{number} High Street", "city": "Brighton"}
    return {
        "id": f"l-{number}",
        "location_type": "physical",
        "name": f"Hall {number}",
        "latitude": 50.80 + number % 50 / 1000,
        "longitude": -0.2 + number // 50 / 1000,
        "addresses": [{**address, "postal_code": "BN1 1GE"}],
        "accessibility": [{"id": f"b-{number}", "description": "step-free"}],
    }


@asynccontextmanager
async def _directory(pages: list[bytes]) -> AsyncIterator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split(" ", 2)[1]
        body = pages[int(parse_qs(urlsplit(target).query)["page"][0]) - 1]
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        port: int = server.sockets[0].getsockname()[1]
        yield port

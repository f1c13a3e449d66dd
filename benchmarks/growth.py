"""What happens when there is more of everything: rows, tenants. Slow, so only when asked for."""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

import asyncpg
import httpx

from benchmarks.ground import CITY, Ground, Server, own_server, tenant_of
from benchmarks.http import tell
from benchmarks.memory import resident_mb
from benchmarks.questions import origin
from benchmarks.sql import cities_of, schemas, statement, timed
from benchmarks.table import Figure, ratio
from waypost.db import Database
from waypost.tenancy import load_directory

FEW_ROWS: Final = 10_000
MANY_ROWS: Final = 1_000_000
MANY_TENANTS: Final = 400
ROWS_A_TENANT: Final = 2_500
ORIGINS: Final = 120
ROUNDS: Final = 5
ROWS_TIMES: Final = 1.5
TENANTS_TIMES: Final = 1.1
NATION_TIMES: Final = 2.0
TENANT_KB: Final = 50.0
# Five tenants with a few rows and with many; one town and four hundred, of which the first is the same.
WORLDS: Final = ("few", "many", "one", "towns")

TENANT: Final = """\
name = "{name}"
kind = "city"
nation = "GB-ENG"
languages = ["en"]
timezone = "Europe/London"
area = "area.geojson"
standard = "rsa-2019"
example = true

[look]
primary_colour = "#0b5d6b"
accent_colour = "#ffd166"
"""
SIDE: Final = 0.14  # degrees
QUESTION: Final = "{ city { name } badges(first: 5) { nodes { name layer { name } } } }"


def found_towns(folder: Path, count: int) -> None:
    """Write the folders of so many made-up towns, side by side over England."""
    across = math.isqrt(MANY_TENANTS)
    for number in range(count):
        south, west = 50.8 + SIDE * (number // across), -2.8 + SIDE * (number % across)
        north, east = south + 0.7 * SIDE, west + 0.7 * SIDE
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        area = {"type": "Polygon", "coordinates": [[[round(x, 6), round(y, 6)] for x, y in ring]]}
        town = folder / f"town-{number:03}"
        town.mkdir(parents=True)
        (town / "tenant.toml").write_text(TENANT.format(name=f"Town {number}"), encoding="utf-8")
        (town / "area.geojson").write_text(json.dumps(area), encoding="utf-8")


async def measure() -> list[Figure]:
    """Fill four databases on one server, then time the same statement in them in turn."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="waypost-") as name:
        folder = Path(name)
        found_towns(folder / "one-town", 1)
        found_towns(folder / "towns", MANY_TENANTS)
        base = Ground(folder / "data")
        with base.running():
            worlds = {world: replace(base, database=f"bench_{world}") for world in WORLDS}
            worlds["one"].tenants, worlds["towns"].tenants = folder / "one-town", folder / "towns"
            scales = (FEW_ROWS, MANY_ROWS, ROWS_A_TENANT, ROWS_A_TENANT * MANY_TENANTS)
            for (world, ground), scale in zip(worlds.items(), scales, strict=True):
                tell(f"filling the database {world!r} with {scale:,} opportunities")
                await fill(base, ground, scale)
            drawn = await compare(worlds) + memory(worlds)
    minutes = (time.perf_counter() - begun) / 60
    return [*drawn, Figure("growth", "all of it took", minutes, "minutes")]


async def fill(base: Ground, ground: Ground, scale: int) -> None:
    """Make a database and fill it; statistics are gathered as autovacuum would soon."""
    await _run(base.admin_url, f"CREATE DATABASE {ground.database} TEMPLATE template0")
    ground.prepare(scale)
    await _run(ground.admin_url, "VACUUM ANALYZE")


async def _run(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def compare(worlds: Mapping[str, Ground]) -> list[Figure]:
    """Time nearest-20 in turn, so that a slow minute strikes all.

    What is compared is the work, with the pages in memory: how many of a million rows fit into `shared_buffers` is
    the operator's affair, and shows in the times when first asked.
    """
    timings: dict[str, list[float]] = {}
    cold: dict[str, list[float]] = {}
    asked = {
        "few": (worlds["few"], CITY),
        "many": (worlds["many"], CITY),
        "one": (worlds["one"], "town-000"),
        "towns": (worlds["towns"], "town-000"),
        "nation": (worlds["towns"], None),
    }
    prepared = {name: (ground.app_url, await _statement(ground, slug)) for name, (ground, slug) in asked.items()}
    for turn in range(ROUNDS):
        tell(f"round {turn + 1}: nearest 20 in every database")
        for name, (url, one) in prepared.items():
            spent = await timed(url, one)
            timings.setdefault(name, []).append(median(spent.again))
            cold.setdefault(name, []).append(median(spent.first))
    names = {
        "few": f"nearest 20 in a city, {FEW_ROWS:,} rows",
        "many": f"nearest 20 in a city, {MANY_ROWS:,} rows",
        "one": "nearest 20 in the only tenant",
        "towns": f"nearest 20 in one of {MANY_TENANTS} tenants",
        "nation": f"nearest 20 nationally over {MANY_TENANTS} tenants",
    }
    drawn = [
        Figure("growth", names[name], median(all_again), "ms", more={"when first asked, ms": median(cold[name])})
        for name, all_again in timings.items()
    ]
    return [
        *drawn,
        _times(f"{MANY_ROWS:,} / {FEW_ROWS:,} rows", timings, "many", "few", ROWS_TIMES),
        _times(f"{MANY_TENANTS} tenants / one", timings, "towns", "one", TENANTS_TIMES),
        _times("the nation / a city", timings, "nation", "towns", NATION_TIMES),
    ]


def _times(name: str, timings: Mapping[str, list[float]], one: str, other: str, most: float) -> Figure:
    return Figure("growth", name, ratio(timings[one], timings[other]), "×", most=most)


async def _statement(ground: Ground, slug: str | None) -> Any:
    async with await Database.open(ground.app_url, pool_size=2) as database:
        directory = await load_directory(database)
        tenant = await tenant_of(database, slug) if slug else None
    chance = Random(ORIGINS)
    places = [tenant] if tenant else cities_of(directory)
    origins = [origin(chance.choice(places), chance) for _ in range(ORIGINS)]
    return await statement(schemas(ground)(tenant), tenant, origins)


def memory(worlds: Mapping[str, Ground]) -> list[Figure]:
    """Resident memory of a server whose tenants have all been asked, by tenant."""
    tell("memory of a server with one tenant and with many")
    with own_server(worlds["one"]) as server:
        one = _asked_mb(server, 1)
    with own_server(worlds["towns"]) as server:
        many = _asked_mb(server, MANY_TENANTS)
    each = (many - one) * 1e3 / (MANY_TENANTS - 1)
    return [
        Figure("growth", "server, one tenant", one, "MB"),
        Figure("growth", f"server, {MANY_TENANTS} tenants, all asked", many, "MB"),
        Figure("growth", "memory a tenant", each, "kB", most=TENANT_KB),
    ]


def _asked_mb(server: Server, tenants: int) -> float:
    """Ask as often whether there is one tenant or many, so that only the tenants differ."""
    with httpx.Client(trust_env=False, timeout=60) as client:
        for number in range(3 * MANY_TENANTS):
            url = server.url(f"/town-{number % tenants:03}/graphql")
            client.post(url, json={"query": QUESTION}).raise_for_status()
    return resident_mb(server)

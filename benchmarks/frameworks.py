"""Seconds of a framework of 13,000 items: read from CASE, written for the country and for a city; what it lacks."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson

from benchmarks.table import Figure
from waypost.apps import core_app
from waypost.composition import core, engine
from waypost.db import City, Database, Embedded, System, execute, new_id
from waypost.db.connections import connect
from waypost.db.migrate import migrate, owner
from waypost.graph import Asker, Graph, GraphRequest, compose
from waypost.outbox.frameworks import Package
from waypost.plugins import load
from waypost.plugins.formats import CalledFormat, called_formats
from waypost.skills.framework_store import Imported, Shelf, country, own, write_package
from waypost.skills.sources import read_framework

ITEMS: Final = 13_000
MOST_S: Final = 20.0
ALIGNED: Final = 6_000
RUNS: Final = 7
CHANGED: Final = "2026-05-01T10:00:00Z"
TENANT_SQL: Final = """
INSERT INTO tenant (id, slug, name, kind, languages, timezone, standard_code, primary_colour, accent_colour)
VALUES ($1, 'bench', 'Bench', 'city', '{en}', 'Europe/London', 'rsa-2019', '#0b5d6b', '#ffd166')
"""
# 60 badges that show 100 items each; the rest of a badge is not asked for.
BADGES_SQL: Final = """
INSERT INTO badge (tenant_id, id, slug, name, issuer_id, creator_id, version_id, layer, state, public)
SELECT $1, gen_random_uuid(), 'badge-' || n, 'Badge ' || n, $1, $1, $1, 'rsa-2019/engage', 'published', true
FROM generate_series(1, 60) n
"""
ALIGNED_SQL: Final = """
INSERT INTO badge_alignment (tenant_id, badge_id, item_id, framework_id, target_name, target_url, target_framework,
                             source, public)
SELECT $1, b.id, i.id, i.framework_id, i.statement, i.uri, 'Bench', 'graph', true
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM badge WHERE tenant_id = $1) b
JOIN (SELECT *, row_number() OVER (ORDER BY md5(id::text)) AS n FROM framework_item) i ON i.n % 60 = b.n % 60
WHERE i.n <= $2
"""
ASKED: Final = {
    "its first 100 items, and how many there are": "items(first: 100) { totalCount nodes { statement } }",
    "items that have three words": 'items(filter: { text: "practice work 12" }) { nodes { statement } }',
    "what a city of 60 badges lacks, and how much": "gaps(filter: { leaves: true }) { totalCount nodes { statement } }",
}


def measure(items: int = ITEMS) -> list[Figure]:
    """Import a made-up framework on a database of its own, and ask for it."""
    (case,) = called_formats(load(["case_framework"]))
    with tempfile.TemporaryDirectory(prefix="waypost-") as folder, Embedded(Path(folder)) as embedded:
        return asyncio.run(_measure(embedded, case, items))


async def _measure(embedded: Embedded, case: CalledFormat, items: int) -> list[Figure]:
    await migrate(embedded.admin_url(), [core_app()])
    size = f"{len(package_of('country', items)) / 1e6:.0f} MB of JSON"
    figures = []
    for name in ("for the country, at first", "for the country, again"):
        async with owner(embedded.admin_url()) as connection:
            figures.append(await _imported(case, country(connection), "country", name, items, size))
    city = new_id()
    async with await Database.open(embedded.app_url(), pool_size=2) as database:
        async with database.transaction(System("bench", shared=True)):
            await execute(TENANT_SQL, city)
        async with database.transaction(City(city)):
            figures.append(await _imported(case, own(city), "city", "for a city", items, size))
        await _align(embedded, city)
        figures += await _asked(database, city)
    return figures


async def _imported(case: CalledFormat, shelf: Shelf, salt: str, name: str, items: int, size: str) -> Figure:
    data = package_of(salt, items)
    begun = perf_counter()
    package = await read_framework(data, [case])
    assert isinstance(package, Package), package
    read = perf_counter()
    done = await write_package(shelf, package, "bench")
    assert isinstance(done, Imported), done
    spent = perf_counter() - begun
    more = {"reading, s": read - begun}
    return Figure("frameworks", f"{items:,} items {name}", spent, "s", most=MOST_S, more=more, note=size)


async def _align(embedded: Embedded, city: UUID) -> None:
    admin = await connect(embedded.admin_url())
    try:
        await admin.execute("SET session_replication_role = replica")  # the badges have no issuer
        await admin.execute(BADGES_SQL, city)
        await admin.execute(ALIGNED_SQL, city, ALIGNED)
        await admin.execute("VACUUM ANALYZE")
    finally:
        await admin.close()


async def _asked(database: Database, city: UUID) -> list[Figure]:
    asking, schema = engine(database), compose([core()])
    id = f"Framework.{_id('country', 'document').hex}"
    figures = []
    for name, field in ASKED.items():
        for where, graph in (("in a city", Graph(schema, city, ("en",))), ("nationally", Graph(schema))):
            spent = []
            for run in range(RUNS):
                # Each run is another document, so that nothing is answered from what was kept.
                query = f'{{ framework(id: "{id}") {{ title {field} }} }}{" " * run}'
                begun = perf_counter()
                answer = await asking.answer(graph, GraphRequest(query), Asker())
                spent.append((perf_counter() - begun) * 1_000)
                assert b'"errors"' not in answer.body, answer.body
            figures.append(Figure("frameworks", f"{name}, {where}", median(spent), "ms"))
    return figures


def package_of(salt: str, items: int) -> bytes:
    """A CASE package: a tree with ten items below each, and a crosswalk from every third to somewhere else."""
    document = str(_id(salt, "document"))
    written, links = [], []
    for n in range(items):
        parent = document if n < 10 else str(_id(salt, f"item {n // 10}"))
        words = f"Understands practice {n} in the contexts of work and study, and explains it to others."
        written.append(_entry(salt, f"item {n}", fullStatement=words, humanCodingScheme=f"A.{n}", CFItemType="Skill"))
        links.append(_linked(salt, f"child {n}", "isChildOf", str(_id(salt, f"item {n}")), parent, sequenceNumber=n))
        if n % 3 == 0:
            there = str(_id("elsewhere", f"item {n}"))
            links.append(_linked(salt, f"match {n}", "exactMatchOf", str(_id(salt, f"item {n}")), there))
    head = _entry(salt, "document", title=f"Bench {salt}", creator="Benchmarks")
    return orjson.dumps({"CFDocument": head, "CFItems": written, "CFAssociations": links})


def _id(salt: str, name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"https://case.example.org/{salt}/{name}")


def _entry(salt: str, name: str, **facts: Any) -> dict[str, Any]:
    id = str(_id(salt, name))
    return {"identifier": id, "uri": f"https://case.example.org/{id}", "lastChangeDateTime": CHANGED, **facts}


def _linked(salt: str, name: str, type: str, origin: str, destination: str, **facts: Any) -> dict[str, Any]:
    ends = {
        key: {"title": "", "identifier": id, "uri": f"https://case.example.org/{id}"}
        for key, id in (("originNodeURI", origin), ("destinationNodeURI", destination))
    }
    return _entry(salt, name, associationType=type, **ends, **facts)

"""Milliseconds of a curator's queue and its counts among 10,000 submissions that wait, as the engine plans them."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, Final
from uuid import UUID

import orjson

from benchmarks.sql import Statement, bound, timed
from benchmarks.table import Figure, percentile
from waypost.apps import core_app
from waypost.composition import core
from waypost.db import Database, Embedded, System, execute, new_id
from waypost.db.connections import connect
from waypost.db.migrate import migrate
from waypost.graph import Asker, Schema, compose

WAITING: Final = 10_000
MOST_MS: Final = 20.0
RUNS: Final = 420
PAGE: Final = 100
QUEUE: Final = """
query Queue($first: Int! = 20, $after: String) {
  reviewQueue(first: $first, after: $after) {
    nodes { id name city { slug } creatorName urgent dueAt leasedUntil findings { code reason } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
COUNTED: Final = QUEUE.replace("pageInfo", "totalCount pageInfo")
COUNTS: Final = """
{ reviewCounts { waiting urgent overdue free byState { code count } byAge { code count } byReviewer { code count } } }
"""
TENANT_SQL: Final = """
INSERT INTO tenant (id, slug, name, kind, languages, timezone, standard_code, primary_colour, accent_colour)
VALUES ($1, $2, $2, $3, '{en}', 'Europe/London', 'rsa-2019', '#0b5d6b', '#ffd166')
"""
# Of $3 submissions to the tenant $1 from the city $2 the newest $4 wait, some of them taken by one of ten curators.
ROWS_SQL: Final = """
INSERT INTO review (tenant_id, id, home_tenant_id, badge_id, state, priority, name, creator_name, issuer_name, language,
                    layer, words, findings, round, received_at, submitted_at, due_at, decided_at, reviewer_id,
                    leased_until)
SELECT $1, gen_random_uuid(), $2, gen_random_uuid(), state, (n % 10 > 0)::int, 'Badge ' || n, 'College', 'College',
       'en', 'rsa-2019/engage', jsonb_build_object('description', repeat('Earners planned. ', 20), 'urgent', false),
       '[{"code": "LAYER_UNLIKELY", "reason": "It is what our people do."}]', 1, at, at,
       CASE WHEN state = 'submitted' THEN at + interval '14 days' END,
       CASE WHEN state <> 'submitted' THEN now() END,
       CASE WHEN taken THEN md5((n / 50 % 10)::text)::uuid END, CASE WHEN taken THEN now() + interval '1 day' END
FROM generate_series(1, $3) n, LATERAL (SELECT now() - n * interval '3 minutes' AS at, n <= $4 AND n % 50 = 0 AS taken,
     CASE WHEN n <= $4 THEN 'submitted' ELSE 'approved' END AS state) facts
"""


def measure(waiting: int = WAITING) -> list[Figure]:
    """Fill the queues of two networks on a database of its own, and ask one of them."""
    with tempfile.TemporaryDirectory(prefix="waypost-") as folder, Embedded(Path(folder)) as embedded:
        return asyncio.run(_measure(embedded, waiting))


async def _measure(embedded: Embedded, waiting: int) -> list[Figure]:
    await migrate(embedded.admin_url(), [core_app()])
    network, app_url = await _filled(embedded, waiting), embedded.app_url()
    schema, curator = compose([core()]), Asker(new_id(), "curator", None, network)

    async def asked(text: str, **variables: Any) -> Statement:
        return await bound(schema, text, network, [variables] * RUNS, curator)

    middle = await _middle(schema, app_url, network, curator, waiting)
    statements = {
        "reviewQueue, its first 20": await asked(QUEUE),
        "reviewQueue, its first 20 and how many there are": await asked(COUNTED),
        "reviewQueue, 20 from its middle": await asked(QUEUE, after=middle),
        "reviewCounts, all of them": await asked(COUNTS),
    }
    figures = []
    for name, one in statements.items():
        spent = (await timed(app_url, one)).again
        more = {"p95, ms": percentile(spent, 0.95)}
        figures.append(Figure("reviews", name, median(spent), "ms", most=MOST_MS, more=more, note=f"{waiting:,} wait"))
    return figures


async def _filled(embedded: Embedded, waiting: int) -> UUID:
    """Two networks with as many submissions decided as waiting, all from one city; one of the networks."""
    city, *networks = (new_id() for _ in range(3))
    async with (
        await Database.open(embedded.app_url(), pool_size=1) as database,
        database.transaction(System("tenants", shared=True)),
    ):
        await execute(TENANT_SQL, city, "city", "city")
        for number, network in enumerate(networks):
            await execute(TENANT_SQL, network, f"network-{number}", "network")
    admin = await connect(embedded.admin_url())
    try:
        for network in networks:
            await admin.execute(ROWS_SQL, network, city, 2 * waiting, waiting)
        await admin.execute("VACUUM ANALYZE")
    finally:
        await admin.close()
    return networks[0]


async def _middle(schema: Schema, app_url: str, network: UUID, curator: Asker, waiting: int) -> str | None:
    """Walk to the middle of the queue; the cursor there."""
    after: str | None = None
    connection = await connect(app_url)
    try:
        for _ in range(waiting // 2 // PAGE):
            one = await bound(schema, QUEUE, network, [{"first": PAGE, "after": after}], curator)
            async with connection.transaction(readonly=True):
                await connection.execute(one.scope.sql())
                page = orjson.loads(await connection.fetchval(one.sql, *one.values[0]))
            after = page["reviewQueue"]["pageInfo"]["endCursor"]
    finally:
        await connection.close()
    return after

"""The queue of ten thousand submissions keeps its index under row security."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import pytest
from graphql.execution.values import get_variable_values

from tests.databases import Server
from tests.graph.world import Builder, Town
from tests.isolation.test_plans import Plan
from waypost.composition import core
from waypost.db import City, Database, new_id
from waypost.db.connections import connect
from waypost.graph import Asker, Schema, compose
from waypost.graph.documents import Documents
from waypost.graph.request import Request

WAITING: Final = 10_000
QUEUE: Final = """
query Queue($after: String) {
  reviewQueue(first: 20, after: $after) {
    nodes { id name city { slug } creatorName urgent dueAt leasedUntil findings { code reason } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
ROWS_SQL: Final = """
INSERT INTO review (tenant_id, id, home_tenant_id, badge_id, state, priority, name, creator_name, issuer_name, language,
                    layer, words, findings, round, received_at, submitted_at, due_at, decided_at)
SELECT $1, gen_random_uuid(), $2, gen_random_uuid(), state, (n % 10 > 0)::int, 'Badge ' || n, 'College', 'College',
       'en', 'rsa-2019/engage', jsonb_build_object('description', repeat('Earners planned. ', 20), 'urgent', false),
       '[]', 1, at, at, CASE WHEN state = 'submitted' THEN at + interval '14 days' END,
       CASE WHEN state <> 'submitted' THEN now() END
FROM generate_series(1, $3) n, LATERAL (SELECT now() - n * interval '1 minute' AS at,
     CASE WHEN n <= $4 THEN 'submitted' ELSE 'approved' END AS state) facts
"""


@pytest.fixture(scope="module")
async def desk(server: Server, template: str) -> AsyncIterator[tuple[Database, Town]]:
    """A network with ten thousand submissions that wait and as many that are decided, beside another of its size."""
    async with server.database(template) as name:
        admin = await connect(server.admin_url(name))
        await admin.execute(f'ALTER DATABASE "{name}" SET random_page_cost = 1.1')
        async with await Database.open(await server.app_url(name), pool_size=2) as database:
            build = Builder(database)
            towns = [await build.town(slug, slug.title(), kind="network") for slug in ("one", "other")]
            city = await build.town("city", "City")
            for town in towns:
                await admin.execute(ROWS_SQL, town.id, city.id, 2 * WAITING, WAITING)
            await admin.execute("VACUUM ANALYZE review")
            yield database, towns[0]
        await admin.close()


@pytest.fixture(scope="module")
def schema() -> Schema:
    return compose([core()])


def statement(schema: Schema, town: Town, variables: dict[str, Any]) -> tuple[str, list[Any]]:
    document = Documents(schema.core).get(QUEUE)
    (operation,) = document.operations.values()
    coerced = get_variable_values(schema.core, operation.variable_definitions or (), variables)
    assert not isinstance(coerced, list), coerced
    who = Asker(new_id(), "curator", None, town.id)
    request = Request(datetime.now(UTC), town.id, coerced, who=who)
    plan = document.plans(operation).plan(schema.facts, request)
    return plan.sql, [getter(request) for getter, _ in plan.getters]


async def test_the_queue_is_walked_by_its_index_and_nothing_is_sorted(
    desk: tuple[Database, Town], schema: Schema
) -> None:
    database, town = desk
    sql, values = statement(schema, town, {})
    async with database.transaction(City(town.id)) as transaction:
        told = await transaction.connection.fetchval(f"EXPLAIN (FORMAT JSON, COSTS OFF) {sql}", *values)
    plan = Plan(orjson.loads(told)[0]["Plan"])
    found = plan.index("review", "review_waiting")
    assert "tenant_id" in found["Index Cond"]
    assert "Sort" not in {node["Node Type"] for node in plan.nodes(below="Limit")}

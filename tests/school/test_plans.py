"""The queue of ten thousand submissions keeps its index under row security."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from graphql.execution.values import get_variable_values

from benchmarks.reviews import QUEUE, ROWS_SQL, WAITING
from tests.graph.world import Builder, Town
from tests.isolation.test_plans import Plan
from waypost.composition import core
from waypost.db import City, Database, new_id
from waypost.db.connections import connect
from waypost.graph import Asker, Schema, compose
from waypost.graph.documents import Documents
from waypost.graph.request import Request
from waypost.testing.databases import Server


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

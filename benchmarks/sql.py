"""Milliseconds of the statement behind nearest-20, as the engine plans it, on one warm connection in scope."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final
from uuid import UUID

from graphql.execution.values import get_variable_values

from benchmarks.ground import CITY, Ground, tenant_of
from benchmarks.questions import OURS, document, origin
from benchmarks.table import Figure, percentile
from waypost.cli.parts import load_plugins
from waypost.composition import schema_of
from waypost.db import City, Database, National
from waypost.db.connections import connect
from waypost.graph import Asker, Schema
from waypost.graph.documents import Documents
from waypost.graph.request import Request
from waypost.settings import Settings
from waypost.tenancy import Directory, Tenant, load_directory

MOST_MS: Final = 3.0
SCALE: Final = 200_000
MOST_LOAD_S: Final = 30.0
ORIGINS: Final = 420
WARM: Final = 20
STRANGER: Final = Asker()


@dataclass(frozen=True)
class Statement:
    """One statement in its scope, with the values of many origins."""

    scope: City | National
    sql: str
    values: Sequence[Sequence[Any]]


async def statement(schema: Schema, tenant: Tenant | None, origins: Sequence[dict[str, float]]) -> Statement:
    """Plan nearest-20 for a tenant, or nationally, and bind it to the origins."""
    asked = [{"near": near} for near in origins]
    return await bound(schema, document(OURS, "nearest"), tenant.id if tenant else None, asked)


async def bound(
    schema: Schema,
    text: str,
    tenant: UUID | None,
    asked: Sequence[dict[str, Any]],
    who: Asker = STRANGER,
) -> Statement:
    """Plan a question for a tenant, or nationally, and bind it to the variables with which it is asked."""
    found = Documents(schema.core).get(text)
    if found.errors:
        raise LookupError(str(found.errors[0]))
    operation = next(iter(found.operations.values()))
    planned = found.plans(operation)
    values, sql = [], ""
    for given in asked:
        variables = get_variable_values(schema.core, operation.variable_definitions or (), given)
        if isinstance(variables, list):
            raise variables[0]
        request = Request(datetime.now(UTC), tenant=tenant, variables=variables, who=who)
        plan = planned.plan(schema.facts, request)
        sql = plan.sql
        values.append(await plan.values(request, {}))
    return Statement(City(tenant) if tenant else National(), sql, values)


@dataclass(frozen=True)
class Timing:
    """Milliseconds of each origin's run: when it is asked for first, and again, with its pages in memory."""

    first: Sequence[float]
    again: Sequence[float]


async def timed(app_url: str, one: Statement) -> Timing:
    """Run all origins twice on one connection that has run the statement before; timed from the client's side."""
    connection = await connect(app_url)
    try:
        await connection.execute(f"BEGIN READ ONLY; {one.scope.sql()}")
        prepared = await connection.prepare(one.sql)
        spent: list[float] = []
        for values in (*one.values, *one.values[WARM:]):
            begun = time.perf_counter()
            await prepared.fetchval(*values)
            spent.append((time.perf_counter() - begun) * 1e3)
        half = len(one.values) - WARM
        return Timing(spent[WARM : WARM + half], spent[WARM + half :])
    finally:
        await connection.close()


def schemas(ground: Ground) -> Any:
    """A function from a tenant, or None for the nation, to its schema."""
    plugins = load_plugins(Settings(data_dir=Path(ground.folder)))
    compose = partial(schema_of, plugins)
    return lambda tenant: compose(plugins.profile(tenant.plugins) if tenant else plugins.national)


def cities_of(directory: Directory) -> list[Tenant]:
    """The tenants with an area."""
    return [tenant for tenant in directory.tenants if tenant.kind == "city" and tenant.bounds]


async def measure(ground: Ground) -> list[Figure]:
    """Time the statement in a city and nationally."""
    async with await Database.open(ground.app_url, pool_size=2) as database:
        directory = await load_directory(database)
        city = await tenant_of(database, CITY)
    chance, schema = Random(SCALE), schemas(ground)
    drawn: list[Figure] = []
    for name, tenant in (("in a city", city), ("nationally", None)):
        places = [tenant] if tenant else cities_of(directory)
        origins = [origin(chance.choice(places), chance) for _ in range(ORIGINS)]
        spent = await timed(ground.app_url, await statement(schema(tenant), tenant, origins))
        p95, warm = percentile(spent.first, 0.95), median(spent.again)
        note = f"{len(spent.first)} random origins"
        more = {"asked again, ms": warm}
        drawn += [
            Figure("sql", f"nearest 20 {name}, median", median(spent.first), "ms", most=MOST_MS, note=note, more=more),
            Figure("sql", f"nearest 20 {name}, p95", p95, "ms"),
        ]
    return drawn

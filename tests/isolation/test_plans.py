"""The plans of hot reads, in scope and at size: they keep their indexes under row security.

Asserted are nodes, indexes and what the indexes are asked; never a cost, and never a time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import pytest
from graphql.execution.values import get_variable_values

from tests.graph.world import Builder, Town
from tests.isolation.documents import front_ends
from waypost.apps import core_app
from waypost.composition import core
from waypost.db import City, Database, National, Scope, ownership
from waypost.db.connections import Connection, connect
from waypost.db.security import expected, qualified
from waypost.demo import Loaded, load
from waypost.graph import Schema, compose
from waypost.graph.documents import Documents
from waypost.graph.request import Request
from waypost.testing.databases import Server

OPPORTUNITIES: Final = 24_000
BOXES: Final = {
    "plymouth": (50.3, -4.3, 50.5, -4.0),
    "cardiff": (51.4, -3.4, 51.6, -3.0),
    "brighton": (50.79, -0.25, 50.9, 0.0),
    "leeds": (53.7, -1.7, 53.9, -1.3),
}
NEAREST: Final = next(each.text for each in front_ends() if each.name == "nearest")
PATHWAY: Final = next(each.text for each in front_ends() if each.name == "pathway-tree")
SOONEST: Final = "{ discover(filter: {}, orderBy: SOONEST) { nodes { title } pageInfo { hasNextPage endCursor } } }"
BADGES: Final = "{ badges(first: 20) { nodes { name } pageInfo { hasNextPage endCursor } } }"
NEAR: Final = {"near": {"latitude": 50.4, "longitude": -4.1}}
OF_A_KIND: Final = {**NEAR, "kinds": ["WORKSHOP"]}


@dataclass
class Country:
    """A country of tens of thousands of opportunities, and a superuser who may look at it."""

    database: Database
    schema: Schema
    town: Town
    admin: Connection

    def statement(self, text: str, variables: Mapping[str, Any], scope: Scope) -> tuple[str, list[Any]]:
        """Plan a document as the engine does; its statement and what it is sent."""
        document = Documents(self.schema.core).get(text)
        (operation,) = document.operations.values()
        coerced = get_variable_values(self.schema.core, operation.variable_definitions or (), dict(variables))
        assert not isinstance(coerced, list), coerced
        request = Request(datetime.now(UTC), scope.tenant if isinstance(scope, City) else None, coerced)
        plan = document.plans(operation).plan(self.schema.facts, request)
        return plan.sql, [getter(request) for getter, _ in plan.getters]

    async def plan(self, text: str, variables: Mapping[str, Any], scope: Scope, *, generic: bool = False) -> Plan:
        """Explain it in its scope: for these values, or as the plan that is kept for all values."""
        sql, values = self.statement(text, variables, scope)
        async with self.database.transaction(scope) as transaction:
            connection = transaction.connection
            if not generic:
                told = await connection.fetchval(f"EXPLAIN (FORMAT JSON, COSTS OFF) {sql}", *values)
            else:
                await connection.execute(f"SET LOCAL plan_cache_mode = force_generic_plan; PREPARE hot AS {sql}")
                given = ", ".join(map(literal, values))
                told = await connection.fetchval(f"EXPLAIN (FORMAT JSON, COSTS OFF) EXECUTE hot({given})")
                await connection.execute("DEALLOCATE hot")
        return Plan(orjson.loads(told)[0]["Plan"])


def literal(value: Any) -> str:
    """Return a value as SQL whose type the statement knows."""
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return literal("{" + ",".join(map(str, value)) + "}")
    return "'" + str(value).replace("'", "''") + "'"


@dataclass(frozen=True)
class Plan:
    """What PostgreSQL is going to do."""

    tree: Mapping[str, Any]

    def nodes(self, *, below: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Every node, or every one below those of a type."""
        if below is not None:
            for top in [node for node in self.nodes() if node["Node Type"] == below]:
                yield from Plan(top).nodes()
            return
        waiting = [self.tree]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.get("Plans", ())

    def scans(self, table: str) -> list[Mapping[str, Any]]:
        """Every node that reads a table."""
        return [node for node in self.nodes() if node.get("Relation Name") == table]

    def index(self, table: str, name: str) -> Mapping[str, Any]:
        """The only scan of a table that walks that index; the table is nowhere read from end to end."""
        scans = self.scans(table)
        assert "Seq Scan" not in {node["Node Type"] for node in scans}, scans
        (found,) = [node for node in scans if node.get("Index Name") == name]
        assert found["Node Type"] in {"Index Scan", "Index Only Scan"}, found
        return found


@pytest.fixture(scope="module")
async def country(server: Server, template: str) -> AsyncIterator[Country]:
    async with server.database(template) as name:
        admin = await connect(server.admin_url(name))
        # As the embedded server has it, for solid-state disks; another server may say otherwise.
        await admin.execute(f'ALTER DATABASE "{name}" SET random_page_cost = 1.1')
        async with await Database.open(await server.app_url(name), pool_size=4) as database:
            build = Builder(database)
            towns = [await build.town(slug, slug.title(), box=box) for slug, box in BOXES.items()]
            assert isinstance(await load(database, OPPORTUNITIES), Loaded)
            await admin.execute(MORE_SQL)
            await admin.execute("VACUUM ANALYZE")
            yield Country(database, compose([core()]), towns[0], admin)
        await admin.close()


# The demonstration has few badges and skills and no pathways; here is enough of them that an index is worth it.
MORE_SQL: Final = """
INSERT INTO pathway (tenant_id, id, slug, name, issuer_id, state, public)
SELECT t.id, gen_random_uuid(), 'way-' || n, 'Way ' || n,
    (SELECT i.id FROM issuer i WHERE i.tenant_id = t.id LIMIT 1), 'published', true
FROM tenant t, generate_series(1, 500) n;
INSERT INTO badge (tenant_id, id, slug, name, issuer_id, creator_id, version_id, layer, state, public)
SELECT p.tenant_id, gen_random_uuid(), p.slug, p.name, p.issuer_id, p.issuer_id, b.version_id, b.layer, 'published',
    true
FROM pathway p, LATERAL (SELECT * FROM badge b WHERE b.tenant_id = p.tenant_id ORDER BY b.id LIMIT 1) b;
INSERT INTO skill_concept (id, code, name) SELECT gen_random_uuid(), 'skill-' || n, 'Skill ' || n
FROM generate_series(1, 3000) n;
"""


def scope(country: Country, kind: str) -> Scope:
    return National() if kind == "national" else City(country.town.id)


def tenant_of(node: Mapping[str, Any]) -> bool:
    return "tenant_id = " in node.get("Index Cond", "")


@pytest.mark.parametrize("generic", [False, True], ids=["custom", "generic"])
@pytest.mark.parametrize(
    ("kind", "variables", "index"),
    [
        ("city", NEAR, "opportunity_near"),
        ("city", OF_A_KIND, "opportunity_near_kind"),
        ("national", NEAR, "opportunity_near_national"),
        ("national", OF_A_KIND, "opportunity_near_kind_national"),
    ],
    ids=["city", "city-kind", "national", "national-kind"],
)
async def test_the_nearest_twenty_walk_their_index(
    country: Country, kind: str, variables: Mapping[str, Any], index: str, generic: bool
) -> None:
    plan = await country.plan(NEAREST, variables, scope(country, kind), generic=generic)
    walk = plan.index("opportunity", index)
    assert "earth <-> " in walk["Order By"]
    assert tenant_of(walk) == (kind == "city")
    assert ("kind = " in walk.get("Index Cond", "")) == ("kinds" in variables)
    assert len(plan.scans("opportunity")) == 1


@pytest.mark.parametrize("kind", ["city", "national"])
async def test_what_stands_beside_the_nearest_is_found_by_keys(country: Country, kind: str) -> None:
    """Issuer, place, badges, layers and skills: correlated look-ups of a few rows, no join over whole tables."""
    plan = await country.plan(NEAREST, OF_A_KIND, scope(country, kind), generic=True)
    assert {"Hash Join", "Merge Join"}.isdisjoint(node["Node Type"] for node in plan.nodes())
    for table in ("badge", "opportunity_badge", "badge_skill", "issuer", "place"):
        scans = plan.scans(table)
        assert scans
        assert "Seq Scan" not in {node["Node Type"] for node in scans}, scans


@pytest.mark.parametrize("generic", [False, True], ids=["custom", "generic"])
@pytest.mark.parametrize(
    ("text", "kind", "table", "index"),
    [
        (SOONEST, "city", "opportunity", "opportunity_soonest"),
        (SOONEST, "national", "opportunity", "opportunity_soonest_national"),
        (BADGES, "city", "badge", "badge_by_name"),
        (BADGES, "national", "badge", "badge_by_name_national"),
    ],
    ids=["soonest-city", "soonest-national", "badges-city", "badges-national"],
)
async def test_a_list_is_walked_in_the_order_of_its_index(
    country: Country, text: str, kind: str, table: str, index: str, generic: bool
) -> None:
    plan = await country.plan(text, {}, scope(country, kind), generic=generic)
    assert tenant_of(plan.index(table, index)) == (kind == "city")
    below = {node["Node Type"] for node in plan.nodes(below="Limit")}  # what stands above sorts a page
    assert "Limit" in below
    assert "Sort" not in below


@pytest.mark.parametrize("generic", [False, True], ids=["custom", "generic"])
@pytest.mark.parametrize("kind", ["city", "national"])
async def test_a_pathway_is_found_by_its_slug(country: Country, kind: str, generic: bool) -> None:
    variables = {"slug": "way-7", **({"city": "plymouth"} if kind == "national" else {})}
    plan = await country.plan(PATHWAY, variables, scope(country, kind), generic=generic)
    found = plan.index("pathway", "pathway_tenant_id_slug_key")
    assert "slug = " in found["Index Cond"]
    assert tenant_of(found)


# The reasons, each seen to matter.


def national_policies() -> list[tuple[str, str]]:
    """SQL that drops each national policy, and SQL that puts it back."""
    found = []
    for table in core_app().tables:
        for policy in expected(ownership(table)).policies:
            if policy.name == "national":
                name = qualified(table)
                found.append((f'DROP POLICY "national" ON {name}', policy.sql(name)))
    return found


async def everything(country: Country) -> list[Mapping[str, Any]]:
    city = City(country.town.id)
    asked: Sequence[tuple[str, Mapping[str, Any]]] = (
        (NEAREST, NEAR),
        (NEAREST, OF_A_KIND),
        (SOONEST, {}),
        (BADGES, {}),
        (PATHWAY, {"slug": "way-7"}),
    )
    return [(await country.plan(*each, city, generic=generic)).tree for each in asked for generic in (False, True)]


async def test_a_citys_plans_are_the_same_with_and_without_the_national_policies(country: Country) -> None:
    policies = national_policies()
    assert len(policies) > 20
    before = await everything(country)
    await country.admin.execute("; ".join(drop for drop, _ in policies))
    try:
        assert await everything(country) == before
    finally:
        await country.admin.execute("; ".join(back for _, back in policies))
    assert await everything(country) == before


async def test_a_second_policy_on_the_citys_own_role_would_change_them(country: Country) -> None:
    """Which is why the nation has a role of its own; and the comparison above would notice."""
    before = await everything(country)
    await country.admin.execute("CREATE POLICY more ON opportunity FOR SELECT TO waypost_city USING (public)")
    try:
        assert await everything(country) != before
    finally:
        await country.admin.execute("DROP POLICY more ON opportunity")


async def test_without_the_index_the_nearest_would_be_read_from_end_to_end(country: Country) -> None:
    """The assertion on indexes is one that can fail."""
    transaction = country.admin.transaction()
    await transaction.start()
    await country.admin.execute("DROP INDEX opportunity_near, opportunity_near_kind, opportunity_near_national")
    await country.admin.execute(f"SET LOCAL ROLE waypost_city; SET LOCAL app.tenant_id = '{country.town.id}'")
    sql, values = country.statement(NEAREST, NEAR, City(country.town.id))
    told = await country.admin.fetchval(f"EXPLAIN (FORMAT JSON, COSTS OFF) {sql}", *values)
    await transaction.rollback()
    with pytest.raises((AssertionError, ValueError)):
        Plan(orjson.loads(told)[0]["Plan"]).index("opportunity", "opportunity_near")

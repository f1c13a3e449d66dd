"""Reads a city's figures: sums over releases, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson

from waypost.db import City, Database
from waypost.insight import rules
from waypost.insight.rules import DIMENSIONS, UNKNOWN
from waypost.opportunities.rules import KINDS

# All in one statement, so that totals and breakdowns are of the same releases.
TOLD_SQL: Final = """
SELECT json_build_object('releases', (
    SELECT coalesce(json_agg(row_to_json(told) ORDER BY told.to_month), '[]') FROM (
        SELECT from_month, to_month, learners, repeated, badges FROM figure_release WHERE tenant_id = $1
    ) told
), 'breakdowns', (
    SELECT coalesce(json_agg(row_to_json(told)), '[]') FROM (
        SELECT dimension, min(from_month) AS from_month, max(to_month) AS to_month, sum(badges) AS badges,
               sum(together) AS together
        FROM figure_breakdown WHERE tenant_id = $1 AND from_month >= $2 AND to_month <= $3 GROUP BY dimension
    ) told
), 'cells', (
    SELECT coalesce(json_agg(row_to_json(told)), '[]') FROM (
        SELECT b.dimension, c.code, sum(c.badges) AS badges
        FROM figure_breakdown b JOIN figure_cell c ON c.tenant_id = b.tenant_id AND c.breakdown_id = b.id
        WHERE b.tenant_id = $1 AND c.tenant_id = $1 AND b.from_month >= $2 AND b.to_month <= $3
        GROUP BY b.dimension, c.code
    ) told
))::text
"""
LAYERS_SQL: Final = "SELECT code, name FROM layer ORDER BY standard_code, position"
PLACES_SQL: Final = """
SELECT id::text AS code, name FROM place WHERE tenant_id = $1 AND public AND id = ANY($2::uuid[])
"""
# Which organisations there are is public, and no person's: they are counted as they are, today.
ORGANISATIONS_SQL: Final = """
SELECT count(DISTINCT organisation_id)::text FROM issuer WHERE tenant_id = $1 AND public AND state = 'open'
"""
Row = Mapping[str, Any]
EVER: Final = ("0000-01", "9999-12")


@dataclass(frozen=True)
class Month:
    """A month, or a run of months that were released together."""

    from_month: str
    to_month: str
    learners: int | None
    badges: int

    @property
    def name(self) -> str:
        """The months, for people."""
        return rules.shown_months(self.from_month, self.to_month)


@dataclass(frozen=True)
class Group:
    """A group of badges that is shown by itself."""

    code: str
    name: str
    badges: int


@dataclass(frozen=True)
class Breakdown:
    """Badges sorted by one thing; `together` are those of the groups too small to be shown."""

    from_month: str | None = None
    to_month: str | None = None
    badges: int | None = None
    groups: tuple[Group, ...] = ()
    together: int | None = None


@dataclass(frozen=True)
class Figures:
    """What can be said of a city in some months. None: nothing of five people or more."""

    organisations: int
    from_month: str | None = None
    to_month: str | None = None
    learners: int | None = None
    badges: int | None = None
    more_than_one: int | None = None
    all_learners: int | None = None
    months: tuple[Month, ...] = ()
    breakdowns: Mapping[str, Breakdown] = field(default_factory=dict)

    @property
    def share(self) -> float | None:
        """The part of all learners until then with more than one badge, 0 to 1."""
        if self.more_than_one is None or self.all_learners is None:
            return None
        return self.more_than_one / self.all_learners

    def breakdown(self, dimension: str) -> Breakdown:
        """The badges by one thing; an empty breakdown where none was released."""
        return self.breakdowns.get(dimension, Breakdown())


async def read_figures(
    database: Database, tenant: UUID, from_month: str | None = None, to_month: str | None = None
) -> Figures:
    """Read the figures of a tenant: of all releases and breakdowns that lie within the months, as a whole each."""
    scope, run = City(tenant), (from_month or EVER[0], to_month or EVER[1])
    told: dict[str, list[Row]] = orjson.loads(await database.reads.read(scope, TOLD_SQL, [tenant, *run]) or "{}")
    organisations = int(await database.reads.read(scope, ORGANISATIONS_SQL, [tenant]) or 0)
    releases = told["releases"]
    inside = [row for row in releases if row["from_month"] >= run[0] and row["to_month"] <= run[1]]
    if not inside:
        return Figures(organisations)
    until = [row for row in releases if row["to_month"] <= inside[-1]["to_month"]]
    return Figures(
        organisations,
        inside[0]["from_month"],
        inside[-1]["to_month"],
        _sum(inside, "learners"),
        _sum(inside, "badges"),
        _sum(until, "repeated"),
        _sum(until, "learners"),
        tuple(Month(row["from_month"], row["to_month"], row["learners"], row["badges"]) for row in inside),
        await _breakdowns(database, tenant, told),
    )


def _sum(rows: Sequence[Row], name: str) -> int | None:
    known = [row[name] for row in rows if row[name] is not None]
    return sum(known) if known else None


async def _breakdowns(database: Database, tenant: UUID, told: Mapping[str, Sequence[Row]]) -> dict[str, Breakdown]:
    scope = City(tenant)
    tables = {row["dimension"]: row for row in told["breakdowns"]}
    badges: dict[str, dict[str, int]] = {dimension: {} for dimension in DIMENSIONS}
    for row in told["cells"]:
        badges[row["dimension"]][row["code"]] = row["badges"]
    layers = {row["code"]: row["name"] for row in await database.reads.rows(scope, LAYERS_SQL)}
    wanted = [UUID(code) for code in badges["place"] if code != UNKNOWN]
    places = {row["code"]: row["name"] for row in await database.reads.rows(scope, PLACES_SQL, [tenant, wanted])}
    names: dict[str, Mapping[str, str]] = {
        "layer": layers,
        "kind": KINDS,
        "place": places,
        "deprivation": rules.DEPRIVATION_NAMES,
        "age": rules.AGE_NAMES,
    }
    orders = {"layer": tuple(layers), "deprivation": tuple(rules.DEPRIVATION_NAMES), "age": tuple(rules.AGE_NAMES)}
    return {
        dimension: Breakdown(
            table["from_month"],
            table["to_month"],
            table["badges"],
            tuple(
                Group(code, _named(code, names.get(dimension, {}), dimension), badges[dimension][code])
                for code in rules.in_order(badges[dimension], orders.get(dimension, ()))
            ),
            table["together"],
        )
        for dimension, table in tables.items()
    }


def _named(code: str, names: Mapping[str, str], dimension: str) -> str:
    if code == UNKNOWN:
        return "No place" if dimension == "place" else "Not known"
    return names.get(code, "A place of before" if dimension == "place" else code)

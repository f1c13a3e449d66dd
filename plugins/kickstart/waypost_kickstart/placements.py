"""Opportunities as placements: what is said of one, by its file or by its provider."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final, Literal
from uuid import UUID

from asyncpg import Record
from pydantic import Field

from waypost.db import execute, fetch
from waypost.opportunities.placements import place_in
from waypost.tenancy import CatalogueSection
from waypost.tenancy.fields import Table
from waypost_kickstart.scheme import CODE

FACTS: Final = ("work_nation", "hours_per_week", "months", "pays_minimum_wage", "new_job", "extensive_training")

WRITE_SQL: Final = """
INSERT INTO plugin_kickstart.kickstart_placement AS old
    (tenant_id, opportunity_id, work_nation, hours_per_week, months, pays_minimum_wage, new_job, extensive_training,
     places, public)
SELECT o.tenant_id, o.id, $3, $4::numeric, $5, $6, $7, $8, $9, o.public FROM public.opportunity o
WHERE o.tenant_id = $1 AND o.id = $2
ON CONFLICT (tenant_id, opportunity_id) DO UPDATE SET
    work_nation = excluded.work_nation, hours_per_week = excluded.hours_per_week, months = excluded.months,
    pays_minimum_wage = excluded.pays_minimum_wage, new_job = excluded.new_job,
    extensive_training = excluded.extensive_training, places = excluded.places, public = excluded.public
WHERE (old.work_nation, old.hours_per_week, old.months, old.pays_minimum_wage, old.new_job, old.extensive_training,
       old.places, old.public)
    IS DISTINCT FROM (excluded.work_nation, excluded.hours_per_week, excluded.months, excluded.pays_minimum_wage,
                      excluded.new_job, excluded.extensive_training, excluded.places, excluded.public)
"""
CLEAR_SQL: Final = "DELETE FROM plugin_kickstart.kickstart_placement WHERE tenant_id = $1 AND opportunity_id = $2"
READ_SQL: Final = """
SELECT opportunity_id, work_nation, hours_per_week, months, pays_minimum_wage, new_job, extensive_training, places
FROM plugin_kickstart.kickstart_placement WHERE tenant_id = $1
"""


class Placement(Table):
    """`[opportunities.kickstart]`: what the rules look at, and for how many young people there is room."""

    work_nation: Literal["england", "scotland", "wales", "northern-ireland"]
    hours_per_week: Annotated[float, Field(gt=0, le=100, multiple_of=0.5)]
    months: Annotated[int, Field(ge=1, le=24)] = 6
    pays_minimum_wage: bool
    new_job: bool
    extensive_training: bool = False
    places: Annotated[int, Field(ge=1, le=10_000)] = 1


async def write(tenant: UUID, opportunity: UUID, value: Placement | None) -> bool:
    """Store what a placement is like, here and for the core's own `Opportunity.schemes`; None takes it away.

    Runs in the tenant's City transaction; answers whether anything changed.
    """
    if value is None:
        gone = await execute(CLEAR_SQL, tenant, opportunity) != "DELETE 0"
        return await place_in(tenant, opportunity, CODE, None) or gone
    said = value.model_dump()
    hours = Decimal(str(value.hours_per_week))
    facts = (value.work_nation, hours, value.months, value.pays_minimum_wage, value.new_job, value.extensive_training)
    written = await execute(WRITE_SQL, tenant, opportunity, *facts, value.places)
    placed = await place_in(tenant, opportunity, CODE, {name: said[name] for name in FACTS})
    return placed or written != "INSERT 0 0"


async def read(tenant: UUID) -> Mapping[UUID, Placement]:
    """What is stored now, by the ids of opportunities."""
    return {row["opportunity_id"]: _placement(row) for row in await fetch(READ_SQL, tenant)}


def _placement(row: Record) -> Placement:
    said = {name: row[name] for name in (*FACTS, "places")}
    return Placement(**{**said, "hours_per_week": float(row["hours_per_week"])})


SECTION: Final = CatalogueSection(kind="opportunities", name="kickstart", model=Placement, write=write, read=read)

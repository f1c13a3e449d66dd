"""Shows other tenants' badges and opportunities: read nationally, kept in rows of one's own.

Two scopes are never in one transaction, so a loan is read first, under `National`, and written then, under
the borrowing tenant's `City`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from waypost.badges import tables
from waypost.db import City, Database, National, execute, fetch, fetchrow, fetchval, new_id
from waypost.db.rows import upsert
from waypost.tenancy.entries import Here, Ref

# What an object's home shows of it to everybody. A tenant is also found by a slug it once had.
LOAN_SQL: Final = {
    "badge": """
SELECT b.tenant_id AS home_tenant_id, b.id AS object_id, b.slug, v.number AS version, b.name, b.layer,
       b.image_url, b.state, b.replaced_by_id AS replaced_by
FROM badge b LEFT JOIN badge_version v ON v.tenant_id = b.tenant_id AND v.id = b.version_id
WHERE b.public
""",
    "opportunity": """
SELECT b.tenant_id AS home_tenant_id, b.id AS object_id, b.slug, NULL::integer AS version, b.title AS name,
       NULL::text AS layer, NULL::text AS image_url, b.state, NULL::uuid AS replaced_by
FROM opportunity b WHERE b.public
""",
}
BY_SLUG: Final = """
 AND (b.tenant_id, b.slug) IN (
    SELECT t.tenant_id, meant.slug
    FROM unnest($1::text[], $2::text[]) AS meant (tenant, slug) JOIN tenant_slug t ON t.slug = meant.tenant)
"""
TENANTS_SQL: Final = "SELECT slug, tenant_id FROM tenant_slug WHERE slug = ANY($1::text[])"
FIND_SQL: Final = "SELECT id FROM borrowed WHERE tenant_id = $1 AND object_type = $2 AND object_id = $3"
CHECKED_SQL: Final = "UPDATE borrowed SET checked_at = now() WHERE tenant_id = $1"
WITHDRAWN_SQL: Final = """
UPDATE borrowed SET state = 'withdrawn' WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND state <> 'withdrawn'
"""
ALL_SQL: Final = "SELECT id, object_type, object_id FROM borrowed WHERE tenant_id = $1"
BORROWERS_SQL: Final = """
SELECT tenant_id FROM borrowed
WHERE home_tenant_id = $1 AND object_type = $2 AND object_id = $3 AND public ORDER BY tenant_id
"""
SHOWN_SQL: Final = "SELECT id FROM borrowed WHERE tenant_id = $1 AND object_type = $2 AND object_id = $3"
KEPT_TRUE: Final = ("version", "name", "layer", "image_url", "state", "replaced_by")
TRUE_SQL: Final = f"""
UPDATE borrowed SET {", ".join(f"{name} = ${n}" for n, name in enumerate(KEPT_TRUE, start=3))}, checked_at = now()
WHERE tenant_id = $1 AND id = $2
  AND ({", ".join(KEPT_TRUE)}) IS DISTINCT FROM ({", ".join(f"${n}" for n in range(3, 3 + len(KEPT_TRUE)))})
"""


@dataclass(frozen=True)
class Loan:
    """The public facts of another tenant's badge or opportunity, as its home shows them now.

    `object_type` is badge or opportunity; `version` the number of a badge's version in force; `state` is
    that of the object at home.
    """

    object_type: str
    home_tenant_id: UUID
    object_id: UUID
    slug: str
    version: int | None
    name: str
    layer: str | None
    image_url: str | None
    state: str
    replaced_by: UUID | None


async def find_loans(object_type: str, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Loan]:
    """Find what is meant by (tenant's slug, object's slug), in a National transaction.

    What does not exist or was never published is missing from the answer.
    """
    wanted = list(dict.fromkeys(names))
    tenants = [tenant for tenant, _ in wanted]
    ids = {row["slug"]: row["tenant_id"] for row in await fetch(TENANTS_SQL, tenants)}
    rows = await fetch(LOAN_SQL[object_type] + BY_SLUG, tenants, [slug for _, slug in wanted])
    found = {(row["home_tenant_id"], row["slug"]): _loan(object_type, row) for row in rows}
    return {
        (tenant, slug): found[ids[tenant], slug]
        for tenant, slug in wanted
        if tenant in ids and (ids[tenant], slug) in found
    }


async def loans_of(object_type: str, ids: Sequence[UUID]) -> dict[UUID, Loan]:
    """Read objects' public facts by id, in a National transaction; what is not public is missing."""
    rows = await fetch(LOAN_SQL[object_type] + " AND b.id = ANY($1::uuid[])", list(ids))
    return {row["object_id"]: _loan(object_type, row) for row in rows}


async def borrow(here: Here, loan: Loan) -> Ref:
    """Show another tenant's badge or opportunity here, or bring up to date what is shown.

    In the City transaction. Raises ValueError for what is the tenant's own.
    """
    ref, _ = await _borrow(here, loan)
    return ref


async def borrow_all(here: Here, loans: Iterable[Loan]) -> int:
    """Borrow several at once; answers how many rows were written or changed."""
    return sum([changed for _, changed in [await _borrow(here, loan) for loan in loans]])


async def _borrow(here: Here, loan: Loan) -> tuple[Ref, int]:
    if loan.home_tenant_id == here.tenant_id:
        raise ValueError(f"{loan.object_type} {loan.slug} is the tenant's own: nobody borrows from themselves")
    id = await fetchval(FIND_SQL, here.tenant_id, loan.object_type, loan.object_id) or new_id()
    row = {
        "tenant_id": here.tenant_id,
        "id": id,
        "home_tenant_id": loan.home_tenant_id,
        "object_type": loan.object_type,
        "object_id": loan.object_id,
        "version": loan.version,
        "name": loan.name,
        "layer": loan.layer,
        "image_url": loan.image_url,
        "state": loan.state,
        "replaced_by": loan.replaced_by,
        "public": True,
    }
    changed = await upsert(tables.Borrowed, [row])
    return Ref(loan.object_id, loan.home_tenant_id, id), changed


async def refresh_borrowings(database: Database, here: Here) -> int:
    """Bring everything that a tenant borrows up to date; answers how many rows changed.

    Opens its own transactions, one after the other. What its home no longer shows becomes `withdrawn` and
    keeps its words.
    """
    async with database.transaction(City(here.tenant_id)):
        rows = [dict(row) for row in await fetch(ALL_SQL, here.tenant_id)]
    loans: dict[tuple[str, UUID], Loan] = {}
    async with database.transaction(National()):
        for object_type in LOAN_SQL:
            ids = [row["object_id"] for row in rows if row["object_type"] == object_type]
            found = await loans_of(object_type, ids) if ids else {}
            loans |= {(object_type, id): loan for id, loan in found.items()}
    gone = [row["id"] for row in rows if (row["object_type"], row["object_id"]) not in loans]
    async with database.transaction(City(here.tenant_id)):
        changed = await borrow_all(here, loans.values())
        changed += int((await execute(WITHDRAWN_SQL, here.tenant_id, gone)).split()[-1])
        await execute(CHECKED_SQL, here.tenant_id)
    return changed


async def borrowers_of(database: Database, home: UUID, object_type: str, id: UUID) -> list[UUID]:
    """The tenants that show this object of another, as everybody can see."""
    rows = await database.reads.rows(National(), BORROWERS_SQL, [home, object_type, id])
    return [row["tenant_id"] for row in rows]


async def refresh_one(database: Database, tenant: UUID, object_type: str, id: UUID) -> bool:
    """Bring one thing that a tenant borrows up to date, in transactions of its own; answers whether it changed.

    A change that comes between reading and writing has an event of its own, which brings this up to date again.
    """
    async with database.transaction(City(tenant)):
        row = await fetchrow(SHOWN_SQL, tenant, object_type, id)
    if row is None:
        return False
    async with database.transaction(National()):
        loan = (await loans_of(object_type, [id])).get(id)
    async with database.transaction(City(tenant)):
        if loan is None:
            return await execute(WITHDRAWN_SQL, tenant, [row["id"]]) != "UPDATE 0"
        facts = {"tenant_id": tenant, "id": row["id"], **{name: getattr(loan, name) for name in KEPT_TRUE}}
        return await execute(TRUE_SQL, *facts.values()) != "UPDATE 0"


def _loan(object_type: str, row: Any) -> Loan:
    return Loan(object_type=object_type, **dict(row))

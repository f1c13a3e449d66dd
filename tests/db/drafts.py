"""What the tests of transactions write and read: drafts, here and elsewhere."""

from __future__ import annotations

from uuid import UUID

from waypost.db import City, Database, fetch

HERE, ELSEWHERE = UUID(int=1), UUID(int=2)
ADD = "INSERT INTO draft (tenant_id, id, title) VALUES ($1, $2, $3)"


async def titles(database: Database, tenant: UUID = HERE) -> set[str]:
    async with database.transaction(City(tenant)):
        return {row["title"] for row in await fetch("SELECT title FROM draft WHERE tenant_id = $1", tenant)}

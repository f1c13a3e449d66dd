"""Which migrations a database has seen, for those who only read."""

from __future__ import annotations

from typing import Final

from waypost.db.database import Database
from waypost.db.scope import System

APPLIED_SQL: Final = "SELECT app, to_char(number, 'FM0000') || '_' || name AS name, digest FROM migration"
READY: Final = System("ready")


async def applied_migrations(database: Database) -> frozenset[tuple[str, str]]:
    """Read what is applied: pairs of an app's name and a migration's, such as 0001_tenancy."""
    return frozenset(await applied_digests(database))


async def applied_digests(database: Database) -> dict[tuple[str, str], str]:
    """The same with the digest of each file as it was applied."""
    return {(row["app"], row["name"]): row["digest"] for row in await database.reads.rows(READY, APPLIED_SQL)}

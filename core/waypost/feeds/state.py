"""How far each feed of a tenant was read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from waypost.db import execute, fetch, fetchrow, fetchval, new_id

COLUMNS: Final = (
    *("id", "plugin", "name", "state", "round", "cursor", "came_to", "job_id", "pages", "items", "total"),
    *("problems", "attempts", "problem_code"),
)
_READ: Final = ", ".join(f'"{name}"' for name in COLUMNS)
MEET_SQL: Final = """
INSERT INTO feed (tenant_id, id, plugin, name, due_at) SELECT $1, id, plugin, name, $5
FROM unnest($2::uuid[], $3::text[], $4::text[]) AS new (id, plugin, name)
ON CONFLICT (tenant_id, plugin, name) DO UPDATE SET state = 'waiting', due_at = excluded.due_at
WHERE feed.state = 'off'
"""
# What no settings name any more. What it brought stays as it is.
_UNNAMED: Final = """
tenant_id = $1 AND state <> 'off'
  AND NOT EXISTS (SELECT FROM unnest($2::text[], $3::text[]) AS meant (plugin, name)
                  WHERE meant.plugin = feed.plugin AND meant.name = feed.name)
"""
UNNAMED_SQL: Final = f"SELECT EXISTS (SELECT FROM feed WHERE {_UNNAMED})"
OFF_SQL: Final = f"""UPDATE feed SET state = 'off', "cursor" = NULL WHERE {_UNNAMED} RETURNING job_id"""
DUE_SQL: Final = f"""
SELECT {_READ} FROM feed WHERE tenant_id = $1 AND state IN ('waiting', 'failed') AND due_at <= $2
ORDER BY id FOR UPDATE SKIP LOCKED
"""
FIND_SQL: Final = f"SELECT {_READ} FROM feed WHERE tenant_id = $1 AND id = $2"
BEGIN_SQL: Final = """
UPDATE feed SET state = 'reading', round = round + 1, job_id = $3, begun_at = $4, ended_at = NULL, pages = 0,
    items = 0, total = NULL, problems = 0, attempts = 0
WHERE tenant_id = $1 AND id = $2
"""
FROM_THE_BEGINNING_SQL: Final = """
UPDATE feed SET "cursor" = NULL, came_to = NULL WHERE tenant_id = $1 AND id = $2
"""
GO_ON_SQL: Final = """
UPDATE feed SET "cursor" = $3, came_to = $4, pages = pages + 1, items = items + $5, total = $6,
    problems = problems + $7, attempts = 0
WHERE tenant_id = $1 AND id = $2
"""
ATTEMPT_SQL: Final = "UPDATE feed SET attempts = attempts + 1 WHERE tenant_id = $1 AND id = $2"
END_SQL: Final = """
UPDATE feed SET state = $3, "cursor" = $4, problem_code = $5, problem = $6, ended_at = $7, due_at = $8, attempts = 0
WHERE tenant_id = $1 AND id = $2
"""
PAGES_SQL: Final = """
SELECT key, etag, page FROM feed_page WHERE tenant_id = $1 AND feed_id = $2 AND key = $3 AND settings = $4
"""
PAGE_SQL: Final = """
INSERT INTO feed_page (tenant_id, feed_id, key, etag, settings, page, round) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, feed_id, key) DO UPDATE
SET (etag, settings, page, round) = (excluded.etag, excluded.settings, excluded.page, excluded.round)
"""
OLD_PAGES_SQL: Final = "DELETE FROM feed_page WHERE tenant_id = $1 AND feed_id = $2 AND round < $3"


@dataclass(frozen=True)
class FeedState:
    """How far a feed was read; `cursor` is JSON text."""

    id: UUID
    plugin: str
    name: str
    state: str
    round: int
    cursor: str | None
    came_to: datetime | None
    job_id: UUID | None
    pages: int
    items: int
    total: int | None
    problems: int
    attempts: int
    problem_code: str | None

    @property
    def managed_by(self) -> str:
        """How the rows that it brings are kept."""
        return f"feed:{self.plugin}/{self.name}"

    @property
    def position(self) -> Any:
        """The cursor as the plugin gave it."""
        return None if self.cursor is None else orjson.loads(self.cursor)


Named = Collection[tuple[str, str]]  # feeds, each a plugin and a name


async def meet(tenant: UUID, named: Named, now: datetime) -> bool:
    """Know these feeds; answers whether there are others, which are to be switched off."""
    await execute(MEET_SQL, tenant, [new_id() for _ in named], *_columns(named), now)
    return bool(await fetchval(UNNAMED_SQL, tenant, *_columns(named)))


async def switch_off_others(tenant: UUID, named: Named) -> list[UUID]:
    """Switch off all feeds but these, also in the midst of a walk; answers their last jobs."""
    return [row["job_id"] for row in await fetch(OFF_SQL, tenant, *_columns(named)) if row["job_id"] is not None]


def _columns(named: Named) -> tuple[list[str], list[str]]:
    return [plugin for plugin, _ in named], [name for _, name in named]


async def due(tenant: UUID, now: datetime) -> Sequence[FeedState]:
    """The feeds that are to be read now, locked."""
    return [FeedState(**dict(row)) for row in await fetch(DUE_SQL, tenant, now)]


async def find(tenant: UUID, feed: UUID, *, lock: bool = False) -> FeedState | None:
    """Find a feed."""
    row = await fetchrow(f"{FIND_SQL}{' FOR UPDATE' if lock else ''}", tenant, feed)
    return None if row is None else FeedState(**dict(row))


async def kept_page(tenant: UUID, feed: UUID, key: str, settings: str) -> tuple[str, Mapping[str, Any]] | None:
    """The ETag of a page and what it held, if it was read with the same settings."""
    row = await fetchrow(PAGES_SQL, tenant, feed, key, settings)
    return None if row is None else (row["etag"], orjson.loads(row["page"]))

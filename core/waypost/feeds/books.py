"""Which row each item of a feed became, and when it was seen last."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from waypost.db import execute, fetch

# Item by item by the key: the first walk fills the table faster than statistics follow, and plans for an empty one
# compare all of it with each item.
KNOWN_SQL: Final = """
SELECT known.source_id, known.object_id, known.digest, known.modified
FROM unnest($4::text[]) AS meant (id) CROSS JOIN LATERAL (
    SELECT source_id, object_id, digest, modified FROM feed_row
    WHERE tenant_id = $1 AND feed_id = $2 AND object_type = $3 AND source_id = meant.id LIMIT 1) AS known
"""
NOTE_SQL: Final = """
INSERT INTO feed_row AS was (tenant_id, feed_id, object_type, source_id, object_id, digest, modified, round)
SELECT $1, $2, $3, source_id, object_id, digest, modified, $8
FROM unnest($4::text[], $5::uuid[], $6::text[], $7::timestamptz[]) AS seen (source_id, object_id, digest, modified)
ON CONFLICT (tenant_id, feed_id, object_type, source_id) DO UPDATE
SET (object_id, digest, modified, round)
    = (excluded.object_id, excluded.digest, coalesce(excluded.modified, was.modified), excluded.round)
"""
SEE_SQL: Final = """
UPDATE feed_row SET round = $5
WHERE tenant_id = $1 AND feed_id = $2 AND object_type = $3 AND source_id = ANY($4::text[]) AND round <> $5
"""
# Several items that were one thing outside have its id before an @, which may stand in that id, too.
KEEP_SQL: Final = """
UPDATE feed_row SET round = $5
WHERE tenant_id = $1 AND feed_id = $2 AND object_type = $3
  AND (source_id = ANY($4::text[]) OR split_part(source_id, '@', 1) = ANY($4::text[])
       OR regexp_replace(source_id, '@[^@]*$', '') = ANY($4::text[]))
"""
# What this round did not name. A row that another item stands for, too, is not gone: that one writes it from now on.
GONE_SQL: Final = """
SELECT g.object_id, min(h.source_id) AS heir
FROM feed_row g
LEFT JOIN feed_row h ON h.tenant_id = g.tenant_id AND h.object_id = g.object_id AND h.feed_id = g.feed_id
    AND h.object_type = g.object_type AND h.round = $4 AND h.digest <> ''
WHERE g.tenant_id = $1 AND g.feed_id = $2 AND g.object_type = $3 AND g.round < $4 AND g.digest <> ''
GROUP BY g.object_id
"""
# Items that stand for rows beside those that are over.
HEIRS_SQL: Final = """
SELECT object_id, min(source_id) AS heir FROM feed_row
WHERE tenant_id = $1 AND feed_id = $2 AND object_type = $3 AND object_id = ANY($4::uuid[])
  AND source_id <> ALL($5::text[]) AND digest <> ''
GROUP BY object_id
"""
ANEW_SQL: Final = """
UPDATE feed_row SET digest = 'anew'
WHERE tenant_id = $1 AND feed_id = $2 AND object_type = $3 AND source_id = ANY($4::text[])
"""
FORGET_SQL: Final = """
UPDATE feed_row SET digest = ''
WHERE tenant_id = $1 AND feed_id = $2 AND object_type = $3 AND round < $4 AND digest <> ''
"""


@dataclass(frozen=True)
class Known:
    """What is known of an item; an empty digest means that it was gone."""

    object_id: UUID
    digest: str
    modified: datetime | None


@dataclass(frozen=True)
class Seen:
    """What an item became in this round."""

    object_id: UUID
    digest: str
    modified: datetime | None = None


@dataclass
class Books:
    """The books of one feed in one round; what is noted is written by `close`."""

    tenant: UUID
    feed: UUID
    round: int
    _noted: dict[str, dict[str, Seen]] = field(default_factory=dict)
    _seen: dict[str, set[str]] = field(default_factory=dict)

    async def known(self, kind: str, ids: Collection[str]) -> dict[str, Known]:
        """What is known of items, by their source ids."""
        rows = await fetch(KNOWN_SQL, self.tenant, self.feed, kind, list(ids)) if ids else []
        return {row["source_id"]: Known(row["object_id"], row["digest"], row["modified"]) for row in rows}

    def note(self, kind: str, id: str, seen: Seen) -> None:
        """Note what an item became."""
        self._noted.setdefault(kind, {})[id] = seen

    def see(self, kind: str, ids: Iterable[str]) -> None:
        """Note that items were there as they were."""
        self._seen.setdefault(kind, set()).update(ids)

    async def keep(self, kind: str, ids: Collection[str]) -> None:
        """Note that what was there of these ids stays, though what they say now cannot be used."""
        if ids:
            await execute(KEEP_SQL, self.tenant, self.feed, kind, list(ids), self.round)

    async def close(self) -> None:
        """Write what was noted."""
        for kind, noted in self._noted.items():
            seen = noted.values()
            columns = [[each.object_id for each in seen], [each.digest for each in seen]]
            modified = [each.modified for each in seen]
            await execute(NOTE_SQL, self.tenant, self.feed, kind, list(noted), *columns, modified, self.round)
        for kind, ids in self._seen.items():
            if ids:
                await execute(SEE_SQL, self.tenant, self.feed, kind, list(ids), self.round)

    async def gone(self, kind: str) -> dict[UUID, str | None]:
        """Rows whose items this round did not name, with the item that has the row from now on, if any."""
        rows = await fetch(GONE_SQL, self.tenant, self.feed, kind, self.round)
        return {row["object_id"]: row["heir"] for row in rows}

    async def heirs(self, kind: str, objects: Collection[UUID], over: Collection[str]) -> dict[UUID, str]:
        """The item that has each of these rows when those items are `over`; rows that nothing else stands for miss."""
        rows = await fetch(HEIRS_SQL, self.tenant, self.feed, kind, list(objects), list(over)) if objects else []
        return {row["object_id"]: row["heir"] for row in rows}

    async def anew(self, kind: str, ids: Collection[str]) -> None:
        """Note that items are to be written when they come next, as if they had changed."""
        await execute(ANEW_SQL, self.tenant, self.feed, kind, list(ids))

    async def forget(self, kind: str) -> None:
        """Note that what this round did not name is gone."""
        await execute(FORGET_SQL, self.tenant, self.feed, kind, self.round)

"""Reading what happened: a tenant's events in the order in which their transactions held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from waypost.db import City, National

from .errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waypost.db import Database

# The version of a row is set as the last thing before its transaction holds, behind the lock of its tenant's
# catalogue: so nothing that is read later stands before something that was read earlier.
AFTER_SQL: Final = """
SELECT id, version, object_type, object_id FROM event
WHERE tenant_id = $1 AND (version, id) > ($2, $3) AND ($4::text IS NULL OR object_type = $4)
ORDER BY version, id LIMIT $5
"""
SINCE_SQL: Final = """
SELECT id, version, object_type, object_id FROM event
WHERE tenant_id = $1 AND id > $2 AND id <> $3 AND version IS NOT NULL AND object_type = $4
ORDER BY version, id LIMIT $5
"""
OF_SQL: Final = "SELECT version FROM event WHERE tenant_id = $1 AND id = $2"
STANDS_SQL: Final = "SELECT coalesce(max(version), 0) FROM event WHERE tenant_id = $1"
ALL_STAND_SQL: Final = "SELECT tenant_id, version FROM catalogue_version"
MOVED_SQL: Final = "SELECT tenant_id FROM catalogue_version WHERE moved_at >= $1"

MOST_MISSED: Final = 1_000
REPLAY_WITHIN: Final = timedelta(hours=24)
# Nationally there is no order but that of the clocks, and an event is made before its transaction holds.
OVERLAP: Final = timedelta(seconds=30)

FIRST: Final = UUID(int=0)
LAST: Final = UUID(int=2**128 - 1)


class Position(NamedTuple):
    """How far a tenant's events were read: a version of its catalogue, and an event within it."""

    version: int
    id: UUID


BEGINNING: Final = Position(0, FIRST)


@dataclass(frozen=True)
class Event:
    """Something that happened to an object of a tenant."""

    tenant: UUID
    position: Position
    kind: str
    row: UUID

    @property
    def id(self) -> UUID:
        """The event's own id."""
        return self.position.id


async def events_after(database: Database, tenant: UUID, position: Position, most: int) -> list[Event]:
    """Return a tenant's next events, of all kinds."""
    return await _read(database, tenant, AFTER_SQL, *position, None, most)


async def stand_of(database: Database, tenant: UUID) -> Position:
    """Return how far a tenant's events go now."""
    rows = await database.reads.rows(City(tenant), STANDS_SQL, [tenant])
    return Position(rows[0][0], LAST)


async def all_stand(database: Database) -> dict[UUID, Position]:
    """Return how far the events of all tenants go now."""
    rows = await database.reads.rows(National(), ALL_STAND_SQL)
    return {row["tenant_id"]: Position(row["version"], LAST) for row in rows}


async def missed(database: Database, tenant: UUID | None, kind: str, last: UUID) -> list[Event]:
    """Return what happened to objects of a kind after the event `last`, in a tenant or (None) in any.

    Nationally what happened in the half minute before may come again. Raises `GraphError` REPLAY_TOO_OLD where
    that is too much or too long ago, or the event is not known.
    """
    now = datetime.now(UTC)
    made = _made(last)
    if not now - REPLAY_WITHIN <= made <= now + OVERLAP:
        raise _too_old()
    found: list[Event] = []
    if tenant is not None:
        rows = await database.reads.rows(City(tenant), OF_SQL, [tenant, last])
        if not rows or rows[0]["version"] is None:
            raise _too_old()
        position = Position(rows[0]["version"], last)
        found = await _read(database, tenant, AFTER_SQL, *position, kind, MOST_MISSED + 1)
    else:
        since = made - OVERLAP
        for row in await database.reads.rows(National(), MOVED_SQL, [since]):
            one = (_first_of(since), last, kind, MOST_MISSED + 1 - len(found))
            found += await _read(database, row["tenant_id"], SINCE_SQL, *one)
            if len(found) > MOST_MISSED:
                break
    if len(found) > MOST_MISSED:
        raise _too_old()
    return found


async def _read(database: Database, tenant: UUID, sql: str, *args: Any) -> list[Event]:
    rows: Sequence[Any] = await database.reads.rows(City(tenant), sql, [tenant, *args])
    return [Event(tenant, Position(row["version"], row["id"]), row["object_type"], row["object_id"]) for row in rows]


def _too_old() -> GraphError:
    return GraphError("REPLAY_TOO_OLD", "What happened since then is not sent again: read anew, then go on from here.")


def _made(id: UUID) -> datetime:
    """Return when a time-ordered id was made; long ago for any other."""
    return datetime.fromtimestamp(min((id.int >> 80) / 1000, 2**32), UTC)


def _first_of(moment: datetime) -> UUID:
    return UUID(int=int(moment.timestamp() * 1000) << 80)

"""Writes many places at once, for what comes by the thousand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from waypost.db import execute
from waypost.db.rows import Row, sync_all, upsert
from waypost.places import tables
from waypost.places.rules import inside
from waypost.places.store import MOVE_SQL, PlaceWords, row_of, sides_of
from waypost.tenancy.entries import Here
from waypost.tenancy.outline import Area

ADDRESSES_SQL: Final = """
INSERT INTO address (id, tenant_id, object_type) SELECT id, $1, $2 FROM unnest($3::uuid[]) AS id
ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True)
class ArrivingPlace:
    """A place to be written under an id: new (`before` None), or in place of one that was at `before`, in degrees.

    Its words were looked at (`place_problem`), and its slug is its own. `said` are the columns that say where the
    data comes from.
    """

    id: UUID
    words: PlaceWords
    before: tuple[float, float] | None
    said: Mapping[str, str | None]


async def write_places(here: Here, arriving: Sequence[ArrivingPlace], area: Area | None) -> None:
    """Write places with their texts and accessibility; all are open and public then, and what is there moves along."""
    if not arriving:
        return
    created = [each.id for each in arriving if each.before is None]
    await execute(ADDRESSES_SQL, here.tenant_id, "Place", created)
    await upsert(tables.Place, [{**row_of(here, each.id, each.words, area), **each.said} for each in arriving])
    beside: dict[type[Any], list[Row]] = {}
    for each in arriving:
        key = {"tenant_id": here.tenant_id, "place_id": each.id}
        for table, rows in sides_of(here, each.words).items():
            beside.setdefault(table, []).extend({**key, **row} for row in rows)
    owners = [{"tenant_id": here.tenant_id, "place_id": each.id} for each in arriving if each.before is not None]
    changed = {owner["place_id"] for owner in owners}
    for table, every in beside.items():
        await upsert(table, [row for row in every if row["place_id"] not in changed])
        await sync_all(table, owners, [row for row in every if row["place_id"] in changed])
    for each in arriving:
        point = (each.words.latitude, each.words.longitude)
        if each.before is not None and each.before != point:
            await execute(MOVE_SQL, here.tenant_id, each.id, *point, not inside(area, *point), *each.before)

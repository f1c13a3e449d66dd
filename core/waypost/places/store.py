"""Writes places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from piccolo.table import Table

from waypost.db import execute, fetch, fetchrow
from waypost.db.rows import sync, tenant_key, upsert
from waypost.places import tables
from waypost.places.rules import (
    ACCESSIBILITY,
    KINDS,
    in_degrees,
    inside,
    normal_postcode,
    shown_postcode,
)
from waypost.refusal import Refusal
from waypost.tenancy.entries import Entry, Here, Written, claim_slug, languages_problem
from waypost.tenancy.outline import Area
from waypost.tenancy.texts import said_problem, unknown_codes

# What is held at a place without a point of its own is where the place is, also when that moves.
MOVE_SQL: Final = """
UPDATE opportunity SET latitude = $3, longitude = $4, outside_area = $5, updated_at = now()
WHERE tenant_id = $1 AND place_id = $2 AND latitude = $6 AND longitude = $7
"""
WHERE_SQL: Final = "SELECT latitude, longitude FROM place WHERE tenant_id = $1 AND id = $2"
# What a curator closed of a feed is the curator's: the feed does not open it again.
CLOSE_SQL: Final = """
UPDATE place SET state = 'closed', updated_at = now(),
    managed_by = CASE WHEN managed_by LIKE 'feed:%' THEN 'graph' ELSE managed_by END
WHERE tenant_id = $1 AND id = $2 AND state <> 'closed'
"""


@dataclass(frozen=True)
class PlaceWords:
    """All that is said of a place. `text` holds its name in the tenant's other languages."""

    slug: str
    name: str
    kind: str
    latitude: float
    longitude: float
    address: str | None = None
    postcode: str | None = None
    accessibility: tuple[str, ...] = ()
    text: Mapping[str, str] = field(default_factory=dict)
    source_id: str | None = None


def place_problem(here: Here, words: PlaceWords) -> Refusal | None:
    """Say what is wrong with a place's words, or None."""
    point = in_degrees(words.latitude, words.longitude)
    postcode = normal_postcode(words.postcode) if words.postcode else None
    names = {"name": words.name, **{f"text.{language}.name": name for language, name in words.text.items()}}
    return (
        languages_problem(here, words.text)
        or said_problem(names=names, texts={"address": words.address})
        or unknown_codes((words.kind,), KINDS, "kind")
        or (point if isinstance(point, Refusal) else None)
        or (postcode.under("postcode") if isinstance(postcode, Refusal) else None)
        or unknown_codes(words.accessibility, ACCESSIBILITY, "accessibility")
    )


async def write_place(here: Here, words: PlaceWords, at: Entry | None, area: Area | None) -> Written | Refusal:
    """Create a place (`at` = None) or bring an existing one to these words; it is open and public then.

    `area` is the tenant's outline: a place outside is flagged, never refused.
    """
    wrong = place_problem(here, words)
    if wrong:
        return wrong
    id = await claim_slug(tables.Place, here, words.slug, at)
    if isinstance(id, Refusal):
        return id
    before = await fetchrow(WHERE_SQL, here.tenant_id, id)
    changed = await upsert(tables.Place, [row_of(here, id, words, area)])
    changed += await _write_sides(here, id, words)
    point = (words.latitude, words.longitude)
    if before is not None and tuple(before) != point:
        await execute(MOVE_SQL, here.tenant_id, id, *point, not inside(area, *point), *before)
    return Written(id, created=at is None, changed=changed > 0)


def row_of(here: Here, id: UUID, words: PlaceWords, area: Area | None) -> dict[str, Any]:
    """The row of a place."""
    return {
        "tenant_id": here.tenant_id,
        "id": id,
        "slug": words.slug,
        "name": words.name,
        "kind": words.kind,
        "address": words.address,
        "postcode": shown_postcode(words.postcode) if words.postcode else None,
        "latitude": words.latitude,
        "longitude": words.longitude,
        "inside_area": inside(area, words.latitude, words.longitude),
        "state": "open",
        "public": True,
        "managed_by": here.managed_by,
        "source_id": words.source_id,
    }


async def _write_sides(here: Here, id: UUID, words: PlaceWords) -> int:
    owner = tenant_key(here.tenant_id, place_id=id)
    return sum([await sync(table, owner, rows) for table, rows in sides_of(here, words).items()])


def sides_of(here: Here, words: PlaceWords) -> dict[type[Table], list[dict[str, Any]]]:
    """The rows beside that of a place, without its key: texts and accessibility."""
    names = {here.language: words.name, **words.text}
    texts = [
        {"language": language, "original": language == here.language, "name": name, "public": True}
        for language, name in names.items()
    ]
    codes = [{"code": code, "public": True} for code in dict.fromkeys(words.accessibility)]
    return {tables.PlaceText: texts, tables.PlaceAccessibility: codes}


async def read_place(here: Here, id: UUID) -> PlaceWords | None:
    """Read a place as it would be written again."""
    row = await fetchrow(
        "SELECT slug, name, kind, latitude, longitude, address, postcode, source_id "
        "FROM place WHERE tenant_id = $1 AND id = $2",
        here.tenant_id,
        id,
    )
    if row is None:
        return None
    texts = await fetch(
        "SELECT language, name FROM place_text WHERE tenant_id = $1 AND place_id = $2 AND NOT original",
        here.tenant_id,
        id,
    )
    codes = await fetch(
        "SELECT code FROM place_accessibility WHERE tenant_id = $1 AND place_id = $2 ORDER BY code",
        here.tenant_id,
        id,
    )
    return PlaceWords(
        **dict(row),
        accessibility=tuple(code["code"] for code in codes),
        text={text["language"]: text["name"] for text in texts},
    )


async def close_place(here: Here, id: UUID) -> bool:
    """Close a place: off the lists, its words stay readable. Answers whether it was open."""
    return (await execute(CLOSE_SQL, here.tenant_id, id)).endswith(" 1")

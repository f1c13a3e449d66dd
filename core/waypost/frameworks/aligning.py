"""Says which items of frameworks badges show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from waypost.badges.tables import Badge
from waypost.db import fetch, fetchrow, fetchval
from waypost.outbox import Act, Event, command
from waypost.refusal import Invalid, NotFound, Refusal, Refused, missing
from waypost.tenancy.entries import Here, find_entry, managed_by_files

GRAPH: Final = "graph"
MOST: Final = 100

WHOSE_SQL: Final = "SELECT creator_id, issuer_id, public FROM badge WHERE tenant_id = $1 AND id = $2"
FOUND_SQL: Final = """
SELECT item.id FROM unnest($2::uuid[]) AS wanted (id) JOIN LATERAL (
    SELECT i.id FROM framework_item i WHERE i.id = wanted.id AND i.retired_at IS NULL
    UNION ALL
    SELECT o.id FROM own_framework_item o WHERE o.tenant_id = $1 AND o.id = wanted.id AND o.retired_at IS NULL
    LIMIT 1) AS item ON true
"""
REMOVE_SQL: Final = """
WITH gone AS (
    DELETE FROM badge_alignment WHERE tenant_id = $1 AND badge_id = $2 AND source = $3 AND item_id <> ALL($4::uuid[])
    RETURNING true)
SELECT count(*) FROM gone
"""
# What another has said already stays as they said it: an item is aligned once.
WRITE_SQL: Final = """
WITH item AS (
    SELECT i.id, i.framework_id, coalesce(i.name, i.statement) AS name, i.uri, i.code, f.title
    FROM framework_item i JOIN framework f ON f.id = i.framework_id WHERE i.id = ANY($4::uuid[])
    UNION ALL
    SELECT o.id, o.framework_id, coalesce(o.name, o.statement), o.uri, o.code, f.title
    FROM own_framework_item o JOIN own_framework f ON f.tenant_id = $1 AND f.id = o.framework_id
    WHERE o.tenant_id = $1 AND o.id = ANY($4::uuid[])
      AND NOT EXISTS (SELECT FROM framework_item n WHERE n.id = o.id)
), written AS (
    INSERT INTO badge_alignment AS known (tenant_id, badge_id, item_id, framework_id, target_name, target_url,
                                          target_code, target_framework, source, public)
    SELECT b.tenant_id, b.id, item.id, item.framework_id, item.name, item.uri, item.code, item.title, $3, b.public
    FROM item JOIN badge b ON b.tenant_id = $1 AND b.id = $2
    ON CONFLICT (tenant_id, badge_id, item_id) DO UPDATE SET
        target_name = excluded.target_name, target_url = excluded.target_url, target_code = excluded.target_code,
        target_framework = excluded.target_framework, public = excluded.public
    WHERE known.source = excluded.source
      AND (known.target_name, known.target_url, known.target_code, known.target_framework, known.public)
          IS DISTINCT FROM (excluded.target_name, excluded.target_url, excluded.target_code,
                            excluded.target_framework, excluded.public)
    RETURNING true)
SELECT count(*) FROM written
"""


@dataclass(frozen=True)
class BadgeAligned(Event):
    """It was said anew which items of frameworks a badge shows."""

    badge: UUID
    items: int


@command(may="badge.align")
async def align_badge(act: Act, badge: UUID, items: Collection[UUID]) -> BadgeAligned | Refusal:
    """Say which items a badge shows: all of them, in place of what was said in the graph before.

    Only a badge that was published is aligned, whose issuer or creator the asker speaks for; what files or plugins
    say of it stays.
    """
    whose = await fetchrow(WHOSE_SQL, act.here.tenant_id, badge)
    entry = await find_entry(Badge, act.here, id=badge)
    if whose is None or entry is None:
        return missing().under("badge")
    forbidden = act.may("badge.align", whose["creator_id"]) and act.may("badge.align", whose["issuer_id"])
    wrong = forbidden or managed_by_files(entry, act.here)
    if wrong:
        return wrong
    if not whose["public"]:
        words = "A draft is not aligned yet: publish the badge first."
        return Refused(code="WRONG_STATE", message=words, path=("badge",))
    wanted = list(dict.fromkeys(items))
    if len(wanted) > MOST:
        return Invalid(message=f"A badge shows at most {MOST} items.", path=("items",))
    found = {row["id"] for row in await fetch(FOUND_SQL, act.here.tenant_id, wanted)}
    for index, item in enumerate(items):
        if item not in found:
            words = "No framework here has that item, or it was retired."
            return NotFound(message=words, path=("items", str(index)))
    aligned = BadgeAligned(badge, len(wanted))
    return await act.tell(aligned) if await write_alignments(act.here, badge, wanted, GRAPH) else aligned


async def write_alignments(here: Here | UUID, badge: UUID, items: Collection[UUID], source: str) -> bool:
    """Make these the items that one source says a badge shows, in the tenant's City transaction.

    `source` is graph, or the plugin that says so. Items that are not here are left out, and so are those that
    another source names. Answers whether anything changed.
    """
    tenant = here if isinstance(here, UUID) else here.tenant_id
    facts = (tenant, badge, source, list(items))
    removed = await fetchval(REMOVE_SQL, *facts)
    return bool(await fetchval(WRITE_SQL, *facts) or removed)

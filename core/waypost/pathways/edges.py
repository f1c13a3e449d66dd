"""Reads what leads to what: pathways to badges, badges to the pathways that award them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from waypost.db import fetch
from waypost.pathways.rules import Edges, Node
from waypost.tenancy.entries import Here

# Only pathways that award a badge can be on a circle; retired ones award nothing any more.
EDGES_SQL: Final = """
SELECT p.tenant_id, p.id, p.name, p.completion_badge_id, s.home_tenant_id, s.badge_id
FROM pathway p JOIN step_badge s ON s.tenant_id = p.tenant_id AND s.pathway_id = p.id
WHERE p.completion_badge_id IS NOT NULL AND p.state <> 'retired'
"""


async def edges_elsewhere(tenant_id: UUID) -> Edges:
    """Read the public pathways of all tenants but one, in a National transaction."""
    return _edges(await fetch(EDGES_SQL + " AND p.public AND p.tenant_id <> $1", tenant_id))


async def edges_here(here: Here, besides: UUID) -> Edges:
    """Read the tenant's own pathways, drafts too, besides the one that is being written."""
    return _edges(await fetch(EDGES_SQL + " AND p.tenant_id = $1 AND p.id <> $2", here.tenant_id, besides))


def _edges(rows: Iterable[Any]) -> Edges:
    links: dict[Node, set[Node]] = {}
    names: dict[Node, str] = {}
    for row in rows:
        pathway = Node("pathway", row["tenant_id"], row["id"])
        names[pathway] = row["name"]
        links.setdefault(pathway, set()).add(Node("badge", row["home_tenant_id"], row["badge_id"]))
        awarded = Node("badge", row["tenant_id"], row["completion_badge_id"])
        links.setdefault(awarded, set()).add(pathway)
    return Edges({node: frozenset(ends) for node, ends in links.items()}, names)

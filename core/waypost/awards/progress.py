"""How far the asker has come on pathways: private, and computed anew each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from waypost.db import City, National
from waypost.graph import column, computed, extend, value
from waypost.pathways.trees import HERE_SQL, NATIONAL_SQL, Tree, Way, trees_of

from .earned import earned_by

if TYPE_CHECKING:
    from waypost.graph import Request
    from waypost.graph.query import Selected
    from waypost.pathways.progress import Earned
    from waypost.pathways.progress import Progress as Come


@value
class Progress:
    """How far the asker has come, by what they earned in any city and that still holds."""

    done: int = column(doc="How many of those that the rule asks for are complete.")
    of: int = column(doc="How many it asks for; what cannot be earned is not counted.")
    fraction: float = column(doc="From 0 to 1; what is done of steps below counts by its share.")
    completed_at: datetime | None = column(doc="When the rule was met; null before.")


async def _of_pathways(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    del field
    ways = [Way(UUID(each["tenant_id"]), UUID(each["id"])) for each in parents]
    return await _progress(ways, [None] * len(ways), request)


async def _of_steps(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    del field
    ways = [Way(UUID(each["tenant_id"]), UUID(each["pathway_id"])) for each in parents]
    return await _progress(ways, [UUID(each["id"]) for each in parents], request)


async def _progress(ways: Sequence[Way], steps: Sequence[UUID | None], request: Request) -> list[Any]:
    trees, earned = await _trees(set(ways), request), await _earned(request)
    known = {way: trees[way].progress(earned) if way in trees else {} for way in set(ways)}
    return [_shown(known[way].get(step)) for way, step in zip(ways, steps, strict=True)]


def _shown(come: Come | None) -> dict[str, Any] | None:
    if come is None:
        return None
    return {"done": come.done, "of": come.of, "fraction": come.fraction, "completedAt": come.completed_at}


async def _earned(request: Request) -> Earned:
    person = request.asker.person
    if person is None:
        return {}
    if "earned" not in request.memo:
        request.memo["earned"] = await earned_by(request.services.database, person, request.now)
    found: Earned = request.memo["earned"]
    return found


async def _trees(ways: set[Way], request: Request) -> Mapping[Way, Tree]:
    """Read the trees of pathways: the city's own in the city, others as everybody sees them."""
    known: dict[Way, Tree] = request.memo.setdefault("trees", {})
    reads = request.services.database.reads
    here = sorted(way.id for way in ways - known.keys() if way.tenant_id == request.tenant)
    away = sorted(way for way in ways - known.keys() if way.tenant_id != request.tenant)
    if here and request.tenant is not None:
        known |= trees_of(await reads.rows(City(request.tenant), HERE_SQL, [request.tenant, here]))
    if away:
        asked = [[way.tenant_id for way in away], [way.id for way in away]]
        known |= trees_of(await reads.rows(National(), NATIONAL_SQL, asked))
    return known


@extend("Pathway")
class PathwayProgress:
    """How far the asker has come on a pathway."""

    viewer_progress: Progress | None = computed(
        _of_pathways, columns=("tenant_id", "id"), private=True, doc="How far the asker has come; null for strangers."
    )


@extend("PathwayStep")
class StepProgress:
    """How far the asker has come with a step."""

    viewer_progress: Progress | None = computed(
        _of_steps,
        columns=("tenant_id", "pathway_id", "id"),
        private=True,
        doc="How far the asker has come with it; null for strangers.",
    )


TYPES = (Progress, PathwayProgress, StepProgress)

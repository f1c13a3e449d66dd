"""What a plugin's batch field costs: the same question with and without it, in turn, through the engine."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from random import Random
from statistics import median
from typing import Any, Final

from benchmarks.ground import CITY, Ground, tenant_of
from benchmarks.questions import OURS, document, origin
from benchmarks.table import Figure
from waypost.composition import core, engine
from waypost.db import Database
from waypost.graph import Asker, Contribution, Graph, GraphRequest, compose, computed, extend, value
from waypost.graph.query import Selected
from waypost.graph.request import Request

MOST_TIMES: Final = 1.15
ROUNDS: Final = 1_000
WARM: Final = 50
BESIDE: Final = "slug\n"


@value
class StarsRating:
    """How many stars, and of how many."""

    stars: int
    most: int


async def _rate(parents: Sequence[Mapping[str, Any]], _field: Selected, _request: Request) -> Sequence[Any]:
    return [{"stars": len(parent["slug"]) % 5, "most": 5} for parent in parents]


@extend("Opportunity")
class StarsOnOpportunities:
    """What the plugin adds."""

    stars_rating: StarsRating | None = computed(_rate, columns=("slug",), doc="Its rating.")


async def measure(ground: Ground) -> list[Figure]:
    """Ask for the nearest 20 with and without one field that Python computes for all of them."""
    plain = document(OURS, "nearest")
    starred = plain.replace(BESIDE, f"{BESIDE} starsRating {{ stars most }}\n", 1)
    if starred == plain:
        raise LookupError(f"the question about the nearest no longer holds {BESIDE!r}")
    schema = compose([core(), Contribution("stars", (StarsRating, StarsOnOpportunities))])
    spent: dict[str, list[float]] = {plain: [], starred: []}
    async with await Database.open(ground.app_url, pool_size=2) as database:
        city = await tenant_of(database, CITY)
        graph = Graph(schema, city.id, city.languages)
        asked, chance = engine(database), Random(ROUNDS)
        for number in range(WARM + ROUNDS):
            near = origin(city, chance)
            for text, times in sorted(spent.items(), key=lambda _: chance.random()):
                begun = time.perf_counter()
                answer = await asked.answer(graph, GraphRequest(text, variables={"near": near}), Asker())
                if number >= WARM:
                    times.append((time.perf_counter() - begun) * 1e3)
                if b'"errors"' in answer.body:
                    raise LookupError(answer.body.decode())
    without, with_it = median(spent[plain]), median(spent[starred])
    note = "20 parents, one call of Python"
    more = {"without, ms": without, "with, ms": with_it}
    return [Figure("sql", "a plugin's batch field", with_it / without, "×", most=MOST_TIMES, note=note, more=more)]

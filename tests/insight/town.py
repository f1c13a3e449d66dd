"""A town where people earn badges, for figures to be made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from random import Random
from typing import Any
from uuid import UUID

import orjson

from tests.graph.country import badge
from tests.graph.world import Builder, Made, Town
from waypost.composition import engine
from waypost.db import City, Database, execute, fetch, new_id
from waypost.graph import Asker, Graph, GraphRequest, Schema
from waypost.insight.reading import Figures, read_figures
from waypost.insight.releasing import release_figures
from waypost.opportunities.store import OpportunityWords

RECIPIENT_SQL = """
INSERT INTO recipient (tenant_id, id, kind, display_name, birth_year) VALUES ($1, $2, $3, 'Somebody', $4)
"""
AWARD_SQL = """
INSERT INTO award (tenant_id, id, badge_id, version_id, recipient_id, issuer_id, state, awarded_at, earned_in_tenant_id,
                   opportunity_id)
SELECT tenant_id, $3, id, version_id, $4, issuer_id, $5, $6, $7, $8 FROM badge WHERE tenant_id = $1 AND id = $2
"""


@dataclass
class Earning:
    """A town with badges of two layers and two activities; `learners` are recipients by number."""

    database: Database
    town: Town
    badges: dict[str, Made[Any]]
    activities: dict[str, Made[OpportunityWords]]
    services: Any
    learners: dict[int, UUID] = field(default_factory=dict)

    async def learner(self, number: int, born: int | None = 2008, kind: str = "person") -> UUID:
        if number not in self.learners:
            self.learners[number] = new_id()
            async with self.database.transaction(City(self.town.id)):
                await execute(RECIPIENT_SQL, self.town.id, self.learners[number], kind, born)
        return self.learners[number]

    async def awards(
        self,
        who: Sequence[int],
        month: str,
        *,
        layer: str = "engage",
        state: str = "accepted",
        at: str | None = "lab",
        born: int | None = 2008,
    ) -> list[UUID]:
        """Give these learners a badge each in a month."""
        when = datetime.fromisoformat(f"{month}-15T12:00:00+00:00")
        made = []
        for number in who:
            recipient, id = await self.learner(number, born), new_id()
            opportunity = None if at is None else self.activities[at].id
            async with self.database.transaction(City(self.town.id)):
                facts = (self.badges[layer].id, id, recipient, state, when, self.town.id, opportunity)
                await execute(AWARD_SQL, self.town.id, *facts)
            made.append(id)
        return made

    async def closes(self, today: str) -> int:
        """Release what is over on a day."""
        day, chance = date.fromisoformat(today), Random(1)
        return await release_figures(self.database, self.town.id, day, chance=chance, now=datetime.now(UTC))

    async def figures(self, first: str | None = None, last: str | None = None) -> Figures:
        return await read_figures(self.database, self.town.id, first, last)

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        async with self.database.transaction(City(self.town.id)):
            return [tuple(row) for row in await fetch(sql, self.town.id, *args)]

    async def asks(
        self, schema: Schema, document: str, *, nation: bool = False, months: Mapping[str, str] | None = None
    ) -> Any:
        tenant = None if nation else self.town.id
        graph = Graph(schema, tenant, ("en",), services=self.services)
        answer = await engine(self.database).answer(graph, GraphRequest(document, None, months or {}), Asker())
        return orjson.loads(answer.body)


@dataclass
class Services:
    """What figures ask of the platform."""

    database: Database


async def found(database: Database, slug: str) -> Earning:
    """Write a town of its own."""
    build = Builder(database)
    town = await build.town(slug, slug.title(), box=(50.3, -4.3, 50.5, -4.0))
    issuer = await build.issuer(town, "ideas", "Ideas", roles=("issues", "provides"))
    await build.issuer(town, "club", "Club", roles=("provides",))
    badges = {
        layer: await build.badge(town, badge(issuer, f"{layer}-badge", layer.title(), layer=f"rsa-2019/{layer}"))
        for layer in ("engage", "participate", "lead")
    }
    hall = await build.place(town, "hall", "The Hall", (50.37, -4.14), postcode="PL1 2HL")
    lab = OpportunityWords("lab", "Lab", "A lab.", "WORKSHOP", issuer.id, place_id=hall.id)
    online = OpportunityWords("online", "Online", "From home.", "ONLINE_LEARNING", issuer.id, online=True)
    activities = {words.slug: await build.opportunity(town, words) for words in (lab, online)}
    return Earning(database, town, badges, activities, Services(database))

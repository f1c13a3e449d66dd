"""A small country to ask the graph about, and a record in plain Python of everything in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from tests.rooms import done
from waypost.badges import tables as badge_tables
from waypost.badges.store import BadgeWords, borrow, find_loans, write_badge
from waypost.db import City, Database, National, System, execute, fetchval, new_id
from waypost.graph.ids import GlobalId
from waypost.issuers.store import IssuerWords, OrganisationWords, ensure_organisation, write_issuer
from waypost.opportunities.store import OpportunityWords, write_opportunity
from waypost.pathways.store import PathwayWords, edges_elsewhere, write_pathway
from waypost.places.store import PlaceWords, write_place
from waypost.tenancy.entries import Here, Ref, find_entry
from waypost.tenancy.outline import Area, outline

W = TypeVar("W")

TENANT_SQL = """
INSERT INTO tenant (id, slug, name, kind, state, nation, languages, timezone, standard_code, primary_colour,
    accent_colour, logo_url, contact_url, example, area, south, west, north, east, latitude, longitude)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'Europe/London', $8, '#0b5d6b', '#ffd166', $9, $10, true, $11, $12, $13, $14,
    $15, $16, $17)
"""


@dataclass(frozen=True)
class Town:
    """A tenant: where its rows are written, its facts, and the box around its area in degrees."""

    here: Here
    name: str
    kind: str
    state: str = "open"
    nation: str | None = None
    groups: tuple[str, ...] = ()
    box: tuple[float, float, float, float] | None = None  # south, west, north, east
    area: Area | None = None

    @property
    def slug(self) -> str:
        return self.here.slug

    @property
    def id(self) -> UUID:
        return self.here.tenant_id


@dataclass
class Made(Generic[W]):
    """Something written: in whose town, under which id, with which words; `shown` is false for drafts."""

    kind: str
    town: Town
    id: UUID
    words: W
    state: str = "open"
    shown: bool = True
    created_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    versions: list[W] = field(default_factory=list)
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @property
    def gid(self) -> str:
        """Its id in the graph."""
        return str(GlobalId(self.kind, self.town.id, self.id))

    @property
    def slug(self) -> str:
        return str(self.words.slug)  # type: ignore[attr-defined]  # all words have one

    def ref(self) -> Ref:
        """How its own town refers to it."""
        return Ref(self.id, self.town.id)


@dataclass
class World:
    """Everything that was written. `now` is when it was begun."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    towns: dict[str, Town] = field(default_factory=dict)
    issuers: list[Made[IssuerWords]] = field(default_factory=list)
    places: list[Made[PlaceWords]] = field(default_factory=list)
    badges: list[Made[BadgeWords]] = field(default_factory=list)
    opportunities: list[Made[OpportunityWords]] = field(default_factory=list)
    pathways: list[Made[PathwayWords]] = field(default_factory=list)

    def everything(self) -> Iterator[Made[Any]]:
        """Yield all that has an id."""
        for some in (self.issuers, self.places, self.badges, self.opportunities, self.pathways):
            yield from some

    def find(self, kind: str, town: str, slug: str) -> Made[Any]:
        """Return one thing by its kind, town and slug."""
        return next(
            each for each in self.everything() if each.kind == kind and each.town.slug == town and each.slug == slug
        )

    def by_id(self, id: UUID) -> Made[Any]:
        """Return one thing by the id of its row."""
        return next(each for each in self.everything() if each.id == id)


class Builder:
    """Writes through the rooms' stores and keeps the record."""

    def __init__(self, database: Database, world: World | None = None) -> None:
        self.database = database
        self.world = world or World()

    async def town(
        self,
        slug: str,
        name: str,
        kind: str = "city",
        *,
        languages: tuple[str, ...] = ("en",),
        standard: str = "rsa-2019",
        state: str = "open",
        nation: str | None = None,
        groups: tuple[str, ...] = (),
        box: tuple[float, float, float, float] | None = None,
    ) -> Town:
        here = Here(new_id(), slug, languages, "Europe/London", standard)
        area = None if box is None else _area(*box)
        town = Town(here, name, kind, state, nation, groups, box, area)
        async with self.database.transaction(System("tests")):
            shape = (json.dumps(area.geojson), *box, area.latitude, area.longitude) if area and box else (None,) * 7
            logo, contact = f"https://example.org/{slug}.svg", f"https://example.org/{slug}"
            facts = (here.tenant_id, slug, name, kind, state, nation, list(languages), standard, logo, contact)
            await execute(TENANT_SQL, *facts, *shape)
            await execute("INSERT INTO tenant_slug (slug, tenant_id) VALUES ($1, $2)", slug, here.tenant_id)
            for group in groups:
                of = self.world.towns[group].id
                await execute("INSERT INTO tenant_group (tenant_id, group_id) VALUES ($1, $2)", here.tenant_id, of)
        self.world.towns[slug] = town
        return town

    async def issuer(
        self, town: Town, slug: str, name: str, organisation: str | None = None, **facts: Any
    ) -> Made[IssuerWords]:
        async with self.database.transaction(City(town.id)):
            slug_of = organisation or f"{town.slug}-{slug}"
            owner = await ensure_organisation(OrganisationWords(slug_of, slug_of.title(), "charity"))
            assert isinstance(owner, UUID), owner
            words = IssuerWords(slug, name, facts.pop("kind", "charity"), owner, **facts)
            made = Made("Issuer", town, done(await write_issuer(town.here, words, None)).id, words)
        self.world.issuers.append(made)
        return made

    async def place(self, town: Town, slug: str, name: str, at: tuple[float, float], **facts: Any) -> Made[PlaceWords]:
        words = PlaceWords(slug, name, facts.pop("kind", "library"), *at, **facts)
        async with self.database.transaction(City(town.id)):
            made = Made("Place", town, done(await write_place(town.here, words, None, town.area)).id, words)
        self.world.places.append(made)
        return made

    async def badge(self, town: Town, words: BadgeWords) -> Made[BadgeWords]:
        """Write a badge, or further words of one that is there."""
        async with self.database.transaction(City(town.id)):
            at = await find_entry(badge_tables.Badge, town.here, slug=words.slug)
            id = done(await write_badge(town.here, words, at, self.world.now)).id
        made = next((each for each in self.world.badges if each.id == id), None)
        if made is None:
            made = Made("Badge", town, id, words, shown=False)
            self.world.badges.append(made)
        if words.state != "draft":
            made.words, made.state, made.shown = words, words.state, True
            made.versions.append(words)
        elif not made.shown:
            made.words, made.state = words, "draft"
        return made

    async def opportunity(self, town: Town, words: OpportunityWords) -> Made[OpportunityWords]:
        async with self.database.transaction(City(town.id)):
            written = await write_opportunity(town.here, words, None, town.area, self.world.now)
            id = done(written).id
            created = await fetchval("SELECT created_at FROM opportunity WHERE tenant_id = $1 AND id = $2", town.id, id)
        made = Made("Opportunity", town, id, words, created_at=created)
        self.world.opportunities.append(made)
        return made

    async def pathway(self, town: Town, words: PathwayWords) -> Made[PathwayWords]:
        async with self.database.transaction(National()):
            elsewhere = await edges_elsewhere(town.id)
        async with self.database.transaction(City(town.id)):
            id = done(await write_pathway(town.here, words, None, elsewhere)).id
        made = Made("Pathway", town, id, words, state=words.state, shown=words.state != "draft")
        self.world.pathways.append(made)
        return made

    async def borrowed(self, town: Town, kind: str, of: str, slug: str) -> Ref:
        """Borrow another town's badge or opportunity."""
        async with self.database.transaction(National()):
            loans = await find_loans(kind, [(of, slug)])
        async with self.database.transaction(City(town.id)):
            return await borrow(town.here, loans[of, slug])

    async def run(self, town: Town, sql: str, *args: Any) -> None:
        """Run SQL in a town: for what no store does (yet)."""
        async with self.database.transaction(City(town.id)):
            await execute(sql, *args)


def _area(south: float, west: float, north: float, east: float) -> Any:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = outline({"type": "Polygon", "coordinates": [ring]})
    assert isinstance(area, Area)
    return area

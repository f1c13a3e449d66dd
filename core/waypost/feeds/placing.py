"""Places of a feed: found again, or written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from asyncpg import Record

from waypost.db import fetch, new_id
from waypost.feeds.books import Books, Known, Seen
from waypost.feeds.rules import digest_of, own_slug
from waypost.feeds.settings import FeedSettings
from waypost.outbox.feeding import FeedPlace
from waypost.places.bulk import ArrivingPlace, write_places
from waypost.places.rules import ACCESSIBILITY, KINDS, normal_postcode, shown_postcode
from waypost.places.store import PlaceWords, place_problem
from waypost.refusal import Refusal
from waypost.tenancy.entries import Here
from waypost.tenancy.outline import Area

Point = tuple[float, float]
PLACE: Final = "place"

ROWS_SQL: Final = """
SELECT id, slug, latitude, longitude, managed_by, source_id FROM place
WHERE tenant_id = $1 AND id = ANY($2::uuid[])
"""
# Same name and postcode: the same place, whoever keeps it. The index is that of open places by name.
TWINS_SQL: Final = """
SELECT p.id, p.slug, p.name, p.postcode, p.latitude, p.longitude, p.managed_by, p.source_id
FROM place p JOIN unnest($2::text[]) AS meant (name) ON p.name = meant.name
WHERE p.tenant_id = $1 AND p.state = 'open' AND p.public ORDER BY p.id
"""


@dataclass(frozen=True)
class Placed:
    """Where something is: the place's row, and its point in degrees."""

    id: UUID
    point: Point


@dataclass(frozen=True)
class Row:
    """A place as it stands."""

    id: UUID
    slug: str
    point: Point
    managed_by: str
    source_id: str | None


@dataclass
class Placing:
    """Finds and writes the places of one page, in its City transaction.

    `points` are those of postcodes in normal form, for places that have none of their own.
    """

    here: Here
    books: Books
    settings: FeedSettings
    area: Area | None
    points: Mapping[str, Point]

    async def place_all(self, places: Iterable[FeedPlace]) -> dict[str, Placed | str]:
        """Where each place is, by source id; words where it cannot be used."""
        meant = {place.source_id: place for place in places}
        known = await self.books.known(PLACE, meant)
        rows = await self._rows(each.object_id for each in known.values())
        found: dict[str, Placed | str] = {}
        arriving: dict[str, PlaceWords] = {}
        for id, place in meant.items():
            words = self.words_of(place)
            if isinstance(words, str):
                found[id] = words
                continue
            there = known.get(id)
            row = rows.get(there.object_id) if there else None
            if there is not None and row is not None and there.digest == self.digest(words):
                found[id] = Placed(row.id, row.point)
            elif (wrong := self._problem(words)) is not None:
                found[id] = wrong
            else:
                arriving[id] = words
        found |= await self._write(arriving, known, rows)
        self.books.see(PLACE, [each for each in meant if each not in arriving])
        return found

    def words_of(self, place: FeedPlace) -> PlaceWords | str:
        """All that is said of a place, but for its slug; or why it cannot be used."""
        code = normal_postcode(place.postcode) if place.postcode else None
        postcode = None if code is None or isinstance(code, Refusal) else code
        point: Point | None = None
        if place.latitude is not None and place.longitude is not None:
            point = (place.latitude, place.longitude)
        elif postcode is not None:
            point = self.points.get(postcode)
        if point is None:
            return "it has no point, and no postcode that is known here"
        return PlaceWords(
            slug="",
            name=" ".join(place.name.split()),
            kind=place.kind if place.kind in KINDS else "other",
            latitude=point[0],
            longitude=point[1],
            address=place.address,
            postcode=shown_postcode(postcode) if postcode else None,
            accessibility=tuple(sorted(set(place.accessibility) & set(ACCESSIBILITY))),
            source_id=place.source_id,
        )

    def _problem(self, words: PlaceWords) -> str | None:
        try:
            wrong = place_problem(self.here, words)
        except (TypeError, ValueError, AttributeError) as error:
            return f"it is no place: {error}"
        return None if wrong is None else wrong.message

    def digest(self, words: PlaceWords) -> str:
        """What changes when the place does."""
        return digest_of(words, self.settings.licence, self.settings.attribution)

    async def _write(
        self, arriving: Mapping[str, PlaceWords], known: Mapping[str, Known], rows: Mapping[UUID, Row]
    ) -> dict[str, Placed]:
        twins = await self._twins(arriving.values())
        found: dict[str, Placed] = {}
        written: list[ArrivingPlace] = []
        for id, words in arriving.items():
            row = rows.get(known[id].object_id) if id in known else None
            mine = row is not None and row.source_id == id and row.managed_by == self.here.managed_by
            taken_over = row is not None and row.source_id == id and not mine
            if not mine and not taken_over:
                row = twins.get((words.name.casefold(), words.postcode)) if words.postcode else None
            if row is not None and not mine:
                found[id] = Placed(row.id, row.point)  # somebody else keeps it, and it stays as it is
            else:
                slug = own_slug(words.name, self.here.managed_by, id) if row is None else row.slug
                whole = replace(words, slug=slug)
                fresh = ArrivingPlace(row.id if row else new_id(), whole, row.point if row else None, self._said())
                written.append(fresh)
                found[id] = Placed(fresh.id, (words.latitude, words.longitude))
                if words.postcode and row is None:
                    key = (words.name.casefold(), words.postcode)
                    twins[key] = Row(fresh.id, slug, found[id].point, self.here.managed_by, id)
            self.books.note(PLACE, id, Seen(found[id].id, self.digest(words)))
        await write_places(self.here, written, self.area)
        return found

    def _said(self) -> dict[str, str | None]:
        said = self.settings
        return {
            "source": said.attribution or said.name,
            "licence": said.licence,
            "attribution": said.attribution,
        }

    async def _rows(self, ids: Iterable[UUID]) -> dict[UUID, Row]:
        found = await fetch(ROWS_SQL, self.here.tenant_id, list(ids))
        return {row["id"]: _row(row) for row in found}

    async def _twins(self, words: Iterable[PlaceWords]) -> dict[tuple[str, str | None], Row]:
        names = {each.name for each in words if each.postcode}
        found = await fetch(TWINS_SQL, self.here.tenant_id, list(names)) if names else []
        return {(row["name"].casefold(), row["postcode"]): _row(row) for row in reversed(found)}


def _row(row: Record) -> Row:
    point = (row["latitude"], row["longitude"])
    return Row(row["id"], row["slug"], point, row["managed_by"], row["source_id"])

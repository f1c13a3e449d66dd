"""Writes a page of a feed, in one City transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from waypost.db import execute, fetch, new_id
from waypost.feeds.books import Books, Known, Seen
from waypost.feeds.placing import Placed, Placing, Point
from waypost.feeds.rules import (
    Batch,
    Ready,
    digest_of,
    is_older,
    own_slug,
    provider_slug,
    twin_key,
    words_of,
)
from waypost.feeds.settings import FeedSettings
from waypost.opportunities.bulk import Arriving, close_opportunities, write_opportunities
from waypost.opportunities.words import OpportunityWords, opportunity_problem
from waypost.outbox.feeding import BadItem
from waypost.outbox.jobs import Problem
from waypost.tenancy.entries import Here
from waypost.tenancy.outline import Area
from waypost.tenancy.telling import Told, tell_all

OPPORTUNITY: Final = "opportunity"
PLACE: Final = "place"
AHEAD: Final = timedelta(days=1)  # zones are forgotten, and clocks differ

ISSUERS_SQL: Final = """
SELECT slug, id, name FROM issuer WHERE tenant_id = $1 AND slug = ANY($2::text[]) AND state = 'open'
"""
ROWS_SQL: Final = """
SELECT id, slug, managed_by, source_id FROM opportunity WHERE tenant_id = $1 AND id = ANY($2::uuid[])
"""
# Each by the index, for the reason of `KNOWN_SQL`: `OFFSET 0` keeps the planner from joining the tables as a whole.
TWINS_SQL: Final = """
SELECT twin.* FROM (SELECT DISTINCT * FROM unnest($2::uuid[], $3::text[])) AS meant (provider_id, title)
CROSS JOIN LATERAL (
    SELECT o.id, o.slug, o.provider_id, o.title, o.place_id, o.starts_at, o.managed_by, o.source_id
    FROM opportunity o
    WHERE o.tenant_id = $1 AND o.provider_id = meant.provider_id AND o.title = meant.title AND o.state = 'open'
    OFFSET 0) AS twin
ORDER BY twin.id DESC
"""
INHERIT_SQL: Final = """
UPDATE {table} o SET source_id = heir.source_id
FROM unnest($2::uuid[], $3::text[]) AS heir (id, source_id)
WHERE o.tenant_id = $1 AND o.id = heir.id AND o.managed_by = $4
"""
CLOSE_PLACES_SQL: Final = """
UPDATE place p SET state = 'closed', updated_at = now()
WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND managed_by = $3 AND state <> 'closed'
  AND NOT EXISTS (SELECT FROM opportunity o WHERE o.tenant_id = p.tenant_id AND o.place_id = p.id AND o.state = 'open')
RETURNING id
"""


@dataclass(frozen=True)
class Row:
    """An opportunity as it stands: who keeps it, and which item writes it."""

    id: UUID
    slug: str
    managed_by: str
    source_id: str | None


@dataclass(frozen=True)
class Meant:
    """An item with what it says here."""

    ready: Ready
    words: OpportunityWords
    digest: str
    provider_name: str
    point: Point | None


@dataclass
class PageWriter:
    """Writes one page of a feed. `here.managed_by` is the feed's; `points` are those of postcodes."""

    here: Here
    settings: FeedSettings
    area: Area | None
    now: datetime
    books: Books
    points: Mapping[str, Point] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _told: list[Told] = field(default_factory=list)

    async def write(self, batch: Batch) -> list[Problem]:
        """Write what a page says and was not written before; answers what could not be used."""
        known = await self.books.known(OPPORTUNITY, batch.items)
        ready = [each for id, each in batch.items.items() if not self._went_back(each, known.get(id))]
        gone = [each for each in ready if each.item.deleted]
        if await self._close(gone, known):
            known = await self.books.known(OPPORTUNITY, batch.items)
        meant = await self._mean(each for each in ready if not each.item.deleted)
        changed = [each for each in meant if self._digest(known, each) != each.digest]
        await self._write(changed, known)
        self.books.see(OPPORTUNITY, [*batch.items])
        await self._tell()
        await self.books.close()
        await self.books.keep(OPPORTUNITY, batch.kept)
        return self.problems

    @staticmethod
    def _digest(known: Mapping[str, Known], meant: Meant) -> str | None:
        there = known.get(meant.ready.item.source_id)
        return None if there is None else there.digest

    def _went_back(self, ready: Ready, known: Known | None) -> bool:
        if known is None or not is_older(ready.item.modified, known.modified):
            return False
        if known.modified is not None and known.modified > self.now + AHEAD:
            return False  # it would keep every true wording out until then
        words = f"it is of {ready.item.modified}, and a newer one is here already"
        self.problems.append(ready.problem("ITEM_WENT_BACK", words, "modified"))
        return True

    async def _mean(self, ready: Iterable[Ready]) -> list[Meant]:
        """What items say here; what cannot be used becomes a problem."""
        items = list(ready)
        placing = Placing(self.here, self.books, self.settings, self.area, self.points)
        places = await placing.place_all(each.item.place for each in items if each.item.place is not None)
        slugs = {id(each): provider_slug(each.item, self.settings) for each in items}
        issuers = {row["slug"]: row for row in await self._issuers(filter(None, slugs.values()))}
        found: list[Meant] = []
        for each in items:
            try:
                issuer = issuers.get(slugs[id(each)] or "")
                found.append(self._meant(each, issuer, places))
            except BadItem as fault:
                self.problems.append(each.problem(fault.code, fault.words, fault.where))
        return found

    def _meant(self, ready: Ready, issuer: Any, places: Mapping[str, Placed | str]) -> Meant:
        item = ready.item
        if issuer is None:
            who = item.provider.name if item.provider else "nobody"
            words = f"{who} offers it, and the settings name no open issuer of the city for that"
            raise BadItem(words, "organization", "NO_PROVIDER")
        placed = places[item.place.source_id] if item.place else None
        if isinstance(placed, str) and not item.online:
            raise BadItem(placed, "place", "NO_PLACE")
        if isinstance(placed, str):
            self.problems.append(ready.problem("NO_PLACE", placed, "place"))
        point = (item.latitude, item.longitude)
        if placed is None and None in point and not item.online:
            raise BadItem("it is neither online nor anywhere", "place", "NO_PLACE")
        at = placed if isinstance(placed, Placed) else None
        zone = ZoneInfo(self.here.timezone)
        said = words_of(item, self.settings, zone, issuer["id"], at.id if at else None)
        digest = digest_of(said, item.attribution or self.settings.attribution)
        own = None if said.latitude is None or said.longitude is None else (said.latitude, said.longitude)
        return Meant(ready, said, digest, issuer["name"], at.point if at else own)

    async def _issuers(self, slugs: Iterable[str]) -> list[Any]:
        meant = sorted(set(slugs))
        return await fetch(ISSUERS_SQL, self.here.tenant_id, meant) if meant else []

    async def _write(self, changed: list[Meant], known: Mapping[str, Known]) -> None:
        """Write items that changed: each to its own row, or merged with the same thing, which is there already."""
        good = [each for each in changed if self._is_good(each)]
        rows = await self._rows(known[id].object_id for each in good if (id := each.ready.item.source_id) in known)
        mine = self.here.managed_by
        new: list[Meant] = []
        arriving: list[Arriving] = []
        for each in good:
            id = each.ready.item.source_id
            row = rows.get(known[id].object_id) if id in known else None
            if row is None or row.source_id != id:
                new.append(each)
            elif row.managed_by == mine:
                arriving.append(self._arriving(each, row))
            self._note(each, row.id if row else None)
        twins = await self._twins(new)
        for each in new:
            key = twin_key(each.words.provider_id, each.words.title, each.words.place_id, each.words.starts_at)
            twin = twins.get(key)
            if twin is None or (twin.managed_by == mine and twin.source_id == each.ready.item.source_id):
                fresh = self._arriving(each, twin)
                arriving.append(fresh)
                twin = twins[key] = Row(fresh.id, fresh.words.slug, mine, each.ready.item.source_id)
            self._note(each, twin.id)
        await write_opportunities(self.here, arriving, self.area, self.now)
        for one in arriving:
            self._tells("created" if one.created else "updated", one.id, one.words.provider_id)

    def _is_good(self, each: Meant) -> bool:
        wrong = opportunity_problem(self.here, each.words)
        if wrong is None:
            return True
        self.problems.append(each.ready.problem(wrong.code, wrong.message, ".".join(wrong.path)))
        return False

    def _arriving(self, each: Meant, row: Row | None) -> Arriving:
        id = each.ready.item.source_id
        slug = own_slug(each.words.title, self.here.managed_by, id) if row is None else row.slug
        said = each.ready.item.attribution or self.settings.attribution
        return Arriving(
            id=new_id() if row is None else row.id,
            words=replace(each.words, slug=slug),
            created=row is None,
            provider_name=each.provider_name,
            point=each.point,
            attribution=said,
        )

    def _note(self, each: Meant, object_id: UUID | None) -> None:
        if object_id is not None:
            seen = Seen(object_id, each.digest, each.ready.item.modified)
            self.books.note(OPPORTUNITY, each.ready.item.source_id, seen)

    async def _rows(self, ids: Iterable[UUID]) -> dict[UUID, Row]:
        found = await fetch(ROWS_SQL, self.here.tenant_id, list(ids))
        return {row["id"]: Row(row["id"], row["slug"], row["managed_by"], row["source_id"]) for row in found}

    async def _twins(self, new: Iterable[Meant]) -> dict[tuple[object, ...], Row]:
        meant = [(each.words.provider_id, each.words.title) for each in new]
        if not meant:
            return {}
        found = await fetch(
            TWINS_SQL, self.here.tenant_id, [provider for provider, _ in meant], [title for _, title in meant]
        )
        return {
            twin_key(row["provider_id"], row["title"], row["place_id"], row["starts_at"]): Row(
                row["id"], row["slug"], row["managed_by"], row["source_id"]
            )
            for row in found
        }

    async def _close(self, gone: Iterable[Ready], known: Mapping[str, Known]) -> bool:
        """Close what the feed says is over; what somebody else keeps or another item stands for stays.

        Answers whether another item has a row from now on.
        """
        over = {id: each for each in gone if (id := each.item.source_id) in known}
        rows = await self._rows({known[id].object_id for id in over}) if over else {}
        closing = {row.id for row in rows.values() if row.source_id in over}
        heirs = await self.books.heirs(OPPORTUNITY, closing, over)
        await self._inherit(OPPORTUNITY, heirs)
        for closed, provider in (await close_opportunities(self.here, closing - heirs.keys())).items():
            self._tells("closed", closed, provider)
        for id, each in over.items():
            self.books.note(OPPORTUNITY, id, Seen(known[id].object_id, "", each.item.modified))
        return bool(heirs)

    async def _inherit(self, kind: str, heirs: Mapping[UUID, str]) -> None:
        """Let other items have rows from now on: they write them when they come next."""
        if heirs:
            sql = INHERIT_SQL.format(table=kind)
            await execute(sql, self.here.tenant_id, list(heirs), list(heirs.values()), self.here.managed_by)
            await self.books.anew(kind, heirs.values())

    async def vanish(self) -> int:
        """Close what a whole round did not name; answers how many opportunities those were."""
        closed = await close_opportunities(self.here, await self._ownerless(OPPORTUNITY))
        for id, provider in closed.items():
            self._tells("closed", id, provider)
        places = await self._ownerless(PLACE)
        for row in await fetch(CLOSE_PLACES_SQL, self.here.tenant_id, places, self.here.managed_by):
            self._told.append(Told("place.closed", "Place", row["id"]))
        for kind in (OPPORTUNITY, PLACE):
            await self.books.forget(kind)
        await self._tell()
        return len(closed)

    async def _ownerless(self, kind: str) -> list[UUID]:
        """Rows whose items this round did not name, when those that another item stands for are handed on."""
        gone = await self.books.gone(kind)
        await self._inherit(kind, {id: heir for id, heir in gone.items() if heir is not None})
        return [id for id, heir in gone.items() if heir is None]

    def _tells(self, what: str, id: UUID, provider: UUID) -> None:
        data = orjson.dumps({"provider": str(provider)}).decode()
        self._told.append(Told(f"opportunity.{what}", "Opportunity", id, data))

    async def _tell(self) -> None:
        await tell_all(self.here.tenant_id, self._told, self.now)
        self._told.clear()

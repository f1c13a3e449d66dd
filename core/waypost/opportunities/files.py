"""Opportunities in catalogue files."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Record
from pydantic import AfterValidator, Field

from waypost.db import fetch
from waypost.opportunities import tables
from waypost.opportunities.placements import OF_FILES_SQL, as_said, place_in_own, placement_problems
from waypost.opportunities.rules import KINDS, Timing, timing_problem
from waypost.opportunities.store import close_opportunity, follow_badges, follow_provider, write_opportunity
from waypost.opportunities.words import OLDEST, OpportunityText, OpportunityWords
from waypost.places.files import Accessibility
from waypost.refusal import Refusal
from waypost.schemes.entries import FactCode, Given
from waypost.tenancy.catalogue import CatalogueEntry, CatalogueKind, Reference, Stored, Writing
from waypost.tenancy.country import Country, Folder
from waypost.tenancy.entries import Entry, Written
from waypost.tenancy.fields import (
    EachOnce,
    Language,
    Latitude,
    Longitude,
    Moment,
    Name,
    Slug,
    Table,
    Url,
    Words,
    one_of,
)
from waypost.tenancy.fields import Reference as Meant
from waypost.tenancy.models import TenantFile
from waypost.tenancy.parts import (
    Priced,
    cost_of,
    cost_problems,
    is_outside,
    outside_notice,
    point_problems,
    text_sql,
    translation_problems,
    translations,
    twice_problems,
)
from waypost.tenancy.sections import Problem

READ_SQL: Final = f"""
SELECT o.id, o.slug, o.title, o.kind, o.latitude, o.longitude, o.outside_area, o.online, o.starts_at, o.ends_at,
       o.recurrence, o.timezone, o.apply_by, o.capacity, o.free, o.price, o.currency, o.cost_note, o.age_min,
       o.age_max, o.url, o.contact_url, o.state, o.source_id,
       (SELECT i.slug FROM issuer i WHERE i.tenant_id = o.tenant_id AND i.id = o.provider_id) AS provider,
       (SELECT p.slug FROM place p WHERE p.tenant_id = o.tenant_id AND p.id = o.place_id) AS place,
       (SELECT x.summary FROM opportunity_text x
        WHERE x.tenant_id = o.tenant_id AND x.opportunity_id = o.id AND x.original) AS summary,
       {text_sql("opportunity_text", "opportunity_id", "o", "title", "summary")},
       {OF_FILES_SQL},
       ARRAY(SELECT a.code FROM opportunity_accessibility a
             WHERE a.tenant_id = o.tenant_id AND a.opportunity_id = o.id ORDER BY a.code) AS accessibility,
       ARRAY(SELECT coalesce(b.slug, l.badge_id::text) FROM opportunity_badge l
             LEFT JOIN badge b ON b.tenant_id = l.tenant_id AND b.id = l.own_badge_id
             WHERE l.tenant_id = o.tenant_id AND l.opportunity_id = o.id ORDER BY l.position) AS badges
FROM opportunity o
WHERE o.tenant_id = $1 AND o.managed_by = ANY($2)
ORDER BY o.id
"""
FOREIGN_SQL: Final = "SELECT object_id AS id FROM borrowed WHERE tenant_id = $1 AND object_type = 'opportunity'"
NAMES_SQL: Final = """
SELECT o.id, t.slug || '/' || o.slug AS name FROM opportunity o JOIN tenant t ON t.id = o.tenant_id
WHERE o.public AND o.id = ANY($1)
"""
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")

MOMENTS: Final = ("starts_at", "ends_at", "apply_by")

Age = Annotated[int, Field(ge=0, le=OLDEST)]


class OpportunityTextEntry(Table):
    """An opportunity's words in another language."""

    title: Name
    summary: Words


class OpportunityEntry(Priced, CatalogueEntry):
    """`[[opportunities]]`: something to do. Times without offset are on the tenant's clocks."""

    title: Name
    summary: Words
    kind: Annotated[str, AfterValidator(one_of("kind of opportunity", KINDS))]
    provider: Slug
    place: Slug | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    online: bool = False
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    recurrence: Name | None = None
    apply_by: Moment | None = None
    capacity: Annotated[int, Field(ge=1, lt=1_000_000)] | None = None
    age_min: Age | None = None
    age_max: Age | None = None
    accessibility: EachOnce[Accessibility] = ()
    url: Url | None = None
    contact_url: Url | None = None
    badges: EachOnce[Meant] = ()
    schemes: Mapping[Slug, Mapping[FactCode, Given]] = {}
    text: Mapping[Language, OpportunityTextEntry] = {}


class Opportunities(CatalogueKind[OpportunityEntry]):
    """The opportunities of a tenant."""

    name = "opportunities"
    word = "opportunity"
    table = tables.Opportunity
    model = OpportunityEntry

    def references(self, entry: OpportunityEntry) -> Iterable[Reference]:
        """Who offers it, where, and the badges that it leads to."""
        yield Reference(("provider",), "issuers", entry.provider)
        if entry.place is not None:
            yield Reference(("place",), "places", entry.place)
        for index, badge in enumerate(entry.badges):
            yield Reference(("badges", index), "badges", badge)
        for slug in entry.schemes:
            yield Reference(("schemes", slug), "schemes", slug)

    def check(self, entry: OpportunityEntry, folder: Folder, country: Country) -> Iterable[Problem]:
        """Where, when, for whom, for how much; points outside the outline, as notices."""
        del country
        yield from translation_problems(entry.text, folder)
        yield from cost_problems(entry)
        yield from point_problems(entry.latitude, entry.longitude)
        yield from _where_problems(entry)
        yield from outside_notice(entry.latitude, entry.longitude, folder)
        yield from twice_problems(entry.badges, ("badges",), folder)
        yield from placement_problems(entry.schemes, folder)
        if entry.age_min is not None and entry.age_max is not None and entry.age_min > entry.age_max:
            yield Problem(("age_max",), f"{entry.age_max} is less than age_min, {entry.age_min}")
        if folder.tenant is not None:
            yield from _when_problems(entry, folder.tenant.timezone)

    def facts(self, entry: OpportunityEntry, folder: Folder) -> dict[str, object]:
        """The keys of the entry: moments in UTC, accessibility in no order, own badges without the tenant."""
        zone = folder.settings.timezone
        moments = {key: utc(getattr(entry, key), zone) for key in MOMENTS}
        badges = [badge.removeprefix(f"{folder.slug}/") for badge in entry.badges]
        sides = {"accessibility": frozenset(entry.accessibility), "badges": badges, "schemes": as_said(entry.schemes)}
        return super().facts(entry, folder) | moments | sides

    def derived(self, entry: OpportunityEntry, folder: Folder, country: Country) -> dict[str, object]:
        """Its point, which may be the place's; whether it is flagged; the clocks and the language."""
        del country
        point = _point(entry, folder)
        return {
            "place": point,
            "area": is_outside(*point, folder),
            "timezone": folder.settings.timezone,
            "language": folder.settings.language,
        }

    def lent(self, entry: OpportunityEntry, folder: Folder) -> dict[str, object]:
        """What borrowers keep of it."""
        del folder
        return {"name": entry.title, "layer": None, "image_url": None, "state": "open"}

    def said(self, entry: OpportunityEntry, tenant: TenantFile) -> dict[str, Any]:
        """The entry as a file would say it: moments on the tenant's clocks."""
        moments = {key: getattr(entry, key) for key in MOMENTS}
        local = {key: on_clocks(moment, tenant.timezone) for key, moment in moments.items() if moment}
        return super().said(entry, tenant) | local

    async def foreign(self, tenant_id: UUID) -> Collection[UUID]:
        """The opportunities that the tenant borrowed."""
        return [row["id"] for row in await fetch(FOREIGN_SQL, tenant_id)]

    async def names(self, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Names of published opportunities."""
        return {row["id"]: row["name"] for row in await fetch(NAMES_SQL, list(ids))}

    async def read(
        self, tenant_id: UUID, managed_by: Collection[str], names: Mapping[UUID, str]
    ) -> Mapping[str, Stored[OpportunityEntry]]:
        """The tenant's opportunities of these keepers, in the order in which they were made."""
        rows = await fetch(READ_SQL, tenant_id, list(managed_by))
        return {row["slug"]: _stored(row, names) for row in rows}

    async def write(self, entry: OpportunityEntry, source: str, at: Writing, row: Entry | None) -> Written | Refusal:
        """Write the opportunity; provider and place are there already."""
        zone = at.here.timezone
        words = OpportunityWords(
            slug=entry.slug,
            title=entry.title,
            summary=entry.summary,
            kind=entry.kind,
            provider_id=at.must("issuers", entry.provider),
            place_id=None if entry.place is None else at.must("places", entry.place),
            latitude=entry.latitude,
            longitude=entry.longitude,
            online=entry.online,
            starts_at=utc(entry.starts_at, zone),
            ends_at=utc(entry.ends_at, zone),
            recurrence=entry.recurrence,
            apply_by=utc(entry.apply_by, zone),
            capacity=entry.capacity,
            cost=cost_of(entry),
            age_min=entry.age_min,
            age_max=entry.age_max,
            url=entry.url,
            contact_url=entry.contact_url,
            accessibility=entry.accessibility,
            badges=at.all_meant("badges", entry.badges),
            text={language: OpportunityText(one.title, one.summary) for language, one in entry.text.items()},
            source_id=source,
        )
        done = await write_opportunity(at.here, words, row, at.folder.area, at.now)
        if isinstance(done, Refusal):
            return done
        placed = await place_in_own(at.here.tenant_id, done.id, entry.schemes)
        return replace(done, changed=done.changed or placed > 0)

    async def close(self, id: UUID, at: Writing) -> bool:
        """Close the opportunity."""
        return await close_opportunity(at.here, id)

    async def follow(self, changed: Mapping[str, Collection[UUID]], at: Writing) -> None:
        """Layers, skills and search words follow badges and providers."""
        if badges := changed.get("badges"):
            await follow_badges(at.here, badges)
        for provider in changed.get("issuers", ()):
            await follow_provider(at.here, provider)


def utc(moment: datetime | None, timezone: str) -> datetime | None:
    """A moment in UTC; one without offset stands on the clocks of the time zone."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)


def on_clocks(moment: datetime, timezone: str) -> datetime:
    """A moment without offset, as the clocks show it; with its offset in the hour that comes twice."""
    local = moment.astimezone(ZoneInfo(timezone))
    bare = local.replace(tzinfo=None, fold=0)
    return bare if utc(bare, timezone) == moment else local


def _point(entry: OpportunityEntry, folder: Folder) -> tuple[float | None, float | None]:
    placed = folder.entries.get("places", {}).get(entry.place or "")
    if entry.place is None or placed is None or placed.entry is None:
        return entry.latitude, entry.longitude
    return placed.entry.latitude, placed.entry.longitude


def _where_problems(entry: OpportunityEntry) -> Iterator[Problem]:
    has_point = entry.latitude is not None or entry.longitude is not None
    if entry.place is not None and has_point:
        key = "latitude" if entry.latitude is not None else "longitude"
        yield Problem((key,), f'the place "{entry.place}" says where it is: leave this out')
    if entry.place is None and not has_point and not entry.online:
        yield Problem(("place",), "is missing: say where it is by place, by latitude and longitude, or online")


def _when_problems(entry: OpportunityEntry, timezone: str) -> Iterator[Problem]:
    """What is wrong with its times; the end and the recurrence are looked at one without the other, too."""
    start, end = utc(entry.starts_at, timezone), utc(entry.ends_at, timezone)
    timings = (
        Timing(start, end, None, timezone),
        Timing(start, None, entry.recurrence, timezone),
        Timing(start, end, entry.recurrence, timezone),
    )
    found = {wrong.message: wrong for timing in timings if (wrong := timing_problem(timing)) is not None}
    for wrong in found.values():
        yield Problem(tuple(_HUMP.sub("_", step).lower() for step in wrong.path), wrong.message)
    close = utc(entry.apply_by, timezone)
    if close is not None and end is not None and entry.recurrence is None and close > end:
        yield Problem(("apply_by",), "it is over before applications close")


def _stored(row: Record, names: Mapping[UUID, str]) -> Stored[OpportunityEntry]:
    point = (row["latitude"], row["longitude"])
    own_point = (None, None) if row["place"] else point
    same = ("slug", "title", "kind", "provider", "place", "online", "starts_at", "ends_at", "recurrence")
    also = ("apply_by", "capacity", "free", "price", "currency", "cost_note", "age_min", "age_max")
    entry = OpportunityEntry.model_construct(
        **{key: row[key] for key in (*same, *also, "url", "contact_url")},
        summary=row["summary"] or "",
        latitude=own_point[0],
        longitude=own_point[1],
        accessibility=tuple(row["accessibility"]),
        badges=tuple(_named(badge, names) for badge in row["badges"]),
        schemes=json.loads(row["schemes"] or "{}"),
        text=translations(row["text"], OpportunityTextEntry),
    )
    derived = {
        "place": point,
        "area": row["outside_area"],
        "timezone": row["timezone"],
        "language": row["language"],
    }
    return Stored(row["id"], entry, row["state"] == "closed", row["source_id"], derived)


def _named(badge: str, names: Mapping[UUID, str]) -> str:
    """A slug as it is; the id of a borrowed badge as its name."""
    try:
        return names.get(UUID(badge), badge)
    except ValueError:
        return badge


OPPORTUNITIES: Final = Opportunities()

"""Places in catalogue files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Final
from uuid import UUID

from asyncpg import Record
from pydantic import AfterValidator

from waypost.db import fetch
from waypost.places import tables
from waypost.places.rules import ACCESSIBILITY, KINDS, normal_postcode, shown_postcode
from waypost.places.store import PlaceWords, close_place, write_place
from waypost.refusal import Refusal
from waypost.tenancy.catalogue import CatalogueEntry, CatalogueKind, Stored, Writing
from waypost.tenancy.country import Country, Folder
from waypost.tenancy.entries import Entry, Written
from waypost.tenancy.fields import EachOnce, Language, Latitude, Longitude, Name, Table, one_of
from waypost.tenancy.parts import is_outside, outside_notice, text_sql, translation_problems, translations
from waypost.tenancy.sections import Problem

READ_SQL: Final = f"""
SELECT p.id, p.slug, p.name, p.kind, p.address, p.postcode, p.latitude, p.longitude, p.inside_area, p.state,
       p.source_id, {text_sql("place_text", "place_id", "p", "name")},
       ARRAY(SELECT a.code FROM place_accessibility a
             WHERE a.tenant_id = p.tenant_id AND a.place_id = p.id ORDER BY a.code) AS accessibility
FROM place p
WHERE p.tenant_id = $1 AND p.managed_by = ANY($2)
ORDER BY p.id
"""


def _postcode(value: str) -> str:
    code = normal_postcode(value)
    if isinstance(code, Refusal):
        words = f'"{value}" is no postcode of the United Kingdom; write it like "BN1 1GE"'
        raise ValueError(words)  # noqa: TRY004 - the text is wrong, not its type
    return shown_postcode(code)


Accessibility = Annotated[str, AfterValidator(one_of("accessibility code", ACCESSIBILITY))]


class PlaceText(Table):
    """A place's words in another language."""

    name: Name


class PlaceEntry(CatalogueEntry):
    """`[[places]]`: somewhere that things happen."""

    name: Name
    kind: Annotated[str, AfterValidator(one_of("kind of place", KINDS))]
    address: Name | None = None
    postcode: Annotated[str, AfterValidator(_postcode)] | None = None
    latitude: Latitude
    longitude: Longitude
    accessibility: EachOnce[Accessibility] = ()
    text: Mapping[Language, PlaceText] = {}


class Places(CatalogueKind[PlaceEntry]):
    """The places of a tenant."""

    name = "places"
    word = "place"
    table = tables.Place
    model = PlaceEntry

    def check(self, entry: PlaceEntry, folder: Folder, country: Country) -> Iterable[Problem]:
        """Translations into languages that are not there; points outside the outline, as notices."""
        del country
        yield from translation_problems(entry.text, folder)
        yield from outside_notice(entry.latitude, entry.longitude, folder)

    def facts(self, entry: PlaceEntry, folder: Folder) -> dict[str, object]:
        """The keys of the entry; accessibility in no order."""
        return super().facts(entry, folder) | {"accessibility": frozenset(entry.accessibility)}

    def derived(self, entry: PlaceEntry, folder: Folder, country: Country) -> dict[str, object]:
        """Whether it is flagged as outside, and the language of its name."""
        del country
        outside = is_outside(entry.latitude, entry.longitude, folder)
        return {"area": outside, "language": folder.settings.language}

    async def read(
        self, tenant_id: UUID, managed_by: Collection[str], names: Mapping[UUID, str]
    ) -> Mapping[str, Stored[PlaceEntry]]:
        """The tenant's places of these keepers, in the order in which they were made."""
        del names
        rows = await fetch(READ_SQL, tenant_id, list(managed_by))
        return {row["slug"]: _stored(row) for row in rows}

    async def write(self, entry: PlaceEntry, source: str, at: Writing, row: Entry | None) -> Written | Refusal:
        """Write the place."""
        words = PlaceWords(
            slug=entry.slug,
            name=entry.name,
            kind=entry.kind,
            latitude=entry.latitude,
            longitude=entry.longitude,
            address=entry.address,
            postcode=entry.postcode,
            accessibility=entry.accessibility,
            text={language: text.name for language, text in entry.text.items()},
            source_id=source,
        )
        return await write_place(at.here, words, row, at.folder.area)

    async def close(self, id: UUID, at: Writing) -> bool:
        """Close the place."""
        return await close_place(at.here, id)


def _stored(row: Record) -> Stored[PlaceEntry]:
    entry = PlaceEntry.model_construct(
        slug=row["slug"],
        name=row["name"],
        kind=row["kind"],
        address=row["address"],
        postcode=row["postcode"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        accessibility=tuple(row["accessibility"]),
        text=translations(row["text"], PlaceText),
    )
    derived = {"area": not row["inside_area"], "language": row["language"]}
    return Stored(row["id"], entry, row["state"] == "closed", row["source_id"], derived)


PLACES: Final = Places()

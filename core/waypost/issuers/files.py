"""Issuers in catalogue files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Annotated, Final
from uuid import UUID

from asyncpg import Record
from pydantic import AfterValidator

from waypost.db import fetch
from waypost.issuers import tables
from waypost.issuers.rules import ROLES
from waypost.issuers.store import IssuerText, IssuerWords, close_issuer, find_organisation, write_issuer
from waypost.refusal import Refusal
from waypost.tenancy.catalogue import CatalogueEntry, CatalogueKind, Reference, Stored, Writing
from waypost.tenancy.country import Country, Folder
from waypost.tenancy.entries import Entry, Written
from waypost.tenancy.faults import Fault
from waypost.tenancy.fields import (
    EachOnce,
    Language,
    Latitude,
    Longitude,
    Name,
    Slug,
    Table,
    Url,
    Words,
    one_of,
)
from waypost.tenancy.parts import outside_notice, point_problems, text_sql, translation_problems, translations
from waypost.tenancy.sections import Problem

READ_SQL: Final = f"""
SELECT i.id, i.slug, i.name, i.kind, i.url, i.logo_url, i.latitude, i.longitude, i.verified, i.state, i.source_id,
       (SELECT o.slug FROM organisation o WHERE o.id = i.organisation_id) AS organisation,
       (SELECT p.slug FROM issuer p WHERE p.tenant_id = i.tenant_id AND p.id = i.parent_id) AS parent,
       (SELECT x.description FROM issuer_text x
        WHERE x.tenant_id = i.tenant_id AND x.issuer_id = i.id AND x.original) AS description,
       {text_sql("issuer_text", "issuer_id", "i", "name", "description")},
       ARRAY(SELECT r.role FROM issuer_role r
             WHERE r.tenant_id = i.tenant_id AND r.issuer_id = i.id ORDER BY r.role) AS roles
FROM issuer i
WHERE i.tenant_id = $1 AND i.managed_by = ANY($2)
ORDER BY i.id
"""


class IssuerTextEntry(Table):
    """An issuer's words in another language."""

    name: Name
    description: Words | None = None


class IssuerEntry(CatalogueEntry):
    """`[[issuers]]`: an organisation's presence in this tenant."""

    organisation: Slug
    name: Name
    roles: EachOnce[Annotated[str, AfterValidator(one_of("role", ROLES))]] = ()
    description: Words | None = None
    url: Url | None = None
    logo_url: Url | None = None
    place: Slug | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    parent: Slug | None = None
    verified: bool = False
    text: Mapping[Language, IssuerTextEntry] = {}


class Issuers(CatalogueKind[IssuerEntry]):
    """The issuers of a tenant."""

    name = "issuers"
    word = "issuer"
    table = tables.Issuer
    model = IssuerEntry

    def references(self, entry: IssuerEntry) -> Iterable[Reference]:
        """Its organisation in any tenant, its place and its parent here."""
        yield Reference(("organisation",), "organisations", entry.organisation)
        if entry.place is not None:
            yield Reference(("place",), "places", entry.place)
        if entry.parent is not None:
            yield Reference(("parent",), "issuers", entry.parent)

    def check(self, entry: IssuerEntry, folder: Folder, country: Country) -> Iterable[Problem]:
        """Where it is, said once; translations; points outside the outline, as notices."""
        del country
        yield from translation_problems(entry.text, folder)
        yield from point_problems(entry.latitude, entry.longitude)
        if entry.place is None:
            yield from outside_notice(entry.latitude, entry.longitude, folder)
        elif entry.latitude is not None or entry.longitude is not None:
            key = "latitude" if entry.latitude is not None else "longitude"
            yield Problem((key,), f'the place "{entry.place}" says where it is: leave this out')

    def check_country(self, country: Country) -> Iterable[Fault]:
        """Issuers that stand above themselves."""
        for placed in country.all(self.name):
            if _is_own_ancestor(placed.slug, placed.tenant, country):
                yield placed.fault(Problem(("parent",), f'"{placed.slug}" stands above its own parent'))

    def facts(self, entry: IssuerEntry, folder: Folder) -> dict[str, object]:
        """The keys of the entry, the place as its point; roles in no order."""
        latitude, longitude = _point(entry, folder)
        facts = super().facts(entry, folder)
        del facts["place"]
        return facts | {"roles": frozenset(entry.roles), "latitude": latitude, "longitude": longitude}

    def derived(self, entry: IssuerEntry, folder: Folder, country: Country) -> dict[str, object]:
        """The kind, which is the organisation's, and the language of its words."""
        return {"kind": _kind(entry, country), "language": folder.settings.language}

    async def read(
        self, tenant_id: UUID, managed_by: Collection[str], names: Mapping[UUID, str]
    ) -> Mapping[str, Stored[IssuerEntry]]:
        """The tenant's issuers of these keepers, in the order in which they were made."""
        del names
        rows = await fetch(READ_SQL, tenant_id, list(managed_by))
        return {row["slug"]: _stored(row) for row in rows}

    async def write(self, entry: IssuerEntry, source: str, at: Writing, row: Entry | None) -> Written | Refusal:
        """Write the issuer; its organisation is there already."""
        latitude, longitude = _point(entry, at.folder)
        words = IssuerWords(
            slug=entry.slug,
            name=entry.name,
            kind=str(_kind(entry, at.country)),
            organisation_id=await _organisation(entry.organisation),
            roles=entry.roles,
            description=entry.description,
            url=entry.url,
            logo_url=entry.logo_url,
            latitude=latitude,
            longitude=longitude,
            parent_id=at.own("issuers", entry.parent),
            verified=entry.verified,
            text={language: IssuerText(one.name, one.description) for language, one in entry.text.items()},
            source_id=source,
        )
        return await write_issuer(at.here, words, row)

    async def close(self, id: UUID, at: Writing) -> bool:
        """Close the issuer."""
        return await close_issuer(at.here, id)


def _point(entry: IssuerEntry, folder: Folder) -> tuple[float | None, float | None]:
    """Where the issuer is: its own point, or that of its place."""
    placed = folder.entries.get("places", {}).get(entry.place or "")
    if entry.place is None or placed is None or placed.entry is None:
        return entry.latitude, entry.longitude
    return placed.entry.latitude, placed.entry.longitude


async def _organisation(slug: str) -> UUID:
    id = await find_organisation(slug)
    if id is None:
        raise LookupError(f"there is no organisation {slug}, though it was written first")
    return id


def _kind(entry: IssuerEntry, country: Country) -> str | None:
    organisations = (one for one in country.all("organisations") if one.slug == entry.organisation)
    return next((one.entry.kind for one in organisations if one.entry is not None), None)


def _parents(slug: str, tenant: str, country: Country) -> Iterator[str]:
    seen: set[str] = set()
    current: str | None = slug
    while current is not None and current not in seen:
        seen.add(current)
        placed = country.find("issuers", tenant, current)
        current = None if placed is None or placed.entry is None else placed.entry.parent
        if current is not None:
            yield current


def _is_own_ancestor(slug: str, tenant: str, country: Country) -> bool:
    # One that names itself is refused as a reference already.
    parents = list(_parents(slug, tenant, country))
    return slug in parents[1:]


def _stored(row: Record) -> Stored[IssuerEntry]:
    entry = IssuerEntry.model_construct(
        slug=row["slug"],
        organisation=row["organisation"],
        name=row["name"],
        roles=tuple(row["roles"]),
        description=row["description"],
        url=row["url"],
        logo_url=row["logo_url"],
        place=None,
        latitude=row["latitude"],
        longitude=row["longitude"],
        parent=row["parent"],
        verified=row["verified"],
        text=translations(row["text"], IssuerTextEntry),
    )
    derived = {"kind": row["kind"], "language": row["language"]}
    return Stored(row["id"], entry, row["state"] == "closed", row["source_id"], derived)


ISSUERS: Final = Issuers()

"""Organisations in catalogue files: one in the platform each, whichever tenant's files name it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Final
from uuid import UUID

from asyncpg import Record
from pydantic import AfterValidator

from waypost.db import execute, fetch
from waypost.issuers import tables
from waypost.issuers.organisations import COLUMNS, ensure_organisation
from waypost.issuers.rules import KINDS, NUMBERS, OrganisationWords, normal_number
from waypost.refusal import Refusal
from waypost.tenancy.catalogue import CatalogueEntry, Placed, SharedKind
from waypost.tenancy.country import Country
from waypost.tenancy.faults import Fault
from waypost.tenancy.fields import Name, Url, one_of
from waypost.tenancy.sections import Problem

READ_SQL: Final = f"""
SELECT id, {", ".join(COLUMNS)} FROM organisation
WHERE slug = ANY($1) OR charity_number = ANY($2) OR company_number = ANY($3) OR ukprn = ANY($4) OR urn = ANY($5)
"""
OF_TENANT_SQL: Final = f"""
SELECT {", ".join(COLUMNS)} FROM organisation
WHERE id IN (SELECT organisation_id FROM issuer WHERE tenant_id = $1 AND managed_by = ANY($2) AND state = 'open')
ORDER BY id
"""
UPDATE_SQL: Final = f"""
UPDATE organisation SET {", ".join(f"{name} = ${number}" for number, name in enumerate(COLUMNS[1:], start=2))}
WHERE slug = $1
"""


def _number(name: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        number = normal_number(name, value)
        if isinstance(number, Refusal):
            raise ValueError(number.message)  # noqa: TRY004 - the text is wrong, not its type
        return number

    return check


class OrganisationEntry(CatalogueEntry):
    """`[[organisations]]`: a school, charity, employer or council, with its official numbers."""

    name: Name
    kind: Annotated[str, AfterValidator(one_of("kind of organisation", KINDS))]
    charity_number: Annotated[str, AfterValidator(_number("charity_number"))] | None = None
    company_number: Annotated[str, AfterValidator(_number("company_number"))] | None = None
    ukprn: Annotated[str, AfterValidator(_number("ukprn"))] | None = None
    urn: Annotated[str, AfterValidator(_number("urn"))] | None = None
    url: Url | None = None


class Organisations(SharedKind[OrganisationEntry]):
    """The organisations of the platform, as far as files name them."""

    name = "organisations"
    word = "organisation"
    table = tables.Organisation
    model = OrganisationEntry

    def check_country(self, country: Country) -> Iterable[Fault]:
        """One slug that means two organisations, and two slugs that mean one."""
        by_slug: defaultdict[str, list[Placed[OrganisationEntry]]] = defaultdict(list)
        by_number: defaultdict[tuple[str, str], list[Placed[OrganisationEntry]]] = defaultdict(list)
        for placed in country.all(self.name):
            if placed.entry is not None:
                by_slug[placed.slug].append(placed)
                for name in NUMBERS:
                    if (number := getattr(placed.entry, name)) is not None:
                        by_number[name, number].append(placed)
        for entries in by_slug.values():
            for first, other in pairwise(entries):
                yield from _contradictions(first, other)
        for (name, _), entries in by_number.items():
            for first, other in pairwise(entries):
                if first.slug != other.slug:
                    words = f'is also that of "{first.slug}" at {first.place}: one organisation has one slug'
                    yield other.fault(Problem((name,), words))

    async def known(self, entries: Collection[OrganisationEntry]) -> Mapping[str, OrganisationEntry]:
        """The platform's organisations that share a slug or a number with one of these, by slug."""
        numbers = [[value for e in entries if (value := getattr(e, name))] for name in NUMBERS]
        rows = await fetch(READ_SQL, [entry.slug for entry in entries], *numbers)
        return {row["slug"]: _entry(row) for row in rows}

    async def of_tenant(self, tenant_id: UUID, managed_by: Collection[str]) -> tuple[OrganisationEntry, ...]:
        """The organisations behind the tenant's open issuers of these keepers."""
        return tuple(_entry(row) for row in await fetch(OF_TENANT_SQL, tenant_id, list(managed_by)))

    def conflict(self, entry: OrganisationEntry, known: Mapping[str, OrganisationEntry]) -> Problem | None:
        """An official number that the platform knows under another slug."""
        for other in known.values():
            for name in NUMBERS:
                number = getattr(entry, name)
                if number is not None and other.slug != entry.slug and getattr(other, name) == number:
                    words = f'the organisation with this number is called "{other.slug}" here: use that slug'
                    return Problem((name,), words)
        return None

    async def found(self, entry: OrganisationEntry) -> Refusal | None:
        """Make sure that the organisation exists, in a City transaction."""
        answer = await ensure_organisation(OrganisationWords(**entry.model_dump()))
        return answer if isinstance(answer, Refusal) else None

    async def change(self, entry: OrganisationEntry) -> None:
        """Bring an organisation to the entry, in a System transaction."""
        values = entry.model_dump()
        await execute(UPDATE_SQL, *(values[name] for name in COLUMNS))


def _entry(row: Record) -> OrganisationEntry:
    return OrganisationEntry.model_construct(None, **{name: row[name] for name in COLUMNS})


def _contradictions(first: Placed[OrganisationEntry], other: Placed[OrganisationEntry]) -> Iterator[Fault]:
    if first.entry is None or other.entry is None:
        return
    theirs = first.entry.model_dump()
    for name, value in other.entry.model_dump().items():
        if value is not None and theirs[name] is not None and value != theirs[name]:
            words = f'"{value}" contradicts "{theirs[name]}" at {first.place}: an organisation is one everywhere'
            yield other.fault(Problem((name,), words))


ORGANISATIONS: Final = Organisations()

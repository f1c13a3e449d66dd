"""Finds and founds organisations, which are one in the platform."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import UUID

from waypost.db import execute, fetch, fetchrow, fetchval, new_id
from waypost.issuers.rules import KINDS, NUMBERS, OrganisationWords, normal_number, same_organisation
from waypost.refusal import Invalid, Refusal
from waypost.tenancy.slugs import slug_problem
from waypost.tenancy.texts import said_problem, unknown_codes

COLUMNS: Final = ("slug", "name", "kind", *NUMBERS, "url")
ALIKE_SQL: Final = f"""
SELECT id, {", ".join(COLUMNS)} FROM organisation
WHERE slug = $1 OR charity_number = $2 OR company_number = $3 OR ukprn = $4 OR urn = $5
"""
FOUND_SQL: Final = f"""
INSERT INTO organisation (id, {", ".join(COLUMNS)}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING
"""


async def ensure_organisation(words: OrganisationWords) -> UUID | Refusal:
    """Find the organisation that is meant, by its official numbers or else its slug, or found it.

    What is known of one that exists is not changed: it is every tenant's.
    """
    checked = organisation_problem(words)
    if isinstance(checked, Refusal):
        return checked
    found = await _find(checked)
    if found is not None:
        return found
    values = [getattr(checked, name) for name in COLUMNS]
    await execute(FOUND_SQL, new_id(), *values)
    # Read again: another city may have founded it between the look and the insert.
    founded = await _find(checked)
    if founded is None:
        raise LookupError(f"the organisation {checked.slug} was founded and cannot be found")
    return founded


def organisation_problem(words: OrganisationWords) -> OrganisationWords | Invalid:
    """Check an organisation's words; answers them with official numbers in their registers' form."""
    wrong = slug_problem(words.slug)
    if wrong:
        return Invalid(message=wrong, path=("slug",))
    refusal = said_problem(names={"name": words.name}, urls={"url": words.url}) or unknown_codes(
        (words.kind,), KINDS, "kind"
    )
    if refusal:
        return refusal
    numbers: dict[str, str] = {}
    for name, text in words.numbers().items():
        number = normal_number(name, text)
        if isinstance(number, Invalid):
            return number
        numbers[name] = number
    return replace(words, **numbers)


async def find_organisation(slug: str) -> UUID | None:
    """Find an organisation by its slug."""
    id: UUID | None = await fetchval("SELECT id FROM organisation WHERE slug = $1", slug)
    return id


async def read_organisation(id: UUID) -> OrganisationWords | None:
    """Read what the platform knows of an organisation."""
    row = await fetchrow(f"SELECT {', '.join(COLUMNS)} FROM organisation WHERE id = $1", id)
    return None if row is None else OrganisationWords(**dict(row))


async def _find(words: OrganisationWords) -> UUID | Refusal | None:
    numbers = [getattr(words, name) for name in NUMBERS]
    rows = [dict(row) for row in await fetch(ALIKE_SQL, words.slug, *numbers)]
    return same_organisation(words, {row.pop("id"): OrganisationWords(**row) for row in rows})

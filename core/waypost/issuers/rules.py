"""When two organisations are one, and what an issuer may be called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from waypost.refusal import Invalid

KINDS: Final = (
    "school",
    "college",
    "university",
    "charity",
    "company",
    "council",
    "club",
    "public-body",
    "network",
    "other",
)
ROLES: Final = ("issues", "provides", "employs", "endorses")

# The registers' own forms; Scottish and Northern Irish ones have letters before the digits.
_NUMBERS: Final = {
    "charity_number": re.compile(r"(?:SC|NIC)?\d{5,7}"),
    "company_number": re.compile(r"(?:\d{2}|[A-Z]{2}|R0)\d{6}"),
    "ukprn": re.compile(r"[1-9]\d{7}"),
    "urn": re.compile(r"[1-9]\d{5}"),
}
NUMBERS: Final = tuple(_NUMBERS)


@dataclass(frozen=True, kw_only=True)
class OrganisationConflict(Invalid):
    """The official numbers or the slug belong to different organisations."""


@dataclass(frozen=True, kw_only=True)
class ParentCycle(Invalid):
    """An issuer cannot stand below itself."""


@dataclass(frozen=True)
class OrganisationWords:
    """An organisation as the platform knows it; official numbers tell it from its namesakes."""

    slug: str
    name: str
    kind: str
    charity_number: str | None = None
    company_number: str | None = None
    ukprn: str | None = None
    urn: str | None = None
    url: str | None = None

    def numbers(self) -> dict[str, str]:
        """The official numbers that are known, by column."""
        known = {name: getattr(self, name) for name in NUMBERS}
        return {name: value for name, value in known.items() if value is not None}


def normal_number(name: str, text: str) -> str | Invalid:
    """Bring an official number into its register's form; `name` is one of NUMBERS.

    Upper case without spaces; company numbers get the leading zeros that people leave out.
    """
    number = "".join(text.split()).upper()
    if name == "company_number" and number.isdecimal():
        number = number.zfill(8)
    if not (number.isascii() and _NUMBERS[name].fullmatch(number)):
        return Invalid(message=f'"{text}" is no {name.replace("_", " ")}.', path=(name,))
    return number


def same_organisation(
    words: OrganisationWords, known: Mapping[UUID, OrganisationWords]
) -> UUID | OrganisationConflict | None:
    """Decide which known organisation is meant, if any; `known` are those that share a number or the slug.

    Official numbers decide before slugs. Refused when the numbers belong to several organisations, or when
    the one found has another number of the same register.
    """
    numbers = words.numbers()
    by_number = {id for id, other in known.items() if numbers.items() & other.numbers().items()}
    if len(by_number) > 1:
        return OrganisationConflict(message="These official numbers belong to different organisations.")
    by_slug = (id for id, one in known.items() if one.slug == words.slug)
    meant = next(iter(by_number), None) or next(by_slug, None)
    if meant is None:
        return None
    theirs = known[meant].numbers()
    other = [name for name, value in numbers.items() if theirs.get(name, value) != value]
    if other:
        return OrganisationConflict(
            message=f'"{known[meant].slug}" has {theirs[other[0]]} as its {other[0].replace("_", " ")}: '
            "if another organisation is meant, give it a slug of its own.",
            path=(other[0],),
        )
    return meant

"""Made-up places in a tenant's area, and the issuers that stand there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

from waypost.demo.town import Chance, Sheet, Town, stem
from waypost.demo.words import ISSUER_FORMS, NAMES, PLACE_FORMS
from waypost.issuers import tables as issuers
from waypost.opportunities.rules import search_form
from waypost.places import tables as places
from waypost.places.rules import ACCESSIBILITY
from waypost.tenancy.outline import Area

# Organisations outlive their rows in a tenant and are found again by their slug: their ids follow from it.
ORGANISATIONS: Final = UUID("0d6d2b0e-3c0f-5d0a-9f0c-6b5c1f0a7e11")
ACTIVITIES_A_PLACE: Final = 60
ACTIVITIES_AN_ISSUER: Final = 250
CENTRES: Final = 9
TRIES: Final = 40
ROLES: Final = (("issues", "provides"), ("issues", "provides"), ("provides",), ("provides", "employs"))


@dataclass(frozen=True)
class Place:
    """A place as activities need it."""

    id: UUID
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Issuer:
    """An issuer as badges and activities need it; `folded` is its name as it is searched."""

    id: UUID
    folded: str
    issues: bool


@dataclass(frozen=True)
class Organisation:
    """An organisation behind made-up issuers."""

    id: UUID
    slug: str
    name: str
    kind: str


def points(area: Area, chance: Chance) -> Iterator[tuple[float, float]]:
    """Draw points (latitude, longitude) inside an area for ever, crowded around a few centres."""
    height, width = area.north - area.south, area.east - area.west
    centres = [_uniform(area, chance) for _ in range(CENTRES)]
    while True:
        centre = centres[chance.early(CENTRES)]
        for _ in range(TRIES):
            latitude = round(chance.gauss(centre[0], height / 12), 6)
            longitude = round(chance.gauss(centre[1], width / 12), 6)
            if area.covers(latitude, longitude):
                yield latitude, longitude
                break
        else:
            yield centre


def _uniform(area: Area, chance: Chance) -> tuple[float, float]:
    for _ in range(TRIES):
        latitude = round(chance.uniform(area.south, area.north), 6)
        longitude = round(chance.uniform(area.west, area.east), 6)
        if area.covers(latitude, longitude):
            return latitude, longitude
    return area.latitude, area.longitude


def make_places(town: Town) -> tuple[list[Place], list[Sheet]]:
    """Make a tenant's places, and their rows."""
    chance = Chance(town.seed, town.here.slug, "places")
    tenant, language = town.here.tenant_id, town.here.language
    made: list[Place] = []
    rows: list[tuple[Any, ...]] = []
    texts: list[tuple[Any, ...]] = []
    codes: list[tuple[Any, ...]] = []
    kinds = tuple(PLACE_FORMS)
    for number, point in zip(range(2 + town.scale // ACTIVITIES_A_PLACE), points(town.area, chance), strict=False):
        kind = chance.choice(kinds)
        name = chance.choice(PLACE_FORMS[kind]).format(name=chance.choice(NAMES))
        place = Place(chance.id(), *point)
        made.append(place)
        slug = f"demo-{stem(name)}-{number}"
        source = town.source("place", number)
        rows.append((tenant, place.id, slug, name, kind, *point, True, "open", True, "demo", source))
        texts.append((tenant, place.id, language, True, name, True))
        there = chance.sample(ACCESSIBILITY, chance.choice((0, 0, 1, 1, 2)))
        codes += [(tenant, place.id, code, True) for code in there]
    return made, [
        Sheet(places.Place, PLACE_COLUMNS, rows),
        Sheet(places.PlaceText, ("tenant_id", "place_id", "language", "original", "name", "public"), texts),
        Sheet(places.PlaceAccessibility, ("tenant_id", "place_id", "code", "public"), codes),
    ]


PLACE_COLUMNS: Final = (
    *("tenant_id", "id", "slug", "name", "kind", "latitude", "longitude", "inside_area", "state", "public"),
    *("managed_by", "source_id"),
)
ISSUER_COLUMNS: Final = (
    *("tenant_id", "id", "slug", "name", "kind", "organisation_id", "latitude", "longitude", "state", "public"),
    *("managed_by", "source_id"),
)
ISSUER_TEXT_COLUMNS: Final = (*("tenant_id", "issuer_id", "language", "original", "name", "description", "public"),)


def make_issuers(town: Town, stand: list[Place]) -> tuple[list[Issuer], list[Organisation], list[Sheet]]:
    """Make a tenant's issuers at its places, the organisations behind them, and the issuers' rows."""
    chance = Chance(town.seed, town.here.slug, "issuers")
    tenant, language = town.here.tenant_id, town.here.language
    made: list[Issuer] = []
    behind: dict[str, Organisation] = {}
    rows: list[tuple[Any, ...]] = []
    texts: list[tuple[Any, ...]] = []
    roles: list[tuple[Any, ...]] = []
    kinds = tuple(ISSUER_FORMS)
    for number in range(3 + town.scale // ACTIVITIES_AN_ISSUER):
        kind = chance.choice(kinds)
        name = chance.choice(ISSUER_FORMS[kind]).format(name=chance.choice(NAMES))
        # One organisation a name for all tenants: some are present in several.
        organisation = _organisation(name, kind)
        behind[organisation.slug] = organisation
        place = chance.choice(stand)
        # The first two always issue, so that every badge finds somebody to sign it.
        plays = ROLES[0] if number < 2 else chance.choice(ROLES)
        issuer = Issuer(chance.id(), search_form(name), "issues" in plays)
        made.append(issuer)
        slug, source = f"{organisation.slug}-{number}", town.source("issuer", number)
        point = (place.latitude, place.longitude)
        rows.append((tenant, issuer.id, slug, name, kind, organisation.id, *point, "open", True, "demo", source))
        description = f"A made-up {kind.replace('-', ' ')}, for trying Waypost at size."
        texts.append((tenant, issuer.id, language, True, name, description, True))
        roles += [(tenant, issuer.id, role, True) for role in plays]
    return (
        made,
        list(behind.values()),
        [
            Sheet(issuers.Issuer, ISSUER_COLUMNS, rows),
            Sheet(issuers.IssuerText, ISSUER_TEXT_COLUMNS, texts),
            Sheet(issuers.IssuerRole, ("tenant_id", "issuer_id", "role", "public"), roles),
        ],
    )


def _organisation(name: str, kind: str) -> Organisation:
    slug = f"demo-{stem(name)}"
    return Organisation(uuid5(ORGANISATIONS, slug), slug, name, kind)

"""`waypost tenants new`: a folder for a new tenant, ready to be filled in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from waypost.tenancy.geojson_text import geojson_text
from waypost.tenancy.models import TenantFile
from waypost.tenancy.outline import AreaInvalid, outline
from waypost.tenancy.slugs import tenant_slug_problem
from waypost.tenancy.toml_text import toml_text
from waypost.tenancy.words import read_as

CORNERS: Final = 32
METRES_PER_DEGREE: Final = 111_195.0  # of latitude, on a sphere of the mean radius
MOST_RADIUS_KM: Final = 1_000.0

AREA_COMMENT: Final = "# A circle drawn by `waypost tenants new`: put the real outline into area.geojson.\n"


@dataclass(frozen=True)
class Wish:
    """What somebody says of a new tenant. A network has no point; all others have one and a radius."""

    slug: str
    name: str
    kind: str = "city"
    nation: str | None = None
    languages: tuple[str, ...] = ("en",)
    timezone: str = "Europe/London"
    standard: str = "rsa-2019"
    latitude: float | None = None
    longitude: float | None = None
    radius_km: float = 5.0


class WishRefused(Exception):
    """A tenant that its own files would refuse; the message names what is wrong."""


def scaffold(wish: Wish) -> dict[str, str]:
    """Write the files of a new tenant: text by path inside its folder. They pass `tenants check`.

    Raises `WishRefused`.
    """
    if problem := tenant_slug_problem(wish.slug):
        raise WishRefused(problem)
    area = None if wish.kind == "network" else _circle(wish)
    said: dict[str, Any] = {
        "name": wish.name,
        "kind": wish.kind,
        "nation": wish.nation,
        "languages": list(wish.languages),
        "timezone": wish.timezone,
        "area": None if area is None else "area.geojson",
        "standard": wish.standard,
        "groups": [],
        "hosts": [],
        "origins": [],
        "files": "managed",
        "look": {"primary_colour": "#0b5d6b", "accent_colour": "#ffd166"},
    }
    said = {key: value for key, value in said.items() if value is not None}
    tenant = read_as(TenantFile, said)
    if not isinstance(tenant, TenantFile):
        raise WishRefused("; ".join(f"{problem.keys[0]}: {problem.words}" for problem in tenant))
    text = toml_text(said)
    if area is not None:
        text = text.replace('area = "', f'{AREA_COMMENT}area = "', 1)
    first_steps = (files("waypost.tenancy") / "data" / "first-steps.toml").read_text(encoding="utf-8")
    folder = {"tenant.toml": text, "catalogue/first-steps.toml": first_steps}
    return folder if area is None else folder | {"area.geojson": geojson_text(area)}


def _circle(wish: Wish) -> dict[str, Any]:
    """A circle on the ground around the point, as a GeoJSON polygon. Raises `WishRefused`."""
    if wish.latitude is None or wish.longitude is None:
        raise WishRefused(f"a {wish.kind} has an outline: say where its middle is, by latitude and longitude")
    if not (math.isfinite(wish.radius_km) and 0 < wish.radius_km <= MOST_RADIUS_KM):
        raise WishRefused(f"a radius lies between 0 and {MOST_RADIUS_KM:g} km, not at {wish.radius_km:g}")
    if not abs(wish.latitude) < 90:
        raise WishRefused(f"a latitude lies between -90 and 90 degrees, not at {wish.latitude:g}")
    high = wish.radius_km * 1000 / METRES_PER_DEGREE
    wide = high / math.cos(math.radians(wish.latitude))
    turns = [2 * math.pi * corner / CORNERS for corner in range(CORNERS)]
    ring = [
        [round(wish.longitude + wide * math.cos(turn), 5), round(wish.latitude + high * math.sin(turn), 5)]
        for turn in turns
    ]
    circle = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    area = outline(circle)
    if isinstance(area, AreaInvalid):
        raise WishRefused(area.message)
    return circle

"""Postcodes, points and distances, without a database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import asin, cos, isfinite, radians, sin, sqrt
from typing import Final

from waypost.refusal import Invalid
from waypost.tenancy.outline import Area, AreaInvalid, outline

__all__ = [
    "ACCESSIBILITY",
    "EARTH_RADIUS_METRES",
    "KINDS",
    "Area",
    "AreaInvalid",
    "InvalidPoint",
    "InvalidPostcode",
    "distance_metres",
    "in_degrees",
    "inside",
    "normal_postcode",
    "outline",
    "shown_postcode",
]

EARTH_RADIUS_METRES: Final = 6_371_008.8  # mean radius of WGS 84, as in `opportunity.earth`

KINDS: Final = (
    "library",
    "college",
    "school",
    "university",
    "community-centre",
    "museum",
    "theatre",
    "park",
    "sports-centre",
    "workplace",
    "online-hub",
    "other",
)
ACCESSIBILITY: Final = (
    "step-free",
    "accessible-toilet",
    "hearing-loop",
    "quiet-space",
    "bsl",
    "parking",
    "large-print",
    "captions",
)

# The shapes that BS 7666 allows; GIR 0AA is the one historic exception.
_POSTCODE: Final = re.compile(
    r"GIR0AA"
    r"|[A-PR-UWYZ](?:[0-9]{1,2}|[0-9][A-HJKPS-UW]|[A-HK-Y][0-9]{1,2}|[A-HK-Y][0-9][ABEHMNPRV-Y])"
    r"[0-9][ABD-HJLNP-UW-Z]{2}"
)


@dataclass(frozen=True, kw_only=True)
class InvalidPostcode(Invalid):
    """What was given has not the shape of a UK postcode."""


@dataclass(frozen=True, kw_only=True)
class InvalidPoint(Invalid):
    """A latitude or longitude that is nowhere on the earth."""


def normal_postcode(text: str) -> str | InvalidPostcode:
    """Bring a postcode into the table's form: upper case, no spaces (`br3 4hg` → `BR34HG`)."""
    code = "".join(text.split()).upper()
    if code.isascii() and _POSTCODE.fullmatch(code):
        return code
    return InvalidPostcode(message=f'"{text[:20]}" is not a UK postcode; they look like BR3 4HG.')


def shown_postcode(text: str) -> str:
    """Write a valid postcode as people do: `br34hg` → `BR3 4HG`."""
    code = "".join(text.split()).upper()
    return f"{code[:-3]} {code[-3:]}"


def in_degrees(latitude: float | str, longitude: float | str) -> tuple[float, float] | InvalidPoint:
    """Check a point: (latitude, longitude) as finite numbers within 90 and 180 degrees."""
    try:
        point = (float(latitude), float(longitude))
    except ValueError:
        return InvalidPoint(message=f'"{latitude}, {longitude}" is no pair of numbers.')
    for name, value, most in (("latitude", point[0], 90), ("longitude", point[1], 180)):
        if not isfinite(value) or abs(value) > most:
            words = f"A {name} lies between -{most} and {most} degrees, not at {value:g}."
            return InvalidPoint(message=words, path=(name,))
    return point


def inside(area: Area | None, latitude: float, longitude: float) -> bool:
    """Whether a point in degrees is in the area; everything is inside a network, which has none."""
    return area is None or area.covers(latitude, longitude)


def distance_metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the way over ground between two (latitude, longitude) points in degrees (haversine)."""
    south, north = radians(one[0]), radians(other[0])
    half_height = sin((north - south) / 2) ** 2
    half_width = sin(radians(other[1] - one[1]) / 2) ** 2
    share = half_height + cos(south) * cos(north) * half_width
    return 2 * EARTH_RADIUS_METRES * asin(sqrt(min(1.0, share)))

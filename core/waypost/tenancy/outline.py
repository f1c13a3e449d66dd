"""Outlines of places on the ground: GeoJSON checked, repaired and measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from waypost.refusal import Refusal

MAX_POINTS: Final = 100_000
PRECISION_DEGREES: Final = 1e-7  # about a centimetre


@dataclass(frozen=True, kw_only=True)
class AreaInvalid(Refusal):
    """The outline is no polygon on the earth."""


@dataclass(frozen=True)
class Area:
    """A checked outline: RFC 7946 geometry, its box and a point inside it, all in degrees.

    `geojson` is a Polygon or MultiPolygon, outer rings anticlockwise. `repaired` says what was wrong with
    the outline as it was given, or None.
    """

    geojson: Mapping[str, Any]
    south: float
    west: float
    north: float
    east: float
    latitude: float
    longitude: float
    repaired: str | None = None
    shape: BaseGeometry = field(repr=False, compare=False, default_factory=Polygon)

    def covers(self, latitude: float, longitude: float) -> bool:
        """Whether a point in degrees is inside the area or on its border."""
        return bool(shapely.intersects_xy(self.shape, longitude, latitude))


def outline(geojson: Mapping[str, Any]) -> Area | AreaInvalid:
    """Check a GeoJSON object (a Polygon or MultiPolygon, also inside a Feature or FeatureCollection).

    A self-crossing outline is repaired by shapely's `make_valid` as long as an area is left of it.
    Refused: other types, an empty or line-thin area, coordinates that are not [longitude, latitude] in
    degrees, more than 100,000 points.
    """
    given = _geometry(geojson)
    if isinstance(given, AreaInvalid):
        return given
    wrong = _problem(given)
    if wrong:
        return AreaInvalid(message=wrong)
    repaired = None if given.is_valid else shapely.is_valid_reason(given)
    shape = given if repaired is None else _repaired(given)
    if shape.is_empty:
        return AreaInvalid(message="The outline encloses nothing: it is empty, or as thin as a line.")
    return _measured(shape, repaired)


def _repaired(shape: BaseGeometry) -> BaseGeometry:
    """Make an outline valid, on a grid that leaves no slivers."""
    return _areas_of(shapely.set_precision(shapely.make_valid(shape), PRECISION_DEGREES))


def _geometry(geojson: Mapping[str, Any]) -> BaseGeometry | AreaInvalid:
    """Find the one geometry in the GeoJSON and read it."""
    inner: Any = geojson
    if isinstance(inner, Mapping) and inner.get("type") == "FeatureCollection":
        features = inner.get("features")
        if not isinstance(features, list) or len(features) != 1:
            return AreaInvalid(message="A FeatureCollection must hold exactly one feature.")
        inner = features[0]
    if isinstance(inner, Mapping) and inner.get("type") == "Feature":
        inner = inner.get("geometry")
    if not isinstance(inner, Mapping) or inner.get("type") not in {"Polygon", "MultiPolygon"}:
        return AreaInvalid(message="The area must be a GeoJSON Polygon or MultiPolygon.")
    try:
        text = json.dumps({"type": inner["type"], "coordinates": inner.get("coordinates")})
        return shapely.force_2d(shapely.from_geojson(text))
    except (shapely.errors.GEOSException, TypeError, ValueError) as fault:
        return AreaInvalid(message=f"The coordinates of the area cannot be read: {fault}")


def _problem(shape: BaseGeometry) -> str | None:
    if shape.is_empty:
        return "The outline is empty."
    points = shapely.get_coordinates(shape)
    if len(points) > MAX_POINTS:
        return f"The outline has {len(points)} points; simplify it to at most {MAX_POINTS}."
    # Written so that a NaN is refused too.
    for index, (longitude, latitude) in enumerate(points):
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            return (
                f"Point {index + 1} of the outline, [{longitude:g}, {latitude:g}], is not on the earth: "
                "coordinates are [longitude, latitude] in degrees."
            )
    return None


def _areas_of(shape: BaseGeometry) -> BaseGeometry:
    """Keep polygons only: `make_valid` may leave lines and points where an outline crossed itself."""
    parts = [part for part in shapely.get_parts(shape) if not part.is_empty]
    nested = [inner for part in parts for inner in shapely.get_parts(part)]
    polygons = [part for part in nested if isinstance(part, Polygon) and part.area > 0]
    return polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)


def _measured(shape: BaseGeometry, repaired: str | None) -> Area:
    # Normalised, so that an outline that was measured before comes out as it went in.
    once = shapely.normalize(shapely.remove_repeated_points(shape))
    oriented = shapely.orient_polygons(once, exterior_cw=False)
    west, south, east, north = (float(side) for side in oriented.bounds)
    centre = oriented.representative_point()
    shapely.prepare(oriented)
    return Area(
        geojson=json.loads(shapely.to_geojson(oriented)),
        south=south,
        west=west,
        north=north,
        east=east,
        latitude=float(centre.y),
        longitude=float(centre.x),
        repaired=repaired,
        shape=oriented,
    )

from __future__ import annotations

import math
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from waypost.tenancy.outline import Area, AreaInvalid, outline

SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]
coordinates = st.lists(
    st.tuples(st.integers(-1800, 1800), st.integers(-900, 900)).map(lambda p: [p[0] / 10, p[1] / 10]),
    min_size=3,
    max_size=9,
)


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def area(geojson: dict[str, Any]) -> Area:
    outcome = outline(geojson)
    assert isinstance(outcome, Area), outcome
    return outcome


def test_a_square_keeps_its_box_and_its_centre_is_inside() -> None:
    square = area(polygon(SQUARE))
    assert (square.south, square.west, square.north, square.east) == (0, 0, 2, 2)
    assert square.covers(square.latitude, square.longitude)
    assert square.repaired is None


def test_outer_rings_go_anticlockwise_and_holes_clockwise() -> None:
    hole = [[0.5, 0.5], [1, 0.5], [1, 1], [0.5, 1], [0.5, 0.5]]
    rings = area(polygon(SQUARE[::-1], hole)).geojson["coordinates"]
    assert shapely.LinearRing(rings[0]).is_ccw
    assert not shapely.LinearRing(rings[1]).is_ccw


def test_a_bow_tie_is_repaired_and_said_to_be() -> None:
    bow = area(polygon([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]))
    assert bow.geojson["type"] == "MultiPolygon"
    assert bow.repaired is not None
    assert "Self-intersection" in bow.repaired


def test_an_outline_that_was_measured_comes_out_as_it_went_in() -> None:
    once = area(polygon([[-0.24567891234, 50.8], [0.1, 50.8], [0.05, 50.9], [-0.24567891234, 50.8]]))
    assert area(dict(once.geojson)).geojson == once.geojson


def test_a_feature_and_a_collection_of_one_are_unwrapped_and_heights_left_out() -> None:
    feature = {"type": "Feature", "properties": {}, "geometry": polygon([[*point, 12.0] for point in SQUARE])}
    assert area(feature).geojson == area({"type": "FeatureCollection", "features": [feature]}).geojson
    assert area(feature).geojson == area(polygon(SQUARE)).geojson


@pytest.mark.parametrize(
    ("geojson", "words"),
    [
        ({}, "Polygon"),
        ({"type": "Point", "coordinates": [0, 0]}, "Polygon"),
        ({"type": "FeatureCollection", "features": []}, "exactly one"),
        ({"type": "Feature", "geometry": None}, "Polygon"),
        (polygon(), "empty"),
        (polygon([[0, 0], [1, 1]]), "cannot be read"),
        (polygon("somewhere"), "cannot be read"),
        (polygon([[0, 0], [math.nan, 1], [1, 1], [0, 0]]), "cannot be read"),
        (polygon([[0, 0], [1, 1], [2, 2], [0, 0]]), "encloses nothing"),
        (polygon([[0, 91], [1, 1], [0, 3], [0, 91]]), "not on the earth"),
        (polygon([[0, 0], [181, 0], [0, 3], [0, 0]]), "not on the earth"),
        (polygon([[0, 0], *[[i / 1e4, 1] for i in range(100_001)], [0, 0]]), "simplify"),
    ],
)
def test_what_is_no_outline_is_refused_saying_why(geojson: dict[str, Any], words: str) -> None:
    refusal = outline(geojson)
    assert isinstance(refusal, AreaInvalid)
    assert words in refusal.message


@given(coordinates)
def test_whatever_is_drawn_comes_out_valid_or_is_refused(ring: list[list[float]]) -> None:
    outcome = outline(polygon([*ring, ring[0]]))
    if isinstance(outcome, Area):
        shape = shapely.geometry.shape(dict(outcome.geojson))
        assert shape.is_valid
        assert shape.area > 0
        assert outcome.south <= outcome.latitude <= outcome.north
        assert outcome.west <= outcome.longitude <= outcome.east
        assert outcome.covers(outcome.latitude, outcome.longitude)
        again = area(dict(outcome.geojson))
        assert again.geojson == outcome.geojson

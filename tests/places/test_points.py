from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.places.rules import (
    EARTH_RADIUS_METRES,
    Area,
    InvalidPoint,
    InvalidPostcode,
    distance_metres,
    in_degrees,
    inside,
    normal_postcode,
    outline,
    shown_postcode,
)

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
points = st.tuples(latitudes, longitudes)


@pytest.mark.parametrize("text", ["BR3 4HG", "br34hg", " br3  4hg ", "BR34HG"])
def test_people_type_postcodes_in_many_ways(text: str) -> None:
    assert normal_postcode(text) == "BR34HG"
    assert shown_postcode(text) == "BR3 4HG"


@pytest.mark.parametrize("text", ["M1 1AE", "B33 8TH", "CR2 6XH", "DN55 1PT", "W1A 1HQ", "EC1A 1BB", "GIR 0AA"])
def test_every_shape_of_postcode_is_known(text: str) -> None:
    assert normal_postcode(text) == text.replace(" ", "")


@pytest.mark.parametrize(
    "text", ["", "BR3", "BR3 4H", "12345", "BR3 4HGG", "QR3 4HG", "BR3 4CK", "ＢＲ３４ＨＧ", "x" * 99]
)
def test_what_has_not_the_shape_is_refused(text: str) -> None:
    refusal = normal_postcode(text)
    assert isinstance(refusal, InvalidPostcode)
    assert refusal.code == "INVALID_POSTCODE"


@given(st.text())
def test_a_normal_postcode_stays_as_it_is(text: str) -> None:
    code = normal_postcode(text)
    if isinstance(code, str):
        assert normal_postcode(code) == normal_postcode(shown_postcode(code)) == code


@pytest.mark.parametrize("point", [(90.1, 0), (-91, 0), (0, 180.5), (math.nan, 0), (0, math.inf), ("x", 0)])
def test_points_off_the_earth_are_refused(point: tuple[float, float]) -> None:
    assert isinstance(in_degrees(*point), InvalidPoint)


@given(points)
def test_points_on_the_earth_are_taken(point: tuple[float, float]) -> None:
    assert in_degrees(*point) == point


def test_beckenham_to_brighton_is_as_far_as_the_map_says() -> None:
    assert distance_metres((51.4086, -0.0370), (50.8250, -0.1385)) == pytest.approx(65_300, rel=0.01)


@given(points, points)
def test_distances_are_the_same_both_ways_and_no_longer_than_half_round(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    there, back = distance_metres(one, other), distance_metres(other, one)
    assert there == pytest.approx(back, abs=1e-6)
    assert 0 <= there <= math.pi * EARTH_RADIUS_METRES * 1.000001


@given(points, points)
def test_distances_agree_with_the_straight_line_that_the_database_orders_by(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    chord = math.dist(_on_sphere(*one), _on_sphere(*other))
    along = 2 * EARTH_RADIUS_METRES * math.asin(min(1.0, chord / 2 / EARTH_RADIUS_METRES))
    assert distance_metres(one, other) == pytest.approx(along, rel=1e-6, abs=1)


def test_everything_is_inside_a_network() -> None:
    assert inside(None, 50.0, -4.0)


def test_a_point_is_inside_or_outside_a_city() -> None:
    ring = [[-0.3, 50.7], [0.0, 50.7], [0.0, 50.9], [-0.3, 50.9], [-0.3, 50.7]]
    area = outline({"type": "Polygon", "coordinates": [ring]})
    assert isinstance(area, Area)
    assert inside(area, 50.8, -0.1)
    assert inside(area, 50.7, -0.1), "the border belongs to it"
    assert not inside(area, 50.36, -4.74)


def _on_sphere(latitude: float, longitude: float) -> tuple[float, float, float]:
    north, east = math.radians(latitude), math.radians(longitude)
    return (
        EARTH_RADIUS_METRES * math.cos(north) * math.cos(east),
        EARTH_RADIUS_METRES * math.cos(north) * math.sin(east),
        EARTH_RADIUS_METRES * math.sin(north),
    )

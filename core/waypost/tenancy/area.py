"""Reads a tenant's outline from its GeoJSON file, with the line of whatever is wrong in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from waypost.tenancy.documents import Document, Unreadable, read_json
from waypost.tenancy.faults import Fault
from waypost.tenancy.outline import Area, AreaInvalid, outline
from waypost.tenancy.sections import Keys, Problem

# A file with swapped columns has thousands of wrong points; the first few say enough.
MOST_POINTS_NAMED: Final = 3


def read_area(path: Path, file: str) -> tuple[Area | None, tuple[Fault, ...]]:
    """Read an outline: the area, or None with the faults; a repaired area comes with a notice.

    `file` is the file's name in faults.
    """
    try:
        document = read_json(path, file)
    except Unreadable as error:
        return None, (error.fault,)
    wrong = [document.fault(problem.keys, problem.words) for problem in _wrong_points(document.data)]
    if wrong:
        return None, tuple(wrong)
    if not isinstance(document.data, dict):
        return None, (document.fault((), "this is no GeoJSON object"),)
    area = outline(document.data)
    if isinstance(area, AreaInvalid):
        return None, (document.fault(_geometry_keys(document), area.message),)
    if area.repaired is None:
        return area, ()
    words = f"the outline was repaired: {area.repaired}"
    return area, (document.fault(_geometry_keys(document), words, notice=True),)


def _wrong_points(data: object) -> Iterator[Problem]:
    """The first points that are nowhere on the earth, found wherever coordinates stand."""
    found = 0
    for keys, point in _points(data, (), inside=False):
        if found == MOST_POINTS_NAMED:
            return
        if words := _wrong_point(point):
            found += 1
            yield Problem(keys, words)


def _points(value: object, keys: Keys, *, inside: bool) -> Iterator[tuple[Keys, list[Any]]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _points(inner, (*keys, key), inside=key == "coordinates")
    elif isinstance(value, list):
        if inside and value and not isinstance(value[0], list):
            yield keys, value
            return
        for index, inner in enumerate(value):
            yield from _points(inner, (*keys, index), inside=inside)


def _wrong_point(point: list[Any]) -> str | None:
    if len(point) not in {2, 3} or not all(_is_number(each) for each in point):
        return "a point is [longitude, latitude] in degrees"
    longitude, latitude = point[0], point[1]
    if abs(latitude) > 90:
        return f"the latitude {latitude:g} is not between -90 and 90; points are [longitude, latitude]"
    if abs(longitude) > 180:
        return f"the longitude {longitude:g} is not between -180 and 180"
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _geometry_keys(document: Document) -> Keys:
    """Where the outline stands in its file."""
    geometry = next((keys for keys in document.lines if keys and keys[-1] == "coordinates"), ())
    return geometry[:-1] if len(geometry) > 1 else geometry

"""What the service answers, read: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import isfinite
from typing import Any

import orjson

from waypost_postcodes.keeping import Point


class BadAnswer(Exception):
    """An answer that says nothing; the message says why."""


def one(status: int, body: bytes) -> Point | None:
    """Read the answer to one postcode: 200 with a result, 404 for what is none. Raises `BadAnswer`.

    A postcode that ended is 404, too, and may say where it was: that is where people still say that they live.
    """
    said = _object(body)
    if status == 200:
        return point_in(said.get("result"))
    if status == 404 and isinstance(said.get("error"), str):
        return point_in(said.get("terminated"))
    raise BadAnswer(f"the service answered {status}")


def many(status: int, body: bytes, asked: Collection[str]) -> dict[str, Point | None]:
    """Read the answer to many: a list of `{"query", "result"}`. What it leaves out is not known."""
    said = _object(body)
    found = said.get("result")
    if status != 200 or not isinstance(found, list):
        raise BadAnswer(f"the service answered {status}")
    points: dict[str, Point | None] = {}
    for each in found:
        if isinstance(each, Mapping) and isinstance(each.get("query"), str):
            code = "".join(each["query"].split()).upper()
            if code in asked:
                points[code] = point_in(each.get("result"))
    return points


def point_in(result: Any) -> Point | None:
    """Latitude and longitude in degrees; None where it has none (Channel Islands, Man)."""
    if not isinstance(result, Mapping):
        return None
    latitude, longitude = result.get("latitude"), result.get("longitude")
    for value, most in ((latitude, 90), (longitude, 180)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or abs(value) > most:
            return None
    return float(latitude), float(longitude)  # type: ignore[arg-type]  # numbers, as the loop has seen


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadAnswer("the service answered no JSON") from error
    if not isinstance(said, dict):
        raise BadAnswer("the service answered no object")
    return said

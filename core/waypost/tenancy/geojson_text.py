"""Writes outlines for people: one point a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def geojson_text(geometry: Mapping[str, Any]) -> str:
    """Write a Polygon or MultiPolygon as GeoJSON text that reads back equal."""
    kind = json.dumps(geometry["type"])
    return f'{{\n  "type": {kind},\n  "coordinates": {_written(geometry["coordinates"], "  ")}\n}}\n'


def _written(value: Any, indent: str) -> str:
    if not value or not isinstance(value[0], list | tuple):
        return json.dumps(list(value))
    inner = ",\n".join(f"{indent}  {_written(one, f'{indent}  ')}" for one in value)
    return f"[\n{inner}\n{indent}]"

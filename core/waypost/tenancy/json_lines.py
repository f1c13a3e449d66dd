"""On which line of a JSON file each value stands, which `json` does not tell."""

from __future__ import annotations

import json
import re
from typing import Final

from waypost.tenancy.cursor import Cursor, LineIndex
from waypost.tenancy.sections import Keys

_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_PLAIN: Final = re.compile(r"[^,\]}\s]+")
_BLANK: Final = re.compile(r"\s*")
_COLON: Final = re.compile(r"\s*:\s*")


def json_lines(text: str) -> LineIndex:
    """Index a text that `json` has accepted: paths such as `("coordinates", 0, 3)` with their lines from 1."""
    cursor = Cursor(text)
    cursor.skip_match(_BLANK)
    _value(cursor, ())
    return LineIndex(cursor.found)


def _value(cursor: Cursor, keys: Keys) -> None:
    if cursor.skip("["):
        cursor.read_array(keys, lambda: cursor.skip_match(_BLANK), _value)
    elif cursor.skip("{"):
        _object(cursor, keys)
    elif cursor.looks_at('"'):
        cursor.skip_match(_TEXT)
    else:
        cursor.skip_match(_PLAIN)


def _object(cursor: Cursor, keys: Keys) -> None:
    more = True
    while more:
        cursor.skip_match(_BLANK)
        if not cursor.looks_at('"'):
            break
        line = cursor.line
        here = (*keys, json.loads(cursor.skip_match(_TEXT)))
        cursor.found.setdefault(here, line)
        cursor.skip_match(_COLON)
        _value(cursor, here)
        cursor.skip_match(_BLANK)
        more = cursor.skip(",")
    cursor.skip("}")

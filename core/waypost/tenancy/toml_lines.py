"""On which line of a TOML file each key stands, which `tomllib` does not tell."""

from __future__ import annotations

import re
import tomllib
from typing import Final

from waypost.tenancy.cursor import Cursor, LineIndex
from waypost.tenancy.sections import Keys

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_BASIC: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_LITERAL: Final = re.compile(r"'[^']*'")
# The last quotation marks of a text may touch the closing three.
_LONG_BASIC: Final = re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"""(?:"{0,2})', re.DOTALL)
_LONG_LITERAL: Final = re.compile(r"'''(?:[^']|'(?!''))*'''(?:'{0,2})", re.DOTALL)
# Numbers, booleans and dates, which may have a space inside: 2027-03-06 10:00.
_PLAIN: Final = re.compile(r"[^,\]}#\n]*")


def toml_lines(text: str) -> LineIndex:
    """Index a text that `tomllib` has accepted.

    Keys are paths such as `("badges", 2, "layer")`: tables, elements of arrays and values, each with the
    line on which it first stands (1 = the first). Of a text that is not TOML the answer means nothing.
    """
    cursor = Cursor(text)
    table: Keys = ()
    counts: dict[Keys, int] = {}
    cursor.skip_blank_lines()
    began = -1
    # What is not TOML does not move the cursor; the caller was warned, but must not wait for ever.
    while not cursor.ended and cursor.at > began:
        began = cursor.at
        if cursor.looks_at("["):
            table = _header(cursor, counts)
        else:
            _pair(cursor, table)
        cursor.skip_blank_lines()
    return LineIndex(cursor.found)


def _header(cursor: Cursor, counts: dict[Keys, int]) -> Keys:
    """Read `[a.b]` or `[[a.b]]` and answer the keys of the table that it begins."""
    repeated = cursor.skip("[[")
    if not repeated:
        cursor.skip("[")
    keys: Keys = ()
    parts = _dotted(cursor)
    for number, part in enumerate(parts, start=1):
        keys = (*keys, part)
        cursor.note(keys)
        if repeated and number == len(parts):
            counts[keys] = counts.get(keys, -1) + 1
        # A table inside an array of tables belongs to the array's newest element.
        if keys in counts:
            keys = (*keys, counts[keys])
            cursor.note(keys)
    cursor.skip("]]" if repeated else "]")
    return keys


def _pair(cursor: Cursor, table: Keys) -> None:
    """Read `a.b = value`."""
    keys = table
    for part in _dotted(cursor):
        keys = (*keys, part)
        cursor.note(keys)
    cursor.skip("=")
    cursor.skip_blanks()
    _value(cursor, keys)


def _dotted(cursor: Cursor) -> list[str]:
    parts = []
    while True:
        cursor.skip_blanks()
        parts.append(_key(cursor))
        cursor.skip_blanks()
        if not cursor.skip("."):
            return parts


def _key(cursor: Cursor) -> str:
    if cursor.looks_at('"'):
        written = cursor.skip_match(_BASIC) or '""'
        value: str = tomllib.loads(f"key = {written}")["key"]
        return value
    if cursor.looks_at("'"):
        return cursor.skip_match(_LITERAL)[1:-1]
    return cursor.skip_match(_BARE_KEY)


def _value(cursor: Cursor, keys: Keys) -> None:
    if cursor.looks_at('"""'):
        cursor.skip_match(_LONG_BASIC)
    elif cursor.looks_at("'''"):
        cursor.skip_match(_LONG_LITERAL)
    elif cursor.looks_at('"'):
        cursor.skip_match(_BASIC)
    elif cursor.looks_at("'"):
        cursor.skip_match(_LITERAL)
    elif cursor.skip("["):
        cursor.read_array(keys, cursor.skip_blank_lines, _value)
    elif cursor.skip("{"):
        _inline_table(cursor, keys)
    else:
        cursor.skip_match(_PLAIN)


def _inline_table(cursor: Cursor, keys: Keys) -> None:
    more = True
    while more:
        cursor.skip_blank_lines()
        if cursor.looks_at("}"):
            break
        _pair(cursor, keys)
        cursor.skip_blank_lines()
        more = cursor.skip(",")
    cursor.skip("}")

"""Writes TOML for people: values first, then tables, an empty line before each entry."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
# What TOML wants escaped and JSON does not.
_DELETE: Final = "\x7f"


def toml_text(table: Mapping[str, Any]) -> str:
    """Write a table of text, numbers, booleans, dates, lists and tables; None is left out.

    `tomllib` reads back what was given: lists of tables become arrays of tables, tuples lists. Raises
    TypeError on anything else.
    """
    return "\n".join(_table(table, (), within=False)).lstrip("\n") + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...], *, within: bool) -> Iterator[str]:
    """The lines of a table; what stands `within` an entry of an array is not set apart from it."""
    present = {key: value for key, value in table.items() if value is not None}
    for key, value in present.items():
        if not _is_tables(value) and not isinstance(value, Mapping):
            yield f"{_key(key)} = {_value(value)}"
    for key, value in present.items():
        here = (*path, key)
        header = ".".join(map(_key, here))
        if isinstance(value, Mapping):
            # A table that holds only tables needs no line of its own.
            if not value or not all(isinstance(inner, Mapping) for inner in value.values()):
                yield from [f"[{header}]"] if within else ["", f"[{header}]"]
            yield from _table(value, here, within=within)
        elif _is_tables(value):
            for entry in value:
                yield from [f"[[{header}]]"] if within else ["", f"[[{header}]]"]
                yield from _table(entry, here, within=True)


def _is_tables(value: object) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(inner, Mapping) for inner in value)
    )


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _text(key)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value)
        case str():
            return _text(value)
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            inner = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items() if one is not None)
            return f"{{ {inner} }}" if inner else "{}"
        case Sequence():
            return f"[{', '.join(_value(inner) for inner in value)}]"
        case _:
            raise TypeError(f"TOML has no form for {value!r}")


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace(_DELETE, "\\u007f")

"""Reads files that people wrote: bounded, decoded, parsed, with the line of every key."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from waypost.tenancy.cursor import LineIndex
from waypost.tenancy.faults import Fault, written
from waypost.tenancy.json_lines import json_lines
from waypost.tenancy.sections import Keys
from waypost.tenancy.toml_lines import toml_lines

# A city's whole catalogue is some hundred kilobytes; what is larger is not a file for people.
MAX_BYTES: Final = 2 * 1024 * 1024

_WHERE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True)
class Document:
    """A file that could be read: `file` is its name in faults, `data` its content."""

    file: str
    data: Any
    lines: LineIndex

    def fault(self, keys: Keys, words: str, *, notice: bool = False) -> Fault:
        """A fault of this file at these keys, or where the nearest table around them stands."""
        return Fault(self.file, self.lines.line(keys), None, written(keys), words, notice)

    def place(self, keys: Keys) -> str:
        """Where a key stands, for faults elsewhere that mention it: `tenants/…/badges.toml:12`."""
        return f"{self.file}:{self.lines.line(keys)}"


class Unreadable(Exception):
    """A file that cannot be read or is not in its format; `fault` says where and why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def read_toml(path: Path, file: str) -> Document:
    """Read a TOML file; `file` is its name in faults. Raises `Unreadable`."""
    document = _read(path, file, tomllib.loads, toml_lines)
    # TOML can write it, PostgreSQL cannot keep it, wherever it stands.
    for keys in _with_nul(document.data, ()):
        raise Unreadable(document.fault(keys, "must not contain the character U+0000"))
    return document


def read_json(path: Path, file: str) -> Document:
    """Read a JSON file, numbers finite; `file` is its name in faults. Raises `Unreadable`."""
    return _read(path, file, _strict_json, json_lines)


def _read(path: Path, file: str, parse: Callable[[str], Any], index: Callable[[str], LineIndex]) -> Document:
    text = _text(path, file)
    try:
        return Document(file, parse(text), index(text))
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(_not_toml(file, text, str(error))) from error
    except json.JSONDecodeError as error:
        words = f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise Unreadable(Fault(file, error.lineno, error.colno, "", words)) from error
    except ValueError as error:
        raise Unreadable(Fault(file, 1, None, "", str(error))) from error
    except RecursionError as error:
        raise Unreadable(Fault(file, 1, None, "", "this is nested too deeply to be read")) from error


def _text(path: Path, file: str) -> str:
    if path.exists() and not path.is_file():
        raise Unreadable(Fault(file, 1, None, "", "this is no plain file"))
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise Unreadable(Fault(file, 1, None, "", "this file is missing")) from error
    except OSError as error:
        raise Unreadable(Fault(file, 1, None, "", f"this file cannot be read: {error.strerror}")) from error
    if len(content) > MAX_BYTES:
        words = f"this file is larger than {MAX_BYTES // 1024 // 1024} MiB; split it"
        raise Unreadable(Fault(file, 1, None, "", words))
    try:
        # Windows editors put a mark at the beginning, which no parser likes.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before) - (before.rfind(b"\n") + 1) + 1
        words = f"byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise Unreadable(Fault(file, line, column, "", words)) from error


def _not_toml(file: str, text: str, message: str) -> Fault:
    where = _WHERE.search(message)
    if where and where[1]:
        line, column = int(where[1]), int(where[2])
    else:
        lines = text.rstrip("\n").split("\n")
        line, column = len(lines), len(lines[-1]) + 1
    words = _WHERE.sub("", message)
    return Fault(file, line, column, "", f"this is not TOML: {words[:1].lower()}{words[1:]}")


def _strict_json(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _with_nul(value: object, keys: Keys) -> Iterator[Keys]:
    if isinstance(value, str) and "\0" in value:
        yield keys
    elif isinstance(value, dict):
        for key, inner in value.items():
            if "\0" in key:
                yield keys
            yield from _with_nul(inner, (*keys, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _with_nul(inner, (*keys, index))

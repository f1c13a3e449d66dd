"""Migrations as files: `0001_name.sql` with a part for forward and one for back."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from waypost.db.errors import MigrationMalformed

_NAME = re.compile(r"(?P<number>\d{4})_(?P<name>[a-z0-9_]+)\.sql")
_PARTS = re.compile(r"^--[ \t]*migrate:(up|down)[ \t]*$", re.MULTILINE)
# A migration runs inside a transaction with all others of its app and must not end it.
_TRANSACTION = re.compile(
    r"(?:^|;)\s*(?:begin|commit|end|abort|(?:start|prepare)\s+transaction"
    r"|rollback(?!(?:\s+(?:work|transaction))?\s+to\b))\b",
    re.IGNORECASE,
)
# What is no statement, whatever words stand in it: strings, bodies of functions, names in quotes, comments.
_QUOTED = re.compile(
    r"""\be'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|"[^"]*"|--[^\n]*|/\*.*?\*/""",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Script:
    """One migration; `digest` is of the whole file."""

    number: int
    name: str
    up: str
    down: str
    digest: str


def read_scripts(folder: Path) -> list[Script]:
    """Read the migrations of a folder in order of their numbers.

    Raises `MigrationMalformed`, naming the file, for a name or a text that is
    not as it should be and for a number used twice.
    """
    scripts = [_read(path) for path in sorted(folder.glob("*.sql"))]
    for before, after in pairwise(scripts):
        if before.number == after.number:
            raise MigrationMalformed(f"{folder}: {before.name} and {after.name} have the same number {after.number:04}")
    return scripts


def _read(path: Path) -> Script:
    matched = _NAME.fullmatch(path.name)
    if matched is None:
        raise MigrationMalformed(f"{path}: a migration is named like 0001_tenancy.sql")
    text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    parts = _PARTS.split(text)
    if parts[1::2] != ["up", "down"]:
        raise MigrationMalformed(f"{path}: needs one `-- migrate:up` and then one `-- migrate:down`")
    if any(_TRANSACTION.search(_QUOTED.sub(" ", part)) for part in (parts[2], parts[4])):
        raise MigrationMalformed(f"{path}: begins or ends a transaction; migrations run inside one")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Script(int(matched["number"]), matched["name"], parts[2], parts[4], digest)

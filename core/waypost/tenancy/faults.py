"""What is wrong in a tenant's files: where, under which key, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from waypost.tenancy.sections import Keys

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in one file; as text `tenants/brighton/catalogue/badges.toml:41: badges[2].layer: …`.

    `line` and `column` count from 1; `column` is given only where the file cannot be read at all, `key` is
    empty where the file as a whole is meant. A notice says what was repaired or looks odd and refuses nothing.
    """

    file: str
    line: int
    column: int | None
    key: str
    words: str
    notice: bool = False

    def __str__(self) -> str:
        """File, line, key and words, separated as compilers do."""
        place = f"{self.file}:{self.line}" if self.column is None else f"{self.file}:{self.line}:{self.column}"
        return ": ".join(part for part in (place, self.key, self.words) if part)


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Sort by file, line, column and key, without repetitions."""
    return tuple(sorted(set(faults), key=lambda f: (f.file, f.line, f.column or 0, f.key, f.words)))


def written(keys: Keys) -> str:
    """Write keys as people do: `("badges", 2, "layer")` is `badges[2].layer`."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            name = key if _BARE_KEY.fullmatch(key) else f'"{key}"'
            text += f".{name}" if text else name
    return text


def listed(names: Iterable[str]) -> str:
    """Join names for a sentence: `engage, participate, lead`; `nothing` for none."""
    return ", ".join(names) or "nothing"


def perhaps(word: str, known: Iterable[str]) -> str:
    """A hint at what may have been meant, ready to be put behind a sentence; empty when nothing is near."""
    folded = {each.casefold(): each for each in sorted(known)}  # kinds of opportunities are in capitals, others not
    near = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f'; did you mean "{folded[near[0]]}"?' if near else ""

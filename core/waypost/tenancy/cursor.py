"""A place in a text that moves forward only: what both line indexes read with."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from waypost.tenancy.sections import Keys

_BLANKS: Final = re.compile(r"[ \t]*")
_BLANK_LINES: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


class Cursor:
    """Reads a text that is known to be well formed, and notes on which line each key first stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Keys, int] = {}
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    @property
    def line(self) -> int:
        """The line of the current place, counted from 1."""
        return bisect_right(self._starts, self.at)

    @property
    def ended(self) -> bool:
        """Whether the whole text was read."""
        return self.at >= len(self.text)

    def note(self, keys: Keys) -> None:
        """Remember the current line for these keys, unless they stood somewhere before."""
        self.found.setdefault(keys, self.line)

    def looks_at(self, what: str) -> bool:
        """Whether this text stands here."""
        return self.text.startswith(what, self.at)

    def skip(self, what: str) -> bool:
        """Go past this text if it stands here; answer whether it did."""
        if not self.looks_at(what):
            return False
        self.at += len(what)
        return True

    def skip_match(self, pattern: re.Pattern[str]) -> str:
        """Go past what the pattern matches here and answer it; empty when it does not match."""
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]

    def skip_blanks(self) -> None:
        """Go past spaces and tabs."""
        self.skip_match(_BLANKS)

    def skip_blank_lines(self) -> None:
        """Go past white space, line ends and comments."""
        self.skip_match(_BLANK_LINES)

    def read_array(
        self, keys: Keys, skip_blank: Callable[[], object], read_value: Callable[[Cursor, Keys], None]
    ) -> None:
        """Go past an array whose bracket was read, and note its elements by their numbers.

        `skip_blank` goes past what may stand between them, `read_value` past one of them.
        """
        index = 0
        more = True
        while more:
            skip_blank()
            if self.looks_at("]"):
                break
            self.note((*keys, index))
            read_value(self, (*keys, index))
            skip_blank()
            more = self.skip(",")
            index += 1
        self.skip("]")


class LineIndex:
    """On which line of a file each key stands."""

    def __init__(self, found: Mapping[Keys, int]) -> None:
        self._found = found

    def __contains__(self, keys: Keys) -> bool:
        """Whether these keys stand in the file."""
        return keys in self._found

    def __iter__(self) -> Iterator[Keys]:
        """All keys that stand in the file."""
        return iter(self._found)

    def line(self, keys: Keys) -> int:
        """The line of a key, or of the nearest table around it that is there; line 1 when none is."""
        for end in range(len(keys), 0, -1):
            if (line := self._found.get(keys[:end])) is not None:
                return line
        return 1

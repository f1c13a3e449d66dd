"""Reads a file of awards line by line: what is wrong with it, and what it asks for. No I/O but of the file given."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, BinaryIO, Final
from uuid import UUID

from waypost.awards.rules import AwardWords, award_problem
from waypost.learners.rules import Who, addressed, derived_id
from waypost.outbox.jobs import MOST_PROBLEMS, Problem
from waypost.refusal import Refusal
from waypost.tenancy.fields import LONGEST_NAME

COLUMNS: Final = (
    *("name", "email", "kind", "birth_year", "guardian_email", "reference", "badge"),
    *("narrative", "evidence", "awarded_on", "expires_on"),
)
MOST_LINES: Final = 100_000
LONGEST_LINE: Final = 100_000  # bytes
TWICE: Final = "DUPLICATE_LINE"
BOM: Final = b"\xef\xbb\xbf"
_UNFIT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ONE_LINE: Final = frozenset(COLUMNS) - {"narrative"}
# The graph's names of what a recipient and an award say, as the file calls them.
_NAMED: Final = {
    "birthYear": "birth_year",
    "guardianEmail": "guardian_email",
    "awardedAt": "awarded_on",
    "expiresAt": "expires_on",
}


@dataclass(frozen=True)
class Line:
    """One award that the file asks for; `badge` is a slug or an id, None where the batch has one badge."""

    number: int
    who: Who
    badge: str | None
    words: AwardWords

    def key(self) -> tuple[object, ...]:
        """What two lines have in common that give the same badge to the same recipient."""
        who = self.who
        if who.reference:
            return (self.badge, "reference", who.reference)
        if who.address:
            return (self.badge, who.kind, who.address)
        return (self.badge, who.kind, who.guardian_address, who.name.casefold(), who.birth_year)


class _StopReading(Exception):
    """The rest of the file cannot be read."""


@dataclass
class Reader:
    """Reads one file. `problems` fill while it is read; a line that has one is not given out."""

    file: BinaryIO
    now: datetime
    needs_badge: bool = False
    problems: list[Problem] = field(default_factory=list)
    _seen: dict[Any, int] = field(default_factory=dict)

    def wrong(self, code: str, message: str, line: int, column: str | None = None) -> None:
        """Note what is wrong with the file; no name and no address is repeated."""
        self.problems.append(Problem(code=code, message=message, line=line, column=column))

    def lines(self) -> Iterator[Line]:
        """Give out the lines that are good, each with its number in the file (the header is 1)."""
        try:
            yield from self._lines()
        except _StopReading:
            return

    def _lines(self) -> Iterator[Line]:
        texts = self._texts()
        header = next(texts, None)
        names = self._header(header or "")
        delimiter = _delimiter(header or "")
        rows = csv.reader(texts, delimiter=delimiter, strict=True)
        count = 0
        while True:
            number = rows.line_num + 2  # where the row begins: the header was read apart
            try:
                row = next(rows)
            except StopIteration:
                break
            except csv.Error as error:
                self.wrong("NOT_CSV", f"The quotation marks or the length do not hold: {error}.", number)
                return
            if not any(cell.strip() for cell in row):
                continue
            count += 1
            if count > MOST_LINES:
                self.wrong("TOO_MANY_LINES", f"A file has at most {MOST_LINES} awards.", number)
                return
            line = self._line(number, names, row)
            if line is not None:
                yield line
            if len(self.problems) >= MOST_PROBLEMS:
                return
        if count == 0 and not self.problems:
            self.wrong("NO_LINES", "There is no award in the file.", 1)

    def _texts(self) -> Iterator[str]:
        """Decode line by line, so that what is not UTF-8 is told by its place."""
        number = 0
        while raw := self.file.readline(LONGEST_LINE):
            number += 1
            start = 0
            if number == 1:
                if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
                    words = "The file is UTF-16; save it as CSV in UTF-8."
                    self.wrong("NOT_UTF8", words, 1)
                    raise _StopReading
                if raw.startswith(BOM):
                    raw, start = raw[len(BOM) :], len(BOM)
            if len(raw) >= LONGEST_LINE:
                self.wrong("LINE_TOO_LONG", f"A line has at most {LONGEST_LINE} bytes.", number)
                raise _StopReading
            try:
                yield raw.decode("utf-8")
            except UnicodeDecodeError as error:
                words = f"Byte {start + error.start + 1} of this line is not UTF-8; save the file as CSV in UTF-8."
                self.wrong("NOT_UTF8", words, number)
                raise _StopReading from error

    def _header(self, text: str) -> list[str]:
        if _UNFIT.search(text):
            self.wrong("INVALID", "A control character among the names of the columns.", 1)
            raise _StopReading
        try:
            cells = next(csv.reader([text], delimiter=_delimiter(text), strict=True), [])
        except csv.Error:
            cells = []
        names = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in cells]
        before = len(self.problems)
        for name in dict.fromkeys(names):
            if name not in COLUMNS:
                if "name" not in names:
                    continue  # perhaps there is no heading: what stands there may be somebody's, and is not repeated
                words = f"There is no column {name[:40]!r}; there are {', '.join(COLUMNS)}."
                self.wrong("UNKNOWN_COLUMN", words, 1, name[:40])
            elif names.count(name) > 1:
                self.wrong("COLUMN_TWICE", f"The column {name} is there twice.", 1, name)
        if "name" not in names:
            self.wrong("COLUMN_MISSING", "The first line names the columns; name must be among them.", 1, "name")
        if self.needs_badge and "badge" not in names:
            self.wrong("COLUMN_MISSING", "Give one badge for all, or a column badge with slugs.", 1, "badge")
        if len(self.problems) > before:
            raise _StopReading
        return names

    def _line(self, number: int, names: list[str], row: list[str]) -> Line | None:
        before = len(self.problems)
        if len(row) != len(names):
            self.wrong("WRONG_FIELDS", f"{len(row)} fields, and {len(names)} columns.", number)
            return None
        said = {name: cell.strip() for name, cell in zip(names, row, strict=True) if cell.strip()}
        for name, text in said.items():
            if _UNFIT.search(text) or (name in _ONE_LINE and ("\n" in text or "\r" in text)):
                self.wrong("INVALID", "A control character, or a line break where none can be.", number, name)
            elif name in _ONE_LINE and name != "evidence" and len(text) > LONGEST_NAME:
                self.wrong("INVALID", f"At most {LONGEST_NAME} characters fit here.", number, name)
        if self.needs_badge and not said.get("badge"):
            self.wrong("INVALID", "Which badge?", number, "badge")
        year = self._year(number, said)
        words = AwardWords(
            narrative=said.get("narrative"),
            evidence=tuple(said.get("evidence", "").split()),
            awarded_at=self._day(number, said, "awarded_on"),
            expires_at=self._day(number, said, "expires_on"),
        )
        if len(self.problems) > before:
            return None
        who = Who(
            name=said.get("name", ""),
            kind=said.get("kind", "person").lower(),
            address=said.get("email"),
            birth_year=year,
            guardian_address=said.get("guardian_email"),
            reference=said.get("reference"),
        )
        normal = addressed(who, self.now.year)
        if isinstance(normal, Refusal):
            self._refused(number, normal)
            return None
        wrong = award_problem(words, self.now)
        if wrong is not None:
            self._refused(number, wrong)
            return None
        line = Line(number, normal, said.get("badge"), words)
        return None if self._twice(line) else line

    def _refused(self, number: int, refusal: Refusal) -> None:
        self.wrong(refusal.code, refusal.message, number, column_of(*refusal.path[:1]))

    def _twice(self, line: Line) -> bool:
        key = derived_id(_NOBODY, *line.key()).int
        first = self._seen.setdefault(key, line.number)
        if first == line.number:
            return False
        words = f"The same badge for the same recipient as in line {first}; two people of one name need a reference."
        self.wrong(TWICE, words, line.number)
        return True

    def _year(self, number: int, said: Mapping[str, str]) -> int | None:
        text = said.get("birth_year")
        if text is None:
            return None
        if not re.fullmatch(r"[0-9]{4}", text):
            self.wrong("INVALID", "A year of birth has four digits, such as 2012.", number, "birth_year")
            return None
        return int(text)

    def _day(self, number: int, said: Mapping[str, str], name: str) -> datetime | None:
        text = said.get(name)
        if text is None:
            return None
        try:
            day = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
        except ValueError:
            day = None
        if day is None:
            self.wrong("INVALID", "A day is written 2026-11-27.", number, name)
            return None
        return datetime.combine(day, time(), UTC)


_NOBODY: Final = UUID(int=0)


def column_of(field: str | None = None) -> str | None:
    """Return the column of a field of the graph's input."""
    return _NAMED.get(field or "", field)


def field_of(column: str) -> str:
    """Return the field of the graph's input that a column is."""
    return next((field for field, named in _NAMED.items() if named == column), column)


def _delimiter(header: str) -> str:
    """Tell a semicolon, which spreadsheets of some countries write, from a comma by the first line."""
    return ";" if ";" in header and "," not in header else ","


def in_groups(lines: Iterable[Line], size: int) -> Iterator[list[Line]]:
    """Give out lines so many at a time."""
    group: list[Line] = []
    for line in lines:
        group.append(line)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group

"""Reads the values of JSON objects, and notes what is wrong with each at its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from waypost.outbox.frameworks import Fault

LONGEST: Final = 50_000  # characters of one text
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
NO_ID: Final = UUID(int=0)
NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    """One object of the JSON, at its place, such as `CFItems[3]`; faults go to a list that all share.

    null and empty text count as absent, as servers write both. What is required and absent, or wrong, is noted and
    answered with some value of its type, so that one reading finds everything.
    """

    values: Mapping[str, Any]
    place: str
    faults: list[Fault] = field(default_factory=list)

    def fault(self, code: str, message: str, name: str) -> None:
        """Note that something is wrong with a value."""
        self.faults.append(Fault(code, message, f"{self.place}.{name}" if self.place else name))

    def text(self, name: str) -> str | None:
        """A text; numbers are taken as they are written."""
        value = self.values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            self.fault("INVALID", "is no text", name)
            return None
        if len(value) > LONGEST:
            self.fault("INVALID", f"is longer than {LONGEST:,} characters", name)
            return None
        return value.strip() or None

    def must(self, name: str) -> str:
        """A text that may not be absent."""
        before = len(self.faults)
        value = self.text(name)
        if value is None and len(self.faults) == before:
            self.fault("MISSING", "is missing", name)
        return value or ""

    def words(self, name: str) -> str | None:
        """A text, or a list of texts, which are joined by commas."""
        value = self.values.get(name)
        if not isinstance(value, list):
            return self.text(name)
        if not all(isinstance(each, str) for each in value):
            self.fault("INVALID", "is no list of texts", name)
            return None
        return ", ".join(value) or None

    def identifier(self, name: str = "identifier") -> UUID:
        """A UUID that may not be absent."""
        value = self.must(name)
        if value and not _UUID.fullmatch(value):
            self.fault("INVALID", f"{value[:80]!r} is no UUID", name)
        return UUID(value) if _UUID.fullmatch(value) else NO_ID

    def uri(self, name: str = "uri") -> str:
        """A URI that may not be absent."""
        value = self.must(name)
        if value and not _URI.fullmatch(value):
            self.fault("INVALID", f"{value[:80]!r} is no URI", name)
        return value

    def moment(self, name: str) -> datetime:
        """A time that may not be absent; without a zone it is UTC, as the standard asks for."""
        value = self.must(name)
        try:
            found = datetime.fromisoformat(value) if value else NEVER
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            self.fault("INVALID", f"{value[:80]!r} is no time of ISO 8601", name)
            return NEVER

    def day(self, name: str) -> date | None:
        """A date; of a time only the date."""
        value = self.text(name)
        try:
            return None if value is None else date.fromisoformat(value[:10])
        except ValueError:
            self.fault("INVALID", f"{value[:80]!r} is no date" if value else "is no date", name)
            return None

    def whole(self, name: str) -> int | None:
        """A whole number, also one that is written as text."""
        value = self.values.get(name)
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value.strip()):
            return int(value)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**31:
            self.fault("INVALID", "is no whole number", name)
            return None
        return value

    def inside(self, name: str) -> Entry | None:
        """An object inside this one; None where a text or nothing stands there."""
        value = self.values.get(name)
        return Entry(value, f"{self.place}.{name}", self.faults) if isinstance(value, dict) else None

    def each(self, name: str) -> Iterator[Entry]:
        """The objects of a list, each at its place."""
        value = self.values.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            self.fault("INVALID", "is no list", name)
            return
        place = f"{self.place}.{name}" if self.place else name
        for number, entry in enumerate(value):
            if isinstance(entry, dict):
                yield Entry(entry, f"{place}[{number}]", self.faults)
            else:
                self.faults.append(Fault("INVALID", "is no object", f"{place}[{number}]"))


def id_in(value: str | None) -> UUID | None:
    """The UUID that a text is, or that a URI ends with; None without one."""
    last = (value or "").rstrip("/").rpartition("/")[2]
    return UUID(last) if _UUID.fullmatch(last) else None


def is_uri(text: str) -> bool:
    """Whether a text is a URI with a scheme."""
    return bool(_URI.fullmatch(text))

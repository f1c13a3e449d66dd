"""Skills frameworks as plugins bring and formats read them: a document, its items, and how those are related.

The words are those of CASE (1EdTech, Competencies and Academic Standards Exchange), which other formats fit into.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

CHILD: Final = "isChildOf"
SAME: Final = "exactMatchOf"


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """What a framework says of itself. `identifier` and `uri` are its publisher's, and stay for ever."""

    identifier: UUID
    uri: str
    title: str
    creator: str
    changed_at: datetime
    publisher: str | None = None
    description: str | None = None
    language: str | None = None
    version: str | None = None
    status: str | None = None  # such as Adopted, Draft, Deprecated
    kind: str | None = None
    official_url: str | None = None
    licence_url: str | None = None
    licence: str | None = None  # its title
    notes: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One skill, or one group of them. `place` says where it stood in what was read, such as `CFItems[3]`."""

    identifier: UUID
    uri: str
    statement: str
    changed_at: datetime
    name: str | None = None  # the short form of the statement
    code: str | None = None  # as people write it, such as 2.0/listening
    kind: str | None = None
    notes: str | None = None
    language: str | None = None
    education_level: str | None = None
    licence_url: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """One end of an association; without an `identifier` it is something that no framework has, such as a page."""

    uri: str
    identifier: UUID | None = None
    title: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Association:
    """That two items have to do with each other; of `isChildOf` the origin is the child."""

    identifier: UUID
    uri: str
    type: str
    origin: End
    destination: End
    changed_at: datetime
    sequence: int | None = None
    notes: str | None = None
    place: str = ""


@dataclass(frozen=True)
class Package:
    """A whole framework; items and associations in the order in which they are written."""

    document: Document
    items: tuple[Item, ...] = ()
    associations: tuple[Association, ...] = ()


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with a package: a code, a sentence, and where (`CFItems[3].uri`)."""

    code: str
    message: str
    place: str = ""

    def __str__(self) -> str:
        """`CFItems[3].uri: is missing (MISSING)`."""
        return f"{self.place}: {self.message} ({self.code})" if self.place else f"{self.message} ({self.code})"


Result = Package | Collection[Fault]


@dataclass(frozen=True)
class Format:
    """A way to write frameworks down. `read` gets a file's bytes and gives a package, or all that is wrong with it.

    `knows` says from the first bytes, without reading on, whether it may be this format. `asked` gives the address to
    fetch for one that was given, and the headers to send.
    """

    name: str
    title: str
    knows: Callable[[bytes], bool]
    read: Callable[[bytes], Result | Awaitable[Result]]
    asked: Callable[[str], str] = field(default=lambda url: url)
    headers: Mapping[str, str] = field(default_factory=dict)

"""Reading the input of a mutation: what its ids name, which texts may be kept, where a refusal points."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import strawberry

from waypost.refusal import Invalid, Refusal
from waypost.tenancy.entries import Ref
from waypost.tenancy.fields import LONGEST_NAME, LONGEST_TEXT

from .ids import parse_id
from .pages import camel

R = TypeVar("R", bound=Refusal)
Given = Mapping[str, Any]

# An id that names nothing here names this: no row has it, so it answers like a missing one wherever it stands.
NOWHERE: Final = UUID(int=0)
LONGEST_URL: Final = 2_000
# Texts of several lines.
LONG: Final = frozenset(
    {"comment", "criteria", "description", "narrative", "reason", "settings", "statement", "summary", "text"}
)
# Kept to the letter, with lines and spaces: whoever takes them says how long they may be.
VERBATIM: Final = frozenset({"secret"})
LONGEST_VERBATIM: Final = 50_000
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Nothing that PostgreSQL cannot keep or a page cannot show: control characters and half characters.
_UNFIT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def needed(doc: str) -> Any:
    """Declare a field of an input that must be given."""
    return strawberry.field(description=doc)


def maybe(doc: str) -> Any:
    """Declare a field of an input that may be left out; what is left out of an update stays as it is."""
    return strawberry.field(default=strawberry.UNSET, description=doc)


def spelled(value: Any) -> Any:
    """Return an input with its keys in Python's spelling."""
    if isinstance(value, Mapping):
        return {_HUMP.sub("_", key).lower(): spelled(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [spelled(each) for each in value]
    return value


def tidied(value: Any, path: tuple[str, ...] = ()) -> Any:
    """Return an input with spaces cut off around its texts, or `Invalid` for what nothing can keep.

    A text stands on one line of at most 200 characters unless its name is that of a long one, and one that is
    verbatim stays as it is; moments name
    their zone, and lie within the calendar.
    """
    if isinstance(value, str):
        return _text_problem(value, path) or (value if path[-1:] and path[-1] in VERBATIM else value.strip())
    if isinstance(value, datetime):
        return _moment_problem(value, path) or value
    if isinstance(value, Mapping):
        pairs = [(key, tidied(each, (*path, camel(key)))) for key, each in value.items()]
        return _first_problem(each for _, each in pairs) or dict(pairs)
    if isinstance(value, list):
        items = [tidied(each, (*path, str(index))) for index, each in enumerate(value)]
        return _first_problem(items) or items
    return value


def _first_problem(values: Iterable[Any]) -> Invalid | None:
    return next((each for each in values if isinstance(each, Invalid)), None)


def _moment_problem(moment: datetime, path: tuple[str, ...]) -> Invalid | None:
    if moment.tzinfo is None:
        return Invalid(message="The moment names no time zone; write RFC 3339.", path=path)
    try:
        moment.astimezone(UTC)
    except OverflowError:  # the last hours of the calendar, in a zone that is already beyond it
        return Invalid(message="The moment is beyond the calendar.", path=path)
    return None


def _text_problem(text: str, path: tuple[str, ...]) -> Invalid | None:
    name = next((step for step in reversed(path) if not step.isdecimal()), "")
    address = name.lower().endswith("url") or name == "evidence"
    longest = LONGEST_TEXT if name in LONG else LONGEST_URL if address else LONGEST_NAME
    longest = LONGEST_VERBATIM if name in VERBATIM else longest
    if len(text) > longest:
        return Invalid(message=f"At most {longest} characters fit here, these are {len(text)}.", path=path)
    if unfit := _UNFIT.search(text):
        return Invalid(message=f"A text cannot hold U+{ord(unfit[0]):04X}.", path=path)
    if name not in LONG | VERBATIM and ("\n" in text or "\r" in text):
        return Invalid(message="This must stand on one line.", path=path)
    return None


def cleared(given: Given, *names: str) -> Invalid | None:
    """Refuse null for what a row cannot be without."""
    empty = next((name for name in names if name in given and given[name] is None), None)
    return None if empty is None else Invalid(message="It cannot be without this.", path=(camel(empty),))


def row_of(kind: str, id: str, tenant: UUID) -> UUID:
    """Return the row of that kind in that tenant which an id names; `NOWHERE` for any other id."""
    named = parse_id(id)
    return NOWHERE if named is None or named.type != kind or named.tenant != tenant else named.row


def ref_of(kind: str, id: str, tenant: UUID) -> Ref:
    """Return what an id means, also another tenant's row; nothing in this tenant for any other id."""
    named = parse_id(id)
    if named is None or named.type != kind or named.tenant is None:
        return Ref(NOWHERE, tenant)
    return Ref(named.row, named.tenant)


def pointed(refusal: R, given: Given, moved: Mapping[str, tuple[str, ...]]) -> R:
    """Return a refusal of words as one of the input that they came from.

    `moved` says where the words' fields stand in the input, where that is elsewhere; translations are by language
    in words and a list in the input.
    """
    path = refusal.path
    if not path:
        return refusal
    if path[0] == "text" and len(path) > 1:
        languages = [each["language"] for each in given.get("translations") or ()]
        index = languages.index(path[1]) if path[1] in languages else None
        head = ("translations",) if index is None else ("translations", str(index))
        return _at(refusal, (*head, *(path[2:] or ("language",))))
    return _at(refusal, (*moved.get(path[0], (camel(path[0]),)), *map(camel, path[1:])))


def _at(refusal: R, path: tuple[str, ...]) -> R:
    return replace(refusal, path=path)

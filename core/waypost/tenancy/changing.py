"""What acts begin with: the entry that is to be changed, or a slug for a new one."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Awaitable, Callable, Iterator
from typing import Final, TypeVar
from uuid import UUID

from piccolo.table import Table

from waypost.refusal import Refusal, Refused, SlugTaken, missing
from waypost.tenancy.entries import Entry, Here, Written, find_entry, managed_by_files
from waypost.tenancy.slugs import MAX_SLUG_LENGTH

W = TypeVar("W")

GONE: Final = frozenset({"closed", "retired"})
NUMBERED: Final = 9  # namesakes that are numbered; further ones are told apart by chance
_BETWEEN: Final = re.compile(r"[^a-z0-9]+")


async def load(
    table: type[Table], here: Here, id: UUID, read: Callable[[Here, UUID], Awaitable[W | None]]
) -> tuple[Entry, W] | Refusal:
    """Find and lock an entry of the tenant, and read its words. Refused with NotFound."""
    entry = await find_entry(table, here, id=id)
    words = None if entry is None else await read(here, id)
    return missing() if entry is None or words is None else (entry, words)


def unchangeable(entry: Entry, here: Here) -> Refusal | None:
    """Refuse to change what files keep (ManagedByFiles), and what was closed (code CLOSED)."""
    if entry.state in GONE:
        return Refused(code="CLOSED", message=f'"{entry.slug}" is {entry.state} and is not changed any more.')
    return managed_by_files(entry, here)


async def write_new(slug: str, name: str, write: Callable[[str], Awaitable[Written | Refusal]]) -> Written | Refusal:
    """Write something new under its slug, or where it has none under the first free one made from its name."""
    if slug:
        return await write(slug)
    written: Written | Refusal = missing()
    for candidate in slugs_of(name):
        written = await write(candidate)
        if not isinstance(written, SlugTaken):
            break
    return written


def slugs_of(name: str) -> Iterator[str]:
    """Yield slugs made from a name: `cafe-society`, `cafe-society-2` … and in the end one by chance."""
    base = slug_of(name)
    yield base
    for number in range(2, NUMBERED + 1):
        yield f"{base}-{number}"
    yield f"{base}-{secrets.token_hex(4)}"


def slug_of(name: str) -> str:
    """Make a slug from a name, with room for a number; of a name without Latin letters or digits `new`."""
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _BETWEEN.sub("-", bare).strip("-")[: MAX_SLUG_LENGTH - 9].rstrip("-") or "new"

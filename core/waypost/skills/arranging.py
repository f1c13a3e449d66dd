"""What makes a framework whole: every identifier once, nothing that hangs in the air, and a tree."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final
from uuid import UUID

from waypost.outbox.frameworks import CHILD, Association, Document, End, Fault, Item, Package

MOST_ITEMS: Final = 100_000
MOST_ASSOCIATIONS: Final = 500_000
MOST_DEPTH: Final = 20
MOST_FAULTS: Final = 1_000  # that are told; more help nobody
MOST_NAMED: Final = 10  # of those in a ring, which may be all of them
LOOKED_UP: Final = frozenset(("uri", "title", "code"))  # by an index, which takes some 2,700 bytes
LONGEST_KEY_BYTES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Placed:
    """An item in its tree. `position` and `last` count depth first from 1; `path` leads from the top to the item."""

    item: Item
    path: tuple[UUID, ...]
    place: int  # among its siblings, from 1
    position: int
    last: int

    @property
    def parent(self) -> UUID | None:
        """The item above it; None at the top."""
        return self.path[-2] if len(self.path) > 1 else None


def elsewhere(package: Package) -> frozenset[UUID]:
    """Give the identifiers that associations name outside the package: whoever writes it looks which are known."""
    inside = _inside(package)
    ends = (end.identifier for each in package.associations for end in (each.origin, each.destination))
    return frozenset(end for end in ends if end is not None and end not in inside)


def arrange(package: Package, known: Collection[UUID] = ()) -> tuple[Placed, ...] | tuple[Fault, ...]:
    """Put the items into their tree, depth first, or say all that is wrong; `known` are items of other frameworks.

    Siblings stand in the order of `sequence`, then of the file. An item below several stands in the tree below
    the first of them that the tree comes to.
    """
    faults = tuple(_first(_faults(package, known)))
    if faults:
        return faults
    below = _children(package)
    wrong = tuple(_first(_cycles(package, below)))
    return wrong or _placed(package, below)


def _first(faults: Iterable[Fault]) -> Iterator[Fault]:
    for number, fault in enumerate(faults):
        if number == MOST_FAULTS:
            return
        yield fault


def _inside(package: Package) -> frozenset[UUID]:
    return frozenset((package.document.identifier, *(item.identifier for item in package.items)))


def _faults(package: Package, known: Collection[UUID]) -> Iterator[Fault]:
    for what, found, most in (
        ("items", package.items, MOST_ITEMS),
        ("associations", package.associations, MOST_ASSOCIATIONS),
    ):
        if len(found) > most:
            yield Fault("TOO_LARGE", f"it has {len(found):,} {what}; at most {most:,} are taken")
            return
    yield from _unwritable(package)
    yield from _twice(package)
    yield from _dangling(package, known)


def _unwritable(package: Package) -> Iterator[Fault]:
    """Find texts that no database keeps, and those that are looked up and too long for an index."""
    entries: list[Document | Item | Association] = [package.document, *package.items, *package.associations]
    for each in entries:
        place = "" if isinstance(each, Document) else each.place
        for one in fields(each):
            value = getattr(each, one.name)
            texts = (value.uri, value.title) if isinstance(value, End) else (value,)
            if any(isinstance(text, str) and "\x00" in text for text in texts):
                yield Fault("INVALID", f"{one.name} holds a null byte", place)
            elif one.name in LOOKED_UP and len((value or "").encode(errors="replace")) > LONGEST_KEY_BYTES:
                yield Fault("INVALID", f"{one.name} is longer than {LONGEST_KEY_BYTES:,} bytes", place)


def _twice(package: Package) -> Iterator[Fault]:
    seen = {package.document.identifier: "the document"}
    entries: list[Item | Association] = [*package.items, *package.associations]
    for each in entries:
        if each.identifier in seen:
            words = f"the identifier {each.identifier} is that of {seen[each.identifier]} too"
            yield Fault("DUPLICATE_IDENTIFIER", words, each.place)
        seen.setdefault(each.identifier, each.place)


def _dangling(package: Package, known: Collection[UUID]) -> Iterator[Fault]:
    inside = _inside(package)
    items = inside - {package.document.identifier}
    for each in package.associations:
        if each.type == CHILD:
            if each.origin.identifier not in items:
                yield _hanging(each, "the child", each.origin)
            elif each.destination.identifier not in inside:
                yield _hanging(each, "the parent", each.destination)
        elif not {each.origin.identifier, each.destination.identifier} & inside:
            for which, end in (("the origin", each.origin), ("the destination", each.destination)):
                if end.identifier not in known:
                    yield _hanging(each, which, end, " nor in a framework that is here")
                    break


def _hanging(each: Association, which: str, end: End, besides: str = "") -> Fault:
    named = f"{which} {end.identifier or end.uri}"
    return Fault("DANGLING_ASSOCIATION", f"{named} of {each.type} is neither in the package{besides}", each.place)


_Children = Mapping[UUID, Sequence[UUID]]


def _children(package: Package) -> _Children:
    """List who stands below whom, in order; what stands below nothing is at the top."""
    links = [each for each in package.associations if each.type == CHILD]
    # Sorting is stable: without numbers the order of the file stays.
    links.sort(key=lambda each: (each.sequence is None, each.sequence or 0))
    below: dict[UUID, list[UUID]] = {package.document.identifier: []}
    placed: set[UUID] = set()
    for link in links:
        child, parent = link.origin.identifier, link.destination.identifier
        if child is None or parent is None:
            continue  # was refused before
        below.setdefault(parent, []).append(child)
        placed.add(child)
    below[package.document.identifier] += [item.identifier for item in package.items if item.identifier not in placed]
    return below


def _cycles(package: Package, below: _Children) -> Iterator[Fault]:
    """Find items that stand below themselves, by walking down from every item once."""
    places = {item.identifier: item.place for item in package.items}
    done: set[UUID] = set()
    for start in (package.document.identifier, *places):
        way: list[UUID] = []
        at: dict[UUID, int] = {}
        stack: list[tuple[UUID, bool]] = [(start, True)]
        while stack:
            id, enters = stack.pop()
            if not enters:
                del at[way.pop()]
                done.add(id)
            elif id in at:
                named = [places.get(each, "the document") for each in way[at[id] : at[id] + MOST_NAMED]]
                more = len(way) - at[id] - len(named)
                ring = [*named, *([f"… {more:,} more"] if more else []), named[0]]
                yield Fault("CHILD_CYCLE", f"it stands below itself: {' > '.join(ring)}", places.get(id, ""))
            elif id not in done:
                at[id] = len(way)
                way.append(id)
                stack.append((id, False))
                stack += ((child, True) for child in reversed(below.get(id, ())))


def _placed(package: Package, below: _Children) -> tuple[Placed, ...] | tuple[Fault, ...]:
    items = {item.identifier: item for item in package.items}
    found: list[Placed] = []
    last: dict[UUID, int] = {}
    placed: set[UUID] = set()
    stack: list[tuple[UUID, tuple[UUID, ...], int, bool]] = []

    def push(children: Sequence[UUID], path: tuple[UUID, ...]) -> None:
        numbered = enumerate(dict.fromkeys(children), start=1)
        stack.extend(reversed([(id, (*path, id), place, True) for place, id in numbered]))

    push(below[package.document.identifier], ())
    while stack:
        id, path, place, enters = stack.pop()
        if not enters:
            last[id] = len(found)
        elif id not in placed:  # else it stands below another already
            if len(path) > MOST_DEPTH:
                return (Fault("TOO_DEEP", f"it is more than {MOST_DEPTH} levels deep", items[id].place),)
            placed.add(id)
            found.append(Placed(items[id], path, place, len(found) + 1, 0))
            stack.append((id, path, place, False))
            push(below.get(id, ()), path)
    return tuple(Placed(each.item, each.path, each.place, each.position, last[each.item.identifier]) for each in found)

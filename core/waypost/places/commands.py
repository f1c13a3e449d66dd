"""Acts upon places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from waypost.outbox import Act, Event, command
from waypost.places import store, tables
from waypost.places.store import PlaceWords, read_place, write_place
from waypost.refusal import Refusal
from waypost.tenancy.changing import load, unchangeable, write_new
from waypost.tenancy.entries import Written, managed_by_files, tenant_area


@dataclass(frozen=True)
class PlaceCreated(Event):
    """A place was added."""

    place: UUID


@dataclass(frozen=True)
class PlaceUpdated(Event):
    """What is said of a place changed."""

    place: UUID


@dataclass(frozen=True)
class PlaceClosed(Event):
    """A place was taken off the lists."""

    place: UUID


@command(may="place.create")
async def create_place(act: Act, words: PlaceWords) -> PlaceCreated | Refusal:
    """Add a place; without a slug it gets one made from its name."""
    area = await tenant_area(act.here.tenant_id)

    async def write(slug: str) -> Written | Refusal:
        return await write_place(act.here, replace(words, slug=slug), None, area)

    written = await write_new(words.slug, words.name, write)
    if isinstance(written, Refusal):
        return written
    return await act.tell(PlaceCreated(written.id))


@command(may="place.update")
async def update_place(act: Act, place: UUID, changes: Mapping[str, Any]) -> PlaceUpdated | Refusal:
    """Change what is said of a place; `changes` are by the names of `PlaceWords`."""
    loaded = await load(tables.Place, act.here, place, read_place)
    if isinstance(loaded, Refusal):
        return loaded
    at, words = loaded
    written = unchangeable(at, act.here) or await write_place(
        act.here, replace(words, **changes), at, await tenant_area(act.here.tenant_id)
    )
    if isinstance(written, Refusal):
        return written
    updated = PlaceUpdated(place)
    return await act.tell(updated) if written.changed else updated


@command(may="place.close")
async def close_place(act: Act, place: UUID) -> PlaceClosed | Refusal:
    """Take a place off the lists; nothing happens to one that was closed before."""
    loaded = await load(tables.Place, act.here, place, read_place)
    if isinstance(loaded, Refusal):
        return loaded
    kept = managed_by_files(loaded[0], act.here)
    if kept:
        return kept
    closed = PlaceClosed(place)
    return await act.tell(closed) if await store.close_place(act.here, place) else closed

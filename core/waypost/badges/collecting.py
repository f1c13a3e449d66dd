"""Acts upon collections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from waypost.badges import tables
from waypost.db import execute, fetch, fetchrow, fetchval
from waypost.db.rows import sync, tenant_key, upsert
from waypost.outbox import Act, Event, command
from waypost.refusal import Invalid, NotFound, Refusal
from waypost.tenancy.changing import load, unchangeable, write_new
from waypost.tenancy.entries import Entry, Here, Written, claim_slug, managed_by_files
from waypost.tenancy.texts import said_problem

MOST_BADGES: Final = 100

READ_SQL: Final = "SELECT slug, issuer_id, name, description, state FROM collection WHERE tenant_id = $1 AND id = $2"
BADGES_SQL: Final = """
SELECT badge_id FROM collection_badge WHERE tenant_id = $1 AND collection_id = $2 ORDER BY position
"""
OWN_SQL: Final = """
SELECT count(*) FROM badge WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND $3 IN (issuer_id, creator_id)
"""
ISSUER_SQL: Final = "SELECT EXISTS (SELECT FROM issuer WHERE tenant_id = $1 AND id = $2)"
CLOSE_SQL: Final = """
UPDATE collection SET state = 'closed', updated_at = now() WHERE tenant_id = $1 AND id = $2 AND state <> 'closed'
"""


@dataclass(frozen=True)
class CollectionCreated(Event):
    """A collection was made."""

    collection: UUID
    issuer: UUID


@dataclass(frozen=True)
class CollectionUpdated(Event):
    """A collection's words or badges changed."""

    collection: UUID
    issuer: UUID


@dataclass(frozen=True)
class CollectionClosed(Event):
    """A collection was taken off the lists."""

    collection: UUID
    issuer: UUID


@dataclass(frozen=True)
class CollectionWords:
    """All that is said of a collection; `badges` in order."""

    slug: str
    issuer_id: UUID
    name: str
    description: str
    badges: tuple[UUID, ...] = ()
    state: str = "open"


@command(may="badge.collect")
async def create_collection(act: Act, words: CollectionWords) -> CollectionCreated | Refusal:
    """Put badges of an issuer together; without a slug the collection gets one made from its name."""
    forbidden = act.may("badge.collect", words.issuer_id)
    if forbidden:
        return forbidden

    async def write(slug: str) -> Written | Refusal:
        return await _write(act.here, replace(words, slug=slug), None)

    written = await write_new(words.slug, words.name, write)
    if isinstance(written, Refusal):
        return written
    return await act.tell(CollectionCreated(written.id, words.issuer_id))


@command(may="badge.collect")
async def update_collection(act: Act, collection: UUID, changes: Mapping[str, Any]) -> CollectionUpdated | Refusal:
    """Change a collection; `changes` are by the names of `CollectionWords`."""
    loaded = await load(tables.Collection, act.here, collection, _read)
    if isinstance(loaded, Refusal):
        return loaded
    at, before = loaded
    words = replace(before, **changes)
    wrong = (
        act.may("badge.collect", before.issuer_id)
        or act.may("badge.collect", words.issuer_id)
        or unchangeable(at, act.here)
    )
    written = wrong or await _write(act.here, words, at)
    if isinstance(written, Refusal):
        return written
    updated = CollectionUpdated(collection, words.issuer_id)
    return await act.tell(updated) if written.changed else updated


@command(may="badge.collect")
async def close_collection(act: Act, collection: UUID) -> CollectionClosed | Refusal:
    """Take a collection off the lists; its badges stay."""
    loaded = await load(tables.Collection, act.here, collection, _read)
    if isinstance(loaded, Refusal):
        return loaded
    at, words = loaded
    wrong = act.may("badge.collect", words.issuer_id) or managed_by_files(at, act.here)
    if wrong:
        return wrong
    closed = CollectionClosed(collection, words.issuer_id)
    changed = (await execute(CLOSE_SQL, act.here.tenant_id, collection)).endswith(" 1")
    return await act.tell(closed) if changed else closed


async def _read(here: Here, id: UUID) -> CollectionWords | None:
    row = await fetchrow(READ_SQL, here.tenant_id, id)
    if row is None:
        return None
    badges = await fetch(BADGES_SQL, here.tenant_id, id)
    return CollectionWords(**dict(row), badges=tuple(each["badge_id"] for each in badges))


async def _write(here: Here, words: CollectionWords, at: Entry | None) -> Written | Refusal:
    wrong = said_problem(names={"name": words.name}, texts={"description": words.description}) or await _badges_problem(
        here, words.issuer_id, words.badges
    )
    if wrong:
        return wrong
    id = await claim_slug(tables.Collection, here, words.slug, at)
    if isinstance(id, Refusal):
        return id
    row = {
        "tenant_id": here.tenant_id,
        "id": id,
        "slug": words.slug,
        "issuer_id": words.issuer_id,
        "name": words.name,
        "description": words.description,
        "state": words.state,
        "public": True,
        "managed_by": here.managed_by,
    }
    changed = await upsert(tables.Collection, [row])
    places = [{"badge_id": badge, "position": n, "public": True} for n, badge in enumerate(words.badges, start=1)]
    changed += await sync(tables.CollectionBadge, tenant_key(here.tenant_id, collection_id=id), places)
    return Written(id, created=at is None, changed=changed > 0)


async def _badges_problem(here: Here, issuer: UUID, badges: Sequence[UUID]) -> Refusal | None:
    if not await fetchval(ISSUER_SQL, here.tenant_id, issuer):
        return NotFound(message="The issuer is not here.", path=("issuer",))
    if len(badges) > MOST_BADGES:
        return Invalid(message=f"A collection holds at most {MOST_BADGES} badges.", path=("badges",))
    if len(set(badges)) < len(badges):
        return Invalid(message="A badge stands in a collection once.", path=("badges",))
    if await fetchval(OWN_SQL, here.tenant_id, list(badges), issuer) != len(badges):
        return NotFound(message="One of the badges is none of this issuer's here.", path=("badges",))
    return None

"""Acts upon issuers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from waypost.issuers import tables
from waypost.issuers.store import (
    IssuerWords,
    OrganisationWords,
    ensure_organisation,
    find_organisation,
    read_issuer,
    read_organisation,
    write_issuer,
)
from waypost.outbox import Act, Event, command
from waypost.refusal import Refusal
from waypost.tenancy.changing import load, slugs_of, unchangeable, write_new
from waypost.tenancy.entries import Written

# What an issuer and a new organisation have in common; it is said of the issuer.
SHARED: Final = {("name",), ("kind",), ("url",)}


@dataclass(frozen=True)
class IssuerCreated(Event):
    """An organisation's presence was added."""

    issuer: UUID
    organisation: UUID


@dataclass(frozen=True)
class IssuerUpdated(Event):
    """What is said of an issuer changed."""

    issuer: UUID
    renamed: bool


@command(may="issuer.create")
async def create_issuer(act: Act, words: IssuerWords, organisation: OrganisationWords) -> IssuerCreated | Refusal:
    """Add an organisation's presence; without a slug it gets one made from its name.

    The organisation is found by its official numbers or its slug; without a slug of its own nobody is taken for a
    namesake of another city. Its kind is the issuer's, whatever the words say.
    """
    if not organisation.slug:
        organisation = replace(organisation, slug=await _unknown_slug(words.slug or words.name))
    id = await ensure_organisation(organisation)
    if isinstance(id, Refusal):
        return id.under("organisation") if id.path[:1] not in SHARED else id
    known = await read_organisation(id)
    words = replace(words, organisation_id=id, kind=known.kind if known else words.kind)

    async def write(slug: str) -> Written | Refusal:
        return await write_issuer(act.here, replace(words, slug=slug), None)

    written = await write_new(words.slug, words.name, write)
    if isinstance(written, Refusal):
        return written
    return await act.tell(IssuerCreated(written.id, id))


@command(may="issuer.update")
async def update_issuer(act: Act, issuer: UUID, changes: Mapping[str, Any]) -> IssuerUpdated | Refusal:
    """Change what is said of an issuer; `changes` are by the names of `IssuerWords`.

    Nobody verifies themselves: roles that speak for the issuer are refused to change `verified`.
    """
    loaded = await load(tables.Issuer, act.here, issuer, read_issuer)
    if isinstance(loaded, Refusal):
        return loaded
    at, words = loaded
    changed = replace(words, **changes)
    wrong = act.may("issuer.update", issuer) or unchangeable(at, act.here)
    if wrong is None and changed.verified != words.verified:
        wrong = _may_verify(act)
    written = wrong or await write_issuer(act.here, changed, at)
    if isinstance(written, Refusal):
        return written
    updated = IssuerUpdated(issuer, renamed=changed.name != words.name)
    return await act.tell(updated) if written.changed else updated


def _may_verify(act: Act) -> Refusal | None:
    """Who may add issuers may say that one is who it says it is."""
    forbidden = act.may("issuer.create")
    return None if forbidden is None else replace(forbidden, path=("verified",))


async def _unknown_slug(name: str) -> str:
    """Make a slug that no organisation of the platform has."""
    for slug in slugs_of(name):
        if await find_organisation(slug) is None:
            return slug
    raise LookupError(f"every slug made from {name} is in use, one by chance among them")

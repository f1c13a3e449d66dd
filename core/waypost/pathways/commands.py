"""Acts upon pathways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from waypost.outbox import Act, Event, command
from waypost.pathways import store, tables
from waypost.pathways.rules import Edges
from waypost.pathways.store import PathwayWords, StepWords, read_pathway, write_pathway
from waypost.refusal import Refusal
from waypost.tenancy.changing import load, unchangeable, write_new
from waypost.tenancy.entries import Written, managed_by_files
from waypost.tenancy.loans import Loans


@dataclass(frozen=True)
class PathwayCreated(Event):
    """A pathway was drafted."""

    pathway: UUID
    issuer: UUID


@dataclass(frozen=True)
class PathwayUpdated(Event):
    """A pathway's words or steps changed."""

    pathway: UUID
    issuer: UUID


@dataclass(frozen=True)
class PathwayPublished(Event):
    """A pathway is shown to everybody."""

    pathway: UUID
    issuer: UUID


@dataclass(frozen=True)
class PathwayRetired(Event):
    """A pathway was taken off the lists."""

    pathway: UUID
    issuer: UUID


@dataclass(frozen=True)
class Abroad:
    """What was read of other tenants before the act: what may be borrowed, and what leads to what there."""

    loans: Loans
    edges: Edges


@command(may="pathway.create")
async def create_pathway(act: Act, words: PathwayWords, abroad: Abroad) -> PathwayCreated | Refusal:
    """Draft a pathway; without a slug it gets one made from its name.

    What its steps name of other tenants is borrowed.
    """
    forbidden = act.may("pathway.create", words.issuer_id)
    if forbidden:
        return forbidden
    steps = await _lent(act, words.steps, abroad.loans)
    if isinstance(steps, Refusal):
        return steps

    async def write(slug: str) -> Written | Refusal:
        return await write_pathway(act.here, replace(words, slug=slug, steps=steps), None, abroad.edges)

    written = await write_new(words.slug, words.name, write)
    if isinstance(written, Refusal):
        return written
    return await act.tell(PathwayCreated(written.id, words.issuer_id))


@command(may="pathway.update")
async def update_pathway(
    act: Act, pathway: UUID, changes: Mapping[str, Any], abroad: Abroad
) -> PathwayUpdated | Refusal:
    """Change a pathway, published or not; `changes` are by the names of `PathwayWords`.

    Who speaks for one issuer can neither change nor become another's.
    """
    loaded = await load(tables.Pathway, act.here, pathway, read_pathway)
    if isinstance(loaded, Refusal):
        return loaded
    at, before = loaded
    words = replace(before, **changes)
    if "text" not in changes:
        words = _with_own_titles(words)
    wrong = (
        act.may("pathway.update", before.issuer_id)
        or act.may("pathway.update", words.issuer_id)
        or unchangeable(at, act.here)
    )
    if wrong:
        return wrong
    steps = await _lent(act, words.steps, abroad.loans)
    if isinstance(steps, Refusal):
        return steps
    written = await write_pathway(act.here, replace(words, steps=steps), at, abroad.edges)
    if isinstance(written, Refusal):
        return written
    updated = PathwayUpdated(pathway, words.issuer_id)
    return await act.tell(updated) if written.changed else updated


@command(may="pathway.publish")
async def publish_pathway(act: Act, pathway: UUID, abroad: Abroad) -> PathwayPublished | Refusal:
    """Show a pathway to everybody; nothing happens to one that is shown already."""
    loaded = await load(tables.Pathway, act.here, pathway, read_pathway)
    if isinstance(loaded, Refusal):
        return loaded
    at, words = loaded
    wrong = act.may("pathway.publish", words.issuer_id) or unchangeable(at, act.here)
    written = wrong or await write_pathway(act.here, replace(words, state="published"), at, abroad.edges)
    if isinstance(written, Refusal):
        return written
    published = PathwayPublished(pathway, words.issuer_id)
    return await act.tell(published) if at.state != "published" else published


@command(may="pathway.retire")
async def retire_pathway(act: Act, pathway: UUID) -> PathwayRetired | Refusal:
    """Take a pathway off the lists; nothing happens to one that was retired before."""
    loaded = await load(tables.Pathway, act.here, pathway, read_pathway)
    if isinstance(loaded, Refusal):
        return loaded
    at, words = loaded
    wrong = act.may("pathway.retire", words.issuer_id) or managed_by_files(at, act.here)
    if wrong:
        return wrong
    retired = PathwayRetired(pathway, words.issuer_id)
    return await act.tell(retired) if await store.retire_pathway(act.here, pathway) else retired


def _with_own_titles(words: PathwayWords) -> PathwayWords:
    """Leave out translated titles of steps that are not there any more."""
    keys = {step.key for step in words.steps}
    text = {
        language: replace(one, steps={key: title for key, title in one.steps.items() if key in keys})
        for language, one in words.text.items()
    }
    return replace(words, text=text)


async def _lent(act: Act, steps: tuple[StepWords, ...], loans: Loans) -> tuple[StepWords, ...] | Refusal:
    """Borrow what the steps name of other tenants."""
    lent: list[StepWords] = []
    for index, step in enumerate(steps):
        badges = await loans.lend(act.here, "badge", step.badges)
        if isinstance(badges, Refusal):
            return badges.under("steps", str(index), "badges")
        opportunities = await loans.lend(act.here, "opportunity", step.opportunities)
        if isinstance(opportunities, Refusal):
            return opportunities.under("steps", str(index), "opportunities")
        lent.append(replace(step, badges=badges, opportunities=opportunities))
    return tuple(lent)

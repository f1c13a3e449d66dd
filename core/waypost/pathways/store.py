"""Writes pathways with their trees of steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from waypost.db import execute, fetch, fetchval, new_id, one_at_a_time
from waypost.db.rows import sync, sync_all, tenant_key, upsert
from waypost.pathways import tables
from waypost.pathways.edges import edges_elsewhere, edges_here
from waypost.pathways.reading import read_pathway
from waypost.pathways.rules import (
    Edges,
    Node,
    Placed,
    arrange,
    cycle_problem,
    pathway_edges,
    pathway_problem,
    refs_of,
)
from waypost.pathways.words import PathwayText, PathwayWords, Rule, StepWords
from waypost.refusal import NotFound, Refusal
from waypost.tenancy.entries import Entry, Here, Ref, Written, claim_slug

__all__ = [
    "Edges",
    "PathwayText",
    "PathwayWords",
    "Rule",
    "StepWords",
    "edges_elsewhere",
    "read_pathway",
    "retire_pathway",
    "write_pathway",
]

KEYS_SQL: Final = "SELECT key, id FROM step WHERE tenant_id = $1 AND pathway_id = $2"
ISSUER_SQL: Final = "SELECT EXISTS (SELECT FROM issuer WHERE tenant_id = $1 AND id = $2)"
BADGE_SQL: Final = "SELECT EXISTS (SELECT FROM badge WHERE tenant_id = $1 AND id = $2)"
OUTCOMES_SQL: Final = "SELECT count(*) FROM opportunity WHERE tenant_id = $1 AND id = ANY($2::uuid[])"
# How many of those meant are there: own ones, and borrowings of exactly that object.
REFS_SQL: Final = """
SELECT (SELECT count(*) FROM {table} WHERE tenant_id = $1 AND id = ANY($2::uuid[]))
     + (SELECT count(*) FROM borrowed b JOIN unnest($3::uuid[], $4::uuid[]) AS meant (id, object_id)
          ON b.id = meant.id AND b.object_id = meant.object_id
        WHERE b.tenant_id = $1 AND b.object_type = '{table}')
"""
RETIRE_SQL: Final = """
UPDATE pathway SET state = 'retired', updated_at = now()
WHERE tenant_id = $1 AND id = $2 AND state <> 'retired'
"""


async def write_pathway(here: Here, words: PathwayWords, at: Entry | None, elsewhere: Edges) -> Written | Refusal:
    """Create a pathway (`at` = None) or bring an existing one to these words.

    Steps keep their ids by their keys. `elsewhere` is what leads to what in other tenants, read before in a
    National transaction (`edges_elsewhere`): a cycle is refused also where it leads over borrowed badges.
    A draft is shown to nobody; what is retired stays readable.
    """
    wrong = pathway_problem(here, words) or await _missing(here, words)
    if wrong:
        return wrong
    placed = arrange(words.steps)
    if isinstance(placed, Refusal):
        return placed
    id = await claim_slug(tables.Pathway, here, words.slug, at)
    if isinstance(id, Refusal):
        return id
    cycle = await _cycle(here, id, words, elsewhere)
    if cycle:
        return cycle
    public = words.state != "draft"
    changed = await upsert(tables.Pathway, [_row(here, id, words, public=public)])
    changed += await _write_sides(here, id, words, public=public)
    changed += await _write_steps(here, id, words, placed, public=public)
    return Written(id, created=at is None, changed=changed > 0)


def _row(here: Here, id: UUID, words: PathwayWords, *, public: bool) -> dict[str, Any]:
    return {
        "tenant_id": here.tenant_id,
        "id": id,
        "slug": words.slug,
        "name": words.name,
        "issuer_id": words.issuer_id,
        "rule_kind": words.rule.kind,
        "rule_required": words.rule.required,
        "completion_badge_id": words.completion_badge_id,
        "state": words.state,
        "public": public,
        "managed_by": here.managed_by,
        "source_id": words.source_id,
    }


async def _write_sides(here: Here, id: UUID, words: PathwayWords, *, public: bool) -> int:
    owner = tenant_key(here.tenant_id, pathway_id=id)
    text = {here.language: PathwayText(words.name, words.description), **words.text}
    texts = [
        {
            "language": language,
            "original": language == here.language,
            "name": one.name,
            "description": one.description,
            "public": public,
        }
        for language, one in text.items()
    ]
    interests = [{"interest": interest, "public": public} for interest in dict.fromkeys(words.interests)]
    outcomes = [
        {"opportunity_id": outcome, "position": position, "public": public}
        for position, outcome in enumerate(words.outcomes, start=1)
    ]
    return (
        await sync(tables.PathwayText, owner, texts)
        + await sync(tables.PathwayInterest, owner, interests)
        + await sync(tables.PathwayOutcome, owner, outcomes)
    )


async def _write_steps(here: Here, id: UUID, words: PathwayWords, placed: Sequence[Placed], *, public: bool) -> int:
    known = {row["key"]: row["id"] for row in await fetch(KEYS_SQL, here.tenant_id, id)}
    ids: dict[str, UUID] = {one.step.key: known.get(one.step.key) or new_id() for one in placed}
    side = {"tenant_id": here.tenant_id, "public": public}
    steps = [
        {
            **side,
            "id": ids[one.step.key],
            "pathway_id": id,
            "parent_id": None if one.step.parent is None else ids[one.step.parent],
            "key": one.step.key,
            "position": one.position,
            "depth": one.depth,
            "rule_kind": one.step.rule.kind,
            "rule_required": one.step.rule.required,
            "optional": one.step.optional,
        }
        for one in placed
    ]
    gone = [known[key] for key in known.keys() - ids.keys()]
    # Their texts and links go with them; whoever stood below them moves in the statement after.
    removed = await execute("DELETE FROM step WHERE tenant_id = $1 AND id = ANY($2::uuid[])", here.tenant_id, gone)
    changed = int(removed.split()[-1]) + await upsert(tables.Step, steps)
    owners = [tenant_key(here.tenant_id, step_id=step) for step in ids.values()]
    changed += await sync_all(tables.StepText, owners, _titles(here, words, ids, side))
    badges = _links(words, ids, {**side, "pathway_id": id}, "badges", "badge_id")
    changed += await sync_all(tables.StepBadge, owners, badges)
    opportunities = _links(words, ids, {**side, "pathway_id": id}, "opportunities", "opportunity_id")
    return changed + await sync_all(tables.StepOpportunity, owners, opportunities)


def _titles(here: Here, words: PathwayWords, ids: Mapping[str, UUID], side: Mapping[str, Any]) -> list[dict[str, Any]]:
    titles = [(here.language, step.key, step.title) for step in words.steps]
    titles += [(language, key, title) for language, text in words.text.items() for key, title in text.steps.items()]
    return [
        {
            **side,
            "step_id": ids[key],
            "language": language,
            "original": language == here.language,
            "title": title,
        }
        for language, key, title in titles
    ]


def _links(
    words: PathwayWords, ids: Mapping[str, UUID], side: Mapping[str, Any], what: str, column: str
) -> list[dict[str, Any]]:
    return [
        {
            **side,
            "step_id": ids[step.key],
            column: ref.id,
            "home_tenant_id": ref.home_tenant_id,
            "borrowed_id": ref.borrowed_id,
            "position": position,
        }
        for step in words.steps
        for position, ref in enumerate(getattr(step, what), start=1)
    ]


async def _cycle(here: Here, id: UUID, words: PathwayWords, elsewhere: Edges) -> Refusal | None:
    if words.completion_badge_id is None:
        return None  # nothing leads to it
    # Two writers who would close a circle together wait for each other here.
    await one_at_a_time(here.tenant_id, "circles")
    known = elsewhere.joined(await edges_here(here, besides=id))
    edges = known.joined(pathway_edges(here.tenant_id, id, words))
    return cycle_problem(edges, Node("pathway", here.tenant_id, id))


async def _missing(here: Here, words: PathwayWords) -> NotFound | None:
    if not await fetchval(ISSUER_SQL, here.tenant_id, words.issuer_id):
        return NotFound(message="The issuer is not here.", path=("issuer",))
    badge = words.completion_badge_id
    if badge is not None and not await fetchval(BADGE_SQL, here.tenant_id, badge):
        return NotFound(message="The completion badge must be a badge of one's own.", path=("completionBadge",))
    outcomes = list(words.outcomes)
    if outcomes and await fetchval(OUTCOMES_SQL, here.tenant_id, outcomes) != len(outcomes):
        return NotFound(message="One of the outcomes is no opportunity here.", path=("outcomes",))
    badges, opportunities = refs_of(words)
    if not await _are_there(here, "badge", badges):
        return NotFound(message="One of the badges is neither here nor borrowed.", path=("steps",))
    if not await _are_there(here, "opportunity", opportunities):
        return NotFound(message="One of the opportunities is neither here nor borrowed.", path=("steps",))
    return None


async def _are_there(here: Here, table: str, refs: Sequence[Ref]) -> bool:
    if not refs:
        return True
    own = [ref.id for ref in refs if ref.borrowed_id is None]
    others = [ref for ref in refs if ref.borrowed_id is not None]
    meant = ([ref.borrowed_id for ref in others], [ref.id for ref in others])
    found = await fetchval(REFS_SQL.format(table=table), here.tenant_id, own, *meant)
    return bool(found == len(refs))


async def retire_pathway(here: Here, id: UUID) -> bool:
    """Retire a pathway: off the lists, its words stay readable. Answers whether it was not before."""
    return (await execute(RETIRE_SQL, here.tenant_id, id)).endswith(" 1")

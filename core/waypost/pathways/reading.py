"""Reads pathways as they would be written again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from waypost.db import fetch, fetchrow
from waypost.pathways.words import PathwayText, PathwayWords, Rule, StepWords
from waypost.tenancy.entries import Here, Ref

PATHWAY_SQL: Final = """
SELECT slug, issuer_id, rule_kind, rule_required, completion_badge_id, state, source_id
FROM pathway WHERE tenant_id = $1 AND id = $2
"""
TEXT_SQL: Final = """
SELECT language, original, name, description FROM pathway_text WHERE tenant_id = $1 AND pathway_id = $2
"""
INTEREST_SQL: Final = """
SELECT interest FROM pathway_interest WHERE tenant_id = $1 AND pathway_id = $2 ORDER BY interest
"""
OUTCOME_SQL: Final = """
SELECT opportunity_id FROM pathway_outcome WHERE tenant_id = $1 AND pathway_id = $2 ORDER BY position
"""
STEP_SQL: Final = """
SELECT s.id, s.key, p.key AS parent, s.rule_kind, s.rule_required, s.optional
FROM step s LEFT JOIN step p ON p.tenant_id = s.tenant_id AND p.id = s.parent_id
WHERE s.tenant_id = $1 AND s.pathway_id = $2 ORDER BY s.position
"""
TITLE_SQL: Final = """
SELECT t.step_id, t.language, t.original, t.title
FROM step s JOIN step_text t ON t.tenant_id = s.tenant_id AND t.step_id = s.id
WHERE s.tenant_id = $1 AND s.pathway_id = $2
"""
BADGE_SQL: Final = """
SELECT step_id, badge_id AS id, home_tenant_id, borrowed_id FROM step_badge
WHERE tenant_id = $1 AND pathway_id = $2 ORDER BY position
"""
OPPORTUNITY_SQL: Final = """
SELECT step_id, opportunity_id AS id, home_tenant_id, borrowed_id FROM step_opportunity
WHERE tenant_id = $1 AND pathway_id = $2 ORDER BY position
"""


async def read_pathway(here: Here, id: UUID) -> PathwayWords | None:
    """Read a pathway with its steps, depth first."""
    key = (here.tenant_id, id)
    row = await fetchrow(PATHWAY_SQL, *key)
    if row is None:
        return None
    facts = dict(row)
    rule = Rule(facts.pop("rule_kind"), facts.pop("rule_required"))
    titles = await fetch(TITLE_SQL, *key)
    steps = await fetch(STEP_SQL, *key)
    badges, opportunities = _refs(await fetch(BADGE_SQL, *key)), _refs(await fetch(OPPORTUNITY_SQL, *key))
    original = {title["step_id"]: title["title"] for title in titles if title["original"]}
    texts = await fetch(TEXT_SQL, *key)
    said = next(text for text in texts if text["original"])
    keys = {step["id"]: step["key"] for step in steps}
    return PathwayWords(
        **facts,
        name=said["name"],
        description=said["description"],
        rule=rule,
        steps=tuple(
            StepWords(
                key=step["key"],
                title=original[step["id"]],
                parent=step["parent"],
                rule=Rule(step["rule_kind"], step["rule_required"]),
                optional=step["optional"],
                badges=badges.get(step["id"], ()),
                opportunities=opportunities.get(step["id"], ()),
            )
            for step in steps
        ),
        interests=tuple(row["interest"] for row in await fetch(INTEREST_SQL, *key)),
        outcomes=tuple(row["opportunity_id"] for row in await fetch(OUTCOME_SQL, *key)),
        text={
            text["language"]: PathwayText(
                text["name"],
                text["description"],
                {keys[title["step_id"]]: title["title"] for title in titles if title["language"] == text["language"]},
            )
            for text in texts
            if not text["original"]
        },
    )


def _refs(rows: list[Any]) -> Mapping[UUID, tuple[Ref, ...]]:
    found: dict[UUID, tuple[Ref, ...]] = {}
    for row in rows:
        ref = Ref(row["id"], row["home_tenant_id"], row["borrowed_id"])
        found[row["step_id"]] = (*found.get(row["step_id"], ()), ref)
    return found

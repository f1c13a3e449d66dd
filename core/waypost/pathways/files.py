"""Pathways in catalogue files."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from waypost.db import fetch
from waypost.pathways import tables
from waypost.pathways.edges import edges_elsewhere
from waypost.pathways.file_checks import cycles, step_problems, tree_order
from waypost.pathways.file_entries import PathwayEntry, PathwayTextEntry, StepEntry, rule_of
from waypost.pathways.rules import Edges, shown_rule
from waypost.pathways.store import retire_pathway, write_pathway
from waypost.pathways.words import PathwayText, PathwayWords, Rule, StepWords
from waypost.refusal import Refusal
from waypost.tenancy.catalogue import CatalogueKind, Reference, Stored, Writing
from waypost.tenancy.country import Country, Folder
from waypost.tenancy.entries import Entry, Written
from waypost.tenancy.faults import Fault
from waypost.tenancy.parts import text_sql, translation_problems, translations
from waypost.tenancy.sections import Problem

READ_SQL: Final = f"""
SELECT p.id, p.slug, p.rule_kind, p.rule_required, p.state, p.source_id,
       (SELECT i.slug FROM issuer i WHERE i.tenant_id = p.tenant_id AND i.id = p.issuer_id) AS issuer,
       (SELECT b.slug FROM badge b WHERE b.tenant_id = p.tenant_id AND b.id = p.completion_badge_id)
           AS completion_badge,
       (SELECT json_build_object('name', x.name, 'description', x.description) FROM pathway_text x
        WHERE x.tenant_id = p.tenant_id AND x.pathway_id = p.id AND x.original)::text AS original,
       {text_sql("pathway_text", "pathway_id", "p", "name", "description")},
       ARRAY(SELECT t.interest FROM pathway_interest t
             WHERE t.tenant_id = p.tenant_id AND t.pathway_id = p.id ORDER BY t.interest) AS interests,
       ARRAY(SELECT o.slug FROM pathway_outcome l
             JOIN opportunity o ON o.tenant_id = l.tenant_id AND o.id = l.opportunity_id
             WHERE l.tenant_id = p.tenant_id AND l.pathway_id = p.id ORDER BY l.position) AS outcomes,
       (SELECT json_agg(json_build_object(
                   'key', s.key, 'kind', s.rule_kind, 'required', s.rule_required, 'optional', s.optional,
                   'parent', (SELECT a.key FROM step a WHERE a.tenant_id = s.tenant_id AND a.id = s.parent_id),
                   'titles', (SELECT json_object_agg(x.language, x.title) FROM step_text x
                              WHERE x.tenant_id = s.tenant_id AND x.step_id = s.id),
                   'badges', ARRAY(SELECT coalesce(b.slug, l.badge_id::text) FROM step_badge l
                                   LEFT JOIN badge b ON b.tenant_id = l.tenant_id AND b.id = l.own_badge_id
                                   WHERE l.tenant_id = s.tenant_id AND l.step_id = s.id ORDER BY l.position),
                   'opportunities', ARRAY(
                       SELECT coalesce(o.slug, l.opportunity_id::text) FROM step_opportunity l
                       LEFT JOIN opportunity o ON o.tenant_id = l.tenant_id AND o.id = l.own_opportunity_id
                       WHERE l.tenant_id = s.tenant_id AND l.step_id = s.id ORDER BY l.position))
               ORDER BY s.position)
        FROM step s WHERE s.tenant_id = p.tenant_id AND s.pathway_id = p.id)::text AS steps
FROM pathway p
WHERE p.tenant_id = $1 AND p.managed_by = ANY($2)
ORDER BY p.id
"""


class Pathways(CatalogueKind[PathwayEntry]):
    """The pathways of a tenant."""

    name = "pathways"
    word = "pathway"
    closed_state = "retired"
    table = tables.Pathway
    model = PathwayEntry

    def references(self, entry: PathwayEntry) -> Iterable[Reference]:
        """Who offers it, what its steps name, what it awards and where it leads."""
        yield Reference(("issuer",), "issuers", entry.issuer)
        if entry.completion_badge is not None:
            yield Reference(("completion_badge",), "badges", entry.completion_badge)
        for index, outcome in enumerate(entry.outcomes):
            yield Reference(("outcomes", index), "opportunities", outcome)
        for index, step in enumerate(entry.steps):
            for number, badge in enumerate(step.badges):
                yield Reference(("steps", index, "badges", number), "badges", badge)
            for number, one in enumerate(step.opportunities):
                yield Reference(("steps", index, "opportunities", number), "opportunities", one)

    def check(self, entry: PathwayEntry, folder: Folder, country: Country) -> Iterable[Problem]:
        """The tree of steps, its rules, translations."""
        del country
        yield from translation_problems(entry.text, folder)
        yield from step_problems(entry, folder)
        keys = {step.key for step in entry.steps}
        for language, text in entry.text.items():
            for key in text.steps:
                if key not in keys:
                    yield Problem(("text", language, "steps", key), f'there is no step "{key}" to translate')

    def check_country(self, country: Country) -> Iterable[Fault]:
        """Pathways that lead back to themselves, also over badges of other tenants."""
        return cycles(country)

    def is_public(self, entry: PathwayEntry) -> bool:
        """Whether it was ever published."""
        return entry.state != "draft"

    def closed(self, entry: PathwayEntry) -> bool:
        """Whether it is retired by its file."""
        return entry.state == "retired"

    def facts(self, entry: PathwayEntry, folder: Folder) -> dict[str, object]:
        """The keys of the entry: steps in the order of their tree, own things named without the tenant."""
        own = f"{folder.slug}/"
        steps = [
            step.model_dump()
            | {
                "badges": [badge.removeprefix(own) for badge in step.badges],
                "opportunities": [one.removeprefix(own) for one in step.opportunities],
            }
            for step in tree_order(entry.steps)
        ]
        return super().facts(entry, folder) | {"interests": frozenset(entry.interests), "steps": steps}

    def derived(self, entry: PathwayEntry, folder: Folder, country: Country) -> dict[str, object]:
        """The language of its words."""
        del entry, country
        return {"language": folder.settings.language}

    async def read(
        self, tenant_id: UUID, managed_by: Collection[str], names: Mapping[UUID, str]
    ) -> Mapping[str, Stored[PathwayEntry]]:
        """The tenant's pathways of these keepers, in the order in which they were made."""
        rows = await fetch(READ_SQL, tenant_id, list(managed_by))
        return {row["slug"]: _stored(row, names) for row in rows}

    async def prepare(self, tenant_id: UUID) -> Edges:
        """What leads to what in other tenants."""
        return await edges_elsewhere(tenant_id)

    async def write(self, entry: PathwayEntry, source: str, at: Writing, row: Entry | None) -> Written | Refusal | None:
        """Write the pathway, as soon as everything is there that its steps name: its rules count them."""
        words = PathwayWords(
            slug=entry.slug,
            name=entry.name,
            description=entry.description,
            issuer_id=at.must("issuers", entry.issuer),
            rule=rule_of(entry.rule),
            steps=_step_words(entry, at),
            interests=entry.interests,
            completion_badge_id=at.own("badges", entry.completion_badge),
            outcomes=tuple(at.must("opportunities", outcome) for outcome in entry.outcomes),
            state=entry.state,
            text={language: PathwayText(one.name, one.description, one.steps) for language, one in entry.text.items()},
            source_id=source,
        )
        if at.incomplete:
            return None
        return await write_pathway(at.here, words, row, at.prepared[self.name])

    async def close(self, id: UUID, at: Writing) -> bool:
        """Retire the pathway."""
        return await retire_pathway(at.here, id)


def _step_words(entry: PathwayEntry, at: Writing) -> tuple[StepWords, ...]:
    return tuple(
        StepWords(
            key=step.key,
            title=step.title,
            parent=step.parent,
            rule=rule_of(step.rule),
            optional=step.optional,
            badges=at.all_meant("badges", step.badges),
            opportunities=at.all_meant("opportunities", step.opportunities),
        )
        for step in entry.steps
    )


def _stored(row: Record, names: Mapping[UUID, str]) -> Stored[PathwayEntry]:
    original: dict[str, str] = json.loads(row["original"] or '{"name": "", "description": ""}')
    steps: list[dict[str, Any]] = json.loads(row["steps"] or "[]")
    language = row["language"] or ""
    texts = translations(row["text"], PathwayTextEntry)
    entry = PathwayEntry.model_construct(
        slug=row["slug"],
        name=original["name"],
        description=original["description"],
        issuer=row["issuer"],
        interests=tuple(row["interests"]),
        rule=shown_rule(Rule(row["rule_kind"], row["rule_required"])),
        completion_badge=row["completion_badge"],
        outcomes=tuple(row["outcomes"]),
        state=row["state"],
        steps=tuple(_stored_step(step, language, names) for step in steps),
        text={tag: text.model_copy(update={"steps": _titles(steps, tag)}) for tag, text in texts.items()},
    )
    return Stored(row["id"], entry, row["state"] == "retired", row["source_id"], {"language": language})


def _stored_step(step: Mapping[str, Any], language: str, names: Mapping[UUID, str]) -> StepEntry:
    return StepEntry.model_construct(
        key=step["key"],
        title=(step["titles"] or {}).get(language, ""),
        parent=step["parent"],
        rule=shown_rule(Rule(step["kind"], step["required"])),
        optional=step["optional"],
        badges=tuple(_named(badge, names) for badge in step["badges"]),
        opportunities=tuple(_named(one, names) for one in step["opportunities"]),
    )


def _titles(steps: Iterable[Mapping[str, Any]], language: str) -> dict[str, str]:
    return {step["key"]: step["titles"][language] for step in steps if language in (step["titles"] or {})}


def _named(value: str, names: Mapping[UUID, str]) -> str:
    """A slug as it is; the id of something borrowed as its name."""
    try:
        return names.get(UUID(value), value)
    except ValueError:
        return value


PATHWAYS: Final = Pathways()

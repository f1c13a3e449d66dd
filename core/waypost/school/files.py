"""A tenant's own rules for the words of badges, in catalogue files."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Final
from uuid import UUID

from asyncpg import Record
from pydantic import AfterValidator, Field

from waypost.db import execute, fetch
from waypost.db.rows import upsert
from waypost.outbox.linting import FIELDS, SEVERITIES, phrase
from waypost.refusal import Refusal
from waypost.school import tables
from waypost.school.document import as_json
from waypost.tenancy.catalogue import CatalogueEntry, CatalogueKind, Stored, Writing
from waypost.tenancy.country import Country, Folder
from waypost.tenancy.entries import Entry, Written, claim_slug
from waypost.tenancy.fields import EachOnce, Language, Name, Words, one_of
from waypost.tenancy.sections import Problem

MOST_WORDS: Final = 100

READ_SQL: Final = """
SELECT id, slug, severity, field, language, words::text AS words, state, source_id FROM lint_rule
WHERE tenant_id = $1 AND managed_by = ANY($2) ORDER BY id
"""
CLOSE_SQL: Final = "UPDATE lint_rule SET state = 'closed' WHERE tenant_id = $1 AND id = $2 AND state <> 'closed'"

Phrases = Annotated[EachOnce[Name], Field(max_length=MOST_WORDS)]


class LintRuleEntry(CatalogueEntry):
    """`[[lint_rules]]`: words that badges avoid, or of which each has one."""

    field: Annotated[str, AfterValidator(one_of("field", FIELDS))]
    severity: Annotated[str, AfterValidator(one_of("severity", SEVERITIES))] = "warning"
    language: Language | None = None
    avoid: Phrases = ()
    require: Phrases = ()
    explanation: Words
    mend: Words


class LintRules(CatalogueKind[LintRuleEntry]):
    """The rules of a tenant."""

    name = "lint_rules"
    word = "lint rule"
    table = tables.LintRule
    model = LintRuleEntry

    def check(self, entry: LintRuleEntry, folder: Folder, country: Country) -> Iterable[Problem]:
        """A rule looks for something, in a language that the tenant has."""
        del country
        if not entry.avoid and not entry.require:
            yield Problem((), "names no words to avoid or to require")
        for use in ("avoid", "require"):
            for each in getattr(entry, use):
                if not phrase(each):
                    yield Problem((use,), f'"{each}" has no word to look for')
        if folder.tenant is not None and entry.language not in {None, *folder.settings.languages}:
            yield Problem(("language",), f'"{entry.language}" is none of the tenant\'s languages')

    def is_public(self, entry: LintRuleEntry) -> bool:
        """Nobody else names it."""
        del entry
        return False

    async def read(
        self, tenant_id: UUID, managed_by: Collection[str], names: Mapping[UUID, str]
    ) -> Mapping[str, Stored[LintRuleEntry]]:
        """The tenant's rules of these keepers, in the order in which they were made."""
        del names
        rows = await fetch(READ_SQL, tenant_id, list(managed_by))
        return {row["slug"]: _stored(row) for row in rows}

    async def write(self, entry: LintRuleEntry, source: str, at: Writing, row: Entry | None) -> Written | Refusal:
        """Write the rule."""
        id = await claim_slug(tables.LintRule, at.here, entry.slug, row)
        if isinstance(id, Refusal):
            return id
        words = {name: getattr(entry, name) for name in ("avoid", "require", "explanation", "mend")}
        facts = {
            "tenant_id": at.here.tenant_id,
            "id": id,
            "slug": entry.slug,
            "field": entry.field,
            "severity": entry.severity,
            "language": entry.language,
            "words": as_json(words),
            "state": "open",
            "managed_by": at.here.managed_by,
            "source_id": source,
        }
        changed = await upsert(tables.LintRule, [facts])
        return Written(id, created=row is None, changed=changed > 0)

    async def close(self, id: UUID, at: Writing) -> bool:
        """Let the rule hold no longer."""
        return (await execute(CLOSE_SQL, at.here.tenant_id, id)).endswith(" 1")


def _stored(row: Record) -> Stored[LintRuleEntry]:
    said = json.loads(row["words"])
    entry = LintRuleEntry.model_construct(
        slug=row["slug"],
        field=row["field"],
        severity=row["severity"],
        language=row["language"],
        avoid=tuple(said["avoid"]),
        require=tuple(said["require"]),
        explanation=said["explanation"],
        mend=said["mend"],
    )
    return Stored(row["id"], entry, row["state"] == "closed", row["source_id"])


LINT_RULES: Final = LintRules()

"""Local schemes in catalogue files."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID

from asyncpg import Record

from waypost.db import execute, fetch
from waypost.db.rows import upsert
from waypost.refusal import Refusal
from waypost.schemes import tables
from waypost.schemes.entries import SchemeEntry
from waypost.schemes.reading import languages_of, scheme_problems, with_days
from waypost.schemes.store import as_json
from waypost.tenancy.catalogue import CatalogueKind, Stored, Writing
from waypost.tenancy.country import Country, Folder
from waypost.tenancy.entries import Entry, Written, claim_slug
from waypost.tenancy.parts import translation_problems
from waypost.tenancy.sections import Problem

READ_SQL: Final = """
SELECT id, slug, language, definition::text AS definition, state, source_id FROM scheme
WHERE tenant_id = $1 AND managed_by = ANY($2) ORDER BY id
"""
CLOSE_SQL: Final = "UPDATE scheme SET state = 'closed' WHERE tenant_id = $1 AND id = $2 AND state <> 'closed'"


class Schemes(CatalogueKind[SchemeEntry]):
    """The schemes of a tenant."""

    name = "schemes"
    word = "scheme"
    table = tables.Scheme
    model = SchemeEntry

    def check(self, entry: SchemeEntry, folder: Folder, country: Country) -> Iterable[Problem]:
        """What rules cannot be followed, and translations into languages that are not there."""
        del country
        yield from scheme_problems(entry)
        for keys, language in languages_of(entry):
            for problem in translation_problems((language,), folder):
                yield replace(problem, keys=(*keys, *problem.keys))

    def facts(self, entry: SchemeEntry, folder: Folder) -> dict[str, object]:
        """The keys of the entry, days as such."""
        return super().facts(with_days(entry), folder)

    def derived(self, entry: SchemeEntry, folder: Folder, country: Country) -> dict[str, object]:
        """The language of its words."""
        del entry, country
        return {"language": folder.settings.language}

    async def read(
        self, tenant_id: UUID, managed_by: Collection[str], names: Mapping[UUID, str]
    ) -> Mapping[str, Stored[SchemeEntry]]:
        """The tenant's schemes of these keepers, in the order in which they were made."""
        del names
        rows = await fetch(READ_SQL, tenant_id, list(managed_by))
        return {row["slug"]: _stored(row) for row in rows}

    async def write(self, entry: SchemeEntry, source: str, at: Writing, row: Entry | None) -> Written | Refusal:
        """Write the scheme."""
        id = await claim_slug(tables.Scheme, at.here, entry.slug, row)
        if isinstance(id, Refusal):
            return id
        facts = {
            "tenant_id": at.here.tenant_id,
            "id": id,
            "slug": entry.slug,
            "language": at.here.language,
            "definition": as_json(entry.model_dump(mode="python", exclude={"slug"})),
            "state": "open",
            "public": True,
            "managed_by": at.here.managed_by,
            "source_id": source,
        }
        changed = await upsert(tables.Scheme, [facts])
        return Written(id, created=row is None, changed=changed > 0)

    async def close(self, id: UUID, at: Writing) -> bool:
        """Take the scheme off the lists; what it was stays readable."""
        return (await execute(CLOSE_SQL, at.here.tenant_id, id)).endswith(" 1")


def _stored(row: Record) -> Stored[SchemeEntry]:
    entry = SchemeEntry.model_validate({"slug": row["slug"], **json.loads(row["definition"])})
    derived = {"language": row["language"]}
    return Stored(row["id"], with_days(entry), row["state"] == "closed", row["source_id"], derived)


SCHEMES: Final = Schemes()

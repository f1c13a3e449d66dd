"""Schemes of tenants as they are stored, and read again by the parser that read the files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from waypost.schemes.entries import SchemeEntry
from waypost.schemes.reading import scheme_of
from waypost.schemes.rules import Scheme

# Both columns of a code: `brighton/first-shift`. A tenant is named by its slug or, from its own rows, by its id.
WANTED_SQL: Final = """
SELECT w.home || '/' || w.slug AS wanted, t.slug AS home, s.slug, s.language, s.definition::text AS definition, s.state
FROM unnest($1::text[], $2::text[]) AS w (home, slug)
JOIN tenant t ON t.slug = w.home OR t.id::text = w.home
JOIN scheme s ON s.tenant_id = t.id AND s.slug = w.slug AND s.public
"""
OF_TENANT_SQL: Final = """
SELECT t.slug AS home, s.slug, s.language, s.definition::text AS definition, s.state
FROM scheme s JOIN tenant t ON t.id = s.tenant_id
WHERE s.tenant_id = $1 AND s.public AND s.state = 'open' ORDER BY s.slug
"""


def as_json(value: Any) -> str:
    """Write a definition, or facts, as JSON text that reads back as the same; days as text."""
    return json.dumps(value, default=_plain, sort_keys=True, ensure_ascii=False)


def scheme_of_row(row: Mapping[str, Any]) -> Scheme:
    """Make a scheme of a row with home, slug, language, definition and state."""
    entry = SchemeEntry.model_validate({"slug": row["slug"], **json.loads(row["definition"])})
    code = f"{row['home']}/{row['slug']}"
    return scheme_of(entry, code, row["language"], withdrawn=row["state"] == "closed")


def _plain(value: object) -> object:
    match value:
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no form in JSON")

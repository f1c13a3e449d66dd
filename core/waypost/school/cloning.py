"""Badges of anywhere in the country as the beginning of one's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import UUID

from waypost.badges.store import read_badge
from waypost.badges.words import BadgeText, BadgeWords, CriterionWords
from waypost.db import fetchrow
from waypost.tenancy.entries import Here, Ref

HOME_SQL: Final = """
SELECT t.slug, t.languages, t.timezone, t.standard_code, x.language
FROM badge b JOIN tenant t ON t.id = b.tenant_id
JOIN badge_text x ON x.tenant_id = b.tenant_id AND x.version_id = b.version_id AND x.original
WHERE b.tenant_id = $1 AND b.id = $2 AND b.public AND b.state = 'published'
"""


async def read_origin(ref: Ref) -> tuple[Ref, str, BadgeWords] | None:
    """Read what a home shows of a published badge, with the language it was written in, in a National transaction."""
    row = await fetchrow(HOME_SQL, ref.home_tenant_id, ref.id)
    if row is None:
        return None
    home = Here(ref.home_tenant_id, row["slug"], tuple(row["languages"]), row["timezone"], row["standard_code"])
    words = await read_badge(home, ref.id)
    return None if words is None else (ref, row["language"], words)


def cloned(
    origin: tuple[Ref, str, BadgeWords], here: Here, creator: UUID, issuer: UUID, slug: str, name: str | None
) -> BadgeWords:
    """Make the words of a clone: in the city's first language where the origin has it, else as they were written."""
    ref, written_in, words = origin
    said = spoken(words, written_in, here)
    return replace(
        said,
        slug=slug,
        name=name or said.name,
        issuer_id=issuer,
        creator_id=creator,
        urgent=False,
        state="draft",
        replaced_by_id=None,
        source_id=None,
        derived_from=(ref.home_tenant_id, ref.id),
    )


def spoken(words: BadgeWords, written_in: str, here: Here) -> BadgeWords:
    """Say words in the city's languages alone: in its first one where they are there, else as they were written."""
    texts = {
        **words.text,
        written_in: BadgeText(words.name, words.description, tuple(each.text for each in words.criteria)),
    }
    first = texts.pop(here.language if here.language in texts else written_in)
    criteria = [
        CriterionWords(first.criteria[index] if index < len(first.criteria) else each.text, each.required, each.skills)
        for index, each in enumerate(words.criteria)
    ]
    return replace(
        words,
        name=first.name,
        description=first.description,
        criteria=tuple(criteria),
        text={tag: text for tag, text in texts.items() if tag in here.languages[1:]},
    )

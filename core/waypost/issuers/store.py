"""Writes issuers: organisations' presence in a tenant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from waypost.db import execute, fetch, fetchrow, fetchval
from waypost.db.rows import sync, tenant_key, upsert
from waypost.issuers import tables
from waypost.issuers.organisations import ensure_organisation, find_organisation, read_organisation
from waypost.issuers.rules import KINDS, ROLES, OrganisationWords, ParentCycle
from waypost.places.rules import in_degrees
from waypost.refusal import Invalid, NotFound, Refusal
from waypost.tenancy.entries import Entry, Here, Written, claim_slug, languages_problem
from waypost.tenancy.texts import said_problem, unknown_codes

__all__ = [
    "IssuerText",
    "IssuerWords",
    "OrganisationWords",
    "close_issuer",
    "ensure_organisation",
    "find_organisation",
    "issuer_problem",
    "read_issuer",
    "read_organisation",
    "write_issuer",
]

COLUMNS: Final = (
    "slug",
    "name",
    "kind",
    "organisation_id",
    "parent_id",
    "url",
    "logo_url",
    "latitude",
    "longitude",
    "verified",
    "source_id",
)
CLOSE_SQL: Final = """
UPDATE issuer SET state = 'closed', updated_at = now() WHERE tenant_id = $1 AND id = $2 AND state <> 'closed'
"""
# Everybody above the issuer $2; UNION ends where a circle closes.
ABOVE_SQL: Final = """
WITH RECURSIVE above AS (
    SELECT id, parent_id FROM issuer WHERE tenant_id = $1 AND id = $2
    UNION
    SELECT i.id, i.parent_id FROM issuer i JOIN above a ON i.id = a.parent_id WHERE i.tenant_id = $1
)
SELECT coalesce(array_agg(id), '{}') FROM above
"""


@dataclass(frozen=True)
class IssuerText:
    """An issuer's words in one language."""

    name: str
    description: str | None = None


@dataclass(frozen=True)
class IssuerWords:
    """All that is said of an issuer. `text` holds its words in the tenant's other languages."""

    slug: str
    name: str
    kind: str
    organisation_id: UUID
    roles: tuple[str, ...] = ()
    description: str | None = None
    url: str | None = None
    logo_url: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    parent_id: UUID | None = None
    verified: bool = False
    text: Mapping[str, IssuerText] = field(default_factory=dict)
    source_id: str | None = None


def issuer_problem(here: Here, words: IssuerWords) -> Refusal | None:
    """Say what is wrong with an issuer's words, or None."""
    if (words.latitude is None) != (words.longitude is None):
        return Invalid(message="Give both latitude and longitude, or neither.", path=("latitude",))
    if words.latitude is not None and words.longitude is not None:
        point = in_degrees(words.latitude, words.longitude)
        if isinstance(point, Refusal):
            return point
    return (
        languages_problem(here, words.text)
        or said_problem(
            names={"name": words.name, **{f"text.{tag}.name": one.name for tag, one in words.text.items()}},
            texts={
                "description": words.description,
                **{f"text.{tag}.description": one.description for tag, one in words.text.items()},
            },
            urls={"url": words.url, "logoUrl": words.logo_url},
        )
        or unknown_codes((words.kind,), KINDS, "kind")
        or unknown_codes(words.roles, ROLES, "roles")
    )


async def write_issuer(here: Here, words: IssuerWords, at: Entry | None) -> Written | Refusal:
    """Create an issuer (`at` = None) or bring an existing one to these words; it is open and public then."""
    wrong = issuer_problem(here, words) or await _parent_problem(here, words, at)
    if wrong:
        return wrong
    id = await claim_slug(tables.Issuer, here, words.slug, at)
    if isinstance(id, Refusal):
        return id
    row = {
        "tenant_id": here.tenant_id,
        "id": id,
        **{name: getattr(words, name) for name in COLUMNS},
        "state": "open",
        "public": True,
        "managed_by": here.managed_by,
    }
    changed = await upsert(tables.Issuer, [row])
    changed += await _write_sides(here, id, words)
    return Written(id, created=at is None, changed=changed > 0)


async def _write_sides(here: Here, id: UUID, words: IssuerWords) -> int:
    owner = tenant_key(here.tenant_id, issuer_id=id)
    text = {here.language: IssuerText(words.name, words.description), **words.text}
    texts = [
        {
            "language": language,
            "original": language == here.language,
            "name": one.name,
            "description": one.description,
            "public": True,
        }
        for language, one in text.items()
    ]
    roles = [{"role": role, "public": True} for role in dict.fromkeys(words.roles)]
    return await sync(tables.IssuerText, owner, texts) + await sync(tables.IssuerRole, owner, roles)


async def _parent_problem(here: Here, words: IssuerWords, at: Entry | None) -> Refusal | None:
    if words.parent_id is None:
        return None
    above = await fetchval(ABOVE_SQL, here.tenant_id, words.parent_id)
    if not above:
        return NotFound(message="The parent is no issuer here.", path=("parent",))
    if at is not None and at.id in above:
        return ParentCycle(message=f'"{at.slug}" stands above its parent already.', path=("parent",))
    return None


async def read_issuer(here: Here, id: UUID) -> IssuerWords | None:
    """Read an issuer as it would be written again."""
    row = await fetchrow(
        f"SELECT {', '.join(COLUMNS)} FROM issuer WHERE tenant_id = $1 AND id = $2", here.tenant_id, id
    )
    if row is None:
        return None
    texts = await fetch(
        "SELECT language, original, name, description FROM issuer_text WHERE tenant_id = $1 AND issuer_id = $2",
        here.tenant_id,
        id,
    )
    roles = await fetch(
        "SELECT role FROM issuer_role WHERE tenant_id = $1 AND issuer_id = $2 ORDER BY role",
        here.tenant_id,
        id,
    )
    said = {text["language"]: IssuerText(text["name"], text["description"]) for text in texts}
    original = next((text["language"] for text in texts if text["original"]), None)
    return IssuerWords(
        **dict(row),
        roles=tuple(role["role"] for role in roles),
        description=said[original].description if original else None,
        text={language: one for language, one in said.items() if language != original},
    )


async def close_issuer(here: Here, id: UUID) -> bool:
    """Close an issuer: off the lists, its words stay readable. Answers whether it was open."""
    return (await execute(CLOSE_SQL, here.tenant_id, id)).endswith(" 1")

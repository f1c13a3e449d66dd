"""Reads and writes the wordings of badges: versions with their texts, criteria and skills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.badges import tables
from waypost.badges.rules import CriterionWording, Wording
from waypost.db import execute, fetch, fetchrow, new_id
from waypost.db.rows import upsert
from waypost.tenancy.entries import Here

NEWEST_SQL: Final = """
SELECT id, number, state, layer FROM badge_version WHERE tenant_id = $1 AND badge_id = $2
ORDER BY number DESC LIMIT 1
"""
IN_FORCE_SQL: Final = """
SELECT v.id, v.number, v.state, v.layer
FROM badge b JOIN badge_version v ON v.tenant_id = b.tenant_id AND v.id = b.version_id
WHERE b.tenant_id = $1 AND b.id = $2
"""
TEXT_SQL: Final = """
SELECT language, original, name, description FROM badge_text WHERE tenant_id = $1 AND version_id = $2
"""
CRITERIA_SQL: Final = """
SELECT c.id, c.required, t.language, t.text
FROM criterion c JOIN criterion_text t ON t.tenant_id = c.tenant_id AND t.criterion_id = c.id
WHERE c.tenant_id = $1 AND c.version_id = $2 ORDER BY c.position
"""
CRITERION_SKILL_SQL: Final = """
SELECT s.criterion_id, s.skill_id
FROM criterion c JOIN criterion_skill s ON s.tenant_id = c.tenant_id AND s.criterion_id = c.id
WHERE c.tenant_id = $1 AND c.version_id = $2
"""
SKILL_SQL: Final = "SELECT skill_id FROM badge_skill WHERE tenant_id = $1 AND version_id = $2"
# A draft's words go as one: nothing refers to a part of them.
EMPTY_SQL: Final = (
    "DELETE FROM criterion WHERE tenant_id = $1 AND version_id = $2",
    "DELETE FROM badge_text WHERE tenant_id = $1 AND version_id = $2",
    "DELETE FROM badge_skill WHERE tenant_id = $1 AND version_id = $2",
)


@dataclass(frozen=True)
class Version:
    """A version as it stands."""

    id: UUID
    number: int
    state: str
    wording: Wording

    @property
    def is_drafted(self) -> bool:
        """Whether it is in the making, and its words are kept by whoever drafts it; see `store.write_draft`."""
        return self.state != "published" and not self.wording.text


async def newest_version(here: Here, badge: UUID) -> Version | None:
    """Read a badge's newest version, draft or published."""
    return await _read(here, badge, NEWEST_SQL)


async def version_in_force(here: Here, badge: UUID) -> Version | None:
    """Read a badge's newest published version."""
    return await _read(here, badge, IN_FORCE_SQL)


async def _read(here: Here, badge: UUID, sql: str) -> Version | None:
    row = await fetchrow(sql, here.tenant_id, badge)
    if row is None:
        return None
    said = await _read_wording(here, row["id"], row["layer"])
    return Version(row["id"], row["number"], row["state"], said)


async def write_version(
    here: Here, badge: UUID, before: Version | None, said: Wording, published_at: datetime | None
) -> UUID:
    """Write a wording as the badge's newest version: over a draft, or after what was published.

    `published_at` None leaves it a draft. Skills must be there. Answers the version's id.
    """
    fresh = before is None or before.state == "published"
    id = new_id() if fresh or before is None else before.id
    number = 1 if before is None else before.number + fresh
    if not fresh:
        for sql in EMPTY_SQL:
            await execute(sql, here.tenant_id, id)
    public = published_at is not None
    version = {
        "tenant_id": here.tenant_id,
        "id": id,
        "badge_id": badge,
        "number": number,
        "name": said.name,
        "state": "published" if public else "draft",
        "layer": said.layer,
        "published_at": published_at,
        "public": public,
    }
    await upsert(tables.BadgeVersion, [version])
    await _write_texts(here, id, said, public=public)
    await _write_criteria(here, id, said.criteria, said.language, public=public)
    return id


async def _write_texts(here: Here, version: UUID, said: Wording, *, public: bool) -> None:
    side = {"tenant_id": here.tenant_id, "version_id": version, "public": public}
    texts = [
        {
            **side,
            "language": language,
            "original": language == said.language,
            "name": name,
            "description": description,
        }
        for language, (name, description) in said.text.items()
    ]
    await upsert(tables.BadgeText, texts)
    await upsert(tables.BadgeSkill, [{**side, "skill_id": skill} for skill in sorted(said.skills)])


async def _write_criteria(
    here: Here, version: UUID, criteria: Sequence[CriterionWording], original: str, *, public: bool
) -> None:
    side = {"tenant_id": here.tenant_id, "public": public}
    rows: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    skills: list[dict[str, Any]] = []
    for position, criterion in enumerate(criteria, start=1):
        id = new_id()
        rows.append({**side, "id": id, "version_id": version, "position": position, "required": criterion.required})
        texts += [
            {**side, "criterion_id": id, "language": language, "original": language == original, "text": text}
            for language, text in criterion.text.items()
        ]
        skills += [{**side, "criterion_id": id, "skill_id": skill} for skill in sorted(criterion.skills)]
    await upsert(tables.Criterion, rows)
    await upsert(tables.CriterionText, texts)
    await upsert(tables.CriterionSkill, skills)


async def _read_wording(here: Here, version: UUID, layer: str) -> Wording:
    key = (here.tenant_id, version)
    texts = await fetch(TEXT_SQL, *key)
    skills: dict[UUID, set[UUID]] = {}
    for row in await fetch(CRITERION_SKILL_SQL, *key):
        skills.setdefault(row["criterion_id"], set()).add(row["skill_id"])
    required: dict[UUID, bool] = {}
    said: dict[UUID, dict[str, str]] = {}
    for row in await fetch(CRITERIA_SQL, *key):
        required[row["id"]] = row["required"]
        said.setdefault(row["id"], {})[row["language"]] = row["text"]
    return Wording(
        language=next((row["language"] for row in texts if row["original"]), here.language),
        layer=layer,
        text={row["language"]: (row["name"], row["description"]) for row in texts},
        criteria=tuple(
            CriterionWording(text, required[id], frozenset(skills.get(id, ()))) for id, text in said.items()
        ),
        skills=frozenset(row["skill_id"] for row in await fetch(SKILL_SQL, *key)),
    )

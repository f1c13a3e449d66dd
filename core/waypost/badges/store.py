"""Writes badges: minor facts in place, words as versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.badges import tables
from waypost.badges.borrowing import Loan, borrow, borrow_all, find_loans, loans_of, refresh_borrowings
from waypost.badges.rules import STATES, Wording, badge_problem, skill_names, wording
from waypost.badges.versions import Version, newest_version, version_in_force, write_version
from waypost.badges.words import BadgeText, BadgeWords, CriterionWords
from waypost.db import execute, fetch, fetchrow, fetchval, new_id
from waypost.db.rows import upsert
from waypost.refusal import Invalid, NotFound, Refusal
from waypost.skills.store import ensure_skills, publish_concepts
from waypost.standards.store import known_layers
from waypost.tenancy.entries import Cost, Entry, Here, Written, claim_slug

__all__ = [
    "BadgeText",
    "BadgeWords",
    "CriterionWords",
    "Loan",
    "badge_problem",
    "borrow",
    "borrow_all",
    "find_loans",
    "loans_of",
    "read_badge",
    "refresh_borrowings",
    "retire_badge",
    "write_badge",
    "write_draft",
]

# Columns that say what the words say, under the same name; they may change without a new version.
COLUMNS: Final = (
    "slug",
    "issuer_id",
    "creator_id",
    "image_url",
    "image_alt",
    "audience",
    "category",
    "level",
    "time_to_earn",
    "urgent",
    "replaced_by_id",
    "source_id",
)
STANDING_SQL: Final = "SELECT state, version_id, retired_at FROM badge WHERE tenant_id = $1 AND id = $2"
ISSUERS_SQL: Final = "SELECT count(*) FROM issuer WHERE tenant_id = $1 AND id = ANY($2::uuid[])"
SUCCESSOR_SQL: Final = "SELECT EXISTS (SELECT FROM badge WHERE tenant_id = $1 AND id = $2)"
RETIRE_SQL: Final = """
UPDATE badge SET state = 'retired', retired_at = coalesce(retired_at, $3),
       replaced_by_id = coalesce($4, replaced_by_id), updated_at = now()
WHERE tenant_id = $1 AND id = $2
  AND (state <> 'retired' OR ($4::uuid IS NOT NULL AND replaced_by_id IS DISTINCT FROM $4))
"""
SKILLS_SQL: Final = "SELECT id, name FROM skill WHERE tenant_id = $1 AND id = ANY($2::uuid[])"
READ_SQL: Final = f"""
SELECT {", ".join(COLUMNS)}, state, free, price, currency, cost_note, derived_from_tenant_id, derived_from_id
FROM badge WHERE tenant_id = $1 AND id = $2
"""


@dataclass(frozen=True)
class Standing:
    """A badge as it stands: its state, its newest version, and the one in force."""

    state: str | None = None
    retired_at: datetime | None = None
    newest: Version | None = None
    in_force: Version | None = None


@dataclass(frozen=True)
class Drafted:
    """A badge with its version in the making."""

    id: UUID
    version_id: UUID
    state: str


async def write_badge(
    here: Here, words: BadgeWords, at: Entry | None, now: datetime, *, anew: bool = False
) -> Written | Refusal:
    """Create a badge (`at` = None) or bring an existing one to these words.

    A published version never changes: other words become the next version, published at once when
    `words.state` says published or retired, a draft beside the version in force when it says draft. The
    same words change nothing, unless `anew` asks for a version of their own. What is being drafted elsewhere
    is written over by `anew` alone: whoever publishes what was drafted.
    """
    wrong = badge_problem(here, words, await known_layers()) or await _missing(here, words)
    if wrong:
        return wrong
    id = await claim_slug(tables.Badge, here, words.slug, at)
    if isinstance(id, Refusal):
        return id
    before = await _standing(here, id)
    said = wording(here, words)
    publish = words.state != "draft"
    skills = (await ensure_skills(here, skill_names(words))).values()
    changed = 0
    if before.newest is None:
        # Badge and version point at each other; the badge goes first, without a version in force.
        changed += await upsert(tables.Badge, [_row(here, id, words, said, None, before, now)])
    version = None if anew else _same(before, said, publish=publish)
    if version is None and not anew and before.newest is not None and before.newest.is_drafted:
        return Invalid(message=f'The next version of "{words.slug}" is being drafted: let it be published first.')
    if version is None:
        version = await write_version(here, id, before.newest, said, now if publish else None)
        changed += 1
    if publish:
        await publish_concepts(here, tuple(skills))
    row = _row(here, id, words, said, version if publish else None, before, now)
    changed += await upsert(tables.Badge, [row])
    return Written(id, created=at is None, changed=changed > 0)


async def write_draft(here: Here, words: BadgeWords, at: Entry | None, now: datetime) -> Drafted | Refusal:
    """Begin a badge (`at` = None) or its next version, or follow what is in the making; see `school`.

    Only name and layer of the version are written: whoever drafts keeps the words until they are published. The badge
    itself follows until its first version is published, and shows nobody anything before.
    """
    wrong = badge_problem(here, words, await known_layers()) or await _missing(here, words)
    if wrong:
        return wrong
    before = Standing() if at is None else await _standing(here, at.id)
    if at is not None and before.in_force is not None and words.slug != at.slug:
        return Invalid(message="A published badge keeps its slug: addresses lead there.", path=("slug",))
    id = await claim_slug(tables.Badge, here, words.slug, at)
    if isinstance(id, Refusal):
        return id
    said, newest = wording(here, words), before.newest
    fresh = newest is None or newest.state == "published"
    state = "draft" if newest is None or fresh else newest.state
    if before.in_force is None:
        row = _row(here, id, words, said, None, before, now)
        await upsert(tables.Badge, [{**row, "state": state}])
    version_id = new_id() if newest is None or fresh else newest.id
    version = {
        "tenant_id": here.tenant_id,
        "id": version_id,
        "badge_id": id,
        "number": 1 if newest is None else newest.number + fresh,
        "name": said.name,
        "state": state,
        "layer": said.layer,
        "published_at": None,
        "public": False,
    }
    await upsert(tables.BadgeVersion, [version])
    return Drafted(id, version_id, state)


def _same(before: Standing, said: Wording, *, publish: bool) -> UUID | None:
    """The version that says just this already, if any; a draft only where nothing is to be published."""
    if before.in_force is not None and before.in_force.wording == said:
        return before.in_force.id
    if not publish and before.newest is not None and before.newest.wording == said:
        return before.newest.id
    return None


def _row(
    here: Here,
    id: UUID,
    words: BadgeWords,
    said: Wording,
    version: UUID | None,
    before: Standing,
    now: datetime,
) -> dict[str, Any]:
    """The badge's row; `version` is the one that comes into force, None leaves what was."""
    kept = before.in_force if version is None else None
    published = version is not None or before.in_force is not None
    retired = words.state == "retired" or (words.state == "draft" and before.state == "retired")
    home, origin = words.derived_from or (None, None)
    return {
        "tenant_id": here.tenant_id,
        "id": id,
        **{name: getattr(words, name) for name in COLUMNS},
        **words.cost.columns(),
        "name": kept.wording.name if kept else said.name,
        "layer": kept.wording.layer if kept else said.layer,
        "version_id": kept.id if kept else version,
        "state": "retired" if retired else "published" if published else "draft",
        "retired_at": (before.retired_at or now) if retired else None,
        "derived_from_tenant_id": home,
        "derived_from_id": origin,
        "public": published,
        "managed_by": here.managed_by,
    }


async def _standing(here: Here, id: UUID) -> Standing:
    row = await fetchrow(STANDING_SQL, here.tenant_id, id)
    if row is None:
        return Standing()
    newest = await newest_version(here, id)
    in_force = newest
    if newest is not None and newest.id != row["version_id"]:
        in_force = await version_in_force(here, id)
    return Standing(row["state"], row["retired_at"], newest, in_force)


async def _missing(here: Here, words: BadgeWords) -> NotFound | None:
    issuers = {words.issuer_id, words.creator_id}
    if await fetchval(ISSUERS_SQL, here.tenant_id, list(issuers)) != len(issuers):
        return NotFound(message="Issuer or creator is no issuer here.", path=("issuer",))
    if words.replaced_by_id is not None and not await _is_badge(here, words.replaced_by_id):
        return NotFound(message="The badge that replaces it is not here.", path=("replacedBy",))
    return None


async def _is_badge(here: Here, id: UUID) -> bool:
    return bool(await fetchval(SUCCESSOR_SQL, here.tenant_id, id))


async def retire_badge(here: Here, id: UUID, now: datetime, replaced_by: UUID | None = None) -> bool:
    """Retire a badge: no longer issued, still valid. Answers whether anything changed.

    A badge that was never published is taken off the same way; it stays invisible.
    """
    return (await execute(RETIRE_SQL, here.tenant_id, id, now, replaced_by)).endswith(" 1")


async def read_badge(here: Here, id: UUID) -> BadgeWords | None:
    """Read a badge as it would be written again: in the wording in force, else in its newest draft.

    None for one whose first words are still a draft of the Badge School's, which keeps them.
    """
    row = await fetchrow(READ_SQL, here.tenant_id, id)
    version = await version_in_force(here, id) or await newest_version(here, id)
    if row is None or version is None or version.wording.language not in version.wording.text:
        return None
    facts = dict(row)
    cost = Cost(facts.pop("free"), facts.pop("price"), facts.pop("currency"), facts.pop("cost_note"))
    home, origin = facts.pop("derived_from_tenant_id"), facts.pop("derived_from_id")
    state = facts.pop("state")
    said = version.wording
    name, description = said.text[said.language]
    names = {row["id"]: row["name"] for row in await fetch(SKILLS_SQL, here.tenant_id, list(said.all_skills()))}
    in_criteria = frozenset[UUID]().union(*(criterion.skills for criterion in said.criteria))
    return BadgeWords(
        **facts,
        cost=cost,
        derived_from=(home, origin) if home else None,
        state=state if state in STATES else "draft",
        name=name,
        description=description,
        layer=said.layer,
        criteria=tuple(
            CriterionWords(one.text[said.language], one.required, _names(one.skills, names)) for one in said.criteria
        ),
        skills=_names(said.skills - in_criteria, names),
        text={language: _translated(said, language) for language in said.text if language != said.language},
    )


def _translated(said: Wording, language: str) -> BadgeText:
    name, description = said.text[language]
    criteria = [criterion.text.get(language) for criterion in said.criteria]
    return BadgeText(name, description, tuple(text for text in criteria if text is not None))


def _names(ids: frozenset[UUID], names: Mapping[UUID, str]) -> tuple[str, ...]:
    return tuple(sorted(names[id] for id in ids))

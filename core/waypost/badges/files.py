"""Badges in catalogue files."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from asyncpg import Record
from pydantic import AfterValidator, Field

from waypost.badges import tables
from waypost.badges.rules import (
    AUDIENCES,
    CATEGORIES,
    LEVELS,
    MOST_CRITERIA,
    MOST_SKILLS,
    STATES,
    TIMES_TO_EARN,
    skill_names,
    unpublishable,
)
from waypost.badges.store import retire_badge, write_badge
from waypost.badges.words import BadgeText, BadgeWords, CriterionWords
from waypost.db import fetch
from waypost.refusal import Refusal
from waypost.skills.rules import normal_form
from waypost.standards.rules import qualified
from waypost.tenancy.catalogue import CatalogueEntry, CatalogueKind, Reference, Stored, Writing
from waypost.tenancy.country import Country, Folder
from waypost.tenancy.entries import Entry, Written
from waypost.tenancy.faults import listed, perhaps
from waypost.tenancy.fields import Language, Listed, Name, Slug, Table, Url, Words, one_of
from waypost.tenancy.fields import Reference as Meant
from waypost.tenancy.models import TenantFile
from waypost.tenancy.parts import Priced, cost_of, cost_problems, translation_problems, translations
from waypost.tenancy.sections import Keys, Problem

READ_SQL: Final = """
SELECT b.id, b.slug, b.image_url, b.image_alt, b.audience, b.category, b.level, b.time_to_earn, b.free, b.price,
       b.currency, b.cost_note, b.urgent, b.state, b.public, b.source_id, v.state AS version_state, v.layer,
       (SELECT i.slug FROM issuer i WHERE i.tenant_id = b.tenant_id AND i.id = b.issuer_id) AS issuer,
       (SELECT i.slug FROM issuer i WHERE i.tenant_id = b.tenant_id AND i.id = b.creator_id) AS creator,
       (SELECT r.slug FROM badge r WHERE r.tenant_id = b.tenant_id AND r.id = b.replaced_by_id) AS replaced_by,
       (SELECT d.slug FROM badge d WHERE d.tenant_id = b.tenant_id AND d.id = b.derived_from_id) AS derived_own,
       b.derived_from_id,
       (SELECT json_object_agg(x.language, json_build_object('name', x.name, 'description', x.description,
                                                             'original', x.original))
        FROM badge_text x WHERE x.tenant_id = v.tenant_id AND x.version_id = v.id)::text AS texts,
       (SELECT json_agg(json_build_object(
                   'required', c.required,
                   'texts', (SELECT json_object_agg(x.language, x.text) FROM criterion_text x
                             WHERE x.tenant_id = c.tenant_id AND x.criterion_id = c.id),
                   'skills', ARRAY(SELECT s.name FROM criterion_skill cs
                                   JOIN skill s ON s.tenant_id = cs.tenant_id AND s.id = cs.skill_id
                                   WHERE cs.tenant_id = c.tenant_id AND cs.criterion_id = c.id ORDER BY s.name))
               ORDER BY c.position)
        FROM criterion c WHERE c.tenant_id = v.tenant_id AND c.version_id = v.id)::text AS criteria,
       ARRAY(SELECT s.name FROM badge_skill bs JOIN skill s ON s.tenant_id = bs.tenant_id AND s.id = bs.skill_id
             WHERE bs.tenant_id = v.tenant_id AND bs.version_id = v.id ORDER BY s.name) AS skills
FROM badge b
JOIN LATERAL (SELECT w.tenant_id, w.id, w.state, w.layer FROM badge_version w
              WHERE w.tenant_id = b.tenant_id AND w.badge_id = b.id
                AND EXISTS (SELECT FROM badge_text x WHERE x.tenant_id = w.tenant_id AND x.version_id = w.id)
              ORDER BY w.number DESC LIMIT 1) v ON true
WHERE b.tenant_id = $1 AND b.managed_by = ANY($2)
ORDER BY b.id
"""
FOREIGN_SQL: Final = """
SELECT object_id AS id FROM borrowed WHERE tenant_id = $1 AND object_type = 'badge'
UNION
SELECT derived_from_id FROM badge WHERE tenant_id = $1 AND derived_from_tenant_id <> $1
"""
NAMES_SQL: Final = """
SELECT b.id, t.slug || '/' || b.slug AS name FROM badge b JOIN tenant t ON t.id = b.tenant_id
WHERE b.public AND b.id = ANY($1)
"""
NOBODY: Final = UUID(int=0)  # where words are only looked at, not written


def _skill(value: str) -> str:
    if not normal_form(value):
        raise ValueError(f'"{value}" is no name of a skill: it has no letters')
    return value


def _each_skill_once(values: tuple[str, ...]) -> tuple[str, ...]:
    forms: dict[str, str] = {}
    for value in values:
        if (first := forms.setdefault(normal_form(value), value)) is not value:
            raise ValueError(f'"{first}" and "{value}" are one skill')
    return values


Skills = Annotated[
    Listed[Annotated[Name, AfterValidator(_skill)]], Field(max_length=MOST_SKILLS), AfterValidator(_each_skill_once)
]


class CriterionEntry(Table):
    """`[[badges.criteria]]`: one thing that an earner has done."""

    text: Words
    required: bool = True
    skills: Skills = ()


class BadgeTextEntry(Table):
    """A badge's words in another language; all of its criteria or none."""

    name: Name
    description: Words
    criteria: Listed[Words] = ()


class BadgeEntry(Priced, CatalogueEntry):
    """`[[badges]]`: a recognition that an issuer of this tenant offers."""

    name: Name
    description: Words
    layer: str
    issuer: Slug
    creator: Slug | None = None
    skills: Skills = ()
    category: Annotated[str, AfterValidator(one_of("category", CATEGORIES))] | None = None
    level: Annotated[str, AfterValidator(one_of("level", LEVELS))] | None = None
    time_to_earn: Annotated[str, AfterValidator(one_of("time to earn", TIMES_TO_EARN))] | None = None
    image_url: Url | None = None
    image_alt: Words | None = None
    audience: Annotated[str, AfterValidator(one_of("audience", AUDIENCES))] = "person"
    urgent: bool = False
    state: Annotated[str, AfterValidator(one_of("state", STATES))] = "published"
    replaced_by: Slug | None = None
    derived_from: Meant | None = None
    criteria: Annotated[Listed[CriterionEntry], Field(max_length=MOST_CRITERIA)] = ()
    text: Mapping[Language, BadgeTextEntry] = {}


class Badges(CatalogueKind[BadgeEntry]):
    """The badges of a tenant."""

    name = "badges"
    word = "badge"
    closed_state = "retired"
    table = tables.Badge
    model = BadgeEntry

    def references(self, entry: BadgeEntry) -> Iterable[Reference]:
        """The account that signs, whose badge it is, what replaces it and what it was cloned from."""
        named = (
            ("issuer", "issuers", entry.issuer),
            ("creator", "issuers", entry.creator),
            ("replaced_by", "badges", entry.replaced_by),
            ("derived_from", "badges", entry.derived_from),
        )
        return (Reference((key,), kind, value, lent=False) for key, kind, value in named if value is not None)

    def check(self, entry: BadgeEntry, folder: Folder, country: Country) -> Iterable[Problem]:
        """Layer, costs, translations, and what a published badge needs."""
        yield from cost_problems(entry)
        yield from translation_problems(entry.text, folder)
        yield from _criteria_problems(entry)
        standard = folder.tenant.standard if folder.tenant else ""
        if words := layer_problem(entry.layer, standard, country.standards):
            yield Problem(("layer",), words)
        said = _words(entry, "", standard)
        if entry.state != "draft" and (lack := unpublishable(said)):
            yield Problem(_in_files(lack.path), lack.message)
        if len(skill_names(said)) > MOST_SKILLS:
            words = f"the badge and its criteria have {len(skill_names(said))} skills; at most {MOST_SKILLS}"
            yield Problem(("skills",), words)

    def is_public(self, entry: BadgeEntry) -> bool:
        """Whether it was ever published."""
        return entry.state != "draft"

    def closed(self, entry: BadgeEntry) -> bool:
        """Whether it is retired by its file."""
        return entry.state == "retired"

    def facts(self, entry: BadgeEntry, folder: Folder) -> dict[str, object]:
        """The keys of the entry: skills by their normal form, those of criteria being the badge's too."""
        facts = super().facts(entry, folder)
        criteria = [(one.text, one.required, _forms(one.skills)) for one in entry.criteria]
        every = [*entry.skills, *(skill for one in entry.criteria for skill in one.skills)]
        return facts | {
            "creator": entry.creator or entry.issuer,
            "layer": qualified(entry.layer, folder.settings.standard),
            "skills": _forms(every),
            "criteria": criteria,
            "derived_from": _meant(entry.derived_from, folder.slug),
        }

    def derived(self, entry: BadgeEntry, folder: Folder, country: Country) -> dict[str, object]:
        """The language of its words."""
        del entry, country
        return {"language": folder.settings.language}

    def differences(self, entry: BadgeEntry, stored: Stored[BadgeEntry], folder: Folder, country: Country) -> list[str]:
        """What has changed. A published badge stays so beside a draft of its next words."""
        keys = super().differences(entry, stored, folder, country)
        return [key for key in keys if key != "state" or entry.state != "draft"]

    def lent(self, entry: BadgeEntry, folder: Folder) -> dict[str, object]:
        """What borrowers keep of it."""
        layer = qualified(entry.layer, folder.settings.standard)
        return {"name": entry.name, "layer": layer, "image_url": entry.image_url, "state": entry.state}

    def said(self, entry: BadgeEntry, tenant: TenantFile) -> dict[str, Any]:
        """The entry as a file would say it: the layer by its short name, the creator where it is another."""
        said = super().said(entry, tenant)
        said["layer"] = entry.layer.removeprefix(f"{tenant.standard}/")
        if entry.creator == entry.issuer:
            said.pop("creator", None)
        return said

    async def foreign(self, tenant_id: UUID) -> Collection[UUID]:
        """The badges that the tenant borrowed or cloned."""
        return [row["id"] for row in await fetch(FOREIGN_SQL, tenant_id)]

    async def names(self, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Names of published badges."""
        return {row["id"]: row["name"] for row in await fetch(NAMES_SQL, list(ids))}

    async def read(
        self, tenant_id: UUID, managed_by: Collection[str], names: Mapping[UUID, str]
    ) -> Mapping[str, Stored[BadgeEntry]]:
        """The tenant's badges of these keepers in their newest wording, in the order they were made."""
        rows = await fetch(READ_SQL, tenant_id, list(managed_by))
        return {row["slug"]: _stored(row, names) for row in rows}

    async def write(self, entry: BadgeEntry, source: str, at: Writing, row: Entry | None) -> Written | Refusal:
        """Write the badge; its issuers are there already."""
        words = _words(
            entry,
            source,
            at.here.standard,
            issuer_id=at.must("issuers", entry.issuer),
            creator_id=at.must("issuers", entry.creator or entry.issuer),
            replaced_by_id=at.own("badges", entry.replaced_by),
            derived_from=at.origin("badges", entry.derived_from),
        )
        return await write_badge(at.here, words, row, at.now)

    async def close(self, id: UUID, at: Writing) -> bool:
        """Retire the badge."""
        return await retire_badge(at.here, id, at.now)


def layer_problem(layer: str, standard: str, standards: Mapping[str, Sequence[str]]) -> str | None:
    """Say that there is no such layer, of the tenant's standard or of the one that the name is qualified by.

    `standards` maps codes to the qualified codes of their layers, in order.
    """
    code = qualified(layer, standard)
    meant, _, short = code.partition("/")
    if meant not in standards:
        if "/" not in layer:
            return None  # the tenant's own standard is unknown: said once, in tenant.toml
        return f'unknown standard "{meant}"; there are {listed(sorted(standards))}{perhaps(meant, standards)}'
    if code in standards[meant]:
        return None
    known = [one.partition("/")[2] for one in standards[meant]]
    return f'unknown layer "{short}"; the standard {meant} has {listed(known)}'


def _criteria_problems(entry: BadgeEntry) -> Iterator[Problem]:
    for language, text in entry.text.items():
        if text.criteria and len(text.criteria) != len(entry.criteria):
            words = f"translates {len(text.criteria)} criteria, and the badge has {len(entry.criteria)}"
            yield Problem(("text", language, "criteria"), words)


def _in_files(path: tuple[str, ...]) -> Keys:
    return tuple(int(step) if step.isdecimal() else step for step in path)


def _forms(skills: Iterable[str]) -> frozenset[str]:
    return frozenset(normal_form(skill) for skill in skills)


def _meant(value: str | None, tenant: str) -> str | None:
    """A name without its tenant where that is this one."""
    return None if value is None else value.removeprefix(f"{tenant}/")


def _words(
    entry: BadgeEntry,
    source: str,
    standard: str,
    *,
    issuer_id: UUID = NOBODY,
    creator_id: UUID = NOBODY,
    replaced_by_id: UUID | None = None,
    derived_from: tuple[UUID, UUID] | None = None,
) -> BadgeWords:
    return BadgeWords(
        slug=entry.slug,
        name=entry.name,
        description=entry.description,
        layer=qualified(entry.layer, standard),
        issuer_id=issuer_id,
        creator_id=creator_id,
        criteria=tuple(CriterionWords(one.text, one.required, one.skills) for one in entry.criteria),
        skills=entry.skills,
        image_url=entry.image_url,
        image_alt=entry.image_alt,
        audience=entry.audience,
        category=entry.category,
        level=entry.level,
        time_to_earn=entry.time_to_earn,
        cost=cost_of(entry),
        urgent=entry.urgent,
        state=entry.state,
        replaced_by_id=replaced_by_id,
        derived_from=derived_from,
        text={language: BadgeText(one.name, one.description, one.criteria) for language, one in entry.text.items()},
        source_id=source,
    )


def _stored(row: Record, names: Mapping[UUID, str]) -> Stored[BadgeEntry]:
    texts: dict[str, dict[str, Any]] = json.loads(row["texts"] or "{}")
    criteria: list[dict[str, Any]] = json.loads(row["criteria"] or "[]")
    language = next((tag for tag, text in texts.items() if text.pop("original")), "")
    original = texts.pop(language, {"name": "", "description": ""})
    for tag, text in texts.items():
        text.pop("original", None)
        text["criteria"] = tuple(one["texts"][tag] for one in criteria if tag in one["texts"])
    origin = row["derived_from_id"]
    is_draft = row["state"] not in {"published", "retired"} or row["version_state"] != "published"
    entry = BadgeEntry.model_construct(
        slug=row["slug"],
        name=original["name"],
        description=original["description"],
        layer=row["layer"],
        issuer=row["issuer"],
        creator=row["creator"],
        skills=tuple(row["skills"]),
        **{key: row[key] for key in ("category", "level", "time_to_earn", "image_url", "image_alt", "audience")},
        urgent=row["urgent"],
        **{key: row[key] for key in ("free", "price", "currency", "cost_note", "replaced_by")},
        state="draft" if is_draft else row["state"],
        derived_from=None if origin is None else row["derived_own"] or names.get(origin, str(origin)),
        criteria=tuple(
            CriterionEntry.model_construct(
                text=one["texts"].get(language, ""), required=one["required"], skills=tuple(one["skills"])
            )
            for one in criteria
        ),
        text=translations(json.dumps(texts), BadgeTextEntry),
    )
    return Stored(row["id"], entry, row["state"] == "retired", row["source_id"], {"language": language})


BADGES: Final = Badges()

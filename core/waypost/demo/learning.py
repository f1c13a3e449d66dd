"""Made-up badges: their versions, criteria and skills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from waypost.badges import tables
from waypost.badges.rules import CATEGORIES, TIMES_TO_EARN
from waypost.demo.ground import Issuer
from waypost.demo.town import Chance, Sheet, Town, stem
from waypost.demo.words import COMMON_SKILLS, CRITERIA, STAGES, TOPICS, Topic
from waypost.skills.rules import skill_id

ACTIVITIES_A_BADGE: Final = 300
SKILLS: Final = tuple(dict.fromkeys((*COMMON_SKILLS, *(name for topic in TOPICS for name in topic.skills))))


@dataclass(frozen=True)
class Badge:
    """A badge as activities and awards need it, with its skills by name."""

    id: UUID
    skills: frozenset[str]
    version: UUID
    issuer: UUID


BADGE_COLUMNS: Final = (
    *("tenant_id", "id", "slug", "name", "issuer_id", "creator_id", "version_id", "layer", "state"),
    *("category", "level", "time_to_earn", "free", "public", "managed_by", "source_id"),
)
VERSION_COLUMNS: Final = (
    *("tenant_id", "id", "badge_id", "number", "name", "state", "layer", "published_at", "public"),
)
TEXT_COLUMNS: Final = (*("tenant_id", "version_id", "language", "original", "name", "description", "public"),)
CRITERION_COLUMNS: Final = ("tenant_id", "id", "version_id", "position", "required", "public")
CRITERION_TEXT_COLUMNS: Final = ("tenant_id", "criterion_id", "language", "original", "text", "public")


def make_badges(town: Town, issuers: Sequence[Issuer]) -> tuple[list[list[Badge]], list[Sheet]]:
    """Make a tenant's badges, answered by topic in the order of TOPICS, and their rows."""
    chance = Chance(town.seed, town.here.slug, "badges")
    signing = [issuer for issuer in issuers if issuer.issues]
    made: list[list[Badge]] = [[] for _ in TOPICS]
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in SHEETS}
    for number in range(max(4, town.scale // ACTIVITIES_A_BADGE)):
        # Topics in turn, so that even a small load has badges for most of what it offers.
        about = number % len(TOPICS)
        made[about].append(_badge(town, chance, number, TOPICS[about], signing, rows))
    return made, [Sheet(table, columns, rows[name]) for name, (table, columns) in SHEETS.items()]


SHEETS: Final[dict[str, tuple[Any, tuple[str, ...]]]] = {
    "badges": (tables.Badge, BADGE_COLUMNS),
    "versions": (tables.BadgeVersion, VERSION_COLUMNS),
    "texts": (tables.BadgeText, TEXT_COLUMNS),
    "criteria": (tables.Criterion, CRITERION_COLUMNS),
    "criterion_texts": (tables.CriterionText, CRITERION_TEXT_COLUMNS),
    "criterion_skills": (tables.CriterionSkill, ("tenant_id", "criterion_id", "skill_id", "public")),
    "skills": (tables.BadgeSkill, ("tenant_id", "version_id", "skill_id", "public")),
}


def _badge(
    town: Town,
    chance: Chance,
    number: int,
    topic: Topic,
    signing: Sequence[Issuer],
    rows: dict[str, list[tuple[Any, ...]]],
) -> Badge:
    tenant = town.here.tenant_id
    turn = number // len(TOPICS)
    stage, level = STAGES[turn % len(STAGES)]
    name = f"{topic.name} {stage}" if turn < len(STAGES) else f"{topic.name} {stage} {turn // len(STAGES) + 1}"
    layer = town.layers[min(chance.early(len(town.layers)), len(town.layers) - 1)]
    wanted = (*chance.sample(topic.skills, 2), chance.choice(COMMON_SKILLS))
    id, version, issuer = chance.id(), chance.id(), chance.choice(signing)
    badge = Badge(id, frozenset(wanted), version, issuer.id)
    rows["badges"].append(
        (
            *(tenant, badge.id, f"demo-{stem(name)}-{number}", name, issuer.id, chance.choice(signing).id),
            *(version, layer, "published", chance.choice(tuple(CATEGORIES)), level),
            *(chance.choice(tuple(TIMES_TO_EARN)), True, True, "demo", town.source("badge", number)),
        )
    )
    published = town.noon - timedelta(days=chance.randint(30, 700))
    rows["versions"].append((tenant, version, badge.id, 1, name, "published", layer, published, True))
    description = f"Earners of this badge have learned to {topic.doing}."
    rows["texts"].append((tenant, version, town.here.language, True, name, description, True))
    rows["skills"] += [(tenant, version, skill_id(skill), True) for skill in wanted]
    for position, text in enumerate(chance.sample(CRITERIA, chance.randint(2, 4)), start=1):
        _criterion(town, chance, version, position, text.format(doing=topic.doing), wanted, rows)
    return badge


def _criterion(
    town: Town,
    chance: Chance,
    version: UUID,
    position: int,
    text: str,
    skills: Sequence[str],
    rows: dict[str, list[tuple[Any, ...]]],
) -> None:
    tenant, id = town.here.tenant_id, chance.id()
    rows["criteria"].append((tenant, id, version, position, True, True))
    rows["criterion_texts"].append((tenant, id, town.here.language, True, text, True))
    rows["criterion_skills"].append((tenant, id, skill_id(chance.choice(skills)), True))

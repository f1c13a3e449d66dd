"""The Universal Framework: eight essential skills in sixteen steps, in two versions joined by a crosswalk."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from asyncpg import Connection

from waypost.plugins import manifest_of
from waypost.tenancy import Problem

MANIFEST: Final = manifest_of("waypost_skills_builder")
STEPS: Final = range(16)


@dataclass(frozen=True)
class EssentialSkill:
    """One skill of one version of the framework, as `skills.csv` has it."""

    framework: str  # "1.0" or "2.0"
    position: int  # 1 to 8
    slug: str
    name: str
    exact_match_of: str | None  # code of the same skill in the other version
    is_related_to: str | None  # code of the nearest skill there, where none is the same

    @property
    def code(self) -> str:
        """Qualified by its framework: `2.0/listening`."""
        return f"{self.framework}/{self.slug}"


def essential_skills() -> tuple[EssentialSkill, ...]:
    """The skills of both versions, in the order of the framework."""
    text = (files(__package__) / "skills.csv").read_text(encoding="utf-8")
    return tuple(
        EssentialSkill(
            framework=row["framework"],
            position=int(row["position"]),
            slug=row["slug"],
            name=row["name"],
            exact_match_of=row["exact_match_of"] or None,
            is_related_to=row["is_related_to"] or None,
        )
        for row in csv.DictReader(text.splitlines())
    )


def misfits(steps: Mapping[str, int], framework: str) -> Iterable[Problem]:
    """What does not fit: skills that the framework does not have, steps that a skill does not have."""
    known = [skill.slug for skill in essential_skills() if skill.framework == framework]
    for slug, step in steps.items():
        if slug not in known:
            words = f"no essential skill of framework {framework}, which has {', '.join(known)}"
            yield Problem((slug,), words)
        elif step not in STEPS:
            yield Problem((slug,), f"there is no step {step}; steps go from {STEPS[0]} to {STEPS[-1]}")


async def load_framework(connection: Connection) -> None:
    """Bring the reference tables up to date, on a connection of the owner. Idempotent."""
    skills = essential_skills()
    await connection.executemany(
        """
        INSERT INTO plugin_skills_builder.essential_skill
            (code, framework, position, slug, name, exact_match_of, is_related_to)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (code) DO UPDATE SET
            framework = excluded.framework, position = excluded.position, slug = excluded.slug,
            name = excluded.name, exact_match_of = excluded.exact_match_of,
            is_related_to = excluded.is_related_to
        """,
        [(s.code, s.framework, s.position, s.slug, s.name, s.exact_match_of, s.is_related_to) for s in skills],
    )
    await connection.executemany(
        """
        INSERT INTO plugin_skills_builder.essential_step (skill_code, step) VALUES ($1, $2)
        ON CONFLICT DO NOTHING
        """,
        [(skill.code, step) for skill in skills for step in STEPS],
    )

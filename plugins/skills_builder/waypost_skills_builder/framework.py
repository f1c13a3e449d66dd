"""The Universal Framework: eight essential skills in sixteen steps, in two versions joined by a crosswalk.

Names and numbers alone: its wording is licensed CC BY-ND 4.0 and stays with the Skills Builder Partnership, or in an
operator's file.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from importlib.resources import files
from typing import Final
from uuid import UUID, uuid5

from waypost.outbox.frameworks import CHILD, SAME, Association, Document, End, Item, Package
from waypost.plugins import manifest_of
from waypost.tenancy import Problem

MANIFEST: Final = manifest_of("waypost_skills_builder")
STEPS: Final = range(16)
VERSIONS: Final[Mapping[str, tuple[date, date | None]]] = {
    "1.0": (date(2020, 1, 1), date(2025, 12, 31)),
    "2.0": (date(2025, 1, 1), date(2035, 12, 31)),
}
TITLE: Final = "Skills Builder Universal Framework"
CREATOR: Final = "Skills Builder Partnership"
LICENCE: Final = ("https://creativecommons.org/licenses/by-nd/4.0/", "CC BY-ND 4.0")
SITE: Final = "https://www.skillsbuilder.org/"
STEP_PAGES: Final = f"{SITE}universal-framework-steps/"
# Fixed for ever: identifiers of items follow from it.
_NAMES: Final = UUID("0d1a4f5e-5b7c-5f0a-9c3e-2a6d8e4b7f10")
# Names and numbers are as old as this; whatever wording an operator brings is newer, and stays.
CHANGED: Final = datetime(2025, 1, 1, tzinfo=UTC)


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


def framework_id(version: str) -> UUID:
    """The identifier of a version of the framework."""
    return uuid5(_NAMES, version)


def item_id(code: str) -> UUID:
    """The identifier of a skill (`2.0/listening`) or a step (`2.0/listening/5`), the same everywhere and for ever."""
    return uuid5(_NAMES, code)


def packages() -> dict[str, Callable[[], Package]]:
    """Both versions under the names that the plugin registers; the older first, since the newer leads to it."""
    return {f"{MANIFEST.prefix}.framework-{version}": partial(package_of, version) for version in VERSIONS}


def package_of(
    version: str, wording: Mapping[tuple[str, int], str] | None = None, changed_at: datetime = CHANGED
) -> Package:
    """One version as a package; `wording` are what steps say, by slug and number, where an operator has brought it."""
    said = wording or {}
    skills = [skill for skill in essential_skills() if skill.framework == version]
    items: list[Item] = []
    links: list[Association] = []
    for skill in skills:
        items.append(
            Item(
                identifier=item_id(skill.code),
                uri=f"{SITE}{_of_version(version)}#{skill.slug}",
                statement=skill.name,
                name=skill.name,
                code=skill.code,
                kind="Essential skill",
                changed_at=CHANGED,
                place=skill.code,
            )
        )
        links.append(_child(skill.code, framework_id(version), version, skill.position))
        for step in STEPS:
            code, words = f"{skill.code}/{step}", said.get((skill.slug, step))
            items.append(
                Item(
                    identifier=item_id(code),
                    uri=f"{STEP_PAGES}{skill.slug}-step-{step}{'' if version == '2.0' else '#1.0'}",
                    statement=words or f"{skill.name}, step {step}",
                    name=f"{skill.name}, step {step}",
                    code=code,
                    kind="Step",
                    changed_at=changed_at if words else CHANGED,
                    place=code,
                )
            )
            links.append(_child(code, item_id(skill.code), skill.code, step))
    if version == "2.0":
        links += [_crosswalk(skill) for skill in skills]
    return Package(_document(version, changed_at), tuple(items), tuple(links))


def _document(version: str, changed_at: datetime) -> Document:
    starts_on, ends_on = VERSIONS[version]
    return Document(
        identifier=framework_id(version),
        uri=f"{SITE}{_of_version(version)}",
        title=f"{TITLE} {version}",
        creator=CREATOR,
        publisher=CREATOR,
        version=version,
        language="en",
        status="Adopted",
        licence_url=LICENCE[0],
        licence=LICENCE[1],
        official_url=f"{SITE}universal-framework",
        starts_on=starts_on,
        ends_on=ends_on,
        changed_at=changed_at,
    )


def _of_version(version: str) -> str:
    return "universal-framework" if version == "2.0" else "universal-old"


def _child(code: str, parent: UUID, of: str, sequence: int) -> Association:
    return Association(
        identifier=uuid5(_NAMES, f"{code} {CHILD}"),
        uri=f"{SITE}universal-framework#{CHILD}-{code}",
        type=CHILD,
        origin=End(f"{SITE}universal-framework#{code}", item_id(code), code),
        destination=End(f"{SITE}universal-framework#{of}", parent, of),
        sequence=sequence,
        changed_at=CHANGED,
        place=f"{code} {CHILD}",
    )


def _crosswalk(skill: EssentialSkill) -> Association:
    """Join a skill of the newer version to that of the older one."""
    other = skill.exact_match_of or skill.is_related_to or ""
    type = SAME if skill.exact_match_of else "isRelatedTo"
    return Association(
        identifier=uuid5(_NAMES, f"{skill.code} {type} {other}"),
        uri=f"{SITE}universal-framework#{type}-{skill.code}",
        type=type,
        origin=End(f"{SITE}universal-framework#{skill.slug}", item_id(skill.code), skill.name),
        destination=End(f"{SITE}universal-old#{other}", item_id(other), other),
        changed_at=CHANGED,
        place=f"{skill.code} {type}",
    )

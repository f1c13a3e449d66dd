"""When a badge may be published, and when its words have become another version."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from waypost.badges.words import BadgeWords
from waypost.refusal import Invalid, Refusal
from waypost.skills.rules import normal_form, skill_id
from waypost.standards.rules import LayerUnknown
from waypost.tenancy.entries import Here, languages_problem
from waypost.tenancy.texts import numbered, said_problem, unknown_codes

CATEGORIES: Final = {
    "attendance": "Attendance",
    "participation": "Participation",
    "skill": "Skill",
    "validation": "Validation",
    "achievement": "Achievement",
    "leadership": "Leadership",
}
LEVELS: Final = {"foundational": "Foundational", "intermediate": "Intermediate", "advanced": "Advanced"}
TIMES_TO_EARN: Final = {
    "hours": "Hours",
    "days": "Days",
    "weeks": "Weeks",
    "months": "Months",
    "years": "Years",
}
STATES: Final = ("draft", "published", "retired")
AUDIENCES: Final = ("person", "organisation")
LEAST_CRITERIA: Final = 2
MOST_CRITERIA: Final = 50
MOST_SKILLS: Final = 100


@dataclass(frozen=True, kw_only=True)
class NotPublishable(Refusal):
    """The badge lacks what earners and verifiers need to see; the message says what."""


@dataclass(frozen=True)
class CriterionWording:
    """A criterion as a version keeps it: text by language, whether required, and skills by id."""

    text: Mapping[str, str]
    required: bool
    skills: frozenset[UUID]


@dataclass(frozen=True)
class Wording:
    """What belongs to a version: the layer, the words in every language, the criteria and the skills.

    Two badges' words are one version if and only if their wordings are equal. `text` holds (name,
    description) by language; `language` is the one they were written in.
    """

    language: str
    layer: str
    text: Mapping[str, tuple[str, str]]
    criteria: tuple[CriterionWording, ...]
    skills: frozenset[UUID]

    @property
    def name(self) -> str:
        """The name in the language it was written in."""
        return self.text[self.language][0]

    def all_skills(self) -> frozenset[UUID]:
        """The skills of the badge and of its criteria."""
        return self.skills.union(*(criterion.skills for criterion in self.criteria))


def wording(here: Here, words: BadgeWords) -> Wording:
    """Take from a badge's words what belongs to a version. Skills of criteria are the badge's, too.

    A translation that leaves a criterion out leaves it in the first language.
    """
    texts = {here.language: (words.name, words.description)}
    texts |= {language: (text.name, text.description) for language, text in words.text.items()}
    criteria = []
    for index, criterion in enumerate(words.criteria):
        said = {here.language: criterion.text}
        said |= {language: text.criteria[index] for language, text in words.text.items() if index < len(text.criteria)}
        criteria.append(CriterionWording(said, criterion.required, _ids(criterion.skills)))
    own = _ids(words.skills).union(*(criterion.skills for criterion in criteria))
    return Wording(here.language, words.layer, texts, tuple(criteria), own)


def skill_names(words: BadgeWords) -> tuple[str, ...]:
    """All names of skills in a badge's words, the badge's before its criteria's."""
    names = [*words.skills, *(name for criterion in words.criteria for name in criterion.skills)]
    return tuple(dict.fromkeys(names))


def badge_problem(here: Here, words: BadgeWords, layers: Collection[str]) -> Refusal | None:
    """Say what is wrong with a badge's words, or None; `layers` are the qualified codes that there are."""
    if words.layer not in layers:
        return LayerUnknown(message=f'There is no layer "{words.layer}".', path=("layer",), layer=words.layer)
    return (
        unknown_codes((words.state,), STATES, "state")
        or unknown_codes((words.audience,), AUDIENCES, "audience")
        or _code_problem(words)
        or words.cost.problem()
        or _skill_problem(words)
        or languages_problem(here, words.text)
        or _said_problem(words)
        or _criteria_problem(words)
        or (None if words.state == "draft" else unpublishable(words))
    )


def unpublishable(words: BadgeWords) -> NotPublishable | None:
    """Say what a badge lacks to be published, or None: a description, and at least two criteria."""
    if not words.description.strip():
        return NotPublishable(message="A published badge needs a description.", path=("description",))
    if len(words.criteria) < LEAST_CRITERIA:
        words_ = f"A published badge has at least {LEAST_CRITERIA} criteria, this one has {len(words.criteria)}."
        return NotPublishable(message=words_, path=("criteria",))
    return None


def _said_problem(words: BadgeWords) -> Invalid | None:
    names = {"name": words.name, **numbered("skills", skill_names(words))}
    texts = {"description": words.description, "costNote": words.cost.note, "imageAlt": words.image_alt}
    texts |= numbered("criteria", (criterion.text for criterion in words.criteria), ".text")
    for tag, text in words.text.items():
        names[f"text.{tag}.name"] = text.name
        texts[f"text.{tag}.description"] = text.description
        texts |= numbered(f"text.{tag}.criteria", text.criteria)
    return said_problem(names=names, texts=texts, urls={"imageUrl": words.image_url})


def _criteria_problem(words: BadgeWords) -> Invalid | None:
    if len(words.criteria) > MOST_CRITERIA:
        return Invalid(message=f"A badge has at most {MOST_CRITERIA} criteria.", path=("criteria",))
    for index, criterion in enumerate(words.criteria):
        if not criterion.text.strip():
            return Invalid(message="A criterion needs a text.", path=("criteria", str(index), "text"))
    for language, text in words.text.items():
        if len(text.criteria) > len(words.criteria):
            said = f"{len(text.criteria)} criteria are translated, the badge has {len(words.criteria)}."
            return Invalid(message=said, path=("text", language, "criteria"))
    return None


def _code_problem(words: BadgeWords) -> Invalid | None:
    lists = (("category", CATEGORIES), ("level", LEVELS), ("timeToEarn", TIMES_TO_EARN))
    given = (words.category, words.level, words.time_to_earn)
    for (name, codes), code in zip(lists, given, strict=True):
        if code is not None and code not in codes:
            return unknown_codes((code,), codes, name)
    return None


def _skill_problem(words: BadgeWords) -> Invalid | None:
    names = skill_names(words)
    if len(names) > MOST_SKILLS:
        return Invalid(message=f"A badge has at most {MOST_SKILLS} skills.", path=("skills",))
    for name in names:
        if not normal_form(name):
            return Invalid(message=f'"{name}" is no name of a skill.', path=("skills",))
    return None


def _ids(names: Iterable[str]) -> frozenset[UUID]:
    return frozenset(skill_id(name) for name in names)

"""The linter: what the words of a badge lack, as findings with a code, an explanation and a mend."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from waypost.badges.rules import skill_names
from waypost.badges.words import BadgeWords
from waypost.outbox.linting import ENGLISH, ERROR, PHRASES, WARNING, Rule, folded, phrase
from waypost.school.rulebook import Rulebook
from waypost.skills.rules import normal_form

SEEN_WORDS: Final = 6  # of a criterion, where its verb must stand
LEAST_STEM: Final = 4
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_FILE: Final = re.compile(r"\S+\.(?:gif|jpe?g|png|svg|webp)", re.IGNORECASE)

Path = tuple[str, ...]
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Similar:
    """A badge on offer somewhere in the country that reads much alike, by its name or its description."""

    tenant_id: UUID
    id: UUID
    name: str
    city: str
    by: str = "name"


@dataclass(frozen=True)
class Finding:
    """What a rule found. `path` leads into the words; `reason` is why the writers leave a warning.

    `badge` is (tenant, badge), where another badge is meant.
    """

    code: str
    severity: str
    path: Path
    message: str
    mend: str
    reason: str | None = None
    badge: tuple[UUID, UUID] | None = None

    @property
    def blocks(self) -> bool:
        """Whether it keeps the draft from being submitted."""
        return self.severity == ERROR or self.reason is None


@dataclass(frozen=True)
class Reason:
    """Why warnings of a code are left: at one place, or (path None) wherever they stand.

    `badge` is (tenant, badge), where it was said of another badge; a further one wants a reason of its own.
    """

    code: str
    reason: str
    path: Path | None = None
    badge: tuple[UUID, UUID] | None = None

    def fits(self, finding: Finding) -> bool:
        """Whether it was given for a finding."""
        return (
            self.code == finding.code
            and self.path in {None, finding.path}
            and (self.badge is None or self.badge == finding.badge)
        )


@dataclass(frozen=True)
class Text:
    """A badge's words in one language, with the way to them."""

    language: str
    description: str
    criteria: tuple[str, ...]
    path: Path

    def at(self, index: int) -> Path:
        """The way to a criterion."""
        return (*self.path, "criteria", str(index), *(() if self.path else ("text",)))


@dataclass(frozen=True)
class Checked:
    """What checks look at."""

    words: BadgeWords
    texts: tuple[Text, ...]
    book: Rulebook
    similar: Sequence[Similar]


Found = tuple[Path, str, Facts]  # where, in which language it is told, what the messages name
Check = Callable[[Checked, Rule], Iterator[Found]]


def lint(words: BadgeWords, language: str, book: Rulebook, similar: Sequence[Similar] = ()) -> tuple[Finding, ...]:
    """Check a badge's words, written first in `language`; findings are in the order of the rules."""
    first = Text(language, words.description, tuple(each.text for each in words.criteria), ())
    others = tuple(
        Text(tag, text.description, text.criteria, ("translations", tag)) for tag, text in sorted(words.text.items())
    )
    checked = Checked(words, (first, *others), book, similar)
    return tuple(_finding(rule, *found) for rule in book.rules for found in CHECKS[rule.check](checked, rule))


def reasoned(findings: Iterable[Finding], reasons: Sequence[Reason]) -> tuple[Finding, ...]:
    """Put the writers' reasons beside the warnings that they leave; an error has none."""
    return tuple(_reasoned(each, reasons) for each in findings)


def reasons_of(findings: Iterable[Finding]) -> tuple[Reason, ...]:
    """Take the reasons out of findings, so that they stay when the words are checked again."""
    return tuple(Reason(each.code, each.reason, each.path, each.badge) for each in findings if each.reason is not None)


def _reasoned(finding: Finding, reasons: Sequence[Reason]) -> Finding:
    if finding.severity != WARNING:
        return finding
    fitting = [each for each in reasons if each.fits(finding)]
    exact = [each for each in fitting if each.path is not None]
    found = (exact or fitting)[-1:]
    return replace(finding, reason=found[0].reason) if found else finding


def _finding(rule: Rule, path: Path, language: str, facts: Facts) -> Finding:
    named = {**rule.facts, **facts}
    explanation = rule.explanation.get(language, rule.explanation[ENGLISH])
    mend = rule.mend.get(language, rule.mend[ENGLISH])
    other = named.get("badge")
    return Finding(rule.code, rule.severity, path, explanation.format(**named), mend.format(**named), badge=other)


def base(tag: str) -> str:
    """The language of a tag without its region: `en-GB` → `en`."""
    return tag.partition("-")[0].lower()


def spoken(text: str) -> list[str]:
    """The words of a text, folded and without numbers."""
    return _WORD.findall(folded(text))


# The checks. Each is a pure function of the words and the rule's data.


def _description_missing(checked: Checked, _: Rule) -> Iterator[Found]:
    if not checked.words.description.strip():
        yield ("description",), checked.texts[0].language, {}


def _description_opening(checked: Checked, rule: Rule) -> Iterator[Found]:
    for text in checked.texts:
        openings = rule.words.get(base(text.language), {}).get(checked.words.audience, ())
        if openings and text.description.strip() and not _begins(text.description, openings):
            yield (*text.path, "description"), base(text.language), {"opening": openings[0]}


def _criteria_few(checked: Checked, rule: Rule) -> Iterator[Found]:
    count = len(checked.words.criteria)
    if count < rule.facts["least"]:
        yield ("criteria",), checked.texts[0].language, {"count": count}


def _criterion_opening(checked: Checked, rule: Rule) -> Iterator[Found]:
    for text in checked.texts:
        openings = rule.words.get(base(text.language), {}).get(checked.words.audience, ())
        for index, criterion in enumerate(text.criteria):
            if openings and not _begins(criterion, openings):
                yield text.at(index), base(text.language), {"opening": openings[0]}


def _past_tense(checked: Checked, rule: Rule) -> Iterator[Found]:
    for text in checked.texts:
        words = rule.words.get(base(text.language), {})
        for index, criterion in enumerate(text.criteria if words else ()):
            said = spoken(_without_opening(criterion, checked))
            if said and not _is_past(said, spoken(criterion), words):
                yield text.at(index), base(text.language), {"word": said[0]}


def _is_past(said: Sequence[str], whole: Sequence[str], words: Mapping[str, tuple[str, ...]]) -> bool:
    if "contains" in words:
        return any(word in words["contains"] for word in whole[:SEEN_WORDS])
    verbs = [word for word in said[:SEEN_WORDS] if word not in words.get("skipped", ()) and not word.endswith("ly")]
    if not verbs:
        return False
    verb = verbs[0].rpartition("-")[2]
    if verb in words.get("irregular", ()):
        return True
    return verb.endswith(words.get("endings", ())) and not verb.endswith(words.get("not_endings", ()))


def _skills_few(checked: Checked, rule: Rule) -> Iterator[Found]:
    count = len({normal_form(name) for name in skill_names(checked.words)})
    if count < rule.facts["least"]:
        yield ("skills",), checked.texts[0].language, {"count": count}


def _skill_evidenced(checked: Checked, rule: Rule) -> Iterator[Found]:
    shown = {normal_form(name) for each in checked.words.criteria for name in each.skills}
    text = checked.texts[0]
    skipped = rule.words.get(base(text.language), {}).get("skipped", ())
    told = [word for criterion in text.criteria for word in spoken(criterion)]
    for index, skill in enumerate(checked.words.skills):
        if normal_form(skill) in shown:
            continue
        named = [word for word in re.split(r"[-\s]+", " ".join(spoken(skill))) if word not in skipped]
        if not any(_speaks(word, each) for each in named for word in told):
            yield ("skills", str(index)), base(text.language), {"skill": skill}


def _skill_long(checked: Checked, rule: Rule) -> Iterator[Found]:
    for path, skill in _tags(checked):
        if len(skill) > rule.facts["most_characters"] or len(skill.split()) > rule.facts["most_words"]:
            yield path, checked.texts[0].language, {"skill": skill}


def _skill_form(checked: Checked, rule: Rule) -> Iterator[Found]:
    language = base(checked.texts[0].language)
    begins = rule.words.get(language, {}).get("begins", ())
    for path, skill in _tags(checked):
        is_sentence = skill.rstrip().endswith((".", "!", "?")) or "," in skill or ";" in skill
        if is_sentence or any(folded(skill).startswith(f"{each} ") for each in begins):
            yield path, language, {"skill": skill}


def _image_alt_missing(checked: Checked, _: Rule) -> Iterator[Found]:
    if checked.words.image_url and not (checked.words.image_alt or "").strip():
        yield ("imageAlt",), checked.texts[0].language, {}


def _image_alt_form(checked: Checked, rule: Rule) -> Iterator[Found]:
    alt, language = (checked.words.image_alt or "").strip(), base(checked.texts[0].language)
    begins = rule.words.get(language, {}).get("begins", ())
    too_long = len(alt) > rule.facts["most_characters"]
    if alt and (too_long or _FILE.fullmatch(alt) or _begins(alt, begins)):
        yield ("imageAlt",), language, {}


def _layer_unlikely(checked: Checked, _: Rule) -> Iterator[Found]:
    text, layer = checked.texts[0], checked.words.layer
    counts = {
        code: sum(_speaks_of(criterion, words.get(base(text.language), ())) for criterion in text.criteria)
        for code, words in checked.book.layers.items()
        if code.partition("/")[0] == layer.partition("/")[0]
    }
    best = max(counts, key=lambda code: counts[code], default=layer)
    if layer in counts and counts[layer] == 0 and counts[best] > 0:
        names = {"layer": layer.partition("/")[2].title(), "sounds": best.partition("/")[2].title()}
        yield ("layer",), base(text.language), names


def _similar_badge(checked: Checked, _: Rule) -> Iterator[Found]:
    for each in checked.similar:
        if (each.tenant_id, each.id) == checked.words.derived_from:
            continue  # it says so itself
        facts = {"name": each.name, "city": each.city, "badge": (each.tenant_id, each.id)}
        yield (each.by,), checked.texts[0].language, facts


def _phrases(checked: Checked, rule: Rule) -> Iterator[Found]:
    for text in checked.texts:
        words = rule.words.get(base(text.language))
        if words is None:
            continue
        for path, said in _field(checked, text, words["field"][0]):
            padded = f" {phrase(said)} "
            required = words.get("require", ())
            lacks = required and not any(_holds(padded, each) for each in required)
            if lacks or any(_holds(padded, each) for each in words.get("avoid", ())):
                yield path, base(text.language), {}


def _holds(padded: str, words: str) -> bool:
    return f" {phrase(words)} " in padded


def _field(checked: Checked, text: Text, field: str) -> Iterator[tuple[Path, str]]:
    if field == "criteria":
        yield from ((text.at(index), said) for index, said in enumerate(text.criteria))
    elif field == "description" and text.description.strip():
        yield (*text.path, "description"), text.description
    elif field == "name":
        yield (*text.path, "name"), checked.words.text[text.language].name if text.path else checked.words.name
    elif field == "skills" and not text.path:
        yield from _tags(checked)


def _tags(checked: Checked) -> Iterator[tuple[Path, str]]:
    yield from ((("skills", str(index)), skill) for index, skill in enumerate(checked.words.skills))
    for number, criterion in enumerate(checked.words.criteria):
        for index, skill in enumerate(criterion.skills):
            yield ("criteria", str(number), "skills", str(index)), skill


def _begins(text: str, openings: Iterable[str]) -> bool:
    return any(f"{folded(text)} ".startswith(f"{folded(each)} ") for each in openings)


def _without_opening(criterion: str, checked: Checked) -> str:
    text = folded(criterion)
    openings = [
        folded(each)
        for rule in checked.book.rules
        if rule.check == "criterion-opening"
        for words in rule.words.values()
        for some in words.values()
        for each in some
    ]
    found = max((each for each in openings if text.startswith(f"{each} ")), key=len, default="")
    return text[len(found) :]


def _speaks(word: str, of: str) -> bool:
    """Whether a word is of another's kind; what is shorter than a stem begins too much, and stands for itself."""
    if len(of) < LEAST_STEM:
        return word == of
    return word.startswith(of[: max(LEAST_STEM, len(of) // 2)])


def _speaks_of(text: str, beginnings: Iterable[str]) -> bool:
    padded = f" {' '.join(spoken(text))}"
    return any(f" {each}" in padded for each in beginnings)


CHECKS: Final[Mapping[str, Check]] = {
    "description-missing": _description_missing,
    "description-opening": _description_opening,
    "criteria-few": _criteria_few,
    "criterion-opening": _criterion_opening,
    "past-tense": _past_tense,
    "skills-few": _skills_few,
    "skill-evidenced": _skill_evidenced,
    "skill-long": _skill_long,
    "skill-form": _skill_form,
    "image-alt-missing": _image_alt_missing,
    "image-alt-form": _image_alt_form,
    "layer-unlikely": _layer_unlikely,
    "similar-badge": _similar_badge,
    PHRASES: _phrases,
}

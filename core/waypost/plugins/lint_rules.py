"""What a rule for the words of badges must be like, so that the linter can follow it whatever it reads."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from string import Formatter
from typing import Any, Final

from waypost.outbox.linting import ENGLISH, FIELDS, PHRASES, SEVERITIES, phrase
from waypost.plugins.settings import problems_in, sentence


@dataclass(frozen=True)
class Takes:
    """What a check takes from its rule: numbers, all of them; lists of words, some of them.

    `named` is what the texts may name in braces beside the numbers; without a list of `one_of` it finds nothing.
    """

    facts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()


_AUDIENCES: Final = ("person", "organisation")
_PAST: Final = ("contains", "endings", "not_endings", "skipped", "irregular")
CHECKS: Final[Mapping[str, Takes]] = {
    "description-missing": Takes(),
    "description-opening": Takes(words=_AUDIENCES, named=("opening",), one_of=_AUDIENCES),
    "criteria-few": Takes(("least",), named=("count",)),
    "criterion-opening": Takes(words=_AUDIENCES, named=("opening",), one_of=_AUDIENCES),
    "past-tense": Takes(words=_PAST, named=("word",), one_of=("contains", "endings")),
    "skills-few": Takes(("least",), named=("count",)),
    "skill-evidenced": Takes(words=("skipped",), named=("skill",)),
    "skill-long": Takes(("most_characters", "most_words"), named=("skill",)),
    "skill-form": Takes(words=("begins",), named=("skill",)),
    "image-alt-missing": Takes(),
    "image-alt-form": Takes(("most_characters",), words=("begins",)),
    "layer-unlikely": Takes(named=("layer", "sounds")),
    "similar-badge": Takes(named=("name", "city")),
    PHRASES: Takes(words=("field", "avoid", "require"), one_of=("avoid", "require")),
}

# What the codes of the platform's own rules begin with, and (OWN) those of tenants'.
TAKEN: Final = frozenset(
    ("CRITERIA", "CRITERION", "DESCRIPTION", "IMAGE", "LAYER", "OWN", "SIMILAR", "SKILL", "SKILLS")
)

_LANGUAGE: Final = "^[a-z]{2,3}$"
_TEXTS: Final = {
    "type": "object",
    "required": [ENGLISH],
    "propertyNames": {"pattern": _LANGUAGE},
    "additionalProperties": {"type": "string", "minLength": 1},
}
_LIST: Final = {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}
FORM: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["code", "check", "severity", "explanation", "mend"],
    "properties": {
        "code": {"type": "string", "maxLength": 60},
        "check": {"enum": sorted(CHECKS)},
        "severity": {"enum": list(SEVERITIES)},
        "explanation": _TEXTS,
        "mend": _TEXTS,
        "words": {
            "type": "object",
            "propertyNames": {"pattern": _LANGUAGE},
            "additionalProperties": {"type": "object", "additionalProperties": _LIST},
        },
    },
}


def rules_in(file: Traversable) -> list[Any]:
    """Read the `[[rules]]` of a TOML file, which holds nothing else; raises ValueError where it does."""
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    if set(said) != {"rules"} or not isinstance(said["rules"], list):
        raise ValueError(f"{file.name} has {', '.join(said) or 'nothing'} where [[rules]] alone are read")
    return said["rules"]


def faults_of(rule: Any, prefix: str) -> Iterator[str]:
    """Say everything that keeps a rule from being followed; `prefix` is what its code begins with."""
    if problems := problems_in(rule, FORM):
        yield from map(sentence, problems)
        return
    if not re.fullmatch(rf"{prefix}(_[A-Z0-9]+)+", rule["code"]):
        yield f"its code must begin with {prefix}_ and be in upper case"
    if rule["code"].partition("_")[0] in TAKEN:
        yield f"codes that begin with {rule['code'].partition('_')[0]}_ are not a plugin's"
    takes = CHECKS[rule["check"]]
    yield from _faults_of_facts(rule, takes)
    for tag, lists in rule.get("words", {}).items():
        yield from _faults_of_words(lists, takes, f"words.{tag}", rule["check"])
    if takes.one_of and not rule.get("words"):
        yield f"words: are missing, and {rule['check']} finds nothing without"
    for name in ("explanation", "mend"):
        for tag, text in rule[name].items():
            yield from _faults_of_text(text, {*takes.named, *takes.facts}, f"{name}.{tag}")


def _faults_of_facts(rule: Mapping[str, Any], takes: Takes) -> Iterator[str]:
    for name in sorted(set(takes.facts) - rule.keys()):
        yield f"{name}: is missing"
    for name in sorted(rule.keys() - FORM["properties"].keys()):
        if name in takes.words:
            yield f"{name}: is a list of words, and stands in words.{ENGLISH}"
        elif name not in takes.facts:
            yield f"{name}: unknown to the check {rule['check']}"
        elif type(rule[name]) is not int or rule[name] < 0:  # `true` is an int, too
            yield f"{name}: must be a whole number, 0 or more"


def _faults_of_words(lists: Mapping[str, Any], takes: Takes, where: str, check: str) -> Iterator[str]:
    for name in sorted(lists.keys() - set(takes.words)):
        yield f"{where}.{name}: unknown; {check} takes {', '.join(takes.words) or 'no words'}"
    if takes.one_of and not lists.keys() & set(takes.one_of):
        yield f"{where}: {check} needs {' or '.join(takes.one_of)}"
    if check == PHRASES and (len(lists.get("field", ())) != 1 or lists["field"][0] not in FIELDS):
        yield f"{where}.field: must be a list with one of {', '.join(FIELDS)}"
    for use in ("avoid", "require") if check == PHRASES else ():
        for each in lists.get(use, ()):
            if not phrase(each):
                yield f"{where}.{use}: {each!r} has no word to look for"


def _faults_of_text(text: str, known: set[str], where: str) -> Iterator[str]:
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        yield f"{where}: {error}"
        return
    for _, name, form, conversion in parts:
        if name is not None and (name not in known or form or conversion):
            yield f"{where}: names {{{name}}}; known here: {', '.join(sorted(known)) or 'nothing'}"

"""The linter's rules and the curators' checklist, as the data of the standards says them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from waypost.outbox.linting import ENGLISH, PHRASES, SEVERITIES, Rule, rule_of

COMMON: Final = "common"
DATA: Final = files("waypost.standards") / "data" / "lint"


@dataclass(frozen=True)
class Question:
    """One question of the curators' checklist, by language."""

    code: str
    question: Mapping[str, str]


@dataclass(frozen=True)
class Rulebook:
    """All rules for one standard; `layers` are beginnings of words by qualified layer and language."""

    rules: tuple[Rule, ...]
    checklist: tuple[Question, ...]
    layers: Mapping[str, Mapping[str, tuple[str, ...]]]


def rulebook(standards: tuple[str, ...]) -> Rulebook:
    """The rules that hold for every standard, with the layers of these."""
    rules, checklist = _common()
    known = _layers()
    layers = {code: words for standard in standards for code, words in known.get(standard, {}).items()}
    return Rulebook(rules, checklist, layers)


def own_rule(slug: str, severity: str, field: str, language: str, said: Mapping[str, Any]) -> Rule:
    """Make a rule of a tenant's: words to avoid, words of which one is required. Its texts are no templates."""
    words = {"field": (field,), "avoid": tuple(said["avoid"]), "require": tuple(said["require"])}
    explanation, mend = (said[name].replace("{", "{{").replace("}", "}}") for name in ("explanation", "mend"))
    code = f"OWN_{slug.replace('-', '_').upper()}"
    return Rule(code, PHRASES, severity, {ENGLISH: explanation}, {ENGLISH: mend}, {}, {language: words})


def _rule(data: Mapping[str, Any]) -> Rule:
    if data["severity"] not in SEVERITIES:
        raise ValueError(f"{data['code']}: {data['severity']} is none of {', '.join(SEVERITIES)}")
    return rule_of(data)


# The files are the package's own: what they say is read once in a process.


@cache
def _common() -> tuple[tuple[Rule, ...], tuple[Question, ...]]:
    said = _read(COMMON)
    questions = tuple(Question(each["code"], each["question"]) for each in said["checklist"])
    return tuple(_rule(each) for each in said["rules"]), questions


@cache
def _layers() -> Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]]:
    """The words of all standards' layers, by standard and qualified layer."""
    standards = sorted(each.name.removesuffix(".toml") for each in DATA.iterdir() if each.name.endswith(".toml"))
    return {standard: _layers_of(standard) for standard in standards if standard != COMMON}


def _layers_of(standard: str) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    return {
        f"{standard}/{layer}": {tag: tuple(words) for tag, words in said["words"].items()}
        for layer, said in _read(standard)["layers"].items()
    }


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))

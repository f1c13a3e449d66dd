"""The linter's rules and the curators' checklist, as the data of the standards says them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
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
    """Read the rules that hold for every standard, with the layers of these."""
    common = _read(COMMON)
    layers: dict[str, Mapping[str, tuple[str, ...]]] = {}
    for standard in dict.fromkeys(standards):
        if not (DATA / f"{standard}.toml").is_file():
            continue
        for layer, said in _read(standard)["layers"].items():
            layers[f"{standard}/{layer}"] = {tag: tuple(words) for tag, words in said["words"].items()}
    return Rulebook(
        tuple(_rule(each) for each in common["rules"]),
        tuple(Question(each["code"], each["question"]) for each in common["checklist"]),
        layers,
    )


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


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))

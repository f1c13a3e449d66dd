"""A rule for the words of badges: what the linter reads and plugins bring; the seam between them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

ERROR: Final = "error"
WARNING: Final = "warning"
SEVERITIES: Final = (ERROR, WARNING)
ENGLISH: Final = "en"
PHRASES: Final = "phrases"  # the check of words that a text avoids, or has one of
FIELDS: Final = ("name", "description", "criteria", "skills")
_MARKUP: Final = re.compile(r"[*_`#>]+")
_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True)
class Rule:
    """One rule: its code and severity, the check that it asks for, and words by language.

    `facts` are numbers that the check needs; `words` lists of words by language and by what they are for.
    """

    code: str
    check: str
    severity: str
    explanation: Mapping[str, str]
    mend: Mapping[str, str]
    facts: Mapping[str, int]
    words: Mapping[str, Mapping[str, tuple[str, ...]]]


def rule_of(data: Mapping[str, Any]) -> Rule:
    """Make a rule of what a file says of it, which is known to be in order."""
    words = {tag: {use: tuple(some) for use, some in by_use.items()} for tag, by_use in data.get("words", {}).items()}
    facts = {name: value for name, value in data.items() if isinstance(value, int)}
    return Rule(data["code"], data["check"], data["severity"], data["explanation"], data["mend"], facts, words)


def folded(text: str) -> str:
    """Bring text into one form for comparing: no markup, one space, no case, straight apostrophes."""
    bare = _MARKUP.sub("", unicodedata.normalize("NFKC", text)).replace("’", "'")
    return " ".join(bare.casefold().split())


def phrase(text: str) -> str:
    """Leave the words and numbers of a text, folded, one space between; nothing where it has none."""
    return " ".join(_WORD.findall(folded(text)))

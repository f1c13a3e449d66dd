"""When two names are one skill."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from uuid import UUID, uuid5

# Fixed for ever: every skill's id follows from it.
SKILLS: Final = UUID("6f2b1d5e-9a5c-5f0e-8d6a-3c1e7b4a2d90")

_DROPPED: Final = "'’‘ʼ`´"
_KEPT: Final = "+#"  # C++ and C# are not C
_NOT_PLAIN: Final = re.compile(r"[^a-z0-9]+")


def normal_form(name: str) -> str:
    """Fold a skill's name: compatibility forms, case, `&`, punctuation and spaces make no difference.

    `Problem-Solving` and `problem solving ` are one, `Children's rights` and `Childrens Rights` too; plurals
    and accents count. Empty when the name holds neither letter nor digit.
    """
    form = _folded(name)
    while (again := _folded(form)) != form:
        form = again
    return form


def skill_id(name: str) -> UUID:
    """Give the id of a skill, the same in every tenant. Raises ValueError on a name without letters."""
    form = normal_form(name)
    if not form:
        raise ValueError(f"{name!r} is no name of a skill: it has no letters")
    return uuid5(SKILLS, form)


def skill_code(name: str) -> str:
    """Give a skill's code for addresses and filters: `Digital Literacy` → `digital-literacy`.

    Names that ASCII cannot spell get the beginning of their id as well, so that no two skills share a code.
    Raises ValueError on a name without letters.
    """
    form = normal_form(name)
    id = skill_id(name)
    bare = "".join(c for c in unicodedata.normalize("NFKD", form) if not unicodedata.combining(c))
    code = _NOT_PLAIN.sub("-", bare).strip("-")
    if code.replace("-", " ") == form:
        return code
    # Two hyphens, which no plain name gives.
    return f"{code or 'skill'}--{id.hex[:12]}"


def _folded(name: str) -> str:
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    text = text.replace("&", " and ")
    return " ".join("".join(_piece(c) for c in text).split())


def _piece(character: str) -> str:
    if character in _DROPPED:
        return ""
    if character in _KEPT or character.isalnum() or unicodedata.category(character)[0] == "M":
        return character
    return " "

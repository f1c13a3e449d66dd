"""Whose a name is: the prefix that a plugin's types and fields carry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

PLUGIN_NAME: Final = "^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
PREFIX: Final = "^[a-z][a-zA-Z0-9]*$"
MOST_NAME: Final = 40
# The core is an app of this name: what a plugin of that name did with its tables, it would do with the core's.
RESERVED_NAMES: Final = frozenset({"waypost"})
# The core's own work in the background begins so: `incoming.tide` handles the calls for the plugin `tide`.
RESERVED_PREFIXES: Final = frozenset({"feeds", "incoming", "issuing", "members", "privacy"})
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_plugin_name(name: str) -> bool:
    """Whether a plugin may be called so."""
    return re.fullmatch(PLUGIN_NAME, name) is not None and len(name) <= MOST_NAME and name not in RESERVED_NAMES


def carries(name: str, prefix: str) -> bool:
    """Whether a name begins with a prefix as a word of its own.

    `essentialSkills` carries `essential`; `essentials` does not, for that is another word.
    """
    rest = name[len(prefix) :]
    return name.startswith(prefix) and (not rest or rest[0].isupper() or rest[0].isdigit())


def perhaps(word: str, known: Iterable[str]) -> str:
    """A hint at what may have been meant, ready to be put behind a sentence; empty when nothing is near."""
    near = get_close_matches(word, sorted(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def type_prefix(prefix: str) -> str:
    """The prefix as types carry it: `essential` becomes `Essential`."""
    return prefix[0].upper() + prefix[1:]


def code_prefix(prefix: str) -> str:
    """The prefix as codes carry it: `badgeNation` becomes `BADGE_NATION`."""
    return _HUMP.sub("_", prefix).upper()


def permission_prefix(prefix: str) -> str:
    """The prefix as permissions carry it: `badgeNation` becomes `badge-nation`."""
    return _HUMP.sub("-", prefix).lower()


def schema_name(plugin: str) -> str:
    """The PostgreSQL schema that holds a plugin's tables."""
    return f"plugin_{plugin}"

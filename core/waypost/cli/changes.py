"""What changed between two schemas, how much it weighs for who asks, and which breaks were announced."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final

from graphql import GraphQLError, GraphQLSchema, build_schema
from graphql.utilities import BreakingChangeType, DangerousChangeType, find_schema_changes
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from waypost.cli.faults import Refused

# A type, a field, an argument, an enum's value or a directive, as the GraphQL specification writes coordinates.
_COORDINATE: Final = re.compile(r"@?[A-Za-z_]\w*(?:\.\w+)?(?:\(\w+:\))?")
_MEMBER_OF: Final = re.compile(r"(?:union type |implemented by |(?:from|to) (?=@))(?P<whole>@?\w+)\.$")
_DESCRIBES: Final = re.compile(
    r"Description of (?:argument |field |input-field |enum value )?(?P<what>\S+) has changed"
)


class Weight(StrEnum):
    """What a change does to a front end that was written before it."""

    BREAKING = "breaking"  # a document that was valid is not any more, or answers in another form
    DANGEROUS = "dangerous"  # documents stay valid, but meet what they have not met before
    SAFE = "safe"


@dataclass(frozen=True)
class Change:
    """One change: `coordinate` is what changed, `words` how."""

    weight: Weight
    coordinate: str
    words: str


class Announced(BaseModel):
    """One `[[break]]` of breaks.toml: announced on `since`, kept as it was `until` then."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    coordinate: str
    since: date
    until: date
    why: str


def changes(old: GraphQLSchema, new: GraphQLSchema) -> list[Change]:
    """Return every change from one schema to the other, the heaviest first."""
    found = [_change(each.type, each.description) for each in find_schema_changes(old, new)]
    return sorted(set(found), key=lambda each: (list(Weight).index(each.weight), each.coordinate, each.words))


def _change(kind: object, words: str) -> Change:
    weight = Weight.SAFE
    if isinstance(kind, BreakingChangeType):
        weight = Weight.BREAKING
    if isinstance(kind, DangerousChangeType):
        weight = Weight.DANGEROUS
    described = _DESCRIBES.match(words)
    if described:
        return Change(weight, described["what"], "Its description changed.")
    return Change(weight, coordinate_in(words), words)


def coordinate_in(words: str) -> str:
    """Return what a change's words speak of: the narrowest thing, or the whole that a member joined or left."""
    whole = _MEMBER_OF.search(words)
    if whole:
        return whole["whole"]
    named = [each for each in _COORDINATE.findall(words) if set(each) & set(".@(")]
    # "Place was removed.", "Place changed from an Object type to a Union type.", "Standard scalar Int was removed …"
    return named[0] if named else words.removeprefix("Standard scalar ").split()[0]


def unannounced(found: list[Change], announced: Mapping[str, Announced], today: date) -> list[str]:
    """Say which breaks may not be made: nobody announced them, or the time that was promised is not over."""
    faults = []
    for each in found:
        if each.weight is not Weight.BREAKING:
            continue
        known = announced.get(each.coordinate)
        if known is None:
            faults.append(f"{each.coordinate}: the break is not announced")
        elif today < known.until:
            faults.append(f"{each.coordinate}: it was promised to stay until {known.until}")
    return faults


def read_schema(path: Path) -> GraphQLSchema:
    """Read a file of SDL; raise `Refused` for one that is none."""
    try:
        return build_schema(path.read_text(encoding="utf-8"))
    except (GraphQLError, TypeError, UnicodeDecodeError) as error:
        raise Refused(f"{path} is no schema: {error}") from error


def read_announced(path: Path) -> dict[str, Announced]:
    """Read the announced breaks by coordinate; a file that is not there announces none."""
    if not path.is_file():
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        if set(tables) - {"break"}:
            raise Refused(f"{path}: it holds [[break]] tables and nothing else")
        entries = TypeAdapter(list[Announced]).validate_python(tables.get("break", []))
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"{path}: {error}") from error
    except ValidationError as error:
        places = (f"break {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise Refused(f"{path}: {'; '.join(places)}") from error
    return {each.coordinate: each for each in entries}

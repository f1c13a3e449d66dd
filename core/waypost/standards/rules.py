"""What a standard is made of, and how its layers are named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from waypost.refusal import Refusal

RELATIONS: Final = frozenset({"exactMatchOf", "isRelatedTo"})


@dataclass(frozen=True, kw_only=True)
class LayerUnknown(Refusal):
    """No standard of this platform has that layer."""

    layer: str = ""


@dataclass(frozen=True)
class LayerWords:
    """A layer as the data says it; `code` is qualified, `position` counts from 1."""

    code: str
    name: str
    description: str
    examples: tuple[str, ...]
    position: int


@dataclass(frozen=True)
class StandardWords:
    """A standard with its layers, in order."""

    code: str
    name: str
    version: str
    is_progression: bool
    endorsed_by: tuple[str, ...]
    layers: tuple[LayerWords, ...]


@dataclass(frozen=True)
class Relation:
    """How one layer relates to another; both codes are qualified."""

    from_code: str
    to_code: str
    relation: str


def qualified(layer: str, standard: str) -> str:
    """Qualify a layer's code by its standard: `engage` → `rsa-2019/engage`; a qualified one stays."""
    return layer if "/" in layer else f"{standard}/{layer}"


def layer_code(layer: str, standard: str, known: Collection[str]) -> str | LayerUnknown:
    """Find the qualified code of a layer among the `known` ones (qualified codes).

    `standard` is the tenant's; a layer that is already qualified may come from any known standard.
    """
    code = qualified(layer, standard)
    if code in known:
        return code
    of_standard = ", ".join(sorted(one for one in known if one.startswith(f"{standard}/")))
    return LayerUnknown(message=f'No layer "{code}"; {standard} has: {of_standard or "none"}.', layer=code)


def standard_words(data: Mapping[str, Any]) -> StandardWords:
    """Read a standard from its TOML data. Raises KeyError where something is missing."""
    return StandardWords(
        code=data["code"],
        name=data["name"],
        version=data["version"],
        is_progression=data["is_progression"],
        endorsed_by=tuple(data.get("endorsed_by", ())),
        layers=tuple(
            LayerWords(
                code=qualified(layer["code"], data["code"]),
                name=layer["name"],
                description=layer["description"],
                examples=tuple(layer.get("examples", ())),
                position=position,
            )
            for position, layer in enumerate(data["layers"], start=1)
        ),
    )


def relations(entries: Iterable[Mapping[str, Any]]) -> tuple[Relation, ...]:
    """Read a crosswalk; each entry holds in both directions. Raises ValueError on an unknown relation."""
    found: list[Relation] = []
    for entry in entries:
        relation = entry["relation"]
        if relation not in RELATIONS:
            raise ValueError(f'"{relation}" is none of {", ".join(sorted(RELATIONS))}')
        found += [
            Relation(entry["from"], entry["to"], relation),
            Relation(entry["to"], entry["from"], relation),
        ]
    return tuple(found)

"""The standards that come with the platform, loaded from the package's data."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, Final

from asyncpg import Connection

from waypost.standards.rules import Relation, StandardWords, relations, standard_words

DATA: Final = files("waypost.standards") / "data"
CROSSWALK: Final = "crosswalk.toml"

STANDARD_SQL: Final = """
INSERT INTO standard AS now_there (code, name, version, is_progression, endorsed_by)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (code) DO UPDATE
SET (name, version, is_progression, endorsed_by)
    = (excluded.name, excluded.version, excluded.is_progression, excluded.endorsed_by)
WHERE (now_there.name, now_there.version, now_there.is_progression, now_there.endorsed_by)
    IS DISTINCT FROM (excluded.name, excluded.version, excluded.is_progression, excluded.endorsed_by)
"""

LAYER_SQL: Final = """
INSERT INTO layer AS now_there (code, standard_code, name, description, examples, position)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (code) DO UPDATE
SET (name, description, examples, position)
    = (excluded.name, excluded.description, excluded.examples, excluded.position)
WHERE (now_there.name, now_there.description, now_there.examples, now_there.position)
    IS DISTINCT FROM (excluded.name, excluded.description, excluded.examples, excluded.position)
"""

CROSSWALK_SQL: Final = """
INSERT INTO layer_crosswalk AS now_there (from_code, to_code, relation) VALUES ($1, $2, $3)
ON CONFLICT (from_code, to_code) DO UPDATE SET relation = excluded.relation
WHERE now_there.relation IS DISTINCT FROM excluded.relation
"""


def built_in() -> tuple[tuple[StandardWords, ...], tuple[Relation, ...]]:
    """Read the package's standards, by code, and the crosswalk between their layers."""
    names = sorted(entry.name for entry in DATA.iterdir() if entry.name.endswith(".toml"))
    standards = tuple(standard_words(_read(name)) for name in names if name != CROSSWALK)
    return standards, relations(_read(CROSSWALK)["crosswalk"])


async def load_reference(connection: Connection) -> None:
    """Write the built-in standards, layers and crosswalk, on a connection of the owner.

    Idempotent: what is unchanged is not touched, and nothing is removed, since badges refer to it.
    """
    standards, crosswalk = built_in()
    for one in standards:
        facts = (one.code, one.name, one.version, one.is_progression, list(one.endorsed_by))
        await connection.execute(STANDARD_SQL, *facts)
        await connection.executemany(
            LAYER_SQL,
            [
                (layer.code, one.code, layer.name, layer.description, list(layer.examples), layer.position)
                for layer in one.layers
            ],
        )
    pairs = [(pair.from_code, pair.to_code, pair.relation) for pair in crosswalk]
    await connection.executemany(CROSSWALK_SQL, pairs)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))

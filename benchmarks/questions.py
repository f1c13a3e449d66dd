"""What both servers are asked: each question in either's words, and what of the answers must be equal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from benchmarks.ground import CITY, PATHWAY
from waypost.db import City, Database
from waypost.places.graph import EARTH
from waypost.tenancy import Tenant

OURS: Final = Path(__file__).parent / "questions"
THEIRS: Final = Path(__file__).parent / "peers" / "postgraphile" / "questions"
ORIGINS: Final = 200
SEED: Final = 7
WORDS: Final = "music"
BADGES_SQL: Final = """
SELECT slug FROM badge WHERE tenant_id = $1 AND managed_by = 'files' AND state = 'published' ORDER BY slug
"""

Seen = list[Any]
Read = Callable[[Mapping[str, Any]], Seen]


@dataclass(frozen=True)
class Question:
    """One question: the bodies sent to us at `path` and to the peer, in the same order.

    `ours_seen` and `theirs_seen` read what must be equal out of the data of an answer.
    """

    name: str
    path: str
    ours: Sequence[bytes]
    theirs: Sequence[bytes]
    ours_seen: Read
    theirs_seen: Read


async def questions(database: Database, tenant: Tenant, country: Sequence[Tenant]) -> list[Question]:
    """All questions, put in one city and, the nearest, nationally too."""
    badges = [row["slug"] for row in await database.reads.rows(City(tenant.id), BADGES_SQL, [tenant.id])]
    own, city = f"/{CITY}/graphql", {"city": str(tenant.id)}
    chance = Random(SEED)
    here = [origin(tenant, chance) for _ in range(ORIGINS)]
    everywhere = [origin(chance.choice(country), chance) for _ in range(ORIGINS)]
    near = document(OURS, "nearest")
    words = [{"words": WORDS}]
    return [
        Question(
            "nearest 20 in a city",
            own,
            bodies(near, [{"near": point} for point in here]),
            bodies(document(THEIRS, "nearest"), [city | sphere(point) for point in here]),
            our_entries,
            their_entries,
        ),
        Question(
            "nearest 20 nationally",
            "/graphql",
            bodies(near, [{"near": point} for point in everywhere]),
            bodies(document(THEIRS, "national"), [sphere(point) for point in everywhere]),
            our_entries,
            their_entries,
        ),
        Question(
            "pathway tree of depth 4",
            own,
            bodies(document(OURS, "pathway"), [{"slug": PATHWAY}]),
            bodies(document(THEIRS, "pathway"), [city | {"slug": PATHWAY}]),
            lambda data: list(_our_tree(data["pathway"])),
            lambda data: list(_their_tree(data["pathway"])),
        ),
        Question(
            "badge page",
            own,
            bodies(document(OURS, "badge"), [{"slug": slug} for slug in badges]),
            bodies(document(THEIRS, "badge"), [city | {"slug": slug} for slug in badges]),
            _our_badge,
            _their_badge,
        ),
        Question(
            "text search with facets",
            own,
            bodies(document(OURS, "search"), words),
            bodies(document(THEIRS, "search"), [city | each for each in words]),
            _our_search,
            _their_search,
        ),
    ]


def document(folder: Path, name: str) -> str:
    """A document as it is sent: one that a person can read."""
    return (folder / f"{name}.graphql").read_text(encoding="utf-8")


def bodies(query: str, variables: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """The bodies of requests, one for each set of variables."""
    return [orjson.dumps({"query": query, "variables": each}) for each in variables]


def origin(tenant: Tenant, chance: Random) -> dict[str, float]:
    """A point in the middle of a tenant's box, where its activities are."""
    if tenant.bounds is None:
        raise LookupError(f"{tenant.slug} has no area")
    box = tenant.bounds
    height, width = box.north - box.south, box.east - box.west
    return {
        "latitude": box.south + height * chance.uniform(0.2, 0.8),
        "longitude": box.west + width * chance.uniform(0.2, 0.8),
    }


def sphere(point: Mapping[str, float]) -> dict[str, float]:
    """The point on the sphere of the column `earth`, for a peer that does not know how to get there."""
    latitude, longitude = math.radians(point["latitude"]), math.radians(point["longitude"])
    return {
        "x": EARTH * math.cos(latitude) * math.cos(longitude),
        "y": EARTH * math.cos(latitude) * math.sin(longitude),
        "z": EARTH * math.sin(latitude),
    }


# What must be equal. Skills are compared by name in any order: the peer is spared the sort.


def our_entries(data: Mapping[str, Any]) -> Seen:
    """The titles in order, each with provider, place, badges and their skills."""
    return [
        (
            each["title"],
            each["slug"],
            each["provider"]["name"],
            each["place"] and each["place"]["name"],
            [(badge["name"], badge["layer"]["code"], _names(badge["skills"])) for badge in each["badges"]],
        )
        for each in data["discover"]["nodes"]
    ]


def their_entries(data: Mapping[str, Any]) -> Seen:
    """The same of the peer's answer."""
    return [
        (
            each["title"],
            each["slug"],
            each["provider"]["name"],
            each["place"] and each["place"]["name"],
            [(badge["name"], badge["layer"]["code"], _tied(badge["skills"])) for badge in _badges(each)],
        )
        for each in data["nodes"]
    ]


def _our_tree(step: Mapping[str, Any], depth: int = 0) -> Iterator[Any]:
    badges = [(badge["name"], badge["issuer"]["name"], _names(badge["skills"])) for badge in step.get("badges", ())]
    yield depth, step.get("title", step.get("name")), badges
    for each in step.get("steps", ()):
        yield from _our_tree(each, depth + 1)


def _their_tree(step: Mapping[str, Any], depth: int = 0) -> Iterator[Any]:
    badges = [(each["name"], each["issuer"]["name"], _tied(each["skills"])) for each in _badges(step)]
    yield depth, step["words"][0].get("title", step.get("name")), badges
    for each in step.get("steps", ()):
        yield from _their_tree(each, depth + 1)


def _our_badge(data: Mapping[str, Any]) -> Seen:
    badge = data["badge"]
    return [
        *(badge["name"], badge["description"], badge["layer"]["standard"]["name"], badge["issuer"]["name"]),
        [(each["text"], each["required"], _names(each["skills"])) for each in badge["criteria"]],
        *(_names(badge["skills"]), len(badge["versions"])),
        [each["title"] for each in badge["opportunities"]["nodes"]],
    ]


def _their_badge(data: Mapping[str, Any]) -> Seen:
    badge = data["badge"]
    return [
        *(badge["name"], badge["words"][0]["description"], badge["layer"]["standard"]["name"], badge["issuer"]["name"]),
        [(each["words"][0]["text"], each["required"], _tied(each["skills"])) for each in badge["criteria"]],
        *(_tied(badge["skills"]), len(badge["versions"])),
        [each["title"] for each in data["opportunities"]],
    ]


def _our_search(data: Mapping[str, Any]) -> Seen:
    found = data["discover"]
    facets = [[(each["code"], each["count"]) for each in found["facets"][name]] for name in ("kinds", "layers")]
    skills = [(each["name"], each["count"]) for each in found["facets"]["skills"]]
    return [found["totalCount"], facets, skills, [(each["title"], each["summary"]) for each in found["nodes"]]]


def _their_search(data: Mapping[str, Any]) -> Seen:
    facets = [[(each["code"], each["count"]) for each in data[name]] for name in ("kinds", "layers")]
    skills = [(each["name"], each["count"]) for each in data["skills"]]
    nodes = [(each["title"], each["words"][0]["summary"]) for each in data["nodes"]]
    return [data["totalCount"], facets, skills, nodes]


def _names(skills: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted(each["name"] for each in skills)


def _tied(links: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted(each["skill"]["name"] for each in links)


def _badges(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each["badge"] for each in row.get("badges", ())]

"""What the search should answer, worked out in plain Python from the record of the country."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tests.graph import expected
from tests.graph.expected import LONDON, Chance, Point, ids, in_cities, listed, metres, where
from tests.graph.world import World

BECKENHAM = (51.4086, -0.0370)  # BR3 4HG in the built-in table
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
Filter = Mapping[str, Any]


def origin_of(filter: Filter) -> Point | None:
    if "postcode" in filter:
        return BECKENHAM
    near = filter.get("near")
    return None if near is None else (near["latitude"], near["longitude"])


def in_box(point: Point | None, box: Mapping[str, float]) -> bool:
    if point is None or not box["south"] <= point[0] <= box["north"]:
        return False
    if box["west"] <= box["east"]:
        return box["west"] <= point[1] <= box["east"]
    return point[1] >= box["west"] or point[1] <= box["east"]


def says(world: World, chance: Chance, word: str) -> bool:
    provider = world.by_id(chance.words.provider_id).words.name
    text = f"{chance.words.title} {chance.words.summary} {provider}".lower()
    return word.lower() in text.replace(",", " ").replace(".", " ").split()


def starts(chance: Chance, moment: str, *, before: bool) -> bool:
    start, asked = chance.words.starts_at, datetime.fromisoformat(moment)
    if start is None:
        return False
    return start < asked if before else start >= asked or chance.words.recurrence is not None


def free(chance: Chance) -> bool | None:
    cost = chance.words.cost
    return False if cost.free is None and cost.price is not None else cost.free


CHECKS: dict[str, Callable[[World, Chance, Any], bool]] = {
    "bounds": lambda world, each, box: in_box(where(world, each), box),
    "kinds": lambda _, each, kinds: each.words.kind in kinds,
    "layers": lambda world, each, layers: bool(expected.layers_of(world, each) & set(layers)),
    "skills": lambda world, each, codes: bool(expected.skills_offered(world, each) & set(codes)),
    "text": says,
    "free": lambda _, each, wanted: free(each) is wanted,
    "age": lambda _, each, age: (each.words.age_min or 0) <= age <= (each.words.age_max or 120),
    "startsAfter": lambda _, each, moment: starts(each, moment, before=False),
    "startsBefore": lambda _, each, moment: starts(each, moment, before=True),
    "weekdays": lambda _, each, days: (
        each.words.starts_at is not None and DAYS[each.words.starts_at.astimezone(LONDON).weekday()] in days
    ),
    "online": lambda _, each, wanted: each.words.online is wanted,
    "accessibility": lambda _, each, codes: set(codes) <= set(each.words.accessibility),
    "issuer": lambda world, each, gid: world.by_id(each.words.provider_id).gid == gid,
    "badge": lambda world, each, gid: gid in ids(expected.badges_of(world, each)),
    "pathway": lambda world, each, gid: any(
        way.gid == gid and each in expected.chances_on(world, way) for way in world.pathways
    ),
    "cities": lambda world, each, slugs: bool(in_cities(world, [each], slugs)),
}


def answers(world: World, city: str | None, filter: Filter) -> list[Chance]:
    """Return what fulfils the whole filter, in no order."""
    found, origin = listed(world, city), origin_of(filter)
    if origin is not None:
        found = [each for each in found if where(world, each) is not None]
        if "withinMetres" in filter:
            found = [each for each in found if way(world, each, origin) <= filter["withinMetres"]]
    for name, check in CHECKS.items():
        if name in filter:
            found = [each for each in found if check(world, each, filter[name])]
    return found


def way(world: World, chance: Chance, origin: Point) -> float:
    point = where(world, chance)
    assert point is not None
    return metres(origin, point)


def counts(chances: list[Chance], codes: Callable[[Chance], set[str]], place: Callable[[str], int]) -> list[Any]:
    """Return a facet: how many there are of each code."""
    found = Counter(code for each in chances for code in codes(each))
    ranked = sorted(found.items(), key=lambda item: (place(item[0]), -item[1], item[0]))
    return [{"code": code, "count": count} for code, count in ranked]


def without(filter: Filter, name: str) -> dict[str, Any]:
    return {key: value for key, value in filter.items() if key != name}

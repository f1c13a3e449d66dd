"""What the graph should answer, worked out in plain Python from the record of the country."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.graph.asking import Asking
from tests.graph.world import Made, World
from waypost.opportunities.store import OpportunityWords
from waypost.skills.rules import skill_code, skill_id

LONDON = ZoneInfo("Europe/London")
EARTH = 6_371_008.8  # metres
Point = tuple[float, float]
Chance = Made[OpportunityWords]


def here(things: Iterable[Made[Any]], city: str | None) -> list[Made[Any]]:
    """Keep what a graph can see at all: a city its own, the nation everything; and nobody what is not public."""
    return [each for each in things if each.shown and city in {None, each.town.slug}]


def in_cities(world: World, things: Iterable[Made[Any]], slugs: Sequence[str]) -> list[Made[Any]]:
    """Keep what belongs to one of the tenants, or to a member of one of them."""
    return [each for each in things if {each.town.slug, *world.towns[each.town.slug].groups} & set(slugs)]


def by_name(things: Iterable[Made[Any]]) -> list[Made[Any]]:
    """Order by name or title; the id decides between equals."""
    return sorted(things, key=lambda each: (getattr(each.words, "name", None) or each.words.title, each.id.bytes))


def named(things: Iterable[Made[Any]], part: str) -> list[Made[Any]]:
    """Keep what has this text in its name."""
    return [each for each in things if part.lower() in each.words.name.lower()]


# Skills


def skills_of(things: Iterable[Made[Any]]) -> dict[str, str]:
    """Return names by code of every skill that these badges name, as it was first spelled."""
    found: dict[str, str] = {}
    for each in things:
        for words in each.versions:
            for name in skill_names(words):
                found.setdefault(skill_code(name), name)
    return found


def skill_codes(badge: Made[Any]) -> set[str]:
    """Return the codes of the skills that a badge stands for: its own and those of its criteria."""
    return {skill_code(name) for name in skill_names(badge.words)}


def skill_names(words: Any) -> Iterable[str]:
    """Return the names of a badge's skills as they are written, those of its criteria too."""
    return (*words.skills, *(name for one in words.criteria for name in one.skills))


def skill_order(names: dict[str, str]) -> list[str]:
    """Return codes in the order of their names."""
    return sorted(names, key=lambda code: (names[code], skill_id(names[code]).bytes))


# Opportunities


def over_at(words: OpportunityWords) -> datetime | None:
    """When it is over; None for what has no date, and for what repeats for ever, as all rules here do."""
    if words.starts_at is None or words.recurrence is not None:
        return None
    return words.ends_at or datetime.combine(words.starts_at.date() + timedelta(days=1), time(), LONDON)


def coming(words: OpportunityWords, now: datetime) -> datetime:
    """When it happens next, or the end of all days; rules here are weekly."""
    if words.starts_at is None:
        return datetime.max.replace(tzinfo=LONDON) - timedelta(days=2)
    start, end = words.starts_at, words.ends_at or words.starts_at
    while words.recurrence is not None and end <= now:
        start, end = start + timedelta(weeks=1), end + timedelta(weeks=1)
    return start


def listed(world: World, city: str | None) -> list[Chance]:
    """Return what `discover` shows: open and not over."""
    found = []
    for each in here(world.opportunities, city):
        over = over_at(each.words)
        if each.state == "open" and (over is None or over > world.now):
            found.append(each)
    return found


def where(world: World, chance: Chance) -> Point | None:
    """Return where an opportunity is: at its own point, else at its place."""
    words = chance.words
    if words.latitude is not None and words.longitude is not None:
        return words.latitude, words.longitude
    if words.place_id is None:
        return None
    place = world.by_id(words.place_id).words
    return place.latitude, place.longitude


def metres(one: Point, other: Point) -> float:
    """The way over ground, by the haversine formula."""
    (south, west), (north, east) = [(math.radians(each[0]), math.radians(each[1])) for each in (one, other)]
    half = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * math.sin((east - west) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(min(1.0, half)))


def badges_of(world: World, chance: Chance) -> list[Made[Any]]:
    """Return the badges that can be earned at an opportunity, borrowed ones too."""
    return [world.by_id(each.id) for each in chance.words.badges]


def layers_of(world: World, chance: Chance) -> set[str]:
    """Return the layers of an opportunity's badges."""
    return {each.words.layer for each in badges_of(world, chance)}


def skills_offered(world: World, chance: Chance) -> set[str]:
    """Return the skills of an opportunity's own badges."""
    own = [each for each in badges_of(world, chance) if each.town is chance.town]
    return {code for each in own for code in skill_codes(each)}


# Pathways


def badges_on(world: World, way: Made[Any]) -> list[Made[Any]]:
    """Return the badges of a pathway's steps."""
    return [world.by_id(each.id) for step in way.words.steps for each in step.badges]


def chances_on(world: World, way: Made[Any]) -> list[Chance]:
    """Return the opportunities of a pathway's steps."""
    return [world.by_id(each.id) for step in way.words.steps for each in step.opportunities]


def pathways(world: World, city: str | None) -> list[Made[Any]]:
    """Return the pathways that lists show."""
    return by_name(each for each in here(world.pathways, city) if each.state == "published")


def way_to(world: World, way: Made[Any], origin: Point) -> float | None:
    """Return the way to a pathway: to the nearest of its city's own opportunities that lists show."""
    open_ones = {each.id for each in listed(world, way.town.slug)}
    points = [where(world, each) for each in chances_on(world, way) if each.id in open_ones]
    return min((metres(origin, each) for each in points if each is not None), default=None)


# Asking for whole lists


async def turn_pages(
    ask: Asking, field: str, inside: str = "id", city: str | None = None, size: int = 3, **variables: Any
) -> list[dict[str, Any]]:
    """Read a root connection to its end and return its nodes; `field` has the arguments but paging.

    On the way every page must agree with itself.
    """
    name, _, arguments = field.partition("(")
    rest = f", {arguments[:-1]}" if arguments else ""
    declared, found, after = _declared(variables), list[dict[str, Any]](), None
    text = (
        f"query($size: Int, $after: String{declared}) {{ {name}(first: $size, after: $after{rest}) {{ "
        f"edges {{ cursor node {{ {inside} }} }} nodes {{ {inside} }} totalCount "
        "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
    )
    given = {key: value for key, (_, value) in variables.items()}
    while True:
        page = (await ask(text, {**given, "size": size, "after": after}, city=city))[name]
        info, edges = page["pageInfo"], page["edges"]
        assert [each["node"] for each in edges] == page["nodes"]
        assert info["hasPreviousPage"] is (after is not None)
        assert info["startCursor"] == (edges[0]["cursor"] if edges else None)
        assert info["endCursor"] == (edges[-1]["cursor"] if edges else None)
        found += page["nodes"]
        if not info["hasNextPage"]:
            assert page["totalCount"] == len(found)
            return found
        assert len(edges) == size
        after = info["endCursor"]


def _declared(variables: dict[str, Any]) -> str:
    return "".join(f", ${name}: {kind}" for name, (kind, _) in variables.items())


def ids(things: Iterable[Made[Any]]) -> list[str]:
    """Return the graph's ids."""
    return [each.gid for each in things]


def keep(things: Iterable[Made[Any]], wanted: Callable[[Any], bool]) -> list[Made[Any]]:
    """Return the things whose words are wanted."""
    return [each for each in things if wanted(each.words)]

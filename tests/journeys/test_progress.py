"""Stories of learners on their way: what they earned counts, wherever that was, and nobody else sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.earning import earn
from tests.journeys.stage import Stage, named_by
from tests.journeys.test_pathways import published
from tests.rooms import badge_words
from waypost.db import new_id
from waypost.graph import Asker

NOTHING = {"done": 0, "of": 0, "fraction": 0.0, "completedAt": None}
PROGRESS = "viewerProgress { done of fraction completedAt }"
ASK = f"query($id: ID!) {{ pathway(id: $id) {{ {PROGRESS} allSteps {{ title {PROGRESS} }} }} }}"


@pytest.fixture
async def ada(stage: Stage) -> str:
    """Somebody new who has signed in, with no role anywhere."""
    stage.who["ada"] = Asker(new_id())
    return "ada"


async def badge(stage: Stage, town: str = "brighton") -> str:
    """A new badge of a town's youth club."""
    club = stage.build.world.find("Issuer", town, "youth-club").id
    made = await stage.build.badge(stage.town(town), badge_words(club, f"badge-{new_id().hex}"))
    return str(made.gid)


async def earned(stage: Stage, who: str, id: str, **facts: Any) -> None:
    """Somebody earns a badge, a day before the story begins."""
    named, person = named_by(id), stage.who[who].person
    town = next(each for each in stage.build.world.towns.values() if each.id == named.tenant)
    assert person is not None
    at = stage.build.world.now - timedelta(days=1)
    await earn(stage.database, town.here, named.row, person, at, **facts)


async def seen(stage: Stage, way: str, who: str, city: str | None = "brighton") -> tuple[Any, dict[str, Any]]:
    """Progress on the whole, and on each step by its title."""
    pathway = (await stage.read(ASK, city, who, id=way))["pathway"]
    return pathway["viewerProgress"], {each["title"]: each["viewerProgress"] for each in pathway["allSteps"]}


async def way_of(stage: Stage, one: str, two: str, three: str) -> str:
    """A pathway: `one`, then either of `two` and `three`; something to do besides, and something optional."""
    steps = [
        {"key": "first", "title": "First", "badges": [one]},
        {"key": "then", "title": "Then", "rule": {"kind": "ANY"}},
        {"key": "left", "title": "Left", "parent": "then", "badges": [two]},
        {"key": "right", "title": "Right", "parent": "then", "badges": [three]},
        {"key": "walk", "title": "Walk"},
        {"key": "more", "title": "More", "badges": [three], "optional": True},
    ]
    words: dict[str, Any] = {"steps": steps, "translations": [], "completionBadge": None, "rule": {"kind": "ALL"}}
    return str((await published(stage, **words))["id"])


async def test_what_was_earned_counts_in_its_step_and_above(stage: Stage, ada: str) -> None:
    one, two, three = await badge(stage), await badge(stage), await badge(stage)
    way = await way_of(stage, one, two, three)
    whole, steps = await seen(stage, way, ada)
    assert whole == {"done": 0, "of": 2, "fraction": 0.0, "completedAt": None}
    assert steps["Walk"] == NOTHING
    await earned(stage, ada, two)
    whole, steps = await seen(stage, way, ada)
    assert (whole["done"], whole["of"], whole["fraction"], whole["completedAt"]) == (1, 2, 0.5, None)
    assert (steps["Then"]["done"], steps["Left"]["done"], steps["Right"]["done"]) == (1, 1, 0)
    await earned(stage, ada, one)
    whole, _ = await seen(stage, way, ada)
    assert (whole["done"], whole["fraction"]) == (2, 1.0)
    assert whole["completedAt"] is not None


async def test_a_badge_of_another_city_counts_where_a_step_names_it(stage: Stage, ada: str) -> None:
    one, there, three = await badge(stage), await badge(stage, "plymouth"), await badge(stage)
    way = await way_of(stage, one, there, three)
    await earned(stage, ada, there)
    for city in ("brighton", None):
        whole, steps = await seen(stage, way, ada, city)
        assert (whole["done"], steps["Then"]["done"], steps["Left"]["done"]) == (1, 1, 1)


async def test_only_what_was_accepted_and_still_holds_counts(stage: Stage, ada: str) -> None:
    one, two, three = await badge(stage), await badge(stage), await badge(stage)
    way = await way_of(stage, one, two, three)
    await earned(stage, ada, one, accepted=False)
    await earned(stage, ada, two, expires_at=stage.build.world.now - timedelta(hours=1))
    await earned(stage, ada, three)
    await stage.run("brighton", "UPDATE award SET state = 'revoked' WHERE badge_id = $1", named_by(three).row)
    whole, _ = await seen(stage, way, ada)
    assert (whole["done"], whole["fraction"]) == (0, 0.0)


async def test_progress_is_ones_own(stage: Stage, ada: str) -> None:
    one, two, three = await badge(stage), await badge(stage), await badge(stage)
    way = await way_of(stage, one, two, three)
    await earned(stage, ada, one)
    for who in ("brighton curator", "operator", "learner"):
        assert (await seen(stage, way, who))[0]["done"] == 0
    whole, steps = await seen(stage, way, "")
    assert whole is None
    assert set(steps.values()) == {None}
    assert (await seen(stage, way, ada))[0]["done"] == 1


async def test_a_list_of_pathways_shows_the_progress_on_each(stage: Stage, ada: str) -> None:
    one, two, three = await badge(stage), await badge(stage), await badge(stage)
    ways = {await way_of(stage, one, two, three): 1, await way_of(stage, two, three, one): 1}
    await earned(stage, ada, one)
    for way in ways:
        await stage.done("joinPathway", {"pathway": way}, "pathway { id }", who=ada)
    query = "{ viewer { pathways { nodes { id viewerProgress { done } } } } }"
    for city in ("brighton", None):
        found = (await stage.read(query, city, ada))["viewer"]["pathways"]["nodes"]
        assert {each["id"]: each["viewerProgress"]["done"] for each in found} == ways

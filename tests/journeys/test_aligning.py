"""Stories of badges that are aligned with items of frameworks, and of what is lacking then."""

from __future__ import annotations

from typing import Any

import pytest

from tests.frameworks import HOST, outline
from tests.journeys.frameworks import SETTINGS, gid, imported, sent, two_frameworks
from tests.journeys.stage import Stage
from tests.rooms import found_tenant
from waypost.db import City, fetch
from waypost.testing.working import work_off

ALIGNED = """alignments { targetName targetUrl targetCode targetFramework targetType source item { statement } }"""


@pytest.fixture(scope="module", autouse=True)
async def frameworks(stage: Stage, admin_url: str) -> None:
    """Two frameworks of the country with a crosswalk between them."""
    await two_frameworks(admin_url)


async def aligned(stage: Stage, badge: str, *names: str, **how: Any) -> list[dict[str, Any]]:
    input = {"badge": stage.id("Badge", "brighton", badge), "items": [gid(name) for name in names]}
    found = await stage.done("alignBadge", input, f"badge {{ {ALIGNED} }}", **how)
    shown: list[dict[str, Any]] = found["badge"]["alignments"]
    return shown


async def test_a_badge_shows_items_as_a_credential_names_them(stage: Stage) -> None:
    shown = await aligned(stage, "leader", "world/wood", who="issuer-admin")
    expected = {
        "targetName": "wood",
        "targetUrl": f"{HOST}world/wood",
        "targetCode": None,
        "targetFramework": "World",
        "targetType": "CFItem",
        "source": "graph",
        "item": {"statement": "wood"},
    }
    assert shown == [expected]
    query = f'{{ badge(slug: "leader", city: "brighton") {{ {ALIGNED} }} }}'
    assert (await stage.read(query, None))["badge"]["alignments"] == [expected]
    query = "query($id: ID!) { frameworkItem(id: $id) { badges { nodes { slug } } } }"
    for city, slugs in (("brighton", ["leader"]), (None, ["leader"]), ("plymouth", [])):
        found = (await stage.read(query, city, id=gid("world/wood")))["frameworkItem"]["badges"]["nodes"]
        assert [each["slug"] for each in found] == slugs
    assert await aligned(stage, "leader") == []


async def test_what_an_alignment_says_outlives_its_item(stage: Stage) -> None:
    await imported(stage, upload=await sent(stage, outline("short", {"a": {}, "b": {}})))
    await aligned(stage, "leader", "short/a", "short/b")
    await imported(stage, upload=await sent(stage, outline("short", {"b": {}})))
    shown = (await stage.read(f'{{ badge(slug: "leader") {{ {ALIGNED} }} }}'))["badge"]["alignments"]
    assert [each["targetName"] for each in shown] == ["a", "b"]
    nation = (await stage.read(f'{{ badge(slug: "leader", city: "brighton") {{ {ALIGNED} }} }}', None))["badge"]
    assert [(each["targetName"], each["item"]) for each in nation["alignments"]] == [("a", None), ("b", None)]
    await aligned(stage, "leader")


async def test_what_cannot_be_aligned_is_refused(stage: Stage) -> None:
    film, draft = (stage.id("Badge", "brighton", slug) for slug in ("film-maker", "secret"))
    for input, code, path in (
        ({"badge": film, "items": [gid("world/wood"), gid("world/nothing")]}, "NOT_FOUND", ["items", "1"]),
        ({"badge": film, "items": [film]}, "NOT_FOUND", ["items", "0"]),
        ({"badge": draft, "items": []}, "WRONG_STATE", ["badge"]),
        ({"badge": stage.id("Badge", "plymouth", "navigator"), "items": []}, "NOT_FOUND", ["badge"]),
    ):
        assert (await stage.refused("alignBadge", input))[1:] == (code, path)
    for who in ("issuer-staff", "employer", "learner"):
        assert (await stage.refused("alignBadge", {"badge": film, "items": []}, who=who))[1] == "FORBIDDEN"


async def gaps(stage: Stage, field: str = "gaps", filter: str = "{ leaves: true }", **how: Any) -> list[str]:
    chosen = f"{field}(filter: {filter}) {{ totalCount nodes {{ statement }} }}"
    query = f"query($id: ID!) {{ framework(id: $id) {{ {chosen} }} }}"
    found = (await stage.read(query, id=gid("world", "Framework"), **how))["framework"][field]
    assert found["totalCount"] == len(found["nodes"])
    return [each["statement"] for each in found["nodes"]]


async def test_a_city_lacks_what_no_badge_on_offer_shows(stage: Stage) -> None:
    everything = ["listen", "speak", "draw", "wood", "metal"]
    assert await gaps(stage) == everything
    await aligned(stage, "film-maker", "world/draw")
    await aligned(stage, "explorer", "other/hearing", "world/wood")
    assert await gaps(stage) == ["speak", "metal"], "an exact match shows the same"
    assert await gaps(stage, filter="{ depth: 1 }") == [], "what shows something below shows what is above"
    assert await gaps(stage, filter='{ text: "build" }') == []
    assert await gaps(stage, city="plymouth") == everything
    assert await gaps(stage, city=None) == ["speak", "metal"]


async def test_a_pathway_lacks_what_no_badge_of_its_steps_shows(stage: Stage) -> None:
    await aligned(stage, "film-maker", "world/draw", "world/talk")
    await aligned(stage, "explorer", "world/wood")
    steps = [{"key": "one", "title": "One", "badges": [stage.id("Badge", "brighton", "film-maker")]}]
    input = {
        "name": "Film",
        "description": "A way into film.",
        "issuer": stage.id("Issuer", "brighton", "youth-club"),
        "steps": steps,
    }
    made = await stage.done("createPathway", input, "pathway { id }")
    await stage.done("publishPathway", {"pathway": made["pathway"]["id"]}, "pathway { id }")
    query = """query($id: ID!, $framework: ID!) { pathway(id: $id) {
        gaps(framework: $framework, filter: { leaves: true }) { totalCount nodes { statement } } } }"""
    for city in ("brighton", None):
        how = {"id": made["pathway"]["id"], "framework": gid("world", "Framework")}
        found = (await stage.read(query, city, **how))["pathway"]["gaps"]
        assert [each["statement"] for each in found["nodes"]] == ["listen", "speak", "wood", "metal"]


async def test_a_learner_lacks_what_no_badge_shows_that_they_accepted(stage: Stage) -> None:
    await aligned(stage, "film-maker", "world/draw")
    await aligned(stage, "explorer", "world/wood")
    everything = ["listen", "speak", "draw", "wood", "metal"]
    assert await gaps(stage, "viewerGaps") == everything
    assert await gaps(stage, "viewerGaps", who="learner") == everything
    recipient = {"name": "Ada", "email": "learner@example.org"}
    input = {"badge": stage.id("Badge", "brighton", "film-maker"), "recipient": recipient}
    made = await stage.done("awardBadge", input, "award { id }")
    await work_off(stage.database, SETTINGS)
    assert await gaps(stage, "viewerGaps", who="learner") == everything
    await stage.done("acceptAward", {"award": made["award"]["id"]}, "award { id }", who="learner")
    for city in ("brighton", None):
        assert await gaps(stage, "viewerGaps", who="learner", city=city) == ["listen", "speak", "wood", "metal"]
    assert await gaps(stage, "viewerGaps", who="brighton curator") == everything


async def test_nothing_of_it_stays_behind_in_another_city(stage: Stage) -> None:
    other = await found_tenant(stage.database, "no-frameworks")
    async with stage.database.transaction(City(other.tenant_id)):
        for table in ("own_framework", "own_framework_item", "own_framework_association", "badge_alignment"):
            assert not await fetch(f"SELECT FROM {table}")

"""Pathways: their trees of steps, what their steps borrow from other cities, and what went wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graph import expected
from tests.graph.asking import Asking
from tests.graph.expected import here
from tests.graph.world import Made

STEPS = """
query($slug: String!, $city: String) { pathway(slug: $slug, city: $city) {
  allSteps { id parentId depth title optional rule { kind required } problem
    badges { slug state city { slug } } opportunities { slug city { slug } } } } }
"""


async def steps(ask: Asking, slug: str, city: str | None = "plymouth", home: str = "plymouth") -> list[Any]:
    asked = {"slug": slug, "city": home if city is None else None}
    found: list[Any] = (await ask(STEPS, asked, city=city))["pathway"]["allSteps"]
    return found


@pytest.mark.parametrize("city", ["plymouth", None])
async def test_all_steps_come_depth_first_each_naming_its_parent(ask: Asking, city: str | None) -> None:
    found = await steps(ask, "film-maker", city)
    titles = {each["id"]: each["title"] for each in found}
    assert [(each["title"], each["depth"], titles.get(each["parentId"])) for each in found] == [
        ("Discover", 1, None),
        ("Practise", 1, None),
        ("Camera", 2, "Practise"),
        ("Sound", 2, "Practise"),
        ("Lost", 2, "Practise"),
        ("Show", 1, None),
    ]
    rules = {each["title"]: (each["rule"]["kind"], each["rule"]["required"]) for each in found}
    assert rules["Discover"] == ("ANY", None)
    assert rules["Practise"] == ("AT_LEAST", 2)
    assert rules["Camera"] == ("ALL", None)
    assert [each["title"] for each in found if each["optional"]] == ["Show"]


async def test_the_tree_is_the_same_read_level_by_level(ask: Asking) -> None:
    text = """{ pathway(slug: "film-maker") {
      steps { id title steps { id title steps { id } } } allSteps { id title parentId } } }"""
    way = (await ask(text, city="plymouth"))["pathway"]
    flat: list[dict[str, Any]] = []
    for top in way["steps"]:
        flat.append({"id": top["id"], "title": top["title"], "parentId": None})
        for below in top["steps"]:
            flat.append({"id": below["id"], "title": below["title"], "parentId": top["id"]})
            assert below["steps"] == []
    assert flat == way["allSteps"]


@pytest.mark.parametrize("city", ["plymouth", None])
async def test_borrowed_badges_and_opportunities_stand_among_the_own_ones(ask: Asking, city: str | None) -> None:
    found = {each["title"]: each for each in await steps(ask, "film-maker", city)}

    def homes(things: list[dict[str, Any]]) -> list[tuple[str, str]]:
        return [(each["slug"], each["city"]["slug"]) for each in things]

    assert homes(found["Discover"]["badges"]) == [("smart-citizen", "plymouth"), ("bathodyn", "cardiff")]
    assert homes(found["Sound"]["badges"]) == [("teithio", "cardiff")]
    assert homes(found["Show"]["opportunities"]) == [("chance-0", "cardiff"), ("film-lab", "plymouth")]


@pytest.mark.parametrize("city", ["plymouth", None])
async def test_a_step_tells_what_became_of_its_badges(ask: Asking, city: str | None) -> None:
    found = {each["title"]: each for each in await steps(ask, "film-maker", city)}
    problems = {title: each["problem"] for title, each in found.items() if each["problem"]}
    assert problems == {"Camera": "RETIRED", "Sound": "RETIRED", "Lost": "WITHDRAWN"}
    assert [each["state"] for each in found["Sound"]["badges"]] == ["RETIRED"]
    assert [each["slug"] for each in found["Lost"]["badges"]] == ["smart-citizen"]
    asked = '{ pathway(slug: "film-maker", city: "plymouth") { problems } }'
    assert await ask(asked, city=city) == {"pathway": {"problems": ["RETIRED", "WITHDRAWN"]}}
    asked = '{ pathway(slug: "twin-way", city: "plymouth") { problems } }'
    assert await ask(asked, city=city) == {"pathway": {"problems": []}}


async def test_every_step_has_the_badges_and_opportunities_that_were_written(ask: Asking) -> None:
    world = ask.world
    for way in here(world.pathways, None):
        written = {step.title: step for step in way.words.steps}
        for city in (way.town.slug, None):
            for step in await steps(ask, way.slug, city, way.town.slug):
                words = written[step["title"]]
                badges = [world.by_id(each.id) for each in words.badges]
                assert [each["slug"] for each in step["badges"]] == [each.slug for each in badges if each.shown]
                chances = [world.by_id(each.id).slug for each in words.opportunities]
                assert [each["slug"] for each in step["opportunities"]] == chances


async def test_a_borrowed_badge_is_read_whole_where_it_is_at_home(ask: Asking) -> None:
    """In one more statement, whatever is asked of it, and as often as it is asked."""
    text = """{ pathway(slug: "film-maker") { allSteps { title badges { ...whole } again: badges { ...whole } } } }
      fragment whole on Badge { id name layer { code } criteria { text } skills { name } versions { number }
        issuer { slug elsewhere { city { slug } } } city { slug plugins { active } }
        opportunities(first: 2) { totalCount nodes { slug } pageInfo { endCursor } } }"""
    found = (await ask(text, city="plymouth"))["pathway"]["allSteps"]
    for step in found:
        assert step["again"] == step["badges"]
    lent = found[0]["badges"][1]
    origin = ask.world.find("Badge", "cardiff", "bathodyn")
    assert lent["id"] == origin.gid
    assert lent["skills"] == [{"name": "Curiosity"}, {"name": "Problem-Solving"}, {"name": "Ysgrifennu"}]
    assert lent["issuer"] == {"slug": "real-ideas", "elsewhere": [{"city": {"slug": "plymouth"}}]}
    assert lent["city"] == {"slug": "cardiff", "plugins": [{"active": False}]}
    assert found[0]["badges"][0]["city"] == {"slug": "plymouth", "plugins": [{"active": True}]}
    everywhere = [each for each in expected.listed(ask.world, None) if origin in expected.badges_of(ask.world, each)]
    assert lent["opportunities"]["totalCount"] == len(everywhere)


@pytest.mark.parametrize("city", ["plymouth", None])
async def test_a_pathway_leads_somewhere(ask: Asking, city: str | None) -> None:
    text = """{ pathway(slug: "film-maker", city: "plymouth") {
      description interests rule { kind required } completionBadge { slug } outcomes { slug } issuer { slug }
      city { slug } } }"""
    assert (await ask(text, city=city))["pathway"] == {
        "description": "From *film* to film.",
        "interests": ["digital", "film"],
        "rule": {"kind": "ALL", "required": None},
        "completionBadge": {"slug": "navigator"},
        "outcomes": [{"slug": "job"}, {"slug": "film-lab"}],
        "issuer": {"slug": "real-ideas"},
        "city": {"slug": "plymouth"},
    }


def nearest(ask: Asking, way: Made[Any], origin: expected.Point) -> str | None:
    """Return the slug of the nearest opportunity of a pathway's own city that lists show."""
    known = expected.listed(ask.world, way.town.slug)
    near = [each for each in expected.chances_on(ask.world, way) if each in known and expected.where(ask.world, each)]
    near.sort(key=lambda each: (expected.metres(origin, expected.where(ask.world, each) or origin), each.id.bytes))
    return near[0].slug if near else None


@pytest.mark.parametrize("national", [False, True])
async def test_the_way_to_a_pathway_is_the_way_to_its_nearest_opportunity(ask: Asking, national: bool) -> None:
    text = """query($id: ID!, $from: OriginInput!) { node(id: $id) { ... on Pathway {
      nearest(from: $from) { slug } distanceMetres(from: $from) } } }"""
    for origin in ((50.3, -4.3), (51.5, -3.1)):
        point = {"point": {"latitude": origin[0], "longitude": origin[1]}}
        for way in expected.pathways(ask.world, None):
            city = None if national else way.town.slug
            found = (await ask(text, {"id": way.gid, "from": point}, city=city))["node"]
            far = expected.way_to(ask.world, way, origin)
            assert found["distanceMetres"] == (None if far is None else round(far))
            slug = nearest(ask, way, origin)
            assert found["nearest"] == (None if slug is None else {"slug": slug})

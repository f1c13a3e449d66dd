"""Stories of learners: pathways they set out on, opportunities they want to come back to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.stage import Stage, named_by
from tests.journeys.test_pathways import drafted, job, published
from waypost.db import Learner, execute, fetchval, new_id
from waypost.graph import Asker
from waypost.graph.ids import GlobalId

JOINED = "pathway { id viewerHasJoined }"
SAVED = "opportunity { id viewerHasSaved }"
LISTS = "{ viewer { pathways { nodes { id } totalCount } saved { nodes { id } totalCount } } }"
MISSING = ("Refused", "NOT_FOUND", ["pathway"])


@pytest.fixture
async def ada(stage: Stage) -> str:
    """Somebody new who has signed in, with no role anywhere."""
    stage.who["ada"] = Asker(new_id())
    return "ada"


async def belongings(stage: Stage, who: str, city: str | None = "brighton") -> tuple[list[str], list[str]]:
    """Ids of what somebody joined and saved."""
    viewer = (await stage.read(LISTS, city, who))["viewer"]
    for each in viewer.values():
        assert each["totalCount"] == len(each["nodes"])
    return [each["id"] for each in viewer["pathways"]["nodes"]], [each["id"] for each in viewer["saved"]["nodes"]]


async def pathway_in(stage: Stage, town: str) -> str:
    """A published pathway in a town."""
    if town == "brighton":
        return str((await published(stage, completionBadge=None))["id"])
    facts: dict[str, Any] = {"completionBadge": None, "translations": [], "steps": []}
    step = {"key": "go", "title": "Go", "badges": [stage.id("Badge", town, "smart-citizen")]}
    words = {"name": "Out", "description": "Out.", "issuer": stage.id("Issuer", town, "youth-club"), "steps": [step]}
    how = {"city": town, "who": f"{town} curator"}
    made = await stage.done("createPathway", {**facts, **words}, "pathway { id }", **how)
    await stage.done("publishPathway", {"pathway": made["pathway"]["id"]}, "pathway { id }", **how)
    return str(made["pathway"]["id"])


async def test_who_joins_a_pathway_finds_it_again(stage: Stage, ada: str) -> None:
    way = await pathway_in(stage, "brighton")
    assert await belongings(stage, ada) == ([], [])
    done = await stage.done("joinPathway", {"pathway": way}, JOINED, who=ada)
    assert done["pathway"] == {"id": way, "viewerHasJoined": True}
    assert await belongings(stage, ada) == ([way], [])
    again = await stage.done("joinPathway", {"pathway": way}, JOINED, who=ada)
    assert again["pathway"]["viewerHasJoined"]
    assert await belongings(stage, ada) == ([way], [])
    left = await stage.done("leavePathway", {"pathway": way}, JOINED, who=ada)
    assert left["pathway"] == {"id": way, "viewerHasJoined": False}
    assert await belongings(stage, ada) == ([], [])


async def test_what_is_saved_is_found_again_also_when_it_is_over(stage: Stage, ada: str) -> None:
    first, second = await job(stage), await job(stage)
    for id in (first, second):
        done = await stage.done("saveOpportunity", {"opportunity": id}, SAVED, who=ada)
        assert done["opportunity"] == {"id": id, "viewerHasSaved": True}
    await stage.run("brighton", "UPDATE opportunity SET state = 'closed' WHERE id = $1", named_by(first).row)
    assert await belongings(stage, ada) == ([], [second, first])
    gone = await stage.done("unsaveOpportunity", {"opportunity": first}, SAVED, who=ada)
    assert gone["opportunity"] == {"id": first, "viewerHasSaved": False}
    assert await belongings(stage, ada) == ([], [second])


async def test_a_learners_app_talks_to_the_national_graph(stage: Stage, ada: str) -> None:
    """Acts that an id names work there, and the lists hold all cities'."""
    here, there = await pathway_in(stage, "brighton"), await pathway_in(stage, "plymouth")
    what = await job(stage, "plymouth")
    for way in (here, there):
        await stage.done("joinPathway", {"pathway": way}, JOINED, who=ada, city=None)
    await stage.done("saveOpportunity", {"opportunity": what}, SAVED, who=ada, city=None)
    assert await belongings(stage, ada, None) == ([there, here], [what])
    assert await belongings(stage, ada, "brighton") == ([here], [])
    assert await belongings(stage, ada, "plymouth") == ([there], [what])
    query = "query($id: ID!) { pathway(id: $id) { viewerHasJoined } }"
    assert (await stage.read(query, None, ada, id=there))["pathway"]["viewerHasJoined"]


async def test_what_a_city_shows_of_another_can_be_joined_there_too(stage: Stage, ada: str) -> None:
    way = await pathway_in(stage, "plymouth")
    done = await stage.done("joinPathway", {"pathway": way}, JOINED, who=ada, city="brighton")
    assert done["pathway"] == {"id": way, "viewerHasJoined": True}
    assert await belongings(stage, ada, "plymouth") == ([way], [])


async def test_pages_go_on_where_they_ended(stage: Stage, ada: str) -> None:
    ways = [await pathway_in(stage, "brighton") for _ in range(3)]
    for way in ways:
        await stage.done("joinPathway", {"pathway": way}, JOINED, who=ada)
    query = """query($after: String) { viewer { pathways(first: 1, after: $after) {
      nodes { id } pageInfo { endCursor hasNextPage } } } }"""
    found, after = [], None
    while True:
        page = (await stage.read(query, who=ada, after=after))["viewer"]["pathways"]
        found += [each["id"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == ways[::-1]


async def test_nobody_sees_what_somebody_else_joined(stage: Stage, ada: str) -> None:
    way, what = await pathway_in(stage, "brighton"), await job(stage)
    await stage.done("joinPathway", {"pathway": way}, JOINED, who=ada)
    await stage.done("saveOpportunity", {"opportunity": what}, SAVED, who=ada)
    query = """query($way: ID!, $what: ID!) {
      pathway(id: $way) { viewerHasJoined } opportunity(id: $what) { viewerHasSaved } }"""
    for who in ("", "brighton curator", "operator", "learner"):
        seen = await stage.read(query, who=who, way=way, what=what)
        assert seen == {"pathway": {"viewerHasJoined": False}, "opportunity": {"viewerHasSaved": False}}
    for who in ("brighton curator", "operator", "learner"):
        mine = await belongings(stage, who)
        assert way not in mine[0]
        assert what not in mine[1]


async def test_strangers_and_closed_cities_are_refused(stage: Stage, ada: str) -> None:
    way = await pathway_in(stage, "brighton")
    for name, of in (("joinPathway", "pathway"), ("leavePathway", "pathway")):
        assert await stage.refused(name, {of: way}, who="stranger") == ("Refused", "UNAUTHENTICATED", None)
    closed = str(GlobalId("Pathway", stage.town("old-town").id, new_id()))
    assert await stage.refused("joinPathway", {"pathway": closed}, who=ada) == ("Refused", "CITY_CLOSED", None)


async def test_drafts_and_inventions_answer_alike(stage: Stage, ada: str) -> None:
    """Whoever guesses the id of a draft learns nothing from joining or leaving it."""
    draft = (await drafted(stage, completionBadge=None))["id"]
    here = stage.town("brighton").id
    made_up = [str(GlobalId("Pathway", home, new_id())) for home in (here, new_id())]
    other = stage.id("Badge", "brighton", "explorer")
    for id in (draft, *made_up, other, "made up", ""):
        for name in ("joinPathway", "leavePathway"):
            assert await stage.refused(name, {"pathway": id}, who=ada) == MISSING
    for name in ("saveOpportunity", "unsaveOpportunity"):
        refused = await stage.refused(name, {"opportunity": made_up[0]}, who=ada)
        assert refused == ("Refused", "NOT_FOUND", ["opportunity"])


async def test_what_is_not_offered_any_more_is_not_joined_but_can_be_left(stage: Stage, ada: str) -> None:
    way, what = await pathway_in(stage, "brighton"), await job(stage)
    await stage.done("joinPathway", {"pathway": way}, JOINED, who=ada)
    await stage.done("retirePathway", {"pathway": way}, "pathway { id }")
    assert await stage.refused("joinPathway", {"pathway": way}, who=ada) == ("Refused", "CLOSED", ["pathway"])
    await stage.done("leavePathway", {"pathway": way}, JOINED, who=ada)
    await stage.run("brighton", "UPDATE opportunity SET state = 'closed' WHERE id = $1", named_by(what).row)
    refused = await stage.refused("saveOpportunity", {"opportunity": what}, who=ada)
    assert refused == ("Refused", "CLOSED", ["opportunity"])


async def test_there_is_an_end_to_joining(stage: Stage, ada: str) -> None:
    way, person = await pathway_in(stage, "brighton"), stage.who[ada].person
    assert person is not None
    async with stage.database.transaction(Learner(person)):
        await execute(
            "INSERT INTO joined_pathway (person_id, tenant_id, pathway_id, joined_at) "
            "SELECT $1, gen_random_uuid(), gen_random_uuid(), now() FROM generate_series(1, 1000)",
            person,
        )
        assert await fetchval("SELECT count(*) FROM joined_pathway") == 1_000
    assert await stage.refused("joinPathway", {"pathway": way}, who=ada) == ("Invalid", "INVALID", ["pathway"])

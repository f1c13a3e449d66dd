"""Stories of writing through the graph: pathways that cannot be."""

from __future__ import annotations

from asyncio import gather
from typing import Any

import pytest

from tests.journeys.stage import Stage
from tests.rooms import opportunity_words
from waypost.db import new_id
from waypost.graph.ids import GlobalId

STEPS = [{"key": "one", "title": "One"}, {"key": "two", "title": "Two", "parent": "one"}]
CYCLE = ("PathwayCycle", "PATHWAY_CYCLE", ["steps"])
LOOP = """
mutation($input: UpdatePathwayInput!) {
  updatePathway(input: $input) { ... on PathwayCycle { loop message } }
}
"""


def said(stage: Stage, town: str = "brighton", **facts: Any) -> dict[str, Any]:
    club = stage.id("Issuer", town, "youth-club")
    return {"name": "Way", "description": "On.", "issuer": club, "steps": STEPS, **facts}


async def drafted(stage: Stage, town: str = "brighton", **facts: Any) -> str:
    made = await stage.done(
        "createPathway", said(stage, town, **facts), "pathway { id }", city=town, who=f"{town} curator"
    )
    return str(made["pathway"]["id"])


async def published(stage: Stage, town: str = "brighton", **facts: Any) -> str:
    id = await drafted(stage, town, **facts)
    await stage.done("publishPathway", {"pathway": id}, "", city=town, who=f"{town} curator")
    return id


async def retired(stage: Stage, *ids: str) -> None:
    """Take pathways out of the way of the other stories."""
    for id in ids:
        await stage.done("retirePathway", {"pathway": id}, "", city=None, who="operator")


def through(badge: str) -> list[dict[str, Any]]:
    return [{"key": "one", "title": "One", "badges": [badge]}]


# Circles


async def test_a_pathway_does_not_ask_for_the_badge_that_it_awards(stage: Stage) -> None:
    leader = stage.id("Badge", "brighton", "leader")
    assert await stage.refused("createPathway", said(stage, steps=through(leader), completionBadge=leader)) == CYCLE
    id = await drafted(stage, steps=through(leader))
    assert await stage.refused("updatePathway", {"pathway": id, "completionBadge": leader}) == CYCLE


async def test_a_circle_of_pathways_is_refused_by_whoever_closes_it_and_named(stage: Stage) -> None:
    film, explorer, leader = (stage.id("Badge", "brighton", slug) for slug in ("film-maker", "explorer", "leader"))
    a = await drafted(stage, name="A", steps=through(film), completionBadge=explorer)
    b = await drafted(stage, name="B", steps=through(explorer), completionBadge=leader)
    c = await drafted(stage, name="C", steps=through(leader))
    closing = {"pathway": c, "completionBadge": film}
    assert await stage.refused("updatePathway", closing) == CYCLE
    told = (await stage.read(LOOP, who="brighton curator", input=closing))["updatePathway"]
    assert told["loop"] == ["C", "B", "A", "C"]
    assert '"C" needs a badge awarded by "B" needs a badge awarded by "A"' in told["message"]
    # What is retired awards nothing any more.
    await retired(stage, b)
    await stage.done("updatePathway", closing, "")
    await retired(stage, a, c)


async def test_a_circle_is_refused_also_where_it_leads_over_borrowed_badges(stage: Stage) -> None:
    smart, leader = stage.id("Badge", "plymouth", "smart-citizen"), stage.id("Badge", "brighton", "leader")
    there = await published(stage, "plymouth", name="Plymouth", steps=through(leader), completionBadge=smart)
    given = said(stage, name="Brighton", steps=through(smart), completionBadge=leader)
    assert await stage.refused("createPathway", given) == CYCLE
    id = await drafted(stage, name="Brighton", steps=through(smart))
    closing = {"pathway": id, "completionBadge": leader}
    for city in ("brighton", None):
        assert await stage.refused("updatePathway", closing, city=city) == CYCLE
    told = (await stage.read(LOOP, who="brighton curator", input=closing))["updatePathway"]
    assert told["loop"] == ["Brighton", "Plymouth", "Brighton"]
    await retired(stage, there)
    await stage.done("updatePathway", closing, "")
    await retired(stage, id)


async def test_a_circle_that_two_drafts_of_two_cities_make_is_found_when_the_second_is_published(
    stage: Stage,
) -> None:
    navigator, film = stage.id("Badge", "plymouth", "navigator"), stage.id("Badge", "brighton", "film-maker")
    there = await drafted(stage, "plymouth", steps=through(film), completionBadge=navigator)
    here = await published(stage, steps=through(navigator), completionBadge=film)
    plymouth = {"city": "plymouth", "who": "plymouth curator"}
    assert await stage.refused("publishPathway", {"pathway": there}, **plymouth) == CYCLE
    await retired(stage, here)
    await stage.done("publishPathway", {"pathway": there}, "", **plymouth)
    await retired(stage, there)


async def test_of_two_who_would_close_a_circle_together_one_is_refused(stage: Stage) -> None:
    film, explorer = (stage.id("Badge", "brighton", slug) for slug in ("film-maker", "explorer"))
    for _ in range(5):
        a, b = await drafted(stage, steps=through(film)), await drafted(stage, steps=through(explorer))
        closing = ({"pathway": a, "completionBadge": explorer}, {"pathway": b, "completionBadge": film})
        done = await gather(*(stage.act("updatePathway", each) for each in closing))
        assert sorted(each["__typename"] for each in done) == ["PathwayCycle", "UpdatePathwaySuccess"]
        await retired(stage, a, b)


# Trees


def chain(depth: int) -> list[dict[str, Any]]:
    keys = [f"step-{number}" for number in range(depth)]
    return [
        {"key": key, "title": key, **({"parent": above} if above else {})}
        for key, above in zip(keys, [None, *keys], strict=False)
    ]


def row(count: int) -> list[dict[str, Any]]:
    return [{"key": f"step-{number}", "title": "Step"} for number in range(count)]


@pytest.mark.parametrize("steps", [chain(6), row(200)], ids=["six levels", "two hundred steps"])
async def test_the_largest_tree_is_taken_and_published(stage: Stage, steps: list[dict[str, Any]]) -> None:
    id = await published(stage, steps=steps)
    query = "query($id: ID!) { pathway(id: $id) { allSteps { title depth } } }"
    found = (await stage.read(query, None, id=id))["pathway"]["allSteps"]
    assert [each["title"] for each in found] == [each["title"] for each in steps]
    assert max(each["depth"] for each in found) == (6 if len(steps) == 6 else 1)


TREES: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "seven levels": (chain(7), ["steps"]),
    "two hundred and one steps": (row(201), ["steps"]),
    "a key twice": ([*STEPS, {"key": "one", "title": "Again"}], ["steps", "2"]),
    "a key that is no slug": ([{"key": "Step 1", "title": "One"}], ["steps", "0"]),
    "a parent that is not there": ([{"key": "one", "title": "One", "parent": "none"}], ["steps", "0"]),
    "a step below itself": ([{"key": "one", "title": "One", "parent": "one"}], ["steps"]),
    "a circle of steps": (
        [*STEPS, {"key": "a", "title": "A", "parent": "b"}, {"key": "b", "title": "B", "parent": "a"}],
        ["steps"],
    ),
}


@pytest.mark.parametrize("tree", TREES)
async def test_what_is_no_tree_is_refused(stage: Stage, tree: str) -> None:
    steps, path = TREES[tree]
    id = await drafted(stage)
    assert await stage.refused("createPathway", said(stage, steps=steps)) == ("Invalid", "STEPS_INVALID", path)
    assert await stage.refused("updatePathway", {"pathway": id, "steps": steps}) == ("Invalid", "STEPS_INVALID", path)


async def test_a_step_names_each_badge_once_and_at_most_fifty(stage: Stage) -> None:
    explorer, here = stage.id("Badge", "brighton", "explorer"), stage.town("brighton").id
    for badges in ([explorer] * 2, [str(GlobalId("Badge", here, new_id())) for _ in range(51)]):
        given = said(stage, steps=[*STEPS, {"key": "three", "title": "Three", "badges": badges}])
        assert await stage.refused("createPathway", given) == ("Invalid", "STEPS_INVALID", ["steps", "2"])


RULES: dict[str, tuple[dict[str, Any], str]] = {
    "more than there are": ({"kind": "AT_LEAST", "required": 2}, "RULE_IMPOSSIBLE"),
    "at least nobody knows": ({"kind": "AT_LEAST"}, "INVALID"),
    "at least none": ({"kind": "AT_LEAST", "required": 0}, "INVALID"),
    "less than none": ({"kind": "AT_LEAST", "required": -1}, "INVALID"),
    "all of two": ({"kind": "ALL", "required": 2}, "INVALID"),
    "any of one": ({"kind": "ANY", "required": 1}, "INVALID"),
}


@pytest.mark.parametrize("rule", RULES)
async def test_a_rule_that_nobody_can_fulfil_is_refused(stage: Stage, rule: str) -> None:
    given, code = RULES[rule]
    # One badge or step is below each of them.
    steps = [{**STEPS[0], "rule": given}, STEPS[1]]
    assert await stage.refused("createPathway", said(stage, steps=steps)) == ("Invalid", code, ["steps", "0", "rule"])
    id = await published(stage)
    assert await stage.refused("updatePathway", {"pathway": id, "rule": given}) == ("Invalid", code, ["rule"])


async def test_any_of_nothing_is_impossible(stage: Stage) -> None:
    steps = [STEPS[0], {**STEPS[1], "rule": {"kind": "ANY"}}]
    refused = await stage.refused("createPathway", said(stage, steps=steps))
    assert refused == ("Invalid", "RULE_IMPOSSIBLE", ["steps", "1", "rule"])


# Words

WELSH = {"language": "cy", "name": "Ffordd", "description": "Ymlaen."}
INVALID: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no name": ({"name": " "}, ["name"]),
    "a long name": ({"name": "x" * 201}, ["name"]),
    "a control character": ({"description": "a\x1bb"}, ["description"]),
    "no slug": ({"slug": "the way"}, ["slug"]),
    "a step without a title": ({"steps": [*STEPS, {"key": "three", "title": ""}]}, ["steps", "2", "title"]),
    "an empty interest": ({"interests": ["film", " "]}, ["interests", "1"]),
    "fifty-one interests": ({"interests": [f"interest {number}" for number in range(51)]}, ["interests"]),
    "a foreign language": ({"translations": [{**WELSH, "language": "de"}]}, ["translations", "0", "language"]),
    "an empty translation": ({"translations": [{**WELSH, "name": ""}]}, ["translations", "0", "name"]),
    "a step that is not there": (
        {"translations": [{**WELSH, "steps": [{"key": "one", "title": "Un"}, {"key": "six", "title": "Chwech"}]}]},
        ["translations", "0", "steps", "1"],
    ),
    "an empty translated title": (
        {"translations": [{**WELSH, "steps": [{"key": "one", "title": ""}]}]},
        ["translations", "0", "steps", "0"],
    ),
}


@pytest.mark.parametrize("fault", INVALID)
async def test_a_faulty_pathway_is_refused_with_the_way_to_the_fault(stage: Stage, fault: str) -> None:
    given, path = INVALID[fault]
    id = await drafted(stage)
    assert await stage.refused("createPathway", said(stage, **given)) == ("Invalid", "INVALID", path)
    assert await stage.refused("updatePathway", {"pathway": id, **given}) == ("Invalid", "INVALID", path)


@pytest.mark.parametrize("field", ["name", "description", "issuer", "slug"])
async def test_what_a_pathway_cannot_be_without_is_not_cleared(stage: Stage, field: str) -> None:
    id = await drafted(stage)
    assert await stage.refused("updatePathway", {"pathway": id, field: None}) == ("Invalid", "INVALID", [field])


async def test_an_outcome_is_listed_once(stage: Stage) -> None:
    club = stage.build.world.find("Issuer", "brighton", "youth-club").id
    job = await stage.build.opportunity(stage.town("brighton"), opportunity_words(club, f"job-{new_id()}"))
    refused = await stage.refused("createPathway", said(stage, outcomes=[job.gid, job.gid]))
    assert refused == ("Invalid", "INVALID", ["outcomes"])


# What is not there

NAMED: dict[str, str] = {"issuer": "Issuer", "completionBadge": "Badge", "outcomes": "Opportunity"}


@pytest.mark.parametrize("field", NAMED)
async def test_what_a_pathway_names_of_its_city_must_be_there(stage: Stage, field: str) -> None:
    id, kind = await drafted(stage), NAMED[field]
    gone = str(GlobalId(kind, stage.town("brighton").id, new_id()))
    club = stage.build.world.find("Issuer", "plymouth", "youth-club").id
    job = await stage.build.opportunity(stage.town("plymouth"), opportunity_words(club, f"job-{new_id()}"))
    abroad = {
        "issuer": stage.id("Issuer", "plymouth", "youth-club"),
        # A badge of another city cannot be awarded, whether it is shown here or not.
        "completionBadge": stage.id("Badge", "plymouth", "smart-citizen"),
        "outcomes": str(job.gid),
    }
    await stage.done("adoptBadge", {"badge": abroad["completionBadge"]}, "")
    other = stage.id("Badge", "brighton", "explorer") if field == "issuer" else abroad["issuer"]
    for named in (gone, abroad[field], other, "made up"):
        given: dict[str, Any] = {field: [named] if field == "outcomes" else named}
        missing = ("Refused", "NOT_FOUND", [field])
        assert await stage.refused("createPathway", said(stage, **given)) == missing
        assert await stage.refused("updatePathway", {"pathway": id, **given}) == missing


@pytest.mark.parametrize("field", ["badges", "opportunities"])
async def test_what_a_step_names_must_be_there(stage: Stage, field: str) -> None:
    kind = "Badge" if field == "badges" else "Opportunity"
    here, there = (stage.town(town).id for town in ("brighton", "plymouth"))
    own, foreign = str(GlobalId(kind, here, new_id())), str(GlobalId(kind, there, new_id()))
    secret = stage.id("Badge", "plymouth", "secret")
    other = stage.id("Issuer", "brighton", "youth-club")
    abroad = ["steps", "1", field, "0"]
    for named, path in ((own, ["steps"]), (other, ["steps"]), ("made up", ["steps"]), (foreign, abroad)):
        given = said(stage, steps=[STEPS[0], {**STEPS[1], field: [named]}])
        assert await stage.refused("createPathway", given) == ("Refused", "NOT_FOUND", path)
    if field == "badges":
        given = said(stage, steps=[STEPS[0], {**STEPS[1], field: [secret]}])
        assert await stage.refused("createPathway", given) == ("Refused", "NOT_FOUND", abroad)

"""Stories of writing through the graph: who may write where, and many acts in one document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.journeys.stage import Stage
from tests.rooms import opportunity_words
from waypost.db import new_id
from waypost.graph.ids import GlobalId
from waypost.pathways.store import PathwayWords

POINT = {"latitude": 50.82, "longitude": -0.14}
CREATED = ("createPlace", "createIssuer", "createOpportunity", "createPathway", "adoptBadge")
CHANGED = {
    "updatePlace": "place",
    "closePlace": "place",
    "updateIssuer": "issuer",
    "updateOpportunity": "opportunity",
    "closeOpportunity": "opportunity",
    "updatePathway": "pathway",
    "publishPathway": "pathway",
    "retirePathway": "pathway",
}
ACTS = (*CREATED, *CHANGED)
FORBIDDEN = ("Refused", "FORBIDDEN", None)
CLOSED = ("Refused", "CITY_CLOSED", None)
STRANGE = ("Refused", "UNAUTHENTICATED", None)


async def sent(stage: Stage, name: str, town: str) -> dict[str, Any]:
    """A faultless input of an act in a town; what it changes is made beforehand."""
    club, mark = stage.id("Issuer", town, "youth-club"), str(new_id())
    said: dict[str, dict[str, Any]] = {
        "createPlace": {"name": "Hall", "kind": "library", "location": POINT},
        "createIssuer": {"name": "Band", "kind": "club"},
        "createOpportunity": {"title": "Choir", "summary": "Sing.", "kind": "EVENT", "provider": club, "online": True},
        "createPathway": {"name": "Way", "description": "On.", "issuer": club},
        "updatePlace": {"name": mark},
        "updateIssuer": {"description": mark},
        "updateOpportunity": {"title": mark},
        "updatePathway": {"name": mark},
    }
    if name == "adoptBadge":
        home, slug = ("brighton", "explorer") if town == "plymouth" else ("plymouth", "navigator")
        return {"badge": stage.id("Badge", home, slug)}
    if name in CREATED:
        return said[name]
    return {CHANGED[name]: await stood(stage, CHANGED[name], town), **said.get(name, {})}


async def stood(stage: Stage, what: str, town: str) -> str:
    """The id of a new object in a town, made without the graph."""
    build, here, slug = stage.build, stage.town(town), f"{what}-{new_id()}"
    club = build.world.find("Issuer", town, "youth-club").id
    if what == "place":
        return (await build.place(here, slug, "Hall", (50.82, -0.14))).gid
    if what == "issuer":
        return (await build.issuer(here, slug, "Band")).gid
    if what == "opportunity":
        return (await build.opportunity(here, opportunity_words(club, slug))).gid
    words = PathwayWords(slug, "Way", "On.", club)
    id = (await build.pathway(here, words)).gid
    steps = [{"key": "one", "title": "One"}]
    if here.state == "open":
        await stage.done("updatePathway", {"pathway": id, "steps": steps}, "pathway { id }", city=town, who="operator")
    return id


@pytest.mark.parametrize("name", ACTS)
async def test_who_has_not_signed_in_writes_nothing(stage: Stage, name: str) -> None:
    given = await sent(stage, name, "brighton")
    assert await stage.refused(name, given, who="stranger") == STRANGE
    if name in CHANGED:
        assert await stage.refused(name, given, who="stranger", city=None) == STRANGE


@pytest.mark.parametrize("name", ACTS)
async def test_a_token_of_another_city_writes_nothing(stage: Stage, name: str) -> None:
    given = await sent(stage, name, "brighton")
    assert await stage.refused(name, given, who="plymouth curator") == FORBIDDEN
    if name in CHANGED:
        assert await stage.refused(name, given, who="plymouth curator", city=None) == FORBIDDEN


@pytest.mark.parametrize("name", ACTS)
async def test_in_a_city_that_has_left_nobody_writes(stage: Stage, name: str) -> None:
    given = await sent(stage, name, "old-town")
    for who in ("old-town curator", "operator"):
        assert await stage.refused(name, given, who=who, city="old-town") == CLOSED
        if name in CHANGED:
            assert await stage.refused(name, given, who=who, city=None) == CLOSED


@pytest.mark.parametrize("name", ACTS)
async def test_a_token_is_worth_no_more_than_the_membership_behind_it(stage: Stage, name: str) -> None:
    who = f"guest for {name}"
    await stage.admit(who, "brighton", "curator")
    given = await sent(stage, name, "brighton")
    assert (await stage.done(name, given, "", who=who))["__typename"].endswith("Success")
    person = stage.who[who].person
    await stage.run("brighton", "DELETE FROM membership WHERE tenant_id = $1 AND person_id = $2", town(stage), person)
    assert await stage.refused(name, await sent(stage, name, "brighton"), who=who) == FORBIDDEN


@pytest.mark.parametrize("name", ACTS)
async def test_an_operator_writes_in_every_open_city_and_a_learner_in_none(stage: Stage, name: str) -> None:
    for slug in ("brighton", "plymouth"):
        await stage.done(name, await sent(stage, name, slug), "", who="operator", city=slug)
    assert await stage.refused(name, await sent(stage, name, "brighton"), who="learner") == FORBIDDEN


@pytest.mark.parametrize("name", CREATED)
async def test_the_national_graph_asks_for_the_city_of_what_is_new(stage: Stage, name: str) -> None:
    given = await sent(stage, name, "brighton")
    for who in ("operator", "brighton curator", "stranger"):
        assert await stage.refused(name, given, who=who, city=None) == ("Refused", "CITY_NEEDED", None)


@pytest.mark.parametrize("name", CHANGED)
async def test_on_the_national_graph_the_id_tells_the_city(stage: Stage, name: str) -> None:
    what = CHANGED[name]
    shown = f"{what} {{ __typename id city {{ slug }} }}"
    for slug in ("brighton", "plymouth"):
        given = await sent(stage, name, slug)
        for who in (f"{slug} curator", "operator"):
            done = await stage.done(name, given, shown, who=who, city=None)
            kind = what.capitalize()
            assert done[what] == {"__typename": kind, "id": given[what], "city": {"slug": slug}}


@pytest.mark.parametrize("name", CHANGED)
async def test_on_the_national_graph_an_id_that_names_nothing_is_not_found(stage: Stage, name: str) -> None:
    what, given = CHANGED[name], await sent(stage, name, "brighton")
    kind, home = what.capitalize(), town(stage)
    other = stage.id("Badge", "brighton", "explorer")
    nowhere, gone = str(GlobalId(kind, new_id(), new_id())), str(GlobalId(kind, home, new_id()))
    for id in (nowhere, gone, other, str(GlobalId(kind, None, new_id())), "made up"):
        refused = await stage.refused(name, {**given, what: id}, who="operator", city=None)
        assert refused == ("Refused", "NOT_FOUND", [what])


# Several acts in one document

MANY = """
mutation($one: CreatePlaceInput!, $other: CreatePlaceInput!) {
  first: createPlace(input: $one) { ...Told }
  second: createPlace(input: $one) { ...Told }
  __typename
  third: createPlace(input: $other) { ...Told }
}
fragment Told on CreatePlacePayload {
  __typename
  ... on CreatePlaceSuccess { place { slug } }
  ... on Error { code path }
}
"""


def hall(slug: str) -> dict[str, Any]:
    return {"name": "Hall", "kind": "library", "location": POINT, "slug": slug}


def town(stage: Stage) -> Any:
    return stage.town("brighton").id


async def test_acts_of_one_document_run_in_order_and_one_that_is_refused_leaves_the_others_standing(
    stage: Stage,
) -> None:
    given: dict[str, Any] = {"one": hall("first-hall"), "other": hall("third-hall")}
    data = await stage.read(MANY, who="brighton curator", **given)
    assert list(data) == ["first", "second", "__typename", "third"]
    assert data == {
        "first": {"__typename": "CreatePlaceSuccess", "place": {"slug": "first-hall"}},
        "second": {"__typename": "SlugTaken", "code": "SLUG_TAKEN", "path": ["slug"]},
        "__typename": "Mutation",
        "third": {"__typename": "CreatePlaceSuccess", "place": {"slug": "third-hall"}},
    }
    for slug in ("first-hall", "third-hall"):
        assert (await stage.read(f'{{ place(slug: "{slug}") {{ slug }} }}'))["place"] == {"slug": slug}


async def test_each_act_of_a_document_sees_what_the_one_before_has_done(stage: Stage) -> None:
    id = await stood(stage, "place", "brighton")
    query = """
    mutation($id: ID!) {
      a: updatePlace(input: {place: $id, name: "A"}) { ...Shown }
      b: updatePlace(input: {place: $id, kind: "park"}) { ...Shown }
      c: closePlace(input: {place: $id}) { ... on ClosePlaceSuccess { place { name kind } } }
      d: updatePlace(input: {place: $id, name: "D"}) { ...Shown }
    }
    fragment Shown on UpdatePlacePayload { ... on UpdatePlaceSuccess { place { name kind } } ... on Error { code } }
    """
    assert await stage.read(query, who="brighton curator", id=id) == {
        "a": {"place": {"name": "A", "kind": "library"}},
        "b": {"place": {"name": "A", "kind": "park"}},
        "c": {"place": {"name": "A", "kind": "park"}},
        "d": {"code": "CLOSED"},
    }
    assert await stage.events(id) == ["place.updated", "place.updated", "place.closed"]


async def test_an_act_that_is_skipped_is_not_carried_out(stage: Stage) -> None:
    query = """
    mutation($one: CreatePlaceInput!, $other: CreatePlaceInput!, $no: Boolean!) {
      one: createPlace(input: $one) @include(if: $no) { __typename }
      ... @skip(if: $no) { other: createPlace(input: $other) { __typename } }
    }
    """
    given: dict[str, Any] = {"one": hall("skipped-hall"), "other": hall("kept-hall"), "no": False}
    data = await stage.read(query, who="brighton curator", **given)
    assert data == {"other": {"__typename": "CreatePlaceSuccess"}}
    found = await stage.read('{ a: place(slug: "skipped-hall") { slug } b: place(slug: "kept-hall") { slug } }')
    assert found == {"a": None, "b": {"slug": "kept-hall"}}


async def test_an_act_whose_answer_cannot_be_read_is_undone(stage: Stage) -> None:
    club = stage.id("Issuer", "brighton", "youth-club")
    given = {"title": "Choir", "summary": "Sing.", "kind": "EVENT", "provider": club, "location": POINT}
    query = """
    mutation($input: CreateOpportunityInput!) {
      createOpportunity(input: $input) {
        ... on CreateOpportunitySuccess { opportunity { distanceMetres(from: {postcode: "BN1 1AA"}) } }
      }
    }
    """
    before = await stage.counted()
    body = await stage.body(query, {"input": given}, who="brighton curator")
    assert [each["extensions"]["code"] for each in body["errors"]] == ["UNKNOWN_POSTCODE"]
    assert body["data"] is None
    assert await stage.counted() == before


async def test_what_was_written_and_may_not_be_seen_is_told_as_that(stage: Stage) -> None:
    """A program whose token is for giving badges alone: the badge is given, its answer shows nothing."""
    stage.who["giver"] = replace(stage.who["issuer-admin"], limits=frozenset({"award.create"}))
    query = """
    mutation($one: AwardBadgeInput!, $other: AwardBadgeInput!) {
      one: awardBadge(input: $one) { ... on AwardBadgeSuccess { award { state } } }
      other: awardBadge(input: $other) { __typename }
    }
    """
    badge, tag = stage.id("Badge", "brighton", "explorer"), new_id().hex
    given = {name: {"badge": badge, "recipient": {"name": name, "reference": tag + name}} for name in ("one", "other")}
    body = await stage.body(query, given, who="giver")
    assert body["data"] is None
    assert [(each["extensions"]["code"], each["path"]) for each in body["errors"]] == [
        ("NOT_VISIBLE", ["one", "award"])
    ]
    assert (await stage.act("awardBadge", given["one"]))["code"] == "ALREADY_AWARDED"
    # An answer that is null ends there: what comes after it is not begun.
    await stage.done("awardBadge", given["other"], "award { id }")
    await stage.done(
        "awardBadge", {**given["other"], "badge": stage.id("Badge", "brighton", "leader")}, "", who="giver"
    )


async def test_a_faulty_document_writes_nothing_at_all(stage: Stage) -> None:
    before = await stage.counted()
    faulty = MANY.replace("{ slug }", "{ slug colour }")
    given = {"one": hall("no-hall"), "other": hall("nowhere-hall")}
    body = await stage.body(faulty, given, who="brighton curator")
    assert {each["extensions"]["code"] for each in body["errors"]} == {"INVALID_DOCUMENT"}
    half = await stage.body(MANY, {"one": hall("no-hall"), "other": {"name": "Half"}}, who="brighton curator")
    assert {each["extensions"]["code"] for each in half["errors"]} == {"INVALID_VARIABLES"}
    assert await stage.counted() == before

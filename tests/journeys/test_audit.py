"""Stories of the trace that every act leaves, and of who reads it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.stage import Stage, named_by
from tests.journeys.test_writes import ACTS, CHANGED, sent
from waypost.db import City, fetch

ENTRY = "at person role token act table row object verb changed"
LOG = f"query($filter: AuditFilter) {{ auditLog(first: 100, filter: $filter) {{ totalCount nodes {{ {ENTRY} }} }} }}"
# The row that each act is about, and columns that must be named among the changed.
ABOUT = {
    "createPlace": ("place", "insert", {"id", "name", "slug", "latitude"}),
    "createIssuer": ("issuer", "insert", {"id", "name", "slug"}),
    "createOpportunity": ("opportunity", "insert", {"id", "title", "provider_id"}),
    "createPathway": ("pathway", "insert", {"id", "name", "issuer_id"}),
    "adoptBadge": ("borrowed", "insert", {"id", "home_tenant_id", "object_id"}),
    "updatePlace": ("place", "update", {"name"}),
    "closePlace": ("place", "update", {"state"}),
    "updateIssuer": ("issuer_text", "update", {"description"}),
    "updateOpportunity": ("opportunity", "update", {"title"}),
    "closeOpportunity": ("opportunity", "update", {"state"}),
    "updatePathway": ("pathway", "update", {"name"}),
    "publishPathway": ("pathway", "update", {"state"}),
    "retirePathway": ("pathway", "update", {"state"}),
}


async def log(stage: Stage, who: str = "brighton curator", **filter: Any) -> list[dict[str, Any]]:
    """The newest entries that fulfil a filter."""
    nodes: list[dict[str, Any]] = (await stage.read(LOG, who=who, filter=filter))["auditLog"]["nodes"]
    return nodes


@pytest.mark.parametrize("name", ACTS)
async def test_an_act_leaves_its_trace(stage: Stage, name: str) -> None:
    given = await sent(stage, name, "brighton")
    before = len(await log(stage, acts=[name]))
    await stage.done(name, given, "")
    found = await log(stage, acts=[name])
    table, verb, columns = ABOUT[name]
    these = [each for each in found[: len(found) - before] if (each["table"], each["verb"]) == (table, verb)]
    assert columns <= {column for each in these for column in each["changed"]}
    about = these[0]
    assert about["role"] == "curator"
    if name in CHANGED:
        assert named_by(given[CHANGED[name]]).row.hex == about["row"].replace("-", "")
    if table == CHANGED.get(name):
        assert about["object"] == given[CHANGED[name]]
        assert about in await log(stage, object=given[CHANGED[name]])


async def test_a_refused_act_leaves_none(stage: Stage) -> None:
    before = (await stage.read(LOG, who="brighton curator"))["auditLog"]["totalCount"]
    await stage.refused("createPlace", {"name": "", "kind": "library", "location": {"latitude": 50.8, "longitude": 0}})
    await stage.refused("createPlace", await sent(stage, "createPlace", "brighton"), who="learner")
    assert (await stage.read(LOG, who="brighton curator"))["auditLog"]["totalCount"] == before


async def test_no_value_is_ever_in_it(stage: Stage) -> None:
    secret = "Ethelburga Featherstonehaugh"
    place = {**await sent(stage, "createPlace", "brighton"), "name": secret, "address": f"1 {secret} Road"}
    made = await stage.done("createPlace", place, "place { id }")
    await stage.done("updatePlace", {"place": made["place"]["id"], "name": f"{secret} II"}, "")
    async with stage.database.transaction(City(stage.town("brighton").id)):
        rows = await fetch("SELECT a::text AS text FROM audit a")
    assert rows
    assert not [row["text"] for row in rows if "thelburga" in row["text"].lower() or "feather" in row["text"].lower()]


async def test_filters_narrow_it_down_and_pages_go_back_in_time(stage: Stage) -> None:
    for _ in range(2):
        await stage.done("createPlace", await sent(stage, "createPlace", "brighton"), "")
    everything = await log(stage)
    assert [each["at"] for each in everything] == sorted((each["at"] for each in everything), reverse=True)
    newest = everything[0]
    assert all(each["table"] == "place" for each in await log(stage, tables=["place"]))
    assert newest in await log(stage, person=newest["person"], since=newest["at"])
    assert newest not in await log(stage, until=newest["at"])
    assert await log(stage, person=stage.id("Issuer", "brighton", "college")) == []
    page = "query($after: String) { auditLog(first: 2, after: $after) { nodes { id } pageInfo { endCursor } } }"
    first = (await stage.read(page, who="brighton curator"))["auditLog"]
    second = (await stage.read(page, who="brighton curator", after=first["pageInfo"]["endCursor"]))["auditLog"]
    ids = [each["id"] for each in first["nodes"] + second["nodes"]]
    assert len(set(ids)) == 4
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize(
    ("who", "city", "code"),
    [
        ("stranger", "brighton", "UNAUTHENTICATED"),
        ("learner", "brighton", "FORBIDDEN"),
        ("issuer-admin", "brighton", "FORBIDDEN"),
        ("plymouth curator", "brighton", "FORBIDDEN"),
        ("operator", None, "CITY_NEEDED"),
    ],
)
async def test_only_who_answers_for_the_city_reads_it(stage: Stage, who: str, city: str | None, code: str) -> None:
    body = await stage.body("{ auditLog { nodes { id } } }", city=city, who=who)
    assert body["errors"][0]["extensions"]["code"] == code


async def test_an_entry_is_found_by_its_id_by_the_same_alone(stage: Stage) -> None:
    await stage.done("createPlace", await sent(stage, "createPlace", "brighton"), "")
    id = (await stage.read("{ auditLog(first: 1) { nodes { id } } }", who="brighton curator"))["auditLog"]["nodes"][0]
    one = "query($id: ID!) { node(id: $id) { ... on AuditEntry { act } } }"
    assert (await stage.read(one, who="brighton curator", id=id["id"]))["node"] == {"act": "createPlace"}
    for who, city in (("learner", "brighton"), ("plymouth curator", "plymouth"), ("operator", None)):
        body = await stage.body(one, {"id": id["id"]}, city, who)
        assert body["data"]["node"] is None, who
        assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        many = await stage.body("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [id["id"]]}, city, who)
        assert many["data"]["nodes"] == [None]

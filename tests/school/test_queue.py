"""Stories of the curators' queue: its order and counts, what its filters leave, and who brings a badge to its front."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.stage import Stage, named_by
from tests.school.stage import DRAFT, GOOD, QUEUE, college, named, proposed, review_of, submitted
from waypost.db import new_id

NATION = {"city": "badge-nation", "who": "nation first"}
WHY = [{"code": "SIMILAR_BADGE", "reason": "A test of its own."}]
FILTERED = "query($filter: ReviewFilter!) { reviewQueue(filter: $filter, first: 100) { nodes { name } totalCount } }"


@pytest.fixture
def number() -> str:
    """Something that tells the badges of tests apart, and from each other's likeness."""
    return new_id().hex[-10:]


async def left(stage: Stage, number: str, **filter: Any) -> set[str]:
    """Which badges of a test a filter leaves in the queue, by what their names begin with."""
    found = (await stage.read(FILTERED, **NATION, filter={"text": number, **filter}))["reviewQueue"]
    names = {each["name"].partition(" ")[0] for each in found["nodes"]}
    assert found["totalCount"] == len(names)
    return names


async def in_row(stage: Stage, draft: dict[str, Any], change: str) -> None:
    """Change a submission as time does."""
    tenant = stage.town("badge-nation").id
    sql = f"UPDATE review SET {change} WHERE tenant_id = $1 AND id = $2"
    await stage.run("badge-nation", sql, tenant, named_by(draft["id"]).row)


async def test_the_queue_is_filtered_by_what_is_taken_overdue_urgent_and_by_city(stage: Stage, number: str) -> None:
    await named(stage, "plymouth", "badge-nation")
    try:
        drafts = {
            name: await submitted(stage, city, name=f"{name} {number}", urgent=name == "Urgent", reasons=WHY)
            for name, city in (
                *(("Urgent", "brighton"), ("Taken", "brighton"), ("Late", "brighton"), ("Left", "brighton")),
                ("Plymouth", "plymouth"),
            )
        }
    finally:
        await named(stage, "plymouth", None)
    for name in ("Taken", "Left"):
        await stage.done("takeReview", {"review": review_of(stage, drafts[name])}, "review { id }", **NATION)
    await in_row(stage, drafts["Left"], "leased_until = now() - interval '1 second'")
    await in_row(stage, drafts["Late"], "due_at = now() - interval '1 second'")
    everything = set(drafts)
    assert await left(stage, number) == everything
    for condition, one in (("taken", "Taken"), ("overdue", "Late"), ("urgent", "Urgent"), ("mine", "Taken")):
        assert await left(stage, number, **{condition: True}) == {one}
        assert await left(stage, number, **{condition: False}) == everything - {one}
        assert await left(stage, number, **{condition: None}) == everything
    assert await left(stage, number, city="plymouth") == {"Plymouth"}
    assert await left(stage, number, city="brighton") == everything - {"Plymouth"}
    assert await left(stage, number, city="badge-nation") == set()
    assert await left(stage, number, city="nowhere") == set()
    assert await left(stage, number, city="brighton", taken=False, urgent=False) == {"Late", "Left"}


async def test_what_is_decided_is_over_no_time(stage: Stage, number: str) -> None:
    draft = await submitted(stage, name=f"Done {number}", reasons=WHY)
    given = {"review": review_of(stage, draft), "decision": "APPROVED"}
    await stage.done("reviewBadge", given, "review { id }", **NATION)
    assert await left(stage, number, overdue=True, states=["APPROVED"]) == set()
    assert await left(stage, number, overdue=False, states=["APPROVED"]) == {"Done"}
    assert await left(stage, number, taken=True, states=["APPROVED"]) == set()


async def test_the_city_alone_says_that_it_asks_for_a_badge_more_than_usual(stage: Stage, number: str) -> None:
    """Its own team and curators; what an issuer's people write is reviewed in its turn."""
    said = {**GOOD, "name": f"{number} badge", "creator": college(stage), "reasons": WHY}
    refused = ("Refused", "FORBIDDEN", ["urgent"])
    for who in ("college admin", "college staff"):
        assert await stage.refused("proposeBadge", {**said, "urgent": True}, who=who) == refused
    draft = await proposed(stage, name=f"{number} badge", reasons=WHY, urgent=False)
    badge = {"badge": draft["badgeId"]}
    for who in ("college admin", "college staff"):
        assert await stage.refused("updateBadgeDraft", {**badge, "urgent": True}, who=who) == refused
    done = await stage.done("updateBadgeDraft", {**badge, "urgent": True}, DRAFT, who="brighton curator")
    assert done["draft"]["words"]["urgent"]
    # What it is already, anybody may say once more, and none of them takes it back.
    kept = {**badge, "urgent": True, "name": f"{number} again"}
    assert (await stage.done("updateBadgeDraft", kept, DRAFT, who="college staff"))["draft"]["words"]["urgent"]
    assert await stage.refused("updateBadgeDraft", {**badge, "urgent": False}, who="college admin") == refused


async def test_what_is_urgent_comes_first_and_then_who_has_waited_longest(stage: Stage, number: str) -> None:
    names = [f"{number} {each}" for each in ("one", "two", "three")]
    for name, urgent in zip(names, (False, True, False), strict=True):
        await submitted(stage, name=name, urgent=urgent, reasons=WHY)
    waiting = (await stage.read(QUEUE, **NATION))["reviewQueue"]["nodes"]
    queue = [each["name"] for each in waiting if each["name"].startswith(number)]
    assert queue == [names[1], names[0], names[2]]
    page_of = "nodes { name } pageInfo { endCursor hasNextPage }"
    pages = f"query($after: String) {{ reviewQueue(first: 1, after: $after) {{ {page_of} }} }}"
    after, walked = None, []
    while True:
        page = (await stage.read(pages, "badge-nation", "nation first", after=after))["reviewQueue"]
        walked += [each["name"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert [each for each in walked if each.startswith(number)] == queue


async def test_counts_say_how_much_there_is_and_with_whom(stage: Stage, number: str) -> None:
    query = (
        "{ reviewCounts { waiting urgent overdue free byState { code count } byAge { code count }"
        " byReviewer { code count } } }"
    )
    before = (await stage.read(query, **NATION))["reviewCounts"]
    draft = await submitted(stage, name=f"{number} badge", urgent=True, reasons=WHY)
    await stage.done("takeReview", {"review": review_of(stage, draft)}, "review { id }", **NATION)
    after = (await stage.read(query, **NATION))["reviewCounts"]
    assert after["waiting"] == before["waiting"] + 1
    assert after["urgent"] == before["urgent"] + 1
    assert after["free"] == before["free"]
    me = f"Viewer.{stage.who['nation first'].person.hex}"  # type: ignore[union-attr]  # somebody is meant
    assert me in {each["code"] for each in after["byReviewer"]}
    assert {"code": "under-a-week", "count": after["waiting"]} in after["byAge"]
    assert {"code": "submitted", "count": after["waiting"]} in after["byState"]

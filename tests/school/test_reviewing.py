"""Stories of curators: whose submissions they see, who holds and decides them, and who is kept away."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.journeys.stage import Stage, named_by
from tests.school.stage import (
    DRAFT,
    QUEUE,
    decided,
    proposed,
    review_of,
    state_of,
    submitted,
    writer,
)
from waypost.db import City, execute, fetchval, new_id
from waypost.graph.ids import GlobalId
from waypost.testing.working import work_off

NATION = {"city": "badge-nation", "who": "nation first"}
SECOND = {"city": "badge-nation", "who": "nation second"}
TAKEN = "review { viewerHolds reviewer leasedUntil }"


@pytest.fixture
def number() -> str:
    """Something that tells the badges of tests apart, and from each other's likeness."""
    return new_id().hex[-10:]


async def sent(stage: Stage, number: str, city: str = "brighton", **facts: Any) -> dict[str, Any]:
    reasons = [{"code": "SIMILAR_BADGE", "reason": "A test of its own."}]
    return await submitted(stage, city, name=f"{number} badge", reasons=reasons, **facts)


async def waiting(stage: Stage, who: str = "nation first", city: str = "badge-nation") -> list[str]:
    found = await stage.read(QUEUE, city, who)
    return [each["name"] for each in found["reviewQueue"]["nodes"]]


async def test_curators_see_the_submissions_of_cities_that_named_them_and_nothing_else(
    stage: Stage, number: str
) -> None:
    draft = await sent(stage, number)
    assert f"{number} badge" in await waiting(stage)
    assert f"{number} badge" not in await waiting(stage, "plymouth curator", "plymouth")
    assert f"{number} badge" not in await waiting(stage, "brighton curator", "brighton")
    one = "query($id: ID!) { node(id: $id) { id } }"
    review = review_of(stage, draft)
    for city, who in (
        ("badge-nation", "nation second"),
        ("badge-nation", "operator"),
    ):
        assert (await stage.read(one, city, who, id=review))["node"] == {"id": review}
    unseen: tuple[tuple[str | None, str, str], ...] = (
        ("badge-nation", "", review),
        ("badge-nation", "brighton curator", review),
        ("plymouth", "plymouth curator", review),
        ("badge-nation", "nation first", draft["id"]),
        ("brighton", "nation first", draft["id"]),
        ("brighton", "plymouth curator", draft["id"]),
        ("brighton", "issuer-admin", draft["id"]),
        ("brighton", "learner", draft["id"]),
        ("brighton", "", draft["id"]),
        (None, "nation first", review),
        (None, "operator", draft["id"]),
    )
    for graph, who, id in unseen:
        body = await stage.body(one, {"id": id}, graph, who)
        assert body["data"]["node"] is None, (graph, who)
        assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("city", "who", "code"),
    [
        ("badge-nation", "", "UNAUTHENTICATED"),
        ("badge-nation", "plymouth curator", "FORBIDDEN"),
        ("brighton", "college admin", "FORBIDDEN"),
        (None, "nation first", "CITY_NEEDED"),
    ],
)
async def test_others_are_told_why_they_do_not_see_the_queue(
    stage: Stage, city: str | None, who: str, code: str
) -> None:
    for query in (QUEUE, "{ reviewCounts { waiting } }"):
        body = await stage.body(query, None, city, who)
        assert body["errors"][0]["extensions"]["code"] == code


async def test_a_curator_of_a_tenant_that_the_city_did_not_name_decides_nothing(stage: Stage, number: str) -> None:
    draft = await sent(stage, number)
    foreign = f"Review.{stage.town('plymouth').id.hex}.{draft['id'].rpartition('.')[2]}"
    right = review_of(stage, draft)
    approve = {"decision": "APPROVED"}
    attacks: tuple[tuple[dict[str, Any], str | None, str, str], ...] = (
        ({"review": foreign}, "plymouth", "plymouth curator", "NOT_FOUND"),
        ({"review": right}, "plymouth", "plymouth curator", "NOT_FOUND"),
        ({"review": right}, "badge-nation", "plymouth curator", "FORBIDDEN"),
        ({"review": right}, "badge-nation", "brighton curator", "FORBIDDEN"),
        ({"review": right}, None, "plymouth curator", "FORBIDDEN"),
        ({"review": draft["id"]}, "brighton", "brighton curator", "NOT_FOUND"),
        (
            {"review": str(GlobalId("Review", stage.town("badge-nation").id, new_id()))},
            "badge-nation",
            "nation first",
            "NOT_FOUND",
        ),
        ({"review": "made up"}, "badge-nation", "nation first", "NOT_FOUND"),
    )
    for given, city, who, code in attacks:
        for name, more in (("takeReview", {}), ("reviewBadge", approve)):
            refused = await stage.refused(name, {**given, **more}, city=city, who=who)
            assert refused[1] == code, (name, who, city)
    await work_off(stage.database)
    assert await state_of(stage, draft) == "SUBMITTED"


async def test_a_lease_keeps_others_away_is_prolonged_given_back_and_ends(stage: Stage, number: str) -> None:
    draft = await sent(stage, number)
    review = review_of(stage, draft)
    first = (await stage.done("takeReview", {"review": review}, TAKEN, **NATION))["review"]
    assert first["viewerHolds"]
    assert await stage.refused("takeReview", {"review": review}, **SECOND) == ("ReviewTaken", "REVIEW_TAKEN", None)
    approve = {"review": review, "decision": "APPROVED"}
    assert (await stage.refused("reviewBadge", approve, **SECOND))[0] == "ReviewTaken"
    again = (await stage.done("takeReview", {"review": review}, TAKEN, **NATION))["review"]
    assert again["leasedUntil"] > first["leasedUntil"]
    mine = "{ reviewQueue(filter: {mine: true}) { nodes { name viewerHolds } } }"
    assert {"name": f"{number} badge", "viewerHolds": True} in (await stage.read(mine, **NATION))["reviewQueue"][
        "nodes"
    ]
    assert (await stage.read(mine, **SECOND))["reviewQueue"]["nodes"] == []
    given_back = (await stage.done("takeReview", {"review": review, "release": True}, TAKEN, **NATION))["review"]
    assert given_back == {"viewerHolds": False, "reviewer": None, "leasedUntil": None}
    await stage.done("takeReview", {"review": review}, TAKEN, **NATION)
    ended = "UPDATE review SET leased_until = now() - interval '1 second' WHERE tenant_id = $1 AND id = $2"
    await stage.run("badge-nation", ended, stage.town("badge-nation").id, named_by(review).row)
    await stage.done("takeReview", {"review": review}, TAKEN, **SECOND)
    assert (await stage.refused("reviewBadge", approve, **NATION))[0] == "ReviewTaken"
    await decided(stage, draft, who="nation second")


async def test_of_two_curators_who_decide_at_once_one_is_told_so(stage: Stage, number: str) -> None:
    draft = await sent(stage, number)
    review = review_of(stage, draft)
    both = await asyncio.gather(
        stage.act("reviewBadge", {"review": review, "decision": "APPROVED"}, "review { state }", **NATION),
        stage.act(
            "reviewBadge",
            {"review": review, "decision": "CHANGES_REQUESTED", "reason": "Please say what was planned."},
            "review { state }",
            **SECOND,
        ),
    )
    assert sorted(each["__typename"] for each in both) == ["AlreadyDecided", "ReviewBadgeSuccess"]
    won = next(each["review"]["state"] for each in both if "review" in each)
    await work_off(stage.database)
    assert await state_of(stage, draft) == won


async def test_a_city_that_reviews_itself_needs_no_worker(stage: Stage, number: str) -> None:
    reasons = [{"code": "SIMILAR_BADGE", "reason": "A test of its own."}]
    draft = await proposed(stage, "plymouth", name=f"{number} badge", reasons=reasons)
    who = {"city": "plymouth", "who": writer("plymouth")}
    await stage.done("submitBadge", {"badge": draft["badgeId"]}, DRAFT, **who)
    review = review_of(stage, draft, "plymouth")
    assert f"{number} badge" in await waiting(stage, "plymouth curator", "plymouth")
    given = {
        "review": review,
        "decision": "APPROVED",
        "checklist": [{"code": "stranger", "answer": True, "note": "Yes."}],
    }
    shown = "review { state decisions { outcome checklist { code answer note } } }"
    done = await stage.done("reviewBadge", given, shown, city="plymouth", who="plymouth curator")
    assert done["review"]["decisions"] == [
        {"outcome": "APPROVED", "checklist": [{"code": "stranger", "answer": True, "note": "Yes."}]}
    ]
    assert await state_of(stage, draft, "plymouth") == "APPROVED"
    await work_off(stage.database)
    shown = "badge { state } version { number }"
    done = await stage.done("publishBadge", {"badge": draft["badgeId"]}, shown, **who)
    assert done == {"__typename": "PublishBadgeSuccess", "badge": {"state": "PUBLISHED"}, "version": {"number": 1}}


async def test_the_clock_goes_on_where_it_stopped(stage: Stage, number: str) -> None:
    draft = await sent(stage, number)
    row, brighton = named_by(draft["id"]).row, stage.town("brighton").id
    late = "UPDATE badge_draft SET due_at = now() + interval '3 days' WHERE tenant_id = $1 AND id = $2"
    await stage.run("brighton", late, brighton, row)
    await decided(stage, draft, "CHANGES_REQUESTED")
    await stage.done("submitBadge", {"badge": draft["badgeId"]}, DRAFT, who="college admin")
    await work_off(stage.database)
    async with stage.database.transaction(City(brighton)):
        left = await fetchval("SELECT due_at - now() FROM badge_draft WHERE tenant_id = $1 AND id = $2", brighton, row)
    assert timedelta(days=2, hours=23) < left < timedelta(days=3)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"decision": "CHANGES_REQUESTED"}, ["reason"]),
        ({"decision": "CHANGES_REQUESTED", "reason": "no"}, ["reason"]),
        ({"decision": "APPROVED", "checklist": [{"code": "none", "answer": True}]}, ["checklist", "0", "code"]),
        ({"decision": "APPROVED", "checklist": [{"code": "layer", "answer": True}] * 2}, ["checklist"]),
    ],
)
async def test_a_decision_that_says_too_little_is_refused(
    stage: Stage, number: str, given: dict[str, Any], path: list[str]
) -> None:
    draft = await sent(stage, number)
    refused = await stage.refused("reviewBadge", {"review": review_of(stage, draft), **given}, **NATION)
    assert refused == ("Invalid", "INVALID", path)


async def test_a_comment_says_something_about_what_is_there(stage: Stage, number: str) -> None:
    draft = await sent(stage, number)
    for given, path in (({"text": " "}, ["text"]), ({"text": "x", "criterion": 3}, ["criterion"])):
        for about, how in ((review_of(stage, draft), NATION), (draft["id"], {"who": "college staff"})):
            assert (await stage.refused("commentOnBadge", {"about": about, **given}, **how))[2] == path
    missing = {"about": str(GlobalId("BadgeDraft", stage.town("brighton").id, new_id())), "text": "x"}
    assert (await stage.refused("commentOnBadge", missing, who="college staff"))[1:] == ("NOT_FOUND", ["about"])
    assert (await stage.refused("commentOnBadge", {"about": draft["id"], "text": "x"}, who="issuer-admin"))[
        1
    ] == "FORBIDDEN"


async def test_the_database_refuses_a_state_that_no_decision_made(stage: Stage, number: str) -> None:
    draft = await sent(stage, number)
    tenant, row = stage.town("brighton").id, named_by(draft["id"]).row
    version = (
        "UPDATE badge_version SET state = '{0}', public = {1}, published_at = {2} WHERE tenant_id = $1 AND id = $2"
    )
    forged = "UPDATE badge_draft SET state = '{0}', due_at = NULL, decision_id = {1} WHERE tenant_id = $1 AND id = $2"
    published = version.format("published", "true", "now()")
    attempts = (
        [published],
        [version.format("approved", "false", "NULL")],
        [version.format("approved", "false", "NULL"), forged.format("approved", "NULL")],
        [version.format("approved", "false", "NULL"), forged.format("approved", "id")],
        [published, forged.format("published", "id")],
        [version.format("draft", "false", "NULL"), forged.format("draft", "NULL")],
    )
    for statements in attempts:
        with pytest.raises((asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError)):
            await _all(stage, tenant, statements, row)
    assert await state_of(stage, draft) == "SUBMITTED"


async def _all(stage: Stage, tenant: UUID, statements: list[str], row: UUID) -> None:
    async with stage.database.transaction(City(tenant)):
        for sql in statements:
            await execute(sql, tenant, row)

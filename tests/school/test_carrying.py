"""Stories of what is carried between a city and who reviews its badges: late, out of order, or no more wanted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.stage import Stage, named_by
from tests.school.stage import DRAFT, QUEUE, decided, named, proposed, review_of, state_of, submitted, writer
from waypost.db import City, System, execute, fetchval, new_id
from waypost.outbox.relay import event_of
from waypost.outbox.work import Happened, Later, Work
from waypost.school.effects import carry_comment, carry_retirement, carry_submission
from waypost.testing.working import SETTINGS, work_off

ADMIN = {"who": "college admin"}
NATION = {"city": "badge-nation", "who": "nation first"}
REASONS = [{"code": "SIMILAR_BADGE", "reason": "A test of its own."}]
STATE = "query($id: ID!) { node(id: $id) { ... on Review { state comments { text } } } }"
# Every event that is carried, told once more under another id.
AGAIN_SQL = """
INSERT INTO event (tenant_id, id, type, object_type, object_id, person_id, data, happened_at)
SELECT tenant_id, gen_random_uuid(), type, object_type, object_id, person_id, data, happened_at FROM event
WHERE tenant_id = $1 AND type IN ('badge.submitted', 'review.decided', 'review.commented')
"""
LAST_SQL = "SELECT id FROM event WHERE tenant_id = $1 AND type = $2 ORDER BY happened_at DESC, id DESC LIMIT 1"


@pytest.fixture
def name() -> str:
    """A badge's name that is like no other."""
    return f"{new_id().hex[-10:]} badge"


async def sent(stage: Stage, name: str, city: str = "brighton") -> dict[str, Any]:
    """A draft that was submitted, and not carried anywhere yet."""
    draft = await proposed(stage, city, name=name, reasons=REASONS)
    how = {"city": city, "who": writer(city)}
    found: dict[str, Any] = (await stage.done("submitBadge", {"badge": draft["badgeId"]}, DRAFT, **how))["draft"]
    return found


async def last(stage: Stage, type: str, city: str = "brighton") -> Happened:
    """What a city told last of a type, as handlers get it."""
    here = stage.town(city).id
    async with stage.database.transaction(City(here)):
        id = await fetchval(LAST_SQL, here, type)
    found = await event_of(stage.database, here, id)
    assert found is not None
    return found


async def seen(stage: Stage, draft: dict[str, Any], reviewer: str = "badge-nation", who: str = "nation first") -> Any:
    return (await stage.read(STATE, reviewer, who, id=review_of(stage, draft, reviewer)))["node"]


async def waiting(stage: Stage, city: str = "badge-nation", who: str = "nation first") -> list[str]:
    return [each["name"] for each in (await stage.read(QUEUE, city, who))["reviewQueue"]["nodes"]]


async def said(stage: Stage, draft: dict[str, Any], text: str) -> Happened:
    """What the writers' comment told."""
    await stage.done("commentOnBadge", {"about": draft["id"], "text": text}, "comment { id }", who="college staff")
    return await last(stage, "review.commented")


# Comments


async def test_a_comment_that_overtakes_its_submission_waits_for_it(stage: Stage, name: str) -> None:
    draft = await sent(stage, name)
    comment = await said(stage, draft, "See the second criterion.")
    with pytest.raises(Later):
        await carry_comment(Work(stage.database, SETTINGS), comment)
    await work_off(stage.database, raising=False)  # in whatever order; the comment is tried again some seconds later
    await carry_comment(Work(stage.database, SETTINGS), comment)
    assert await seen(stage, draft) == {"state": "SUBMITTED", "comments": [{"text": "See the second criterion."}]}


async def test_a_comment_on_what_went_elsewhere_or_was_given_up_is_not_waited_for(stage: Stage, name: str) -> None:
    elsewhere, given_up = await sent(stage, name), await sent(stage, f"{name} too")
    for draft in (elsewhere, given_up):
        comment = await said(stage, draft, "Is it a good name?")
        if draft is elsewhere:
            sql = "UPDATE badge_draft SET review_tenant_id = $3 WHERE tenant_id = $1 AND id = $2"
            row = named_by(draft["id"]).row
            await stage.run("brighton", sql, stage.town("brighton").id, row, stage.town("plymouth").id)
        else:
            await stage.done("retireBadge", {"badge": draft["badgeId"]}, "badge { id }", **ADMIN)
        await carry_comment(Work(stage.database, SETTINGS), comment)
    await work_off(stage.database)


async def test_a_curator_says_nothing_about_a_submission_that_went_elsewhere(stage: Stage, name: str) -> None:
    draft = await sent(stage, name)
    await work_off(stage.database)
    await stage.done("retireBadge", {"badge": draft["badgeId"]}, "badge { id }", **ADMIN)
    await work_off(stage.database)
    given = {"about": review_of(stage, draft), "text": "Which part was the earner's own?"}
    refused = await stage.refused("commentOnBadge", given, **NATION)
    assert refused == ("AlreadyDecided", "ALREADY_DECIDED", None)


# Withdrawals


async def test_a_badge_that_is_retired_leaves_the_queue_of_who_has_it(stage: Stage, name: str) -> None:
    draft = await submitted(stage, name=name, reasons=REASONS)
    assert name in await waiting(stage)
    await stage.done("retireBadge", {"badge": draft["badgeId"]}, "badge { id }", **ADMIN)
    await work_off(stage.database)
    assert name not in await waiting(stage)
    assert (await seen(stage, draft))["state"] == "WITHDRAWN"
    approve = {"review": review_of(stage, draft), "decision": "APPROVED"}
    assert (await stage.refused("reviewBadge", approve, **NATION))[1] == "ALREADY_DECIDED"


async def test_what_waits_for_changes_is_withdrawn_and_what_was_decided_stays_so(stage: Stage, name: str) -> None:
    for decision, left in (("CHANGES_REQUESTED", "WITHDRAWN"), ("APPROVED", "APPROVED")):
        draft = await submitted(stage, name=f"{name} {left}", reasons=REASONS)
        await decided(stage, draft, decision)
        await stage.done("retireBadge", {"badge": draft["badgeId"]}, "badge { id }", **ADMIN)
        await work_off(stage.database)
        assert (await seen(stage, draft))["state"] == left


async def test_a_city_that_reviews_itself_takes_a_retired_badge_off_its_queue_at_once(stage: Stage, name: str) -> None:
    draft = await sent(stage, name, "plymouth")
    curators = ("plymouth", "plymouth curator")
    assert name in await waiting(stage, *curators)
    how = {"city": "plymouth", "who": writer("plymouth")}
    await stage.done("retireBadge", {"badge": draft["badgeId"]}, "badge { id }", **how)
    assert name not in await waiting(stage, *curators)
    assert (await seen(stage, draft, *curators))["state"] == "WITHDRAWN"


async def test_a_submission_that_is_carried_after_its_badge_was_retired_waits_nowhere(stage: Stage, name: str) -> None:
    draft = await sent(stage, name)
    submission = await last(stage, "badge.submitted")
    await stage.done("retireBadge", {"badge": draft["badgeId"]}, "badge { id }", **ADMIN)
    work = Work(stage.database, SETTINGS)
    await carry_retirement(work, await last(stage, "badge.retired"))
    await carry_submission(work, submission)
    assert name not in await waiting(stage)
    await work_off(stage.database)
    assert name not in await waiting(stage)


async def test_a_city_that_reviewed_itself_hands_over_to_the_network_it_names(stage: Stage, name: str) -> None:
    draft = await sent(stage, name, "plymouth")
    await decided(stage, draft, "CHANGES_REQUESTED", who="plymouth curator")
    await named(stage, "plymouth", "badge-nation")
    try:
        how = {"city": "plymouth", "who": writer("plymouth")}
        await stage.done("submitBadge", {"badge": draft["badgeId"]}, DRAFT, **how)
        await work_off(stage.database)
        assert name in await waiting(stage)
        assert (await seen(stage, draft, "plymouth", "plymouth curator"))["state"] == "WITHDRAWN"
    finally:
        await named(stage, "plymouth", None)
    await decided(stage, draft)
    assert await state_of(stage, draft, "plymouth") == "APPROVED"


async def test_what_is_open_is_finished_by_whom_it_was_sent_to(stage: Stage, name: str) -> None:
    draft = await submitted(stage, name=name, reasons=REASONS)
    await named(stage, "brighton", None)
    try:
        await decided(stage, draft, "CHANGES_REQUESTED")
        assert await state_of(stage, draft) == "CHANGES_REQUESTED"
        await stage.done("submitBadge", {"badge": draft["badgeId"]}, DRAFT, who="college admin")
        await work_off(stage.database)
        assert (await seen(stage, draft))["state"] == "WITHDRAWN"
        assert name in await waiting(stage, "brighton", "brighton curator")
        late = {"review": review_of(stage, draft), "decision": "APPROVED"}
        assert (await stage.refused("reviewBadge", late, **NATION))[1] == "ALREADY_DECIDED"
        own = {"review": review_of(stage, draft, "brighton"), "decision": "APPROVED"}
        await stage.done("reviewBadge", own, "review { state }", who="brighton curator")
        assert await state_of(stage, draft) == "APPROVED"
    finally:
        await named(stage, "brighton", "badge-nation")


async def test_what_lies_with_a_tenant_that_left_is_sent_to_another(stage: Stage, name: str) -> None:
    draft = await submitted(stage, name=name, reasons=REASONS)
    badge = {"badge": draft["badgeId"]}
    await _is(stage, "badge-nation", "closed")
    try:
        again = (await stage.done("submitBadge", badge, DRAFT, who="college admin"))["draft"]
        assert (again["state"], again["round"], again["dueAt"]) == ("SUBMITTED", 1, draft["dueAt"])
        assert name in await waiting(stage, "brighton", "brighton curator")
        assert (await stage.refused("submitBadge", badge, who="college admin"))[1] == "WRONG_BADGE_STATE"
        own = {"review": review_of(stage, draft, "brighton"), "decision": "APPROVED"}
        await stage.done("reviewBadge", own, "review { state }", who="brighton curator")
        assert await state_of(stage, draft) == "APPROVED"
    finally:
        await _is(stage, "badge-nation", "open")


async def _is(stage: Stage, town: str, state: str) -> None:
    async with stage.database.transaction(System("tests")):
        await execute("UPDATE tenant SET state = $2 WHERE id = $1", stage.town(town).id, state)
    await stage.reload()


# Decisions


async def test_everything_may_be_carried_twice(stage: Stage, name: str) -> None:
    draft = await submitted(stage, name=name, reasons=REASONS)
    await decided(stage, draft, "CHANGES_REQUESTED")
    for town in ("brighton", "badge-nation"):
        await stage.run(town, "DELETE FROM handled WHERE tenant_id = $1", stage.town(town).id)
    for town in ("brighton", "badge-nation"):
        await stage.run(town, AGAIN_SQL, stage.town(town).id)
    await work_off(stage.database)
    assert await state_of(stage, draft) == "CHANGES_REQUESTED"


async def test_a_decision_that_another_tenant_wrote_by_itself_moves_nothing(stage: Stage, name: str) -> None:
    """Not even a tenant with a program of its own, which writes whatever it likes into its own rows."""
    draft = await submitted(stage, name=name, reasons=REASONS)
    plymouth, row = stage.town("plymouth").id, named_by(draft["id"]).row
    decision = new_id()
    await stage.run(
        "plymouth",
        "INSERT INTO review_decision (tenant_id, id, review_id, round, outcome, person_id, made_at)"
        " VALUES ($1, $2, $3, 1, 'approved', $2, now())",
        *(plymouth, decision, row),
    )
    home = stage.town("brighton").id
    await stage.run(
        "plymouth",
        "INSERT INTO event (tenant_id, id, type, object_type, object_id, data)"
        " VALUES ($1, $2, 'review.decided', 'Review', $3, $4::jsonb)",
        *(plymouth, new_id(), row, f'{{"decision": "{decision}", "home": "{home}", "outcome": "approved"}}'),
    )
    await work_off(stage.database)
    assert await state_of(stage, draft) == "SUBMITTED"

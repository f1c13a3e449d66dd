"""Stories of two who change one badge at once: one waits for the other, and none is told of a fault of ours."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.journeys.stage import Stage
from tests.school.stage import DRAFT, proposed, review_of, submitted, writer
from waypost.db import new_id
from waypost.school import carrying, commands
from waypost.testing.working import work_off

REASONS = [{"code": "SIMILAR_BADGE", "reason": "A test of its own."}]
WRITER = {"city": "plymouth", "who": writer("plymouth")}
CURATOR = {"city": "plymouth", "who": "plymouth curator"}


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """What locks a draft gives everybody else the time to lock what they lock first."""

    def late(module: Any, name: str) -> None:
        hurried = getattr(module, name)

        async def slow(*args: Any, **more: Any) -> Any:
            found = await hurried(*args, **more)
            await asyncio.sleep(0.3)
            return found

        monkeypatch.setattr(module, name, slow)

    late(carrying, "draft_by_id")
    late(commands, "find_entry")
    late(commands, "give_up_draft")
    late(commands, "load")


async def sent(stage: Stage, city: str) -> dict[str, Any]:
    return await submitted(stage, city, name=f"{new_id().hex[-10:]} badge", reasons=REASONS)


@pytest.mark.usefixtures("slowly")
@pytest.mark.parametrize(
    ("act", "given", "answers"),
    [
        ("updateBadgeDraft", {"name": "Later"}, {"WrongBadgeState"}),
        ("retireBadge", {}, {"RetireBadgeSuccess"}),
        ("publishBadge", {}, {"NotApproved", "PublishBadgeSuccess"}),
    ],
)
@pytest.mark.parametrize("first", ["writer", "curator"])
async def test_who_writes_and_who_decides_in_one_city_wait_for_each_other(
    stage: Stage, act: str, given: dict[str, Any], answers: set[str], first: str
) -> None:
    draft = await sent(stage, "plymouth")
    review = {"review": review_of(stage, draft, "plymouth"), "decision": "APPROVED"}

    async def write() -> str:
        await asyncio.sleep(0.1 if first == "curator" else 0)
        return str((await stage.act(act, {"badge": draft["badgeId"], **given}, **WRITER))["__typename"])

    async def decide() -> str:
        await asyncio.sleep(0.1 if first == "writer" else 0)
        return str((await stage.act("reviewBadge", review, **CURATOR))["__typename"])

    written, decided = await asyncio.gather(write(), decide())
    assert written in answers
    assert decided in {"ReviewBadgeSuccess", "AlreadyDecided"}


@pytest.mark.usefixtures("slowly")
async def test_a_decision_that_arrives_while_somebody_writes_waits(stage: Stage) -> None:
    draft = await sent(stage, "brighton")
    review = {"review": review_of(stage, draft), "decision": "APPROVED"}
    await stage.done("reviewBadge", review, "review { state }", city="badge-nation", who="nation first")
    given = {"badge": draft["badgeId"], "name": "Later"}
    payload, _ = await asyncio.gather(
        stage.act("updateBadgeDraft", given, who="college admin"), work_off(stage.database)
    )
    assert payload["__typename"] == "WrongBadgeState"


@pytest.mark.usefixtures("slowly")
async def test_of_two_writers_one_waits_for_the_other(stage: Stage) -> None:
    draft = await proposed(stage, name=f"{new_id().hex[-10:]} badge", reasons=REASONS)
    badge = {"badge": draft["badgeId"]}
    both = await asyncio.gather(
        stage.act("submitBadge", badge, DRAFT, who="college admin"),
        stage.act("submitBadge", badge, DRAFT, who="college staff"),
        stage.act("updateBadgeDraft", {**badge, "description": "Else."}, who="college staff"),
    )
    kinds = [each["__typename"] for each in both]
    assert kinds.count("SubmitBadgeSuccess") <= 1
    assert set(kinds) <= {"SubmitBadgeSuccess", "UpdateBadgeDraftSuccess", "WrongBadgeState", "DraftNotReady"}

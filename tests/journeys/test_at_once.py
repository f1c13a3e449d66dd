"""Stories of somebody who is forgotten while an issuer, or they themselves, do something: one waits for the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from tests.journeys.stage import SECRET, Stage
from tests.journeys.test_awards import MINE, SHOWN, ada, given, person
from tests.journeys.test_claiming import ADMIN, AWARD, STAFF, arrives, claims, coded
from tests.journeys.test_progress import badge
from tests.journeys.test_requests import asked
from tests.journeys.test_what_people_are_called import of_college
from tests.outbox.test_working import make_due
from waypost.awards import batches, claiming, inputs, requesting, store
from waypost.awards.joining import join_address
from waypost.composition import personal
from waypost.db import City, fetch, fetchval, new_id
from waypost.learners.people import find_people
from waypost.privacy.commands import erase_person
from waypost.testing.working import work_off

__all__ = ["ada"]
Does = Callable[[], Awaitable[dict[str, Any]]]


def late(patch: pytest.MonkeyPatch, module: Any, name: str, *, before: bool = False, wait_s: float = 0.4) -> None:
    """Let others do what they do in the middle of an act: before or after a step of it."""
    hurried = getattr(module, name)

    async def slow(*args: Any, **more: Any) -> Any:
        if before:
            await asyncio.sleep(wait_s)
        found = await hurried(*args, **more)
        if not before:
            await asyncio.sleep(wait_s)
        return found

    patch.setattr(module, name, slow)


async def while_forgotten(stage: Stage, who: str, does: Does) -> str:
    """Forget somebody while something is done; answers what came of that."""
    person = stage.who[who].person
    assert isinstance(person, UUID)
    done, _ = await asyncio.gather(does(), forgets(stage, person))
    return str(done["__typename"])


async def forgets(stage: Stage, person: UUID) -> None:
    """Forget somebody who is in the middle of something."""
    await asyncio.sleep(0.15)
    await erase_person(stage.database, personal(), person)


async def pupil(stage: Stage, who: str) -> dict[str, str]:
    """How an issuer calls somebody who has claimed by a code that was for them."""
    known = {"name": "Amy", "reference": f"pupil-{new_id().hex}"}
    (code,) = await coded(stage, await badge(stage), recipients=[known])
    await claims(stage, code["code"], who)
    return known


async def test_an_award_is_replaced_while_its_earner_is_forgotten(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    amy = await arrives(stage, "amy")
    input = {"badge": await badge(stage), "recipient": await pupil(stage, amy)}
    award = (await stage.done("awardBadge", input, SHOWN, who=STAFF))["award"]
    late(monkeypatch, store, "find_award")
    answer = await while_forgotten(
        stage, amy, lambda: stage.act("replaceAward", {"award": award["id"]}, "award { id }", who=ADMIN)
    )
    assert answer == "ReplaceAwardSuccess"


async def test_a_request_is_approved_while_who_asked_is_forgotten(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    amy = await arrives(stage, "amy")
    request = await asked(stage, await badge(stage), amy)
    late(monkeypatch, requesting, "_award", before=True)
    decision = {"request": request["id"], "decision": "APPROVE"}
    answer = await while_forgotten(
        stage, amy, lambda: stage.act("decideRequest", decision, "request { id }", who=STAFF)
    )
    assert answer == "DecideRequestSuccess"


async def test_a_code_is_used_while_whose_it_is_is_forgotten(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    amy = await arrives(stage, "amy")
    known = await pupil(stage, amy)
    (code,) = await coded(stage, await badge(stage), recipients=[known])
    late(monkeypatch, claiming, "_recipient", before=True)
    answer = await while_forgotten(
        stage, amy, lambda: stage.act("claimBadge", {"code": code["code"]}, AWARD, who=amy, city=None)
    )
    assert answer == "ClaimBadgeSuccess"


async def test_what_is_given_to_an_address_while_it_is_joined_is_not_lost(
    stage: Stage, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose address it is was found before it became somebody else's; the award is written after that."""
    who = await person(stage, ada)
    me, further = stage.who[who].person, f"new.{ada}"
    assert me is not None

    async def found(*args: Any, **more: Any) -> dict[str, UUID]:
        people = await find_people(*args, **more)
        await join_address(stage.database, me, further, secret_key=SECRET)
        return people

    with monkeypatch.context() as patch:
        patch.setattr(inputs, "find_people", found)
        award = await given(stage, recipient={"email": further})
    await make_due(stage.database)
    await work_off(stage.database)
    for city in ("brighton", None):
        found_there = (await stage.read(MINE, city, who=who))["viewer"]["awards"]["nodes"]
        assert [each["id"] for each in found_there] == [award["id"]]
    again = {"badge": stage.id("Badge", "brighton", "film-maker"), "recipient": {"name": "Ada", "email": ada}}
    assert (await stage.refused("awardBadge", again))[1] == "ALREADY_AWARDED"


async def test_nothing_that_somebody_asks_for_meanwhile_is_kept(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    amy = await arrives(stage, "amy")
    await pupil(stage, amy)
    late(monkeypatch, requesting, "_asked", before=True, wait_s=1.5)
    input = {"badge": await of_college(stage), "statement": "I, Amelia, made it.", "name": "Amelia"}
    await while_forgotten(stage, amy, lambda: stage.act("requestBadge", input, "request { id }", who=amy, city=None))
    async with stage.database.transaction(City(stage.town("brighton").id)):
        assert not await fetch("SELECT FROM recipient_name WHERE name = 'Amelia'")
        assert not await fetch("SELECT FROM badge_request WHERE statement LIKE '%Amelia%'")


async def test_no_code_is_made_for_who_is_being_forgotten(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    amy = await arrives(stage, "amy")
    input = {"badge": await badge(stage), "recipients": [await pupil(stage, amy)]}
    late(monkeypatch, claiming, "find_recipients", wait_s=1.0)
    answer = await while_forgotten(stage, amy, lambda: stage.act("createClaimCode", input, who=STAFF))
    assert answer == "Refused"


async def test_a_list_names_somebody_who_is_being_forgotten(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    amy = await arrives(stage, "amy")
    input = {"badge": await badge(stage), "awards": [{"recipient": await pupil(stage, amy)}]}
    late(monkeypatch, batches, "find_recipients", wait_s=1.0)
    answer = await while_forgotten(stage, amy, lambda: stage.act("awardBadges", input, who=STAFF))
    assert answer == "Refused"
    monkeypatch.undo()
    assert (await stage.act("awardBadges", input, "job { id }", who=STAFF))["__typename"] == "AwardBadgesSuccess"


async def test_a_class_is_given_two_badges_at_once_and_addresses_with_one_of_them(
    stage: Stage, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [{"name": f"Pupil {n}", "reference": f"pupil-{new_id().hex}"} for n in range(2)]
    ids: dict[UUID, dict[str, str]] = {}
    for each in known:
        await stage.done("awardBadge", {"badge": await badge(stage), "recipient": each}, "", who=STAFF)
        async with stage.database.transaction(City(stage.town("brighton").id)):
            ids[await fetchval("SELECT id FROM recipient WHERE reference = $1", each["reference"])] = each
    first, last = (ids[id] for id in sorted(ids))
    lists = [[first, last], [{**last, "email": ada}, first]]
    inputs = [{"badge": await badge(stage), "awards": [{"recipient": each} for each in some]} for some in lists]
    late(monkeypatch, batches, "lock_recipients", before=True)
    answers = await asyncio.gather(*(stage.act("awardBadges", each, "job { id }", who=STAFF) for each in inputs))
    assert [each["__typename"] for each in answers] == ["AwardBadgesSuccess"] * 2
